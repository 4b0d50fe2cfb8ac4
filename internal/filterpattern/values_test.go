package filterpattern

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendFields(t *testing.T) {
	for _, c := range []struct {
		message string
		most    int
		want    []string
	}{
		{"", 9, nil},
		{" \t ", 9, nil},
		{"a  b\tc", 9, []string{"a", "b", "c"}},
		{"a b c", 2, []string{"a", "b"}},
		{"a", 0, nil},
		// AWS's example of the Common Log Format.
		{
			`127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534`, 9,
			[]string{"127.0.0.1", "-", "frank", "10/Oct/2000:13:25:15 -0700", "GET /apache_pb.gif HTTP/1.0", "200", "1534"},
		},
		{`"a \" b" c`, 9, []string{`a \" b`, "c"}},
		{`[a "b`, 9, []string{"[a", `"b`}},
		{`"" []`, 9, []string{"", ""}},
	} {
		if got := AppendFields(nil, c.message, c.most); !cmp.Equal(c.want, got) {
			t.Errorf("%q: %s", c.message, cmp.Diff(c.want, got))
		}
	}
	line, buf := `2 123 eni-1 10.0.0.1 "a b" [c d]`, make([]string, 0, 8)
	if n := testing.AllocsPerRun(100, func() { buf = AppendFields(buf[:0], line, 8) }); n != 0 || len(buf) != 6 {
		t.Errorf("%v allocations for %q", n, buf)
	}
}

func TestSelector(t *testing.T) {
	const message = ` {"a":{"b":[1,{"c":"x\u0041"}],"t":true,"n":null},"dash-ed":"y","twice":1,"twice":2} `
	for _, c := range []struct {
		selector, want string
		ok             bool
	}{
		{"$.a.b[0]", "1", true},
		{"$.a.b[1].c", "xA", true},
		{"$.a.t", "true", true},
		{"$.a.n", "", false},
		{"$.a", "", false},
		{"$.a.b", "", false},
		{"$.a.b[2]", "", false},
		{"$.A", "", false},
		{"$.dash-ed", "y", true},
		{"$.['dash-ed']", "y", true},
		{"$.twice", "2", true},
	} {
		s, err := ParseSelector(c.selector)
		if err != nil {
			t.Fatalf("%s: %v", c.selector, err)
		}
		if got, ok := s.Find(message); got != c.want || ok != c.ok {
			t.Errorf("%s leads to %q, %v", c.selector, got, ok)
		}
		if again, err := ParseSelector(s.String()); err != nil || again.String() != s.String() {
			t.Errorf("%s prints as %s: %v", c.selector, s, err)
		}
		if got, ok := s.Find("no JSON"); ok {
			t.Errorf("%s leads to %q in what is no JSON", c.selector, got)
		}
	}
	for _, text := range []string{"", "a", "$", "$.", "$[0]", "$.a[*]", "$.*", "$.a b", "$.a = 1", "$.a["} {
		if s, err := ParseSelector(text); err == nil {
			t.Errorf("%q reads as %s", text, s)
		}
	}
	for message, want := range map[string]bool{message: true, "": false, "[1]": false, `{"a":1}x`: false, `{"a":}`: false, "{}": true} {
		if got := IsObject(message); got != want {
			t.Errorf("%q is an object: %v", message, got)
		}
	}
}

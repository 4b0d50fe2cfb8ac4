package reference

import (
	"regexp"
	"strings"
	"testing"
)

func TestGlobPattern(t *testing.T) {
	for _, test := range []struct{ glob, text, want string }{
		{"[*] * The error was: *", "2026 [w] x The error was: no. y", "w|x|no. y"},
		{"* *", "a b c", "a|b c"},
		{"*", "a\nb", "a\nb"},
		{"a*", "xab", "b"},
		{"*a", "xyab", "xy"},
		{"(*)?", "f(x)?", "x"},
		{"*.*", "a.b.c", "a|b.c"},
		{"a*b*c", "a1b2c3", "1|2"},
		{"a*b", "a1c", "none"},
		{"é*", "xé", ""},
	} {
		got := "none"
		if m := regexp.MustCompile(GlobPattern(test.glob)).FindStringSubmatch(test.text); m != nil {
			got = strings.Join(m[1:], "|")
		}
		if got != test.want {
			t.Errorf("%q of %q is %q, want %q", test.glob, test.text, got, test.want)
		}
	}
}

func TestLogfmt(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "{}",
		"a=1 b":                      `{"a":"1","b":true}`,
		"a= b=\"\"":                  `{"a":"","b":""}`,
		`a="x y" b="\"\n\\" c='d e'`: `{"a":"x y","b":"\"\n\\","c":"'d","e'":true}`,
		"a=1\tb=2\na=3":              `{"a":"3","b":"2"}`,
		"a=b=c":                      `{"a":"b=c"}`,
		"=1":                         "none",
		`"a"=1`:                      "none",
		`a="1`:                       "none",
		`a="1"b`:                     "none",
		`a"b=1`:                      "none",
	} {
		got := "none"
		if v := parseLogfmt(text); v != nil {
			got = v[0].String()
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"cpu*", "cpu_user", true},
		{"cpu*", "xcpu", false},
		{"*", "", true},
		{"*a*b*", "1a2b3", true},
		{"*a*b*", "ba", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"cpu", "cpu", false},
	} {
		if got := fits(test.pattern, test.name); got != test.want {
			t.Errorf("%s fits %s: %v", test.pattern, test.name, got)
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, s := range []string{`a="b\"" c`, "2026-01-01T00:00:00Z 10.0.0.1 dead::1 0x1f", `x,"y""z",`, "é1-2_3::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parseLogfmt(s)
		parseCSV(s, 3)
		var all strings.Builder
		for _, token := range tokenise(s) {
			all.WriteString(token.text)
		}
		if strings.ToValidUTF8(s, "\ufffd") == s && all.String() != s {
			t.Errorf("%q is taken apart to %q", s, all.String())
		}
		if p := findPatterns([]string{s, s}); len(p) != 1 || p[0].count != 2 {
			t.Errorf("%q has the patterns %v", s, p)
		}
	})
}

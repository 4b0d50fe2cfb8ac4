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

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"GET /a/1 took 12 ms":                      "GET /a/<Number-1> took <Number-2> ms",
		"2026-01-31":                               "<Time-1>",
		"2026-01-31T10:00:00.123Z end":             "<Time-1> end",
		"at 2026-01-31 10:00:00,5+01:00.":          "at <Time-1>.",
		"2026-01-31 at 10:00":                      "<Time-1> at <Number-2>:<Number-3>",
		"[10:20:30]":                               "[<Time-1>]",
		"8d3c3f0e-7c4b-4f0e-9d59-0f6f9b1a2c3d":     "<UUID-1>",
		"8d3c3f0e-7c4b-4f0e-9d59-0f6f9b1a2c3dx":    "<Token-1>",
		"10.0.0.1:443 -> 10.0.0.2.":                "<IP-1>:<Number-2> -> <IP-3>.",
		"10.0.0.256 1.2.3":                         "<Number-1>.<Number-2>.<Number-3>.<Number-4> <Number-5>.<Number-6>.<Number-7>",
		"2001:db8::1 ::1, fe80::: ::ffff:10.0.0.1": "<IP-1> <IP-2>, <IP-3>: <IP-4>",
		"std::back a::b1 dead::beef :: ":           "std::back <IP-1> dead::beef :: ",
		"1.5 ms 1.5ms -2.5 3.":                     "<Number-1> ms <Number-2>.<Token-3> -<Number-4> <Number-5>.",
		"0x1f deadbeef deadbeef1 12345678 beef1":   "<Hex-1> deadbeef <Hex-2> <Number-3> <Token-4>",
		"eni-0abc well-known x- -y a--1":           "<Token-1> well-known x- -y a--<Number-2>",
		"é1 user_7 ２":                              "<Token-1> <Token-2> ２",
		"":                                         "",
		"12:34:56:78":                              "<Time-1>:<Number-2>",
	} {
		if got := patternOf(tokenise(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
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
		if p, err := newRun(t.Context(), &Env{}).findPatterns([]string{s, s}); err != nil || len(p) != 1 || p[0].count != 2 {
			t.Errorf("%q has the patterns %v", s, p)
		}
	})
}

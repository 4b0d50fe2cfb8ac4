package compile_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/internal/insights/compile"
	"weir/internal/insights/reference"
)

// FuzzGlob compares with the regular expression that the reference makes of a glob.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"2 123 eni-1 -", "* * *"}, {"[INFO] The error was: x: y", "[*] The error was: *"}, {"aab", "*a*b"}, {"", "*"}, {"abc", "**"}, {"a\nb", "*b"}, {"x", "no star"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, glob string) {
		if !utf8.ValidString(text) || !utf8.ValidString(glob) || len(text) > 200 || len(glob) > 30 {
			return
		}
		m := regexp.MustCompile(reference.GlobPattern(glob)).FindStringSubmatch(text)
		for n := 1; n <= strings.Count(glob, "*"); n++ {
			got, ok := compile.Glob(text, glob, n)
			if ok != (m != nil) {
				t.Fatalf("%q in %q: %t, want %t", glob, text, ok, m != nil)
			}
			if ok && got != m[n] {
				t.Errorf("star %d of %q in %q is %q, want %q", n, glob, text, got, m[n])
			}
		}
	})
}

package lab

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOneLine joins the lines of a query where that is the same query.
func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT a,\n       b\nFROM t\n":                 "SELECT a, b FROM t",
		"SELECT 'a  b',\n  \"c\n d\" FROM t":            "SELECT 'a  b', \"c\n d\" FROM t",
		"SELECT 'it''s  so'  AS a":                      "SELECT 'it''s  so' AS a",
		"SELECT a -- the address\nFROM t":               "SELECT a -- the address\nFROM t",
		"SELECT a /* the\n address */ FROM t":           "SELECT a /* the\n address */ FROM t",
		"# by port\nstats count(*)  by dstPort":         "# by port\nstats count(*)  by dstPort",
		"filter srcAddr like /10  1/\n| stats count(*)": "filter srcAddr like /10  1/\n| stats count(*)",
		"SELECT '--  #' AS a":                           "SELECT '--  #' AS a",
		"SELECT a - - 1":                                "SELECT a - - 1",
		"it's\n open":                                   "it's\n open",
		"--data":                                        "--data",
		"":                                              "",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestLine has a shell see the words that ask again, whatever is in them.
func TestLine(t *testing.T) {
	all := [][]string{
		{"weir", "query", "--from", "1796059290", "SELECT action FROM t WHERE a LIKE 'eni-%' AND b <> \"c\""},
		{"", "a;b", "a|b", "a&b", "<in", ">out", "$HOME", "`id`", `back\slash`, "*", "?", "[a]", "{a,b}", "~", "#a", "!", "it's!", "a'b\"c", "tab\tnew\nline", "é"},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var words []string
		for range 10 {
			var w strings.Builder
			for range random.IntN(6) {
				w.WriteByte(" \t\n'\"`$\\!*?;&|<>#~{}()[]=%ab-/"[random.IntN(29)])
			}
			words = append(words, w.String())
		}
		all = append(all, words)
	}
	for _, words := range all {
		var want []string
		for _, w := range words {
			want = append(want, oneLine(w))
		}
		line := (&Asked{Environment: []string{"TOLD=a b"}, Command: append([]string{"say"}, words...)}).Line()
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "say() { printf '%s\\0' \"$TOLD\" \"$@\"; }\n"+line).Output()
		got := strings.Split(string(out), "\x00")
		if diff := cmp.Diff(append([]string{"a b"}, want...), got[:len(got)-1]); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got): %s", line, err, diff)
		}
	}
}

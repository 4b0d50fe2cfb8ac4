package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edit replaces text of a file.
func edit(t testing.TB, name, from, to string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		changed := strings.Replace(string(data), from, to, 1)
		if changed == string(data) {
			t.Fatalf("%s has no %q", name, from)
		}
		err = os.WriteFile(name, []byte(changed), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOwnScenarios has scenarios be files that somebody has written.
func TestOwnScenarios(t *testing.T) {
	const good = "shows: x\ntraffic: [{from: client, to: web-a, tcp: 80, then: answer}]\nquestion: SELECT 1\nanswer: [['1']]\n"
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mine := write("mine.yaml", good)
	all := []Scenario{{Name: "known"}, {Name: "mine"}}
	got, err := Choose(all, []string{mine, "known"})
	if err != nil || len(got) != 2 || got[0].Name != "mine" || got[0].Shows != "x" || got[1].Name != "known" {
		t.Fatalf("%+v %v", got, err)
	}
	for _, tc := range []struct {
		names []string
		is    error
		want  string
	}{
		{[]string{"other"}, ErrNoScenario, "there is no other; there are known, mine"},
		{[]string{filepath.Join(dir, "none.yml")}, fs.ErrNotExist, "none.yml"},
		{[]string{mine, "mine"}, ErrScenario, "mine is there twice"},
		{[]string{"known", "known"}, ErrScenario, "known is there twice"},
		{[]string{write("My Case.yaml", good)}, ErrScenario, "a scenario has its file's name, which is of lower-case letters, digits and dashes"},
		{[]string{write("key.yaml", good+"answers: []\n")}, ErrScenario, "key.yaml: line 5, column 1: no key answers; there are shows, "},
		{[]string{write("broken.yml", "shows: [x")}, ErrScenario, "broken.yml: line 2, column 1: did not find expected ',' or ']'"},
		{[]string{write("rows.yaml", strings.Replace(good, "[['1']]", "[]", 1))}, ErrScenario, "rows.yaml: line 3, column 1: question 1: it takes an answer that has rows"},
		{[]string{write("says.yaml", "shows: x\ntraffic: [{from: a, to: b, ping: true, then: answer}]\nask: [{command: [nat], says: [x]}, {sql: SELECT 1}]\n")}, ErrScenario, "says.yaml: line 3, column 36: question 2: it takes an answer"},
		{[]string{write("then.yaml", strings.Replace(good, "then: answer", "then: answers", 1))}, ErrScenario, "then is \"answers\", and none of answer, refused, nothing"},
		{[]string{write("from.yaml", "shows: x\ntraffic:\n  - {from: a, to: b, ping: true, then: answer}\n  - {to: b, ping: true, then: answer}\nquestion: q\nanswer: [[a]]\n")}, ErrScenario, "from.yaml: line 4, column 5: ping from  to b: it takes from and to"},
		{[]string{write("none.yaml", strings.Replace(good, "[['1']]", "[['1', ~]]", 1))}, ErrScenario, "no value where an item of a list is expected"},
		{[]string{write("needs.yaml", good+"needs: [s3, s4]\n")}, ErrScenario, "needs.yaml: line 5, column 13: it needs \"s4\"; there is s3"},
	} {
		if _, err := Choose(all, tc.names); !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.names, err)
		}
	}
}

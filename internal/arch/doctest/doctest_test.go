package doctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fence begins and ends a block; it can't stand within a raw string of Go.
const fence = "```"

func TestParse(t *testing.T) {
	text := strings.ReplaceAll(`# Title

'''sh
echo one
'''

'''text file=in.log
a
b
'''
'''json
{}
'''

<!-- no-test: needs an account -->

'''console no-test
$ aws s3 ls
'''
'''console
$ echo two
two
'''
`, "'''", fence)
	want := []block{
		{kind: "sh", text: "echo one\n", line: 4},
		{kind: "file", name: "in.log", text: "a\nb\n", line: 8},
		{kind: "console", text: "$ echo two\ntwo\n", line: 21},
	}
	got, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestParseRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no end":    {"'''sh\necho\n", "line 1: the block does not end"},
		"no reason": {"text\n'''sh no-test\necho\n'''\n", "line 2: the line before does not say why the block is not run: <!-- no-test: ... -->"},
		"no word":   {"<!-- no-test: -->\n'''sh no-test\necho\n'''\n", "line 2: the line before does not say why the block is not run: <!-- no-test: ... -->"},
		"misspelt":  {"'''sh notest\necho\n'''\n", `line 1: the block is marked "notest"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.ReplaceAll(tc.text, "'''", fence))
			if err == nil || err.Error() != tc.want {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}

// TestRunBlocks runs blocks that are right and blocks that are wrong.
func TestRunBlocks(t *testing.T) {
	console := func(text string) []block { return []block{{kind: "console", text: text, line: 10}} }
	tests := []struct {
		name   string
		blocks []block
		want   string // in the errors; "" where there are none
	}{
		{"script", []block{{kind: "sh", text: "echo a > f\ntest -f f\n", line: 1}}, ""},
		{"script that fails", []block{{kind: "sh", text: "echo seen\nfalse\necho more\n", line: 1}}, "line 1: the script ends with code 1 (<nil>):\nseen\n"},
		{"unset variable", []block{{kind: "sh", text: "echo $nope\n", line: 1}}, "line 1: the script ends with code 2"},
		{"one folder", []block{{kind: "file", name: "in", text: "x\n"}, {kind: "sh", text: "grep x in > out"}, {kind: "console", text: "$ cat out\nx\n"}}, ""},
		{"file outside", []block{{kind: "file", name: "../in", text: "x\n", line: 3}}, "line 3: the file ../in lies outside"},
		{"both streams", console("$ echo a; echo b >&2\na\nb\n"), ""},
		{"other output", console("$ echo a\nb\n"), "line 10: echo a prints something else"},
		{"more output", console("$ printf 'a\\nb\\n'\na\n"), "line 10: printf 'a\\nb\\n' prints something else"},
		{"no output", console("$ true\n"), ""},
		{"second command", console("$ true\n$ echo a\n"), "line 11: echo a prints something else"},
		{"any lines", console("$ seq 9\n1\n...\n8\n9\n"), ""},
		{"any lines, none", console("$ seq 2\n1\n...\n2\n"), ""},
		{"any lines, but not the last", console("$ seq 9\n...\n8\n"), "prints something else"},
		{"exit code", console("$ echo a; exit 3\na\n[exit 3]\n"), ""},
		{"another exit code", console("$ exit 4\n[exit 3]\n"), "line 10: exit 4 ends with code 4, not 3"},
		{"exit code not said", console("$ exit 4\n"), "line 10: exit 4 ends with code 4, not 0"},
		{"no prompt", console("echo a\n"), `line 10: a console block begins with "$ " and a command`},
		{"HOME", console("$ test \"$HOME\" = \"$PWD\"\n$ test \"$WEIR_DATA\" = \"$PWD/weir-data\"\n"), ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, e := range run(t.Context(), tc.blocks, dir) {
				got.WriteString(e.Error() + "\n")
			}
			if (got.String() == "") != (tc.want == "") || !strings.Contains(got.String(), tc.want) {
				t.Errorf("errors %q, want %q", got.String(), tc.want)
			}
		})
	}
}

// TestRunFiles runs the Markdown of a folder, and of none other in it.
func TestRunFiles(t *testing.T) {
	root := t.TempDir()
	mark := filepath.Join(t.TempDir(), "mark")
	for name, text := range map[string]string{
		"README.md":        fence + "sh\necho readme >> " + mark + "\n" + fence + "\n",
		"docs/a/b.md":      fence + "sh\necho b >> " + mark + "\n" + fence + "\n",
		"docs/a/c.txt":     fence + "sh\nfalse\n" + fence + "\n",
		"CONTRIBUTING.md":  fence + "sh\nfalse\n" + fence + "\n",
		"docs/no-block.md": "# Title\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Run(t, root)
	got, err := os.ReadFile(mark)
	if err != nil || string(got) != "readme\nb\n" {
		t.Errorf("ran %q, error %v", got, err)
	}
}

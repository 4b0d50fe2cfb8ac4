package arch_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// fenced matches a code block with the comment that says why it is not run.
	fenced = regexp.MustCompile("(?ms)(?:^<!-- no-test[^\n]*-->\n)?^```.*?^```$")
	// linkTarget matches where a link leads to, within the repository.
	linkTarget = regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)
	hangul     = regexp.MustCompile(`\p{Hangul}`)
)

// linksOf returns the targets of a page's links, in order of their names.
func linksOf(text string) (out []string) {
	for _, m := range linkTarget.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestKoreanReadme checks that README.ko.md follows README.md: the same code blocks, as many headings and rows of tables, the same commands in the table, and the same links but for those of the languages.
func TestKoreanReadme(t *testing.T) {
	english, korean := string(read(t, "README.md")), string(read(t, "README.ko.md"))
	if diff := cmp.Diff(fenced.FindAllString(english, -1), fenced.FindAllString(korean, -1)); diff != "" {
		t.Errorf("other code blocks (-README.md +README.ko.md):\n%s", diff)
	}
	outside := func(text string) string { return fenced.ReplaceAllString(text, "") }
	for _, begin := range []string{"## ", "| ", "- [", "!["} {
		count := func(text string) (n int) {
			for line := range strings.Lines(outside(text)) {
				if strings.HasPrefix(line, begin) {
					n++
				}
			}
			return n
		}
		if e, k := count(english), count(korean); e != k {
			t.Errorf("lines that begin with %q: %d in README.md, %d in README.ko.md", begin, e, k)
		}
	}
	command := regexp.MustCompile("(?m)^\\| (`weir.*?`) \\|")
	if diff := cmp.Diff(command.FindAllString(english, -1), command.FindAllString(korean, -1)); diff != "" {
		t.Errorf("other commands (-README.md +README.ko.md):\n%s", diff)
	}
	languages := strings.NewReplacer("README.ko.md", "README", "README.md", "README", "document.ko.md", "document", "document.md", "document")
	if diff := cmp.Diff(linksOf(languages.Replace(english)), linksOf(languages.Replace(korean))); diff != "" {
		t.Errorf("other links (-README.md +README.ko.md):\n%s", diff)
	}
}

// TestKoreanPages checks that the pages in Korean are, and that their links lead somewhere.
func TestKoreanPages(t *testing.T) {
	for _, file := range []string{"README.ko.md", "docs/lab/document.ko.md"} {
		text := string(read(t, file))
		if len(hangul.FindAllString(text, -1)) < 1000 {
			t.Errorf("%s is not in Korean", file)
		}
		links := linksOf(text)
		if len(links) < 5 {
			t.Errorf("%s has %d links", file, len(links))
		}
		for _, to := range links {
			if _, err := os.Stat(path.Join(root, path.Dir(file), to)); err != nil {
				t.Errorf("%s: there is no %s", file, to)
			}
		}
	}
}

package insightstest

import (
	"embed"
	"io/fs"
	"testing"

	"weir/internal/insights"
)

//go:embed testdata/*.txt
var scripts embed.FS

// Run runs all scripts on an engine, each in a subtest.
func Run(t *testing.T, engine Engine) {
	t.Helper()
	names, err := fs.Glob(scripts, "testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(name[len("testdata/"):len(name)-len(".txt")], func(t *testing.T) {
			script, err := fs.ReadFile(scripts, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range runScript(t, string(script), engine) {
				t.Error(err)
			}
		})
	}
}

// Cases returns the cases of all scripts.
func Cases(t testing.TB) []*Case {
	t.Helper()
	names, err := fs.Glob(scripts, "testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []*Case
	for _, name := range names {
		script, err := fs.ReadFile(scripts, name)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := parseScript(string(script))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, cases...)
	}
	return out
}

// ask parses a query and has an engine answer it.
func (c *Case) ask(t testing.TB, engine Engine) (*insights.Result, error) {
	q, err := insights.Read(c.Text, insights.CheckOptions{})
	if err != nil {
		return nil, err
	}
	return engine(t.Context(), c.World, q)
}

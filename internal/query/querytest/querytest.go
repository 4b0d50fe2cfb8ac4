package querytest

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/query"
)

// Open opens the engine under test over the records of the batches, which have
// weir_hour set. What it opens it closes by t.Cleanup.
type Open = func(t *testing.T, batches []*flowlog.Batch) query.Engine

//go:embed testdata/*.txt
var scripts embed.FS

// Run runs the whole suite on an engine, as subtests of t. With -short there are
// fewer random plans.
func Run(t *testing.T, open Open) {
	t.Run("scripts", func(t *testing.T) { runScripts(t, open) })
	t.Run("random", func(t *testing.T) { runRandom(t, open) })
	t.Run("contract", func(t *testing.T) { runContract(t, open) })
}

// runScripts runs the scripts of testdata.
func runScripts(t *testing.T, open Open) {
	files, err := fs.Glob(scripts, "testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(path.Base(name), ".txt"), func(t *testing.T) {
			text, err := scripts.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range runScript(t, string(text), open) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

package arch_test

import (
	"slices"
	"strings"
	"testing"
)

// edges are the imports that may stand in few rooms only: a path, or the
// beginning of one with "/...".
var edges = []struct {
	path  string
	rooms []string
	tests bool // tests of other rooms may import it too
	why   string
}{
	{
		path: "github.com/aws/aws-sdk-go-v2/...", tests: true,
		rooms: []string{"internal/source/s3", "internal/source/ec2", "internal/source/describe", "internal/source/cwlogs", "internal/source/sqs", "internal/notify/awssns", "internal/agent/destination"},
		why:   "AWS SDK types stay at the edge",
	},
	{
		path: "github.com/aws/smithy-go/...", tests: true,
		rooms: []string{"internal/source/s3", "internal/source/ec2", "internal/source/describe", "internal/source/cwlogs", "internal/source/sqs", "internal/notify/awssns", "internal/agent/destination"},
		why:   "AWS SDK types stay at the edge",
	},
	{
		path: "github.com/duckdb/...", tests: true,
		rooms: []string{"internal/query/duckdb", "bench"}, // bench compares with it
		why:   "only the DuckDB engine knows DuckDB, so that everything else builds without cgo",
	},
	{
		path:  "C",
		rooms: []string{"internal/query/duckdb", "flowlog/internal/inflate"},
		why:   "everything but the DuckDB engine builds without cgo; libdeflate is behind a build tag",
	},
	{
		path: "github.com/apache/iceberg-go/...", tests: true,
		rooms: []string{"internal/lake"},
		why:   "only the lake knows its table format",
	},
	{
		path: "github.com/parquet-go/parquet-go/...", tests: true,
		rooms: []string{"flowlog", "internal/lake"},
		why:   "everything goes through flowlog; the lake writes with arrow-go, and its tests read codes by another decoder",
	},
	{
		path:  "github.com/cilium/ebpf/...",
		rooms: []string{"internal/capture/ebpf", "bench/capture"},
		why:   "only the data path knows BPF, so that everything else runs where it can't be loaded; its benchmark has a program that does nothing",
	},
	{
		path: "github.com/johannesboyne/gofakes3/...", tests: true,
		why: "an S3 server for tests",
	},
	{
		path: "testing", tests: true,
		rooms: []string{"internal/sharedtest", "internal/arch/doctest"},
		why:   "testing is for tests and rooms whose name ends in test",
	},
	{path: "log", why: "log/slog is used"},
	{path: "github.com/stretchr/testify/...", why: "go-cmp is used"},
	{path: "math/rand", why: "math/rand/v2 is used"},
}

// TestEdges checks that what belongs to one room is imported there only.
func TestEdges(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, e := range edges {
			if e.tests && (f.test || strings.HasSuffix(f.room, "test")) || slices.Contains(e.rooms, f.room) {
				continue
			}
			for _, im := range f.imports {
				if matches(e.path, im) {
					t.Errorf("%s: must not import %s: %s", f.name, im, e.why)
				}
			}
		}
	}
}

// matches reports whether an import is of a path, or within it where it ends in
// "/...".
func matches(pattern, im string) bool {
	dir, tree := strings.CutSuffix(pattern, "/...")
	return im == dir || tree && strings.HasPrefix(im, dir+"/")
}

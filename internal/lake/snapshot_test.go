package lake

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// TestPlanFiles checks that filters on start and end leave out files by the
// statistics that Iceberg's own planning sees, as any engine that reads the tables
// would: just those whose records all lie outside.
func TestPlanFiles(t *testing.T) {
	l := openLake(t, t.TempDir(), Options{})
	importAll(t, l, ImportOptions{}, day()...)
	importAll(t, l, ImportOptions{}, object{ // an hour without start and end
		ref: ObjectRef{URL: "/d/a.log", Version: "1", Slot: noon.Add(-2 * time.Hour)}, text: "action srcaddr\nACCEPT 10.0.0.1\n",
	})
	snap, err := l.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := loadTable(t.Context(), l.cat, l.paths, flowlog.KindVPC)
	if err != nil {
		t.Fatal(err)
	}
	total := len(snap.Files(flowlog.KindVPC, Bounds{}))
	for _, field := range []flowlog.FieldID{flowlog.Start, flowlog.End} {
		column := flowlog.FieldByID(field).Column
		for _, b := range []Bounds{
			{From: noon.Add(3 * time.Hour), To: noon.Add(4 * time.Hour)},
			{From: noon.Add(9*time.Hour + time.Minute), To: noon.Add(99 * time.Hour)},
			{From: noon.Add(-99 * time.Hour), To: noon.Add(90 * time.Minute)},
			{From: noon.Add(-time.Hour), To: noon.Add(-time.Minute)},
		} {
			low, high := b.From.Unix(), b.To.Unix()
			filter := iceberg.NewAnd(iceberg.GreaterThanEqual(iceberg.Reference(column), low), iceberg.LessThan(iceberg.Reference(column), high))
			tasks, err := tbl.Scan(table.WithRowFilter(filter)).PlanFiles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, task := range tasks {
				path, err := uriPath(task.File.FilePath())
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, filepath.Base(path))
			}
			var want []string
			for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
				batches, err := readFile(t.Context(), f.Path)
				if err != nil {
					t.Fatal(err)
				}
				var first, last int64
				for _, batch := range batches {
					for _, n := range batch.Nums(field) {
						if first == 0 || n < first {
							first = n
						}
						last = max(last, n)
					}
				}
				if first < high && last >= low {
					want = append(want, filepath.Base(f.Path))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" || len(want) == total {
				t.Errorf("%s from %d to %d, %d files in all (-want +got):\n%s", column, low, high, total, diff)
			}
		}
	}
}

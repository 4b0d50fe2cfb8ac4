//go:build peers

package lake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// peerScript opens a lake with PyIceberg by its catalog alone and prints every
// record as a line of JSON, then what a scan with a filter counts.
const peerScript = `
import datetime, json, sys
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog("weir", uri="sqlite:///" + sys.argv[1])
def plain(v):
    if isinstance(v, datetime.datetime): return v.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(v, (list, dict)): return dict(v)
    return v
for name in ["records", "tgw_records"]:
    for row in catalog.load_table(("flow", name)).scan().to_arrow().to_pylist():
        row = {k: plain(v) for k, v in row.items() if v is not None}
        row.update(row.pop("weir_unknown", {}))
        print(json.dumps(row, separators=(",", ":"), ensure_ascii=False))
print("--")
table = catalog.load_table(("flow", "records"))
print(table.scan(row_filter="weir_hour >= '2026-03-02T20:00:00' and srcaddr = '10.0.1.7'").count(),
      len(list(table.scan(row_filter="weir_hour >= '2026-03-02T20:00:00'").plan_files())),
      len(list(table.scan().plan_files())))
`

// TestPeers has PyIceberg read a lake after everything that can happen to it. It
// needs Python with pyiceberg, pyarrow and SQLAlchemy: go test -tags peers
// ./internal/lake.
func TestPeers(t *testing.T) {
	l := openLake(t, filepath.Join(t.TempDir(), "data"), Options{})
	objects := day()
	importAll(t, l, ImportOptions{}, objects[10:]...)
	importAll(t, l, ImportOptions{}, objects...)
	both := bothKinds()
	importAll(t, l, ImportOptions{}, both)
	if _, err := l.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-c", peerScript, l.paths.catalog)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	records, counts, _ := strings.Cut(string(out), "--\n")
	got, want := parsed(t, strings.Split(strings.TrimSpace(records), "\n")), parsed(t, content(t, l))
	slices.SortFunc(want, byText)
	for _, r := range got {
		for _, f := range flowlog.Fields(flowlog.KindVPC) {
			if f.Derived {
				delete(r, f.Column) // content leaves out what the lake derives
			}
		}
	}
	slices.SortFunc(got, byText)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-weir +PyIceberg):\n%s", diff)
	}
	n, hours := 0, map[string]bool{}
	for _, r := range want {
		hour, _ := r["weir_hour"].(string)
		hours[hour[:len("2026-03-02T20")]] = true
		if r["srcaddr"] == "10.0.1.7" && hour >= "2026-03-02T20" {
			n++
		}
	}
	var count, late, all int
	if _, err := fmt.Sscan(counts, &count, &late, &all); err != nil {
		t.Fatal(err)
	}
	// Compacted: a file for each hour.
	if count != n || n == 0 || late != 5 || all != len(hours) {
		t.Errorf("PyIceberg's scans: %d records, %d of %d files; want %d, 5 of %d", count, late, all, n, len(hours))
	}
}

// byText orders records in a way that does not depend on how they were written.
func byText(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

// parsed returns lines of JSON.
func parsed(t *testing.T, lines []string) []map[string]any {
	out := make([]map[string]any, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &out[i]); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return out
}

//go:build peers

package flowlog_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// peerScript reads a Parquet file with pyarrow and with DuckDB and prints both
// results, a JSON list of rows each, without what is NULL or "-".
const peerScript = `
import json, sys
import duckdb, pyarrow.parquet as pq
def rows(names, values):
    return [{n: str(v) for n, v in zip(names, r) if v is not None and v != "-"} for r in values]
t = pq.read_table(sys.argv[1])
print(json.dumps(rows(t.column_names, zip(*(c.to_pylist() for c in t.columns)))))
r = duckdb.connect().execute("select * from read_parquet($1)", [sys.argv[1]])
print(json.dumps(rows([d[0] for d in r.description], r.fetchall())))
`

// TestParquetPeers has others read what NewParquetWriter writes. It needs Python
// with pyarrow and duckdb: go test -tags peers ./flowlog.
func TestParquetPeers(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 4))
		format := allFields(t, flowlog.KindVPC+flowlog.Kind(seed%2))
		b, want := randomBatch(t, rng, format)
		for i, m := range want {
			want[i] = map[string]string{}
			for name, v := range m {
				want[i][flowlog.ColumnName(name)] = v
			}
		}
		file := filepath.Join(t.TempDir(), "records.parquet")
		if err := os.WriteFile(file, write(t, parquetWriter(format), halves(b)...), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "python3", "-c", peerScript, file).Output()
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
			var got []map[string]string
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, reader %d: records (-want +got):\n%s", seed, i, diff)
			}
		}
	}
}

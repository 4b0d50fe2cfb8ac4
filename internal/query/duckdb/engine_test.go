package duckdb

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConnections checks that all connections have the engine's settings, and not
// just the one that made them: queries that run at once have one each.
func TestConnections(t *testing.T) {
	e := newEngine(t, someRecords(t))
	var conns []*sql.Conn
	for range 3 {
		c, err := e.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for _, c := range conns {
		var got [5]string
		if err := c.QueryRowContext(t.Context(), `SELECT current_setting('TimeZone'), current_setting('errors_as_json')::VARCHAR,
			current_setting('parquet_metadata_cache')::VARCHAR, current_setting('enable_external_access')::VARCHAR,
			current_setting('lock_configuration')::VARCHAR`).Scan(&got[0], &got[1], &got[2], &got[3], &got[4]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([5]string{"UTC", "true", "true", "false", "true"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

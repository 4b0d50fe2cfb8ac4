package duckdb

import (
	"context"
	"database/sql"
	"testing"

	duck "github.com/duckdb/duckdb-go/v2"
)

// athenaConn returns a connection with the natives of Athena's functions.
func athenaConn(t testing.TB) *sql.Conn {
	t.Helper()
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	for _, err := range []error{Register(conn), registerAthena(conn)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.ExecContext(t.Context(), "SET TimeZone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestAthenaNatives(t *testing.T) {
	conn := athenaConn(t)
	for _, call := range []string{"trino_translate(s, 'ab', 'x')", "trino_translate_of(s, 'ab', 'x', i)"} {
		var got string
		err := conn.QueryRowContext(t.Context(), `SELECT string_agg(coalesce(`+call+`, 'null'), ',' ORDER BY i)
			FROM (VALUES (1, 'aab'), (2, 'aab'), (3, NULL), (4, 'é')) v(i, s)`).Scan(&got)
		if want := "xx,xx,null,é"; err != nil || got != want {
			t.Errorf("%s: got %q, want %q, %v", call, got, want, err)
		}
	}
}

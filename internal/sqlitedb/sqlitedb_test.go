package sqlitedb

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "a b?.db")
	steps := []string{"CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"}
	values := func(db *sql.DB) (out []int) {
		t.Helper()
		if err := EachRow(ctx, db, "SELECT a FROM t WHERE a > ? ORDER BY a", func(r *sql.Rows) error {
			var a int
			err := r.Scan(&a)
			out = append(out, a)
			return err
		}, 0); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for n, want := range map[int]int{0: 1, 1: 2} { // an older weir, and then this one, in either order
		p := path + strings.Repeat("x", n)
		for _, upTo := range []int{want, 2, 2} {
			db, err := Open(ctx, p, "the test", steps[:upTo])
			if err != nil {
				t.Fatal(err)
			}
			if got := values(db); len(got) != upTo {
				t.Errorf("after %d steps there is %v", upTo, got)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Open(ctx, path, "the test", steps[:1]); err == nil || !strings.Contains(err.Error(), "newer weir") {
		t.Errorf("a database of a newer weir: %v", err)
	}
	if _, err := Open(ctx, path, "the test", append(steps, "INSERT INTO t VALUES (3); nonsense")); err == nil || !strings.Contains(err.Error(), "to version 3") {
		t.Errorf("a step that fails: %v", err)
	}
	db, err := Open(ctx, path, "the test", steps)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wanted := errors.New("no")
	if err := InTx(ctx, db, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO t VALUES (4)")
		return errors.Join(err, wanted)
	}); !errors.Is(err, wanted) {
		t.Error(err)
	}
	if got := values(db); len(got) != 2 {
		t.Errorf("what failed is there: %v", got)
	}
}

// TestOpenRelative opens a database by a path that is relative to the folder that the program runs in.
func TestOpenRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 {
		db, err := Open(t.Context(), filepath.Join("data", "..", "x.db"), "things", []string{"CREATE TABLE t (a INTEGER) STRICT"})
		if err == nil {
			err = db.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat("x.db"); err != nil {
		t.Error(err)
	}
}

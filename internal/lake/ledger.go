package lake

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// ledgerEntries is what an import writes into the ledger with a batch.
type ledgerEntries struct {
	importID int64
	objects  []*ObjectWriter
	twins    []*ObjectWriter // same bytes as one of objects
	moves    []move
	at       time.Time
}

// ledgerTx is a transaction of the ledger. Its statements are kept, since thousands
// of objects are written by the same few and SQLite takes longer to read a
// statement than to carry it out.
type ledgerTx struct {
	*sql.Tx
	ctx   context.Context
	stmts map[string]*sql.Stmt
}

// beginLedger begins a transaction, which ctx rolls back where it ends first.
func (l *Lake) beginLedger(ctx context.Context) (*ledgerTx, error) {
	tx, err := l.state.BeginTx(ctx, nil)
	return &ledgerTx{tx, ctx, map[string]*sql.Stmt{}}, err
}

// Exec carries out a statement.
func (tx *ledgerTx) Exec(query string, args ...any) (sql.Result, error) {
	stmt := tx.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = tx.PrepareContext(tx.ctx, query); err != nil {
			return nil, err
		}
		tx.stmts[query] = stmt
	}
	return stmt.ExecContext(tx.ctx, args...)
}

// move is what becomes of an object whose records are taken out or given to
// another object.
type move struct {
	object int64
	heir   int64 // the object that answers for the records from then on, or 0
}

// write notes the entries with a batch: objects whose records come with it, and
// those that come in the place of another, are pending until it is done.
func (e *ledgerEntries) write(tx *ledgerTx, batch int64) error {
	n := 0
	becomes := func(object int64, state ObjectState, takesOver int64) error {
		n++
		_, err := tx.Exec("INSERT INTO batch_objects (batch, n, object, state, takes_over) VALUES (?, ?, ?, ?, ?)",
			batch, n, object, state, sql.NullInt64{Int64: takesOver, Valid: takesOver != 0})
		return err
	}
	for _, m := range e.moves {
		if m.heir != 0 {
			if err := becomes(m.heir, Taken, m.object); err != nil {
				return err
			}
		}
		if err := becomes(m.object, gone, 0); err != nil {
			return err
		}
	}
	return e.insertAll(tx, func(o *ObjectWriter) (int64, error) {
		if o.result.State != Taken && o.replaces == 0 {
			return e.insert(tx, o, o.result.State)
		}
		id, err := e.insert(tx, o, pending)
		if err != nil {
			return 0, err
		}
		return id, becomes(id, o.result.State, 0)
	})
}

// insertAll inserts the objects by insert, then those that have the bytes of one
// of them.
func (e *ledgerEntries) insertAll(tx *ledgerTx, insert func(*ObjectWriter) (int64, error)) error {
	ids := map[[32]byte]int64{}
	for _, o := range e.objects {
		if o.result.State == Failed {
			known, err := e.isKnown(tx, o)
			if err != nil {
				return err
			}
			if known {
				continue // what was taken from this place before still stands
			}
		}
		id, err := insert(o)
		if err != nil {
			return err
		}
		switch o.result.State {
		case Taken, Empty:
			ids[o.sum] = id
		case Duplicate:
			ids[o.sum] = o.sameAs
		}
	}
	for _, t := range e.twins {
		if t.sameAs = ids[t.sum]; t.sameAs == 0 {
			continue // the other came to nothing: the next import looks again
		}
		t.result.State = Duplicate
		if _, err := e.insert(tx, t, Duplicate); err != nil {
			return err
		}
	}
	return nil
}

// isKnown reports whether records were taken from an object's place, before or in
// this batch.
func (e *ledgerEntries) isKnown(tx *ledgerTx, o *ObjectWriter) (bool, error) {
	var n int
	err := tx.QueryRow("SELECT count(*) FROM objects WHERE source = ? AND key = ? AND state IN ('taken', 'duplicate', 'pending')",
		o.ref.Source, o.ref.Key).Scan(&n)
	return n > 0, err
}

// noteOnly writes entries that no data files belong to.
func (l *Lake) noteOnly(ctx context.Context, e *ledgerEntries) error {
	tx, err := l.beginLedger(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, m := range e.moves {
		if _, err := tx.Exec("DELETE FROM objects WHERE id = ?", m.object); err != nil {
			return err
		}
	}
	insert := func(o *ObjectWriter) (int64, error) { return e.insert(tx, o, o.result.State) }
	if err := e.insertAll(tx, insert); err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	return tx.Commit()
}

// insert writes one object's row and what hangs on it, and returns its id. An
// older row of the same place that holds no records is replaced.
func (e *ledgerEntries) insert(tx *ledgerTx, o *ObjectWriter, state ObjectState) (int64, error) {
	if o.prior && o.replaces == 0 {
		if _, err := tx.Exec("DELETE FROM objects WHERE source = ? AND key = ? AND state IN ('failed', 'foreign', 'empty')",
			o.ref.Source, o.ref.Key); err != nil {
			return 0, err
		}
	}
	var formats []string
	for _, f := range o.result.Stats.Formats {
		formats = append(formats, f.String())
	}
	var sum []byte
	if o.sum != [32]byte{} {
		sum = o.sum[:]
	}
	st := o.result.Stats
	res, err := tx.Exec(`INSERT INTO objects (import, source, key, url, size, version, sha256, state, same_as, container, formats,
			records, bad, problem, hint, flow_log_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.importID, o.ref.Source, o.ref.Key, o.ref.URL, o.ref.Size, o.ref.Version, sum, state,
		sql.NullInt64{Int64: o.sameAs, Valid: o.sameAs != 0}, st.Container, strings.Join(formats, "\n"),
		o.records, st.Bad, o.result.Problem, o.result.Hint, o.ref.FlowLogID, e.at.Unix())
	if err != nil {
		return 0, fmt.Errorf("object %s: %w", o.ref.URL, err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	if state == pending {
		for key, sum := range o.hours {
			if _, err := tx.Exec("INSERT INTO object_hours (object, tbl, hour, records, checksum) VALUES (?, ?, ?, ?, ?)",
				id, tableName(key.kind), key.hour, sum.records, int64(sum.checksum)); err != nil {
				return 0, err
			}
		}
		for u := range o.unknown {
			if _, err := tx.Exec("INSERT OR IGNORE INTO unknown_fields (tbl, name) VALUES (?, ?)", tableName(u.kind), u.name); err != nil {
				return 0, err
			}
		}
	}
	for _, b := range st.BadLines {
		if _, err := tx.Exec("INSERT INTO bad_lines (object, line, col, field, text, reason) VALUES (?, ?, ?, ?, ?, ?)",
			id, b.Line, b.Column, b.Field, b.Text, b.Reason); err != nil {
			return 0, err
		}
	}
	return id, nil
}

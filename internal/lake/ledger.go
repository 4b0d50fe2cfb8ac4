package lake

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// ledgerEntries is what a change writes into the ledger with its batch.
type ledgerEntries struct {
	importID int64
	objects  []*ObjectWriter // settled
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
	heir   int64 // the object of the ledger that answers for the records from then on, or 0
}

// write notes the entries with a batch. Objects are pending until it is done, but
// those without records, which change nothing.
func (e *ledgerEntries) write(tx *ledgerTx, batch int64) error {
	n := 0
	becomes := func(object int64, state ObjectState, takesOver int64) error {
		n++
		_, err := tx.Exec("INSERT INTO batch_objects (batch, n, object, state, takes_over) VALUES (?, ?, ?, ?, ?)",
			batch, n, object, state, sql.NullInt64{Int64: takesOver, Valid: takesOver != 0})
		return err
	}
	ids := map[*ObjectWriter]int64{}
	for _, o := range e.objects {
		sameAs := o.owner
		if o.original != nil {
			sameAs = ids[o.original]
		}
		state, final := pending, o.result.State
		switch {
		case o.inherits != 0:
			final = Taken
		case final == Failed, final == Foreign, final == Empty && o.replaces == 0:
			state = final
		}
		id, err := e.insert(tx, o, state, sameAs)
		if err != nil {
			return err
		}
		ids[o] = id
		if state == pending {
			if err := becomes(id, final, o.inherits); err != nil {
				return err
			}
		}
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
	return nil
}

// recordless is the condition of rows that stand for no records.
const recordless = "state IN ('failed', 'foreign', 'empty')"

// insert writes one object's row and what hangs on it, and returns its id. An
// older row of the same place that holds no records is replaced.
func (e *ledgerEntries) insert(tx *ledgerTx, o *ObjectWriter, state ObjectState, sameAs int64) (int64, error) {
	if o.prior && o.replaces == 0 {
		if _, err := tx.Exec("DELETE FROM objects WHERE url = ? AND state <> 'pending' AND "+recordless, o.ref.URL); err != nil {
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
		sql.NullInt64{Int64: sameAs, Valid: sameAs != 0}, st.Container, strings.Join(formats, "\n"),
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

package lake

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"weir/flowlog"
)

// ledgerEntries is what a change writes into the ledger with its batch.
type ledgerEntries struct {
	importID int64
	objects  []*ObjectWriter // settled
	moves    []move
	at       time.Time
}

// ledgerTx is a transaction of the ledger. Its statements are kept, since SQLite
// takes longer to read a statement than to carry it out, and rows are inserted many
// at a time, since a call takes longer than a row.
type ledgerTx struct {
	*sql.Tx
	ctx   context.Context
	stmts map[string]*sql.Stmt

	pending map[string][]any // values of rows that are not inserted yet, by table
	nextID  int64            // the next object's id; 0: not known yet
	formats map[string]int64 // ids of formats that were asked for
}

// rowsAtOnce is how many rows are inserted at a time.
const rowsAtOnce = 50

// ledgerTables are the tables that rows are put into, those that others refer to
// first.
var ledgerTables = []struct {
	name    string
	columns []string
}{
	{"objects", []string{
		"id", "import", "source", "url", "size", "version", "sha256", "state", "same_as", "container", "formats", "records", "bad",
		"problem", "hint", "flow_log_id", "at", "arrival",
	}},
	{"object_hours", []string{"object", "tbl", "hour", "records", "checksum"}},
	{"bad_lines", []string{"object", "line", "col", "field", "text", "reason"}},
	{"batch_objects", []string{"batch", "n", "object", "state", "takes_over"}},
}

// beginLedger begins a transaction, which ctx rolls back where it ends first.
func (l *Lake) beginLedger(ctx context.Context) (*ledgerTx, error) {
	tx, err := l.state.BeginTx(ctx, nil)
	return &ledgerTx{Tx: tx, ctx: ctx, stmts: map[string]*sql.Stmt{}, pending: map[string][]any{}, formats: map[string]int64{}}, err
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

// put adds a row to one of ledgerTables, at the latest with flush. values are those
// of all its columns.
func (tx *ledgerTx) put(table string, values ...any) error {
	tx.pending[table] = append(tx.pending[table], values...)
	if len(tx.pending[table]) >= rowsAtOnce*len(values) {
		return tx.flush()
	}
	return nil
}

// flush inserts the rows that were put.
func (tx *ledgerTx) flush() error {
	for _, t := range ledgerTables {
		values, width := tx.pending[t.name], len(t.columns)
		if len(values) == 0 {
			continue
		}
		row := "(?" + strings.Repeat(", ?", width-1) + ")"
		query := "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES " +
			row + strings.Repeat(", "+row, len(values)/width-1)
		if _, err := tx.Exec(query, values...); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		tx.pending[t.name] = values[:0]
	}
	return nil
}

// objectID returns an id for a new object. None is given twice, also not after the
// object is gone.
func (tx *ledgerTx) objectID() (int64, error) {
	if tx.nextID == 0 {
		const last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'objects'"
		if err := tx.QueryRowContext(tx.ctx, last).Scan(&tx.nextID); err != nil {
			return 0, err
		}
	}
	tx.nextID++
	return tx.nextID, nil
}

// formatsID returns the id of LogFormats, which are noted if need be.
func (tx *ledgerTx) formatsID(list []flowlog.Format) (id sql.NullInt64, err error) {
	if len(list) == 0 {
		return id, nil
	}
	lines := make([]string, len(list))
	for i := range list {
		lines[i] = list[i].String()
	}
	text := strings.Join(lines, "\n")
	if id.Int64, id.Valid = tx.formats[text]; id.Valid {
		return id, nil
	}
	if _, err := tx.Exec("INSERT OR IGNORE INTO formats (text) VALUES (?)", text); err != nil {
		return id, err
	}
	err = tx.QueryRowContext(tx.ctx, "SELECT id FROM formats WHERE text = ?", text).Scan(&id)
	tx.formats[text] = id.Int64
	return id, err
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
		return tx.put("batch_objects", batch, n, object, state, sql.NullInt64{Int64: takesOver, Valid: takesOver != 0})
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
	return tx.flush()
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
	st := o.result.Stats
	formats, err := tx.formatsID(st.Formats)
	if err != nil {
		return 0, err
	}
	var sum []byte
	if o.sum != [32]byte{} {
		sum = o.sum[:]
	}
	id, err := tx.objectID()
	if err != nil {
		return 0, err
	}
	if err := tx.put("objects", id, e.importID, o.ref.Source, o.ref.URL, o.ref.Size, o.ref.Version, sum, state,
		sql.NullInt64{Int64: sameAs, Valid: sameAs != 0}, st.Container, formats, o.records, st.Bad,
		o.result.Problem, o.result.Hint, o.ref.FlowLogID, e.at.Unix(), o.arrival()); err != nil {
		return 0, err
	}
	if state == pending {
		for key, sum := range o.hours {
			if err := tx.put("object_hours", id, tableName(key.kind), key.hour, sum.records, int64(sum.checksum)); err != nil {
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
		if err := tx.put("bad_lines", id, b.Line, b.Column, b.Field, b.Text, b.Reason); err != nil {
			return 0, err
		}
	}
	return id, nil
}

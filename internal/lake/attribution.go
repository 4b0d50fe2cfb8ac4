package lake

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"weir/flowlog"
	"weir/internal/pair"
)

// Attribution tells which rules decided about records, as definitions of the network have them
// at one time. It is asked from several goroutines at a time.
type Attribution interface {
	// Sum is a checksum of what definitions tell of an hour, which begins at that second since
	// the epoch; 0: nothing. Where it is the same, Tell tells the same.
	Sum(hour int64) uint64
	// Tell tells of records of an hour: one number for each record in the order of rows, 0 for
	// nothing, else 1 + a place in told. found are their directions and pairs, in the same order.
	// The rows need not be all of the hour; of a record more may be told where others are there
	// too. Of what it is given, it keeps nothing.
	Tell(hour int64, rows []pair.Rows, found []pair.Answer) (of []uint32, told []Told, err error)
}

// Told is what is told of a record: its weir-reject-stage, weir-reject-rule, weir-allow-rules,
// weir-attribution and weir-ruleset; "" for what is not. Where these were recorded with it, that
// stays in place of it.
type Told struct{ Stage, Rule, Allow, Attribution, Ruleset string }

// toldTexts are the text columns that setTold sets.
var toldTexts = []struct {
	id flowlog.FieldID
	of func(*Told) string
}{
	{flowlog.WeirRejectStage, func(t *Told) string { return t.Stage }},
	{flowlog.WeirRejectRule, func(t *Told) string { return t.Rule }},
	{flowlog.WeirAllowRules, func(t *Told) string { return t.Allow }},
	{flowlog.WeirAttribution, func(t *Told) string { return t.Attribution }},
	{flowlog.WeirRuleset, func(t *Told) string { return t.Ruleset }},
}

// AttributionFields are the fields that an [Attribution] tells.
func AttributionFields() []flowlog.FieldID {
	out := make([]flowlog.FieldID, len(toldTexts))
	for i, f := range toldTexts {
		out[i] = f.id
	}
	return out
}

// attributed is what the ledger knows of what was told of the records of a data file.
type attributed struct {
	// sum is the Sum of what told them.
	sum uint64
	// mixed says that there is no such sum: several told them, or what they were told from
	// changed.
	mixed bool
}

// changed returns what is known once the records are no longer those of which it was told.
func (a attributed) changed() attributed {
	if a == (attributed{}) {
		return a // nothing was told of them, and none is
	}
	return attributed{mixed: true}
}

// tell notes what was told of the records of a data file of the change.
func (c *change) tell(path string, a attributed) {
	if c.told == nil {
		c.told = map[string]attributed{}
	}
	c.told[path] = a
}

// attribute puts what is told of the columns' records, which are those of pieces in their
// order, into the columns, in place of what they have, but for what was recorded with them.
func (c *columns) attribute(a Attribution, hour int64, pieces []piece, found []pair.Answer) (attributed, error) {
	sum := uint64(0)
	if a != nil {
		sum = a.Sum(hour)
	}
	if sum == 0 {
		of := make([]uint32, c.n)
		c.setTold(of, c.record(of, nil))
		return attributed{}, nil
	}
	of, told, err := a.Tell(hour, pairRows(pieces), found)
	if err == nil && len(of) != c.n {
		err = fmt.Errorf("%d of %d records are told of", len(of), c.n)
	}
	if err == nil {
		err = validTold(of, told)
	}
	if err != nil {
		return attributed{}, fmt.Errorf("cannot tell which rules decided: %w", err)
	}
	c.setTold(of, c.record(of, told))
	return attributed{sum: sum}, nil
}

// validTold checks what an [Attribution] told.
func validTold(of []uint32, told []Told) error {
	for _, code := range of {
		if int(code) > len(told) {
			return fmt.Errorf("a record is told what stands at place %d of %d", code, len(told))
		}
	}
	for i := range told {
		if told[i].Attribution == recordedText {
			return fmt.Errorf("%s can't be told: it is what was recorded", recordedText)
		}
		for _, f := range toldTexts {
			if text, known := f.of(&told[i]), flowlog.FieldByID(f.id).Values; text != "" && known != nil && !slices.Contains(known, text) {
				return fmt.Errorf("%s can't be %q", flowlog.FieldByID(f.id).Name, text)
			}
		}
	}
	return nil
}

// setTold puts what is told into the columns, in place of what they have.
func (c *columns) setTold(of []uint32, told []Told) {
	for _, f := range toldTexts {
		delete(c.texts, f.id)
		texts := make([]string, 0, len(told))
		for i := range told {
			if text := f.of(&told[i]); text != "" {
				texts = append(texts, text)
			}
		}
		if len(texts) == 0 {
			continue
		}
		slices.Sort(texts)
		texts = slices.Compact(texts)
		code := make([]uint32, len(told)+1)
		for i := range told {
			if text := f.of(&told[i]); text != "" {
				at, _ := slices.BinarySearch(texts, text)
				code[i+1] = uint32(at + 1)
			}
		}
		c.setDerived(f.id, texts, len(of), func(i int) uint32 { return code[of[i]] })
	}
}

// toldColumns returns the columns that setTold sets.
func (c *columns) toldColumns() []*ranked {
	out := make([]*ranked, len(toldTexts))
	for i, f := range toldTexts {
		out[i] = c.texts[f.id]
	}
	return out
}

// sameTold reports whether the columns tell what was told.
func (c *columns) sameTold(was []*ranked) bool {
	for i, r := range c.toldColumns() {
		if !sameText(was[i], r, c.n) {
			return false
		}
	}
	return true
}

// givenTold returns what is known of columns that somebody gave.
func (c *columns) givenTold() attributed {
	for _, r := range c.toldColumns() {
		if r != nil {
			return attributed{mixed: true}
		}
	}
	return attributed{}
}

// answers returns the directions and pairs that the columns have.
func (c *columns) answers() []pair.Answer {
	code := func(id flowlog.FieldID, texts []string) func(i int) int {
		r := c.texts[id]
		if r == nil {
			return func(int) int { return 0 }
		}
		codes := make([]int, len(r.dict)+1)
		for i, text := range r.dict {
			codes[i+1] = slices.Index(texts, text) + 1
		}
		return func(i int) int { return codes[r.at(i)] }
	}
	direction, state, repeat := code(flowlog.WeirDirection, pair.Directions), code(flowlog.WeirPair, pair.States), code(flowlog.WeirRepeat, pair.Repeats)
	gaps := c.nums[flowlog.WeirPairGap]
	out := make([]pair.Answer, c.n)
	for i := range out {
		gap := pair.NoGap
		if gaps != nil {
			if at := gaps.at(i); at != 0 {
				gap = int(gaps.value(at))
			}
		}
		out[i] = pair.NewAnswer(pair.Direction(direction(i)), pair.State(state(i)), pair.Repeat(repeat(i)), gap)
	}
	return out
}

// attributedFiles returns what the ledger knows of what was told, by the path of a data file
// below DATA/lake; of those that are missing nothing was.
func (l *Lake) attributedFiles(ctx context.Context) (map[string]attributed, error) {
	// A reader may meet the ledger of an older weir.
	version, err := schemaVersion(ctx, l.state)
	if err != nil || version < 5 {
		return nil, err
	}
	rows, err := l.state.QueryContext(ctx, "SELECT path, sum FROM attributed")
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger: %w", err)
	}
	defer rows.Close()
	out := map[string]attributed{}
	for rows.Next() {
		var path string
		var sum sql.NullInt64
		if err := rows.Scan(&path, &sum); err != nil {
			return nil, fmt.Errorf("cannot read the ledger: %w", err)
		}
		out[path] = attributed{uint64(sum.Int64), !sum.Valid}
	}
	return out, rows.Err()
}

// noteAttributed notes what was told of a data file. It is true of the file whatever becomes of
// it, since a file never changes; the row goes with it (expire.go), since who pinned an older
// snapshot asks for those that left the table.
func (l *Lake) noteAttributed(path string, a attributed, tx *ledgerTx) error {
	path = l.paths.relative(path)
	var err error
	if a == (attributed{}) {
		_, err = tx.Exec("DELETE FROM attributed WHERE path = ?", path)
	} else {
		_, err = tx.Exec("INSERT INTO attributed (path, sum) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET sum = excluded.sum",
			path, sql.NullInt64{Int64: int64(a.sum), Valid: !a.mixed})
	}
	if err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	return nil
}

// setAttributed notes what was told of data files that stay as they are.
func (l *Lake) setAttributed(ctx context.Context, told map[string]attributed) error {
	tx, err := l.beginLedger(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for path, a := range told {
		if err := l.noteAttributed(path, a, tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// forgetAttributed forgets a data file that goes.
func (l *Lake) forgetAttributed(ctx context.Context, path string) error {
	if _, err := l.state.ExecContext(ctx, "DELETE FROM attributed WHERE path = ?", l.paths.relative(path)); err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	return nil
}

package lake

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/pair"
)

// maxPairRecords is the largest number of records of an hour whose pairs are found, and
// heldPairRecords that of one that is held in memory for it, with 42 bytes for each: of a
// larger one 11 bytes of each are, and 40 of those near its boundaries and its neighbours'.
const (
	maxPairRecords  = 40 << 20
	heldPairRecords = 8 << 20
)

// pairedHour is what the ledger knows of the pairs of an hour of flow.records. The
// hour is settled where it is whole and saw its neighbours as they are now; else
// its records may have more pairs than its files say, and those that are "none" may
// have one.
type pairedHour struct {
	// whole says that all records of the hour were there when its pairs were found;
	// was, that they were, so that files may say that a record has no pair.
	whole, was bool
	// head and tail are the sums of its edges.
	head, tail uint64
	// before and after are the sums of the neighbours' edges, as they were then.
	before, after uint64
	// open are the interfaces whose own address the records leave open ([pair.Hour.Open]),
	// as numbers of 8 bytes, the lowest first; nil: an older weir did not note them. owners
	// is the sum of what the definition told of them.
	open   []byte
	owners uint64
}

// settled reports whether the hour's pairs are those of all records around, and its
// directions those that the definition tells.
func (p pairedHour) settled(before, after pairedHour, o *pair.Owners) bool {
	return p.whole && p.before == before.tail && p.after == after.head && p.told(o)
}

// told reports whether the definition tells what it told.
func (p pairedHour) told(o *pair.Owners) bool {
	if p.open == nil {
		return o.Empty() // there were no owners then
	}
	open := make([]uint64, len(p.open)/8)
	for i := range open {
		open[i] = binary.LittleEndian.Uint64(p.open[8*i:])
	}
	return p.owners == o.Sum(open)
}

// setOwners notes what owners told of the hour's records.
func (p *pairedHour) setOwners(h *pair.Hour, o *pair.Owners) {
	open := h.Open()
	p.open, p.owners = make([]byte, 0, 8*len(open)), o.Sum(open)
	for _, x := range open {
		p.open = binary.LittleEndian.AppendUint64(p.open, x)
	}
}

// sum returns the sum of an edge.
func (p pairedHour) sum(s pair.Side) uint64 {
	if s == pair.Head {
		return p.head
	}
	return p.tail
}

// allTime bounds no hour.
var allTime = [2]int64{math.MinInt64, math.MaxInt64}

// pairedHours returns what the ledger knows, by hour, of the hours between two, both
// inclusive.
func (l *Lake) pairedHours(ctx context.Context, between [2]int64) (map[int64]pairedHour, error) {
	// A reader may meet the ledger of an older weir.
	version, err := schemaVersion(ctx, l.state)
	if err != nil || version < 2 {
		return nil, err
	}
	columns := "owners, open, open IS NULL"
	if version < 4 {
		columns = "0, NULL, TRUE"
	}
	rows, err := l.state.QueryContext(ctx, "SELECT hour, whole, head, tail, before, after, "+columns+" FROM paired WHERE hour BETWEEN ? AND ?", between[0], between[1])
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger: %w", err)
	}
	defer rows.Close()
	out := map[int64]pairedHour{}
	for rows.Next() {
		var hour int64
		var whole int
		var sums [5]int64
		var open []byte
		var older bool
		if err := rows.Scan(&hour, &whole, &sums[0], &sums[1], &sums[2], &sums[3], &sums[4], &open, &older); err != nil {
			return nil, fmt.Errorf("cannot read the ledger: %w", err)
		}
		if open == nil && !older {
			open = []byte{} // as the driver does not tell
		}
		out[hour] = pairedHour{whole == 1, whole == 2, uint64(sums[0]), uint64(sums[1]), uint64(sums[2]), uint64(sums[3]), open, uint64(sums[4])}
	}
	return out, rows.Err()
}

// notePaired notes, in the transaction that notes a batch, what becomes of the pairs
// of the hours whose files it changes.
func (c *change) notePaired(tx *ledgerTx, batch int64) error {
	const k = flowlog.KindVPC
	hours := map[int64]bool{}
	for _, path := range slices.Concat(c.add[k], c.remove[k]) {
		hour, err := pathHour(path)
		if err != nil {
			return err
		}
		hours[hour] = true
	}
	for hour := range maps.Keys(hours) {
		p := c.paired[hour]
		if _, err := tx.Exec("INSERT INTO batch_paired (batch, hour, whole, head, tail, before, after, owners, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			batch, hour, p.whole, int64(p.head), int64(p.tail), int64(p.before), int64(p.after), int64(p.owners), p.open); err != nil {
			return err
		}
	}
	return nil
}

// bringPaired brings what a batch noted of pairs into the ledger. The edges of an
// hour that is not whole stay as its neighbours saw them, until it is.
const bringPaired = `INSERT INTO paired (hour, whole, head, tail, before, after, owners, open)
	SELECT hour, whole, head, tail, before, after, owners, open FROM batch_paired WHERE batch = ?1
	ON CONFLICT (hour) DO UPDATE SET whole = iif(excluded.whole OR NOT whole, excluded.whole, 2),
		head = iif(excluded.whole, excluded.head, head), tail = iif(excluded.whole, excluded.tail, tail),
		before = excluded.before, after = excluded.after, owners = excluded.owners, open = excluded.open`

// pathHour returns the hour of a data file by its path.
func pathHour(path string) (int64, error) {
	const key = "/" + hourFolder
	at := strings.LastIndex(path, key)
	if at < 0 {
		return 0, fmt.Errorf("the data file %s lies in no hour's folder", path)
	}
	name, _, _ := strings.Cut(path[at+len(key):], "/")
	t, err := time.Parse(hourForm, name)
	if err != nil {
		return 0, fmt.Errorf("the data file %s lies in no hour's folder: %w", path, err)
	}
	return t.Unix(), nil
}

// Data files of an hour lie in a folder of this name and the hour in this form.
const (
	hourFolder = "weir_hour_hour="
	hourForm   = "2006-01-02-15"
)

// edges keeps the edges of hours that were written last, since the neighbours of
// those are often written next.
type edges struct {
	mu    sync.Mutex
	known map[edgeKey]*pair.Edge
	order []edgeKey // the oldest first
	bytes int64
}

type edgeKey struct {
	hour int64
	sum  uint64
}

// edgeMemory is how many bytes of edges are kept.
const edgeMemory = 64 << 20

func (e *edges) put(hour int64, edge *pair.Edge) {
	if edge == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key := edgeKey{hour, edge.Sum()}
	if e.known[key] != nil {
		return
	}
	if e.known == nil {
		e.known = map[edgeKey]*pair.Edge{}
	}
	e.known[key] = edge
	e.order = append(e.order, key)
	e.bytes += edge.Bytes()
	for e.bytes > edgeMemory && len(e.order) > 1 {
		e.bytes -= e.known[e.order[0]].Bytes()
		delete(e.known, e.order[0])
		e.order = e.order[1:]
	}
}

// get returns an edge by its sum. It reports false where it is not kept.
func (e *edges) get(hour int64, sum uint64) (*pair.Edge, bool) {
	if sum == 0 {
		return nil, true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	edge, ok := e.known[edgeKey{hour, sum}]
	return edge, ok
}

func pairRows(pieces []piece) []pair.Rows {
	out := make([]pair.Rows, len(pieces))
	for i, p := range pieces {
		out[i] = pair.Rows{Batch: p.batch, At: p.rows}
	}
	return out
}

// findPairs finds the pairs of pieces of an hour of flow.records. around is nil
// where records of the hour are missing.
func (l *Lake) findPairs(hour int64, pieces []piece, around *neighbours, o *pair.Owners) ([]pair.Answer, pairedHour) {
	n := 0
	for _, p := range pieces {
		n += p.len()
	}
	h := pair.NewHour(hour, n)
	defer h.Release()
	all := pairRows(pieces)
	for _, rows := range all {
		h.Add(rows)
	}
	for range h.Passes() {
		for _, rows := range all {
			h.Again(rows)
		}
	}
	if h.Own(o) {
		for _, rows := range all {
			h.Decide(rows)
		}
	}
	if around == nil || int64(n) > l.heldRecords {
		return h.Find(nil, nil, false), pairedHour{}
	}
	var own [2]*pair.Edge
	if around.records(hour) == n { // its neighbours see the same records
		own = around.own(hour, h)
	} else {
		own = h.Edges()
	}
	for _, edge := range own {
		l.edges.put(hour, edge)
	}
	before, after := around.edge(hour-3600, pair.Tail), around.edge(hour+3600, pair.Head)
	paired := pairedHour{whole: true, head: own[pair.Head].Sum(), tail: own[pair.Tail].Sum(), before: before.Sum(), after: after.Sum()}
	paired.setOwners(h, o)
	return h.Find(before, after, true), paired
}

// pairTexts are the text columns that setPairs sets.
var pairTexts = []flowlog.FieldID{flowlog.WeirDirection, flowlog.WeirPair, flowlog.WeirRepeat}

// setPairs puts what was found into the columns, in place of what they have.
func (c *columns) setPairs(found []pair.Answer) {
	c.setDerived(flowlog.WeirDirection, pair.Directions, len(found), func(i int) uint32 { return uint32(found[i].Direction()) })
	c.setDerived(flowlog.WeirPair, pair.States, len(found), func(i int) uint32 { return uint32(found[i].State()) })
	c.setDerived(flowlog.WeirRepeat, pair.Repeats, len(found), func(i int) uint32 { return uint32(found[i].Repeat()) })
	delete(c.nums, flowlog.WeirPairGap)
	top := pair.NoGap
	for _, a := range found {
		top = max(top, a.Gap())
	}
	if top == pair.NoGap {
		return
	}
	gaps := &numbers{codes: c.newCodes(uint32(top) + 1), top: uint32(top) + 1}
	for i, a := range found {
		gaps.set(i, uint32(a.Gap()+1)) // 0 for NoGap
	}
	c.nums[flowlog.WeirPairGap] = gaps
}

// setDerived sets a text column by the codes of texts in order.
func (c *columns) setDerived(id flowlog.FieldID, texts []string, n int, code func(i int) uint32) {
	r := &ranked{c.newCodes(uint32(len(texts))), texts}
	some := false
	for i := range n {
		at := code(i)
		r.set(i, at)
		some = some || at != 0
	}
	delete(c.texts, id)
	if some {
		c.texts[id] = r
	}
}

// unsettled returns the hours of flow.records whose pairs are not those of all
// records around, in order, and those of the ledger whose records were all taken out
// (not expired: those are whole still), which it deletes from the map.
func (l *Lake) unsettled(paired map[int64]pairedHour, files map[int64][]DataFile, o *pair.Owners) (hours, gone []int64) {
	for hour, p := range paired {
		if files[hour] == nil && !p.whole {
			gone = append(gone, hour)
			delete(paired, hour)
		}
	}
	for hour, list := range files {
		if l.unsettledHour(hour, list, paired, o) {
			hours = append(hours, hour)
		}
	}
	slices.Sort(hours)
	return hours, gone
}

func (l *Lake) unsettledHour(hour int64, files []DataFile, paired map[int64]pairedHour, o *pair.Owners) bool {
	if fileRecords(files) > l.pairRecords {
		return paired[hour].was
	}
	return !paired[hour].settled(paired[hour-3600], paired[hour+3600], o)
}

// fileRecords returns how many records files hold.
func fileRecords(files []DataFile) int64 {
	n := int64(0)
	for _, f := range files {
		n += f.Records
	}
	return n
}

// Unpaired counts the hours of flow.records whose pairs are not found yet, or were
// before other records of the time came.
func (l *Lake) Unpaired(ctx context.Context) (int, error) {
	hours, err := l.unpaired(ctx)
	return len(hours), err
}

func (l *Lake) unpaired(ctx context.Context) ([]int64, error) {
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	paired, err := l.pairedHours(ctx, allTime)
	if err != nil {
		return nil, err
	}
	o, err := l.owners(ctx)
	if err != nil {
		return nil, err
	}
	hours, _ := l.unsettled(paired, snap.vpcHours(), o)
	return hours, nil
}

// vpcHours returns the files of flow.records by hour, in seconds since the epoch.
func (s *Snapshot) vpcHours() map[int64][]DataFile {
	out := map[int64][]DataFile{}
	for _, f := range s.files[flowlog.KindVPC] {
		out[f.Hour.Unix()] = append(out[f.Hour.Unix()], f)
	}
	return out
}

// pairPasses bounds how often Compact looks for hours whose pairs are to be found:
// the neighbours of an hour whose edges changed are found with the next look.
const pairPasses = 3

// pairAll finds the pairs of all hours that are not settled, an hour for each commit.
// progress is called after each.
func (l *Lake) pairAll(ctx context.Context, out *Compacted, progress func(done, total int)) error {
	if err := l.dropUnpaired(ctx); err != nil {
		return err
	}
	for range pairPasses {
		hours, err := l.unpaired(ctx)
		if err != nil || len(hours) == 0 {
			return err
		}
		for i, hour := range hours {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := l.pairHour(ctx, hour, out); err != nil {
				return fmt.Errorf("cannot find the pairs of the hour %s: %w", time.Unix(hour, 0).UTC().Format("2006-01-02T15Z"), err)
			}
			if progress != nil {
				progress(i+1, len(hours))
			}
		}
	}
	return nil
}

// dropUnpaired takes the hours out of the ledger whose records were taken out.
func (l *Lake) dropUnpaired(ctx context.Context) error {
	l.write.Lock()
	defer l.write.Unlock()
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return err
	}
	paired, err := l.pairedHours(ctx, allTime)
	if err != nil {
		return err
	}
	_, gone := l.unsettled(paired, snap.vpcHours(), nil)
	for _, hour := range gone {
		if _, err := l.state.ExecContext(ctx, "DELETE FROM paired WHERE hour = ?", hour); err != nil {
			return fmt.Errorf("cannot write the ledger: %w", err)
		}
	}
	return nil
}

// hourState is an hour of flow.records as it is under the lock, and what is around it.
type hourState struct {
	hour       int64
	byHour     map[int64][]DataFile
	files      []DataFile
	paired     map[int64]pairedHour  // of the hour and its neighbours
	told       map[string]attributed // by path below DATA/lake
	definition definition
}

// hourState returns the state of an hour. The caller holds l.write.
func (l *Lake) hourState(ctx context.Context, hour int64) (s hourState, err error) {
	s.hour = hour
	if err := l.recover(ctx); err != nil {
		return s, err
	}
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return s, err
	}
	s.byHour = snap.vpcHours()
	s.files = s.byHour[hour]
	if s.paired, err = l.pairedHours(ctx, [2]int64{hour - 3600, hour + 3600}); err != nil {
		return s, err
	}
	if s.told, err = l.attributedFiles(ctx); err != nil {
		return s, err
	}
	s.definition, err = l.definition(ctx)
	return s, err
}

// unsettled reports whether the pairs of the hour are to be found.
func (s *hourState) unsettled(l *Lake) bool {
	return len(s.files) > 0 && l.unsettledHour(s.hour, s.files, s.paired, s.definition.owners)
}

// pairHour finds the pairs of an hour from its files and those of its neighbours,
// and writes it anew where that changes anything.
func (l *Lake) pairHour(ctx context.Context, hour int64, out *Compacted) error {
	l.write.Lock()
	defer l.write.Unlock()
	s, err := l.hourState(ctx, hour)
	if err != nil || !s.unsettled(l) {
		return err // or another change came first
	}
	done, err := l.pairNow(ctx, &s)
	out.Paired += done.Paired
	if done.FilesBefore > done.FilesAfter {
		out.add(done)
	}
	return err
}

// pairNow is pairHour for an hour that is not settled, under the lock. It returns what became of
// the files that are written anew.
func (l *Lake) pairNow(ctx context.Context, s *hourState) (Compacted, error) {
	hour, paired := s.hour, s.paired
	if !l.visible(s.files) {
		return Compacted{}, l.doubt(ctx, hour, s.files, s.told)
	}
	before, sumBefore, err := l.edgeOf(ctx, hour-3600, pair.Tail, s.byHour[hour-3600], paired[hour-3600])
	if err != nil {
		return Compacted{}, err
	}
	after, sumAfter, err := l.edgeOf(ctx, hour+3600, pair.Head, s.byHour[hour+3600], paired[hour+3600])
	if err != nil {
		return Compacted{}, err
	}
	p := repairing{lake: l, hour: hour, definition: s.definition, state: pairedHour{before: sumBefore, after: sumAfter}}
	if err := p.find(ctx, s.files, before, after); err != nil {
		return Compacted{}, err
	}
	done, err := p.write(ctx)
	done.Paired = 1
	return done, err
}

// visible reports whether the edges of an hour can be seen: not those of one that is
// expired, nor of one that is too large to be paired.
func (l *Lake) visible(files []DataFile) bool {
	return len(files) > 0 && fileRecords(files) <= l.pairRecords
}

// edgeOf returns an edge of an hour, from its files where it is not kept, and the sum
// that stands for what was seen: where the edge can't be seen, that of the ledger.
func (l *Lake) edgeOf(ctx context.Context, hour int64, s pair.Side, files []DataFile, p pairedHour) (*pair.Edge, uint64, error) {
	if !l.visible(files) {
		return nil, p.sum(s), nil
	}
	if p.whole {
		if edge, ok := l.edges.get(hour, p.sum(s)); ok {
			return edge, p.sum(s), nil
		}
	}
	var err error
	edge := pair.EdgeOf(hour, s, func(yield func(pair.Rows) bool) {
		for _, f := range files {
			var pieces []piece
			if pieces, err = readPieces(ctx, f.Path); err != nil {
				return
			}
			for _, rows := range pairRows(pieces) {
				if !yield(rows) {
					return
				}
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	l.edges.put(hour, edge)
	return edge, edge.Sum(), nil
}

// doubt takes back, in the files of an hour that grew too large to be paired, that
// records have no pair: those that came may be it.
func (l *Lake) doubt(ctx context.Context, hour int64, files []DataFile, told map[string]attributed) error {
	const k = flowlog.KindVPC
	c := change{op: "pair", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{}}
	for _, f := range files {
		pieces, err := readPieces(ctx, f.Path)
		if err != nil {
			c.discard()
			return err
		}
		cols := merge(k, pieces)
		if !cols.doubt() {
			continue
		}
		path, err := l.writeColumns(ctx, hourKey{k, hour}, cols)
		if err != nil {
			c.discard()
			return err
		}
		c.add[k], c.remove[k] = append(c.add[k], path), append(c.remove[k], f.Path)
		c.tell(path, told[l.paths.relative(f.Path)].changed())
	}
	if len(c.add[k]) > 0 {
		if err := l.commit(ctx, c); err != nil {
			return err
		}
	}
	return l.setPaired(ctx, hour, pairedHour{})
}

// doubt makes "unknown" of each "none", and reports whether there was one.
func (c *columns) doubt() bool {
	r := c.texts[flowlog.WeirPair]
	if r == nil || !slices.Contains(r.dict, pair.States[pair.None-1]) {
		return false
	}
	codes := make([]uint32, len(r.dict)+1) // of the states
	for i, s := range r.dict {
		codes[i+1] = uint32(slices.Index(pair.States, s)) + 1
		if pair.State(codes[i+1]) == pair.None {
			codes[i+1] = uint32(pair.Unknown)
		}
	}
	c.setDerived(flowlog.WeirPair, pair.States, c.n, func(i int) uint32 { return codes[r.at(i)] })
	return true
}

// setPaired notes what is known of an hour whose files stay as they are.
func (l *Lake) setPaired(ctx context.Context, hour int64, p pairedHour) error {
	_, err := l.state.ExecContext(ctx,
		"INSERT INTO paired (hour, whole, head, tail, before, after, owners, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "+
			"ON CONFLICT (hour) DO UPDATE SET whole = excluded.whole, head = excluded.head, tail = excluded.tail, before = excluded.before, after = excluded.after, "+
			"owners = excluded.owners, open = excluded.open",
		hour, p.whole, int64(p.head), int64(p.tail), int64(p.before), int64(p.after), int64(p.owners), p.open)
	if err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	return nil
}

package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"weir/flowlog"
	"weir/internal/pair"
)

// repairing finds the pairs of an hour that lies in the lake, and writes its files
// anew. Files are put together as far as compaction does.
type repairing struct {
	lake       *Lake
	hour       int64
	definition definition
	state      pairedHour // before find: what is seen of the neighbours
	groups     []group
	found      []pair.Answer
}

// group is files that become one.
type group struct {
	files  []DataFile
	pieces []piece // nil: to be read again
}

// find reads the files and finds the pairs.
func (p *repairing) find(ctx context.Context, files []DataFile, before, after *pair.Edge) error {
	total := fileRecords(files)
	if total <= compactRecords {
		p.groups = []group{{files: files}}
	} else {
		for i := range files {
			p.groups = append(p.groups, group{files: files[i : i+1]})
		}
	}
	var h *pair.Hour
	if total <= p.lake.heldRecords {
		h = pair.NewHour(p.hour, int(total))
	} else {
		aside, err := p.lake.aside()
		if err != nil {
			return err
		}
		defer aside.Close()
		h = pair.NewLargeHour(p.hour, int(total), int(p.lake.heldRecords/2), aside)
	}
	defer h.Release()
	if err := p.each(ctx, h.Add); err != nil {
		return err
	}
	for range h.Passes() {
		if err := p.each(ctx, h.Again); err != nil {
			return err
		}
	}
	if h.Own(p.definition.owners) {
		if err := p.each(ctx, h.Decide); err != nil {
			return err
		}
	}
	p.state.whole = true
	p.state.head, p.state.tail = p.edge(h, pair.Head), p.edge(h, pair.Tail)
	p.state.setOwners(h, p.definition.owners)
	p.found = h.Find(before, after, true)
	return h.Err()
}

// edge returns the sum of an edge of the hour, which is kept as far as edges are.
func (p *repairing) edge(h *pair.Hour, s pair.Side) uint64 {
	edge := h.Edge(s)
	p.lake.edges.put(p.hour, edge)
	return edge.Sum()
}

// aside returns a file for what does not fit into memory, which is gone once it is closed.
func (l *Lake) aside() (*os.File, error) {
	dir := filepath.Join(l.paths.data, "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "pairs-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// each calls do with all records, in the order of the files.
func (p *repairing) each(ctx context.Context, do func(pair.Rows)) error {
	for i := range p.groups {
		pieces, err := p.groups[i].read(ctx)
		if err != nil {
			return err
		}
		for _, rows := range pairRows(pieces) {
			do(rows)
		}
		if len(p.groups) == 1 {
			p.groups[i].pieces = pieces
		}
	}
	return nil
}

// read returns the records of the files.
func (g *group) read(ctx context.Context) ([]piece, error) {
	if g.pieces != nil {
		return g.pieces, nil
	}
	var out []piece
	for _, f := range g.files {
		pieces, err := readPieces(ctx, f.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, pieces...)
	}
	return out, nil
}

// write commits the files that change, and says what became of them.
func (p *repairing) write(ctx context.Context) (Compacted, error) {
	const k = flowlog.KindVPC
	c := change{
		op: "pair", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{},
		paired: map[int64]pairedHour{p.hour: p.state},
	}
	done := Compacted{Hours: 1}
	at := int64(0)
	for i := range p.groups {
		g := &p.groups[i]
		n := fileRecords(g.files)
		path, size, told, err := p.writeGroup(ctx, g, p.found[at:at+n])
		at += n
		if err != nil {
			c.discard()
			return done, err
		}
		if path == "" {
			c.tell(g.files[0].Path, told)
			continue
		}
		c.tell(path, told)
		c.add[k] = append(c.add[k], path)
		done.FilesAfter++
		done.BytesAfter += size
		for _, f := range g.files {
			c.remove[k] = append(c.remove[k], f.Path)
			done.FilesBefore++
			done.BytesBefore += f.Size
		}
	}
	if done.FilesAfter == 0 { // all is as it was
		if err := p.lake.setPaired(ctx, p.hour, p.state); err != nil {
			return done, err
		}
		return done, p.lake.setAttributed(ctx, c.told)
	}
	return done, p.lake.commit(ctx, c)
}

// writeGroup writes a group with its pairs and what is told of its records, and returns the file
// and its size, or "" where a single file has all that already.
func (p *repairing) writeGroup(ctx context.Context, g *group, found []pair.Answer) (path string, size int64, told attributed, err error) {
	pieces, err := g.read(ctx)
	if err != nil {
		return "", 0, told, err
	}
	cols := merge(flowlog.KindVPC, pieces)
	was := map[flowlog.FieldID]*ranked{}
	for _, f := range pairTexts {
		was[f] = cols.texts[f]
	}
	gaps, wasTold := cols.nums[flowlog.WeirPairGap], cols.toldColumns()
	cols.setPairs(found)
	if told, err = cols.attribute(p.definition.attribution, p.hour, pieces, found); err != nil {
		cols.free()
		return "", 0, told, err
	}
	changed := func(f flowlog.FieldID) bool { return !sameText(was[f], cols.texts[f], cols.n) }
	if len(g.files) == 1 && !slices.ContainsFunc(pairTexts, changed) && sameNumbers(gaps, cols.nums[flowlog.WeirPairGap], cols.n) && cols.sameTold(wasTold) {
		cols.free()
		return "", 0, told, nil
	}
	path, size, err = p.lake.writeSized(ctx, hourKey{flowlog.KindVPC, p.hour}, cols)
	return path, size, told, err
}

// writeSized is writeColumns that returns the file's size too.
func (l *Lake) writeSized(ctx context.Context, key hourKey, cols *columns) (string, int64, error) {
	path, err := l.writeColumns(ctx, key, cols)
	if err != nil {
		return "", 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		os.Remove(path)
		return "", 0, err
	}
	return path, info.Size(), nil
}

// sameText reports whether text columns of n records, nil where none has the field,
// hold the same texts.
func sameText(a, b *ranked, n int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameCodes(n, &a.codes, &b.codes, func(x, y uint32) bool { return a.dict[x-1] == b.dict[y-1] })
}

// sameNumbers is sameText for numbers.
func sameNumbers(a, b *numbers, n int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameCodes(n, &a.codes, &b.codes, func(x, y uint32) bool { return a.value(x) == b.value(y) })
}

// sameCodes reports whether the codes of n records stand for the same values.
func sameCodes(n int, a, b *codes, same func(x, y uint32) bool) bool {
	for i := range n {
		x, y := a.at(i), b.at(i)
		if x == 0 || y == 0 {
			if x != y {
				return false
			}
		} else if !same(x, y) {
			return false
		}
	}
	return true
}

// readPieces reads a data file.
func readPieces(ctx context.Context, path string) ([]piece, error) {
	batches, err := readFile(ctx, path)
	pieces := make([]piece, len(batches))
	for i, b := range batches {
		pieces[i] = piece{batch: b}
	}
	return pieces, err
}

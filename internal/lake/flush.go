package lake

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"weir/flowlog"
	"weir/internal/pair"
)

// waiting is finished objects whose records are not written yet.
type waiting struct {
	objects []*ObjectWriter
	bytes   int64 // that they hold
}

func (w *waiting) add(o *ObjectWriter) {
	w.objects = append(w.objects, o)
	w.bytes += o.bytes
}

// flush writes and commits, in the background, some of the waiting objects. The
// caller holds im.mu.
func (im *Import) flush(ctx context.Context, chosen []*ObjectWriter) {
	if len(chosen) == 0 || im.failed != nil {
		return
	}
	picked := map[*ObjectWriter]bool{}
	for _, o := range chosen {
		picked[o] = true
	}
	var next waiting
	for _, o := range im.waiting.objects {
		if !picked[o] {
			next.add(o)
		}
	}
	im.waiting, im.since = next, im.lake.now()
	im.writing = append(im.writing, chosen...)
	// What was finished is committed, whatever becomes of the object that is in
	// the caller's hands.
	ctx = context.WithoutCancel(ctx)
	im.flushing.Go(func() { im.write(ctx, chosen) })
}

// write writes and commits objects, and makes room.
func (im *Import) write(ctx context.Context, objects []*ObjectWriter) {
	bytes := int64(0)
	for _, o := range objects {
		bytes += o.bytes
	}
	s, err := im.lake.take(ctx, im, objects)
	if s == nil {
		s = &settled{}
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.held -= bytes
	written := map[*ObjectWriter]bool{}
	for _, o := range objects {
		written[o] = true
	}
	im.writing = slices.DeleteFunc(im.writing, func(o *ObjectWriter) bool { return written[o] })
	for _, o := range s.later {
		im.waiting.add(o)
	}
	for _, o := range s.orphans {
		im.orphans = append(im.orphans, o.ref.URL)
	}
	for _, o := range objects {
		if !slices.Contains(s.later, o) {
			im.lake.flights.land(o.flight)
		}
		if err == nil && o.result.State == Taken {
			im.committed++
		}
	}
	if err != nil && im.failed == nil {
		im.failed = err
	}
	im.room.Broadcast()
}

// lookahead is how much of the next hour should be there when an hour is written,
// in seconds: what its records may pair with, in whole slots.
const lookahead = 900

// ripe picks the objects whose hours are probably complete, and the beginnings of
// their next ones too: sources give objects in the order of their slots. Where that
// frees too little, all are picked.
func (im *Import) ripe(objects []*ObjectWriter) []*ObjectWriter {
	newest := map[flowlog.Kind]int64{}
	total := int64(0)
	for _, o := range objects {
		total += o.bytes
		for k, at := range o.newest {
			newest[k] = max(newest[k], at)
		}
	}
	var out []*ObjectWriter
	freed := int64(0)
	for _, o := range objects {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(o.pieces)), func(k hourKey) bool { return k.hour+3600+lookahead > newest[k.kind] }) {
			out = append(out, o)
			freed += o.bytes
		}
	}
	if freed*3 < total {
		return objects
	}
	return out
}

// written is a data file of an hour, which is not committed yet.
type written struct {
	path   string
	paired pairedHour
	told   attributed
}

// writeHours writes a data file for each hour, side by side. around knows the
// neighbours of hours of flow.records.
func (l *Lake) writeHours(ctx context.Context, byHour map[hourKey][]piece, around *neighbours, c *change) error {
	keys := slices.SortedFunc(maps.Keys(byHour), func(a, b hourKey) int { return int(a.hour - b.hour) })
	files := make([]written, len(keys))
	d := l.definitionNow(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, key := range keys {
		g.Go(func() (err error) {
			switch {
			case around.asGiven:
				cols := merge(key.kind, byHour[key])
				files[i].told = cols.givenTold()
				files[i].path, err = l.writeColumns(ctx, key, cols)
			case around.held[key.hour]:
				files[i], err = l.writeHour(ctx, key, byHour[key], nil, d)
			default:
				files[i], err = l.writeHour(ctx, key, byHour[key], around, d)
			}
			return err
		})
	}
	err := g.Wait()
	for i, key := range keys {
		f := &files[i]
		if f.path != "" {
			c.add[key.kind] = append(c.add[key.kind], f.path)
		}
		if key.kind == flowlog.KindVPC {
			c.paired[key.hour] = f.paired
			c.tell(f.path, f.told)
		}
	}
	return err
}

// definition is what the definition of the network tells in a change.
type definition struct {
	owners      *pair.Owners
	attribution Attribution
}

// definition returns what the definition tells.
func (l *Lake) definition(ctx context.Context) (d definition, err error) {
	if d.owners, err = l.owners(ctx); err == nil {
		d.attribution, err = l.attribution(ctx)
	}
	return d, err
}

// definitionNow returns what the definition tells. Where it can't be read, that is nothing, and
// records are taken all the same: compaction fails with the error, and looks at their hours
// again once it can be.
func (l *Lake) definitionNow(ctx context.Context) (d definition) {
	if o, err := l.owners(ctx); err == nil {
		d.owners = o
	}
	if a, err := l.attribution(ctx); err == nil {
		d.attribution = a
	}
	return d
}

// writeHour writes records of one hour, with their pairs and what is told of them, as a data
// file. around is nil where records of the hour are missing.
func (l *Lake) writeHour(ctx context.Context, key hourKey, pieces []piece, around *neighbours, d definition) (w written, err error) {
	cols := merge(key.kind, pieces)
	if key.kind == flowlog.KindVPC {
		var found []pair.Answer
		found, w.paired = l.findPairs(key.hour, pieces, around, d.owners)
		cols.setPairs(found)
		if w.told, err = cols.attribute(d.attribution, key.hour, pieces, found); err != nil {
			w.told, err = cols.attribute(nil, key.hour, pieces, found) // see definitionNow
		}
	}
	if err == nil {
		w.path, err = l.writeColumns(ctx, key, cols)
	}
	return w, err
}

// writeColumns writes records of one hour as a data file and returns its path. The
// columns can't be used after that.
func (l *Lake) writeColumns(ctx context.Context, key hourKey, cols *columns) (string, error) {
	defer cols.free()
	t, err := loadTable(ctx, l.cat, l.paths, key.kind)
	if err != nil {
		return "", err
	}
	hour := time.Unix(key.hour, 0).UTC().Format(hourForm)
	path := filepath.Join(l.paths.tableDir(key.kind), "data", hourFolder+hour, uuid.NewString()+".parquet")
	sums := l.sums(cols)
	if err := writeFile(ctx, path, t.Schema(), cols, sums); err != nil {
		return "", err
	}
	if err := l.writeRollups(ctx, path, sums); err != nil {
		os.Remove(path)
		return "", err
	}
	return path, nil
}

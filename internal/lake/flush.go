package lake

import (
	"context"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"weir/flowlog"
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

// ripe picks the objects whose hours are probably complete: sources give objects
// in the order of their slots, so that the newest hour is still to be filled.
// Where that frees too little, all are picked.
func (im *Import) ripe(objects []*ObjectWriter) []*ObjectWriter {
	newest := map[flowlog.Kind]int64{}
	total := int64(0)
	for _, o := range objects {
		total += o.bytes
		for k := range o.pieces {
			newest[k.kind] = max(newest[k.kind], k.hour)
		}
	}
	var out []*ObjectWriter
	freed := int64(0)
	for _, o := range objects {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(o.pieces)), func(k hourKey) bool { return k.hour == newest[k.kind] }) {
			out = append(out, o)
			freed += o.bytes
		}
	}
	if freed*3 < total {
		return objects
	}
	return out
}

// writeHours writes a data file for each hour, side by side.
func (l *Lake) writeHours(ctx context.Context, byHour map[hourKey][]piece, c *change) error {
	keys := slices.SortedFunc(maps.Keys(byHour), func(a, b hourKey) int { return int(a.hour - b.hour) })
	paths := make([]string, len(keys))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, key := range keys {
		g.Go(func() error {
			path, err := l.writeHour(ctx, key, byHour[key])
			paths[i] = path
			return err
		})
	}
	err := g.Wait()
	for i, key := range keys {
		if paths[i] != "" {
			c.add[key.kind] = append(c.add[key.kind], paths[i])
		}
	}
	return err
}

// writeHour writes records of one hour as a data file and returns its path.
func (l *Lake) writeHour(ctx context.Context, key hourKey, pieces []piece) (string, error) {
	t, err := loadTable(ctx, l.cat, l.paths, key.kind)
	if err != nil {
		return "", err
	}
	hour := time.Unix(key.hour, 0).UTC().Format("2006-01-02-15")
	path := filepath.Join(l.paths.tableDir(key.kind), "data", hourColumn+"_hour="+hour, uuid.NewString()+".parquet")
	if err := writeFile(ctx, path, t.Schema(), merge(key.kind, pieces)); err != nil {
		return "", err
	}
	return path, nil
}

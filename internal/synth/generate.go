package synth

import (
	"context"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"weir/flowlog"
)

// Summary says what was made. It is exact.
type Summary struct {
	Records, Objects int64
	// Bytes is the size of all objects, PlainBytes that of their text before
	// compression, headers included.
	Bytes, PlainBytes int64
	// Records by action and, where they have none, by log-status. Transit
	// gateway records, which have no action, count as Accept.
	Accept, Reject, NoData, SkipData int64
	// IPv6 is how many records have IPv6 addresses.
	IPv6 int64
	// Sources is how many distinct addresses stand in srcaddr.
	Sources int64
	// From and To bound the time that the logs cover, To exclusive.
	From, To time.Time
	Stories  []Story
}

// A Generator makes the slots of one Config. It is safe for use by several
// goroutines.
type Generator struct {
	cfg     Config
	w       *world
	plan    *plan
	columns *columns
	run     func(*minute)
}

// New prepares a Generator. It fails where the configuration is not valid.
func New(c Config) (*Generator, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Start = c.Start.UTC()
	w := newWorld(c)
	g := &Generator{cfg: c, w: w, plan: newPlan(w), run: (*minute).run}
	if c.Format.Kind() == flowlog.KindTGW {
		g.run = (*minute).runGateway
	}
	var vantages []*[flowlog.NumFields]string
	for _, e := range slices.Concat(w.enis, w.gateway.records) {
		vantages = append(vantages, &e.static)
	}
	g.columns = newColumns(c.Format, w.book, vantages)
	return g, nil
}

// Slots returns how many 5-minute slots there are.
func (g *Generator) Slots() int { return int(g.cfg.Duration / slotLength) }

// Slot makes the objects of the i-th slot, counted from 0, alone: they are the
// same as in a run over all slots.
func (g *Generator) Slot(i int) ([]Object, error) {
	if i < 0 || i >= g.Slots() {
		return nil, fmt.Errorf("no slot %d of %d", i, g.Slots())
	}
	objects, _, err := g.newMaker().slot(i)
	return objects, err
}

// Generate makes all objects and hands them to emit in the order of their slots,
// from one goroutine; emit may keep them. Slots are made in parallel, a few ahead
// of emit, so memory grows with the records of a slot and not with their number
// in all. It stops at emit's first error and returns it, or the context's, with
// the summary so far.
func Generate(ctx context.Context, c Config, emit func(Object) error) (Summary, error) {
	g, err := New(c)
	if err != nil {
		return Summary{}, err
	}
	return g.Generate(ctx, emit)
}

// made is a slot as a worker hands it over.
type made struct {
	objects []Object
	counts  counts
	err     error
}

// Generate makes all objects; see the function [Generate].
func (g *Generator) Generate(ctx context.Context, emit func(Object) error) (Summary, error) {
	type job struct {
		slot int
		done chan made
	}
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job)
	// ordered holds the slots in their order; its size bounds how many are in
	// the making or wait for emit.
	ordered := make(chan job, workers)
	group.Go(func() error {
		defer close(jobs)
		defer close(ordered)
		for i := range g.Slots() {
			j := job{i, make(chan made, 1)}
			for _, to := range []chan job{ordered, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	makers := make([]*maker, workers)
	for i := range makers {
		k := g.newMaker()
		makers[i] = k
		group.Go(func() error {
			for j := range jobs {
				objects, c, err := k.slot(j.slot)
				j.done <- made{objects, c, err}
			}
			return nil
		})
	}
	s := g.newSummary()
	group.Go(func() error {
		for j := range ordered {
			select {
			case m := <-j.done:
				if err := s.take(m, emit); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	err := group.Wait()
	s.Sources = distinct(makers)
	return *s, err
}

// newSummary returns the summary of nothing yet.
func (g *Generator) newSummary() *Summary {
	s := &Summary{From: g.cfg.Start, To: g.cfg.Start.Add(g.cfg.Duration)}
	for _, t := range g.plan.plantings {
		if t.story != nil {
			s.Stories = append(s.Stories, *t.story)
		}
	}
	return s
}

// take adds a slot and hands its objects to emit.
func (s *Summary) take(m made, emit func(Object) error) error {
	if m.err != nil {
		return m.err
	}
	c := &m.counts
	s.Accept += c.accept
	s.Reject += c.reject
	s.NoData += c.noData
	s.SkipData += c.skipData
	s.IPv6 += c.ipv6
	for i := range s.Stories { // the plantings without a story come last
		s.Stories[i].Records += c.stories[i].records
		s.Stories[i].Bytes += c.stories[i].bytes
	}
	for _, o := range m.objects {
		s.Objects++
		s.Records += o.Records
		s.Bytes += int64(len(o.Content))
		s.PlainBytes += o.PlainBytes
		if err := emit(o); err != nil {
			return err
		}
	}
	return nil
}

// distinct returns how many addresses were a source in any maker's slots.
func distinct(makers []*maker) int64 {
	n := 0
	for i := range makers[0].sources {
		var seen uint64
		for _, k := range makers {
			seen |= k.sources[i]
		}
		n += bits.OnesCount64(seen)
	}
	return int64(n)
}

// WriteDir writes all objects below a directory, which is made if need be, each
// in the place that its key names. Files that are there are replaced. progress,
// if it is not nil, is called after each object with the records written so far
// and the number of all.
func WriteDir(ctx context.Context, dir string, c Config, progress func(done, total int64)) (Summary, error) {
	var done int64
	return Generate(ctx, c, func(o Object) error {
		path := filepath.Join(dir, filepath.FromSlash(o.Key))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("cannot make the folder of an object: %w", err)
		}
		if err := os.WriteFile(path, o.Content, 0o644); err != nil {
			return fmt.Errorf("cannot write an object: %w", err)
		}
		done += o.Records
		if progress != nil {
			progress(done, c.Records)
		}
		return nil
	})
}

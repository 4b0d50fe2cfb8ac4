package logstore

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// model is a store as it should be: a list.
type model struct {
	events    []Event
	retention int
}

// read is [Reader.Read] by the book. Ordinals are the store's own, so equal events are all alike here.
func (m *model) read(r ReadRequest, now time.Time) []string {
	var out []Event
	for _, e := range m.events {
		switch {
		case e.Timestamp < r.From, r.To > 0 && e.Timestamp >= r.To, e.Ingestion < r.Ingested, !strings.HasPrefix(e.Stream, r.Prefix),
			r.Streams != nil && !slices.Contains(r.Streams, e.Stream),
			m.retention > 0 && e.Timestamp < now.AddDate(0, 0, -m.retention).UnixMilli():
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Ingestion, b.Ingestion), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Message, b.Message))
	})
	if r.Backward {
		slices.Reverse(out)
	}
	return shown(out)
}

func shown(events []Event) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, fmt.Sprintf("%d %d %s %.40s", e.Timestamp, e.Ingestion, e.Stream, e.Message))
	}
	return out
}

// TestModel does things at random to a store and to a list, and compares what both have.
func TestModel(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { playModel(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func playModel(t *testing.T, random *rand.Rand) {
	streams := []string{"a", "b", "c", "d/1", "d/2"}
	p := newPlace(t, streams...)
	p.must(p.SetFormat(t.Context(), "g", defaultFormat))
	m := &model{}
	var snap *Snapshot
	var snapped []string
	for range 150 {
		switch k := random.IntN(100); {
		case k < 55:
			p.putRandom(m, random, streams[random.IntN(len(streams))])
		case k < 65:
			p.flush()
		case k < 70:
			p.must(p.Compact(t.Context()))
		case k < 73:
			if snap != nil {
				if diff := gocmp.Diff(snapped, contents(t, snap)); diff != "" {
					t.Fatalf("a snapshot changed:\n%s", diff)
				}
				snap.Close()
				snap = nil
			}
			p.reopen()
		case k < 78:
			p.now = p.now.Add(time.Duration(random.IntN(40)) * time.Hour)
		case k < 80:
			name := streams[random.IntN(len(streams))]
			p.must(p.DeleteStream(t.Context(), "g", name))
			p.must(p.CreateStream(t.Context(), "g", name))
			m.events = slices.DeleteFunc(m.events, func(e Event) bool { return e.Stream == name })
		case k < 82:
			// Only shorter: a longer one shows again what is expired and was not removed yet.
			if days := []int{1, 3, 7, 14}[random.IntN(4)]; m.retention == 0 || days < m.retention {
				m.retention = days
			}
			p.must(p.SetRetention(t.Context(), "g", m.retention))
		case k < 85:
			p.must(p.Expire(t.Context()))
		case k < 88 && snap == nil:
			var err error
			snap, err = p.Snapshot(t.Context(), "g", 0, 0)
			p.must(err)
			snapped = contents(t, snap)
			if want := m.read(ReadRequest{}, p.now); len(want) != len(snapped) {
				t.Fatalf("a snapshot has %d events, want %d", len(snapped), len(want))
			}
		default:
			p.compareRandom(m, random, streams)
		}
	}
	p.compare(m, ReadRequest{})
	if snap != nil {
		if diff := gocmp.Diff(snapped, contents(t, snap)); diff != "" {
			t.Fatalf("a snapshot changed:\n%s", diff)
		}
		snap.Close()
	}
	stored := int64(0)
	p.must(p.SetRetention(t.Context(), "g", 0))
	for _, e := range p.events(ReadRequest{}) {
		stored += int64(len(e.Message)) + 26
	}
	g, err := p.Group(t.Context(), "g")
	p.must(err)
	if g.StoredBytes != stored {
		t.Errorf("%d bytes stored, want %d", g.StoredBytes, stored)
	}
}

// putRandom puts events of the last days, some of them equal.
func (p *place) putRandom(m *model, random *rand.Rand, stream string) {
	p.t.Helper()
	at := p.now.Add(-time.Duration(random.IntN(60)) * time.Hour).Truncate(time.Second)
	var events []InputEvent
	for range 1 + random.IntN(40) {
		at = at.Add(time.Duration(random.IntN(3)*random.IntN(1000)) * time.Second)
		if at.Sub(p.now) > time.Hour {
			break
		}
		message := fmt.Sprint("text ", random.IntN(3))
		switch random.IntN(3) {
		case 0:
			message = fmt.Sprintf("2 123456789012 eni-1 10.0.0.1 10.0.0.2 %d 443 6 1 40 %d %d ACCEPT OK", random.IntN(3), at.Unix(), at.Unix()+59)
		case 1:
			message = fmt.Sprintf(`{"n": %d}`, random.IntN(3))
		}
		events = append(events, InputEvent{at.UnixMilli(), []byte(message)})
	}
	if len(events) == 0 || events[len(events)-1].Timestamp-events[0].Timestamp > longest.Milliseconds() {
		return
	}
	r, err := p.Put(p.t.Context(), "g", stream, events, p.now)
	p.must(err)
	if r.TooOldEnd != nil || r.TooNewStart != nil {
		p.t.Fatalf("rejected: %+v", r)
	}
	kept := 0
	if r.ExpiredEnd != nil {
		kept = *r.ExpiredEnd
	}
	for _, e := range events[kept:] {
		m.events = append(m.events, Event{Stream: stream, Timestamp: e.Timestamp, Ingestion: p.now.UnixMilli(), Message: string(e.Message)})
	}
}

// compareRandom compares a reading, and one that goes on behind one of its events.
func (p *place) compareRandom(m *model, random *rand.Rand, streams []string) {
	p.t.Helper()
	r := ReadRequest{Backward: random.IntN(2) == 0}
	if random.IntN(2) == 0 {
		r.From = p.now.Add(-time.Duration(random.IntN(80)) * time.Hour).UnixMilli()
	}
	if random.IntN(2) == 0 {
		r.To = p.now.Add(-time.Duration(random.IntN(80)) * time.Hour).UnixMilli()
	}
	if random.IntN(4) == 0 {
		r.Ingested = p.now.Add(-time.Duration(random.IntN(80)) * time.Hour).UnixMilli()
	}
	switch random.IntN(4) {
	case 0:
		r.Prefix = "d/"
	case 1:
		r.Streams = streams[:random.IntN(len(streams))]
	}
	p.compare(m, r)
	if all := p.events(r); len(all) > 0 {
		at := random.IntN(len(all))
		next := r
		next.After = &all[at]
		if diff := gocmp.Diff(all[at+1:], p.events(next), gocmp.Transformer("shown", shown)); diff != "" {
			p.t.Fatalf("behind %+v:\n%s", all[at], diff)
		}
	}
}

func (p *place) compare(m *model, r ReadRequest) {
	p.t.Helper()
	events := p.events(r)
	if diff := gocmp.Diff(m.read(r, p.now), shown(events)); diff != "" {
		p.t.Fatalf("%+v (-want +got):\n%s", r, diff)
	}
	ids := map[string]bool{}
	for _, e := range events {
		ids[e.ID()] = true
	}
	if len(ids) != len(events) {
		p.t.Fatalf("%d ids of %d events", len(ids), len(events))
	}
}

// contents returns what is in the files and the tail of a snapshot within its bounds.
func contents(t *testing.T, s *Snapshot) []string {
	t.Helper()
	var out []Event
	for _, f := range s.Files {
		r, err := openFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		events, bytes := int64(0), int64(0)
		for i := range r.left {
			part, err := r.read(i)
			if err != nil {
				t.Fatal(err)
			}
			first, last, ok := r.bounds(i, columnTS)
			if !ok || first != part.ts[0] || last != part.ts[part.len()-1] {
				t.Errorf("the bounds of a part are %d, %d, %t", first, last, ok)
			}
			for k := range part.len() {
				events, bytes = events+1, bytes+int64(len(part.message[k]))
				if part.ts[k] >= s.From && part.ts[k] < s.To {
					out = append(out, Event{Stream: string(part.stream[k]), Timestamp: part.ts[k], Ingestion: part.ingestion[k], Message: string(part.message[k])})
				}
			}
		}
		_ = r.r.Close()
		if events != f.Events || bytes != f.Bytes {
			t.Errorf("%s has %d events and %d bytes, and says %d and %d", f.Path, events, bytes, f.Events, f.Bytes)
		}
	}
	for e := range s.Tail() {
		out = append(out, e.Event)
	}
	lines := shown(out)
	slices.Sort(lines)
	return lines
}

// TestSnapshotsWhileFlushing counts the events of snapshots while others put, flush and compact: each snapshot has
// at least what was acknowledged before it, and nothing twice.
func TestSnapshotsWhileFlushing(t *testing.T) {
	p := newPlace(t, "a")
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 0
	work.Go(func() {
		for n := range 400 {
			events := []InputEvent{{noon.UnixMilli(), fmt.Append(nil, n)}, {noon.UnixMilli(), fmt.Append(nil, n, " too")}}
			if _, err := p.Put(ctx, "g", "a", events, noon); err != nil {
				t.Error(err)
			}
			mu.Lock()
			acknowledged += 2
			mu.Unlock()
		}
		cancel()
	})
	work.Go(func() {
		for ctx.Err() == nil {
			if err := p.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	work.Go(func() {
		for ctx.Err() == nil {
			if err := p.Compact(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	for ctx.Err() == nil {
		mu.Lock()
		least := acknowledged
		mu.Unlock()
		snap, err := p.Snapshot(t.Context(), "g", 0, 0)
		p.must(err)
		got := contents(t, snap)
		snap.Close()
		if n := len(slices.Compact(slices.Clone(got))); n != len(got) || n < least {
			t.Fatalf("%d events, %d different ones, and %d were acknowledged", len(got), n, least)
		}
	}
	work.Wait()
	if n := len(p.events(ReadRequest{})); n != 800 {
		t.Errorf("%d events, want 800", n)
	}
}

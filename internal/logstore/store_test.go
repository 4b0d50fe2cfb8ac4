package logstore

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is the clock of tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// place is a store in a folder, with a clock of its own.
type place struct {
	*Store
	t   *testing.T
	dir string
	now time.Time
}

// newPlace opens a store that flushes where it is told to, with a group "g" and the streams.
func newPlace(t *testing.T, streams ...string) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), now: noon}
	p.open()
	t.Cleanup(func() { _ = p.Close() })
	p.must(p.CreateGroup(t.Context(), "g", "", nil))
	for _, name := range streams {
		p.must(p.CreateStream(t.Context(), "g", name))
	}
	return p
}

func (p *place) open() {
	p.t.Helper()
	s, err := Open(context.Background(), p.dir, Options{Now: func() time.Time { return p.now }, FlushAge: -1})
	p.must(err)
	p.Store = s
}

// reopen closes the store and opens it again.
func (p *place) reopen() {
	p.t.Helper()
	p.must(p.Close())
	p.open()
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// put puts messages, one a second from a time on.
func (p *place) put(stream string, from time.Time, messages ...string) {
	p.t.Helper()
	var events []InputEvent
	for i, m := range messages {
		events = append(events, InputEvent{from.Add(time.Duration(i) * time.Second).UnixMilli(), []byte(m)})
	}
	r, err := p.Put(p.t.Context(), "g", stream, events, p.now)
	p.must(err)
	if r != (Rejected{}) {
		p.t.Fatalf("rejected: %+v", r)
	}
}

func (p *place) flush() {
	p.t.Helper()
	p.must(p.Flush(p.t.Context()))
}

// messages returns the messages of a reading.
func (p *place) messages(r ReadRequest) []string {
	p.t.Helper()
	out := []string{}
	for _, e := range p.events(r) {
		out = append(out, e.Message)
	}
	return out
}

func (p *place) events(r ReadRequest) []Event {
	p.t.Helper()
	r.Group = "g"
	var out []Event
	for e, err := range p.Read(p.t.Context(), r) {
		p.must(err)
		out = append(out, e)
	}
	return out
}

func (p *place) check(r ReadRequest, want ...string) {
	p.t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, p.messages(r)); diff != "" {
		p.t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestPutAndRead follows events from the tail into files, over a restart.
func TestPutAndRead(t *testing.T) {
	p := newPlace(t, "a", "b")
	p.put("a", noon, "1", "3", "5")
	p.put("b", noon.Add(500*time.Millisecond), "2", "4")
	all := []string{"1", "2", "3", "4", "5"}
	var first []Event
	for _, step := range []func(){func() {}, p.reopen, p.flush, p.reopen, p.flush} {
		step()
		p.check(ReadRequest{}, all...)
		backward := slices.Clone(all)
		slices.Reverse(backward)
		p.check(ReadRequest{Backward: true}, backward...)
		p.check(ReadRequest{Streams: []string{"b", "none"}}, "2", "4")
		p.check(ReadRequest{Prefix: "a"}, "1", "3", "5")
		p.check(ReadRequest{From: noon.Add(time.Second).UnixMilli(), To: noon.Add(2 * time.Second).UnixMilli()}, "3", "4")
		events := p.events(ReadRequest{})
		if first == nil {
			first = events
		}
		if diff := cmp.Diff(first, events); diff != "" {
			t.Fatalf("events changed:\n%s", diff)
		}
		p.check(ReadRequest{After: &events[2]}, "4", "5")
		p.check(ReadRequest{After: &events[2], Backward: true}, "2", "1")
		streams, err := p.Streams(t.Context(), "g")
		p.must(err)
		at := noon.UnixMilli()
		want := []Stream{
			{Name: "a", Created: at, FirstEvent: at, LastEvent: at + 2000, LastIngestion: at},
			{Name: "b", Created: at, FirstEvent: at + 500, LastEvent: at + 1500, LastIngestion: at},
		}
		if diff := cmp.Diff(want, streams); diff != "" {
			t.Errorf("streams (-want +got):\n%s", diff)
		}
		g, err := p.Group(t.Context(), "g")
		p.must(err)
		if want := int64(5 + 5*26); g.StoredBytes != want {
			t.Errorf("%d bytes stored, want %d", g.StoredBytes, want)
		}
	}
}

// TestEquals keeps equal events apart, wherever they lie.
func TestEquals(t *testing.T) {
	p := newPlace(t, "a")
	twice := []InputEvent{{noon.UnixMilli(), []byte("x")}, {noon.UnixMilli(), []byte("y")}, {noon.UnixMilli(), []byte("x")}}
	for range 3 {
		_, err := p.Put(t.Context(), "g", "a", twice, noon)
		p.must(err)
		p.flush()
		p.reopen()
		_, err = p.Put(t.Context(), "g", "a", twice, noon)
		p.must(err)
	}
	ids := func() map[string]string {
		out := map[string]string{}
		for _, e := range p.events(ReadRequest{}) {
			out[e.ID()] = e.Message
		}
		return out
	}
	before := ids()
	if len(before) != 18 {
		t.Fatalf("%d ids of 18 events", len(before))
	}
	p.flush()
	p.now = noon.AddDate(0, 0, 5)
	p.must(p.Compact(t.Context()))
	if n := len(p.groups["g"].files); n != 1 {
		t.Errorf("%d files after compaction", n)
	}
	if diff := cmp.Diff(before, ids()); diff != "" {
		t.Errorf("ids changed:\n%s", diff)
	}
}

// BenchmarkPut puts full requests of flow log records from four clients, each with a stream, with files and
// objects made beside.
func BenchmarkPut(b *testing.B) {
	for _, format := range []string{"", "default"} {
		b.Run("format="+format, func(b *testing.B) { benchmarkPut(b, format) })
	}
}

func benchmarkPut(b *testing.B, format string) {
	s, err := Open(b.Context(), b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.CreateGroup(b.Context(), "g", "", nil); err != nil {
		b.Fatal(err)
	}
	if format != "" {
		if err := s.SetFormat(b.Context(), "g", defaultFormat); err != nil {
			b.Fatal(err)
		}
	}
	const clients, lines = 4, 7400
	now := time.Now()
	type client struct {
		stream string
		events [8][]InputEvent
	}
	all := make([]client, clients)
	for c := range all {
		all[c].stream = fmt.Sprintf("eni-%017x-all", c)
		if err := s.CreateStream(b.Context(), "g", all[c].stream); err != nil {
			b.Fatal(err)
		}
		for k := range all[c].events {
			for i := range lines {
				at := now.Add(time.Duration(i*60/lines-600+60*k) * time.Second).Truncate(time.Second)
				line := fmt.Sprintf("2 123456789012 eni-%017x 10.0.%d.%d 10.1.%d.%d %d 443 6 %d %d %d %d ACCEPT OK",
					c, i%250, i/250, k, i%200, 32768+(i*7919)%28000, 1+i%90, 40+(i*31)%90000, at.Unix(), at.Unix()+59)
				all[c].events[k] = append(all[c].events[k], InputEvent{at.UnixMilli(), []byte(line)})
			}
		}
	}
	b.ResetTimer()
	done := make(chan error, clients)
	for c := range all {
		go func() {
			for n := c; n < b.N; n += clients {
				if _, err := s.Put(context.Background(), "g", all[c].stream, all[c].events[(n/clients)%8], time.Now()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range all {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "events/s")
	size, events := int64(0), int64(0)
	for _, f := range s.groups["g"].files {
		size, events = size+f.Size, events+f.Events
	}
	b.ReportMetric(float64(size)/float64(events), "B/event")
}

const defaultFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

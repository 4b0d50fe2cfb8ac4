package logstore

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPutChecks(t *testing.T) {
	hour := time.Hour
	at := func(after ...time.Duration) []InputEvent {
		var out []InputEvent
		for _, d := range after {
			out = append(out, InputEvent{noon.Add(d).UnixMilli(), []byte("m")})
		}
		return out
	}
	of := func(size ...int) []InputEvent {
		var out []InputEvent
		for _, n := range size {
			out = append(out, InputEvent{noon.UnixMilli(), []byte(strings.Repeat("m", n))})
		}
		return out
	}
	ms := time.Millisecond
	many := make([]InputEvent, MaxBatchEvents+1)
	for i := range many {
		many[i] = InputEvent{noon.UnixMilli(), []byte("m")}
	}
	n := func(i int) *int { return &i }
	day := 24 * hour
	for _, c := range []struct {
		name      string
		retention int
		events    []InputEvent
		rejected  Rejected
		kept      int
		err       string
	}{
		{"none", 0, nil, Rejected{}, 0, "a request needs at least one log event"},
		{"as many as may be", 0, many[1:], Rejected{}, MaxBatchEvents, ""},
		{"too many", 0, many, Rejected{}, 0, "10001 log events are given, and a request has at most 10000"},
		{"no message", 0, of(1, 0), Rejected{}, 0, "log event 1 has no message"},
		{"not UTF-8", 0, []InputEvent{{noon.UnixMilli(), []byte("a\xff")}}, Rejected{}, 0, "the message of log event 0 is not UTF-8"},
		{"before 1970", 0, []InputEvent{{-1, []byte("a")}}, Rejected{}, 0, "log event 0 has a timestamp before 1970"},
		{"as large as may be", 0, of(MaxBatchBytes-26-26-10, 10), Rejected{}, 2, ""},
		{"too large", 0, of(MaxBatchBytes-26-26-10, 11), Rejected{}, 0, "Upload too large: 1048577 bytes exceeds limit of 1048576"},
		{"one too large", 0, of(MaxBatchBytes + 1), Rejected{}, 0, "Log event too large: 1048577 bytes exceeds limit of 1048576"},
		{"not in order", 0, at(ms, 0), Rejected{}, 0, "Log events in a single PutLogEvents request must be in chronological order."},
		{"24 hours", 0, at(-day, 0), Rejected{}, 2, ""},
		{"more than 24 hours", 0, at(-day-ms, 0), Rejected{}, 0, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		{"24 hours of those that are kept", 0, at(-20*day, -day, 0, 4*hour), Rejected{TooOldEnd: n(1), TooNewStart: n(3)}, 2, ""},
		{"14 days", 0, at(-14*day-ms, -14*day), Rejected{TooOldEnd: n(1)}, 1, ""},
		{"2 hours", 0, at(2*hour, 2*hour+ms), Rejected{TooNewStart: n(1)}, 1, ""},
		{"all too new", 0, at(3*hour, 4*hour), Rejected{TooNewStart: n(0)}, 0, ""},
		{"all too old", 0, at(-16*day, -15*day), Rejected{TooOldEnd: n(2)}, 0, ""},
		{"expired", 3, at(-3*day-ms, -3*day, -2*day), Rejected{ExpiredEnd: n(1)}, 2, ""},
		{"expired and too old", 7, at(-15*day, -8*day, 0), Rejected{TooOldEnd: n(1), ExpiredEnd: n(2)}, 1, ""},
		{"a long retention", 30, at(-20*day, 0), Rejected{TooOldEnd: n(1)}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, "a")
			p.must(p.SetRetention(t.Context(), "g", c.retention))
			got, err := p.Put(t.Context(), "g", "a", c.events, noon)
			if invalid, ok := errors.AsType[*InvalidError](err); c.err != "" && (!ok || invalid.Message != c.err) || c.err == "" && err != nil {
				t.Errorf("error %v, want %s", err, c.err)
			}
			if diff := cmp.Diff(c.rejected, got); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if got := len(p.events(ReadRequest{})); got != c.kept {
				t.Errorf("%d events kept, want %d", got, c.kept)
			}
		})
	}
}

// failingFile is a segment on a disk that fails.
type failingFile struct {
	segmentFile
	write, sync, truncate *error
}

func (f failingFile) Write(b []byte) (int, error) {
	if *f.write != nil {
		n, _ := f.segmentFile.Write(b[:len(b)/2])
		return n, *f.write
	}
	return f.segmentFile.Write(b)
}

func (f failingFile) Sync() error {
	if *f.sync != nil {
		return *f.sync
	}
	return f.segmentFile.Sync()
}

func (f failingFile) Truncate(size int64) error {
	if *f.truncate != nil {
		return *f.truncate
	}
	return f.segmentFile.Truncate(size)
}

// TestPutFaults refuses what the disk does not take, and goes on when it does.
func TestPutFaults(t *testing.T) {
	for name, set := range map[string]func(write, sync, truncate *error){
		"write":              func(write, _, _ *error) { *write = syscall.EIO },
		"sync":               func(_, sync, _ *error) { *sync = syscall.EIO },
		"write and truncate": func(write, _, truncate *error) { *write, *truncate = syscall.EIO, syscall.EIO },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "a")
			var write, sync, truncate error
			p.create = func(path string) (segmentFile, error) {
				f, err := createSegment(path)
				return failingFile{f, &write, &sync, &truncate}, err
			}
			p.put("a", noon, "before")
			set(&write, &sync, &truncate)
			for range 2 {
				if _, err := p.Put(t.Context(), "g", "a", []InputEvent{{noon.UnixMilli(), []byte("refused")}}, noon); !errors.Is(err, syscall.EIO) {
					t.Errorf("a Put on a bad disk: %v", err)
				}
			}
			p.check(ReadRequest{}, "before")
			write, sync, truncate = nil, nil, nil
			p.put("a", noon.Add(time.Second), "after")
			p.check(ReadRequest{}, "before", "after")
			p.reopen()
			p.check(ReadRequest{}, "before", "after")
			p.flush()
			p.check(ReadRequest{}, "before", "after")
		})
	}
}

// TestFullMemory lets a Put wait until a flush makes room.
func TestFullMemory(t *testing.T) {
	p := newPlace(t, "a")
	p.memory, p.flushBytes = 1000, 1000 // nobody reads it yet
	message := strings.Repeat("m", 700)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if _, err := p.Put(t.Context(), "g", "a", []InputEvent{{noon.UnixMilli() + int64(n), []byte(message)}}, noon); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p.check(ReadRequest{}, slices.Repeat([]string{message}, 20)...)
	p.flush()
	if p.tailBytes != 0 || p.fresh != 0 {
		t.Errorf("%d bytes of an empty tail, %d of them fresh", p.tailBytes, p.fresh)
	}
}

// TestDeleted lets Puts into what was deleted fail, and nothing of it comes back.
func TestDeleted(t *testing.T) {
	p := newPlace(t, "a", "b")
	p.put("a", noon, "file a")
	p.put("b", noon, "file b")
	p.flush()
	p.put("a", noon, "tail a")
	p.put("b", noon, "tail b")
	p.must(p.DeleteStream(t.Context(), "g", "a"))
	p.check(ReadRequest{}, "file b", "tail b")
	p.reopen()
	p.check(ReadRequest{}, "file b", "tail b")
	event := []InputEvent{{noon.UnixMilli(), []byte("x")}}
	if _, err := p.Put(t.Context(), "g", "a", event, noon); !errors.Is(err, ErrNoStream) {
		t.Errorf("a Put into a stream that was deleted: %v", err)
	}
	p.must(p.CreateStream(t.Context(), "g", "a"))
	p.check(ReadRequest{}, "file b", "tail b")
	snap, err := p.Snapshot(t.Context(), "g", 0, 0)
	p.must(err)
	before := contents(t, snap)
	p.must(p.DeleteGroup(t.Context(), "g"))
	if diff := cmp.Diff(before, contents(t, snap)); diff != "" {
		t.Errorf("a snapshot of a group that was deleted:\n%s", diff)
	}
	snap.Close()
	if _, err := p.Put(t.Context(), "g", "a", event, noon); !errors.Is(err, ErrNoGroup) {
		t.Errorf("a Put into a group that was deleted: %v", err)
	}
	for _, step := range []func(){func() {}, p.reopen} {
		step()
		p.must(p.CreateGroup(t.Context(), "g", "", nil))
		p.must(p.CreateStream(t.Context(), "g", "a"))
		p.check(ReadRequest{})
		if g, err := p.Group(t.Context(), "g"); err != nil || g.StoredBytes != 0 {
			t.Errorf("%+v, %v", g, err)
		}
		p.must(p.DeleteGroup(t.Context(), "g"))
	}
}

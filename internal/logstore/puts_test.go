package logstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// puts returns the events of Puts with some numbers, sorted as text.
func (p *place) puts(group string, after, to int64) []string {
	p.t.Helper()
	var events []Event
	for e, err := range p.ReadPuts(p.t.Context(), group, after, to) {
		p.must(err)
		events = append(events, e)
	}
	out := shown(events)
	slices.Sort(out)
	return out
}

// TestReadPuts follows a store, at which things are done at random, by numbers: each event is seen once.
func TestReadPuts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 11))
			streams := []string{"a", "b", "c"}
			p := newPlace(t, streams...)
			at := p.Settled()
			since, all := &model{}, &model{}
			read := func() {
				to := p.Settled()
				want := shown(since.events)
				slices.Sort(want)
				if diff := gocmp.Diff(want, p.puts("g", at, to)); diff != "" {
					t.Fatalf("Puts %d to %d (-want +got):\n%s", at, to, diff)
				}
				at, since.events = to, nil
			}
			for range 150 {
				switch k := random.IntN(100); {
				case k < 50:
					n := len(since.events)
					p.putRandom(since, random, streams[random.IntN(3)])
					all.events = append(all.events, since.events[n:]...)
				case k < 60:
					p.flush()
				case k < 68:
					p.must(p.Compact(t.Context()))
				case k < 72:
					p.reopen()
				case k < 76:
					name := streams[random.IntN(3)]
					p.must(p.DeleteStream(t.Context(), "g", name))
					p.must(p.CreateStream(t.Context(), "g", name))
					for _, m := range []*model{since, all} {
						m.events = slices.DeleteFunc(m.events, func(e Event) bool { return e.Stream == name })
					}
				default:
					read()
				}
			}
			read()
			want := shown(all.events)
			slices.Sort(want)
			if diff := gocmp.Diff(want, p.puts("g", 0, at)); diff != "" {
				t.Fatalf("all Puts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadPutsEnds stops reading early, in a file and in the tail, and asks for a group that is not there.
func TestReadPutsEnds(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon, "1", "2")
	middle := p.Settled()
	p.flush()
	p.put("a", noon, "3", "4")
	for after, want := range map[int64]string{0: "1", middle: "3"} {
		for e, err := range p.ReadPuts(t.Context(), "g", after, p.Settled()) {
			p.must(err)
			if e.Message != want {
				t.Errorf("behind %d comes %q, want %q", after, e.Message, want)
			}
			break
		}
	}
	if got := p.puts("g", 0, middle); len(got) != 2 {
		t.Errorf("up to %d there are %v", middle, got)
	}
	for _, err := range p.ReadPuts(t.Context(), "none", 0, middle) {
		if !errors.Is(err, ErrNoGroup) {
			t.Errorf("a group that is not there: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range p.ReadPuts(ctx, "g", 0, p.Settled()) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a context that ended: %v", err)
		}
	}
}

// A failed write takes no number that counts: the number is not settled, and what comes then has a greater one.
func TestSettledAfterFailure(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon, "1")
	before := p.Settled()
	p.create = func(path string) (segmentFile, error) {
		f, err := createSegment(path)
		return &failingSegment{f}, err
	}
	p.must(p.rotateNow())
	if _, err := p.Put(t.Context(), "g", "a", []InputEvent{{noon.UnixMilli(), []byte("lost")}}, noon); !errors.Is(err, errFull) {
		t.Fatalf("a Put on a full disk: %v", err)
	}
	if p.Settled() != before {
		t.Errorf("settled is %d after a failure, want %d", p.Settled(), before)
	}
	p.create = createSegment
	p.put("a", noon, "2")
	if got := p.puts("g", before, p.Settled()); len(got) != 1 || !strings.HasSuffix(got[0], " 2") {
		t.Errorf("after a failure: %v", got)
	}
}

var errFull = errors.New("the disk is full")

// failingSegment is a segment that can't be written.
type failingSegment struct{ segmentFile }

func (*failingSegment) Write([]byte) (int, error) { return 0, errFull }

// rotateNow begins another segment.
func (p *place) rotateNow() error {
	p.segMu.Lock()
	defer p.segMu.Unlock()
	return p.rotate()
}

// counted is what a reader that follows has kept: up to which number it read, how many events it saw, and the sum of
// their hashes, which is the same in any order.
type counted struct {
	Number, Events int64
	Sum            uint64
}

func (c *counted) add(e *Event) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", e.Timestamp, e.Stream, e.Message))
	c.Events++
	c.Sum += binary.BigEndian.Uint64(sum[:])
}

func countedPath(data string) string { return filepath.Join(data, "counted.json") }

// readCounted reads what a reader has kept; nothing where it never did.
func readCounted(data string) (c counted, err error) {
	text, err := os.ReadFile(countedPath(data))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return c, json.NewDecoder(bytes.NewReader(text)).Decode(&c)
}

// countForever follows group g and keeps what it counted with its number, in one step.
func countForever(ctx context.Context, s *Store, data string) error {
	for {
		if err := countOnce(ctx, s, data); err != nil {
			return err
		}
	}
}

func countOnce(ctx context.Context, s *Store, data string) error {
	c, err := readCounted(data)
	if err != nil {
		return err
	}
	to := s.Settled()
	for e, err := range s.ReadPuts(ctx, "g", c.Number, to) {
		if err != nil {
			return err
		}
		c.add(&e)
	}
	c.Number = to
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(countedPath(data)+".part", text, 0o600); err != nil {
		return err
	}
	return os.Rename(countedPath(data)+".part", countedPath(data))
}

// checkCounted says whether the reader of a process that was killed saw each event once.
func checkCounted(t *testing.T, s *Store, data string) {
	t.Helper()
	if err := countOnce(t.Context(), s, data); err != nil {
		t.Fatal(err)
	}
	got, err := readCounted(data)
	if err != nil {
		t.Fatal(err)
	}
	want := counted{Number: s.Settled()}
	for e, err := range s.Read(t.Context(), ReadRequest{Group: "g"}) {
		if err != nil {
			t.Fatal(err)
		}
		want.add(&e)
	}
	if got != want {
		t.Errorf("a reader that follows counted %+v, want %+v", got, want)
	}
}

package logstore

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oneSegment returns the text of a store's only segment with events.
func (p *place) oneSegment() (path string, text []byte) {
	p.t.Helper()
	path = p.segmentPath(p.seg.number)
	text, err := os.ReadFile(path)
	p.must(err)
	return path, text
}

// TestTornSegment cuts a segment at each byte, and damages each: what lies before the frame in question is
// there, and nothing else.
func TestTornSegment(t *testing.T) {
	p := newPlace(t, "a")
	ends := []int{len(segmentMagic)}
	for n := range 3 {
		p.put("a", noon, fmt.Sprint("one ", n), "two")
		_, text := p.oneSegment()
		ends = append(ends, len(text))
	}
	_, text := p.oneSegment()
	whole := func(to int) (n int) {
		for n+1 < len(ends) && ends[n+1] <= to {
			n++
		}
		return n
	}
	for at := range text {
		blocks, torn := readSegment(text[:at])
		want := 0
		if at > len(segmentMagic) {
			want = whole(at)
		}
		if len(blocks) != want || at >= ends[0] && torn != at-ends[want] {
			t.Errorf("cut at %d: %d blocks and %d bytes, want %d blocks", at, len(blocks), torn, want)
		}
		damaged := append([]byte(nil), text...)
		damaged[at] ^= 0x10
		want = whole(at)
		if at < len(segmentMagic) {
			want = 0
		}
		if blocks, _ := readSegment(damaged); len(blocks) != want {
			t.Errorf("damaged at %d: %d blocks, want %d", at, len(blocks), want)
		}
	}
}

// TestTornTail opens a store whose last frame is torn; what comes then is kept.
func TestTornTail(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon, "1")
	p.put("a", noon.Add(time.Second), "2")
	path, text := p.oneSegment()
	p.must(p.Close())
	p.must(os.WriteFile(path, text[:len(text)-1], 0o600))
	p.must(os.WriteFile(filepath.Join(p.dir, "tail", "events", "notes.txt"), []byte("somebody else's"), 0o600))
	p.open()
	p.check(ReadRequest{}, "1")
	p.put("a", noon.Add(time.Second), "3")
	p.reopen()
	p.check(ReadRequest{}, "1", "3")
}

// TestSweep removes files that nobody names, and segments that are in files.
func TestSweep(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon, "1")
	path, text := p.oneSegment()
	p.flush()
	p.must(p.Close())
	strays := []string{
		filepath.Join(p.dir, "lake", "events", "1", "2026-03-02-99.parquet"), filepath.Join(p.dir, "tail", "records", "1-99.json.zst"), path,
	}
	for _, s := range strays {
		p.must(os.WriteFile(s, text, 0o600))
	}
	p.open()
	for _, s := range strays {
		if _, err := os.Stat(s); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", s, err)
		}
	}
	p.check(ReadRequest{}, "1")
}

// FuzzSegment reads what may be a segment. Blocks that are found can be written and read again.
func FuzzSegment(f *testing.F) {
	events := []InputEvent{{noon.UnixMilli(), []byte("one")}, {noon.UnixMilli(), []byte("one")}, {noon.UnixMilli() + 5, []byte("two")}}
	p := &put{}
	p.block, p.room = makeBlock(1, 2, 4, events)
	p.setNumber(3)
	frame := p.frame
	f.Add(append([]byte(segmentMagic), frame...), false)
	f.Add(append(append([]byte(segmentMagic), frame...), frame[:20]...), false)
	f.Add(frame[frameHead:], true)
	f.Fuzz(func(t *testing.T, text []byte, seal bool) {
		if seal { // else a sum is rarely right
			frame := append(make([]byte, frameHead), text...)
			sealFrame(frame)
			text = append([]byte(segmentMagic), frame...)
		}
		blocks, torn := readSegment(text)
		if torn < 0 || torn > len(text) {
			t.Fatalf("%d torn bytes of %d", torn, len(text))
		}
		for _, b := range blocks {
			refs := appendRefs(nil, b, "s", 0)
			if len(refs) != b.n {
				t.Fatalf("%d events of %d", len(refs), b.n)
			}
			var data []byte
			last := int64(0)
			for _, r := range refs {
				data = appendEvent(data, r.at-last, r.duplicate, r.message)
				last = r.at
			}
			again, err := readBlock(append(b.header(nil), data...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(refs, appendRefs(nil, again, "s", 0), cmp.AllowUnexported(ref{}), cmp.Comparer(func(a, b *block) bool {
				return a.seq == b.seq && a.ingestion == b.ingestion && a.first == b.first && a.last == b.last && a.bytes == b.bytes
			})); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

package contributor

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kept is a contributor that a run was given, or gave.
type kept struct {
	Key    string
	Points []point
}

// readRun reads chunks.
func readRun(chunks [][]byte) ([]kept, error) {
	var out []kept
	for _, c := range chunks {
		r := chunkReader{buf: c}
		for {
			more, err := r.next()
			if err != nil {
				return out, err
			}
			if !more {
				break
			}
			out = append(out, kept{string(r.key), append([]point(nil), r.points...)})
		}
	}
	return out, nil
}

func TestRun(t *testing.T) {
	values := []float64{0, 1, -1, 0.1, 1e9, 1<<52 - 1, 1 << 52, 1<<53 + 2, 1e300, -1e-300, math.Copysign(0, -1), math.MaxFloat64}
	var want []kept
	for i := range 5000 {
		k := kept{Key: fmt.Sprintf("10.0.%d.%04d", i/1000, i)}
		for m := range 1 + i%4 {
			k.Points = append(k.Points, point{uint8(m * 19), values[(i+m)%len(values)]})
		}
		want = append(want, k)
	}
	want = append([]kept{{"", []point{{59, 7}}}}, want...)
	var chunks [][]byte
	w := &chunkWriter{emit: func(c []byte) error { chunks = append(chunks, bytes.Clone(c)); return nil }}
	for _, k := range want {
		if err := w.write([]byte(k.Key), k.Points); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	got, err := readRun(chunks)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(point{})); diff != "" {
		t.Error(diff)
	}
	if len(chunks) < 2 {
		t.Errorf("%d chunks", len(chunks))
	}
	for _, c := range chunks {
		if len(c) > chunkBytes+100 {
			t.Errorf("a chunk has %d bytes", len(c))
		}
	}
}

// Whatever lies on the disk, reading it ends, and what can be read is as it was written.
func FuzzRun(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 1, 5, 14, 1, 1, 'b', 2, 0, 2, 59, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f})
	f.Fuzz(func(t *testing.T, chunk []byte) {
		got, err := readRun([][]byte{chunk})
		if err != nil {
			return
		}
		var chunks [][]byte
		w := &chunkWriter{emit: func(c []byte) error { chunks = append(chunks, bytes.Clone(c)); return nil }}
		for _, k := range got {
			if err := w.write([]byte(k.Key), k.Points); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		again, err := readRun(chunks)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
			t.Fatalf("%v became %v, %v", got, again, err)
		}
	})
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "007": 7, "443": 443, "999999999999999": 999999999999999, "1000000000000001": 1000000000000001, "-5": -5, "+5": 5, "1.5": 1.5,
		"2e2": 200, "2E-2": 0.02, "-0": 0,
	} {
		if v, ok := parseNumber(text); !ok || v != want {
			t.Errorf("%s is %v, %v", text, v, ok)
		}
	}
	for _, text := range []string{"", "-", "+", ".5", "5.", "1e", "1e+", "0x10", "1_000", "Inf", "NaN", " 1", "1 ", "1e999", "12a", "a12", "1.2.3", "--1"} {
		if v, ok := parseNumber(text); ok {
			t.Errorf("%q is %v", text, v)
		}
	}
}

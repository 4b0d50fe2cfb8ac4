package aggregate

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// closed closes windows at a time in seconds, and returns their records.
func closed(t *testing.T, w *Windows, at int64) (records []string, passedOver int64) {
	t.Helper()
	f, err := flowlog.ParseLogFormat("interface-id packets start end log-status")
	if err != nil {
		t.Fatal(err)
	}
	passedOver, err = w.CloseUntil(at*second, 10, func(window *Window) error {
		b := flowlog.NewBatch(flowlog.KindVPC)
		if err := AppendRecords(b, window, f.RecordVersion(), nobody); err != nil {
			return err
		}
		for r := range b.Records() {
			records = append(records, string(flowlog.AppendText(nil, r, f)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, passedOver
}

// TestClock has windows that end by the clock: one step is what comes, and the time at which windows are closed.
func TestClock(t *testing.T) {
	w := NewWindows(time.Minute)
	a, b := flow("eni-a", 1), flow("eni-b", 2)
	for _, step := range []struct {
		name   string
		before func()
		at     int64
		want   []string
		passed int64
	}{
		{"nobody had traffic", func() {}, 600, nil, 0},
		{"the window is not over", func() { w.Add(&a, packet(610, 40, 0)) }, 659, nil, 0},
		{"it is", func() {}, 660, []string{"eni-a 1 610 610 OK"}, 0},
		{"and once only", func() {}, 660, nil, 0},
		{"nothing came, two windows long", func() {}, 785, []string{"eni-a - 660 720 NODATA", "eni-a - 720 780 NODATA"}, 0},
		{"another comes, and one late", func() { w.Add(&b, packet(790, 40, 0)); w.Add(&a, packet(770, 40, 0)) }, 840, []string{"eni-a 1 770 770 OK", "eni-b 1 790 790 OK", "eni-a - 780 840 NODATA"}, 0},
		{"what was lost is no NODATA, also beside flows", func() { w.Skip("eni-a", 850*second); w.Skip("eni-b", 850*second); w.Add(&b, packet(860, 40, 0)) }, 900, []string{"eni-b 1 860 860 OK", "eni-a - 840 900 SKIPDATA", "eni-b - 840 900 SKIPDATA"}, 0},
		{"one is gone, which had a packet just before", func() { w.Add(&b, packet(910, 40, 0)); w.Forget("eni-b") }, 960, []string{"eni-b 1 910 910 OK", "eni-a - 900 960 NODATA"}, 0},
		{"and has no more NODATA", func() {}, 1020, []string{"eni-a - 960 1020 NODATA"}, 0},
		{"the clock was set an hour ahead", func() { w.Restart(4560 * second) }, 4620, []string{"eni-a - 4560 4620 NODATA"}, 0},
		{"and back", func() { w.Restart(1000 * second); w.Add(&b, packet(1010, 1, 0)) }, 1025, []string{"eni-b 1 1010 1010 OK", "eni-a - 960 1020 NODATA"}, 0},
		{"more than is told", func() {}, 1020 + 60*20, nil, 20},
		{"from there on", func() {}, 1020 + 60*21, []string{"eni-a - 2220 2280 NODATA", "eni-b - 2220 2280 NODATA"}, 0},
	} {
		step.before()
		got, passed := closed(t, w, step.at)
		slices.Sort(got)
		slices.Sort(step.want)
		if diff := cmp.Diff(step.want, got); diff != "" || passed != step.passed {
			t.Errorf("%s: %d passed over, want %d: %s", step.name, passed, step.passed, diff)
		}
	}
}

// TestUnsure has counts over several windows, and flows that were lost in one of several: none of these is NODATA, but of interfaces that had nothing.
func TestUnsure(t *testing.T) {
	w := NewWindows(time.Minute)
	a, b := flow("eni-a", 1), flow("eni-b", 2)
	w.Add(&a, packet(10, 1, 0))
	w.Add(&b, packet(10, 1, 0))
	closed(t, w, 60)
	long := packet(70, 1, 0)
	long.Last = 200 * second
	w.Add(&a, long)
	got, _ := closed(t, w, 300)
	want := []string{"eni-a 1 70 200 OK", "eni-b - 60 120 NODATA", "eni-b - 120 180 NODATA", "eni-b - 180 240 NODATA", "eni-a - 240 300 NODATA", "eni-b - 240 300 NODATA"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.Skip("eni-b", 310*second)
	w.Unsure("eni-b", 400*second)
	got, _ = closed(t, w, 480)
	want = []string{"eni-b - 300 360 SKIPDATA", "eni-a - 300 360 NODATA", "eni-a - 360 420 NODATA", "eni-a - 420 480 NODATA", "eni-b - 420 480 NODATA"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.Unsure("eni-b", 4000*second)
	w.Restart(480 * second) // the clock was set back
	if got, _ = closed(t, w, 540); !slices.Equal(got, []string{"eni-a - 480 540 NODATA", "eni-b - 480 540 NODATA"}) {
		t.Error(got)
	}
}

// TestSpill tells what an open window has so far: nobody is idle in it, and it is told once.
func TestSpill(t *testing.T) {
	w := NewWindows(time.Minute)
	a, b := flow("eni-a", 1), flow("eni-b", 2)
	w.Add(&a, packet(10, 1, 0))
	w.Add(&b, packet(10, 1, 0))
	closed(t, w, 60)
	w.Add(&a, packet(65, 1, 0))
	w.Skip("eni-a", 66*second)
	var got []Window
	for range 2 {
		if err := w.Spill(func(window *Window) error { got = append(got, *window); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 || len(got[0].Rows) != 1 || !slices.Equal(got[0].Skipped, []string{"eni-a"}) || got[0].Idle != nil || w.Len() != 0 {
		t.Errorf("%+v, %d open", got, w.Len())
	}
	w.Add(&a, packet(70, 1, 0))
	if records, _ := closed(t, w, 120); !slices.Equal(records, []string{"eni-a 1 70 70 OK", "eni-b - 60 120 NODATA"}) {
		t.Error(records)
	}
	w.Add(&a, packet(125, 1, 0))
	if err := w.Spill(func(*Window) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if records, _ := closed(t, w, 180); !slices.Equal(records, []string{"eni-b - 120 180 NODATA"}) {
		t.Errorf("what was spilled is no NODATA: %v", records)
	}
}

// TestSkippedParts has a window of which flows were lost in parts.
func TestSkippedParts(t *testing.T) {
	w := Window{Rows: make([]Row, 3), Skipped: []string{"eni-a"}}
	var got [][2]int
	for p := range w.Parts(3) {
		got = append(got, [2]int{len(p.Rows), len(p.Skipped)})
	}
	if !slices.Equal(got, [][2]int{{3, 1}}) {
		t.Error(got)
	}
}

// TestSpillOf tells what an open window has of one interface so far: the other one's flow stays whole, and is idle or not as before.
func TestSpillOf(t *testing.T) {
	w := NewWindows(time.Minute)
	a, b := flow("eni-a", 1), flow("eni-b", 2)
	for _, at := range []float64{10, 20} {
		w.Add(&a, packet(at, 1, 0))
		w.Add(&b, packet(at, 1, 0))
	}
	w.Skip("eni-a", 21*second)
	w.Skip("eni-b", 21*second)
	w.Forget("eni-b")
	var got []Window
	spill := func(id string) {
		t.Helper()
		if err := w.SpillOf(func(of string) bool { return of == id }, func(window *Window) error { got = append(got, *window); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	spill("eni-a")
	spill("eni-a")
	spill("eni-c")
	if len(got) != 1 || len(got[0].Rows) != 1 || got[0].Rows[0].Interface != "eni-a" || got[0].Rows[0].Packets != 2 || !slices.Equal(got[0].Skipped, []string{"eni-a"}) || got[0].Idle != nil || w.Len() != 1 {
		t.Errorf("%+v, %d open", got, w.Len())
	}
	w.Add(&a, packet(30, 1, 0))
	if records, _ := closed(t, w, 60); !slices.Equal(records, []string{"eni-b 2 10 20 OK", "eni-a 1 30 30 OK", "eni-b - 0 60 SKIPDATA"}) {
		t.Error(records)
	}
	if records, _ := closed(t, w, 120); !slices.Equal(records, []string{"eni-a - 60 120 NODATA"}) { // eni-b is gone
		t.Error(records)
	}
}

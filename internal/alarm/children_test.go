package alarm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestChildrenIn tells which alarms were behind a composite alarm when it went off, whatever they did in the same millisecond and later.
func TestChildrenIn(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "other"} {
		d := onMetric(name, 1)
		d.Metric.TreatMissingData = ignore
		w.put(d)
	}
	w.put(onAlarms("c", "ALARM(a) OR ALARM(b)"))
	w.put(onAlarms("outer", "(ALARM(c) OR ALARM(a)) AND NOT ALARM(other)"))
	children := func(at *Transition, most int) (names []string, more bool) {
		t.Helper()
		list, more, err := w.store.ChildrenIn(t.Context(), "outer", at, Alarm, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			names = append(names, fmt.Sprint(c.Definition.Name, " ", c.State, " ", (c.Since/1000)-start, " ", c.Reason))
		}
		return names, more
	}
	w.setState(5, "b", OK)
	w.setState(10, "a", Alarm)
	d := w.alarm("outer")
	first := &Transition{New: d.State, Reason: d.Reason, Time: d.StateTransitioned}
	reason := w.alarm("a").Reason
	want := []string{"c ALARM 10 " + w.alarm("c").Reason, "a ALARM 10 " + reason}
	if got, more := children(first, 9); !slices.Equal(got, want) || more || !strings.Contains(want[0], "transitioned to ALARM") {
		t.Errorf("at once: %q, %v", got, more)
	}
	w.setState(10, "a", OK) // at the same time
	w.setState(20, "b", Alarm)
	w.setState(20, "other", Alarm)
	for _, restarted := range []bool{false, true} {
		if got, _ := children(first, 9); !slices.Equal(got, want) {
			t.Errorf("later, restarted %v: %q", restarted, got)
		}
		w.reopen()
	}
	if got, more := children(first, 1); len(got) != 1 || !more {
		t.Errorf("one at most: %q, %v", got, more)
	}
	// A transition that history does not have is one behind all of its time, as that of a test is.
	if got, _ := children(&Transition{New: Alarm, Reason: "a test", Time: w.now}, 9); len(got) != 3 || !strings.HasPrefix(got[0], "c ALARM 20 ") || !strings.HasPrefix(got[1], "b ALARM 20 ") || !strings.HasPrefix(got[2], "other ALARM 20 ") {
		t.Errorf("now: %q", got)
	}
	if got, more, err := w.store.ChildrenIn(t.Context(), "a", first, Alarm, 9); err != nil || more || got != nil {
		t.Errorf("of no composite alarm: %v, %v", got, err)
	}
	// After 30 days it is not known since when an alarm was in a state that it left.
	w.setState(30*day+16, "b", OK)
	at := &Transition{New: Alarm, Reason: "none", Time: (start + 30*day + 15) * 1000}
	if got, _ := children(at, 9); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "b ALARM 20 ") }) {
		t.Errorf("after 30 days: %q", got)
	}
	w.set(30*day + 25)
	if got, _ := children(at, 9); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, fmt.Sprint("b ALARM ", -start)) }) {
		t.Errorf("after 30 days and more: %q", got)
	}
}

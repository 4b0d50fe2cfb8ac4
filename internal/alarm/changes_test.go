package alarm

import (
	"context"
	"testing"

	"weir/internal/metricstore"
)

// TestChanges tells listeners of what changes, and not that a time was judged.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c, other := w.store.Changes(ctx), w.store.Changes(t.Context())
	told := func(what string, want bool) {
		t.Helper()
		got := false
		select {
		case <-c:
			got = true
		default:
		}
		if got != want {
			t.Errorf("%s: told %v", what, got)
		}
	}
	told("nothing", false)
	w.put(Definition{Name: "a", Actions: Actions{Enabled: true, Alarm: []string{"arn:aws:sns:us-east-1:111122223333:t"}}, Metric: &Metric{
		Metric: metricstore.Metric{Namespace: "n", Name: "m"}, Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1, Comparison: "GreaterThanThreshold",
	}})
	told("put", true)
	w.value("m", 0, 5)
	w.run(61)
	if got := w.alarm("a").State; got != Alarm {
		t.Fatal(got)
	}
	told("a transition", true)
	w.value("m", 60, 5)
	w.run(121)
	told("the same state again", false)
	list, err := w.store.Actions(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := w.store.ActionDone(t.Context(), list[0].ID, true, "message x"); err != nil {
		t.Fatal(err)
	}
	told("an action", true)
	if err := w.store.Silence(t.Context(), "a", w.clock().UnixMilli()+1000); err != nil {
		t.Fatal(err)
	}
	told("a silence", true)
	if err := w.store.Delete(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	told("a deletion", true)
	select {
	case <-other:
	default:
		t.Error("the other listener was not told")
	}
}

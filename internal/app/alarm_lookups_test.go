package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"weir/internal/alarm"
	"weir/internal/metricstore"
)

// TestLookups looks the same up once, also for many at once, and gives up together.
func TestLookups(t *testing.T) { synctest.Test(t, lookUp) }

func lookUp(t *testing.T) {
	action := func(name string) *alarm.Action {
		a := &alarm.Action{Definition: alarm.Definition{Name: name, Metric: &alarm.Metric{
			Metric: metricstore.Metric{Namespace: "n", Name: name[:1]}, Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
		}}}
		a.New, a.Time = alarm.Alarm, 600_000
		return a
	}
	times, hangs := 0, false
	l := newLookups(func(ctx context.Context, a *alarm.Action) (*evidence, error) {
		times++ // one at a time: the race detector would tell
		if hangs {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return &evidence{Groups: []string{a.Definition.Name[:1]}}, nil
	})
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			name := fmt.Sprint([]string{"a", "b"}[i%2], i)
			if e, err := l.of(t.Context(), action(name)); err != nil || e.Groups[0] != name[:1] {
				t.Errorf("%s: %v, %v", name, e, err)
			}
		})
	}
	work.Wait()
	if times != 2 {
		t.Errorf("looked up %d times, want 2", times)
	}
	hangs = true
	for i := range 20 {
		work.Go(func() {
			if _, err := l.of(t.Context(), action(fmt.Sprint("c", i))); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		})
	}
	work.Wait()
	if times != 3 {
		t.Errorf("looked up %d times, want 3: who waited has no time left", times)
	}
	if e, err := l.of(t.Context(), action("a1")); err == nil || e != nil {
		t.Errorf("behind the time: %v, %v", e, err)
	}
	none := newLookups(nil)
	if e, err := none.of(t.Context(), action("a1")); e != nil || err != nil {
		t.Errorf("where nothing looks: %v, %v", e, err)
	}
	// Of alarms without metrics each transition is looked up once, for all of its actions.
	hangs, times, l = false, 0, newLookups(l.find)
	for i := range 6 {
		of := &alarm.Action{Definition: alarm.Definition{Name: "composite", Composite: &alarm.Composite{}}}
		of.Number = int64(i % 2)
		if _, err := l.of(t.Context(), of); err != nil {
			t.Error(err)
		}
	}
	if times != 2 {
		t.Errorf("two transitions of a composite alarm are looked up %d times", times)
	}
}

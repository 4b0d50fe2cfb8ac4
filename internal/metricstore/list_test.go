package metricstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestList(t *testing.T) {
	dir, c := t.TempDir(), &clock{noon}
	s := open(t, dir, c)
	put := func(namespace, name string, dimensions ...Dimension) Metric {
		t.Helper()
		m := Metric{Namespace: namespace, Name: name, Dimensions: dimensions}
		// Data of long ago: what counts is when they come.
		must(t, s.Put(t.Context(), []Datum{{Metric: m, Time: noon.Add(-100 * day).UnixMilli(), Values: []float64{1}, Backfilled: true}}))
		return m
	}
	both := put("b", "x", Dimension{"az", "1"}, Dimension{"eni", "2"})
	c.at = noon.Add(11 * day)
	one := put("b", "x", Dimension{"az", "1"})
	c.at = c.at.Add(2 * time.Hour)
	a := put("a", "y", Dimension{"az", "2"})
	bare := put("b", "x", []Dimension{}...)
	c.at = c.at.Add(2 * time.Hour)
	for range 2 { // and when it is opened again
		for _, tt := range []struct {
			name string
			r    ListRequest
			want []Metric
		}{
			{"all", ListRequest{}, []Metric{a, bare, one, both}},
			{"a namespace", ListRequest{Namespace: "b"}, []Metric{bare, one, both}},
			{"a name", ListRequest{Name: "y"}, []Metric{a}},
			{"a dimension", ListRequest{Dimensions: []DimensionFilter{{Name: "az"}}}, []Metric{a, one, both}},
			{"a dimension's value", ListRequest{Dimensions: []DimensionFilter{{"az", "1"}}}, []Metric{one, both}},
			{"two dimensions", ListRequest{Dimensions: []DimensionFilter{{"az", "1"}, {"eni", ""}}}, []Metric{both}},
			{"recently active", ListRequest{RecentlyActive: true}, []Metric{a, bare}},
			{"nothing", ListRequest{Namespace: "a", Name: "x"}, []Metric{}},
		} {
			got, err := s.List(t.Context(), tt.r)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", tt.name, err, diff)
			}
		}
		must(t, s.Close())
		s = open(t, dir, c)
	}
	c.at = noon.Add(14*day + time.Second)
	if got, err := s.List(t.Context(), ListRequest{}); err != nil || len(got) != 3 {
		t.Errorf("after two weeks: %v %v", got, err)
	}
	// Data that come later are noted, at least every minute.
	must(t, s.Put(t.Context(), []Datum{{Metric: both, Time: c.at.UnixMilli(), Values: []float64{1}}}))
	must(t, s.Close())
	s = open(t, dir, c)
	if got, err := s.List(t.Context(), ListRequest{}); err != nil || len(got) != 4 {
		t.Errorf("when it came again: %v %v", got, err)
	}
}

package metricstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// clock is a time that a test drives.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// noon is when tests begin: a whole hour.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open opens the store of a directory. The test closes it.
func open(t testing.TB, dir string, c *clock) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// must ends the test with an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testMetric is the metric of most tests.
var testMetric = Metric{Namespace: "Test", Name: "bytes", Dimensions: []Dimension{{"az", "use1-az1"}, {"eni", "eni-1"}}}

// at makes a datum of testMetric at a number of seconds from noon.
func at(seconds int64, values ...float64) Datum {
	return Datum{Metric: testMetric, Time: noon.UnixMilli() + 1000*seconds, Values: values}
}

// read reads testMetric from so many seconds before noon to so many behind it.
func read(t testing.TB, s *Store, before, behind int64, period int) []Point {
	t.Helper()
	out, err := s.Read(t.Context(), ReadRequest{Metric: testMetric, From: noon.Unix() - before, To: noon.Unix() + behind, Period: period, Values: true})
	must(t, err)
	return out
}

func point(seconds int64, unit string, s Statistics) Point {
	return Point{Time: noon.Unix() + seconds, Unit: unit, Statistics: s}
}

// public compares points without what they keep of values.
var public = cmpopts.IgnoreUnexported(Point{})

func TestPutAndRead(t *testing.T) {
	dir, c := t.TempDir(), &clock{noon.Add(10 * time.Minute)}
	s := open(t, dir, c)
	fine := at(61, 7)
	fine.Resolution = 1
	bytes := at(0, 100)
	bytes.Unit = "Bytes"
	old := at(30, 1000)
	old.Backfilled = true
	set := at(119)
	set.Statistics = &Statistics{SampleCount: 2, Sum: 30, Minimum: 10, Maximum: 20}
	many := at(59, 1, 5)
	many.Counts = []float64{3, 0.5}
	must(t, s.Put(t.Context(), []Datum{at(0, 2), fine, bytes, old, set, many}))
	must(t, s.Put(t.Context(), []Datum{at(1, 4)}))
	for range 2 { // and when it is opened again
		tests := []struct {
			name string
			r    ReadRequest
			want []Point
		}{
			{"a minute", ReadRequest{Period: 60, To: 120}, []Point{
				point(0, "Bytes", Statistics{1, 100, 100, 100}), point(0, "None", Statistics{6.5, 1011.5, 1, 1000}),
				point(60, "None", Statistics{3, 37, 7, 20}),
			}},
			{"live, of a unit", ReadRequest{Period: 60, To: 60, Unit: "None", Live: true}, []Point{point(0, "None", Statistics{5.5, 11.5, 1, 5})}},
			{"a unit that it has not", ReadRequest{Period: 60, To: 60, Unit: "Count"}, []Point{}},
			{"periods that begin where it is asked", ReadRequest{Period: 300, From: -240, To: 360, Unit: "None"}, []Point{
				point(-240, "None", Statistics{6.5, 1011.5, 1, 1000}), point(60, "None", Statistics{3, 37, 7, 20}),
			}},
			{"of high resolution, with what is of a minute at its beginning", ReadRequest{Period: 1, To: 120, Unit: "None"}, []Point{
				point(0, "None", Statistics{6.5, 1011.5, 1, 1000}), point(60, "None", Statistics{2, 30, 10, 20}), point(61, "None", Statistics{1, 7, 7, 7}),
			}},
			{"ten seconds", ReadRequest{Period: 10, From: 5, To: 120}, []Point{point(55, "None", Statistics{3, 37, 7, 20})}},
			{"the end is not in", ReadRequest{Period: 1, From: 61, To: 61}, []Point{}},
			{"nor what is behind it", ReadRequest{Period: 1, From: 1, To: 61}, []Point{point(60, "None", Statistics{2, 30, 10, 20})}},
		}
		for _, tt := range tests {
			tt.r.Metric, tt.r.From, tt.r.To = testMetric, tt.r.From+noon.Unix(), tt.r.To+noon.Unix()
			got, err := s.Read(t.Context(), tt.r)
			if diff := cmp.Diff(tt.want, got, public); err != nil || diff != "" {
				t.Errorf("%s: %v %s", tt.name, err, diff)
			}
		}
		must(t, s.Close())
		s = open(t, dir, c)
	}
	wrong := new(InvalidError)
	if _, err := s.Read(t.Context(), ReadRequest{Metric: testMetric, Period: 7}); !errors.As(err, &wrong) {
		t.Errorf("a period of 7 s: %v", err)
	}
	if got, err := s.Read(t.Context(), ReadRequest{Metric: Metric{Namespace: "Test", Name: "bytes"}, Period: 60, To: noon.Unix() + 60}); err != nil || got != nil {
		t.Errorf("of no dimensions: %v %v", got, err)
	}
}

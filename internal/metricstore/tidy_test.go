package metricstore

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// steps counts the rows of each step that metrics.db has.
func steps(t testing.TB, s *Store) map[int]int {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "SELECT step, count(*) FROM points GROUP BY step")
	must(t, err)
	defer rows.Close()
	out := map[int]int{}
	for rows.Next() {
		var step, n int
		must(t, rows.Scan(&step, &n))
		out[step] = n
	}
	must(t, rows.Err())
	return out
}

// TestRetention lets a datum of a second grow old: what each period shows of it, and in which step it lies.
func TestRetention(t *testing.T) {
	for _, tidied := range []bool{true, false} {
		c := &clock{noon}
		s := open(t, t.TempDir(), c)
		first, second := at(-61, 1, 2, 5), at(-1, 3)
		first.Resolution, second.Resolution = 1, 1
		must(t, s.Put(t.Context(), []Datum{first, second}))
		for _, tt := range []struct {
			age   time.Duration
			shown []int // of the periods
			steps map[int]int
		}{
			{0, []int{1, 60, 300, 3600}, map[int]int{1: 2}},
			{3 * time.Hour, []int{60, 300, 3600}, map[int]int{60: 2}},
			{15*day - time.Minute, []int{60, 300, 3600}, map[int]int{60: 2}},
			{15 * day, []int{300, 3600}, map[int]int{300: 1}},
			{63*day - time.Minute, []int{300, 3600}, map[int]int{300: 1}},
			{63 * day, []int{3600}, map[int]int{3600: 1}},
			{455*day - time.Minute, []int{3600}, map[int]int{3600: 1}},
			{456 * day, nil, map[int]int{}},
		} {
			c.at = noon.Add(tt.age)
			if tidied {
				must(t, s.Tidy(t.Context()))
				if diff := cmp.Diff(tt.steps, steps(t, s)); diff != "" {
					t.Errorf("after %v: %s", tt.age, diff)
				}
			}
			var shown []int
			for _, period := range []int{1, 60, 300, 3600} {
				points := read(t, s, 3600, 0, period)
				if len(points) == 0 {
					continue
				}
				shown = append(shown, period)
				if period < 300 {
					continue
				}
				if got := points[0]; len(points) != 1 || got.Statistics != (Statistics{4, 11, 1, 5}) || of(t, "p50", &got) != 2 {
					t.Errorf("after %v, in %d s there is %v", tt.age, period, points)
				}
			}
			if !slices.Equal(shown, tt.shown) {
				t.Errorf("after %v, tidied %v, periods %v show it, not %v", tt.age, tidied, shown, tt.shown)
			}
		}
		if got, err := s.List(t.Context(), ListRequest{}); err != nil || len(got) > 0 {
			t.Errorf("after a year it is listed: %v %v", got, err)
		}
		if tidied && len(s.metrics) > 0 {
			t.Error("after a year the metric is still there")
		}
		// And it comes back.
		must(t, s.Put(t.Context(), []Datum{{Metric: testMetric, Time: c.at.UnixMilli(), Values: []float64{1}}}))
		if got, err := s.List(t.Context(), ListRequest{}); err != nil || len(got) != 1 {
			t.Errorf("it is not listed: %v %v", got, err)
		}
	}
}

// TestTidyKeepsTheSums puts random data of up to 400 days, live and backfilled, in several orders and with a Tidy at any time: hours
// show the same of them.
func TestTidyKeepsTheSums(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var data []Datum
	for range 300 {
		age := time.Duration(random.Int64N(int64(400 * day)))
		if random.IntN(2) == 0 {
			age /= 200
		}
		data = append(data, Datum{
			Metric: testMetric, Time: noon.Add(-age).UnixMilli(), Resolution: []int{1, 60}[random.IntN(2)], Unit: []string{"", "Bytes"}[random.IntN(2)],
			Values: []float64{float64(random.IntN(1000)), float64(random.IntN(1000))}, Backfilled: random.IntN(2) == 0,
		})
	}
	var want map[bool][]Point
	for round := range 3 {
		c := &clock{noon}
		s := open(t, t.TempDir(), c)
		for i, datum := range random.Perm(len(data)) {
			if i%50 == 0 && round > 0 {
				c.at = noon.Add(time.Duration(i) * time.Second)
				must(t, s.Tidy(t.Context()))
			}
			must(t, s.Put(t.Context(), data[datum:datum+1]))
		}
		c.at = noon.Add(40 * day)
		must(t, s.Tidy(t.Context()))
		got := map[bool][]Point{}
		for _, live := range []bool{false, true} {
			points, err := s.Read(t.Context(), ReadRequest{Metric: testMetric, From: noon.Add(-401 * day).Unix(), To: noon.Unix(), Period: 3600, Live: live, Values: true})
			must(t, err)
			got[live] = points
		}
		if want == nil {
			want = got
			all := row{}
			for _, p := range got[false] {
				all.merge(*p.row)
			}
			direct := row{}
			for i := range data {
				direct.merge(newRow(&data[i]))
			}
			if all.Statistics != direct.Statistics || len(got[true]) == 0 || len(got[true]) >= len(got[false]) {
				t.Fatalf("there is %v of %v, in %d and %d hours", all.Statistics, direct.Statistics, len(got[false]), len(got[true]))
			}
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Point{}, row{}, distribution{}, sample{})); diff != "" {
			t.Fatalf("round %d: %s", round, diff)
		}
	}
}

func TestAlign(t *testing.T) {
	at := func(text string) time.Time {
		out, err := time.Parse(time.DateTime, text)
		must(t, err)
		return out
	}
	now := at("2026-03-31 15:07:17")
	for _, tt := range []struct {
		from   string
		period int
		want   string
	}{ // the first are AWS's examples
		{"2026-03-31 12:32:34", 60, "2026-03-31 12:32:00"},
		{"2026-03-11 12:32:34", 60, "2026-03-11 12:30:00"},
		{"2025-12-31 12:32:34", 3600, "2025-12-31 12:00:00"},
		{"2026-03-31 15:02:17", 5, "2026-03-31 15:02:15"},
		{"2026-03-31 01:05:13", 10, "2026-03-31 01:05:10"},
		{"2026-03-31 12:32:34", 300, "2026-03-31 12:32:00"},
		{"2026-03-31 12:32:34", 1, "2026-03-31 12:32:34"},
		{"2026-03-11 12:32:34", 1, "2026-03-11 12:30:00"},
	} {
		if got := Align(at(tt.from).Unix(), tt.period, now); got != at(tt.want).Unix() {
			t.Errorf("%s in %d s begins at %v", tt.from, tt.period, time.Unix(got, 0).UTC())
		}
	}
	for _, tt := range [][3]int64{{7, 5, 5}, {-7, 5, -10}, {-10, 5, -10}, {0, 5, 0}} {
		if got := floor(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%v is floored to %d", tt, got)
		}
	}
}

func TestKeptFor(t *testing.T) {
	for period, want := range map[int]time.Duration{1: 3 * time.Hour, 30: 3 * time.Hour, 60: 15 * day, 120: 15 * day, 300: 63 * day, 900: 63 * day, 3600: 455 * day, 7200: 455 * day} {
		if got := KeptFor(period); got != want {
			t.Errorf("%d s: %v, not %v", period, got, want)
		}
	}
}

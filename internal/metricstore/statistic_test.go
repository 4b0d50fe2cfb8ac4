package metricstore

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pointOf makes a point of values as a store does.
func pointOf(values ...float64) *Point {
	r := newRow(&Datum{Values: values})
	return &Point{Statistics: r.Statistics, row: &r}
}

// of returns a statistic of a point; NaN is none.
func of(t testing.TB, text string, p *Point) float64 {
	t.Helper()
	s, err := ParseStatistic(text)
	must(t, err)
	if s.String() != text {
		t.Errorf("%s is shown as %s", text, s)
	}
	v, ok := s.Of(p)
	if !ok {
		return math.NaN()
	}
	return v
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestStatistics holds what AWS says of each statistic against a point of 1 to 10, and the corners.
func TestStatistics(t *testing.T) {
	ten := pointOf(7, 1, 9, 3, 5, 2, 4, 6, 8, 10)
	none := math.NaN()
	tests := []struct {
		statistic string
		p         *Point
		want      float64
	}{
		{"SampleCount", ten, 10},
		{"Sum", ten, 55},
		{"Average", ten, 5.5},
		{"Minimum", ten, 1},
		{"Maximum", ten, 10},
		{"p0", ten, 1},
		{"p0.0", ten, 1},
		{"p10", ten, 1},
		{"p10.0000000001", ten, 2},
		{"p50", ten, 5},
		{"p90", ten, 9},
		{"p99", ten, 10},
		{"p100", ten, 10},
		{"tm90", ten, 5},     // without the tenth of the highest values
		{"TM(:90%)", ten, 5}, // "the same as"
		{"TM(20%:80%)", ten, 5.5},
		{"TM(10%:)", ten, 6},
		{"TM(3:5)", ten, 4.5}, // "lower than or equal to" the one, "or higher than" the other
		{"TM(10:20)", ten, none},
		{"IQM", ten, 5.5},
		{"TM(25%:75%)", ten, 5.5}, // "equivalent"
		{"wm80", ten, 5.2},        // 9 and 10 count as 8
		{"WM(10%:90%)", ten, 5.5}, // 1 as 2, and 10 as 9
		{"WM(3:5)", ten, 4.3},     // 1 and 2 as 3, and 6 to 10 as 5
		{"WM(:5)", ten, 4},
		{"PR(:3)", ten, 30}, // "300 or less"
		{"PR(3:)", ten, 70},
		{"PR(3:7)", ten, 40},
		{"PR(0.5:0.9)", ten, 0},
		{"tc90", ten, 9},
		{"TC(3:7)", ten, 4}, // "3 (exclusive) and 7 (inclusive)"
		{"TC(:0.5)", ten, 0},
		{"ts90", ten, 45},
		{"TS(80%:)", ten, 19},
		{"TS(20:)", ten, 0},
		{"p99.9", pointOf(slices.Repeat([]float64{1}, 999)...), 1},
		{"p50", pointOf(4), 4},
		{"tm99", pointOf(4), 4},
		{"IQM", pointOf(1, 2, 3, 40), 2.5},
		{"IQM", pointOf(1, 2, 3, 4, 50), 3},
		{"p50", pointOf(0, 0, 3), 0},
		{"p50", pointOf(-1, 5), none}, // "not available for metrics when any of the metric values are negative"
		{"TC(:9)", pointOf(-1, 5), none},
		{"Minimum", pointOf(-1, 5), -1},
		{"p50", &Point{Statistics: Statistics{2, 4, 2, 2}}, none},
	}
	for _, tt := range tests {
		if got := of(t, tt.statistic, tt.p); !same(got, tt.want) && math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s is %v, want %v", tt.statistic, got, tt.want)
		}
	}
	// p99.9 of a thousand is the 999th: a float would make it the thousandth.
	thousand := make([]float64, 1000)
	for i := range thousand {
		thousand[i] = float64(i/4 + 1)
	}
	thousand[998], thousand[999] = 1000, 2000
	if got := of(t, "p99.9", pointOf(thousand...)); got != 1000 {
		t.Errorf("p99.9 of a thousand is %v", got)
	}
}

// TestStatisticSets has values only where all samples of a set are equal.
//
// Source: AWS, PutMetricData.
func TestStatisticSets(t *testing.T) {
	for _, tt := range []struct {
		set  Statistics
		want float64
	}{
		{Statistics{1, 5, 5, 5}, 5}, {Statistics{3, 15, 5, 5}, 5}, {Statistics{2, 11, 5, 6}, math.NaN()}, {Statistics{2, 11, 5, 5}, math.NaN()}, {Statistics{2, -4, -2, -2}, math.NaN()},
	} {
		r := newRow(&Datum{Statistics: &tt.set})
		if got := of(t, "p90", &Point{Statistics: r.Statistics, row: &r}); !same(got, tt.want) {
			t.Errorf("p90 of %v is %v", tt.set, got)
		}
	}
	r := newRow(&Datum{Values: []float64{1, 2}})
	r.merge(newRow(&Datum{Statistics: &Statistics{2, 11, 5, 6}}))
	if got := of(t, "p90", &Point{Statistics: r.Statistics, row: &r}); !math.IsNaN(got) {
		t.Errorf("of known and unknown values p90 is %v", got)
	}
}

func TestParseStatisticRefuses(t *testing.T) {
	for text, hint := range map[string]string{
		"": "is no statistic", "sum": "is no statistic", "p": "is no statistic", "p100.1": "more than 100", "p1000": "is no statistic", "p1.12345678901": "is no statistic", "p-1": "is no statistic", "P50": "is no statistic", "p5%": "is no statistic",
		"tm101": "more than 100", "TM50": "is no statistic", "tm(1:2)": "is no statistic", "TM()": "is no statistic", "TM(:)": "has no bound", "TM(1%:2)": "of one kind", "TM(1:2%)": "of one kind",
		"TM(90%:10%)": "not less", "TM(5:5)": "not less", "TM(1%:101%)": "more than 100", "TM(101%:)": "more than 100", "PR(1%:2%)": "of values", "pr90": "is no statistic", "PR(:)": "has no bound", "IQM(1:2)": "is no statistic", "iqm": "is no statistic",
		"WM(-1:2)": "is no statistic", "TC(1:2": "is no statistic", "p50\n": "is no statistic", strings.Repeat("p", 1000): "is no statistic",
	} {
		_, err := ParseStatistic(text)
		if wrong := new(InvalidError); !errors.As(err, &wrong) || !strings.Contains(wrong.Message, hint) || len(wrong.Message) > 400 {
			t.Errorf("%.50q: %v", text, err)
		}
	}
}

// A naive computes statistics of a sorted list of samples.
type naive []float64

// ranks returns the samples in a range of percents, counted in ten thousandths so that it stays whole.
func (n naive) ranks(low, high int) naive {
	return n[len(n)*low/1_000_000 : (len(n)*high+999_999)/1_000_000]
}

func (n naive) sum() (sum float64) {
	for _, v := range n {
		sum += v
	}
	return sum
}

// TestStatisticsOfValues compares random points with a naive computation: exactly up to 256 values, and within [errorBound] beyond, in whatever order they come.
func TestStatisticsOfValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 120 {
		n := 1 + random.IntN(3000)
		different := 1 + random.IntN(2*maxExact)
		all := make([]float64, different)
		for i := range all {
			all[i] = math.Floor(1000*math.Exp(3*random.NormFloat64())) / 8
		}
		var list naive
		var r row
		for range n {
			v := all[random.IntN(different)]
			list = append(list, v)
			r.merge(newRow(&Datum{Values: []float64{v}}))
			r.values.bound()
		}
		slices.Sort(list)
		exact := len(slices.Compact(slices.Clone(list))) <= maxExact
		if r.values.rough == exact {
			t.Fatalf("of %d values it is exact: %v", len(slices.Compact(slices.Clone(list))), !r.values.rough)
		}
		p := &Point{Statistics: r.Statistics, row: &r}
		low, high := random.IntN(500_000), 500_000+random.IntN(500_001)
		bounds := fmt.Sprintf("(%d.%04d%%:%d.%04d%%)", low/10_000, low%10_000, high/10_000, high%10_000)
		in := list.ranks(low, high)
		winsorized := in.sum() + in[0]*float64(len(list)*low/1_000_000) + in[len(in)-1]*float64(len(list)-(len(list)*high+999_999)/1_000_000)
		for text, want := range map[string]float64{
			fmt.Sprintf("p%d.%04d", high/10_000, high%10_000): in[len(in)-1],
			"TM" + bounds: in.sum() / float64(len(in)),
			"TS" + bounds: in.sum(),
			"TC" + bounds: float64(len(in)),
			"WM" + bounds: winsorized / float64(len(list)),
			"p0":          list[0],
			"p100":        list[len(list)-1],
		} {
			bound := 1e-12
			if !exact && text[:2] != "TC" {
				bound += errorBound
			}
			if got := of(t, text, p); math.Abs(got-want) > bound*want {
				t.Fatalf("round %d: %s of %d samples is %v, want %v", round, text, len(list), got, want)
			}
		}
		// By values: those beyond a bound by more than the error are told rightly.
		limit := all[random.IntN(different)]
		up := func(v float64) float64 {
			i, _ := slices.BinarySearchFunc(list, v, func(e, v float64) int { return cmp.Or(cmp.Compare(e, v), -1) })
			return float64(i)
		}
		least, most := up(limit), up(limit)
		if !exact {
			least, most = up(limit*(1-errorBound)*0.999999), up(limit*(1+errorBound)*1.000001)
		}
		if got := of(t, fmt.Sprintf("TC(:%s)", trimmed(limit)), p); limit > 0 && (got < least || got > most) {
			t.Fatalf("round %d: %v samples up to %v, want %v to %v", round, got, limit, least, most)
		}
	}
}

// trimmed writes a number of few decimal places.
func trimmed(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.3f", v), ".000") }

// TestNear holds the error of values that stand for others, over all that CloudWatch takes.
func TestNear(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		v := math.Ldexp(1+random.Float64(), random.IntN(720)-360)
		got := near(v)
		if math.Abs(got-v) > errorBound*v*(1+1e-9) {
			t.Fatalf("%v stands for %v", got, v)
		}
		if again := near(got); again != got {
			t.Fatalf("%v stands for %v, which stands for %v", got, v, again)
		}
	}
}

func FuzzParseStatistic(f *testing.F) {
	for _, text := range []string{"Sum", "p99.9", "tm90", "TM(10%:90%)", "WM(:200)", "PR(100:2000)", "IQM", "p100", "TS(80%:)"} {
		f.Add(text)
	}
	p := pointOf(1, 2, 3, 4, 5, 500)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseStatistic(text)
		if err != nil {
			return
		}
		v, ok := s.Of(p)
		if s.String() != text || ok && (math.IsNaN(v) || v < 0 || v > 515) {
			t.Fatalf("%q of six values is %v", text, v)
		}
	})
}

func FuzzDecode(f *testing.F) {
	r := newRow(&Datum{Values: []float64{0, 1, 2.5}, Counts: []float64{1, 0.5, 1 << 40}})
	f.Add(r.samples())
	r.values.roughen()
	f.Add(r.samples())
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := decode(b)
		if !ok {
			return
		}
		again, ok := decode(d.encode())
		if !ok || d.rough != again.rough || !slices.Equal(d.samples, again.samples) {
			t.Fatalf("%v became %v", d, again)
		}
	})
}

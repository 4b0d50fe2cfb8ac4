package cli

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// listedRows are rows that a test lists.
type listedRows struct {
	columns []query.Column
	rows    [][]any
}

func (r *listedRows) Columns() []query.Column { return r.columns }
func (r *listedRows) Close() error            { return nil }

func (r *listedRows) Next() ([]any, error) {
	if len(r.rows) == 0 {
		return nil, io.EOF
	}
	row := r.rows[0]
	r.rows = r.rows[1:]
	return row, nil
}

// rowsOf returns rows under names.
func rowsOf(names string, rows ...[]any) *listedRows {
	r := &listedRows{rows: rows}
	for n := range strings.FieldsSeq(names) {
		r.columns = append(r.columns, query.Column{Name: n})
	}
	return r
}

// hour returns an hour of a day.
func hour(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }

// drawn draws rows without colours, 60 places wide.
func drawn(t *testing.T, rows *listedRows, form string, plain bool) (string, error) {
	t.Helper()
	t.Setenv("COLUMNS", "60")
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if plain {
		t.Setenv("NO_COLOR", "1")
	}
	var out strings.Builder
	_, err := printChart(&out, rows, form, time.UTC)
	return out.String(), err
}

func TestBars(t *testing.T) {
	for name, c := range map[string]struct {
		rows  *listedRows
		plain bool
		want  string
	}{
		"bytes by address": {
			rows: rowsOf("srcaddr bytes", []any{"10.0.0.1", int64(4000)}, []any{"10.0.0.22", int64(1000)}, []any{nil, int64(0)}),
			want: "srcaddr     bytes\n10.0.0.1   4.0 kB  █████████████████████████████████████████\n10.0.0.22  1.0 kB  ██████████▎\n-             0 B\n",
		},
		"plain": {
			rows: rowsOf("srcaddr n", []any{"a", int64(4)}, []any{"b", int64(1)}), plain: true,
			want: "srcaddr  n\na        4  ################################################\nb        1  ############\n",
		},
		"ports are labels": {
			rows: rowsOf("dstPort protocol records", []any{int64(443), int64(6), int64(10)}, []any{int64(53), int64(17), int64(5)}), plain: true,
			want: "dstPort protocol  records\n443 6                  10  #################################\n53 17                   5  #################\n",
		},
		"several numbers": {
			rows: rowsOf("action records bytes", []any{"ACCEPT", query.Decimal("2"), 1e6}, []any{"REJECT", big.NewInt(1), nil}), plain: true,
			want: "ACCEPT  records       2  ###################################\n        bytes    1.0 MB  ###################################\n" +
				"REJECT  records       1  ##################\n        bytes         -\n",
		},
		"numbers alone": {
			rows: rowsOf("hosts n", []any{int64(3), int64(2)}, []any{int64(4), int64(-1)}), plain: true,
			want: "hosts   n\n3       2  #################################################\n4      -1  -########################\n",
		},
		"controls": {
			rows: rowsOf("name n", []any{"a\x1b[31mb\nc", int64(1)}), plain: true,
			want: "name       n\na\ufffd[31mb\ufffdc  1  ##############################################\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := drawn(t, c.rows, "bar", c.plain)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s\n%s", err, diff, got)
			}
		})
	}
}

func TestLines(t *testing.T) {
	var rows [][]any
	for h, n := range []int64{0, 1000, 2000, 3000, 2000, 1000, 0} {
		rows = append(rows, []any{hour(h), "ACCEPT", n}, []any{hour(h), "REJECT", int64(500)})
	}
	got, err := drawn(t, rowsOf("h action sum_bytes", rows...), "line", true)
	if err != nil || !strings.Contains(got, "* ACCEPT, at most 3.0 kB\n+ REJECT, at most 500 B\n2026-03-02 00:00:00 UTC to 2026-03-02 06:00:00 UTC\n") {
		t.Fatalf("%v\n%s", err, got)
	}
	lines := strings.Split(got, "\n")
	if top := lines[0]; !strings.HasPrefix(top, " 3.0 kB |") || strings.Count(top, "*") == 0 || strings.Index(top, "*") < 30 {
		t.Errorf("the peak is not in the middle at the top:\n%s", got)
	}
	plus := 0
	for _, l := range lines[:16] {
		if strings.Contains(l, "+++++++++") {
			plus++
		}
	}
	if plus != 1 {
		t.Errorf("the level line is in %d rows:\n%s", plus, got)
	}
	for _, r := range got {
		if r > 127 {
			t.Fatalf("%q is no ASCII:\n%s", r, got)
		}
	}
}

// TestSpread puts points into places: lines between neighbours, nothing in gaps, the largest of several.
func TestSpread(t *testing.T) {
	nan := math.NaN()
	p := func(h int, y float64) point { return point{hour(h), y} }
	for name, c := range map[string]struct {
		points []point
		n      int
		want   []float64
		merged bool
	}{
		"each its place":  {[]point{p(0, 1), p(1, 5), p(2, 3)}, 3, []float64{1, 5, 3}, false},
		"between":         {[]point{p(0, 1), p(1, 5), p(2, 3)}, 5, []float64{1, 3, 5, 4, 3}, false},
		"a gap":           {[]point{p(0, 1), p(1, 1), p(2, 1), p(5, 2), p(6, 2)}, 7, []float64{1, 1, 1, nan, nan, 2, 2}, false},
		"several a place": {[]point{p(0, 1), p(1, 9), p(2, 2), p(3, 3)}, 2, []float64{9, 3}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, merged := spread(c.points, c.points[0].at, c.points[len(c.points)-1].at, c.n)
			if fmt.Sprint(got) != fmt.Sprint(c.want) || merged != c.merged {
				t.Errorf("%v, %t; want %v, %t", got, merged, c.want, c.merged)
			}
		})
	}
}

func TestChartRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rows *listedRows
		form string
		want string
	}{
		"no numbers":   {rowsOf("srcaddr", []any{"a"}), "bar", "no column has numbers to draw"},
		"ports alone":  {rowsOf("dstport", []any{int64(443)}), "bar", "no column has numbers to draw"},
		"no times":     {rowsOf("srcaddr n", []any{"a", int64(1)}), "line", "a line needs a column of times"},
		"one time":     {rowsOf("h n", []any{hour(1), int64(1)}, []any{hour(1), int64(2)}), "line", "a line needs two times"},
		"not a number": {rowsOf("h n", []any{hour(1), math.NaN()}), "line", "no column has numbers to draw"},
		"too many":     {&listedRows{columns: []query.Column{{Name: "n"}}, rows: make([][]any, mostChartRows+1)}, "bar", "a chart has at most 100,000 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := drawn(t, c.rows, c.form, false); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if got, err := drawn(t, rowsOf("n"), "line", false); got != "no rows\n" || err != nil {
		t.Errorf("no rows: %q, %v", got, err)
	}
}

// TestTimes reads the times of all that can stand in rows.
func TestTimes(t *testing.T) {
	for name, c := range map[string]struct {
		column string
		value  any
		want   bool
	}{
		"Athena's timestamp":   {"h", "2026-03-02 10:00:00.000", true},
		"Athena's with a zone": {"h", "2026-03-02 10:00:00.000 UTC", true},
		"a date":               {"date", "2026-03-02", true},
		"date_format":          {"h", "2026-03-02 10:00", true},
		"a partition":          {"day", "2026/03/02", true},
		"start":                {"start", int64(1772445600), true},
		"a number":             {"n", int64(1772445600), false},
		"an address":           {"srcaddr", "10.0.0.1", false},
	} {
		rows := rowsOf(c.column, []any{c.value}, []any{nil})
		chart := chart{columns: rows.columns, rows: rows.rows, time: -1}
		chart.sortOut()
		if got := chart.time == 0; got != c.want {
			t.Errorf("%s: a time: %t", name, got)
		}
	}
}

// TestChartsFit draws random rows: no line is wider than the terminal, and nothing panics.
func TestChartsFit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	value := func(kind int) any {
		switch {
		case r.IntN(8) == 0:
			return nil
		case kind == 0:
			return hour(r.IntN(100))
		case kind == 1:
			return strings.Repeat("x", r.IntN(70))
		case kind == 2:
			return int64(r.Uint64() >> r.IntN(64))
		}
		return (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(30)-10))
	}
	for range 300 {
		kinds := make([]int, 1+r.IntN(5))
		var names strings.Builder
		for i := range kinds {
			kinds[i] = r.IntN(4)
			names.WriteString([]string{"time ", "label ", "bytes ", "n "}[kinds[i]])
		}
		var rows [][]any
		for range 1 + r.IntN(40) {
			row := make([]any, len(kinds))
			for i, k := range kinds {
				row[i] = value(k)
			}
			rows = append(rows, row)
		}
		form := chartForms[r.IntN(2)]
		got, err := drawn(t, rowsOf(names.String(), rows...), form, r.IntN(2) == 0)
		if err != nil {
			continue // refused
		}
		for line := range strings.Lines(got) {
			if w := width(strings.TrimRight(line, "\n")); w > 60 && !strings.Contains(line, "UTC to") {
				t.Fatalf("%s of %s: a line is %d wide:\n%s", form, names.String(), w, got)
			}
		}
	}
}

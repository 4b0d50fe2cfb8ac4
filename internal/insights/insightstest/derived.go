package insightstest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// derivedQueries are queries whose answers the file has without the query: the name there, and the query.
var derivedQueries = []struct{ name, query string }{
	{"records", "stats count(*)"},
	{"sum_packets", "stats sum(packets)"},
	{"sum_bytes", "stats sum(bytes)"},
	{"count_by_action", "stats count(*) by action"},
	{"count_by_protocol", "stats count(*) by protocol"},
	{"q_pct_bytes_exact_nearest_rank", "stats pct(bytes, 50), pct(bytes, 90), pct(bytes, 95), pct(bytes, 99)"},
	{"q_count_distinct", "stats count_distinct(srcAddr), count_distinct(dstAddr), count_distinct(interfaceId)"},
	{"contributor_insights_bytes_by_pair", "stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10"},
	{"contributor_insights_rejected_tcp", `filter protocol = 6 and action in ["REJECT"] | stats count(*) as n by interfaceId, srcAddr | sort n desc | limit 10`},
}

// An answer is what the file says of a query: of the members, those that fit it.
type answer struct {
	Query string
	Rows  [][]any
	Row   []any
	Top   []any // a key or a list of keys, and a number
	Tied  bool  `json:"tie_at_cut"`
}

// RunDerived asks an engine AWS's sample queries of the shared data set flowlogs/derived-flowlogs, which lies in dir: about
// 25,000 records of real traffic, with answers that another program computed.
func RunDerived(t *testing.T, dir string, engine Engine) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	w := derivedWorld(t, dir)
	asked := 0
	ask := func(name, query string) {
		t.Run(name, func(t *testing.T) {
			q, err := insights.Read(query, insights.CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := engine(t.Context(), w, q)
			if err != nil {
				t.Fatal(err)
			}
			if err := compareDerived(file[name], got); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		})
		asked++
	}
	for _, d := range derivedQueries {
		ask(d.name, d.query)
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range file {
			if !yield(name) {
				return
			}
		}
	}) {
		var a answer
		if json.Unmarshal(file[name], &a) == nil && a.Query != "" && name != "q_count_distinct" {
			query, _, _ := strings.Cut(a.Query, "  (") // a remark
			ask(name, query)
		}
	}
	if asked < 20 {
		t.Errorf("only %d queries were asked", asked)
	}
}

// derivedWorld makes events of the records: at their start, as CloudWatch has them.
func derivedWorld(t *testing.T, dir string) *World {
	t.Helper()
	w := &World{Fields: discover.Options{Region: Region}}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".gz") {
			return err
		}
		return loadDerived(w, path)
	})
	if err != nil || len(w.Events) == 0 {
		t.Fatalf("%d events: %v", len(w.Events), err)
	}
	w.bound()
	return w
}

func loadDerived(w *World, path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(z)
	lines.Scan()
	format, ok := flowlog.ParseHeader(lines.Text())
	if !ok {
		return fmt.Errorf("%s has no header", path)
	}
	start := slices.Index(format.Names(), "start")
	for lines.Scan() {
		seconds, err := strconv.ParseInt(strings.Fields(lines.Text())[start], 10, 64)
		if err != nil {
			return err
		}
		w.Events = append(w.Events, discover.Event{
			Account: Account, Group: "/derived", Stream: filepath.Base(path), Timestamp: seconds * 1000, Ingestion: seconds * 1000,
			Message: lines.Text(), Format: &format, Ptr: strconv.Itoa(len(w.Events)),
		})
	}
	return lines.Err()
}

// compareDerived compares an answer of the file with a result.
func compareDerived(raw json.RawMessage, got *insights.Result) error {
	var n float64
	if json.Unmarshal(raw, &n) == nil {
		return compareRows([][]any{{n}}, got, false)
	}
	var counts map[string]float64
	if json.Unmarshal(raw, &counts) == nil {
		if len(got.Rows) == 1 { // percentiles
			if len(counts) != 4 {
				return fmt.Errorf("%d percentiles", len(counts))
			}
			return compareRows([][]any{{counts["50"], counts["90"], counts["95"], counts["99"]}}, got, false)
		}
		var rows [][]any
		for k, n := range counts {
			rows = append(rows, []any{k, n})
		}
		return compareRows(rows, got, false)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	switch {
	case a.Rows != nil:
		return compareRows(a.Rows, got, false)
	case a.Row != nil:
		return compareRows([][]any{a.Row}, got, false)
	case a.Top == nil:
		return fmt.Errorf("the file has no answer: %s", raw)
	}
	var rows [][]any
	for _, top := range a.Top {
		pair, ok := top.([]any)
		if !ok || len(pair) != 2 {
			return fmt.Errorf("no pair: %v", top)
		}
		keys, ok := pair[0].([]any)
		if !ok {
			keys = pair[:1]
		}
		rows = append(rows, append(slices.Clone(keys), pair[1]))
	}
	// Groups of equal counts may be in another order, and the last ones others.
	return compareRows(rows, got, a.Tied || len(got.Rows) > len(rows))
}

// compareRows compares rows without their order. With cut the rows that are there more, or the last ones where they are
// tied, need not be the same: those with a greater number than the least must.
func compareRows(want [][]any, got *insights.Result, cut bool) error {
	write := func(v any) string {
		if f, ok := v.(float64); ok {
			return value.FormatNumber(f)
		}
		return fmt.Sprint(v)
	}
	var wanted, rows []string
	least := -1.0
	for _, row := range want {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = write(v)
		}
		if n, ok := row[len(row)-1].(float64); ok && (least < 0 || n < least) {
			least = n
		}
		wanted = append(wanted, strings.Join(cells, " | "))
	}
	for _, row := range got.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = v.String()
			if v.Kind() == value.TimeKind { // the file has seconds
				ms, _ := v.Millis()
				cells[i] = value.FormatNumber(float64(ms / 1000))
			}
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	if cut {
		above := func(line string) bool {
			n, _ := value.ParseNumber(line[strings.LastIndex(line, " ")+1:])
			return n > least
		}
		wanted = slices.DeleteFunc(wanted, func(s string) bool { return !above(s) })
		rows = slices.DeleteFunc(rows, func(s string) bool { return !above(s) })
	}
	slices.Sort(wanted)
	slices.Sort(rows)
	if len(wanted) == 0 || !slices.Equal(wanted, rows) {
		return fmt.Errorf("want\n\t%s\ngot\n\t%s", strings.Join(wanted, "\n\t"), strings.Join(rows, "\n\t"))
	}
	return nil
}

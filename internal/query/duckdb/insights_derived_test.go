package duckdb

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/sharedtest"
)

// derivedAnswers are queries whose answers others computed, by their names in
// expected_query_results.json: rows of the by values and what was asked for, or one value.
var derivedAnswers = []struct{ name, query string }{
	{"records", "stats count(*)"},
	{"sum_packets", "stats sum(packets)"},
	{"sum_bytes", "stats sum(bytes)"},
	{"count_by_action", "stats count(*) by action"},
	{"count_by_protocol", "stats count(*) by protocol"},
	{"q_top10_src_by_bytes", "stats sum(bytes) as b by srcAddr | sort b desc"},
	{"q_top15_pairs_by_packets", "stats sum(packets) as p by srcAddr, dstAddr | sort p desc"},
	{"q_top10_pairs_by_bytes", "stats sum(bytes) as b by srcAddr, dstAddr | sort b desc"},
	{"q_udp_count_by_src", "filter protocol=17 | stats count(*) as n by srcAddr | sort n desc"},
	{"q_top20_rejected_src", `filter action="REJECT" | stats count(*) as n by srcAddr | sort n desc`},
	{"q_subnet_top15_dst", `filter isIpv4InSubnet(srcAddr, "10.0.0.0/8") | stats sum(bytes) as b by dstAddr | sort b desc`},
	{"q_nat_like", "filter dstAddr like '10.' and srcAddr not like '10.' | stats sum(bytes) as b by srcAddr, dstAddr | sort b desc"},
	{"q_dstport_rejected_top10", `filter action = "REJECT" and protocol = 6 | stats count(*) as n by dstPort | sort n desc`},
	{"q_avg_min_max_bytes_by_protocol", "stats avg(bytes), min(bytes), max(bytes) by protocol"},
	{"q_ssh_per_minute", "filter dstPort=22 and protocol=6 | stats count(*) by toMillis(bin(1m)) / 1000"},
	{"q_rdp_per_minute", "filter dstPort=3389 and protocol=6 | stats count(*) by toMillis(bin(1m)) / 1000"},
	{"q_bytes_by_bin_5m", "stats sum(bytes) by toMillis(bin(5m)) / 1000"},
	{"q_count_distinct", "stats count_distinct(srcAddr), count_distinct(dstAddr), count_distinct(interfaceId)"},
	{"contributor_insights_bytes_by_pair", "stats sum(bytes) as b by srcAddr, dstAddr | sort b desc"},
	{"contributor_insights_rejected_tcp", `filter protocol = 6 and action in ["REJECT"] | stats count(*) as n by interfaceId, srcAddr | sort n desc`},
}

// derivedLake takes the objects of the shared data set into a lake.
func derivedLake(t *testing.T, dir string) *lake.Lake {
	t.Helper()
	l := newLake(t, nil)
	var lines []string
	var format flowlog.Format
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		var text strings.Builder
		if _, err := z.WriteTo(&text); err != nil {
			return err
		}
		header, rest, _ := strings.Cut(strings.TrimSuffix(text.String(), "\n"), "\n")
		found, ok := flowlog.ParseHeader(header)
		if !ok {
			return fmt.Errorf("%s: no header", path)
		}
		format = found
		lines = append(lines, strings.Split(rest, "\n")...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	takeObject(t, l, "/objects/derived", "fl-1", format, lines)
	return l
}

// TestInsightsDerived asks queries whose answers others computed, of records of real traffic.
func TestInsightsDerived(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	b, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), derivedLake(t, dir), Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, a := range derivedAnswers {
		t.Run(a.name, func(t *testing.T) {
			q, err := insights.Read(a.query+" | limit 100000", insights.CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Insights(t.Context(), q, &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "all"}}}, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, row := range got.Rows {
				rows = append(rows, fmt.Sprint(row))
			}
			if err := sameAnswer(all[a.name], rows); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestInsightsDerivedRanks asks for percentiles, which are of the nearest rank, and for the first record of each
// conversation.
func TestInsightsDerivedRanks(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	b, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Ranks map[string]float64 `json:"q_pct_bytes_exact_nearest_rank"`
		Dedup int                `json:"q_dedup_5tuple_rows"`
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), derivedLake(t, dir), Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ask := func(text string) *insights.Result {
		q, err := insights.Read(text, insights.CheckOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Insights(t.Context(), q, &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "all"}}}, query.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if len(want.Ranks) == 0 {
		t.Fatal("no percentiles are expected")
	}
	for p, bytes := range want.Ranks {
		if got, _ := ask("stats pct(bytes, " + p + ")").Rows[0][0].Number(); got != bytes {
			t.Errorf("percentile %s is %v, want %v", p, got, bytes)
		}
	}
	if got := len(ask("dedup srcAddr, dstAddr, srcPort, dstPort, protocol | limit 100000").Rows); got != want.Dedup {
		t.Errorf("%d conversations, want %d", got, want.Dedup)
	}
}

// sameAnswer compares rows with an answer of the file: one value, an object of keys and values, one row, all
// rows, or the first ones, of which those that tie at the end may be others.
func sameAnswer(raw json.RawMessage, rows []string) error {
	var one json.Number
	if json.Unmarshal(raw, &one) == nil {
		return sameRows([]string{"[" + one.String() + "]"}, rows)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	var want struct {
		Rows, Top [][]any
		Row       []any
		Groups    int
		Tied      bool `json:"tie_at_cut"`
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		return err
	}
	texts := func(list [][]any) (out []string) {
		for _, row := range list {
			out = append(out, fmt.Sprint(flat(row)))
		}
		return out
	}
	switch {
	case want.Row != nil:
		return sameRows(texts([][]any{want.Row}), rows)
	case want.Rows != nil:
		return sameRows(texts(want.Rows), rows)
	case want.Top != nil:
		if want.Groups > 0 && want.Groups != len(rows) {
			return fmt.Errorf("%d rows, want %d", len(rows), want.Groups)
		}
		top := texts(want.Top)
		if want.Tied { // the last may be another one
			top = top[:len(top)-1]
		}
		for _, row := range top {
			if i := slices.Index(rows, row); i < 0 || i > len(want.Top)+5 {
				return fmt.Errorf("%s is at place %d", row, i)
			}
		}
		return nil
	}
	var pairs []string
	for k, v := range object {
		pairs = append(pairs, "["+k+" "+string(v)+"]")
	}
	return sameRows(pairs, rows)
}

// flat returns a row without lists in it, and with numbers as weir writes them.
func flat(row []any) (out []string) {
	for _, v := range row {
		switch v := v.(type) {
		case []any:
			out = append(out, flat(v)...)
		case json.Number:
			f, _ := v.Float64()
			out = append(out, value.FormatNumber(f))
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
	return out
}

// sameRows compares rows without their order.
func sameRows(want, got []string) error {
	slices.Sort(want)
	got = slices.Sorted(slices.Values(got))
	if !slices.Equal(want, got) {
		return fmt.Errorf("rows %v, want %v", got[:min(len(got), 20)], want[:min(len(want), 20)])
	}
	return nil
}

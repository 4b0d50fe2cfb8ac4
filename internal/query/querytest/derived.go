package querytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/query"
)

// answers are questions whose answers others computed: the plan, and under which
// name the answer stands in expected_query_results.json.
var answers = []struct{ name, plan string }{
	{"records", "vpc | aggregate n = count_rows()"},
	{"sum_packets", "vpc | aggregate n = sum(packets)"},
	{"sum_bytes", "vpc | aggregate n = sum(bytes)"},
	{"count_by_action", "vpc | aggregate n = count_rows() by action"},
	{"count_by_protocol", "vpc | aggregate n = count_rows() by protocol"},
	{"q_top10_src_by_bytes", "vpc | aggregate b = sum(bytes) by srcaddr"},
	{"q_top15_pairs_by_packets", "vpc | aggregate p = sum(packets) by srcaddr, dstaddr"},
	{"q_top10_pairs_by_bytes", "vpc | aggregate b = sum(bytes) by srcaddr, dstaddr"},
	{"q_udp_count_by_src", "vpc | where protocol = 17 | aggregate n = count_rows() by srcaddr"},
	{"q_top20_rejected_src", "vpc | where action = 'REJECT' | aggregate n = count_rows() by srcaddr"},
	{"q_subnet_top15_dst", "vpc | where ip_in(srcaddr, '10.0.0.0/8') | aggregate b = sum(bytes) by dstaddr"},
	{"q_nat_like", "vpc | where contains(dstaddr, '10.') and not contains(srcaddr, '10.') | aggregate b = sum(bytes) by srcaddr, dstaddr"},
	{"q_dstport_rejected_top10", "vpc | where action = 'REJECT' and protocol = 6 | aggregate n = count_rows() by dstport"},
	{"q_ssh_per_minute", "vpc | where dstport = 22 and protocol = 6 | aggregate n = count_rows() by minute = bin(start, 60)"},
	{"q_rdp_per_minute", "vpc | where dstport = 3389 and protocol = 6 | aggregate n = count_rows() by minute = bin(start, 60)"},
	{"q_bytes_by_bin_5m", "vpc | aggregate b = sum(bytes) by slot = bin(start, 300)"},
	{"q_avg_min_max_bytes_by_protocol", "vpc | aggregate a = avg(bytes), lo = min(bytes), hi = max(bytes) by protocol"},
	{"q_count_distinct", "vpc | aggregate s = count_distinct(srcaddr), d = count_distinct(dstaddr), i = count_distinct(interface_id)"},
	{"contributor_insights_bytes_by_pair", "vpc | aggregate b = sum(bytes) by srcaddr, dstaddr"},
	{"contributor_insights_rejected_tcp", "vpc | where protocol = 6 and action in ('REJECT') | aggregate n = count_rows() by interface_id, srcaddr"},
}

// expected is an answer as the file holds it: of the members, those that fit the
// question.
type expected struct {
	Rows [][]any `json:"rows"`
	Row  []any   `json:"row"`
	// Groups is the number of all rows, Top are the first by their last value,
	// Tied says that the last place is shared with rows that are not there.
	Groups int     `json:"groups"`
	Top    [][]any `json:"top"`
	Tied   bool    `json:"tie_at_cut"`
}

// RunDerived runs questions over the shared data set flowlogs/derived-flowlogs, which
// lies in dir: about 25,000 records of real traffic, with answers that were not
// computed by weir.
func RunDerived(t *testing.T, dir string, open Open) {
	batches, err := readFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	engine := open(t, batches)
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			if err := checkAnswer(engine, a.plan, all[a.name]); err != nil {
				t.Errorf("%s: %v", a.plan, err)
			}
		})
	}
}

// readFolder reads all flow logs in a folder and below.
func readFolder(dir string) ([]*flowlog.Batch, error) {
	var out []*flowlog.Batch
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".log.gz") {
			return err
		}
		batches, err := readObject(path)
		out = append(out, batches...)
		return err
	})
	return out, err
}

func readObject(path string) (_ []*flowlog.Batch, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	d, err := flowlog.NewDecoder(f, flowlog.Options{})
	if err != nil {
		return nil, err
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for r := range b.Records() {
			if err := complete(r); err != nil {
				return nil, err
			}
		}
		out = append(out, b)
	}
}

// checkAnswer runs a plan and compares its rows with the answer.
func checkAnswer(e query.Engine, plan string, answerJSON json.RawMessage) error {
	p, err := parsePlan(plan)
	if err != nil {
		return err
	}
	columns, err := p.Check()
	if err != nil {
		return err
	}
	rows, err := answer(context.Background(), e, p, query.Limits{})
	if err != nil {
		return err
	}
	x, err := readExpected(answerJSON)
	if err != nil {
		return err
	}
	want := slices.Concat(x.Rows, x.Top)
	if x.Row != nil {
		want = append(want, x.Row)
	}
	if want, err = typedRows(columns, want); err != nil {
		return err
	}
	if len(x.Top) > 0 {
		if len(rows) != x.Groups {
			return fmt.Errorf("%d groups, want %d", len(rows), x.Groups)
		}
		if rows, want, err = cut(e, p, want, x.Tied); err != nil {
			return err
		}
	}
	if diff := diffRows(want, rows, false); diff != "" {
		return errors.New(diff)
	}
	return nil
}

// cut runs the plan for its first rows by the last column, and leaves out those that
// share the last place where that is tied.
func cut(e query.Engine, p query.Plan, want [][]any, tied bool) (gotRows, wantRows [][]any, err error) {
	columns, err := p.Check()
	if err != nil {
		return nil, nil, err
	}
	by := &query.Ref{Name: columns[len(columns)-1].Name}
	p.Stages = append(p.Stages, &query.Sort{Keys: []query.SortKey{{Expr: by, Desc: true}}}, &query.Limit{N: int64(len(want))})
	got, err := answer(context.Background(), e, p, query.Limits{})
	if err != nil || !tied {
		return got, want, err
	}
	value := func(row []any) any { return row[len(row)-1] }
	last := value(want[len(want)-1])
	above := func(rows [][]any) (out [][]any) {
		for _, row := range rows {
			if query.Compare(value(row), last) > 0 {
				out = append(out, row)
			}
		}
		return out
	}
	return above(got), above(want), nil
}

// readExpected reads an answer: a number, counts by value, or an object.
func readExpected(b json.RawMessage) (x expected, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return x, err
	}
	counts, ok := v.(map[string]any)
	if !ok {
		return expected{Row: []any{v}}, nil
	}
	for _, member := range []string{"rows", "row", "top"} {
		if _, ok := counts[member]; ok {
			d = json.NewDecoder(bytes.NewReader(b))
			d.UseNumber()
			return x, d.Decode(&x)
		}
	}
	for value, n := range counts {
		x.Rows = append(x.Rows, []any{value, n})
	}
	return x, nil
}

// typedRows makes rows of the columns' types of rows from JSON, in which several
// keys stand in a list of their own.
func typedRows(columns []query.Column, rows [][]any) ([][]any, error) {
	var out [][]any
	for _, row := range rows {
		if keys, ok := row[0].([]any); ok {
			row = append(keys, row[1:]...)
		}
		if len(row) != len(columns) {
			return nil, fmt.Errorf("the answer has %d values for %d columns", len(row), len(columns))
		}
		typed := make([]any, len(row))
		for i, v := range row {
			var err error
			switch s := fmt.Sprint(v); columns[i].Type {
			case query.Int:
				typed[i], err = strconv.ParseInt(s, 10, 64)
			case query.Float:
				typed[i], err = strconv.ParseFloat(s, 64)
			default:
				typed[i] = s
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, typed)
	}
	return out, nil
}

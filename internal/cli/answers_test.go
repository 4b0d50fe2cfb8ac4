package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

// rank is SQL for a percentile of the bytes by nearest rank.
const rank = `SELECT bytes FROM (SELECT bytes, row_number() OVER (ORDER BY bytes) AS place, count(*) OVER () AS n FROM vpc_flow_logs)
	WHERE place = ceil(n * %d / 100)`

// answers are the questions of the shared data set derived-flowlogs, under the
// names of its file of answers, which others computed, in SQL. A question of a
// ranking gives all its groups.
var answers = []struct{ name, sql string }{
	{"records", "SELECT count(*) AS n FROM vpc_flow_logs"},
	{"files", "SELECT count(DISTINCT weir_object) AS n FROM vpc_flow_logs"},
	{"sum_packets", "SELECT sum(packets) AS n FROM vpc_flow_logs"},
	{"sum_bytes", "SELECT sum(bytes) AS n FROM vpc_flow_logs"},
	{"count_by_action", "SELECT action, count(*) AS n FROM vpc_flow_logs GROUP BY 1"},
	{"count_by_protocol", "SELECT protocol, count(*) AS n FROM vpc_flow_logs GROUP BY 1"},
	{"q_top10_src_by_bytes", "SELECT srcaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY 2 DESC"},
	{"q_top15_pairs_by_packets", "SELECT srcaddr, dstaddr, sum(packets) AS p FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 3 DESC"},
	{"q_top10_pairs_by_bytes", "SELECT srcaddr, dstaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 3 DESC"},
	{"q_udp_count_by_src", "SELECT srcaddr, count(*) AS n FROM vpc_flow_logs WHERE protocol = 17 GROUP BY 1 ORDER BY 2 DESC"},
	{"q_top20_rejected_src", "SELECT srcaddr, count(*) AS n FROM vpc_flow_logs WHERE action = 'REJECT' GROUP BY 1 ORDER BY 2 DESC"},
	{"q_subnet_top15_dst", "SELECT dstaddr, sum(bytes) AS b FROM vpc_flow_logs WHERE ip_in(srcaddr, '10.0.0.0/8') GROUP BY 1 ORDER BY 2 DESC"},
	{"q_nat_like", `SELECT srcaddr, dstaddr, sum(bytes) AS b FROM vpc_flow_logs
		WHERE contains(dstaddr, '10.') AND NOT contains(srcaddr, '10.') GROUP BY 1, 2 ORDER BY 3 DESC`},
	{"q_dstport_rejected_top10", "SELECT dstport, count(*) AS n FROM vpc_flow_logs WHERE action = 'REJECT' AND protocol = 6 GROUP BY 1 ORDER BY 2 DESC"},
	{"q_ssh_per_minute", "SELECT start // 60 * 60 AS minute, count(*) AS n FROM vpc_flow_logs WHERE dstport = 22 AND protocol = 6 GROUP BY 1 ORDER BY 1"},
	{"q_rdp_per_minute", "SELECT start // 60 * 60 AS minute, count(*) AS n FROM vpc_flow_logs WHERE dstport = 3389 AND protocol = 6 GROUP BY 1 ORDER BY 1"},
	{"q_bytes_by_bin_5m", "SELECT start // 300 * 300 AS slot, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY 1"},
	{"q_avg_min_max_bytes_by_protocol", "SELECT protocol, avg(bytes) AS a, min(bytes) AS lo, max(bytes) AS hi FROM vpc_flow_logs GROUP BY 1 ORDER BY 1"},
	{"q_count_distinct", "SELECT count(DISTINCT srcaddr) AS s, count(DISTINCT dstaddr) AS d, count(DISTINCT interface_id) AS i FROM vpc_flow_logs"},
	{"q_pct_bytes_exact_nearest_rank", fmt.Sprintf("SELECT 50 AS p, ("+rank+") AS b UNION ALL SELECT 90, ("+rank+") UNION ALL SELECT 95, ("+rank+") UNION ALL SELECT 99, ("+rank+")", 50, 90, 95, 99)},
	{"q_dedup_5tuple_rows", "SELECT count(*) AS n FROM (SELECT DISTINCT srcaddr, dstaddr, srcport, dstport, protocol FROM vpc_flow_logs)"},
	{"contributor_insights_bytes_by_pair", "SELECT srcaddr, dstaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 3 DESC"},
	{"contributor_insights_rejected_tcp", "SELECT interface_id, srcaddr, count(*) AS n FROM vpc_flow_logs WHERE protocol = 6 AND action IN ('REJECT') GROUP BY 1, 2 ORDER BY 3 DESC"},
}

// noAnswers are members of the file that are no answers.
var noAnswers = []string{"format"}

// TestAnswers takes the shared data set in and compares every answer that its file
// holds with what weir query says.
func TestAnswers(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs")
	text, err := os.ReadFile(filepath.Join(dir, "expected_query_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range noAnswers {
		delete(file, name)
	}
	data := t.TempDir()
	mustCall(t, "--data", data, "open", dir)
	checkAnswers(t, data, file)
}

// checkAnswers compares the answers of a lake that holds derived-flowlogs.
func checkAnswers(t *testing.T, data string, file map[string]json.RawMessage) {
	t.Helper()
	left := map[string]bool{}
	for name := range file {
		left[name] = true
	}
	for _, a := range answers {
		delete(left, a.name)
		rows := queryRows(t, data, a.sql)
		if err := compareAnswer(file[a.name], rows); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
	for name := range left {
		t.Errorf("%s: no question asks for it", name)
	}
}

// queryRows returns the rows of a query as texts, as JSON writes them.
func queryRows(t *testing.T, data, sql string) [][]string {
	t.Helper()
	out := mustCall(t, "--data", data, "query", "--format", "jsonl", sql)
	var rows [][]string
	for line := range strings.Lines(out) {
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var row []string
		for {
			tok, err := d.Token() // the columns in order, which a map would lose
			if err != nil {
				break
			}
			if _, brace := tok.(json.Delim); brace {
				continue
			}
			value, err := d.Token()
			if err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			row = append(row, fmt.Sprint(value))
		}
		rows = append(rows, row)
	}
	return rows
}

// expectedAnswer is an answer of the file: of the members, those that fit the
// question.
type expectedAnswer struct {
	Rows   [][]json.Number `json:"rows"`
	Row    []json.Number   `json:"row"`
	Groups int             `json:"groups"`
	Top    [][2]any        `json:"top"` // key or keys, and the value
}

// compareAnswer compares rows with an answer of the file.
func compareAnswer(want json.RawMessage, rows [][]string) error {
	var number json.Number
	if json.Unmarshal(want, &number) == nil {
		return sameRows([][]json.Number{{number}}, rows)
	}
	var byKey map[string]json.Number
	if json.Unmarshal(want, &byKey) == nil {
		if len(byKey) != len(rows) {
			return fmt.Errorf("%d groups, want %d", len(rows), len(byKey))
		}
		for _, r := range rows {
			if w, ok := byKey[r[0]]; !ok || !sameNumber(w.String(), r[1]) {
				return fmt.Errorf("%s: %s, want %q", r[0], r[1], w)
			}
		}
		return nil
	}
	var e expectedAnswer
	if err := json.Unmarshal(want, &e); err != nil {
		return err
	}
	switch {
	case e.Rows != nil:
		return sameRows(e.Rows, rows)
	case e.Row != nil:
		return sameRows([][]json.Number{e.Row}, rows)
	case len(e.Top) == 0:
		return errors.New("the file holds no answer")
	case len(rows) != e.Groups:
		return fmt.Errorf("%d groups, want %d", len(rows), e.Groups)
	}
	return sameRanking(e.Top, rows)
}

// sameRows compares rows of numbers in order.
func sameRows(want [][]json.Number, got [][]string) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d rows, want %d", len(got), len(want))
	}
	for i, w := range want {
		if len(got[i]) != len(w) {
			return fmt.Errorf("row %d has %d columns, want %d", i+1, len(got[i]), len(w))
		}
		for j := range w {
			if !sameNumber(w[j].String(), got[i][j]) {
				return fmt.Errorf("row %d is %v, want %v", i+1, got[i], w)
			}
		}
	}
	return nil
}

// sameNumber compares two numbers exactly: integers by their digits, others as
// float64, since 48 and 48.0 are one average.
func sameNumber(want, got string) bool {
	if want == got {
		return true
	}
	w, err1 := strconv.ParseFloat(want, 64)
	g, err2 := strconv.ParseFloat(got, 64)
	return err1 == nil && err2 == nil && w == g && strings.Contains(want, ".")
}

// sameRanking checks that each group of the top has its value, and that the values
// are the highest ones in order. Groups of equal values may stand in any order.
func sameRanking(top [][2]any, rows [][]string) error {
	values := map[string]string{}
	for _, r := range rows {
		values[strings.Join(r[:len(r)-1], " ")] = r[len(r)-1]
	}
	for i, w := range top {
		key := fmt.Sprint(w[0])
		if list, ok := w[0].([]any); ok {
			parts := make([]string, len(list))
			for j, k := range list {
				parts[j] = fmt.Sprint(k)
			}
			key = strings.Join(parts, " ")
		}
		value := strconv.FormatFloat(w[1].(float64), 'f', -1, 64)
		if values[key] != value {
			return fmt.Errorf("%s has %q, want %s", key, values[key], value)
		}
		if last := rows[i][len(rows[i])-1]; last != value {
			return fmt.Errorf("place %d has %s, want %s", i+1, last, value)
		}
	}
	return nil
}

package app

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/console"
	"weir/internal/dashboard"
	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/query"
	"weir/internal/savedquery"
	"weir/internal/synth"
)

// answered asks in a language and returns the rows.
func answered(t *testing.T, v *server, language string, q console.Question) (columns []query.Column, rows [][]any, a *console.Answer) {
	t.Helper()
	for _, l := range v.languages() {
		if l.Name != language {
			continue
		}
		if q.Text == "" {
			q.Text = l.Example
		}
		a, err := l.Ask(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", q.Text, err)
		}
		defer a.Rows.Close()
		for {
			row, err := a.Rows.Next()
			if err == io.EOF {
				return a.Rows.Columns(), rows, a
			}
			if err != nil {
				t.Fatalf("%s: %v", q.Text, err)
			}
			rows = append(rows, append([]any(nil), row...))
		}
	}
	t.Fatalf("there is no language %q", language)
	return nil, nil, nil
}

// TestLanguages asks the same in each language over one lake, and runs all that comes with weir.
func TestLanguages(t *testing.T) {
	logs := t.TempDir()
	c := synth.DefaultConfig()
	c.Records = 15_000
	if _, err := synth.WriteDir(t.Context(), logs, c, nil); err != nil {
		t.Fatal(err)
	}
	s, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{logs}}, nil); err != nil {
		t.Fatal(err)
	}
	v := &server{s: s}

	_, sql, a := answered(t, v, "sql", console.Question{})
	_, logged, b := answered(t, v, "insights", console.Question{})
	_, athena, c3 := answered(t, v, "athena", console.Question{})
	if diff := cmp.Diff(sql, logged); diff != "" || len(sql) != 10 {
		t.Errorf("%d rows (-sql +insights):\n%s", len(sql), diff)
	}
	if diff := cmp.Diff(sql, athena); diff != "" {
		t.Errorf("(-sql +athena):\n%s", diff)
	}
	for name, read := range map[string]console.Read{"sql": a.Read(), "athena": c3.Read(), "insights": b.Read()} {
		if read.Bytes <= 0 || read.Records <= 0 {
			t.Errorf("%s: read %+v", name, read)
		}
	}

	// A range bounds both alike: its end does not count.
	_, all, _ := answered(t, v, "sql", console.Question{Text: "SELECT min(start), count(*) FROM vpc_flow_logs"})
	first, ok := all[0][0].(int64)
	if !ok {
		t.Fatalf("rows %v", all)
	}
	half := console.Question{From: time.Unix(first, 0), To: time.Unix(first+3600, 0)}
	half.Text = "SELECT count(*) FROM vpc_flow_logs"
	_, sql, _ = answered(t, v, "sql", half)
	half.Text = "stats count(*)"
	_, logged, _ = answered(t, v, "insights", half)
	n, _ := sql[0][0].(int64)
	if diff := cmp.Diff(sql, logged); diff != "" || n == 0 || n == all[0][1] {
		t.Errorf("%d of %v records in the range (-sql +insights):\n%s", n, all[0][1], diff)
	}

	for _, d := range dashboard.Ready() {
		for _, p := range d.Panels {
			columns, rows, _ := answered(t, v, p.Language, console.Question{Text: p.Text})
			names := map[string]bool{"": true}
			for _, c := range columns {
				names[c.Name] = true
			}
			for _, name := range append(p.Chart.Values, p.Chart.X, p.Chart.Series) {
				if !names[name] {
					t.Errorf("%s, %s: there is no column %q", d.Name, p.Title, name)
				}
			}
			if len(rows) == 0 {
				t.Errorf("%s, %s: no rows", d.Name, p.Title)
			}
		}
	}
}

// TestReadyQueries checks that the analyses of AWS's integration are saved queries as others are.
func TestReadyQueries(t *testing.T) {
	s, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v := &server{s: s}
	heads, err := s.savedQueries(v.languages()).List()
	if err != nil || len(heads) < len(savedquery.All()) {
		t.Fatalf("%d queries, %v", len(heads), err)
	}
	ids := map[string]bool{}
	for _, h := range heads {
		q, err := s.savedQueries(v.languages()).Get(h.ID)
		if err != nil || q.Check() != nil || !q.Ready || ids[h.ID] {
			t.Errorf("%s: %v, %v", h.Name, err, q)
			continue
		}
		ids[h.ID] = true
		if !strings.Contains(q.Description, "Fill in") {
			answered(t, v, q.Language, console.Question{Text: q.Text}) // fails where it can't run
		}
	}
}

func TestLanguagesSayWhereAMistakeIs(t *testing.T) {
	s, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, l := range (&server{s: s}).languages() {
		text := map[string]string{"sql": "SELECT nothing FROM vpc_flow_logs", "athena": "SELECT nothing FROM vpc_flow_logs", "insights": "stats nothing(bytes)"}[l.Name]
		_, err := l.Ask(t.Context(), console.Question{Text: text})
		wrong, ok := errors.AsType[*query.TextError](err)
		if !ok || wrong.Offset < 5 || wrong.Offset > 8 || wrong.Message == "" {
			t.Errorf("%s: %#v", l.Name, err)
		}
	}
}

func TestThePageMakesNoTables(t *testing.T) {
	s, err := OpenLocal(t.Context(), LocalOptions{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, text := range []string{
		"CREATE DATABASE d", "CREATE TABLE t AS SELECT 1 AS a", "DROP TABLE vpc_flow_logs", "UNLOAD (SELECT 1) TO 's3://b/p/' WITH (format = 'PARQUET')",
		"PREPARE p FROM SELECT 1", "EXECUTE p",
	} {
		_, err := s.askAthena(t.Context(), console.Question{Text: text})
		if wrong, ok := errors.AsType[*query.TextError](err); !ok || wrong.Message != "the page runs queries, SHOW and DESCRIBE alone" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLogsRowsAreTypedByTheirValues(t *testing.T) {
	absent := value.Value{}
	r := &insights.Result{
		Columns: []string{"whole", "part", "time", "text", "mixed", "large", "none"},
		Rows: [][]value.Value{
			{value.Number(12345678), value.Number(1), value.Time(1500), value.Text("007"), value.Number(1), value.Number(1 << 60), absent},
			{absent, value.Number(0.5), absent, absent, value.Text("a"), absent, absent},
		},
	}
	rows := newLogsRows(r, 2)
	var types []string
	for _, c := range rows.Columns() {
		types = append(types, c.Type.String())
	}
	if diff := cmp.Diff([]string{"integer", "number", "time", "text", "text", "text", "text"}, types); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first, err := rows.Next()
	if err != nil {
		t.Fatal(err)
	}
	want := []any{int64(12345678), 1.0, time.UnixMilli(1500).UTC(), "007", "1", "1152921504606847000", nil}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	rows = newLogsRows(r, 1)
	if _, err := rows.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); !errors.Is(err, query.ErrLimit) {
		t.Errorf("a row too many: %v", err)
	}
}

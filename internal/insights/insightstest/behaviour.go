package insightstest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// A vector is a query that peers test with: events, and what they expect of it.
type vector struct {
	ID, Query string
	Events    []struct {
		LogGroup, LogStream, Message string
		Timestamp                    int64
	}
	Expect struct {
		Rows                           []map[string]string
		RowCount                       *int     `json:"row_count"`
		Messages                       []string `json:"messages_contain_in_order"`
		Present                        []string `json:"always_present"`
		RecordsScanned, RecordsMatched *float64
		Parsed                         *struct {
			Fields []string
			Limit  *int64
			Sort   [][2]string
		}
	}
}

// RunBehaviour asks an engine the queries of the shared file vectors/insights_behaviour.json.
func RunBehaviour(t *testing.T, file string, engine Engine) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 13 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			q, err := insights.Read(v.Query, insights.CheckOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if v.Expect.Parsed != nil {
				v.checkParsed(t, q)
				return
			}
			w := &World{}
			for i, e := range v.Events {
				w.Events = append(w.Events, discover.Event{
					Account: Account, Group: e.LogGroup, Stream: e.LogStream, Timestamp: e.Timestamp, Ingestion: e.Timestamp,
					Message: e.Message, Ptr: string(rune('a' + i)),
				})
			}
			w.bound()
			got, err := engine(t.Context(), w, q)
			if err != nil {
				t.Fatal(err)
			}
			v.check(t, got)
		})
	}
}

// checkParsed compares what is written of fields, limit and sort.
func (v *vector) checkParsed(t *testing.T, q *insights.Query) {
	t.Helper()
	fields, sort := []string{}, [][2]string{}
	var limit *int64
	for _, c := range q.Commands {
		switch c := c.(type) {
		case *insights.Fields:
			for _, it := range c.Items {
				fields = append(fields, it.Name)
			}
		case *insights.Limit:
			limit = &c.N
		case *insights.Sort:
			for _, k := range c.Keys {
				direction := "asc"
				if k.Desc {
					direction = "desc"
				}
				sort = append(sort, [2]string{k.Expr.String(), direction})
			}
		}
	}
	want := v.Expect.Parsed
	if !slices.Equal(fields, want.Fields) || !slices.Equal(sort, want.Sort) || (limit == nil) != (want.Limit == nil) || limit != nil && *limit != *want.Limit {
		t.Errorf("%s is parsed as %v, %v, %v", v.Query, fields, limit, sort)
	}
}

// check compares a result with what the vector says of it.
func (v *vector) check(t *testing.T, got *insights.Result) {
	t.Helper()
	x := v.Expect
	count := x.RowCount
	if count == nil && x.Rows != nil {
		n := len(x.Rows)
		count = &n
	}
	if count == nil || len(got.Rows) != *count {
		t.Fatalf("%d rows came:\n%s", len(got.Rows), Format(got))
	}
	column := func(row []value.Value, name string) string {
		if i := slices.Index(got.Columns, name); i >= 0 {
			return row[i].String()
		}
		return ""
	}
	for i, want := range x.Rows {
		for name, s := range want {
			if column(got.Rows[i], name) != s {
				t.Errorf("%s of row %d is not %s:\n%s", name, i, s, Format(got))
			}
		}
	}
	for i, part := range x.Messages {
		if !strings.Contains(column(got.Rows[i], "@message"), part) {
			t.Errorf("row %d has no %s:\n%s", i, part, Format(got))
		}
	}
	for _, name := range x.Present {
		if name != "@ptr" || len(got.Ptrs) != len(got.Rows) || slices.Contains(got.Ptrs, "") {
			t.Errorf("%s is not in each row", name)
		}
	}
	if x.RecordsScanned != nil && got.RecordsScanned != *x.RecordsScanned || x.RecordsMatched != nil && got.RecordsMatched != *x.RecordsMatched {
		t.Errorf("%v records scanned, %v matched", got.RecordsScanned, got.RecordsMatched)
	}
}

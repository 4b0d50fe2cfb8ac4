package console

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/query"
)

// maxSkip bounds how many records of one second the pages can go through. Formats
// without start have a whole hour in one second.
const maxSkip = 50_000

// recordsAnswer is the answer of records.
type recordsAnswer struct {
	Rows []record `json:"rows"`
	Next string   `json:"next"`
	noted
}

// record is a record as the API writes it: an object of the fields that it has, in
// the table's order.
type record struct {
	columns []query.Column
	values  []any
}

// MarshalJSON writes the object.
func (r record) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, v := range r.values {
		if v == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, r.columns[i].Name), ':')
		value, err := json.Marshal(jsonValue(v))
		if err != nil {
			return nil, err
		}
		out = append(out, value...)
	}
	return append(out, '}'), nil
}

// A page is a place between two records, newest first: behind the first skip of
// the records at a time, and behind all later ones. The zero page is the start.
type page struct {
	time int64 // seconds since the epoch
	skip int64
	set  bool
}

// parsePage reads the parameter after: "TIME.SKIP".
func parsePage(text string) (page, error) {
	if text == "" {
		return page{}, nil
	}
	p := page{set: true}
	at, skip, ok := strings.Cut(text, ".")
	var errs [2]error
	p.time, errs[0] = strconv.ParseInt(at, 10, 64)
	p.skip, errs[1] = strconv.ParseInt(skip, 10, 64)
	if !ok || errs[0] != nil || errs[1] != nil || p.skip < 0 {
		return page{}, badParam("after", "give the value of next of the page before", "%q is no place of a page", text)
	}
	if p.skip > maxSkip {
		return page{}, badParam("after", "narrow the filter: formats without start put a whole hour into one moment",
			"more than %d records have the same time", maxSkip)
	}
	return p, nil
}

// String returns the place as parsePage reads it.
func (p page) String() string { return fmt.Sprintf("%d.%d", p.time, p.skip) }

// records answers a page of records, newest first, with all their fields. The
// order of records of one second is fixed by all their fields, so that pages do
// not overlap.
func (c *console) records(ctx context.Context, r *request) (any, error) {
	limit, err := r.limit(100, maxPage)
	if err != nil {
		return nil, err
	}
	after, err := parsePage(r.values.Get("after"))
	if err != nil {
		return nil, err
	}
	answer := &recordsAnswer{Rows: []record{}}
	oldest, n, err := c.pageStart(ctx, r, after, after.skip+limit+1)
	if err != nil || n <= after.skip {
		return answer, err
	}
	// Records before the page's oldest time are none of the page, and leaving them
	// out of the scope spares reading the files that hold them.
	r.scope.From = oldest
	columns := query.TableColumns(r.kind)
	rows, err := c.run(ctx, r, r.pagePlan(after, newestFirst(columns), &query.Limit{N: after.skip + limit}), after.skip+limit)
	if err != nil {
		return nil, err
	}
	for _, row := range rows[min(after.skip, int64(len(rows))):] {
		answer.Rows = append(answer.Rows, record{columns, row[:len(columns)]})
	}
	if n > after.skip+limit {
		answer.Next = nextPage(rows).String()
	}
	return answer, nil
}

// pageStart returns the time of the oldest of the first n records of a page, and how
// many there are.
func (c *console) pageStart(ctx context.Context, r *request, after page, n int64) (time.Time, int64, error) {
	rows, err := c.run(ctx, r, r.pagePlan(after,
		&query.Project{Columns: []query.Named{{Name: "time", Expr: &query.Ref{Name: "time"}}}},
		&query.Sort{Keys: []query.SortKey{{Expr: &query.Ref{Name: "time"}, Desc: true}}},
		&query.Limit{N: n},
	), n)
	if err != nil || len(rows) == 0 {
		return time.Time{}, 0, err
	}
	oldest, ok := rows[len(rows)-1][0].(int64)
	if !ok { // records without any time come last
		return r.scope.From, int64(len(rows)), nil
	}
	return time.Unix(oldest, 0).UTC(), int64(len(rows)), nil
}

// pagePlan returns the plan of the records from a place on, with their time as a
// last column, through some stages.
func (r *request) pagePlan(after page, stages ...query.Stage) query.Plan {
	all := []query.Stage{&query.Extend{Columns: []query.Named{{Name: "time", Expr: query.RecordTime()}}}}
	if after.set {
		all = append(all, &query.Filter{Where: call(query.Le, &query.Ref{Name: "time"}, literal(after.time))})
	}
	return r.plan(append(all, stages...)...)
}

// newestFirst orders records by time and then by everything else that they hold.
func newestFirst(columns []query.Column) query.Stage {
	keys := []query.SortKey{{Expr: &query.Ref{Name: "time"}, Desc: true}}
	for _, c := range columns {
		if c.Type != query.TextMap {
			keys = append(keys, query.SortKey{Expr: &query.Ref{Name: c.Name}})
		}
	}
	return &query.Sort{Keys: keys}
}

// nextPage returns the place behind the last of the rows that a page was read from,
// those that it skipped included. Their last column is the time.
func nextPage(rows [][]any) page {
	last := len(rows[0]) - 1
	p := page{set: true}
	p.time, _ = rows[len(rows)-1][last].(int64)
	for i := len(rows) - 1; i >= 0 && rows[i][last] == any(p.time); i-- {
		p.skip++
	}
	return p
}

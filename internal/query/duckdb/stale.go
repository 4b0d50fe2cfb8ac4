package duckdb

import (
	"context"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// toldColumns are the columns that definitions of the network tell.
var toldColumns = func() (out []string) {
	for _, id := range lake.AttributionFields() {
		out = append(out, flowlog.FieldByID(id).Column)
	}
	return out
}()

func isTold(column string) bool { return slices.Contains(toldColumns, column) }

// stale returns what the answer to a query that was prepared rests on, where it may ask for what
// definitions tell.
func (s *session) stale(ctx context.Context, q *request, l *lake.Lake) query.Stale {
	if q.rollup != nil || !slices.Contains(q.tables, flowlog.KindVPC) || q.only != nil && !slices.ContainsFunc(q.only, isTold) {
		return query.Stale{}
	}
	hours, err := l.StaleIn(ctx, s.snap)
	if err != nil {
		return query.Stale{Problem: err.Error()}
	}
	stale := map[time.Time]bool{}
	for _, hour := range hours {
		stale[hour] = true
	}
	var out query.Stale
	for hour := range s.hoursOf(q) {
		out.Of++
		if stale[hour] {
			out.Hours++
		}
	}
	return out
}

// hoursOf returns the hours in which a query may find VPC flow log records, whatever is told of
// them: an hour that passes by what was told may not by what will be.
func (s *session) hoursOf(q *request) map[time.Time]bool {
	files := s.snap.Files(flowlog.KindVPC, lake.Bounds{From: s.scope.From, To: s.scope.To})
	scans := scansOf(s.scans, flowlog.KindVPC, s.snap)
	for i := range scans {
		scans[i].conds = slices.DeleteFunc(slices.Clone(scans[i].conds), func(c cond) bool { return isTold(c.column) })
	}
	if !q.whole && len(scans) > 0 { // else DuckDB knows without reading that nothing is found
		files, _ = matchingFiles(files, scans)
	}
	out := map[time.Time]bool{}
	for _, f := range files {
		out[f.Hour] = true
	}
	return out
}

package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"weir/internal/sqlitedb"
)

// keepResults is how long the results of a log alarm are kept, in milliseconds: as long as history, and those that are evaluated for as long as they are.
const keepResults = keepHistory

// A Result is what a run of a log alarm's query gave, as it was judged.
type Result struct {
	// Time is that of the run, in seconds since the epoch.
	Time int64
	// Missing says that the aggregation had no value.
	Missing bool
	Value   float64
	// Rows is how many rows the query gave, -1 where that was not kept.
	Rows int64
}

// Results returns the results of a log alarm from from to to (seconds since the epoch, both included), the oldest first; of more than limit the newest. They are
// kept for 30 days, and begin anew where the query, its aggregation, its log groups or its schedule is another. Of other alarms there are none. Error: ResourceNotFound.
func (s *Store) Results(ctx context.Context, name string, from, to int64, limit int) ([]Result, error) {
	a := s.current()[name]
	if a == nil {
		return nil, notFound()
	}
	var out []Result
	err := sqlitedb.EachRow(ctx, s.db, "SELECT time, value, found FROM results WHERE alarm = ? AND time BETWEEN ? AND ? ORDER BY time DESC LIMIT ?", func(r *sql.Rows) error {
		one := Result{Rows: -1}
		var value sql.NullFloat64
		var found sql.NullInt64
		if err := r.Scan(&one.Time, &value, &found); err != nil {
			return err
		}
		one.Missing, one.Value = !value.Valid, value.Float64
		if found.Valid {
			one.Rows = found.Int64
		}
		out = append(out, one)
		return nil
	}, a.id, from, to, limit)
	slices.Reverse(out)
	return out, err
}

// resultSlot makes a slot of a result as the database has it.
func resultSlot(at int64, value sql.NullFloat64) slot {
	return slot{time: at, there: value.Valid, Datapoint: Datapoint{Time: at, Value: value.Float64}}
}

// loadResults reads those results of a log alarm that are evaluated.
func (s *Store) loadResults(ctx context.Context, a *alarm) error {
	if a.Log == nil {
		return nil
	}
	return sqlitedb.EachRow(ctx, s.db, "SELECT time, value FROM results WHERE alarm = ? ORDER BY time DESC LIMIT ?", func(r *sql.Rows) error {
		var at int64
		var value sql.NullFloat64
		if err := r.Scan(&at, &value); err != nil {
			return err
		}
		a.results = append(a.results, resultSlot(at, value))
		return nil
	}, a.id, a.Log.ResultsToEvaluate)
}

// putResult writes a result, and forgets those that are neither evaluated nor shown any more.
func (b *batch) putResult(a *alarm, f *finding) error {
	value := sql.NullFloat64{Float64: f.result.Value, Valid: f.result.there}
	if _, err := b.tx.ExecContext(b.ctx, "INSERT INTO results (alarm, time, value, found) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, found = excluded.found",
		a.id, f.result.time, value, f.rows); err != nil {
		return err
	}
	a.results = slices.Clone(f.slots)
	_, err := b.tx.ExecContext(b.ctx, "DELETE FROM results WHERE alarm = ? AND time < ?", a.id, min(f.slots[len(f.slots)-1].time, (b.now-keepResults)/1000))
	return err
}

// Crossed returns the runs of which a reason of the alarm tells that their values crossed the threshold: their times in seconds since the epoch, the newest first. reasonData is
// the JSON of the reason; of another one there are none.
func (l *Log) Crossed(reasonData string) []int64 {
	var reason struct {
		Results []struct {
			Timestamp string   `json:"timestamp"`
			Value     *float64 `json:"value"`
		} `json:"results"`
	}
	if json.Unmarshal([]byte(reasonData), &reason) != nil {
		return nil
	}
	var out []int64
	for _, r := range reason.Results {
		at, err := time.Parse(isoForm, r.Timestamp)
		if err == nil && r.Value != nil && isBreaching(l.Comparison, *r.Value, l.Threshold) {
			out = append(out, at.Unix())
		}
	}
	return out
}

package alarm

import (
	"context"
	"database/sql"
)

// findLog runs the query of a log alarm for each of the times that are due, and judges the last results.
func (s *Store) findLog(ctx context.Context, src Source, p *plan) []finding {
	l, results := p.alarm.Log, p.alarm.results
	var out []finding
	for _, t := range p.times {
		r, err := src.LogResult(ctx, l, t.at)
		if err != nil {
			return append(out, failing(p.alarm, t, err))
		}
		result := resultSlot(t.at, sql.NullFloat64{Float64: r.Value, Valid: !r.Missing})
		results = append([]slot{result}, results[:min(len(results), l.ResultsToEvaluate-1)]...)
		out = append(out, finding{alarm: p.alarm, moment: t, judgement: l.judge(results), slots: results, result: &result, rows: r.Rows, lines: r.Lines})
	}
	return out
}

// judge judges results, the newest first. While there are fewer than the alarm evaluates, only what no later result can change is said.
func (l *Log) judge(results []slot) judgement {
	how := treatment(l.TreatMissingData)
	j := judge(results, l.Comparison, l.Threshold, l.ResultsToAlarm, len(results), how)
	if len(results) == l.ResultsToEvaluate {
		return j
	}
	over := j.over
	if j.asBreaching {
		over += j.filled
	}
	within := len(j.considered) + j.filled - over
	switch {
	case over >= l.ResultsToAlarm:
		j.state = Alarm
	case within > l.ResultsToEvaluate-l.ResultsToAlarm:
		j.state = OK
	default:
		j.state = ""
	}
	return j
}

// logReason is the JSON of the reason of a log alarm.
//
// Source: AWS, CloudWatch User Guide, "Log alarms", Actions and notifications. There results have the ids of executions, which weir does not have.
type logReason struct {
	Version           string      `json:"version"`
	QueryDate         string      `json:"queryDate"`
	Threshold         number      `json:"threshold"`
	ResultsToEvaluate int         `json:"queryResultsToEvaluate"`
	ResultsToAlarm    int         `json:"queryResultsToAlarm"`
	Results           []logResult `json:"results"`
}

type logResult struct {
	Status    string  `json:"status"`
	Timestamp string  `json:"timestamp"`
	Value     *number `json:"value,omitempty"`
}

func (l *Log) reasonData(results []slot, now int64) (string, error) {
	d := logReason{
		Version: "1.0", QueryDate: isoTime(now), Threshold: number(l.Threshold), ResultsToEvaluate: l.ResultsToEvaluate, ResultsToAlarm: l.ResultsToAlarm,
		Results: []logResult{},
	}
	for _, r := range results {
		one := logResult{Status: "COMPLETE", Timestamp: isoTime(r.time * 1000)}
		if r.there {
			one.Value = new(number(r.Value))
		}
		d.Results = append(d.Results, one)
	}
	all := d.Results
	return fitting(len(all), maxReasonData, func(k int) any {
		d.Results = all[:k]
		return d
	})
}

package query

import (
	"slices"
	"time"

	"weir/flowlog"
)

// IsZero reports whether the scope bounds nothing.
func (s Scope) IsZero() bool {
	return s.From.IsZero() && s.To.IsZero() && len(s.Accounts)+len(s.Regions)+len(s.Interfaces)+len(s.FlowLogs) == 0
}

// Holds reports whether a record lies in the scope.
func (s Scope) Holds(r flowlog.Record) bool {
	return inTime(r, s.From, s.To) &&
		among(r, flowlog.AccountID, s.Accounts) &&
		among(r, flowlog.WeirRegion, s.Regions) &&
		among(r, flowlog.InterfaceID, s.Interfaces) &&
		among(r, flowlog.WeirFlowLogID, s.FlowLogs)
}

// inTime reports whether a record's time lies between from, inclusive, and to,
// exclusive: its start, else the hour's slot. A record with neither lies in
// unbounded time only.
func inTime(r flowlog.Record, from, to time.Time) bool {
	if from.IsZero() && to.IsZero() {
		return true
	}
	seconds, ok := r.Int(flowlog.Start)
	if !ok {
		seconds, ok = r.Int(flowlog.WeirHour)
	}
	t := time.Unix(seconds, 0)
	return ok && !t.Before(from) && (to.IsZero() || t.Before(to))
}

// among reports whether a record's text is one of the values; no values do not
// bound.
func among(r flowlog.Record, f flowlog.FieldID, values []string) bool {
	if len(values) == 0 {
		return true
	}
	v, ok := r.Text(f)
	return ok && slices.Contains(values, v)
}

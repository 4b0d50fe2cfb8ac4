package query

import (
	"math"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/rollup"
)

// RecordTime returns the time that a record counts at, in seconds since the epoch:
// its start, or weir_hour where it has none. It is what a scope's bounds mean.
func RecordTime() Expr {
	return &Call{Coalesce, []Expr{
		&Ref{flowlog.FieldByID(flowlog.Start).Column},
		&Call{Epoch, []Expr{&Ref{flowlog.FieldByID(flowlog.WeirHour).Column}}},
	}}
}

// Rollup returns a rollup that answers the plan exactly as the records do, or nil
// where none does. It can where everything up to the first aggregation asks for
// nothing but its keys, times in multiples of its unit, the number of records, and the
// sums of packets and bytes. Names of a key, an address or the ENI that recorded, count as
// keys; it answers the plan only while none that it asks for changes within a unit
// ([Names.Rolls]). The plan must pass [Plan.Check].
func (p Plan) Rollup() *rollup.Rollup {
	if p.Kind != flowlog.KindVPC {
		return nil
	}
	for i := range rollup.All {
		if (rolling{&rollup.All[i]}).answers(p) {
			return &rollup.All[i]
		}
	}
	return nil
}

// rolled reports whether the column is of one field, and of the record's time at most.
func (c NameColumn) rolled() bool {
	switch c.From() {
	case FromRanges, FromCountries:
		return true
	case FromDefinition:
		return c.Of() == flowlog.InterfaceID
	}
	return false
}

// Rolls reports whether a column of names, for which a rollup may answer, tells the same of a
// record as of the beginning of its unit, for records of times from low to high, both
// inclusive.
func (n *Names) Rolls(c NameColumn, r *rollup.Rollup, low, high int64) bool {
	if c.From() != FromDefinition {
		return true // whatever the time is
	}
	low = max(low, math.MinInt64+r.Unit)
	low -= ((low % r.Unit) + r.Unit) % r.Unit
	for _, at := range n.Changes(c) {
		if at > low && at <= high && at%r.Unit != 0 {
			return false
		}
	}
	return true
}

// rolling tells what a rollup answers.
type rolling struct{ r *rollup.Rollup }

func (w rolling) answers(p Plan) bool {
	if !w.scope(p.Scope) {
		return false
	}
	held := !w.r.Some // all records that the plan asks for are in the rollup
	for _, s := range p.Stages {
		switch s := s.(type) {
		case *Filter:
			if !w.has(s.Where) {
				return false
			}
			held = held || onlyHeld(s.Where)
		case *Aggregate:
			return held && w.aggregate(s)
		default:
			return false
		}
	}
	return false
}

// scope reports whether the rollup tells the records of a scope from others.
func (w rolling) scope(s Scope) bool {
	for _, t := range []time.Time{s.From, s.To} {
		if !t.IsZero() && (t.Nanosecond() != 0 || t.Unix()%w.r.Unit != 0) {
			return false
		}
	}
	for _, in := range []struct {
		field  flowlog.FieldID
		values []string
	}{
		{flowlog.AccountID, s.Accounts},
		{flowlog.WeirRegion, s.Regions},
		{flowlog.InterfaceID, s.Interfaces},
		{flowlog.WeirFlowLogID, s.FlowLogs},
	} {
		if len(in.values) > 0 && !w.r.Has(in.field) {
			return false
		}
	}
	return true
}

// aggregate reports whether the rollup's sums give those of an aggregation.
func (w rolling) aggregate(s *Aggregate) bool {
	for _, n := range s.By {
		if !w.has(n.Expr) {
			return false
		}
	}
	for _, a := range s.Aggs {
		if a.Where != nil && !w.has(a.Where) {
			return false
		}
		switch a.Func {
		case CountRows:
		case Sum:
			if ref, ok := a.Arg.(*Ref); !ok || !slices.Contains(rolledSums, ref.Name) {
				return false
			}
		case Count, CountDistinct, Min, Max:
			if !w.has(a.Arg) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// rolledSums are the columns that are summed up.
var rolledSums = []string{flowlog.FieldByID(flowlog.Packets).Column, flowlog.FieldByID(flowlog.Bytes).Column}

// recordTimeText is RecordTime as text.
var recordTimeText = RecordTime().String()

// has reports whether the rollup has all that an expression asks for.
func (w rolling) has(e Expr) bool {
	switch e := e.(type) {
	case *Literal:
		return true
	case *Ref:
		if c, isName := LookupName(e.Name); isName { // the plan is named, else it did not pass
			return c.rolled() && w.r.Has(c.Of())
		}
		f, ok := flowlog.Lookup(e.Name)
		return ok && f.Column == e.Name && w.r.Has(f.ID)
	case *Call:
		if e.Func == Bin && e.Args[0].String() == recordTimeText {
			width, ok := e.Args[1].(*Literal)
			if !ok {
				return false
			}
			n, ok := width.Value.(int64)
			return ok && n%w.r.Unit == 0
		}
		return !slices.ContainsFunc(e.Args, func(a Expr) bool { return !w.has(a) })
	}
	return false
}

// onlyHeld reports whether a condition is met only by records that rollups of some
// records hold: those that were refused, or whose destination port is well known.
func onlyHeld(where Expr) bool {
	c, ok := where.(*Call)
	if !ok {
		return false
	}
	switch c.Func {
	case And:
		return slices.ContainsFunc(c.Args, onlyHeld)
	case Or:
		return !slices.ContainsFunc(c.Args, func(e Expr) bool { return !onlyHeld(e) })
	case Eq, In:
		ref, ok := c.Args[0].(*Ref)
		if !ok {
			return false
		}
		for _, a := range c.Args[1:] {
			lit, ok := a.(*Literal)
			if !ok || !heldValue(ref.Name, lit.Value) {
				return false
			}
		}
		return true
	}
	return false
}

// heldValue reports whether all records with a value of a column are held.
func heldValue(column string, v any) bool {
	switch v := v.(type) {
	case string:
		return column == flowlog.FieldByID(flowlog.Action).Column && v == rollup.Refused
	case int64:
		return column == flowlog.FieldByID(flowlog.DstPort).Column && rollup.WellKnown(v)
	}
	return false
}

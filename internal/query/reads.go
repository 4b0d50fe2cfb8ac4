package query

import (
	"slices"

	"weir/flowlog"
)

// Reads returns the table's columns whose values the plan asks for, in the
// table's order. A column that a stage adds and no later one uses does not count,
// so that a plan that only counts its records reads none. The plan must pass
// [Plan.Check].
func (p Plan) Reads() []string {
	need := nameSet{}
	if columns, err := p.Check(); err == nil {
		for _, c := range columns {
			need[c.Name] = true
		}
	}
	for _, s := range slices.Backward(p.Stages) {
		need = need.before(s)
	}
	p.Scope.reads(need)
	if p.Named {
		need.addOfNames()
	}
	var out []string
	for _, f := range flowlog.Fields(p.Kind) {
		if need[f.Column] {
			out = append(out, f.Column)
		}
	}
	return out
}

// nameSet is a set of column names.
type nameSet map[string]bool

// before returns which columns a stage needs to come in so that those of the set
// can come out.
func (need nameSet) before(s Stage) nameSet {
	in := nameSet{}
	switch s := s.(type) {
	case *Project:
		in.addNamed(s.Columns, need)
	case *Aggregate:
		for _, n := range s.By {
			in.add(n.Expr)
		}
		for _, a := range s.Aggs {
			if need[a.Name] {
				in.add(a.Arg)
				in.add(a.Where)
			}
		}
	case *Extend:
		for name := range need {
			in[name] = true
		}
		for _, n := range s.Columns {
			delete(in, n.Name)
		}
		in.addNamed(s.Columns, need)
	case *Filter:
		need.add(s.Where)
		return need
	case *Sort:
		for _, k := range s.Keys {
			need.add(k.Expr)
		}
		return need
	default:
		return need
	}
	return in
}

// addOfNames adds the columns that tell whose names those of the set are, and when.
func (need nameSet) addOfNames() {
	for _, c := range NameColumns() {
		if !need[c.String()] {
			continue
		}
		for _, f := range c.Needs() {
			need[flowlog.FieldByID(f).Column] = true
		}
	}
}

// addNamed adds the references of those expressions whose names are needed.
func (need nameSet) addNamed(list []Named, needed nameSet) {
	for _, n := range list {
		if needed[n.Name] {
			need.add(n.Expr)
		}
	}
}

// add adds the references of an expression.
func (need nameSet) add(e Expr) {
	switch x := e.(type) {
	case *Ref:
		need[x.Name] = true
	case *Call:
		for _, a := range x.Args {
			need.add(a)
		}
	}
}

// reads adds the columns that the scope asks for.
func (s Scope) reads(need nameSet) {
	for _, bound := range []struct {
		set bool
		ids []flowlog.FieldID
	}{
		{!s.From.IsZero() || !s.To.IsZero(), []flowlog.FieldID{flowlog.Start, flowlog.WeirHour}},
		{len(s.Accounts) > 0, []flowlog.FieldID{flowlog.AccountID}},
		{len(s.Regions) > 0, []flowlog.FieldID{flowlog.WeirRegion}},
		{len(s.Interfaces) > 0, []flowlog.FieldID{flowlog.InterfaceID}},
		{len(s.FlowLogs) > 0, []flowlog.FieldID{flowlog.WeirFlowLogID}},
	} {
		for _, id := range bound.ids {
			if bound.set {
				need[flowlog.FieldByID(id).Column] = true
			}
		}
	}
}

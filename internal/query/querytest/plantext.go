package querytest

import (
	"fmt"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// parsePlan reads a plan.
func parsePlan(s string) (query.Plan, error) { return parse(s, (*parser).plan) }

func (p *parser) plan() query.Plan {
	var out query.Plan
	switch {
	case p.take("vpc"):
		out.Kind = flowlog.KindVPC
	case p.take("tgw"):
		out.Kind = flowlog.KindTGW
	default:
		p.fail("a plan begins with vpc or tgw, not with %s", p.peek())
	}
	if p.take("scope") {
		p.want("(")
		list(p, func() struct{} { p.bound(&out.Scope); return struct{}{} })
		p.want(")")
	}
	for p.take("|") {
		out.Stages = append(out.Stages, p.stage())
	}
	return out
}

// bound reads one bound of a scope.
func (p *parser) bound(s *query.Scope) {
	name := p.name()
	p.want("=")
	value := p.value()
	moment, isTime := value.(time.Time)
	text, isText := value.(string)
	switch {
	case name == "from" && isTime:
		s.From = moment
	case name == "to" && isTime:
		s.To = moment
	case name == "account" && isText:
		s.Accounts = append(s.Accounts, text)
	case name == "region" && isText:
		s.Regions = append(s.Regions, text)
	case name == "interface" && isText:
		s.Interfaces = append(s.Interfaces, text)
	case name == "flow_log" && isText:
		s.FlowLogs = append(s.FlowLogs, text)
	default:
		p.fail("no bound %s=%v", name, value)
	}
}

func (p *parser) stage() query.Stage {
	switch word := p.name(); word {
	case "where":
		return &query.Filter{Where: p.expr()}
	case "extend":
		return &query.Extend{Columns: list(p, p.named)}
	case "project":
		return &query.Project{Columns: list(p, p.named)}
	case "aggregate":
		return p.aggregate()
	case "sort":
		return &query.Sort{Keys: list(p, func() query.SortKey {
			return query.SortKey{Expr: p.expr(), Desc: p.take("desc")}
		})}
	case "limit":
		n, ok := p.value().(int64)
		if !ok {
			p.fail("a limit is an integer")
		}
		return &query.Limit{N: n}
	default:
		p.fail("no stage %q", word)
		return nil
	}
}

// named reads NAME = EXPR, or NAME for a column as it is.
func (p *parser) named() query.Named {
	name := p.name()
	if p.take("=") {
		return query.Named{Name: name, Expr: p.expr()}
	}
	return query.Named{Name: name, Expr: &query.Ref{Name: name}}
}

func (p *parser) aggregate() *query.Aggregate {
	out := &query.Aggregate{}
	if !p.is("by") {
		out.Aggs = list(p, p.agg)
	}
	if p.take("by") {
		out.By = list(p, p.named)
	}
	return out
}

// agg reads NAME = FUNC(EXPR), and "where EXPR" behind it.
func (p *parser) agg() query.Agg {
	out := query.Agg{Name: p.name()}
	p.want("=")
	out.Func = query.AggFunc(p.name())
	p.want("(")
	if !p.is(")") {
		out.Arg = p.expr()
	}
	p.want(")")
	if p.take("where") {
		out.Where = p.expr()
	}
	return out
}

// formatPlan returns a plan as text that [parsePlan] reads.
func formatPlan(p query.Plan) string {
	var b strings.Builder
	b.WriteString(p.Kind.String())
	if bounds := formatScope(p.Scope); len(bounds) > 0 {
		fmt.Fprintf(&b, " scope(%s)", strings.Join(bounds, ", "))
	}
	for _, s := range p.Stages {
		b.WriteString(" | ")
		switch s := s.(type) {
		case *query.Filter:
			fmt.Fprintf(&b, "where %s", s.Where)
		case *query.Extend:
			b.WriteString("extend " + formatNamed(s.Columns))
		case *query.Project:
			b.WriteString("project " + formatNamed(s.Columns))
		case *query.Aggregate:
			b.WriteString("aggregate" + formatAggregate(s))
		case *query.Sort:
			var keys []string
			for _, k := range s.Keys {
				keys = append(keys, k.Expr.String()+map[bool]string{true: " desc"}[k.Desc])
			}
			b.WriteString("sort " + strings.Join(keys, ", "))
		case *query.Limit:
			fmt.Fprintf(&b, "limit %d", s.N)
		}
	}
	return b.String()
}

func formatScope(s query.Scope) []string {
	var out []string
	if !s.From.IsZero() {
		out = append(out, "from="+(&query.Literal{Value: s.From}).String())
	}
	if !s.To.IsZero() {
		out = append(out, "to="+(&query.Literal{Value: s.To}).String())
	}
	for _, member := range []struct {
		name   string
		values []string
	}{{"account", s.Accounts}, {"region", s.Regions}, {"interface", s.Interfaces}, {"flow_log", s.FlowLogs}} {
		for _, v := range member.values {
			out = append(out, member.name+"="+(&query.Literal{Value: v}).String())
		}
	}
	return out
}

func formatNamed(columns []query.Named) string {
	out := make([]string, len(columns))
	for i, n := range columns {
		out[i] = fmt.Sprintf("%s = %s", &query.Ref{Name: n.Name}, n.Expr)
	}
	return strings.Join(out, ", ")
}

func formatAggregate(s *query.Aggregate) string {
	var out string
	var aggs []string
	for _, a := range s.Aggs {
		arg := ""
		if a.Arg != nil {
			arg = a.Arg.String()
		}
		text := fmt.Sprintf("%s = %s(%s)", &query.Ref{Name: a.Name}, a.Func, arg)
		if a.Where != nil {
			text += fmt.Sprintf(" where %s", a.Where)
		}
		aggs = append(aggs, text)
	}
	if len(aggs) > 0 {
		out += " " + strings.Join(aggs, ", ")
	}
	if len(s.By) > 0 {
		out += " by " + formatNamed(s.By)
	}
	return out
}

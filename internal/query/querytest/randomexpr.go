package querytest

import (
	"math"
	"time"

	"weir/internal/query"
)

// typed returns a random expression of a type that shows its type: not absent and
// nothing else.
func (p *planner) typed(t query.Type, depth int) query.Expr {
	for {
		e := p.expr(t, depth)
		if known, err := query.TypeOf(e, p.plain()); known != 0 || err != nil {
			return e
		}
	}
}

// plain returns the columns as plans know them.
func (p *planner) plain() []query.Column {
	out := make([]query.Column, len(p.columns))
	for i, c := range p.columns {
		out[i] = c.Column
	}
	return out
}

// expr returns a random expression of a type, of so many calls deep at most.
func (p *planner) expr(t query.Type, depth int) query.Expr {
	switch t {
	case query.Int:
		e, _ := p.integer(depth)
		return e
	case query.Bool:
		return p.boolean(depth)
	case query.Float:
		return p.number(depth)
	case query.Text:
		return p.text(depth)
	default:
		return p.moment(depth)
	}
}

// everyday are the columns that random plans prefer.
var everyday = map[string]bool{
	"srcaddr": true, "dstaddr": true, "srcport": true, "dstport": true, "protocol": true,
	"packets": true, "bytes": true, "start": true, "action": true, "instance_tag": true,
}

// column returns a column of a type, if there is one.
func (p *planner) column(t query.Type) (column, bool) {
	var of, preferred []column
	for _, c := range p.columns {
		if c.Type == t && !c.loose {
			of = append(of, c)
			if everyday[c.Name] {
				preferred = append(preferred, c)
			}
		}
	}
	if len(preferred) > 0 && p.IntN(3) > 0 {
		of = preferred
	}
	if len(of) == 0 {
		return column{}, false
	}
	return choose(p.Rand, of), true
}

// leaf returns a column, or now and then and where there is none a constant.
func (p *planner) leaf(t query.Type, constants ...any) query.Expr {
	if c, ok := p.column(t); ok && p.IntN(5) > 0 {
		return &query.Ref{Name: c.Name}
	}
	return &query.Literal{Value: choose(p.Rand, constants)}
}

// scalarType returns a type whose values can be compared.
func (p *planner) scalarType() query.Type {
	return choose(p.Rand, []query.Type{query.Bool, query.Int, query.Int, query.Float, query.Text, query.Text, query.Time})
}

func (p *planner) boolean(depth int) query.Expr {
	if depth == 0 {
		return p.leaf(query.Bool, true, false, nil)
	}
	sub := func(t query.Type) query.Expr { return p.expr(t, depth-1) }
	switch p.IntN(14) {
	case 0, 1, 2, 3:
		t := p.scalarType()
		f := choose(p.Rand, []query.Func{query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge})
		if t == query.Int && p.IntN(4) == 0 {
			return call(f, sub(query.Int), sub(query.Float))
		}
		return call(f, sub(t), sub(t))
	case 4, 5:
		f := choose(p.Rand, []query.Func{query.And, query.Or})
		args := []query.Expr{sub(query.Bool), sub(query.Bool), sub(query.Bool)}
		return &query.Call{Func: f, Args: args[:2+p.IntN(2)]}
	case 6:
		return call(query.Not, sub(query.Bool))
	case 7:
		return call(query.IsAbsent, sub(p.scalarType()))
	case 8:
		return p.in(depth)
	case 9:
		return call(query.Contains, sub(query.Text), p.leaf(query.Text, "e", "", ".", "%", "'", "E", "ü"))
	case 10:
		return call(query.StartsWith, sub(query.Text), p.leaf(query.Text, "1", "", "10.", "W", "_"))
	case 11:
		pattern := choose(p.Rand, []string{`^1`, `\d+\.0`, `(?i)web`, `^.$`, `a'b|%`, `[^a-z]`, ``, `\\`, `^(\w+)-\d$`, `ü`, `1{2,}`, `\bb\b`})
		return call(query.Matches, sub(query.Text), &query.Literal{Value: pattern})
	case 12:
		cidr := choose(p.Rand, []string{"10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.0.0.1/32", "172.16.0.0/12", "::ffff:10.0.0.0/104"})
		return call(query.IPIn, p.addr(depth-1), &query.Literal{Value: cidr})
	}
	return call(query.Coalesce, sub(query.Bool), sub(query.Bool))
}

// in returns a test against a list, at times with an absent value in it.
func (p *planner) in(depth int) query.Expr {
	t := choose(p.Rand, []query.Type{query.Int, query.Text})
	in := &query.Call{Func: query.In, Args: []query.Expr{p.expr(t, depth-1)}}
	for range 1 + p.IntN(4) {
		var v any = choose(p.Rand, portPool)
		if t == query.Text {
			v = choose(p.Rand, append(textPool, addrPool...))
		}
		if p.IntN(8) == 0 {
			v = nil
		}
		in.Args = append(in.Args, &query.Literal{Value: v})
	}
	return in
}

// integer returns an expression of integers and a bound of its absolute value.
func (p *planner) integer(depth int) (query.Expr, float64) {
	c, ok := p.column(query.Int)
	if depth == 0 || p.IntN(4) == 0 {
		if ok && p.IntN(5) > 0 {
			return &query.Ref{Name: c.Name}, c.bound
		}
		n := choose(p.Rand, portPool) - 53
		return &query.Literal{Value: n}, math.Abs(float64(n))
	}
	a, abound := p.integer(depth - 1)
	b, bbound := p.integer(depth - 1)
	var e query.Expr
	var bound float64
	switch p.IntN(7) {
	case 0:
		e, bound = call(query.Add, a, b), abound+bbound
	case 1:
		e, bound = call(query.Sub, a, b), abound+bbound
	case 2:
		e, bound = call(query.Mul, a, b), abound*bbound
	case 3:
		e, bound = call(query.Mod, a, b), max(abound, bbound)
	case 4:
		width := choose(p.Rand, []int64{1, 7, 300, 3600})
		e, bound = call(query.Bin, a, &query.Literal{Value: width}), abound+float64(width)
	case 5:
		e, bound = call(query.Epoch, p.moment(depth-1)), slot+7200
	default:
		e, bound = call(query.Coalesce, a, b), max(abound, bbound)
	}
	if bound > maxBound {
		return a, abound
	}
	return e, bound
}

func (p *planner) number(depth int) query.Expr {
	if depth == 0 {
		return p.leaf(query.Float, 0.5, -2.0, 1e6, 0.0, nil)
	}
	switch p.IntN(5) {
	case 0, 1:
		return call(query.Div, p.expr(query.Int, depth-1), p.expr(query.Int, depth-1))
	case 2:
		f := choose(p.Rand, []query.Func{query.Add, query.Sub, query.Mul})
		return call(f, p.number(depth-1), p.leaf(query.Float, 0.25, -3.0))
	case 3:
		return call(query.Coalesce, p.number(depth-1), p.expr(query.Int, depth-1), &query.Literal{Value: 0.5})
	}
	return p.leaf(query.Float, 0.5, -2.0, 1e6)
}

func (p *planner) text(depth int) query.Expr {
	if depth == 0 {
		return p.leaf(query.Text, "web", "10.0.0.1", "", "2001:db8::1", "it's", nil)
	}
	switch p.IntN(8) {
	case 7:
		return call(query.PortName, p.expr(query.Int, depth-1), p.leaf(query.Int, int64(6), int64(17), int64(132), nil))
	case 0:
		return call(query.Lower, p.text(depth-1))
	case 1:
		return call(query.IPClass, p.addr(depth-1))
	case 2:
		return call(query.IPPrefix, p.addr(depth-1), &query.Literal{Value: choose(p.Rand, []int64{-1, 0, 8, 17, 32, 33, 64, 128, 129})})
	case 3:
		if c, ok := p.column(query.TextMap); ok {
			name := choose(p.Rand, []string{"shade", "new-field", "x-y", "none"})
			return call(query.MapGet, &query.Ref{Name: c.Name}, &query.Literal{Value: name})
		}
		return p.text(depth - 1)
	case 4:
		return call(query.Coalesce, p.text(depth-1), p.text(depth-1))
	}
	return p.leaf(query.Text, "web", "10.0.0.1", "")
}

// addr returns a text that often is an address.
func (p *planner) addr(depth int) query.Expr {
	name := choose(p.Rand, []string{"srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"})
	if e, ok := p.columnNamed(name); ok && p.IntN(5) > 0 {
		return e
	}
	return p.text(depth)
}

func (p *planner) moment(depth int) query.Expr {
	if start, ok := p.columnNamed("start"); ok && depth > 0 && p.IntN(3) == 0 {
		return call(query.ToTime, start)
	}
	return p.leaf(query.Time, time.Unix(slot, 0).UTC(), time.Unix(slot-60, 250_000_000).UTC(), nil)
}

func (p *planner) columnNamed(name string) (query.Expr, bool) {
	for _, c := range p.columns {
		if c.Name == name {
			return &query.Ref{Name: name}, true
		}
	}
	return nil, false
}

package contributor

import (
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strings"

	"weir/flowlog"
)

func (p *ruleReader) contribution(root, v, aggregate *value) *Error {
	members := []string{"Keys", "ValueOf", "Filters", "AggregateOn"}
	if p.weir() {
		members = append(members, "DistinctOf", "Direction")
	}
	m, err := p.object(v, members)
	if err != nil {
		return err
	}
	if m["Keys"] == nil {
		return p.missing(v, "Keys")
	}
	keys, err := p.nonEmpty(m["Keys"], maxKeys)
	if err != nil {
		return err
	}
	for _, k := range keys {
		f, err := p.field(k)
		if err != nil {
			return err
		}
		p.rule.keys = append(p.rule.keys, f)
	}
	if err := p.aggregateOn(root, aggregate, m["AggregateOn"]); err != nil {
		return err
	}
	if of := m["ValueOf"]; of != nil {
		if !p.rule.sums {
			return p.fail(of, "InvalidValue", "ValueOf is for AggregateOn Sum")
		}
		f, err := p.field(of)
		if err != nil {
			return err
		}
		if !p.mayBeNumber(&f) {
			return p.fail(of, "InvalidValue", "ValueOf is summed up, and %s is no number", f.label)
		}
		p.rule.value = &f
	}
	if err := p.distinct(v, m["DistinctOf"]); err != nil {
		return err
	}
	if err := p.direction(v, m["Direction"]); err != nil {
		return err
	}
	return p.filters(m["Filters"])
}

// mayBeNumber reports whether a field may have numbers: of those of flow logs it is known.
func (p *ruleReader) mayBeNumber(f *field) bool {
	if p.rule.format != formatFlowLog {
		return true
	}
	known, ok := flowlog.Lookup(f.label)
	return ok && known.Numeric()
}

// distinct reads the fields whose distinct combinations count: those of AggregateOn Distinct.
func (p *ruleReader) distinct(parent, v *value) *Error {
	switch {
	case v == nil && p.counts:
		return p.missing(parent, "DistinctOf")
	case v == nil:
		return nil
	case !p.counts:
		return p.fail(v, "InvalidValue", "DistinctOf is for AggregateOn Distinct")
	}
	all, err := p.nonEmpty(v, maxDistinct)
	if err != nil {
		return err
	}
	for _, e := range all {
		f, err := p.field(e)
		if err != nil {
			return err
		}
		p.rule.distinct = append(p.rule.distinct, f)
	}
	return nil
}

// direction reads which way records go that count.
func (p *ruleReader) direction(parent, v *value) *Error {
	if v == nil {
		return nil
	}
	if p.rule.format != formatFlowLog {
		return p.fail(v, "InvalidValue", "Direction is for LogFormat FlowLog")
	}
	var err *Error
	p.rule.direction, err = p.oneOf(parent, "Direction", v, ingress, egress)
	return err
}

// aggregateOn reads what stands at either place, or at both alike.
func (p *ruleReader) aggregateOn(root, outer, inner *value) *Error {
	if outer == nil {
		outer = inner
	}
	statistics := []string{"Count", "Sum"}
	if p.weir() {
		statistics = append(statistics, Distinct)
	}
	on, err := p.oneOf(root, "AggregateOn", outer, statistics...)
	if err != nil {
		return err
	}
	if inner != nil && inner.is != any(on) {
		return p.fail(inner, "InvalidValue", "it contradicts AggregateOn of the rule")
	}
	p.rule.sums = on == "Sum"
	p.counts = on == Distinct
	return nil
}

func (p *ruleReader) filters(v *value) *Error {
	if v == nil {
		return nil // the guide calls them optional
	}
	most := maxFilters
	if p.weir() {
		most = maxWeirFilters
	}
	all, err := p.array(v, most)
	if err != nil {
		return err
	}
	for _, e := range all {
		f, err := p.filter(e)
		if err != nil {
			return err
		}
		p.rule.filter = append(p.rule.filter, f)
	}
	return nil
}

func (p *ruleReader) filter(v *value) (filter, *Error) {
	may := operators
	if p.weir() {
		may = slices.Concat(operators, weirOperators)
	}
	m, err := p.object(v, append([]string{"Match"}, may...))
	if err != nil {
		return filter{}, err
	}
	if m["Match"] == nil {
		return filter{}, p.missing(v, "Match")
	}
	if len(m) != 2 {
		return filter{}, p.fail(v, "InvalidValue", "a filter has Match and one of %s", strings.Join(may, ", "))
	}
	f := filter{}
	if f.field, err = p.field(m["Match"]); err != nil {
		return f, err
	}
	for _, op := range may {
		if o := m[op]; o != nil {
			f.op = op
			if f.compares() && !p.mayBeNumber(&f.field) {
				return f, p.fail(o, "InvalidValue", "%s compares numbers, and %s is none", op, f.label)
			}
			return f, p.operand(&f, o)
		}
	}
	return f, p.missing(v, "Match")
}

// operand reads what an operator compares with.
func (p *ruleReader) operand(f *filter, v *value) *Error {
	switch f.op {
	case opIn, opNotIn, opStartsWith:
		most := maxTexts
		if p.weir() {
			most = math.MaxInt
		}
		all, err := p.nonEmpty(v, most)
		if err != nil {
			return err
		}
		for _, e := range all {
			s, ok := e.is.(string)
			switch {
			case !ok:
				return p.fail(e, "InvalidValue", "a string is expected; EqualTo compares with a number")
			case strings.Contains(s, "*"):
				return p.fail(e, "InvalidValue", "wildcards are not supported; StartsWith compares beginnings")
			}
			f.texts = append(f.texts, s)
		}
	case opInNetworks, opNotInNetworks:
		if f.name != nil {
			return p.fail(v, "InvalidValue", "%s is about addresses, and %s is none", f.op, f.label)
		}
		return p.networks(f, v)
	case opBitsSet, opBitsClear:
		n, _ := v.is.(json.Number)
		var ok bool
		if f.number, ok = parseNumber(n.String()); !ok || f.number < 1 || f.number > math.MaxUint32 || f.number != math.Trunc(f.number) {
			return p.fail(v, "InvalidValue", "an integer from 1 to %d is expected", uint32(math.MaxUint32))
		}
	case opIsPresent:
		want, ok := v.is.(bool)
		if !ok {
			return p.fail(v, "InvalidValue", "true or false is expected")
		}
		f.want = want
	default:
		n, ok := v.is.(json.Number)
		if !ok {
			return p.fail(v, "InvalidValue", "a number without quotation marks is expected; In compares with texts")
		}
		if f.number, ok = parseNumber(n.String()); !ok {
			return p.fail(v, "InvalidValue", "the number is too large")
		}
	}
	return nil
}

// networks reads what addresses are compared with.
func (p *ruleReader) networks(f *filter, v *value) *Error {
	all, err := p.nonEmpty(v, math.MaxInt)
	if err != nil {
		return err
	}
	for _, e := range all {
		s, err := p.text(e)
		if err != nil {
			return err
		}
		n, perr := netip.ParsePrefix(s)
		switch {
		case perr != nil:
			return p.fail(e, "InvalidValue", "a network such as 10.0.0.0/8 or 2001:db8::/32 is expected")
		case n != n.Masked():
			return p.fail(e, "InvalidValue", "%s has bits behind its prefix: the network is %s", s, n.Masked())
		}
		f.networks = append(f.networks, n)
	}
	return nil
}

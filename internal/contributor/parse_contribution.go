package contributor

import (
	"encoding/json"
	"math"
	"strings"
)

func (p *ruleReader) contribution(root, v, aggregate *value) *Error {
	m, err := p.object(v, []string{"Keys", "ValueOf", "Filters", "AggregateOn"})
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
		p.rule.value = &f
	}
	return p.filters(m["Filters"])
}

// aggregateOn reads what stands at either place, or at both alike.
func (p *ruleReader) aggregateOn(root, outer, inner *value) *Error {
	if outer == nil {
		outer = inner
	}
	on, err := p.oneOf(root, "AggregateOn", outer, "Count", "Sum")
	if err != nil {
		return err
	}
	if inner != nil && inner.is != any(on) {
		return p.fail(inner, "InvalidValue", "it contradicts AggregateOn of the rule")
	}
	p.rule.sums = on == "Sum"
	return nil
}

func (p *ruleReader) filters(v *value) *Error {
	if v == nil {
		return nil // the guide calls them optional
	}
	all, err := p.array(v, maxFilters)
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
	m, err := p.object(v, append([]string{"Match"}, operators...))
	if err != nil {
		return filter{}, err
	}
	if m["Match"] == nil {
		return filter{}, p.missing(v, "Match")
	}
	if len(m) != 2 {
		return filter{}, p.fail(v, "InvalidValue", "a filter has Match and one of %s", strings.Join(operators, ", "))
	}
	f := filter{}
	if f.field, err = p.field(m["Match"]); err != nil {
		return f, err
	}
	for _, op := range operators {
		if o := m[op]; o != nil {
			f.op = op
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
		if p.rule.schema == WeirSchema {
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

package filter

import (
	"fmt"
	"strings"

	"weir/internal/query"
)

// membership reads what stands behind "in".
func (p *parser) membership(on target, denies bool) (*test, *Error) {
	m := membership{}
	p.want = want{kind: wantItem, on: on}
	in := p.tokens[p.at-1]
	if !p.take("(") {
		if err := p.item(on, in, &m); err != nil {
			return nil, err
		}
		return &test{pred: m, denies: denies}, nil
	}
	for {
		p.want = want{kind: wantItem, on: on}
		if err := p.item(on, in, &m); err != nil {
			return nil, err
		}
		p.want = want{}
		switch t := p.next(); {
		case t.is(")"):
			return &test{pred: m, denies: denies}, nil
		case !t.is(","):
			return nil, fault(t, fmt.Sprintf("%s cannot stand here", t), "the values of a list stand between commas, and ) closes it")
		}
	}
}

// item reads one item behind "in".
func (p *parser) item(on target, operator token, m *membership) *Error {
	t, err := p.operand(on, operator)
	if err != nil {
		return err
	}
	low, high, ranges := strings.Cut(t.text, "..")
	switch {
	case on.class() == addrClass && strings.Contains(t.text, "/"):
		cidr, err := query.ParseCIDR(t.text)
		if err != nil {
			return fault(t, fmt.Sprintf("%s is no CIDR", t), takes(on))
		}
		m.nets = append(m.nets, cidr.String())
		return nil
	case on.class().ordered() && t.kind == wordToken && ranges:
		return p.span(on, t, low, high, m)
	}
	value, err := p.value(on, t)
	if err != nil {
		return err
	}
	if on.class().times() && isDate(t.text) {
		return fault(t, "a date alone stands for its first moment", "write the time of day")
	}
	m.add(value)
	return nil
}

// span reads the ends of a range.
func (p *parser) span(on target, t token, low, high string, m *membership) *Error {
	var ends [2]any
	place := t.from
	for i, s := range []string{low, high} {
		end := token{wordToken, s, place, place + len(s)}
		place = end.to + len("..")
		if isDate(s) || s == "" {
			return fault(t, fmt.Sprintf("%s has no two ends", t), "a range is written "+exampleRange(on))
		}
		var err *Error
		if ends[i], err = p.value(on, end); err != nil {
			return err
		}
	}
	switch order := query.Compare(ends[0], ends[1]); {
	case order > 0:
		return fault(t, fmt.Sprintf("%s is empty", t), "the smaller end stands first")
	case order == 0:
		m.add(ends[0])
	default:
		m.spans = append(m.spans, ends)
	}
	return nil
}

// exampleRange shows how a range is written for the target.
func exampleRange(on target) string {
	if on.class().times() {
		return "2026-03-02T10:00..2026-03-02T11:00"
	}
	return "1024..65535"
}

package contributor

import (
	"context"
	"net/netip"

	"weir/flowlog"
)

// Names tell what is published about addresses: the country that one is in, and the services of AWS that have it, each "" where it has none.
// One that is nil was never imported. They are safe for concurrent use.
type Names struct{ Country, Service func(a netip.Addr) string }

// A namedEnd is a field that no record has: what is published about the address of one end. Names and meanings are those that `weir top` and
// filters have.
type namedEnd struct {
	address string // the field that has it
	service bool   // else it is the country
}

// namedEnds are all, by their names.
var namedEnds = func() map[string]*namedEnd {
	src, dst := flowlog.FieldByID(flowlog.SrcAddr).Name, flowlog.FieldByID(flowlog.DstAddr).Name
	return map[string]*namedEnd{
		"src-country": {address: src}, "dst-country": {address: dst},
		"src-service": {address: src, service: true}, "dst-service": {address: dst, service: true},
	}
}()

// in returns the lookup of the field, nil where nothing is known.
func (e *namedEnd) in(n *Names) func(netip.Addr) string {
	if e.service {
		return n.Service
	}
	return n.Country
}

// wantNames notes which names the rule looks at.
func (r *Rule) wantNames() {
	for _, fd := range r.fields() {
		switch {
		case fd.name == nil:
		case fd.name.service:
			r.service = fd.label
		default:
			r.country = fd.label
		}
	}
}

// lacks says why the rule can't be evaluated with these names; "": it can.
func (r *Rule) lacks(n *Names) string {
	switch {
	case r.country != "" && n.Country == nil:
		return r.country + " is not known, since no list of countries was imported: 'weir enrich import FILE' takes one, such as iptoasn-country-ipv4.csv of ip-location-db"
	case r.service != "" && n.Service == nil:
		return r.service + " is not known, since the networks of AWS were not imported: 'weir enrich update' gets them from AWS, and 'weir enrich import FILE' takes ip-ranges.json"
	}
	return ""
}

// A namedSlot is a field of that kind in a program, with the place of its address.
type namedSlot struct {
	name    *namedEnd
	address int // its position
}

// tell looks up the name of an address of the event. One that has none, or is no address, makes the field absent.
func (p *program) tell(s *slot, of *namedSlot) {
	lookup := of.name.in(&p.names)
	if lookup == nil {
		return
	}
	a, err := netip.ParseAddr(p.fieldText(of.address))
	if err != nil {
		return
	}
	s.text = lookup(a.Unmap())
	s.present = s.text != ""
}

// fieldText returns the text at a position of the event, "" where it is absent.
func (p *program) fieldText(position int) string {
	if position > len(p.fields) {
		return ""
	}
	return p.fields[position-1]
}

// setNames gives the program what is known now. Rules that look at what is not known count nothing.
func (p *program) setNames(n Names) {
	p.names, p.nameless = n, nil
	for i := range p.rules {
		c := &p.rules[i]
		reason := c.kept.rule.lacks(&p.names)
		if c.blind = reason != ""; c.blind {
			p.nameless = append(p.nameless, unfitRule{c.kept, reason})
		}
	}
}

// tellNames asks for those names that a rule looks at.
func (s *Store) tellNames(ctx context.Context) (Names, error) {
	s.mu.Lock()
	countries, services := false, false
	for _, k := range s.rules {
		countries, services = countries || k.rule.country != "", services || k.rule.service != ""
	}
	s.mu.Unlock()
	return s.lookUp(ctx, countries, services)
}

func (s *Store) lookUp(ctx context.Context, countries, services bool) (Names, error) {
	if s.names == nil || !countries && !services {
		return Names{}, nil
	}
	return s.names(ctx, countries, services)
}

// checkNames refuses a rule that looks at names of which nothing is known.
func (s *Store) checkNames(ctx context.Context, rule *Rule) error {
	names, err := s.lookUp(ctx, rule.country != "", rule.service != "")
	if err != nil {
		return err
	}
	if reason := rule.lacks(&names); reason != "" {
		return invalid("%s", reason)
	}
	return nil
}

package contributor

import (
	"context"
	"net/netip"

	"weir/flowlog"
)

// Directions of records, as flow-direction has them.
const (
	ingress = "ingress"
	egress  = "egress"
)

// Owners tell whose addresses are whose, as a definition of the network has them.
type Owners interface {
	// Owns reports whether an address is one of a network interface's own at a time, in seconds since the epoch. It is not known where
	// told is false.
	Owns(networkInterface string, a netip.Addr, at int64) (own, told bool)
}

// A way is the fields that tell the direction of a record, in a rule that was resolved; nil where its format has not got them.
type way struct{ direction, networkInterface, src, dst *field }

// fields returns those that are there.
func (w *way) fields() []*field {
	var out []*field
	for _, f := range []*field{w.direction, w.networkInterface, w.src, w.dst} {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// wayIn returns the fields of a format that tell directions.
func wayIn(f flowlog.Format) way {
	at := func(id flowlog.FieldID) *field {
		out := &field{label: flowlog.FieldByID(id).Name}
		if out.position = positionIn(f, out.label); out.position == 0 {
			return nil
		}
		return out
	}
	w := way{direction: at(flowlog.FlowDirection)}
	if w.networkInterface = at(flowlog.InterfaceID); w.networkInterface != nil {
		w.src, w.dst = at(flowlog.SrcAddr), at(flowlog.DstAddr)
	}
	return w
}

// A compiledWay has places of slots, less than 0 where there is none.
type compiledWay struct {
	want string
	// direction is what says it; near is the address that is the interface's own where the record goes the way that is wanted.
	direction, networkInterface, near int
}

// compileWay returns how a rule tells directions, nil where it counts both.
func (p *program) compileWay(r *Rule) *compiledWay {
	if r.direction == "" {
		return nil
	}
	slot := func(f *field) int {
		if f == nil {
			return -1
		}
		return p.slotOf(f)
	}
	w := &compiledWay{want: r.direction, direction: slot(r.way.direction), networkInterface: slot(r.way.networkInterface), near: slot(r.way.dst)}
	if r.direction == egress {
		w.near = slot(r.way.src)
	}
	return w
}

// goes reports whether the record that is looked at goes the way that is asked for, or nobody knows: flow-direction says it, else whether the
// address at that end is the interface's own.
func (p *program) goes(w *compiledWay) bool {
	if w.direction >= 0 {
		if s := &p.slots[w.direction]; s.text == ingress || s.text == egress {
			return s.text == w.want
		}
	}
	if w.networkInterface < 0 || w.near < 0 || p.owners == nil {
		return true
	}
	a, err := netip.ParseAddr(p.slots[w.near].text)
	if err != nil {
		return true
	}
	own, told := p.owners.Owns(p.slots[w.networkInterface].text, a.Unmap(), p.second)
	return own || !told
}

// tellOwners asks whose addresses are whose, where a rule wants to know.
func (s *Store) tellOwners(ctx context.Context) (Owners, error) {
	if s.owners == nil {
		return nil, nil
	}
	s.mu.Lock()
	wanted := false
	for _, k := range s.rules {
		wanted = wanted || k.rule.direction != ""
	}
	s.mu.Unlock()
	if !wanted {
		return nil, nil
	}
	return s.owners(ctx)
}

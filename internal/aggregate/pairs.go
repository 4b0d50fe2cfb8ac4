package aggregate

import "net/netip"

// Pairs tells by which attachment of a transit gateway the packets of a flow came in, or left.
//
// It is known of what was counted: the packets of a 5-tuple that left by an attachment in a window came in by the one attachment at which as many at least of that
// 5-tuple came in. It is not known where they came in or left by several, where more left than came in (of packets that a device that is no attachment had, or that were between both when the
// window ended, or that were cut into fragments), where addresses are translated between, and of what did not leave at all.
type Pairs struct {
	gateway func(id string) string
	of      map[pairKey]*passage
}

// pairKey is a 5-tuple at a transit gateway.
type pairKey struct {
	gateway          string
	src, dst         netip.Addr
	srcPort, dstPort uint16
	protocol         uint8
}

// passage is what passed of a 5-tuple: by which attachment, and how many packets, in and out. An attachment of "" and packets are several.
type passage struct {
	by      [2]string
	packets [2]int64
}

// PairsOf returns the pairs of a window's flows. gateway tells the transit gateway of an attachment, "" of an interface that is none.
func PairsOf(w *Window, gateway func(id string) string) *Pairs {
	p := &Pairs{gateway: gateway, of: map[pairKey]*passage{}}
	for i := range w.Rows {
		row := &w.Rows[i]
		k, ok := p.key(row)
		if !ok {
			continue
		}
		at := p.of[k]
		if at == nil {
			at = &passage{}
			p.of[k] = at
		}
		way := wayOf(row)
		switch {
		case at.packets[way] == 0:
			at.by[way] = row.Interface
		case at.by[way] != row.Interface:
			at.by[way] = ""
		}
		at.packets[way] += row.Packets
	}
	return p
}

// Of returns the id of the attachment at the other side of a flow: by which it left, of ingress, and else by which it came in. "" is not known.
func (p *Pairs) Of(row *Row) string {
	k, ok := p.key(row)
	if !ok {
		return ""
	}
	at := p.of[k]
	if at == nil || at.by[0] == "" || at.by[1] == "" || at.packets[0] < at.packets[1] {
		return ""
	}
	return at.by[1-wayOf(row)]
}

func (p *Pairs) key(row *Row) (k pairKey, ok bool) {
	gateway := p.gateway(row.Interface)
	return pairKey{gateway, row.Src, row.Dst, row.SrcPort, row.DstPort, row.Protocol}, gateway != "" && row.Directed
}

func wayOf(row *Row) int {
	if row.Egress {
		return 1
	}
	return 0
}

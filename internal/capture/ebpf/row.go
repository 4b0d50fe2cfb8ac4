package ebpf

import (
	"fmt"
	"net/netip"

	"weir/internal/aggregate"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Row is the packets of a flow in one direction, in one epoch, that were judged alike. There may be several of one flow:
// pings with different identifiers, and connections one after the other.
type Row struct {
	Interface string
	Egress    bool
	Src, Dst  netip.Addr
	// SrcPort and DstPort are 0 for protocols without ports.
	SrcPort, DstPort uint16
	Protocol         uint8
	Packets, Bytes   int64
	// First and Last are when the first and last packet passed, in nanoseconds since the epoch.
	First, Last int64
	// Flags are FIN, SYN and RST of all packets, and ACK of those with SYN, as in TCP's header.
	Flags uint8
	Mode  Mode
	// Refused: the rules refuse it.
	Refused bool
	// Stage is what decided; "" where nothing did.
	Stage policy.Stage

	// Lost: the router could not forward it, by Loss. It is of mode Forward.
	Lost bool
	Loss aggregate.Loss

	host bool // the host's firewall refused it

	at, opener     *naming
	entry          uint8
	key, openedBy  uint16 // what rules compare
	way, openedWay int
	far            netip.Addr // of the connection, and its protocol
	of             uint8
}

// opener says what allowed a connection.
type opener struct {
	gen uint16
	way int
	key uint16
}

func openerOf(bits uint64) opener {
	return opener{uint16(bits >> 17 & maxGeneration), int(bits >> 16 & 1), uint16(bits)}
}

// meta is what is counted beside packets and bytes.
type meta struct {
	epoch  uint32
	flags  uint8
	entry  uint8
	opener opener
}

func metaOf(bits uint64) meta {
	m := meta{epoch: uint32(bits >> 41), entry: uint8(bits >> 29), opener: openerOf(bits)}
	flags := bits >> 37
	m.flags = uint8(flags & 7)
	if flags&8 != 0 {
		m.flags |= policy.ACK
	}
	return m
}

// ends sets addresses and ports.
func (r *Row) ends(f *weirFlow) {
	near, far := addrOf(f.NearHi, f.NearLo), addrOf(f.FarHi, f.FarLo)
	r.far, r.of = far, f.Protocol
	if r.Egress {
		r.Src, r.Dst, r.SrcPort, r.DstPort = near, far, f.NearPort, f.FarPort
		return
	}
	r.Src, r.Dst, r.SrcPort, r.DstPort = far, near, f.FarPort, f.NearPort
}

// judge sets what was decided of a row, which is not of the groups where its opener is none.
func (p *Program) judge(t *turning, r *Row, slot uint16, m *meta, refused bool) error {
	if int(slot) >= len(t.by) || t.by[slot].Mode == Off {
		return fmt.Errorf("packets are counted for slot %d, which was no interface", slot)
	}
	in := &t.by[slot]
	r.Interface, r.Mode, r.Refused, r.at, r.entry = in.ID, in.Mode, refused, in.names, m.entry
	if r.Egress {
		r.way = 1
	}
	if r.Protocol == netmodel.TCP || r.Protocol == netmodel.UDP {
		r.key = r.DstPort
	}
	switch {
	case in.Mode == Forward:
		r.at = nil
		return r.lose(refused)
	case r.host:
		if int(m.entry) >= len(refusedAt) {
			return fmt.Errorf("packets of %s are refused at place %d, which is none", in.ID, m.entry)
		}
		r.at, r.Stage = nil, HostFirewall
	case in.Mode == Count || in.Mode == Observe:
		r.at = nil
	case refused && m.entry == entryGroups:
		r.Stage = policy.SecurityGroup
	case refused:
		r.Stage = policy.NetworkACL
	case m.opener.gen != 0:
		r.Stage = policy.SecurityGroup
		r.openedBy, r.openedWay = m.opener.key, m.opener.way
		of := p.generations[m.opener.gen]
		if int(slot) >= len(of) || of[slot].names == nil {
			return fmt.Errorf("a connection of %s was opened by generation %d, which is not known", r.Interface, m.opener.gen)
		}
		r.opener = of[slot].names
	case m.entry == entryNone:
		r.Stage = policy.Bypass
	default:
		r.Stage = policy.NetworkACL
	}
	return nil
}

// lose says of a row of mode Forward whether it was lost, and why.
func (r *Row) lose(lost bool) error {
	r.Refused, r.host = false, false
	if !lost {
		return nil
	}
	n := int(r.entry) - firstLoss
	if n < 0 || n >= len(lostBy) {
		return fmt.Errorf("packets of %s are lost by %d, which is no reason", r.Interface, r.entry)
	}
	r.Lost, r.Loss = true, lostBy[n]
	return nil
}

// Dropped reports whether the program dropped it, or the host's firewall.
func (r *Row) Dropped() bool { return r.Refused && (r.Mode == Enforce || r.host) }

// Entry returns the name of the network ACL's entry that was asked, "" where none was, or the groups refused before.
func (r *Row) Entry() string {
	switch {
	case r.at == nil || r.entry == entryNone || r.entry == entryGroups:
		return ""
	case r.entry == entryLast:
		return r.at.Last[r.way]
	}
	return r.at.Entries[r.way][r.entry]
}

// Rules returns the names of all rules that decided: what refuses it (of the host's firewall, the hook where it is known), or of what is accepted the groups' rules that allow
// its connection, and then the network ACL's entry.
func (r *Row) Rules() []string {
	var out []string
	switch {
	case r.Stage == "":
		return nil
	case r.host:
		return []string{refusedAt[r.entry]}
	case r.Refused && r.Stage == policy.SecurityGroup:
		return []string{"sg:" + string(direction(r.way)) + ":implicit-deny"}
	case r.Refused:
		return []string{r.Entry()}
	case r.opener != nil:
		out = r.opener.allowing(r.far, r.of, r.openedBy, r.openedWay)
	}
	if e := r.Entry(); e != "" {
		out = append(out, e)
	}
	return out
}

func isICMP(protocol uint8) bool { return protocol == netmodel.ICMP || protocol == netmodel.ICMPv6 }

// icmpKey returns type and code of a connection's requests, or of their replies: a connection has those of code 0.
func icmpKey(f *weirFlow, way int) uint16 {
	typ := f.FarPort
	if way == int(f.Opener) {
		return typ << 8
	}
	switch {
	case f.Protocol == netmodel.ICMP && typ == 8:
		return 0
	default:
		return (typ + 1) << 8
	}
}

package aggregate

import (
	"cmp"
	"net/netip"
	"strings"
)

// A Flow is what packets are added up by: where they passed, between whom, and what was decided of them.
//
// AWS adds up by network interface and 5-tuple, in practice by direction and action too (VPC user guide, "Flow log records"; spec b.2). The rules are
// a part of it, so that a record names those that decided of all its packets.
type Flow struct {
	// Interface is the id of the network interface, "" where it is not known.
	Interface string
	// Egress says that packets left the interface; Directed, that the direction is known.
	Egress, Directed bool
	// Src and Dst are the addresses of the packets, as they are at the interface.
	Src, Dst netip.Addr
	// Behind is where packets really come from (of egress) or go to (of ingress) behind the interface, where the host translates addresses; invalid where it does not, and
	// where nobody asked.
	Behind netip.Addr
	// SrcPort and DstPort are 0 for protocols without ports.
	SrcPort, DstPort uint16
	Protocol         uint8 // IANA's number
	// TellsLosses says that it is known how many of the packets a router could not forward: see [Counts.Lost].
	TellsLosses bool
	Judgement
}

// A Loss is why a router could not forward packets.
type Loss int

// The losses that AWS's records of transit gateways have. Source: VPC Transit Gateways guide, "Transit Gateway Flow Log records"; spec a.5.
const (
	LostNoRoute Loss = iota
	LostBlackhole
	LostMTUExceeded
	LostTTLExpired
	losses
)

// A Judgement is what was decided of packets, as records tell it.
type Judgement struct {
	// Action is ACCEPT or REJECT, or "" where nothing was decided.
	Action string
	// WouldAction is what the rules say where nothing enforces them: see weir-would-action. "" where Action is what they say, and where nobody asked them.
	WouldAction string
	// Stage and RejectRule are of what was refused, AllowRules of what was accepted: see weir-reject-stage, weir-reject-rule and weir-allow-rules.
	Stage, RejectRule, AllowRules string
}

// Counts are what is added up of a flow's packets.
type Counts struct {
	Packets, Bytes int64
	// First and Last are when its first and last packet passed, in nanoseconds since the epoch.
	First, Last int64
	// Flags are those of TCP of all packets, as in their headers.
	Flags uint8
	// Lost are how many of Packets a router could not forward, by [Loss], where that is known.
	Lost [losses]int64
}

// add adds what is in the same window.
func (c *Counts) add(o *Counts) {
	c.Packets += o.Packets
	c.Bytes += o.Bytes
	c.First, c.Last = min(c.First, o.First), max(c.Last, o.Last)
	c.Flags |= o.Flags
	for i := range c.Lost {
		c.Lost[i] += o.Lost[i]
	}
}

// compare orders flows: by interface, direction, ends and what was decided.
func (f *Flow) compare(g *Flow) int {
	side := func(f *Flow) int {
		switch {
		case !f.Directed:
			return 0
		case f.Egress:
			return 2
		}
		return 1
	}
	return cmp.Or(
		strings.Compare(f.Interface, g.Interface), cmp.Compare(side(f), side(g)), f.Src.Compare(g.Src), f.Dst.Compare(g.Dst), f.Behind.Compare(g.Behind), cmp.Compare(f.Protocol, g.Protocol),
		cmp.Compare(f.SrcPort, g.SrcPort), cmp.Compare(f.DstPort, g.DstPort), strings.Compare(f.Action, g.Action),
		strings.Compare(f.WouldAction, g.WouldAction), strings.Compare(f.Stage, g.Stage),
		strings.Compare(f.RejectRule, g.RejectRule), strings.Compare(f.AllowRules, g.AllowRules), known(f.TellsLosses)-known(g.TellsLosses),
	)
}

func known(is bool) int {
	if is {
		return 1
	}
	return 0
}

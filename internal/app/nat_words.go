package app

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
)

// conclude says what becomes of what came to a gateway.
func (n *natWork) conclude(g *NATGateway) {
	a := &g.Arrived
	g.Outcome, g.Says = diagnose.ConcludeNAT(a.Unsolicited.Records+a.Late.Records, a.Undecided.Records+g.unsure, &g.Inside)
	switch {
	case g.Records == 0:
		g.Outcome, g.Says = diagnose.NATUnclear, "no record of that time is of it"
	case g.accepted == 0:
		g.Outcome, g.Says = diagnose.NATUnclear, "its records of that time show refused traffic only: whether anything else came is not known"
	}
	if g.accepted == 0 {
		g.Missing = append(g.Missing, "a flow log of its "+g.place()+", of all traffic")
	}
	for _, r := range g.rules {
		g.LetIn = append(g.LetIn, *r)
	}
	slices.SortFunc(g.LetIn, func(a, b NATRule) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.Rule, b.Rule))
	})
	n.assumes(g)
	n.missing(g)
	n.doubts(g)
	g.Insights, g.Reverse = n.insights(g)
	if n.req.Hosts > 0 {
		g.MoreHosts += int64(len(g.Hosts) - len(few(g.Hosts, n.req.Hosts)))
		g.Hosts = few(g.Hosts, n.req.Hosts)
	}
	in := &g.Inside
	in.NotLogged = in.NotLogged[:min(len(in.NotLogged), maxCandidates)]
}

// place says of what a flow log records it.
func (g *NATGateway) place() string {
	switch {
	case g.regional:
		return "own (resource type RegionalNatGateway)"
	case g.Interface != "":
		return "ENI " + g.Interface
	}
	return "ENI"
}

// assumes says what would make it something else.
func (n *natWork) assumes(g *NATGateway) {
	d := g.Arrived.Doubts
	add := func(records int64, format string, args ...any) {
		if records > 0 {
			g.Assumes = append(g.Assumes, fmt.Sprintf(format, args...))
		}
	}
	add(d[diagnose.AtBegin], "%d of the unsolicited ones came in the first minutes of the records: they may answer what left before", d[diagnose.AtBegin])
	add(d[diagnose.AtLost], "%d came when AWS had lost records of the gateway (SKIPDATA): what they answer may be among these", d[diagnose.AtLost])
	add(d[diagnose.AtIdle], "%d came when their connection had been idle for about %d s: the records' times do not tell whether it was known still", d[diagnose.AtIdle], diagnose.NATIdle)
	add(g.Inside.Skipped, "none of it is among what AWS lost of the interfaces behind it (SKIPDATA records: %d)", g.Inside.Skipped)
	if g.Outcome == diagnose.NATQuiet {
		add(g.skipped, "nothing is among what AWS lost of it (SKIPDATA records: %d)", g.skipped)
	}
	if !g.Inside.Defined && g.Inside.Interfaces > 0 {
		add(int64(g.Inside.Interfaces), "only the clients that its records show are behind it: no definition says which interfaces are")
	}
	if g.KnownBy == NATTranslate {
		add(1, "it is a NAT gateway: it translates as one does, and no record says of what instance it is")
	}
	add(g.nat64, "what is IPv6 (%d records) is left out: AWS does not say how NAT64 is recorded", g.nat64)
}

// missing says what is not in the input.
func (n *natWork) missing(g *NATGateway) {
	add := func(is bool, format string, args ...any) {
		if is {
			g.Missing = append(g.Missing, fmt.Sprintf(format, args...))
		}
	}
	in := &g.Inside
	unasked := g.Arrived.Unsolicited.Records+g.Arrived.Late.Records > 0
	add(unasked && in.Logged < in.Interfaces, "a flow log of %s, of all traffic or what is accepted, at that time: 'weir network flowlogs' prints the command", n.unlogged(g))
	add(unasked && !in.Defined, "a definition whose route tables lead to it: 'weir network import' takes one")
	add(unasked && n.rules == nil, "the network ACL, so that its entry can be named: it is in the definition")
	add(unasked && n.rules != nil && g.regional, "the entry that let it in: a regional NAT gateway is in no subnet, and AWS does not say which network ACL is asked")
	if unasked && n.rules != nil && !g.regional && len(g.rules) == 0 {
		_, err := n.rules.At(g.Interface)
		add(err != nil, "the entry that let it in: %v", err)
	}
	add(g.pairless > 0, "pkt-srcaddr and pkt-dstaddr: %d records of its clients do not show the host", g.pairless)
	add(g.unsure > 0 && g.regional, "its public addresses: of %d records it is not known on which side they were made", g.unsure)
	add(g.unsure > 0 && !g.regional, "pkt-srcaddr and pkt-dstaddr, or a definition: of %d records it is not known on which side they were made", g.unsure)
}

// unlogged names what a flow log is missing of.
func (n *natWork) unlogged(g *NATGateway) string {
	if !g.Inside.Defined {
		return "the ENIs of " + Several(g.Inside.NotLogged)
	}
	subnets := map[string]bool{}
	for _, id := range g.Inside.NotLogged {
		subnets[n.kept.Interfaces[id].Subnet] = true
	}
	return "the subnets " + Several(slices.Sorted(maps.Keys(subnets)))
}

// doubts says why the definition may have been another.
func (n *natWork) doubts(g *NATGateway) {
	if n.kept == nil || g.KnownBy != NATDefined {
		return
	}
	d := &dependence{n: n.kept.Network, ids: map[string]bool{}}
	d.add(g.ID, g.Interface)
	if i := n.kept.Interfaces[g.Interface]; i != nil {
		if s := n.kept.Subnets[i.Subnet]; s != nil {
			d.add(s.ID, s.NetworkACL)
		}
	}
	g.Doubts = checked(n.kept, d).Doubts()
}

// insights returns AWS's query for Logs Insights, and its reverse. AWS names the VPC by the
// first two octets of its addresses.
//
// Source: knowledge center, "Analyze inbound traffic of a NAT gateway" (vpc-analyze-inbound-traffic-nat-gateway).
func (n *natWork) insights(g *NATGateway) (query, reverse string) {
	var octets []string
	add := func(a netip.Addr) {
		if a.Is4() {
			b := a.As4()
			octets = append(octets, fmt.Sprintf("%d.%d", b[0], b[1]))
		}
	}
	var vpc *netmodel.VPC
	if n.kept != nil {
		vpc = n.kept.VPCs[g.VPC]
	}
	switch {
	case vpc != nil:
		for _, p := range vpc.CIDRs {
			add(p.Addr())
		}
	case !g.regional:
		for _, a := range g.Addresses {
			add(a)
		}
	default:
		for _, c := range n.clients[g.key] {
			if a, err := netip.ParseAddr(c); err == nil {
				add(a)
			}
		}
	}
	slices.Sort(octets)
	octets = slices.Compact(octets)
	if len(octets) == 0 {
		return "", ""
	}
	host := "public IP"
	if len(g.Hosts) > 0 {
		host = g.Hosts[0].Address
	}
	like := func(field string) string {
		all := make([]string, len(octets))
		for i, o := range octets {
			all[i] = field + " like '" + o + "'"
		}
		if len(all) == 1 {
			return all[0]
		}
		return "(" + strings.Join(all, " or ") + ")"
	}
	const rest = "\n| stats sum(bytes) as bytesTransferred by srcAddr, dstAddr\n| limit 10"
	return "filter (" + like("dstAddr") + " and srcAddr like '" + host + "')" + rest,
		"filter (" + like("srcAddr") + " and dstAddr like '" + host + "')" + rest
}

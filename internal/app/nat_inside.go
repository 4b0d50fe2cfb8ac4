package app

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// letIn asks the definition which rule lets something in, and counts it: a NAT gateway has no
// security group, so that it is an entry of the network ACL. It returns the rule's name, ""
// where the definition does not tell.
func (n *natWork) letIn(g *NATGateway, k *flowKey, bytes int64) string {
	if n.rules == nil || g.regional {
		return ""
	}
	at, err := n.rules.At(g.Interface)
	if err != nil {
		return ""
	}
	src, err1 := netip.ParseAddr(k.host)
	dst, err2 := netip.ParseAddr(k.near)
	p := policy.Packet{Src: src, Dst: dst, Protocol: int(k.protocol), SrcPort: uint16(k.port), DstPort: uint16(k.nearPort)}
	if k.protocol == netmodel.ICMP {
		p.Type = 8 // records have none; it is a request that comes unasked
	}
	if err1 != nil || err2 != nil || p.Check() != nil {
		return ""
	}
	v := at.Decide(&p, netmodel.Ingress).Verdict()
	if v.Rule == "" {
		return ""
	}
	r := g.rules[v.Rule]
	if r == nil {
		r = &NATRule{Rule: v.Rule, Allows: v.Action == policy.Accept}
		g.rules[v.Rule] = r
	}
	r.Add(1, bytes)
	return v.Rule
}

// insideSQL asks for what interfaces but the gateways' show of senders, and back to them. Its
// arguments are the senders with spaces between, the list of gateways, and the condition that a
// record is of the time asked about.
const insideSQL = `
WITH senders AS (SELECT unnest(string_split(%[1]s, ' ')) AS address),
ends AS (
	SELECT interface_id AS eni, coalesce(pkt_srcaddr, srcaddr) IN (SELECT address FROM senders) AS inward, coalesce(pkt_dstaddr, dstaddr) IN (SELECT address FROM senders) AS outward,
		srcaddr, dstaddr, pkt_srcaddr, pkt_dstaddr, srcport, dstport, protocol, start, "end", packets, bytes, tcp_flags, weir_pair, weir_pair_gap
	FROM vpc_flow_logs WHERE action = 'ACCEPT' AND interface_id IS NOT NULL AND interface_id NOT IN %[2]s AND weir_repeat IS DISTINCT FROM 'flow-log'
), legs AS (
	SELECT eni, outward, CASE WHEN outward THEN coalesce(pkt_dstaddr, dstaddr) ELSE coalesce(pkt_srcaddr, srcaddr) END AS host, protocol,
		coalesce(CASE WHEN outward THEN dstport ELSE srcport END, 0) AS host_port, CASE WHEN outward THEN srcaddr ELSE dstaddr END AS near,
		coalesce(CASE WHEN outward THEN srcport ELSE dstport END, 0) AS near_port, start, "end", coalesce(packets, 0) AS packets, coalesce(bytes, 0) AS bytes,
		coalesce(tcp_flags, -1) AS flags, coalesce(weir_pair = 'accepted' AND weir_pair_gap <= 60, FALSE) AS paired, %[3]s AS asked
	FROM ends WHERE inward OR outward
)`

// insideSumSQL counts what pairs, which began inside, and what does not.
const insideSumSQL = `
SELECT eni, host, near, paired, count(*) AS records, sum(bytes)::BIGINT AS bytes FROM legs WHERE NOT outward AND asked GROUP BY ALL`

// insideOpenSQL asks for what does not pair.
const insideOpenSQL = `, unpaired AS (SELECT DISTINCT eni, host, protocol, host_port, near, near_port FROM legs WHERE NOT outward AND asked AND NOT paired)
SELECT eni, host, protocol, host_port, near, near_port, outward, start, "end", packets, bytes, flags, asked AND NOT paired AS judged
FROM legs SEMI JOIN unpaired USING (eni, host, protocol, host_port, near, near_port)
ORDER BY eni, host, protocol, host_port, near, near_port, CASE WHEN outward THEN start - 60 ELSE start END, start`

// seenAt is where something of a sender is seen.
type seenAt struct{ at, host, near string }

// inside finds what the interfaces behind the gateways show of who sent something unasked.
func (n *natWork) inside() error {
	var senders []string
	for _, g := range n.report.Gateways {
		senders = append(senders, slices.Collect(maps.Keys(g.senders))...)
	}
	slices.Sort(senders)
	senders = slices.Compact(senders)
	if len(senders) == 0 {
		return nil
	}
	seen, err := n.seenInside(senders)
	if err != nil {
		return err
	}
	for _, g := range n.report.Gateways {
		if len(g.senders) == 0 {
			continue
		}
		behind, err := n.behind(g)
		if err != nil {
			return err
		}
		rows := map[string][]NATSeen{}
		for sender, list := range seen {
			if g.senders[sender] {
				rows[sender] = g.of(list, behind)
			}
		}
		for i := range g.Hosts {
			g.Hosts[i].Inside = rows[g.Hosts[i].Address]
		}
	}
	return nil
}

// seenInside returns what interfaces show of senders, by sender.
func (n *natWork) seenInside(senders []string) (map[string][]*NATSeen, error) {
	gateways := sqlList(slices.Sorted(maps.Keys(n.byKey)))
	seen := map[string][]*NATSeen{}
	places := map[seenAt]*NATSeen{}
	at := func(k seenAt) *NATSeen {
		if places[k] == nil {
			places[k] = &NATSeen{Interface: k.at, Address: k.near}
			seen[k.host] = append(seen[k.host], places[k])
		}
		return places[k]
	}
	open := map[string]bool{} // senders of what does not pair
	if err := n.rows(fmt.Sprintf(insideSQL, sqlText(strings.Join(senders, " ")), gateways, n.asks())+insideSumSQL, func(row []any) error {
		k := seenAt{valueText(row[0]), valueText(row[1]), valueText(row[2])}
		if row[3] == true {
			at(k).Replies.Add(integer(row[4]), integer(row[5]))
			return nil
		}
		open[k.host] = true
		return nil
	}); err != nil || len(open) == 0 {
		return seen, err
	}
	begin, err := n.firsts()
	if err != nil {
		return nil, err
	}
	var key flowKey
	var flow diagnose.NATFlow
	sql := fmt.Sprintf(insideSQL, sqlText(strings.Join(slices.Sorted(maps.Keys(open)), " ")), gateways, n.asks())
	return seen, n.rowsBefore(sql+insideOpenSQL, func(row []any) error {
		k := flowKey{valueText(row[0]), valueText(row[1]), integer(row[2]), integer(row[3]), valueText(row[4]), integer(row[5])}
		if k != key {
			key, flow = k, diagnose.NewNATFlow(begin, nil)
		}
		flags := integer(row[11])
		r := diagnose.NATRecord{
			Outward: row[6] == true, First: integer(row[7]), Last: integer(row[8]), Packets: integer(row[9]),
			Opens: k.protocol == netmodel.TCP && flags >= 0 && diagnose.OpeningOf(flags) == diagnose.Opens,
		}
		what, doubt := flow.Next(&r)
		if what == "" || row[12] != true {
			return nil
		}
		s, bytes := at(seenAt{k.at, k.host, k.near}), integer(row[10])
		switch {
		case what == diagnose.NATReply:
			s.Replies.Add(1, bytes)
		case what == diagnose.NATUndecided || doubt != diagnose.NoDoubt:
			s.Undecided.Add(1, bytes)
		default:
			s.Reached.Add(1, bytes)
		}
		return nil
	})
}

// firsts returns when the records begin.
func (n *natWork) firsts() (int64, error) {
	begin := int64(0)
	return begin, n.rowsBefore("SELECT coalesce(min(start), 0) FROM vpc_flow_logs", func(row []any) error {
		begin = integer(row[0])
		return nil
	})
}

// of returns what interfaces show of one sender, and adds it up.
func (g *NATGateway) of(seen []*NATSeen, behind map[string]bool) []NATSeen {
	var out []NATSeen
	for _, s := range seen {
		one := *s
		one.Behind = behind[s.Interface] || behind[s.Address]
		out = append(out, one)
		if !one.Behind {
			for _, t := range []*diagnose.Tally{&s.Replies, &s.Reached, &s.Undecided} {
				g.Inside.Elsewhere.Add(t.Records, t.Bytes)
			}
			continue
		}
		g.Inside.Replies.Add(s.Replies.Records, s.Replies.Bytes)
		g.Inside.Reached.Add(s.Reached.Records, s.Reached.Bytes)
		g.Inside.Undecided.Add(s.Undecided.Records, s.Undecided.Bytes)
	}
	slices.SortFunc(out, func(a, b NATSeen) int {
		return cmp.Or(cmp.Compare(a.Interface, b.Interface), cmp.Compare(a.Address, b.Address))
	})
	return out
}

// behind finds the interfaces behind a gateway, by id, or by address where no definition tells
// them, and how many of them were logged in the hours in which something came unasked.
func (n *natWork) behind(g *NATGateway) (map[string]bool, error) {
	in := &g.Inside
	ids := n.routed(g)
	in.Defined = len(ids) > 0
	out := map[string]bool{}
	var logged map[string]bool
	var err error
	if in.Defined {
		logged, err = n.loggedInterfaces(g, ids)
	} else {
		ids = n.clients[g.key]
		logged, err = n.loggedAddresses(g, ids)
	}
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		out[id] = true
		if in.Interfaces++; logged[id] {
			in.Logged++
		} else {
			in.NotLogged = append(in.NotLogged, id)
		}
	}
	return out, nil
}

// routed returns the ENIs of the subnets whose route tables lead to a gateway.
func (n *natWork) routed(g *NATGateway) []string {
	if n.kept == nil || g.ID == "" {
		return nil
	}
	leads := map[string]bool{}
	for id, s := range n.kept.Subnets {
		t := n.kept.RouteTables[s.RouteTable]
		leads[id] = t != nil && slices.ContainsFunc(t.Routes, func(r netmodel.Route) bool {
			return r.Target.Kind == netmodel.TargetNATGateway && r.Target.ID == g.ID
		})
	}
	var out []string
	for id, i := range n.kept.Interfaces {
		if leads[i.Subnet] && i.Role != netmodel.RoleNATGateway {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// loggedSQL asks for who has records in which hours. Its arguments are what says who, a
// condition, and the hours.
const loggedSQL = `
SELECT %[1]s AS who, coalesce(weir_flow_log_id, '') AS log, start // 3600 AS hour, count(*) FILTER (log_status = 'SKIPDATA') AS skipped
FROM vpc_flow_logs WHERE %[2]s AND start // 3600 IN %[3]s GROUP BY ALL ORDER BY 1, 3`

// logged returns who was logged in all hours in which something came unasked, by flow logs that
// show what is accepted. who is what says who, where a condition.
func (n *natWork) logged(g *NATGateway, who, where string) (map[string]bool, error) {
	if err := n.findShown(); err != nil {
		return nil, err
	}
	hours := make([]string, 0, len(g.hours))
	for h := range g.hours {
		hours = append(hours, strconv.FormatInt(h, 10))
	}
	slices.Sort(hours)
	counts := map[string]int{}
	last := map[string]int64{}
	err := n.rows(fmt.Sprintf(loggedSQL, who, where, "("+strings.Join(hours, ", ")+")"), func(row []any) error {
		id, hour := valueText(row[0]), integer(row[2])
		if !n.shown[valueText(row[1])] {
			return nil
		}
		g.Inside.Skipped += integer(row[3])
		if at, ok := last[id]; !ok || at != hour {
			counts[id]++
		}
		last[id] = hour
		return nil
	})
	out := map[string]bool{}
	for id, count := range counts {
		out[id] = count == len(g.hours)
	}
	return out, err
}

// findShown finds the flow logs that show what is accepted, "" for records of which the object's
// name says none, and the hours in which they have records.
func (n *natWork) findShown() error {
	if n.shown != nil {
		return nil
	}
	n.shown, n.delivered = map[string]bool{}, map[string]map[int64]bool{}
	return n.rows("SELECT coalesce(weir_flow_log_id, '') AS log, start // 3600 AS hour, bool_or(action = 'ACCEPT') FROM vpc_flow_logs GROUP BY ALL", func(row []any) error {
		log := valueText(row[0])
		n.shown[log] = n.shown[log] || row[2] == true
		if n.delivered[log] == nil {
			n.delivered[log] = map[int64]bool{}
		}
		n.delivered[log][integer(row[1])] = true
		return nil
	})
}

// loggedInterfaces returns which of some ENIs were logged in all hours in which something came:
// they have records, or a flow log that covers them has, which writes NODATA for those without
// traffic.
func (n *natWork) loggedInterfaces(g *NATGateway, ids []string) (map[string]bool, error) {
	out, err := n.logged(g, "interface_id", "interface_id IN "+sqlList(ids))
	if err != nil {
		return nil, err
	}
	covers := map[string]bool{} // resources
	for log, hours := range n.delivered {
		l := n.kept.FlowLogs[log]
		if l == nil || l.Traffic == "REJECT" || !n.shown[log] {
			continue
		}
		all := true
		for h := range g.hours {
			all = all && hours[h]
		}
		covers[l.Resource] = covers[l.Resource] || all
	}
	for _, id := range ids {
		i := n.kept.Interfaces[id]
		out[id] = out[id] || covers[id] || covers[i.Subnet] || covers[i.VPC]
	}
	return out, nil
}

// loggedAddresses returns which of some clients have an ENI that was logged in these hours.
func (n *natWork) loggedAddresses(g *NATGateway, addresses []string) (map[string]bool, error) {
	clients := sqlList(addresses)
	own := map[string][]string{} // of ENIs
	if err := n.rows(fmt.Sprintf("SELECT DISTINCT interface_id, %[3]s AS own FROM vpc_flow_logs WHERE (srcaddr IN %[2]s OR dstaddr IN %[2]s) AND interface_id NOT IN %[1]s AND own IN %[2]s",
		sqlList(slices.Sorted(maps.Keys(n.byKey))), clients, n.ownAddress(addresses)), func(row []any) error {
		own[valueText(row[0])] = append(own[valueText(row[0])], valueText(row[1]))
		return nil
	}); err != nil {
		return nil, err
	}
	logged, err := n.logged(g, "interface_id", "interface_id IN "+sqlList(slices.Sorted(maps.Keys(own))))
	out := map[string]bool{}
	for id, is := range logged {
		for _, a := range own[id] {
			out[a] = out[a] || is
		}
	}
	return out, err
}

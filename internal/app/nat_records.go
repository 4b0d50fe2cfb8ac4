package app

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/diagnose"
)

// lookBack is how much before the time that was asked about records are looked at: what may be
// a reply is told by what left before.
const lookBack = 20 * time.Minute

// rows asks about the time that was asked about, and calls do with each row.
func (n *natWork) rows(sql string, do func(row []any) error) error {
	return eachSQLRow(n.ctx, n.s, SQLRequest{SQL: sql, Scope: n.req.Scope}, do)
}

// rowsBefore asks about the time before it too.
func (n *natWork) rowsBefore(sql string, do func(row []any) error) error {
	req := SQLRequest{SQL: sql, Scope: n.req.Scope}
	if !req.Scope.From.IsZero() {
		req.Scope.From = req.Scope.From.Add(-lookBack)
	}
	return eachSQLRow(n.ctx, n.s, req, do)
}

// private is the condition that an address is of a private range, or of that of carrier-grade
// NAT, which VPCs may have (VPC user guide, "VPC CIDR blocks"). It looks at the text, which is
// many times as fast as ip_in: the lake's texts are canonical. What is no number, as in IPv6 addresses, may be cast before the beginning is looked at.
func private(column string) string {
	return fmt.Sprintf("(starts_with(%[1]s, '10.') OR starts_with(%[1]s, '192.168.') OR "+
		"starts_with(%[1]s, '172.') AND TRY_CAST(split_part(%[1]s, '.', 2) AS INTEGER) BETWEEN 16 AND 31 OR "+
		"starts_with(%[1]s, '100.') AND TRY_CAST(split_part(%[1]s, '.', 2) AS INTEGER) BETWEEN 64 AND 127)", column)
}

// ownAddress is the interface's own address in a record: by its direction, else the private one
// of a private and a public one; NULL where neither tells.
var ownAddress = "CASE WHEN weir_direction = 'ingress' THEN dstaddr WHEN weir_direction = 'egress' THEN srcaddr WHEN " +
	private("srcaddr") + " = " + private("dstaddr") + " THEN NULL WHEN " + private("srcaddr") + " THEN srcaddr ELSE dstaddr END"

// ownAddress is [ownAddress] with what the definition tells of the interfaces of some addresses:
// directions in the lake may be of before it was imported.
func (n *natWork) ownAddress(addresses []string) string {
	if n.kept == nil {
		return ownAddress
	}
	var own []string
	for _, text := range addresses {
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		for _, i := range n.kept.Network.At(a) {
			own = append(own, i.ID+" "+text)
		}
	}
	list := sqlList(own)
	return "CASE WHEN interface_id || ' ' || srcaddr IN " + list + " THEN srcaddr WHEN interface_id || ' ' || dstaddr IN " + list + " THEN dstaddr ELSE " + ownAddress + " END"
}

// seenSQL are the records of gateways. Its arguments are the gateway's key, the condition that it
// is a regional one, the list of "key address" of own addresses, and the conditions that a record
// is of the time asked about, that srcaddr and dstaddr are private, and that it is a gateway's.
const seenSQL = `
WITH seen AS (
	SELECT %[1]s AS gateway, %[2]s AS regional,
		CASE WHEN regional OR weir_direction = 'undecided' THEN gateway || ' ' || srcaddr IN %[3]s END AS from_own,
		CASE WHEN regional OR weir_direction = 'undecided' THEN gateway || ' ' || dstaddr IN %[3]s END AS to_own,
		CASE WHEN weir_direction IN ('ingress', 'egress') THEN weir_direction = 'ingress' WHEN to_own <> from_own THEN to_own END AS inward,
		%[4]s AS asked, %[5]s AS src_private, %[6]s AS dst_private, srcaddr, dstaddr, pkt_srcaddr, pkt_dstaddr, srcport, dstport, protocol, action, start, "end", packets, bytes, tcp_flags, weir_pair, weir_pair_gap
	FROM vpc_flow_logs
	WHERE %[7]s AND action IS NOT NULL AND weir_repeat IS DISTINCT FROM 'flow-log'
)`

// legsSQL tells which leg each record is of. Its arguments are the conditions that pkt_srcaddr
// and pkt_dstaddr are private, and that srcaddr and dstaddr are inside, and the list of own
// addresses.
//
// A zonal gateway's records have its own address at one end, and on the client's leg the packets
// have another one there (VPC user guide, "Traffic through a NAT gateway"); where they have
// another one of the gateway's own, it is the internet's. A regional one's have what the packets
// have: on the internet's leg a public address of its own, on the client's a private one and
// the host's ("Traffic through a regional NAT gateway").
const legsSQL = `, sides AS (
	SELECT *, CASE
		WHEN contains(srcaddr, ':') OR contains(dstaddr, ':') THEN 'ipv6'
		WHEN regional AND from_own <> to_own THEN 'internet'
		WHEN regional AND src_private <> dst_private THEN 'client'
		WHEN regional OR inward IS NULL THEN 'unsure'
		WHEN pkt_srcaddr IS NOT NULL AND pkt_dstaddr IS NOT NULL THEN CASE
			WHEN inward AND pkt_dstaddr = dstaddr OR NOT inward AND pkt_srcaddr = srcaddr THEN 'internet'
			WHEN inward AND (gateway || ' ' || pkt_dstaddr IN %[5]s OR %[2]s AND NOT src_private) THEN 'internet'
			WHEN NOT inward AND (gateway || ' ' || pkt_srcaddr IN %[5]s OR %[1]s AND NOT dst_private) THEN 'internet'
			ELSE 'client' END
		WHEN inward AND %[3]s OR NOT inward AND %[4]s THEN 'client'
		WHEN inward AND NOT src_private OR NOT inward AND NOT dst_private THEN 'internet'
		ELSE 'unsure' END AS leg
	FROM seen
), ways AS (
	SELECT *, CASE WHEN regional AND leg = 'internet' THEN from_own WHEN regional THEN src_private ELSE (leg = 'client') = inward END AS outward FROM sides
), legs AS (
	SELECT gateway, leg, outward, action, protocol, start, "end", coalesce(packets, 0) AS packets, coalesce(bytes, 0) AS bytes, coalesce(tcp_flags, -1) AS flags, asked,
		pkt_srcaddr IS NOT NULL AND pkt_dstaddr IS NOT NULL AS translated,
		CASE WHEN outward AND leg = 'client' AND NOT regional THEN pkt_dstaddr WHEN outward THEN dstaddr WHEN leg = 'client' AND NOT regional THEN pkt_srcaddr ELSE srcaddr END AS host,
		CASE WHEN outward AND leg = 'internet' THEN coalesce(pkt_srcaddr, srcaddr) WHEN outward THEN srcaddr WHEN leg = 'internet' THEN coalesce(pkt_dstaddr, dstaddr) ELSE dstaddr END AS near,
		coalesce(CASE WHEN outward THEN dstport ELSE srcport END, 0) AS host_port, coalesce(CASE WHEN outward THEN srcport ELSE dstport END, 0) AS near_port,
		weir_pair = 'accepted' AND weir_pair_gap <= 60 AS paired
	FROM ways
)`

// legs returns the SQL of the gateways' legs, which a SELECT follows.
func (n *natWork) legs() string {
	var own []string
	inside := map[string][]string{} // CIDRs of the VPC by gateways
	for _, g := range n.report.Gateways {
		for _, a := range g.Addresses {
			own = append(own, g.key+" "+a.String())
		}
		if n.kept != nil && n.kept.VPCs[g.VPC] != nil {
			inside[g.VPC] = append(inside[g.VPC], g.key)
		}
	}
	within := func(column string) string {
		var b strings.Builder
		b.WriteString("CASE ")
		for _, vpc := range slices.Sorted(maps.Keys(inside)) {
			b.WriteString("WHEN gateway IN " + sqlList(inside[vpc]) + " THEN FALSE")
			for _, p := range n.kept.VPCs[vpc].CIDRs {
				b.WriteString(" OR ip_in(" + column + ", " + sqlText(p.String()) + ")")
			}
			b.WriteString(" ")
		}
		if len(inside) == 0 {
			return "FALSE"
		}
		return b.String() + "ELSE FALSE END"
	}
	key, regional, where := n.keys()
	return fmt.Sprintf(seenSQL, key, regional, sqlList(own), n.asks(), private("srcaddr"), private("dstaddr"), where) +
		fmt.Sprintf(legsSQL, private("pkt_srcaddr"), private("pkt_dstaddr"), within("srcaddr"), within("dstaddr"), sqlList(own))
}

// keys returns the SQL of a record's gateway, and the conditions that it is a regional one, and
// that the record is a gateway's: of the one field where that tells, since files are passed over
// by it.
func (n *natWork) keys() (key, regional, where string) {
	var enis, resources []string
	for _, g := range n.report.Gateways {
		if g.regional {
			resources = append(resources, g.key)
		} else {
			enis = append(enis, g.key)
		}
	}
	byENI, byResource := "interface_id IN "+sqlList(enis), "resource_id IN "+sqlList(resources)
	switch {
	case len(resources) == 0:
		return "interface_id", "FALSE", byENI
	case len(enis) == 0:
		return "resource_id", "TRUE", byResource
	}
	return "CASE WHEN " + byResource + " THEN resource_id ELSE interface_id END", "coalesce(" + byResource + ", FALSE)", "(" + byENI + " OR " + byResource + ")"
}

// asks returns the condition that a record is of the time that was asked about, not before.
func (n *natWork) asks() string {
	if n.req.Scope.From.IsZero() {
		return "TRUE"
	}
	return fmt.Sprintf("start >= %d", n.req.Scope.From.Unix())
}

// own finds the own addresses of gateways that no definition has.
func (n *natWork) own() error {
	var enis, resources []string
	for _, g := range n.report.Gateways {
		switch {
		case len(g.Addresses) > 0:
		case g.regional:
			resources = append(resources, g.key)
		default:
			enis = append(enis, g.key)
		}
	}
	take := func(row []any) error {
		if a, err := netip.ParseAddr(valueText(row[1])); err == nil {
			g := n.byKey[valueText(row[0])]
			g.Addresses = append(g.Addresses, a)
		}
		return nil
	}
	if len(enis) > 0 {
		// AWS writes the ENI's primary address at one end of each record.
		if err := n.rows(fmt.Sprintf(`
SELECT interface_id, arg_max(own, n) FROM (
	SELECT interface_id, %[2]s AS own, count(*) AS n
	FROM vpc_flow_logs WHERE interface_id IN %[1]s AND action IS NOT NULL AND NOT contains(srcaddr, ':') GROUP BY ALL)
WHERE own IS NOT NULL GROUP BY 1 ORDER BY 1`, sqlList(enis), ownAddress), take); err != nil {
			return err
		}
	}
	if len(resources) > 0 {
		// Where both ends are public, it is the one that is no host of its clients.
		return n.rows(fmt.Sprintf(`
WITH r AS (SELECT resource_id, srcaddr, dstaddr, %[2]s AS src_private, %[3]s AS dst_private FROM vpc_flow_logs WHERE resource_id IN %[1]s AND action IS NOT NULL),
hosts AS (SELECT DISTINCT resource_id || ' ' || CASE WHEN src_private THEN dstaddr ELSE srcaddr END AS host FROM r WHERE src_private <> dst_private),
ends AS (
	SELECT resource_id, srcaddr AS own, dstaddr AS host FROM r WHERE NOT src_private AND NOT dst_private
	UNION SELECT resource_id, dstaddr, srcaddr FROM r WHERE NOT src_private AND NOT dst_private)
SELECT DISTINCT resource_id, own FROM ends
WHERE resource_id || ' ' || host IN (SELECT host FROM hosts) AND resource_id || ' ' || own NOT IN (SELECT host FROM hosts) ORDER BY ALL`,
			sqlList(resources), private("srcaddr"), private("dstaddr")), take)
	}
	return nil
}

// summary counts the records of each gateway, and finds its clients.
func (n *natWork) summary() error {
	sql := n.legs() + `
SELECT gateway, leg, coalesce(outward, FALSE), action, coalesce(NOT outward AND leg = 'internet' AND action = 'ACCEPT' AND paired, FALSE) AS replies, translated,
	CASE WHEN leg = 'client' THEN near END AS client, count(*) AS records, sum(bytes)::BIGINT AS bytes, min(start) AS first, max("end") AS last
FROM legs WHERE asked GROUP BY ALL ORDER BY client`
	n.clients = map[string][]string{}
	return n.rows(sql, func(row []any) error {
		g := n.byKey[valueText(row[0])]
		leg, outward, accepted := valueText(row[1]), row[2] == true, valueText(row[3]) == "ACCEPT"
		records, bytes, first, last := integer(row[7]), integer(row[8]), integer(row[9]), integer(row[10])
		list := n.clients[g.key]
		if client := valueText(row[6]); client != "" && (len(list) == 0 || list[len(list)-1] != client) {
			n.clients[g.key] = append(n.clients[g.key], client)
		}
		if g.Records += records; g.First == 0 || first < g.First {
			g.First = first
		}
		g.Last = max(g.Last, last)
		if accepted {
			g.accepted += records
		}
		switch {
		case leg == "unsure":
			g.unsure += records
		case leg == "ipv6":
			g.nat64 += records
		case leg == "client" && row[5] != true:
			g.pairless += records
		case leg == "internet" && !outward && !accepted:
			g.Arrived.Refused.Add(records, bytes)
		case leg == "internet" && !outward && row[4] == true:
			g.Arrived.Replies.Add(records, bytes)
		}
		return nil
	})
}

// lostRecords finds when the gateways' records begin, and the times of which AWS lost some.
func (n *natWork) lostRecords() error {
	n.begin, n.lost = map[string]int64{}, map[string][]diagnose.TimeSpan{}
	key, _, where := n.keys()
	key, where = key+" AS gateway", "FROM vpc_flow_logs WHERE "+where
	if err := n.rowsBefore("SELECT "+key+", min(start) AS first "+where+" GROUP BY 1", func(row []any) error {
		n.begin[valueText(row[0])] = integer(row[1])
		return nil
	}); err != nil {
		return err
	}
	return n.rowsBefore("SELECT "+key+`, start, "end" `+where+" AND log_status = 'SKIPDATA' ORDER BY 1, 2", func(row []any) error {
		at := valueText(row[0])
		g, list, span := n.byKey[at], n.lost[at], diagnose.TimeSpan{First: integer(row[1]), Last: integer(row[2])}
		g.skipped++
		if len(list) > 0 && (len(list) == maxLost || span.First <= list[len(list)-1].Last) {
			list[len(list)-1].Last = max(list[len(list)-1].Last, span.Last) // more than is told apart counts as lost throughout
			return nil
		}
		n.lost[at] = append(list, span)
		return nil
	})
}

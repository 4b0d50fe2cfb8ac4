package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/diagnose"
)

// transitSQL asks what transit gateways recorded between the ends. Its arguments are those of
// whyRows without the peer, and a condition.
const transitSQL = `
WITH ends AS (
	SELECT *, coalesce(%[1]s, FALSE) AS ahead, tcp_flags & 18 AS opening, protocol IN (6, 17, 33, 132, 136) AS ported
	FROM tgw_flow_logs WHERE (%[1]s OR %[2]s) AND protocol IS NOT NULL
), ways AS (
	SELECT *, %[3]s AS request, %[4]s AS guessed FROM ends
), rows AS (
	SELECT *, CASE WHEN NOT ported THEN -1 WHEN request THEN dstport ELSE srcport END AS port FROM ways
)
SELECT request <> ahead AS backwards, protocol, port, request, coalesce(tgw_id, '-'), coalesce(tgw_attachment_id, '-'), coalesce(tgw_pair_attachment_id, ''), coalesce(flow_direction, ''),
	count(*), coalesce(sum(packets), 0)::BIGINT, coalesce(sum(packets_lost_no_route), 0)::BIGINT, coalesce(sum(packets_lost_blackhole), 0)::BIGINT,
	coalesce(sum(packets_lost_mtu_exceeded), 0)::BIGINT, coalesce(sum(packets_lost_ttl_expired), 0)::BIGINT,
	count(coalesce(packets_lost_no_route, packets_lost_blackhole, packets_lost_mtu_exceeded, packets_lost_ttl_expired)) > 0,
	min(start), max("end"), bool_or(guessed),
	arg_max(concat_ws(' ', 'tgw-id=' || tgw_id, 'tgw-attachment-id=' || tgw_attachment_id, 'srcaddr=' || srcaddr, 'dstaddr=' || dstaddr, 'srcport=' || srcport, 'dstport=' || dstport,
		'protocol=' || protocol, 'packets=' || packets, 'start=' || start, 'end=' || "end", 'packets-lost-no-route=' || packets_lost_no_route,
		'packets-lost-blackhole=' || packets_lost_blackhole, 'packets-lost-mtu-exceeded=' || packets_lost_mtu_exceeded, 'packets-lost-ttl-expired=' || packets_lost_ttl_expired), "end")
FROM rows WHERE %[5]s GROUP BY ALL ORDER BY ALL LIMIT %[6]d`

// only is the condition that an end of a transit gateway's record is one of the addresses.
func only(addresses []netip.Addr, field string) string {
	list := make([]string, len(addresses))
	for i, a := range addresses {
		list[i] = sqlText(a.String())
	}
	return field + " IN (" + strings.Join(list, ", ") + ")"
}

// transit adds what transit gateways recorded between two ends that were both asked for. What
// only they recorded becomes connections too.
func (w *why) transit() error {
	src, dst := w.report.Src.Addresses, w.report.Dst.Addresses
	if len(src) == 0 || len(dst) == 0 {
		return nil
	}
	ahead := "(" + only(src, "srcaddr") + " AND " + only(dst, "dstaddr") + ")"
	back := "(" + only(dst, "srcaddr") + " AND " + only(src, "dstaddr") + ")"
	request, guessed, where := w.requests()
	return w.rows(fmt.Sprintf(transitSQL, ahead, back, request, guessed, where, maxEvidence), func(row []any) {
		number, text := func(i int) int64 { return integer(row[i]) }, func(i int) string { return valueText(row[i]) }
		flag := func(i int) bool { b, _ := row[i].(bool); return b }
		t := diagnose.Transit{
			Way: diagnose.Reply, TransitGateway: text(4), Attachment: text(5), Pair: text(6), Direction: text(7), Records: number(8), Packets: number(9),
			Lost:    map[string]int64{"packets-lost-no-route": number(10), "packets-lost-blackhole": number(11), "packets-lost-mtu-exceeded": number(12), "packets-lost-ttl-expired": number(13)},
			Counted: flag(14), First: number(15), Last: number(16), Sample: text(18),
		}
		if flag(3) {
			t.Way = diagnose.Request
		}
		of := WhyConnections{Backwards: flag(0), Protocol: int(number(1)), Port: int(number(2)), Guessed: flag(17), First: t.First, Last: t.Last}
		c := w.of(of)
		c.Transit = append(c.Transit, t)
		c.First, c.Last = min(c.First, t.First), max(c.Last, t.Last)
	})
}

// of returns the connections that were seen of those, which it adds where there are none.
func (w *why) of(of WhyConnections) *connection {
	at := slices.IndexFunc(w.seen, func(c connection) bool {
		return c.Peer == of.Peer && c.Backwards == of.Backwards && c.Protocol == of.Protocol && c.Port == of.Port
	})
	if at < 0 {
		at = len(w.seen)
		w.seen = append(w.seen, connection{WhyConnections: of, at: map[place][]diagnose.Evidence{}})
	}
	return &w.seen[at]
}

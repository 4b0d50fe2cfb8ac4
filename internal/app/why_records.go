package app

import (
	"fmt"
	"net/netip"
	"strings"
)

// among is the condition that an end of a record is one of the addresses; where packets have
// others than the interface's, either will do.
func among(addresses []netip.Addr, field string) string {
	if len(addresses) == 0 {
		return "TRUE"
	}
	list := make([]string, len(addresses))
	for i, a := range addresses {
		list[i] = "'" + a.String() + "'"
	}
	in := " IN (" + strings.Join(list, ", ") + ")"
	return "(" + field + in + " OR pkt_" + field + in + ")"
}

// whyRows are the records between the ends. Its arguments are the conditions of records from
// Src to Dst and back, what tells that a record is of who began, that this is guessed, and the
// peer.
const whyRows = `
WITH ends AS (
	SELECT *, coalesce(interface_id, resource_id) AS recorder, coalesce(pkt_srcaddr <> srcaddr OR pkt_dstaddr <> dstaddr, FALSE) AS translated,
		coalesce(%[1]s, FALSE) AS ahead, tcp_flags & 18 AS opening, protocol IN (6, 17, 33, 132, 136) AS ported
	FROM vpc_flow_logs WHERE (%[1]s OR %[2]s) AND action IS NOT NULL AND coalesce(interface_id, resource_id) IS NOT NULL AND NOT (` + partial + `)
), ways AS (
	SELECT *, %[3]s AS request, %[4]s AS guessed FROM ends
), rows AS (
	SELECT *, CASE WHEN NOT ported THEN -1 WHEN request THEN dstport ELSE srcport END AS port,
		CASE WHEN NOT ported THEN -1 WHEN request THEN srcport ELSE dstport END AS client,
		%[5]s AS peer
	FROM ways
)`

// partial is the condition of records that do not say of which connections they are: their format
// lacks fields.
const partial = `protocol IS NULL OR protocol IN (6, 17, 33, 132, 136) AND (srcport IS NULL OR dstport IS NULL)`

// evidenceSQL asks for what records have in common; its argument is a condition.
const evidenceSQL = `
SELECT request <> ahead AS backwards, protocol, port, recorder, coalesce(weir_direction, 'undecided') AS direction, request, action,
	coalesce(reject_reason, '') AS reason,
	CASE WHEN protocol <> 6 OR tcp_flags IS NULL THEN -1 WHEN opening = 18 THEN 18 WHEN opening = 2 THEN 2 WHEN tcp_flags = 4 THEN 4 ELSE 0 END AS flags,
	coalesce(weir_pair, 'unknown') AS pair, bool_or(guessed) AS guessed, count(*) AS records, sum(packets)::BIGINT AS packets, sum(bytes)::BIGINT AS bytes,
	min(coalesce(start, "end", epoch(weir_hour)::BIGINT)) AS first, max(coalesce("end", start, epoch(weir_hour)::BIGINT)) AS last, min(client) AS low, max(client) AS high,
	arg_max(concat_ws(' ', coalesce(version, 2), coalesce(account_id, '-'), coalesce(interface_id, '-'), srcaddr, dstaddr, coalesce(srcport::VARCHAR, '-'), coalesce(dstport::VARCHAR, '-'),
		protocol, coalesce(packets::VARCHAR, '-'), coalesce(bytes::VARCHAR, '-'), coalesce(start::VARCHAR, '-'), coalesce("end"::VARCHAR, '-'), action, coalesce(log_status, '-')),
		coalesce("end", start, epoch(weir_hour)::BIGINT)) AS sample
	, peer, translated, coalesce(weir_would_action, '') AS would,
	CASE WHEN weir_attribution = 'recorded' THEN coalesce(weir_reject_stage, '') ELSE '' END AS stage,
	CASE WHEN weir_attribution = 'recorded' THEN coalesce(weir_reject_rule, weir_allow_rules, '') ELSE '' END AS rules
FROM rows WHERE %s
GROUP BY ALL ORDER BY recorder, request DESC, records DESC, action, last DESC, flags, pair, reason, direction, would, rules LIMIT %d`

// peersSQL asks for the peers of the one end that was asked for, those first that most is
// refused of, and how many there are.
const peersSQL = `
SELECT peer, count(*) OVER () AS peers FROM rows WHERE %s GROUP BY peer
ORDER BY count(*) FILTER (action = 'REJECT') DESC, count(*) DESC, peer LIMIT %d`

// sql returns the rows that are in question, and the condition of those of the port.
func (w *why) sql() (rows, where string) {
	return w.between(w.report.Src.Addresses, w.report.Dst.Addresses)
}

// between returns what sql does, for records between addresses.
func (w *why) between(src, dst []netip.Addr) (rows, where string) {
	ahead := "(" + among(src, "srcaddr") + " AND " + among(dst, "dstaddr") + ")"
	back := "(" + among(dst, "srcaddr") + " AND " + among(src, "dstaddr") + ")"
	request, guessed, where := w.requests()
	peer := "''"
	switch {
	case len(src) == 0:
		peer = "CASE WHEN ahead THEN srcaddr ELSE dstaddr END"
	case len(dst) == 0:
		peer = "CASE WHEN ahead THEN dstaddr ELSE srcaddr END"
	}
	return fmt.Sprintf(whyRows, ahead, back, request, guessed, peer), where
}

// requests returns what tells that a record is of who began, that this is guessed, and the
// condition of the records of the port.
func (w *why) requests() (request, guessed, where string) {
	where = "TRUE"
	if request, guessed = "ahead", "FALSE"; w.req.Port >= 0 {
		where = fmt.Sprintf("port = %d", w.req.Port)
	} else {
		request = "CASE WHEN NOT ported THEN ahead WHEN protocol = 6 AND opening = 2 THEN TRUE WHEN protocol = 6 AND opening = 18 THEN FALSE " +
			"WHEN srcport = dstport THEN ahead ELSE dstport < srcport END"
		guessed = "ported AND NOT (protocol = 6 AND coalesce(opening, 0) IN (2, 18))"
	}
	if w.req.Protocol >= 0 {
		where += fmt.Sprintf(" AND protocol = %d", w.req.Protocol)
	}
	return request, guessed, where
}

// peers finds the peers that are told of, and returns the condition of their records.
func (w *why) peers(rows, where string) (string, error) {
	var list []string
	all := int64(0)
	err := w.rows(rows+fmt.Sprintf(peersSQL, where, maxPeers), func(row []any) {
		list, all = append(list, "'"+strings.ReplaceAll(valueText(row[0]), "'", "''")+"'"), integer(row[1])
	})
	if err != nil || len(list) == 0 {
		return where, err
	}
	w.report.MorePeers = all - int64(len(list))
	return where + " AND peer IN (" + strings.Join(list, ", ") + ")", nil
}

// rows asks, and calls do with each row.
func (w *why) rows(sql string, do func(row []any)) error {
	return eachAnswer(w.ctx, w.s, SQLRequest{SQL: sql, Scope: w.req.Scope}, do)
}

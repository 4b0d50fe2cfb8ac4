package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/query"
)

// ConnectionsRequest asks for the connections of a time range.
type ConnectionsRequest struct {
	Scope query.Scope
	// ClientPorts are the ports at which a new bucket of clients' ports begins: each From and
	// To+1 of the entries of network ACLs that may decide of replies. In any order; those
	// outside of 1 to 65535 begin none.
	ClientPorts []int
}

// ConnectionGroup is what connections at one interface have in common, and how many there
// are. Records of one interface, protocol, addresses and ports are one connection, as far as
// records tell: one that used the same ports again is not told from it.
type ConnectionGroup struct {
	Interface string
	// Inbound says that the far end began them.
	Inbound  bool
	Protocol int
	// Far and Own are the addresses that the packets have at both ends (pkt-srcaddr and
	// pkt-dstaddr, where the records have them), invalid where no record says it. Own is
	// another's than the interface's where that forwards.
	Far, Own netip.Addr
	// Port is the one that was called, and ClientFrom to ClientTo the bucket of the ports
	// that they came from; -1 where the protocol has none.
	Port, ClientFrom, ClientTo int
	// Connections counts them. Guessed are those of which no TCP flags say who began.
	Connections, Guessed int64
	// Of Connections, Accepted are those without a refused record; Refused those whose
	// request was refused, and of which nothing was accepted; ReplyRefused those of which a reply was
	// refused, and neither another reply accepted nor a request refused. What is left are
	// connections of which both is seen, or OtherOnly.
	Accepted, Refused, ReplyRefused int64
	// Unanswered are those of Accepted of which no reply was recorded.
	Unanswered int64
	// OtherOnly are those whose records are all among the records of Other and Stray.
	OtherOnly int64
	// Records of requests and replies, by what became of them.
	RequestsAccepted, RequestsRejected, RepliesAccepted, RepliesRejected int64
	// Other counts records that another control than rules rejected (reject-reason), and
	// Stray rejected ones of TCP without a SYN, which may have come after the end of their
	// connection. RequestsRejected and RepliesRejected are without both.
	Other, Stray   int64
	Bytes, Packets int64
	First, Last    int64 // seconds since the epoch
	// SampleClient is the client's port of a connection with a record that ends at Last; -1
	// where the protocol has none.
	SampleClient int
}

// connectionsSQL asks for groups of connections. Its arguments are the bucket of a client's
// port, and a condition. Who began a connection is what most of its records with a SYN say,
// else it is guessed: the end that sent what was refused, where nothing else of it is recorded at an interface
// whose accepted records are; else the lower port is the one that was called, as ports of clients are high
// (32768 and above in Linux, 49152 in Windows); without ports, and where both are equal, the
// end that sent first, and the far one if both did in one second. What passed though the rules
// refuse it, since nothing enforces them, counts as refused: it is rules that are asked about. The
// reply to such a request passes too, and the rules refuse it with its request.
const connectionsSQL = `
WITH ends AS (
	SELECT interface_id, weir_direction = 'egress' AS out, protocol, protocol IN (6, 17, 33, 132, 136) AS ported,
		CASE WHEN out THEN coalesce(pkt_srcaddr, srcaddr) ELSE coalesce(pkt_dstaddr, dstaddr) END AS own,
		CASE WHEN out THEN coalesce(pkt_dstaddr, dstaddr) ELSE coalesce(pkt_srcaddr, srcaddr) END AS far,
		CASE WHEN NOT ported THEN -1 WHEN out THEN srcport ELSE dstport END AS own_port,
		CASE WHEN NOT ported THEN -1 WHEN out THEN dstport ELSE srcport END AS far_port,
		CASE WHEN coalesce(weir_would_action, action) = 'ACCEPT' THEN 0 WHEN reject_reason IS NOT NULL THEN 2 WHEN protocol = 6 AND tcp_flags & 2 = 0 THEN 3 ELSE 1 END AS became,
		weir_would_action IS NOT NULL AS passed,
		CASE WHEN protocol = 6 THEN tcp_flags & 18 END AS opening, packets, bytes, start, "end"
	FROM vpc_flow_logs WHERE %[2]s
), flows AS (
	SELECT interface_id, protocol, own, far, own_port, far_port,
		count(*) FILTER (out AND became = 0) AS out_accepted, count(*) FILTER (out AND became = 1) AS out_rejected,
		count(*) FILTER (NOT out AND became = 0) AS in_accepted, count(*) FILTER (NOT out AND became = 1) AS in_rejected,
		count(*) FILTER (became = 2) AS other, count(*) FILTER (became = 3) AS stray,
		count(*) FILTER (opening = 2 AND out OR opening = 18 AND NOT out) AS began_out,
		count(*) FILTER (opening = 2 AND NOT out OR opening = 18 AND out) AS began_in,
		min(start) FILTER (out) AS first_out, min(start) FILTER (NOT out) AS first_in,
		sum(bytes)::BIGINT AS bytes, sum(packets)::BIGINT AS packets, max("end") AS last, bool_or(passed) AS passed
	FROM ends GROUP BY ALL
), begun AS (
	SELECT *, began_in = began_out AS guessed,
		CASE WHEN began_in <> began_out THEN began_in > began_out
			WHEN out_accepted + in_accepted = 0 AND out_rejected * in_rejected = 0 AND out_rejected + in_rejected > 0 AND other + stray = 0
				AND interface_id IN (SELECT interface_id FROM vpc_flow_logs WHERE action = 'ACCEPT') THEN in_rejected > 0
			WHEN own_port <> far_port THEN own_port < far_port
			WHEN first_in IS NULL OR first_out IS NULL THEN first_out IS NULL
			ELSE first_in <= first_out END AS inbound
	FROM flows
), sides AS (
	SELECT *, CASE WHEN inbound THEN own_port ELSE far_port END AS port,
		CASE WHEN inbound THEN far_port ELSE own_port END AS client,
		CASE WHEN inbound THEN in_accepted ELSE out_accepted END AS request_accepted,
		CASE WHEN inbound THEN in_rejected ELSE out_rejected END AS request_rejected,
		CASE WHEN inbound THEN out_accepted ELSE in_accepted END AS reply_accepted,
		CASE WHEN inbound THEN out_rejected ELSE in_rejected END AS reply_rejected
	FROM begun
)
SELECT interface_id, inbound, protocol, far, own, port, %[1]s AS bucket,
	count(*), count(*) FILTER (guessed),
	count(*) FILTER (request_rejected = 0 AND reply_rejected = 0 AND request_accepted + reply_accepted > 0),
	count(*) FILTER (request_rejected > 0 AND request_accepted = 0 AND reply_accepted = 0 AND (reply_rejected = 0 OR passed)),
	count(*) FILTER (reply_rejected > 0 AND reply_accepted = 0 AND request_rejected = 0),
	count(*) FILTER (request_accepted + request_rejected + reply_accepted + reply_rejected = 0),
	sum(request_accepted)::BIGINT, sum(request_rejected)::BIGINT, sum(reply_accepted)::BIGINT, sum(reply_rejected)::BIGINT,
	sum(other)::BIGINT, sum(stray)::BIGINT, coalesce(sum(bytes), 0)::BIGINT, coalesce(sum(packets), 0)::BIGINT,
	min(least(first_in, first_out)), max(last), max(last * 65537 + client + 1),
	count(*) FILTER (request_rejected = 0 AND reply_rejected = 0 AND request_accepted > 0 AND reply_accepted = 0)
FROM sides GROUP BY interface_id, inbound, protocol, far, own, port, bucket`

// tellable is the condition of records that tell of a connection and of its interface. Repeats by
// further flow logs over the same interface are left out; each interface decides for itself.
const tellable = `action IS NOT NULL AND (weir_repeat IS NULL OR weir_repeat <> 'flow-log') AND interface_id IS NOT NULL
		AND weir_direction IN ('ingress', 'egress') AND protocol IS NOT NULL AND (protocol NOT IN (6, 17, 33, 132, 136) OR srcport IS NOT NULL AND dstport IS NOT NULL)
		AND start IS NOT NULL AND "end" IS NOT NULL`

// EachConnectionGroup calls do with each group of the connections that records of the VPC
// flow logs show, in no order, and ends with its error. The group is valid until the next
// call. What is held in memory is the engine's.
func EachConnectionGroup(ctx context.Context, s Service, req ConnectionsRequest, do func(*ConnectionGroup) error) error {
	borders := bucketBorders(req.ClientPorts)
	var bucket strings.Builder
	bucket.WriteString("(CASE WHEN client < 0 THEN -1 ELSE 0 END")
	for _, border := range borders {
		fmt.Fprintf(&bucket, " + (client >= %d)::INTEGER", border)
	}
	bucket.WriteString(")")
	addresses := map[string]netip.Addr{}
	address := func(v any) netip.Addr {
		text, _ := v.(string)
		a, known := addresses[text]
		if !known {
			a, _ = netip.ParseAddr(text)
			if a = a.Unmap(); len(addresses) == maxAddresses {
				clear(addresses)
			}
			addresses[strings.Clone(text)] = a
		}
		return a
	}
	return eachSQLRow(ctx, s, SQLRequest{SQL: fmt.Sprintf(connectionsSQL, bucket.String(), tellable), Scope: req.Scope}, func(row []any) error {
		n := func(i int) int64 { return integer(row[i]) }
		g := ConnectionGroup{
			Interface: valueText(row[0]), Protocol: int(n(2)), Far: address(row[3]), Own: address(row[4]), Port: int(n(5)),
			ClientFrom: -1, ClientTo: -1, Connections: n(7), Guessed: n(8), Accepted: n(9), Refused: n(10), ReplyRefused: n(11), OtherOnly: n(12),
			RequestsAccepted: n(13), RequestsRejected: n(14), RepliesAccepted: n(15), RepliesRejected: n(16),
			Other: n(17), Stray: n(18), Bytes: n(19), Packets: n(20), First: n(21), Last: n(22), SampleClient: int(n(23)%65537) - 1, Unanswered: n(24),
		}
		g.Inbound, _ = row[1].(bool)
		if at := int(n(6)); at >= 0 {
			g.ClientFrom, g.ClientTo = 0, 65535
			if at > 0 {
				g.ClientFrom = borders[at-1]
			}
			if at < len(borders) {
				g.ClientTo = borders[at] - 1
			}
		}
		return do(&g)
	})
}

// maxAddresses bounds how many addresses are kept as they were read.
const maxAddresses = 1 << 17

// bucketBorders returns the ports at which buckets begin, but for the first.
func bucketBorders(ports []int) []int {
	out := slices.DeleteFunc(slices.Clone(ports), func(p int) bool { return p < 1 || p > 65535 })
	slices.Sort(out)
	return slices.Compact(out)
}

// UntoldRecords counts records with an action of which no [ConnectionGroup] is made, and what
// flow logs lost.
type UntoldRecords struct {
	// Records are all with an action that repeat no other of their interface; those of the
	// other members are among them.
	Records int64 `json:"records"`
	// Undecided are those of which nothing says in which direction they passed the interface,
	// Regional those without an interface (of regional NAT gateways), and Incomplete those
	// without a protocol, port or time, which the flow log's format left out.
	Undecided  int64 `json:"undecided"`
	Regional   int64 `json:"regional"`
	Incomplete int64 `json:"incomplete"`
	// Skipped counts records that say SKIPDATA: AWS lost what there was.
	Skipped int64 `json:"skipped"`
	// First and Last bound all records, in seconds since the epoch; 0 where there is none.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

const untoldSQL = `
SELECT count(*) FILTER (counts), count(*) FILTER (counts AND interface_id IS NOT NULL AND NOT decided),
	count(*) FILTER (counts AND interface_id IS NULL),
	count(*) FILTER (counts AND interface_id IS NOT NULL AND decided AND NOT coalesce(%s, FALSE)),
	count(*) FILTER (log_status = 'SKIPDATA'), min(start), max("end")
FROM (SELECT *, action IS NOT NULL AND (weir_repeat IS NULL OR weir_repeat <> 'flow-log') AS counts,
	coalesce(weir_direction IN ('ingress', 'egress'), FALSE) AS decided FROM vpc_flow_logs)`

// CountUntold counts the records of a scope of which no group of connections is made.
func CountUntold(ctx context.Context, s Service, scope query.Scope) (UntoldRecords, error) {
	var out UntoldRecords
	err := eachSQLRow(ctx, s, SQLRequest{SQL: fmt.Sprintf(untoldSQL, tellable), Scope: scope}, func(row []any) error {
		for i, to := range []*int64{&out.Records, &out.Undecided, &out.Regional, &out.Incomplete, &out.Skipped, &out.First, &out.Last} {
			*to = integer(row[i])
		}
		return nil
	})
	return out, err
}

// sampleSQL asks for records that end when groups of connections do; its argument is a
// condition.
const sampleSQL = `
SELECT interface_id, protocol, far, own, far_port, own_port, "end", max(text) FROM (
	SELECT interface_id, protocol, "end", CASE WHEN weir_direction = 'egress' THEN coalesce(pkt_dstaddr, dstaddr) ELSE coalesce(pkt_srcaddr, srcaddr) END AS far,
		CASE WHEN weir_direction = 'egress' THEN coalesce(pkt_srcaddr, srcaddr) ELSE coalesce(pkt_dstaddr, dstaddr) END AS own,
		CASE WHEN weir_direction = 'egress' THEN dstport ELSE srcport END AS far_port,
		CASE WHEN weir_direction = 'egress' THEN srcport ELSE dstport END AS own_port,
		concat_ws(' ', coalesce(version, 2), coalesce(account_id, '-'), interface_id, coalesce(srcaddr, '-'), coalesce(dstaddr, '-'), coalesce(srcport::VARCHAR, '-'), coalesce(dstport::VARCHAR, '-'),
			protocol, coalesce(packets::VARCHAR, '-'), coalesce(bytes::VARCHAR, '-'), start, "end", action, coalesce(log_status, '-')) AS text
	FROM vpc_flow_logs WHERE %s
) GROUP BY ALL`

// SampleRecords returns for each group the text of a record of one of its connections, in AWS's
// default format, that ends at its Last. It is for few groups: there is one question for all.
func SampleRecords(ctx context.Context, s Service, scope query.Scope, groups []ConnectionGroup) ([]string, error) {
	out := make([]string, len(groups))
	if len(groups) == 0 {
		return out, nil
	}
	want := map[string][]int{}
	var where strings.Builder
	where.WriteString(tellable + " AND (FALSE")
	for i := range groups {
		g := &groups[i]
		key := fmt.Sprint(g.Interface, " ", g.Protocol, " ", g.Far, " ", g.Own, " ", g.Last)
		if g.Port >= 0 {
			own, far := g.Port, g.SampleClient
			if !g.Inbound {
				own, far = far, own
			}
			key += fmt.Sprint(" ", far, " ", own)
		}
		want[key] = append(want[key], i)
		fmt.Fprintf(&where, " OR interface_id = '%s' AND \"end\" = %d AND protocol = %d", strings.ReplaceAll(g.Interface, "'", "''"), g.Last, g.Protocol)
		if g.Port >= 0 {
			fmt.Fprintf(&where, " AND %d IN (srcport, dstport) AND %d IN (srcport, dstport)", g.Port, g.SampleClient)
		}
	}
	where.WriteString(")")
	err := eachSQLRow(ctx, s, SQLRequest{SQL: fmt.Sprintf(sampleSQL, where.String()), Scope: scope}, func(row []any) error {
		far, _ := netip.ParseAddr(valueText(row[2]))
		own, _ := netip.ParseAddr(valueText(row[3]))
		key := fmt.Sprint(valueText(row[0]), " ", integer(row[1]), " ", far.Unmap(), " ", own.Unmap(), " ", integer(row[6]))
		for _, key := range []string{key, key + " " + strconv.FormatInt(integer(row[4]), 10) + " " + strconv.FormatInt(integer(row[5]), 10)} {
			for _, i := range want[key] {
				out[i] = valueText(row[7])
			}
		}
		return nil
	})
	return out, err
}

// eachSQLRow asks, and calls do with each row until it fails.
func eachSQLRow(ctx context.Context, s Service, req SQLRequest, do func(row []any) error) error {
	rows, err := s.Query(ctx, req)
	if err != nil {
		return err
	}
	return drain(rows, do)
}

// drain calls do with each row until it fails, and closes the rows.
func drain(rows query.Rows, do func(row []any) error) error {
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return rows.Close()
		}
		if err == nil {
			err = do(row)
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}

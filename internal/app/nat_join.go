package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/diagnose"
)

// joinSQL asks for what clients sent to hosts through gateways, for the internet's leg of the
// same hosts as far as the gateway sent something there from the same port, and for how many
// clients each had. Its arguments are how many rows are asked for, and how many clients are named.
const joinSQL = `, clients AS (
	SELECT gateway, near AS client, host, protocol, host_port, count(*) FILTER (outward AND action = 'ACCEPT') AS out_records, coalesce(sum(bytes) FILTER (outward AND action = 'ACCEPT'), 0)::BIGINT AS out_bytes,
		count(*) FILTER (NOT outward AND action = 'ACCEPT') AS in_records, coalesce(sum(bytes) FILTER (NOT outward AND action = 'ACCEPT'), 0)::BIGINT AS in_bytes,
		count(*) FILTER (action = 'REJECT') AS refused
	FROM legs WHERE asked AND leg = 'client' AND host IS NOT NULL AND translated GROUP BY ALL
), top AS (
	SELECT *, count(*) OVER (PARTITION BY gateway, host, protocol, host_port) AS clients, count(*) OVER (PARTITION BY gateway) AS pairs,
		row_number() OVER (PARTITION BY gateway ORDER BY out_bytes + in_bytes DESC, client, host, protocol, host_port) AS place,
		row_number() OVER (PARTITION BY gateway, host, protocol, host_port ORDER BY out_bytes + in_bytes DESC, client) AS candidate
	FROM clients
), users AS (
	SELECT gateway, host, protocol, host_port, string_agg(client, ' ' ORDER BY candidate) AS candidates FROM top WHERE clients > 1 AND candidate <= %[2]d GROUP BY ALL
), sent AS (
	SELECT DISTINCT gateway, host, protocol, host_port, near, near_port
	FROM legs SEMI JOIN (SELECT gateway, host, protocol, host_port FROM top WHERE place <= %[1]d) USING (gateway, host, protocol, host_port) WHERE leg = 'internet' AND outward
), internet AS (
	SELECT gateway, host, protocol, host_port, count(*) FILTER (outward AND action = 'ACCEPT') AS out_records, coalesce(sum(bytes) FILTER (outward AND action = 'ACCEPT'), 0)::BIGINT AS out_bytes,
		count(*) FILTER (NOT outward AND action = 'ACCEPT') AS in_records, coalesce(sum(bytes) FILTER (NOT outward AND action = 'ACCEPT'), 0)::BIGINT AS in_bytes,
		count(*) FILTER (action = 'REJECT') AS refused
	FROM legs SEMI JOIN sent USING (gateway, host, protocol, host_port, near, near_port)
	WHERE asked AND leg = 'internet' GROUP BY ALL
)
SELECT t.gateway, t.client, t.host, t.protocol, t.host_port, t.out_records, t.out_bytes, t.in_records, t.in_bytes, t.refused, t.clients, t.pairs,
	coalesce(i.out_records, 0), coalesce(i.out_bytes, 0), coalesce(i.in_records, 0), coalesce(i.in_bytes, 0), coalesce(i.refused, 0),
	coalesce(u.candidates, '')
FROM top t LEFT JOIN internet i USING (gateway, host, protocol, host_port) LEFT JOIN users u USING (gateway, host, protocol, host_port) WHERE t.place <= %[1]d ORDER BY t.gateway, t.place`

// join joins the legs of what clients sent through the gateways.
func (n *natWork) join() error {
	most := maxNATJoined
	if n.req.Joined > 0 {
		most = min(most, n.req.Joined)
	}
	err := n.rows(n.legs()+fmt.Sprintf(joinSQL, most, maxCandidates), func(row []any) error {
		traffic := func(i int) NATTraffic {
			return NATTraffic{
				Out: diagnose.Tally{Records: integer(row[i]), Bytes: integer(row[i+1])}, In: diagnose.Tally{Records: integer(row[i+2]), Bytes: integer(row[i+3])},
				Refused: integer(row[i+4]),
			}
		}
		g := n.byKey[valueText(row[0])]
		j := NATJoin{
			Client: valueText(row[1]), Host: valueText(row[2]), Protocol: int(integer(row[3])), Port: int(integer(row[4])),
			ClientLeg: traffic(5), Clients: integer(row[10]), Candidates: strings.Fields(valueText(row[17])),
		}
		internet := traffic(12)
		records := internet.Out.Records + internet.In.Records + internet.Refused
		if records > 0 {
			j.Internet = &internet
		}
		j.Join = diagnose.JoinOf(j.Clients, records, g.skipped == 0 && g.unsure == 0 && g.pairless == 0)
		g.Joined = append(g.Joined, j)
		g.MoreJoined = integer(row[11]) - int64(len(g.Joined))
		return nil
	})
	if err != nil {
		return err
	}
	return n.atClients()
}

// clientKey is a client of a host and port.
type clientKey struct {
	client, host   string
	protocol, port int64
}

// atClients finds the clients' own interfaces, and what they show.
func (n *natWork) atClients() error {
	rows := map[clientKey][]*NATJoin{}
	for _, g := range n.report.Gateways {
		for i := range g.Joined {
			j := &g.Joined[i]
			k := clientKey{j.Client, j.Host, int64(j.Protocol), int64(j.Port)}
			rows[k] = append(rows[k], j)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var wanted, clients, hosts []string
	for k := range rows {
		wanted = append(wanted, fmt.Sprintf("(%s, %s, %d, %d)", sqlText(k.client), sqlText(k.host), k.protocol, k.port))
		clients, hosts = append(clients, k.client), append(hosts, k.host)
	}
	return n.rows(fmt.Sprintf(`
WITH wanted(client, host, protocol, host_port) AS (VALUES %[1]s),
ends AS (
	SELECT interface_id, action, coalesce(bytes, 0) AS bytes, %[3]s AS client, client = srcaddr AS outward, CASE WHEN outward THEN dstaddr ELSE srcaddr END AS host, protocol,
		coalesce(CASE WHEN outward THEN dstport ELSE srcport END, 0) AS host_port
	FROM vpc_flow_logs WHERE action IS NOT NULL AND interface_id IS NOT NULL AND interface_id NOT IN %[2]s AND weir_repeat IS DISTINCT FROM 'flow-log'
		AND (srcaddr IN %[4]s AND dstaddr IN %[5]s OR srcaddr IN %[5]s AND dstaddr IN %[4]s))
SELECT client, host, protocol, host_port, interface_id, count(*) FILTER (outward AND action = 'ACCEPT'), coalesce(sum(bytes) FILTER (outward AND action = 'ACCEPT'), 0)::BIGINT,
	count(*) FILTER (NOT outward AND action = 'ACCEPT'), coalesce(sum(bytes) FILTER (NOT outward AND action = 'ACCEPT'), 0)::BIGINT, count(*) FILTER (action = 'REJECT')
FROM ends SEMI JOIN wanted USING (client, host, protocol, host_port) GROUP BY 1, 2, 3, 4, 5 ORDER BY ALL`,
		strings.Join(wanted, ", "), sqlList(slices.Sorted(maps.Keys(n.byKey))), n.ownAddress(clients), sqlList(clients), sqlList(hosts)), func(row []any) error {
		k := clientKey{valueText(row[0]), valueText(row[1]), integer(row[2]), integer(row[3])}
		for _, j := range rows[k] {
			j.ClientInterfaces = append(j.ClientInterfaces, valueText(row[4]))
			if j.At == nil {
				j.At = &NATTraffic{}
			}
			j.At.Out.Add(integer(row[5]), integer(row[6]))
			j.At.In.Add(integer(row[7]), integer(row[8]))
			j.At.Refused += integer(row[9])
		}
		return nil
	})
}

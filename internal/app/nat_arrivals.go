package app

import (
	"cmp"
	"slices"

	"weir/internal/diagnose"
)

// openSQL asks for the records of the flows of which something came that does not pair. What
// pairs within a minute left before.
const openSQL = `, unpaired AS (
	SELECT DISTINCT gateway, host, protocol, host_port, near, near_port FROM legs
	WHERE leg = 'internet' AND NOT outward AND action = 'ACCEPT' AND asked AND paired IS NOT TRUE
)
SELECT gateway, host, protocol, host_port, near, near_port, outward, start, "end", packets, bytes, flags, coalesce(asked AND paired IS NOT TRUE, FALSE) AS judged
FROM legs SEMI JOIN unpaired USING (gateway, host, protocol, host_port, near, near_port)
WHERE leg = 'internet' AND action = 'ACCEPT'
ORDER BY gateway, host, protocol, host_port, near, near_port, CASE WHEN outward THEN start - 60 ELSE start END, start`

// longest is how long a record is at most, in seconds, for the hours that it lies in: an
// aggregation interval is 10 minutes, and times may be off by one.
const longest = 1200

// flowKey is what the records of a flow have in common.
type flowKey struct {
	at, host       string
	protocol, port int64 // the port is the host's
	near           string
	nearPort       int64
}

// natPort is a port of a gateway.
type natPort struct{ protocol, port int }

func (p natPort) less(o natPort) bool {
	return cmp.Or(cmp.Compare(p.protocol, o.protocol), cmp.Compare(p.port, o.port)) < 0
}

// arrivals tells what came from outside to the gateways.
func (n *natWork) arrivals() error {
	var key flowKey
	var flow diagnose.NATFlow
	var host *NATHost
	var ports map[natPort]int64 // of host
	all := map[string][]NATHost{}
	end := func() {
		if host == nil || host.Records == 0 {
			return
		}
		if g := n.byKey[key.at]; len(g.senders) < maxSenders {
			g.senders[host.Address] = true
		} else {
			g.Inside.NotAsked++
		}
		host.Ports = len(ports)
		most := int64(0)
		for at, records := range ports {
			if records > most || records == most && at.less(natPort{host.Protocol, host.Port}) {
				host.Protocol, host.Port, most = at.protocol, at.port, records
			}
		}
		all[key.at] = append(all[key.at], *host)
		if list := all[key.at]; len(list) >= 2*maxNATHosts {
			n.byKey[key.at].MoreHosts += int64(len(list) - maxNATHosts)
			sortHosts(list)
			all[key.at] = list[:maxNATHosts]
		}
	}
	err := n.rowsBefore(n.legs()+openSQL, func(row []any) error {
		k := flowKey{valueText(row[0]), valueText(row[1]), integer(row[2]), integer(row[3]), valueText(row[4]), integer(row[5])}
		if k.at != key.at || k.host != key.host {
			end()
			host, ports = &NATHost{Address: k.host}, map[natPort]int64{}
		}
		if k != key {
			key, flow = k, diagnose.NewNATFlow(n.begin[k.at], n.lost[k.at])
		}
		r := diagnose.NATRecord{
			Outward: row[6] == true, First: integer(row[7]), Last: integer(row[8]), Packets: integer(row[9]),
			Opens: diagnose.NATOpens(k.protocol, k.nearPort, integer(row[11])),
		}
		what, doubt := flow.Next(&r)
		if what == "" || row[12] != true {
			return nil
		}
		g, bytes := n.byKey[k.at], integer(row[10])
		n.arrived(g, what, doubt, bytes)
		if what != diagnose.NATUnsolicited && what != diagnose.NATLate {
			return nil
		}
		for h := r.First / 3600; h <= min(max(r.First, r.Last), r.First+longest)/3600; h++ {
			g.hours[h] = true
		}
		host.Add(1, bytes)
		if what == diagnose.NATLate {
			host.Late++
		}
		if host.First == 0 || r.First < host.First {
			host.First = r.First
		}
		rule := n.letIn(g, &k, bytes)
		if r.Last >= host.Last || host.Rule == "" {
			host.Rule = rule
		}
		host.Last = max(host.Last, r.Last)
		ports[natPort{int(k.protocol), int(k.nearPort)}]++
		return nil
	})
	if err != nil {
		return err
	}
	end()
	for at, list := range all {
		g := n.byKey[at]
		sortHosts(list)
		g.MoreHosts += int64(max(len(list)-maxNATHosts, 0))
		g.Hosts = list[:min(len(list), maxNATHosts)]
	}
	return nil
}

// arrived counts what came.
func (n *natWork) arrived(g *NATGateway, what diagnose.Arrival, doubt diagnose.NATDoubt, bytes int64) {
	a := &g.Arrived
	map[diagnose.Arrival]*diagnose.Tally{
		diagnose.NATReply: &a.Replies, diagnose.NATLate: &a.Late, diagnose.NATUnsolicited: &a.Unsolicited, diagnose.NATUndecided: &a.Undecided,
	}[what].Add(1, bytes)
	if doubt != diagnose.NoDoubt {
		if a.Doubts == nil {
			a.Doubts = map[diagnose.NATDoubt]int64{}
		}
		a.Doubts[doubt]++
	}
}

// sortHosts orders those first that sent most records.
func sortHosts(list []NATHost) {
	slices.SortFunc(list, func(a, b NATHost) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Address, b.Address))
	})
}

package policy

import (
	"strings"

	"weir/internal/netmodel"
)

// listeners are the protocols of listeners by what they take.
//
// Source: Elastic Load Balancing user guides, "Listeners for your Network Load Balancers" and
// those of the other kinds.
var listeners = map[string][]int{
	"HTTP": {netmodel.TCP}, "HTTPS": {netmodel.TCP}, "TCP": {netmodel.TCP}, "TLS": {netmodel.TCP}, "SSL": {netmodel.TCP},
	"UDP": {netmodel.UDP}, "TCP_UDP": {netmodel.TCP, netmodel.UDP},
}

// listens reports whether a load balancer takes the packet, and whether that is known: its
// listeners are in the input, and it is TCP or UDP.
func (w *walk) listens(eni *netmodel.Interface) (listens, known bool) {
	n := w.d.network
	if w.p.Protocol != netmodel.TCP && w.p.Protocol != netmodel.UDP {
		return false, false
	}
	take := func(protocol string, port int) {
		takes, ok := listeners[strings.ToUpper(protocol)]
		known = true
		for _, p := range takes {
			listens = listens || p == w.p.Protocol && port == int(w.p.DstPort)
		}
		listens = listens || !ok // of a protocol that is new
	}
	for _, b := range n.LoadBalancers {
		switch {
		case eni.Role == netmodel.RoleClassicBalancer && b.Kind == "classic" && b.Name == eni.Resource && b.VPC == eni.VPC:
			for _, l := range b.Listeners {
				take(l.Protocol, l.Port)
			}
		case b.Kind != "classic" && b.Kind != "gateway" && eni.Resource != "" && strings.HasSuffix(b.ID, ":loadbalancer/"+eni.Resource) && b.VPC == eni.VPC:
			for _, l := range n.Listeners {
				if l.LoadBalancer == b.ID {
					take(l.Protocol, l.Port)
				}
			}
		}
	}
	return listens, known
}

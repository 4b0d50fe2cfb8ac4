package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// protocols are the protocols of listeners and target groups by what they are on the network.
// GENEVE is another matter: a Gateway Load Balancer's listeners have none.
//
// Source: Elastic Load Balancing user guides, "Listeners for your Network Load Balancers" and
// those of the other kinds; the QUIC ones: "Edit target group attributes".
var protocols = map[string][]int{
	"HTTP": {netmodel.TCP}, "HTTPS": {netmodel.TCP}, "TCP": {netmodel.TCP}, "TLS": {netmodel.TCP}, "SSL": {netmodel.TCP},
	"UDP": {netmodel.UDP}, "TCP_UDP": {netmodel.TCP, netmodel.UDP}, "QUIC": {netmodel.UDP}, "TCP_QUIC": {netmodel.TCP, netmodel.UDP},
}

// balances reports whether an ENI of a role takes connections for others.
func balances(r netmodel.Role) bool {
	return r == netmodel.RoleALB || r == netmodel.RoleNLB || r == netmodel.RoleClassicBalancer || r == netmodel.RoleGWLB
}

// balancerOf returns the load balancer that an ENI is of, or nil where the input has none.
func (d *Definition) balancerOf(eni *netmodel.Interface) *netmodel.LoadBalancer {
	for b := range inOrder(d.network.LoadBalancers) {
		switch {
		case b.VPC != eni.VPC || eni.Resource == "":
		case b.Kind == "classic":
			if eni.Role == netmodel.RoleClassicBalancer && b.Name == eni.Resource {
				return b
			}
		case balances(eni.Role) && strings.HasSuffix(b.ID, ":loadbalancer/"+eni.Resource):
			return b
		}
	}
	return nil
}

// takes reports whether a listener takes the packet. One of a protocol that is new may.
func (p *Packet) takes(protocol string, port int) bool {
	of, ok := protocols[strings.ToUpper(protocol)]
	return !ok || slices.Contains(of, p.Protocol) && port == int(p.DstPort)
}

// listens reports whether a load balancer takes the packet, and whether that is known: its
// listeners are in the input, and it is TCP or UDP.
func (d *Definition) listens(eni *netmodel.Interface, p *Packet) (listens, known bool) {
	b := d.balancerOf(eni)
	if b == nil || b.Kind == "gateway" || !p.ported() {
		return false, false
	}
	for _, l := range b.Listeners {
		known = true
		listens = listens || p.takes(l.Protocol, l.Port)
	}
	for l := range inOrder(d.network.Listeners) {
		if l.LoadBalancer == b.ID {
			known = true
			listens = listens || p.takes(l.Protocol, l.Port)
		}
	}
	return listens, known
}

// node is an ENI of a load balancer that a packet came to.
type node struct {
	w  *walk // that brought it
	b  *netmodel.LoadBalancer
	at place
	// p is the packet as it came; with anyPort its source port may be any of a NAT gateway's.
	p       Packet
	anyPort bool

	legs []Leg
	// open says that there may be targets which the input does not have.
	open bool
	// forwards says that the listener sends anything on.
	forwards bool
}

// balance follows what a load balancer makes of a packet that came to its ENI, and which
// gets its reply.
func (w *walk) balance(out *Path, p Packet, anyPort bool) error {
	eni := w.d.network.Interfaces[out.To]
	if eni == nil || !balances(eni.Role) {
		return nil
	}
	defer func() { out.Notes = w.notes }()
	not := func(why string) {
		w.note("%s is of the load balancer %s%s: its connections to targets are not looked at", eni.ID, eni.Resource, why)
	}
	n := node{w: w, b: w.d.balancerOf(eni), p: p, anyPort: anyPort}
	switch _, known := w.d.listens(eni, &p); {
	case w.depth > 1:
		not(", the third on its way")
		return nil
	case n.b == nil:
		not(", which is not in the input")
		return nil
	case n.b.Kind == "gateway" || !p.ported():
		not("")
		return nil
	case !known:
		not(", whose listeners are not in the input")
		return nil
	}
	var err error
	if n.at, err = w.placeOf(eni); err != nil {
		return err
	}
	if n.b.Kind == "classic" {
		n.classic()
	} else {
		n.listeners()
	}
	out.Legs = append(out.Legs, n.legs...)
	return n.outcome(out)
}

// outcome says what becomes of a packet by what became of the legs that carry it on.
func (n *node) outcome(out *Path) error {
	var reached, refused, unknowns []string
	for i := range n.legs {
		l := &n.legs[i]
		switch name := fmt.Sprintf("%s (%s)", l.Target, l.Why); {
		case l.LoadBalancer != n.b.ID || l.Purpose == HealthCheck: // of the next load balancer
		case l.Action == Accept:
			reached = append(reached, l.Target)
		case l.Action == Reject:
			refused = append(refused, name)
		default:
			unknowns = append(unknowns, name)
		}
	}
	switch {
	case len(reached) > 0 || !n.forwards:
	case len(unknowns) > 0:
		return unknown("no target of %s is known to be reached; of these it is not known: %s", n.b.Name, strings.Join(unknowns, "; "))
	case len(refused) > 0 && n.open:
		return unknown("no target of %s that is in the input can be reached, and others may be: %s", n.b.Name, strings.Join(refused, "; "))
	case !n.open:
		out.Action = Reject
		if len(refused) == 0 {
			n.w.note("no target is registered with %s for it", n.b.Name)
		}
	}
	return nil
}

// listeners follows the listeners of an application or network load balancer that take the
// packet, and the rules of these. A packet does not tell which rule holds (hosts, paths,
// headers) where source addresses do not: all of them are followed.
//
// Source: Application Load Balancer user guide, "Listener rules".
func (n *node) listeners() {
	network := n.w.d.network
	for l := range inOrder(network.Listeners) {
		if l.LoadBalancer != n.b.ID || !n.p.takes(l.Protocol, l.Port) {
			continue
		}
		name := fmt.Sprintf("the listener %s:%d", l.Protocol, l.Port)
		if protocols[strings.ToUpper(l.Protocol)] == nil {
			n.open = true
			n.w.note("%s is of a protocol that weir does not know: whether it takes this is not known", name)
			continue
		}
		all, described := [][]netmodel.ListenerAction{l.Actions}, false
		for r := range inOrder(network.ListenerRules) {
			if r.Listener != l.ID {
				continue
			}
			described = true
			if len(r.Sources) == 0 || slices.ContainsFunc(r.Sources, func(c netip.Prefix) bool { return c.Contains(n.p.Src) }) {
				all = append(all, r.Actions)
			}
		}
		if n.b.Kind == "application" && !described {
			n.open = true
			n.w.note("the rules of %s are not in the input (aws elbv2 describe-rules): they may lead to more target groups", name)
		}
		n.actions(name, all)
	}
}

// actions follows what a listener may do.
func (n *node) actions(name string, all [][]netmodel.ListenerAction) {
	groups, answers := []string{}, []string{}
	for _, list := range all {
		for _, a := range list {
			groups = append(groups, a.TargetGroups...)
			if len(a.TargetGroups) == 0 && (a.Kind == "redirect" || a.Kind == "fixed-response") {
				answers = append(answers, a.Kind)
			}
		}
	}
	groups, answers = sorted(groups), sorted(answers)
	n.forwards = n.forwards || len(groups) > 0
	if len(answers) > 0 {
		n.w.note("%s may answer itself, by %s", name, strings.Join(answers, " and "))
	}
	if len(groups) > 1 {
		n.w.note("%s leads to one of the target groups %s: by host, path or weight, which a packet does not tell; all are shown", name, strings.Join(names(groups), ", "))
	}
	for _, id := range groups {
		n.group(id)
	}
}

// sorted returns a list in order, each once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// names returns the names in ARNs of target groups.
func names(arns []string) []string {
	out := make([]string, len(arns))
	for i, arn := range arns {
		out[i] = shortName(arn)
	}
	return out
}

// shortName returns the name of a target group by its ARN, else the text.
func shortName(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return arn
}

// group follows a target group.
func (n *node) group(id string) {
	g := n.w.d.network.TargetGroups[id]
	switch {
	case g == nil || g.TargetKind == "":
		n.open = true
		n.w.note("the target group %s is not in the input (aws elbv2 describe-target-groups)", shortName(id))
		return
	case !g.TargetsKnown:
		n.open = true
		n.w.note("the targets of %s are not in the input (aws elbv2 describe-target-health)", g.Name)
		return
	}
	carried, ok := protocols[strings.ToUpper(g.Protocol)]
	if g.TargetKind != "lambda" && !ok {
		n.open = true
		n.w.note("%s is of the protocol %q, which weir does not know", g.Name, g.Protocol)
		return
	}
	for _, t := range g.Targets {
		to := target{group: g, id: t.ID, kind: g.TargetKind, port: cmp.Or(t.Port, g.Port), state: t.State, v6: g.AddressType == "ipv6"}
		if to.protocol = n.p.Protocol; len(carried) == 1 {
			to.protocol = carried[0]
		}
		to.health = portOf(cmp.Or(t.HealthCheckPort, g.HealthCheckPort), to.port)
		n.to(&to)
	}
}

// classic follows the listeners of a classic load balancer.
//
// Source: Classic Load Balancer user guide, "Listeners for your Classic Load Balancer" and
// "Configure health checks" (the target is PROTOCOL:PORT, and a path).
func (n *node) classic() {
	_, text, _ := strings.Cut(n.b.HealthCheck, ":")
	text, _, _ = strings.Cut(text, "/")
	for _, l := range n.b.Listeners {
		if !n.p.takes(l.Protocol, l.Port) {
			continue
		}
		n.forwards = true
		for _, id := range n.b.Instances {
			n.to(&target{id: id, kind: "instance", protocol: netmodel.TCP, port: l.InstancePort, health: portOf(text, 0)})
		}
	}
}

package policy

import (
	"cmp"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// throughEndpoint sends the packet through what is behind a Gateway Load Balancer endpoint:
// appliances, or the firewall of AWS Network Firewall. What they do with it is not in the
// definition; that they let it pass is assumed, and said. Whether it comes to them is, where the
// load balancer before them is known. It comes back as it was, at the
// endpoint's subnet, whose route table leads it on. No security group is at the endpoint; the
// network ACL of its subnet is asked on both ways.
//
// Sources: Gateway Load Balancer user guide, "Getting started" (routing); PrivateLink guide,
// "Access virtual appliances"; VPC user guide, "Routing to a Gateway Load Balancer endpoint" and
// "Middlebox scenarios", which names AWS Network Firewall's endpoints with these.
func (w *walk) throughEndpoint(at place, e *netmodel.VPCEndpoint) (end, error) {
	if len(e.Subnets) != 1 {
		return end{}, unknown("it goes through the appliances of %s, whose subnet the input does not say", e.ID)
	}
	to := place{vpc: e.VPC, subnet: w.d.network.Subnets[e.Subnets[0]], endpoint: e}
	if to.subnet == nil {
		return end{}, unknown("it goes through the appliances of %s, in %s, which is not in the input", e.ID, e.Subnets[0])
	}
	if at.id() == to.id() {
		return end{}, sameSubnet(e, to.subnet)
	}
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	if e.VPC != at.vpc || e.State != "available" {
		w.refuseAt(e.ID, "%s is in %s, and %s", e.ID, e.VPC, orUnknown(e.State))
		return end{}, nil
	}
	if ok, err := w.border(to, ingress); err != nil || !ok {
		return end{}, err
	}
	switch {
	case !w.replying:
		if err := w.appliances(e, to); err != nil || w.refused {
			return end{}, err
		}
		w.inspected = append(w.inspected, e)
	case !slices.Contains(w.inspected, e):
		// Gateway Load Balancer user guide, "Asymmetric flows": such a one is not supported.
		return end{}, unknown("the reply goes through the appliances of %s, and the packet did not: AWS does not support that", e.ID)
	default:
		w.again = append(w.again, e)
	}
	w.note("assumed: what is behind %s (appliances or a firewall, whose rules are not looked at) lets it and its reply pass", e.ID)
	w.gateway(e.ID, "it comes back unchanged, if what is behind %s lets it pass", e.ID)
	w.scopes = []scope{{}}
	return w.route(to)
}

// sameSubnet says why the way between an endpoint and another place of its subnet is not
// known.
//
// Source: Gateway Load Balancer user guide, "What is a Gateway Load Balancer?": endpoint and
// application servers must be in different subnets.
func sameSubnet(e *netmodel.VPCEndpoint, s *netmodel.Subnet) error {
	return unknown("the appliances of %s and an end of the way to them are in %s both: AWS asks for different subnets", e.ID, s.ID)
}

// symmetric checks that the reply went through the appliances that the packet went through.
//
// Sources: Gateway Load Balancer user guide, "Asymmetric flows" (a response may take another
// way, which is not recommended); Network Firewall developer guide, which says that asymmetric
// routing is not supported. Its endpoints are made by a service.
func (w *walk) symmetric() error {
	for _, e := range w.inspected {
		switch {
		case slices.Contains(w.again, e):
		case e.Managed:
			return unknown("the reply does not go through the firewall of %s, as the packet did: AWS does not support that", e.ID)
		default:
			w.note("the reply does not go through the appliances of %s, as the packet did: AWS does not recommend that", e.ID)
		}
	}
	return nil
}

// sender returns the place of a VPC that has the packet's source: an internet gateway sees what
// comes through an endpoint as if it came from there.
//
// Source: VPC user guide, "Inspect traffic using appliances in a security VPC" and alike, whose
// packets leave with the public address of their sender.
func (w *walk) sender(at place) (place, error) {
	asked := w.p
	w.p.Dst = w.p.Src
	inside, err := w.has(at.vpc, w.p.Dst)
	from := at
	if err == nil && inside {
		from, err = w.holder(at.vpc)
	}
	w.p = asked
	if err != nil {
		return place{}, err
	}
	mode, exclusion := w.accessMode(at)
	if m, x := w.accessMode(from); m != mode || x != exclusion {
		return place{}, unknown("VPC Block Public Access differs for %s and for %s, which it passed", from.id(), at.id())
	}
	return from, nil
}

// toInterface sends the packet to an ENI that is not its destination: to an appliance. What
// that does with it is not in the definition; what keeps the packet from it is.
//
// Source: EC2 user guide, "Elastic network interfaces", source/destination checking; VPC user
// guide, "Routing for a middlebox appliance" (references to groups match nothing through one).
func (w *walk) toInterface(at place, id string) (end, error) {
	eni := w.d.network.Interfaces[id]
	switch {
	case eni == nil:
		return end{}, unknown("%s is not in the input", id)
	case eni.Has(w.p.Dst):
		return w.deliver(at)
	}
	to, err := w.placeOf(eni)
	if err != nil {
		return end{}, err
	}
	if ok, err := w.leave(at, crossing(at, to), scope{}); err != nil || !ok {
		return end{}, err
	}
	if eni.SourceDestCheck != nil && *eni.SourceDestCheck {
		w.refuseAt(id, "%s checks source and destination, and %s is not its address", id, w.p.Dst)
		return end{}, nil
	}
	if ok, err := w.filter(eni, ingress, crossing(at, to), []scope{{}}); err != nil || !ok {
		return end{}, err
	}
	return end{}, unknown("it goes through the appliance at %s: what becomes of it there is not in the definition", strings.TrimSpace(id+" "+eni.Name))
}

// geneve is the port by which a Gateway Load Balancer and its appliances send each other
// what they pass on, in UDP.
//
// Source: Gateway Load Balancer user guide, "Target groups for your Gateway Load Balancers".
const geneve = 6081

// appliances follows what a Gateway Load Balancer sends to its appliances for a packet that
// came to an endpoint of it: UDP to port 6081 from its ENI in the endpoint's Availability Zone,
// whatever the packet is, and back. What comes back is no reply, since it goes to port 6081 too:
// groups and network ACLs must let it out. It refuses the packet where no appliance gets it.
//
// Sources: Gateway Load Balancer user guide, "Register targets" (target security groups and
// network ACLs: inbound and outbound traffic on port 6081); PrivateLink guide, "Access virtual
// appliances" (an endpoint is connected with one load balancer of its Zone).
func (w *walk) appliances(e *netmodel.VPCEndpoint, at place) error {
	if e.Managed || w.depth > 0 {
		return nil // a firewall's are AWS's own
	}
	n, err := w.gatewayNode(e, at)
	if n == nil || err != nil {
		return err
	}
	n.gatewayTargets(e)
	w.legs = append(w.legs, n.legs...)
	all := slices.DeleteFunc(slices.Clone(n.legs), func(l Leg) bool { return l.Purpose == HealthCheck })
	if len(all) > 0 && !n.open && !slices.ContainsFunc(all, func(l Leg) bool { return l.Action != Reject }) {
		w.refuseAt(e.ID, "no appliance of %s can be reached by GENEVE, UDP port %d", n.b.Name, geneve)
	}
	return nil
}

// gatewayNode returns the node of the Gateway Load Balancer that an endpoint leads to, or nil
// where the input does not say it.
func (w *walk) gatewayNode(e *netmodel.VPCEndpoint, at place) (*node, error) {
	network := w.d.network
	var b *netmodel.LoadBalancer
	for s := range inOrder(network.EndpointServices) {
		if s.Service != "" && s.Service == e.Service && len(s.LoadBalancers) == 1 {
			b = network.LoadBalancers[s.LoadBalancers[0]]
		}
	}
	if b == nil || b.Kind != "gateway" {
		w.note("which Gateway Load Balancer is behind %s is not in the input (aws ec2 describe-vpc-endpoint-service-configurations): its appliances are not looked at", e.ID)
		return nil, nil
	}
	n := &node{w: w, b: b}
	var all []place
	var ids []string
	for i := range inOrder(network.Interfaces) {
		if i.Role != netmodel.RoleGWLB || w.d.balancerOf(i) != b {
			continue
		}
		one, err := w.placeOf(i)
		if err != nil {
			return nil, err
		}
		if same, known := zoneOf(one.subnet).is(zoneOf(at.subnet)); same || !known {
			all, ids = append(all, one), append(ids, i.ID)
		}
	}
	if len(all) == 0 {
		w.note("no ENI of %s in the Availability Zone of %s is in the input: its appliances are not looked at", b.Name, e.ID)
		return nil, nil
	}
	n.at = all[w.choose("the ENIs of "+b.Name, ids)]
	return n, nil
}

// gatewayTargets follows the target groups of a Gateway Load Balancer.
func (n *node) gatewayTargets(e *netmodel.VPCEndpoint) {
	network := n.w.d.network
	for l := range inOrder(network.Listeners) {
		if l.LoadBalancer != n.b.ID {
			continue
		}
		for _, a := range l.Actions {
			for _, id := range a.TargetGroups {
				g := network.TargetGroups[id]
				if g == nil || !g.TargetsKnown {
					n.open = true
					n.w.note("the targets of %s, behind %s, are not in the input (aws elbv2 describe-target-health)", shortName(id), e.ID)
					continue
				}
				for _, t := range g.Targets {
					n.toAppliance(&target{
						group: g, id: t.ID, kind: g.TargetKind, state: t.State, protocol: netmodel.UDP, port: geneve,
						health: portOf(cmp.Or(t.HealthCheckPort, g.HealthCheckPort), geneve),
					})
				}
			}
		}
	}
}

// toAppliance follows what is passed on to an appliance and back, and its health check.
func (n *node) toAppliance(t *target) {
	l := n.leg(t, Traffic)
	all, err := n.candidates(t)
	if err != nil {
		l.Why = err.Error()
		n.legs = append(n.legs, l)
		return
	}
	l.Dst = all[0].addr
	why, doubt := n.zones(t, all[0].eni)
	if why != "" {
		l.Action, l.Why = Reject, why
		n.legs = append(n.legs, l)
		return
	}
	l.Src = first(n.at.eni, l.Dst)
	n.follow(&l, all, func(w *walk, c candidate) (Path, error) {
		return w.thereAndBack(n.at.eni.ID, Packet{Src: l.Src, Dst: c.addr, Protocol: netmodel.UDP, DstPort: geneve})
	})
	if doubt != "" && l.Action == Accept {
		l.Action, l.Why = "", doubt
	}
	n.legs = append(n.legs, l)
	if t.health > 0 {
		h := n.leg(t, HealthCheck)
		h.Dst = l.Dst
		n.own(&h, all, netmodel.TCP, t.health)
		if h.Action == Reject {
			h.Notes = append(h.Notes, n.unhealthy(t))
		}
		n.legs = append(n.legs, h)
	}
}

// thereAndBack follows a packet to an ENI, and one like it from there back, which is no reply.
func (w *walk) thereAndBack(from string, p Packet) (Path, error) {
	w.from, w.asked, w.p, w.oneWay = from, p, p, true
	out, err := w.path()
	if err != nil || out.Action == Reject {
		return out, err
	}
	to := w.d.network.Interfaces[out.To]
	if to == nil {
		w.note("what %s sends back is not looked at", p.Dst)
		out.Notes = w.notes
		return out, nil
	}
	p.Src, p.Dst = p.Dst, p.Src
	back := &walk{d: w.d, script: w.script, taken: w.taken, counts: w.counts, options: w.options, from: to.ID, to: from, asked: p, p: p, oneWay: true}
	there, err := back.path()
	w.taken, w.counts, w.options = back.taken, back.counts, back.options
	out.Reply, out.Action, out.Notes = there.Forward, there.Action, append(out.Notes, there.Notes...)
	return out, err
}

package policy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// target is where a load balancer sends a connection on to.
type target struct {
	group *netmodel.TargetGroup // nil of a classic one
	id    string
	kind  string // instance, ip, alb or lambda
	state string
	// protocol is IANA's number, and port and health are the ports that get traffic and health
	// checks; health is 0 where it is not known.
	protocol, port, health int
	v6                     bool
}

// candidate is an ENI, if the input has it, and an address that a target may mean.
type candidate struct {
	eni  *netmodel.Interface
	addr netip.Addr
}

// portOf reads the port of a health check: a number, or traffic-port.
func portOf(text string, traffic int) int {
	if text == "traffic-port" {
		return traffic
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

// leg begins a leg to a target.
func (n *node) leg(t *target, purpose Purpose) Leg {
	l := Leg{
		LoadBalancer: n.b.ID, Target: t.id, State: t.state, Purpose: purpose, From: n.at.eni.ID, Protocol: t.protocol, DstPort: uint16(t.port),
		Forward: []Step{}, Reply: []Step{},
	}
	if t.group != nil {
		l.TargetGroup = t.group.ID
	}
	return l
}

// to follows the packet, and the health check, to a target.
func (n *node) to(t *target) {
	l := n.leg(t, Traffic)
	if t.kind == "lambda" {
		l.Protocol, l.DstPort = 0, 0
		l.Action, l.Notes = Accept, []string{"the function is called, not connected to: no rule of the network decides"}
		n.legs = append(n.legs, l)
		return
	}
	all, err := n.candidates(t)
	if err != nil {
		l.Why = err.Error()
		n.legs = append(n.legs, l)
		return
	}
	if t.kind == "alb" { // each of its ENIs is another way
		for _, c := range all {
			n.toOne(t, []candidate{c})
		}
		return
	}
	n.toOne(t, all)
}

// candidates returns what a target may mean. An instance gets it at the primary address of
// its primary ENI; where the input does not say which one that is, each may be.
//
// Source: Network Load Balancer user guide, "Request routing and IP addresses", and alike of the
// other kinds.
func (n *node) candidates(t *target) ([]candidate, error) {
	network := n.w.d.network
	var out []candidate
	add := func(i *netmodel.Interface) {
		if at := slices.IndexFunc(i.Addresses, func(a netip.Addr) bool { return a.Is6() == t.v6 }); at >= 0 {
			out = append(out, candidate{i, i.Addresses[at]})
		}
	}
	switch t.kind {
	case "instance":
		for i := range inOrder(network.Interfaces) {
			if i.Instance == t.id {
				add(i)
			}
		}
		if at := slices.IndexFunc(out, func(c candidate) bool { return c.eni.Primary }); at >= 0 {
			out = out[at : at+1]
		}
	case "alb":
		_, name, _ := strings.Cut(t.id, ":loadbalancer/")
		for i := range inOrder(network.Interfaces) {
			if i.Role == netmodel.RoleALB && i.Resource == name && name != "" {
				add(i)
			}
		}
	case "ip":
		addr, err := netip.ParseAddr(t.id)
		if err != nil {
			return nil, fmt.Errorf("%q is no address", t.id)
		}
		for i := range inOrder(network.Interfaces) {
			if i.VPC == n.b.VPC && i.Has(addr) {
				return []candidate{{i, addr}}, nil
			}
		}
		return []candidate{{nil, addr}}, nil
	default:
		return nil, fmt.Errorf("targets of type %q are not known here", t.kind)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no ENI of %s is in the input", t.id)
	}
	return out, nil
}

// toOne follows the packet to a target, and the health check if that asks in another way.
func (n *node) toOne(t *target, all []candidate) {
	l := n.leg(t, Traffic)
	l.Dst = all[0].addr
	why, doubt := n.zones(t, all[0].eni)
	if why != "" {
		l.Action, l.Why = Reject, why
		n.legs = append(n.legs, l)
		return
	}
	keeps, assumed, known := n.keeps(t, all[0].addr)
	if assumed != "" {
		n.w.note("%s", assumed)
	}
	var next []Leg
	switch {
	case !known:
		var other Leg
		n.own(&l, all, t.protocol, t.port)
		n.kept(&other, all, t)
		if l.Action != other.Action || l.Action == "" {
			l.Action, l.Why = "", "the input does not say whether client addresses are preserved, and that decides"
		}
	case keeps:
		next = n.kept(&l, all, t)
	default:
		next = n.own(&l, all, t.protocol, t.port)
	}
	if doubt != "" && l.Action == Accept {
		l.Action, l.Why = "", doubt
	}
	asksAlike := known && !keeps && t.protocol == netmodel.TCP && t.health == t.port
	if asksAlike {
		l.Purpose = Both
	}
	n.legs = append(n.legs, l)
	switch {
	case t.health == 0:
		n.w.note("the port of the health check of %s is not in the input", t.id)
	case !asksAlike:
		h := n.leg(t, HealthCheck)
		h.Dst = l.Dst
		n.own(&h, all, netmodel.TCP, t.health)
		if h.Action == Reject {
			h.Notes = append(h.Notes, n.unhealthy(t))
		}
		n.legs = append(n.legs, h)
	}
	n.legs = append(n.legs, next...)
}

// unhealthy says what a refused health check leads to.
//
// Sources: user guides of Network and Application Load Balancers, "Health checks for your
// target groups" (all get traffic where none is healthy).
func (n *node) unhealthy(t *target) string {
	if n.b.Kind == "classic" {
		return fmt.Sprintf("the load balancer takes %s for out of service, and sends nothing to it", t.id)
	}
	return fmt.Sprintf("the load balancer takes %s for unhealthy, and sends to it only where all targets are", t.id)
}

// own follows a connection that the load balancer makes from its own address, and returns
// the legs behind it, where the target is a load balancer too.
func (n *node) own(l *Leg, all []candidate, protocol, port int) []Leg {
	src := first(n.at.eni, all[0].addr)
	if !src.IsValid() {
		l.Why = fmt.Sprintf("%s has no address of the family of %s", n.at.eni.ID, all[0].addr)
		return nil
	}
	l.Src, l.SrcPort, l.DstPort, l.Protocol = src, 0, uint16(port), protocol
	return n.follow(l, all, func(w *walk, c candidate) (Path, error) {
		w.from, w.anyPort = n.at.eni.ID, true
		w.p = Packet{Src: src, Dst: c.addr, Protocol: protocol, DstPort: uint16(port)}
		w.asked = w.p
		return w.path()
	})
}

// kept follows the client's connection, which the load balancer passes on.
func (n *node) kept(l *Leg, all []candidate, t *target) []Leg {
	l.Src, l.SrcPort, l.DstPort, l.Protocol = n.p.Src, n.p.SrcPort, uint16(t.port), t.protocol
	if n.anyPort {
		l.SrcPort = 0
	}
	return n.follow(l, all, func(w *walk, c candidate) (Path, error) {
		w.from, w.anyPort = n.at.eni.ID, n.anyPort
		w.p = Packet{Src: n.p.Src, Dst: c.addr, Protocol: t.protocol, SrcPort: n.p.SrcPort, DstPort: uint16(t.port)}
		w.asked = w.p
		return w.pass(n.at, strings.Join(sorted(slices.Concat(n.b.Groups, n.at.eni.Groups)), " "))
	})
}

// follow follows a leg to one of several ENIs, which must decide alike.
func (n *node) follow(l *Leg, all []candidate, to func(w *walk, c candidate) (Path, error)) []Leg {
	var ids []string
	for _, c := range all {
		id := c.addr.String()
		if c.eni != nil {
			id = c.eni.ID
		}
		ids = append(ids, id)
	}
	path, err := n.w.d.ways(func(w *walk) (Path, error) {
		w.depth = n.w.depth + 1
		c := all[w.choose("the ENIs of "+l.Target, ids)]
		if c.eni != nil {
			w.to = c.eni.ID
		}
		return to(w, c)
	}, func(a, b *Path) bool { return a.Action == b.Action })
	l.take(&path, err)
	if l.Action == Reject && l.Why == "" {
		l.Why = "none of its own targets can be reached"
	}
	return path.Legs
}

// first returns an ENI's first address of the family of another.
func first(i *netmodel.Interface, like netip.Addr) netip.Addr {
	for _, a := range i.Addresses {
		if a.Is4() == like.Is4() {
			return a
		}
	}
	return netip.Addr{}
}

// crossZone is the attribute of load balancers and target groups that says whether a node
// sends to targets in other Availability Zones.
const crossZone = "load_balancing.cross_zone.enabled"

// crosses reports whether nodes of the load balancer send to a target in another Zone, with
// what was assumed, and whether it is known.
//
// Sources: "Cross-zone load balancing for target groups" of the user guides (the target
// group's setting wins, but of type alb; an application one's is on, a network one's off by
// default) and "Configure cross-zone load balancing for your Classic Load Balancer" (its default
// depends on how it was made).
func (n *node) crosses(t *target) (on bool, assumed string, known bool) {
	if t.group != nil && t.kind != "alb" {
		switch t.group.Attributes[crossZone] {
		case "true":
			return true, "", true
		case "false":
			return false, "", true
		case "":
			assumed = crossZone + " of " + t.group.Name
		}
	}
	said, ok := n.b.Attributes[crossZone]
	switch {
	case n.b.Kind == "application":
		return true, assumed, true
	case ok:
		return said == "true", assumed, said == "true" || said == "false"
	case n.b.Kind == "classic":
		return false, "", false
	}
	if assumed != "" {
		return false, assumed + " and of the load balancer", true
	}
	return false, crossZone + " of the load balancer", true
}

// zones says why a node does not send to a target in another Availability Zone, or why that
// is not known. Targets that are not in the load balancer's VPC are in no Zone.
func (n *node) zones(t *target, eni *netmodel.Interface) (why, doubt string) {
	network := n.w.d.network
	if eni == nil || eni.VPC != n.b.VPC || network.Subnets[eni.Subnet] == nil {
		return "", ""
	}
	there := zoneOf(network.Subnets[eni.Subnet])
	if same, known := zoneOf(n.at.subnet).is(there); known && same {
		return "", ""
	} else if !known {
		there = zone{}
	}
	name := cmp.Or(there.name, there.id)
	on, assumed, known := n.crosses(t)
	switch {
	case !known:
		return "", "the input does not say whether cross-zone load balancing is on, and its Availability Zone is another"
	case !on && name == "":
		return "", "cross-zone load balancing is off, and the input does not say the Availability Zones"
	}
	if assumed != "" {
		n.w.note("%s: not in the input, AWS's default was taken", assumed)
	}
	if !on {
		return fmt.Sprintf("it is in %s, this node in %s, and cross-zone load balancing is off", name, n.at.subnet.AZ), ""
	}
	if len(n.b.Subnets) == 0 || name == "" {
		return "", ""
	}
	for _, id := range n.b.Subnets {
		s := network.Subnets[id]
		if s == nil {
			return "", ""
		}
		if same, known := zoneOf(s).is(there); same || !known {
			return "", ""
		}
	}
	return fmt.Sprintf("it is in %s, which is not enabled for the load balancer", name), ""
}

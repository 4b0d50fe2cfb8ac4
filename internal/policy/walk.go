package policy

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// walk is a packet on its way, and later its reply.
type walk struct {
	d        *Definition
	from, to string
	asked    Packet // as it began

	// p is the packet with the addresses that it has here. One that passed a NAT gateway, or
	// that a load balancer sends, has any of its ports as its source, its reply as its
	// destination.
	p       Packet
	anyPort bool

	replying, refused bool
	bypassed          bool // it is for a service that nothing filters
	hops              int
	steps             []Step
	notes             []string

	// scopes are whose ENIs references may match where it arrives: several where the
	// definition does not say whether they do.
	scopes []scope
	// origin is the Availability Zone that it came into a transit gateway from.
	origin zone
	// visits are the decisions at ENIs, by id, which their groups remember.
	visits map[string]visit
	// sessions are the NAT gateways that it passed, in order.
	sessions []session
	// inspected are the Gateway Load Balancer endpoints that the packet passed, and again those
	// that its reply did.
	inspected, again []*netmodel.VPCEndpoint
	// left is the egress-only internet gateway that it left by.
	left string

	// legs are those of Gateway Load Balancers on the way.
	legs []Leg
	// oneWay: what answers it is looked at elsewhere.
	oneWay bool
	// depth is how many load balancers sent it on before.
	depth int

	// Where AWS leaves open which way it takes: how often, of how many, and what was taken.
	script, taken, counts []int
	options               []string
}

// visit is a packet at an ENI, as its groups saw it.
type visit struct {
	at     *Interface
	p      Packet
	way    direction
	border border
}

// place is where a packet is, in a VPC. Subnet is nil beside all subnets: at a gateway of
// the VPC. It is at an ENI, at a NAT gateway, at the subnet's ENI of a transit gateway
// attachment or of a Gateway Load Balancer endpoint, or else at a gateway.
type place struct {
	vpc        string
	subnet     *netmodel.Subnet
	eni        *netmodel.Interface
	nat        *netmodel.NATGateway
	attachment *netmodel.TransitGatewayAttachment
	endpoint   *netmodel.VPCEndpoint
}

// end is where a packet's way ends, with the id of what is there.
type end struct {
	kind endKind
	id   string
	at   place // of a service: where its endpoint is
}

type endKind uint8

const (
	nowhere endKind = iota
	atInterface
	atInternet
	atService // of AWS, by a gateway endpoint or beside the ENI
	outside   // behind a gateway, out of the definition
)

// unknown returns an error that says why a way is not known.
func unknown(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNoPath}, args...)...)
}

func (w *walk) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(w.notes, text) {
		w.notes = append(w.notes, text)
	}
}

// step adds a step with the packet's addresses.
func (w *walk) step(s Step) {
	if s.Rules == nil {
		s.Rules = []string{}
	}
	if s.Groups == nil {
		s.Groups = []string{}
	}
	s.Src, s.Dst = w.p.Src, w.p.Dst
	w.steps = append(w.steps, s)
}

// refuse ends the way.
func (w *walk) refuse(s Step) {
	s.Action, w.refused = Reject, true
	w.step(s)
}

// gateway adds that a gateway lets the packet pass, and refuseAt that it does not.
func (w *walk) gateway(id, format string, args ...any) {
	w.step(Step{Gateway: id, Verdict: Verdict{Action: Accept, Stage: Gateway, Why: fmt.Sprintf(format, args...)}})
}

func (w *walk) refuseAt(id, format string, args ...any) {
	w.refuse(Step{Gateway: id, Verdict: Verdict{Stage: Gateway, Why: fmt.Sprintf(format, args...)}})
}

// begin starts the packet.
func (w *walk) begin(from string) (end, error) {
	n := w.d.network
	if eni := n.Interfaces[from]; eni != nil {
		if err := w.own(eni); err != nil {
			return end{}, err
		}
		at, err := w.placeOf(eni)
		if err != nil {
			return end{}, err
		}
		w.scopes = []scope{home(eni.VPC)}
		return w.route(at)
	}
	switch {
	case from == Internet:
		return w.fromInternet()
	case n.VPNGateways[from] != nil:
		return w.fromVPNGateway(n.VPNGateways[from])
	case n.TransitGatewayAttachments[from] != nil:
		return w.fromAttachment(n.TransitGatewayAttachments[from])
	}
	return end{}, fmt.Errorf("%q is no ENI, virtual private gateway or transit gateway attachment of the input", from)
}

// own checks that an ENI may send the packet.
//
// Source: EC2 user guide, "Elastic network interfaces", source/destination checking.
func (w *walk) own(eni *netmodel.Interface) error {
	if !eni.Has(w.p.Src) {
		return fmt.Errorf("%s is no address of %s", w.p.Src, eni.ID)
	}
	return nil
}

// turn makes the reply the packet.
func (w *walk) turn(reply Packet) {
	w.p, w.replying, w.steps, w.hops, w.origin = reply, true, nil, 0, zone{}
}

// beginReply starts the reply from where the packet ended.
func (w *walk) beginReply(at end) (end, error) {
	n := w.d.network
	switch at.kind {
	case atInterface:
		eni, err := w.placeOf(n.Interfaces[at.id])
		if err != nil {
			return end{}, err
		}
		return w.route(eni)
	case atInternet:
		return w.fromInternet()
	case atService:
		return w.deliver(at.at)
	}
	if g := n.VPNGateways[at.id]; g != nil {
		return w.fromVPNGateway(g)
	}
	return w.fromAttachment(n.TransitGatewayAttachments[at.id])
}

// placeOf returns where an ENI is.
func (w *walk) placeOf(eni *netmodel.Interface) (place, error) {
	// What lacks for deciding there is said by the same words as ever.
	if _, err := w.d.At(eni.ID); err != nil {
		return place{}, err
	}
	return place{vpc: eni.VPC, subnet: w.d.network.Subnets[eni.Subnet], eni: eni}, nil
}

// id returns the id of a place's subnet, or "".
func (at *place) id() string {
	if at.subnet == nil {
		return ""
	}
	return at.subnet.ID
}

// has reports whether the place's VPC has an address.
func (w *walk) has(vpc string, a netip.Addr) (bool, error) {
	v := w.d.network.VPCs[vpc]
	if v == nil {
		return false, unknown("%s is not in the input", vpc)
	}
	return contains(v.CIDRs, a), nil
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// leave asks what filters the packet on its way out of a place: the groups of an ENI, and
// the subnet's network ACL if it crosses the border. It reports whether it may go on.
func (w *walk) leave(at place, to border, scopes ...scope) (bool, error) {
	switch {
	case at.eni != nil:
		return w.filter(at.eni, egress, to, scopes)
	case at.subnet != nil && to == crossed:
		return w.border(at, egress)
	}
	return true, nil
}

// deliver brings the packet to what has its destination address in the place's VPC, and
// enters the subnet.
func (w *walk) deliver(at place) (end, error) {
	to, err := w.holder(at.vpc)
	if err != nil {
		return end{}, err
	}
	if ok, err := w.leave(at, crossing(at, to), home(at.vpc)); err != nil || !ok {
		return end{}, err
	}
	return w.enter(to, crossing(at, to))
}

// enter brings the packet, which comes to an ENI's or a NAT gateway's address, into it.
func (w *walk) enter(to place, over border) (end, error) {
	if to.nat != nil {
		return w.intoNAT(to, over)
	}
	if to.eni.Role == netmodel.RoleTransitGateway {
		return end{}, unknown("%s is of a transit gateway: AWS does not say what becomes of packets to its own address", to.eni.ID)
	}
	if ok, err := w.filter(to.eni, ingress, over, w.scopes); err != nil || !ok {
		return end{}, err
	}
	if !w.describe(to.eni) {
		return end{}, nil
	}
	return end{kind: atInterface, id: to.eni.ID}, nil
}

// describe notes what stands behind an ENI that ends a packet's way. It reports false, and
// refuses the packet, where it is a NAT gateway or a load balancer that does not listen for it.
func (w *walk) describe(eni *netmodel.Interface) bool {
	if w.replying {
		return true
	}
	switch eni.Role {
	case netmodel.RoleNATGateway: // which the input has no more of
		w.refuseAt(eni.ID, "NAT gateways take no connections")
		return false
	case netmodel.RoleALB, netmodel.RoleNLB, netmodel.RoleClassicBalancer, netmodel.RoleGWLB:
		if listens, known := w.d.listens(eni, &w.p); known && !listens {
			w.refuseAt(eni.ID, "the load balancer %s has no listener for it", eni.Resource)
			return false
		}
	case netmodel.RoleVPCEndpoint, netmodel.RoleGWLBEndpoint:
		w.note("%s is of the endpoint %s: the service behind it is not looked at", eni.ID, eni.Resource)
	}
	return true
}

// crossing reports whether a packet crosses a subnet's border between two places.
func crossing(a, b place) border {
	if a.id() != "" && a.id() == b.id() {
		return within
	}
	return crossed
}

// holder returns the place that has the packet's destination in a VPC.
func (w *walk) holder(vpc string) (place, error) {
	n, dst := w.d.network, w.p.Dst
	var found []place
	for g := range inOrder(n.NATGateways) {
		if g.VPC == vpc && slices.ContainsFunc(g.Addresses, func(a netmodel.NATAddress) bool { return a.Private == dst }) && !gone(g.State) {
			at, err := w.natPlace(g)
			if err != nil {
				return place{}, err
			}
			found = append(found, at)
		}
	}
	for i := range inOrder(n.Interfaces) {
		if i.VPC != vpc || !i.Has(dst) || len(found) > 0 && found[0].nat != nil {
			continue
		}
		at, err := w.placeOf(i)
		if err != nil {
			return place{}, err
		}
		found = append(found, at)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return place{}, unknown("%d ENIs of %s have %s", len(found), vpc, dst)
	}
	in := vpc
	for s := range inOrder(n.Subnets) {
		if s.VPC == vpc && contains(s.CIDRs, dst) {
			in = s.ID + " of " + vpc
		}
	}
	return place{}, unknown("no ENI of the input has %s in %s", dst, in)
}

// inOrder returns what a map holds by id, in the order of the ids, so that the first that
// will do is always the same.
func inOrder[T any](all map[string]*T) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if !yield(all[id]) {
				return
			}
		}
	}
}

func gone(state string) bool { return state == "deleted" || state == "failed" || state == "deleting" }

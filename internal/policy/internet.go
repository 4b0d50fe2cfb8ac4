package policy

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// toInternet sends the packet out by an internet gateway or an egress-only one.
//
// Source: VPC user guide, "Enable internet access for a VPC using an internet gateway" (the
// gateway puts the public address in place of the private one, and needs one for IPv4) and
// "Egress-only internet gateways" (IPv6 only).
func (w *walk) toInternet(at place, g *netmodel.InternetGateway, egressOnly bool) (end, error) {
	if ok, err := w.leave(at, crossed, scope{}); err != nil || !ok {
		return end{}, err
	}
	kind := directAccess
	switch {
	case g.VPC != at.vpc:
		w.refuseAt(g.ID, "%s is not attached to %s", g.ID, at.vpc)
		return end{}, nil
	case egressOnly && w.p.Src.Is4():
		w.refuseAt(g.ID, "egress-only internet gateways pass IPv6 only")
		return end{}, nil
	case egressOnly && w.replying && w.left != g.ID:
		return end{}, unknown("the reply leaves by %s, which did not see the packet: AWS does not say whether it passes", g.ID)
	case egressOnly:
		kind, w.left = egressOnlyAccess, g.ID
	case at.nat != nil:
		kind = natAccess
	case at.endpoint != nil:
		var err error
		if at, err = w.sender(at); err != nil {
			return end{}, err
		}
		if at.nat != nil {
			kind = natAccess
		}
	}
	if ok, err := w.publicAccess(at, g.ID, kind); err != nil || !ok {
		return end{}, err
	}
	if !public(w.p.Dst) {
		w.refuseAt(g.ID, "%s is not an address of the internet", w.p.Dst)
		return end{}, nil
	}
	src := w.publicSource(at)
	if !src.IsValid() {
		w.refuseAt(g.ID, "%s has no public address here, without which %s drops it", w.p.Src, g.ID)
		return end{}, nil
	}
	if src == w.p.Src {
		w.gateway(g.ID, "it leaves %s", at.vpc)
	} else {
		w.gateway(g.ID, "it leaves %s; its source becomes %s", at.vpc, src)
	}
	w.p.Src, w.scopes = src, []scope{{}}
	to, _, err := w.publicHolder()
	if err != nil || to.vpc == "" {
		return end{kind: atInternet, id: Internet}, err
	}
	return w.fromInternet()
}

// publicSource returns the packet's source as the internet sees it, or none.
func (w *walk) publicSource(at place) netip.Addr {
	switch {
	case w.p.Src.Is6():
		if public(w.p.Src) {
			return w.p.Src
		}
		return netip.Addr{}
	case at.nat != nil:
		for _, a := range at.nat.Addresses {
			if a.Public.IsValid() && (a.Private == w.p.Src || a.Public == w.p.Src) {
				return a.Public
			}
		}
		return netip.Addr{}
	case at.eni != nil:
		return w.publicOf(at.eni, w.p.Src)
	}
	return netip.Addr{} // of another VPC or network: nothing stands for it
}

// publicOf returns the public address that stands for an ENI's private one, or none.
func (w *walk) publicOf(eni *netmodel.Interface, private netip.Addr) netip.Addr {
	if a, ok := eni.Public[private]; ok {
		return a
	}
	for a := range inOrder(w.d.network.ElasticIPs) {
		if a.Interface == eni.ID && a.Private == private {
			return a.Address
		}
	}
	return netip.Addr{}
}

// publicHolder returns the place of the VPCs that has the packet's destination as a public
// or IPv6 address, and the private address that it stands for. There is none if its vpc is "".
func (w *walk) publicHolder() (place, netip.Addr, error) {
	n, dst := w.d.network, w.p.Dst
	for g := range inOrder(n.NATGateways) {
		for _, a := range g.Addresses {
			if a.Public == dst && !gone(g.State) {
				at, err := w.natPlace(g)
				if !a.Private.IsValid() {
					a.Private = dst
				}
				return at, a.Private, err
			}
		}
	}
	type found struct {
		eni     *netmodel.Interface
		private netip.Addr
	}
	var all []found
	for i := range inOrder(n.Interfaces) {
		if dst.Is6() && i.Has(dst) {
			all = append(all, found{i, dst})
		}
		for private, a := range i.Public {
			if a == dst {
				all = append(all, found{i, private})
			}
		}
	}
	for a := range inOrder(n.ElasticIPs) {
		i := n.Interfaces[a.Interface]
		if a.Address == dst && i != nil && !slices.Contains(all, found{i, a.Private}) {
			all = append(all, found{i, a.Private})
		}
	}
	switch len(all) {
	case 0:
		return place{}, netip.Addr{}, nil
	case 1:
		at, err := w.placeOf(all[0].eni)
		return at, all[0].private, err
	}
	return place{}, netip.Addr{}, unknown("%d ENIs have %s", len(all), dst)
}

// fromInternet brings a packet of the internet to who has its public or IPv6 address.
func (w *walk) fromInternet() (end, error) {
	if !public(w.p.Dst) {
		w.refuse(Step{Gateway: Internet, Verdict: Verdict{Stage: Route, Why: w.p.Dst.String() + " is private: the internet has no route to it"}})
		return end{}, nil
	}
	to, private, err := w.publicHolder()
	switch {
	case err != nil:
		return end{}, err
	case to.vpc == "":
		return end{}, unknown("nothing of the input has the public address %s", w.p.Dst)
	}
	w.scopes = []scope{{}}
	if w.replying && w.left != "" && w.p.Dst.Is6() {
		w.gateway(w.left, "it answers what left by %s", w.left)
		return w.deliver(place{vpc: to.vpc})
	}
	var g *netmodel.InternetGateway
	for one := range inOrder(w.d.network.InternetGateways) {
		if one.VPC == to.vpc {
			g = one
		}
	}
	if g == nil {
		return end{}, unknown("no internet gateway of the input is attached to %s", to.vpc)
	}
	if !w.replying {
		if ok, err := w.publicAccess(to, g.ID, inboundAccess); err != nil || !ok {
			return end{}, err
		}
	}
	if private == w.p.Dst {
		w.gateway(g.ID, "it comes into %s", to.vpc)
	} else {
		w.gateway(g.ID, "it comes into %s; its destination becomes %s", to.vpc, private)
	}
	w.p.Dst = private
	if to.nat != nil && to.subnet == nil {
		return w.intoNAT(to, crossed) // a regional one
	}
	return w.fromGateway(place{vpc: to.vpc}, g.ID)
}

// fromGateway brings a packet from a gateway into its VPC, by the gateway's own route table
// if it has one (VPC user guide, "Gateway route tables").
func (w *walk) fromGateway(at place, id string) (end, error) {
	for t := range inOrder(w.d.network.RouteTables) {
		if !slices.Contains(t.Gateways, id) {
			continue
		}
		r, err := w.d.lookup(t, w.p.Dst)
		if err != nil || !w.routed(at, t, r, id) {
			return end{}, err
		}
		return w.forward(at, r)
	}
	return w.deliver(at)
}

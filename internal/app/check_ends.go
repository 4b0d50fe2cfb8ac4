package app

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// ends are where a packet begins and where it should end, as policy names them, and its
// addresses.
type ends struct {
	from, to string
	src, dst netip.Addr
	anywhere netip.Addr // the one of them that stands for the internet, if one does
}

// endpoint is what a text of a request may mean.
type endpoint struct {
	enis []*netmodel.Interface
	addr netip.Addr // that was named
	// standsFor says that the address is an ENI's public one.
	standsFor bool
	internet  bool // anywhere in it
}

// findEnds finds what a request's ends mean, and the addresses of the packet.
//
// An address that ENIs have means one of them: of several the one of the other end's VPC. A
// public address of an ENI means the ENI as a source; as a destination it stands for itself, so
// that the way leads by the internet gateway. Other public addresses are of the internet, and
// other private ones behind a gateway.
func findEnds(d *policy.Definition, n *netmodel.Network, req *CheckRequest) (ends, error) {
	from, err := readEnd(n, req.From)
	if err != nil {
		return ends{}, err
	}
	to, err := readEnd(n, req.To)
	if err != nil {
		return ends{}, err
	}
	if len(from.enis) > 0 {
		return fromInterface(d, from, to, req)
	}
	return fromOutside(d, from, to, req)
}

// readEnd reads an end.
func readEnd(n *netmodel.Network, text string) (endpoint, error) {
	if i := n.Interfaces[text]; i != nil {
		return endpoint{enis: []*netmodel.Interface{i}}, nil
	}
	if strings.EqualFold(text, policy.Internet) {
		return endpoint{internet: true}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return endpoint{}, fmt.Errorf("%q is neither an address nor an ENI of the definition, nor internet", text)
	}
	out := endpoint{addr: addr.Unmap(), enis: n.At(addr.Unmap())}
	own := slices.DeleteFunc(slices.Clone(out.enis), func(i *netmodel.Interface) bool { return !i.Has(out.addr) })
	if len(own) > 0 {
		out.enis = own
	} else {
		out.standsFor = len(out.enis) > 0
	}
	return out, nil
}

// fromInterface returns the ends of a packet that an ENI sends.
func fromInterface(d *policy.Definition, from, to endpoint, req *CheckRequest) (ends, error) {
	if req.Via != "" {
		return ends{}, fmt.Errorf("%s is an ENI: --via is for what is in no VPC", req.From)
	}
	if len(from.enis) > 1 {
		near := slices.DeleteFunc(slices.Clone(from.enis), func(i *netmodel.Interface) bool {
			return !slices.ContainsFunc(to.enis, func(o *netmodel.Interface) bool { return o.VPC == i.VPC })
		})
		if len(near) != 1 {
			return ends{}, fmt.Errorf("%s is %s: name the ENI", req.From, idsOf(from.enis))
		}
		from.enis = near
	}
	eni := from.enis[0]
	out := ends{from: eni.ID, src: from.addr, dst: to.addr}
	if from.standsFor {
		at := slices.IndexFunc(eni.Addresses, func(a netip.Addr) bool { return eni.Public[a] == from.addr })
		if at < 0 {
			return ends{}, fmt.Errorf("%s is an address of %s that stands for none of its private ones", req.From, eni.ID)
		}
		out.src = eni.Addresses[at]
	}
	// An address leads to whom the routes say; an ENI must be reached.
	if len(to.enis) == 1 && !to.addr.IsValid() {
		out.to = to.enis[0].ID
	}
	if !out.src.IsValid() {
		out.src = first(eni, like(to, out.dst))
	}
	switch {
	case to.internet:
		var err error
		out.to = policy.Internet
		if out.dst, err = d.Anywhere(out.src.Is6()); err != nil {
			return out, err
		}
		out.anywhere = out.dst
	case out.to != "":
		out.dst = first(to.enis[0], out.src)
	}
	if !out.src.IsValid() || !out.dst.IsValid() || out.src.Is4() != out.dst.Is4() {
		return out, fmt.Errorf("%s and %s have no addresses of the same family", req.From, req.To)
	}
	return out, nil
}

// like returns an address of the family that an end has: what was named, or the first
// address of its ENI. It is not valid where any family will do.
func like(of endpoint, named netip.Addr) netip.Addr {
	switch {
	case named.IsValid():
		return named
	case len(of.enis) > 0 && len(of.enis[0].Addresses) > 0:
		return of.enis[0].Addresses[0]
	}
	return netip.Addr{}
}

// first returns the ENI's first address of a family, of any if the other is not valid.
func first(i *netmodel.Interface, family netip.Addr) netip.Addr {
	at := slices.IndexFunc(i.Addresses, func(a netip.Addr) bool { return !family.IsValid() || a.Is4() == family.Is4() })
	if at < 0 {
		return netip.Addr{}
	}
	return i.Addresses[at]
}

// fromOutside returns the ends of a packet that comes from no ENI.
func fromOutside(d *policy.Definition, from, to endpoint, req *CheckRequest) (ends, error) {
	if to.internet {
		return ends{}, fmt.Errorf("from %s to the internet nothing passes a VPC", req.From)
	}
	if len(to.enis) > 1 {
		return ends{}, fmt.Errorf("%s is %s: name the ENI", req.To, idsOf(to.enis))
	}
	if from.internet && req.Via != "" {
		return ends{}, fmt.Errorf("the internet comes in by internet gateways: --via %s is not for it", req.Via)
	}
	internet := from.internet || req.Via == "" && policy.Public(from.addr)
	out := ends{from: req.Via, src: from.addr, dst: to.addr}
	if len(to.enis) == 1 {
		eni := to.enis[0]
		if out.to = eni.ID; !out.dst.IsValid() {
			out.dst = first(eni, from.addr)
		}
		// The internet sends to the public address.
		if a := d.PublicOf(eni, out.dst); internet && a.IsValid() {
			out.dst = a
		}
		if !internet && out.from == "" {
			doors := d.Doors(eni.VPC)
			if len(doors) != 1 {
				return out, fmt.Errorf("%s is in no VPC; what it comes by is not known: %s", req.From, hintVia(doors))
			}
			out.from = doors[0]
		}
	}
	var err error
	switch {
	case internet:
		if out.from = policy.Internet; from.internet {
			out.src, err = d.Anywhere(out.dst.Is6())
			out.anywhere = out.src
		}
	case out.from == "":
		err = errors.New(req.From + " is no address of an ENI of the definition, and neither is " + req.To)
	}
	if err == nil && (!out.dst.IsValid() || out.src.Is4() != out.dst.Is4()) {
		err = fmt.Errorf("%s and %s have no addresses of the same family", req.From, req.To)
	}
	return out, err
}

func hintVia(doors []string) string {
	if len(doors) == 0 {
		return "no virtual private gateway or VPN, Direct Connect or Connect attachment is there"
	}
	return "name one by --via: " + strings.Join(doors, ", ")
}

func idsOf(list []*netmodel.Interface) string {
	var ids []string
	for _, i := range list {
		ids = append(ids, i.ID+" in "+i.VPC)
	}
	return strings.Join(ids, " or ")
}

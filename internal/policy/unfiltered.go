package policy

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// The services that AWS runs beside an ENI, as its lists name them.
const (
	resolver     = "the Amazon DNS server"
	dhcp         = "DHCP"
	metadata     = "the instance metadata service"
	taskMetadata = "the ECS task metadata endpoint"
	activation   = "Windows licence activation"
	timeSync     = "the Amazon Time Sync Service"
	router       = "the reserved address of the VPC router"
	neighbours   = "neighbour discovery"
)

// notFiltered is what neither security groups nor network ACLs filter.
//
// Source: VPC user guide, "Control subnet traffic with network access control lists" and
// "Control traffic to your AWS resources using security groups"; spec b.8. They don't name
// neighbour discovery: it is to IPv6 what ARP is to IPv4, which nothing filters, and without it
// no rule lets anything through.
var notFiltered = []string{resolver, dhcp, metadata, taskMetadata, activation, timeSync, router, neighbours}

// notLogged is what flow logs do not record. Not in it, because addresses do not tell:
// the source of traffic mirroring, and what an endpoint and a load balancer say to each
// other; and ARP, which is not IP. Neighbour discovery is in it as ARP is.
//
// Source: VPC user guide, "Flow log limitations"; spec b.8.
var notLogged = []string{resolver, activation, metadata, timeSync, dhcp, router, neighbours}

// fixed are the addresses of services that are the same everywhere. The IPv6 ones are in
// AWS's pages about each service, not in the lists above; spec b.8 takes them for meant.
var fixed = []struct {
	name string
	at   []string
}{
	{resolver, []string{"169.254.169.253", "fd00:ec2::253"}},
	{metadata, []string{"169.254.169.254", "fd00:ec2::254"}},
	{taskMetadata, []string{"169.254.170.2"}},
	{activation, []string{"169.254.169.250", "169.254.169.251"}},
	{timeSync, []string{"169.254.169.123", "fd00:ec2::123"}},
}

// service is an address that a service has, seen from an ENI.
type service struct {
	at               address
	name             string
	filtered, logged bool
}

func newService(name string, at netip.Addr) service {
	return service{
		at: addressOf(at), name: name,
		filtered: !slices.Contains(notFiltered, name), logged: !slices.Contains(notLogged, name),
	}
}

// servicesAt returns the services of an ENI in a subnet: the fixed ones, the resolver at the
// base of the VPC's primary IPv4 network plus two, and the router at the base of each IPv4
// network of the subnet plus one.
//
// Source: VPC user guide, "Subnet sizing" (reserved addresses) and "Amazon DNS server".
func servicesAt(vpc *netmodel.VPC, subnet *netmodel.Subnet) []service {
	var out []service
	for _, s := range fixed {
		for _, a := range s.at {
			out = append(out, newService(s.name, netip.MustParseAddr(a)))
		}
	}
	v4 := func(p netip.Prefix) bool { return p.Addr().Is4() }
	if n := slices.IndexFunc(vpc.CIDRs, v4); n >= 0 {
		out = append(out, newService(resolver, vpc.CIDRs[n].Masked().Addr().Next().Next()))
	}
	for _, p := range subnet.CIDRs {
		if v4(p) {
			out = append(out, newService(router, p.Masked().Addr().Next()))
		}
	}
	return out
}

var (
	theDHCP       = newService(dhcp, netip.Addr{})
	theNeighbours = newService(neighbours, netip.Addr{})
)

// The ICMPv6 types of neighbour discovery: router and neighbour solicitations and
// advertisements, and redirects.
//
// Source: RFC 4861.
const firstNeighbourType, lastNeighbourType = 133, 137

func isNeighbour(p *Packet) bool {
	return p.Protocol == netmodel.ICMPv6 && p.Type >= firstNeighbourType && p.Type <= lastNeighbourType
}

// service returns the service that a packet is to or from, or nil.
func (i *Interface) service(p *Packet, q *question) *service {
	if p.Protocol == netmodel.UDP && i.dhcp(p, q) {
		return &theDHCP
	}
	if q.family == ipv6 && isNeighbour(p) {
		return &theNeighbours
	}
	for n := range i.services {
		if i.services[n].at == q.far {
			return &i.services[n]
		}
	}
	return nil
}

// dhcp reports whether a UDP packet is of DHCP: between the ports of client and server, and
// with AWS's server at the other end, which is at the router's address, or is looked for by
// broadcast or multicast. Another DHCP server, which somebody runs, is filtered like
// anything else.
func (i *Interface) dhcp(p *Packet, q *question) bool {
	switch [2]uint16{p.SrcPort, p.DstPort} {
	case [2]uint16{68, 67}, [2]uint16{67, 68}:
		return p.Dst == netip.AddrFrom4([4]byte{255, 255, 255, 255}) ||
			slices.ContainsFunc(i.services, func(s service) bool { return s.name == router && s.at == q.far })
	case [2]uint16{546, 547}, [2]uint16{547, 546}:
		_, far := p.ends(q.way)
		return q.family == ipv6 && (far.IsLinkLocalUnicast() || far == netip.MustParseAddr("ff02::1:2"))
	}
	return false
}

// Logged reports whether flow logs record a packet at all, and where they do not, what it is
// of. It is asked of packets too that nothing decides of: one from or to an IPv4-mapped IPv6
// address is IPv6's, and of no service of IPv4.
func (i *Interface) Logged(p *Packet, d netmodel.Direction) (logged bool, why string) {
	q := ask(p, directionOf(d))
	var s *service
	if _, far := p.ends(q.way); !far.Is4In6() {
		s = i.service(p, &q)
	} else if isNeighbour(p) {
		s = &theNeighbours
	}
	if s != nil && !s.logged {
		return false, "flow logs do not record traffic of " + s.name
	}
	return true, ""
}

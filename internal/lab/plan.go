package lab

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// Prefix begins the names of a lab's network namespaces.
const Prefix = "weir-lab-"

// The namespaces that each lab has: the VPC's router, which is the internet gateway too, and the internet.
const router, internet = "vpc", "internet"

// linkAddresses are those of the links between routers, of a range that is of links alone (RFC 3927).
var linkAddresses = netip.MustParsePrefix("169.254.0.0/16")

// gateway6 is the IPv6 address of a router at the links to its hosts, and at those to other routers of the one, far6 of the other. It is of each link alone.
const gateway6, far6 = "fe80::1", "fe80::2"

// A plan is what builds a lab: for each namespace lines of ip -batch, a script of nft, and sysctls of its own.
type plan struct {
	names   []string            // of namespaces, without Prefix, in the order in which they are made
	links   map[string][]string // which are made before all else: they have ends in other namespaces
	batches map[string][]string
	sixes   map[string][]string // of ip -6 -batch
	six     bool                // a host has an IPv6 address
	drops   map[string][]string // rules of nft for what a router forwards, and drops6 those of IPv6
	drops6  map[string][]string
	nft     map[string]string
	sysctls map[string]map[string]string
}

// deviceOf names the host's end of a host's network interface, in the router's namespace.
func deviceOf(host string) string { return "eni-" + host }

// planOf plans a lab. It fails on routes that a lab can't build.
func planOf(d *Definition) (*plan, error) {
	p := &plan{
		names: d.namespaces(), links: map[string][]string{}, batches: map[string][]string{}, sixes: map[string][]string{}, drops: map[string][]string{}, drops6: map[string][]string{},
		nft: map[string]string{}, sysctls: map[string]map[string]string{},
	}
	hosts := slices.Sorted(maps.Keys(d.Hosts))
	p.six = slices.ContainsFunc(hosts, func(host string) bool { return slices.ContainsFunc(d.eni(host).Addresses, netip.Addr.Is6) })
	p.names = append(p.names, hosts...)
	for _, name := range p.names {
		p.add(name, "link set lo up")
		// What a namespace begins with may be the host's.
		p.sysctls[name] = map[string]string{"ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0", "ipv4/ip_forward": "0", "ipv4/conf/all/accept_redirects": "0"}
		// What is answered and gets no answer is done with soon, and is in no record of a later scenario.
		p.sysctls[name]["ipv4/tcp_synack_retries"] = "1"
	}
	for _, vpc := range d.vpcs() {
		p.forwards(d.Routers[vpc])
		p.add6(d.Routers[vpc], "route add blackhole default metric 4000")
	}
	p.internet(d)
	for _, host := range hosts {
		p.host(d, host)
	}
	if err := errors.Join(p.peerings(d), p.transit(d)); err != nil { // routes need their links
		return nil, err
	}
	for _, host := range hosts {
		if err := p.routes(d, host); err != nil {
			return nil, err
		}
	}
	for _, vpc := range d.vpcs() {
		p.gateway(d, vpc)
	}
	return p, nil
}

// forwards has a namespace be a router that tells nobody of a better one.
func (p *plan) forwards(name string) {
	s := p.sysctls[name]
	s["ipv4/ip_forward"] = "1"
	if p.six {
		s["ipv6/conf/all/forwarding"] = "1"
	}
	s["ipv4/conf/all/send_redirects"], s["ipv4/conf/default/send_redirects"] = "0", "0"
}

func (p *plan) add(name, format string, args ...any) {
	p.batches[name] = append(p.batches[name], fmt.Sprintf(format, args...))
}

// add6 adds a line about IPv6, where the lab has any: a kernel may have none.
func (p *plan) add6(name, format string, args ...any) {
	if !p.six {
		return
	}
	p.sixes[name] = append(p.sixes[name], fmt.Sprintf(format, args...))
}

// addFor adds a line about the family of a network.
func (p *plan) addFor(name string, family netip.Prefix, format string, args ...any) {
	if family.Addr().Is4() {
		p.add(name, format, args...)
	} else {
		p.add6(name, format, args...)
	}
}

// link adds a pair of devices with an end in each of two namespaces.
func (p *plan) link(name, device, to, far string) {
	p.links[name] = append(p.links[name], fmt.Sprintf("link add %s type veth peer name %s netns %s%s", device, far, Prefix, to))
	p.add(name, "link set %s addrgenmode none up", device)
	p.add(to, "link set %s addrgenmode none up", far)
}

// host makes a host with its interface. All that it sends goes to the subnet's router, also what is to the same subnet, so that each packet passes the host's end of its pair.
func (p *plan) host(d *Definition, host string) {
	eni, name := d.eni(host), d.routerOf(host)
	own, gateway, device := eni.Addresses[0], routerOf(d.Network.Subnets[eni.Subnet]), deviceOf(host)
	p.link(name, device, host, "eth0")
	p.add(name, "addr add %s/32 dev %s", gateway, device)
	for _, a := range eni.Addresses {
		if a.Is4() {
			p.add(name, "route add %s/32 dev %s", a, device)
			p.add(host, "addr add %s/32 dev eth0", a)
		}
	}
	p.add(host, "route add %s/32 dev eth0", gateway)
	p.add(host, "route add default via %s dev eth0 src %s", gateway, own)
	if slices.ContainsFunc(eni.Addresses, netip.Addr.Is6) {
		p.host6(d, host)
	}
	if d.isNAT(eni.ID) {
		p.natGateway(d, host)
	}
	// Programs are run by users who may listen at any port of theirs.
	p.sysctls[host]["ipv4/ip_unprivileged_port_start"] = "0"
}

// natGateway translates what comes from the VPC, and drops what comes unasked: the document's D21. It answers no ping either.
func (p *plan) natGateway(d *Definition, host string) {
	p.forwards(host)
	own, within := d.eni(host).Addresses[0], cidrs(d, d.eni(host).VPC, true)
	p.nft[host] = fmt.Sprintf(`table ip nat-gateway {
	chain input { type filter hook input priority filter; policy drop; iifname "lo" accept; ct state established,related accept; }
	chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; ct state new ip saddr { %s } ip daddr != { %s } accept; }
	chain postrouting { type nat hook postrouting priority srcnat; oifname "eth0" ip saddr != %s masquerade; }
}
`, within, within, own)
}

func (d *Definition) eni(host string) *netmodel.Interface {
	return d.Network.Interfaces[d.Hosts[host].ENI]
}

// isNAT reports whether an interface is a NAT gateway's.
func (d *Definition) isNAT(eni string) bool {
	for _, n := range d.Network.NATGateways {
		if slices.ContainsFunc(n.Addresses, func(a netmodel.NATAddress) bool { return a.Interface == eni }) {
			return true
		}
	}
	return false
}

// cidrs are a VPC's of a family, as elements of a set of nft.
func cidrs(d *Definition, vpc string, four bool) string {
	var all []string
	for _, c := range d.Network.VPCs[vpc].CIDRs {
		if c.Addr().Is4() == four {
			all = append(all, c.String())
		}
	}
	return strings.Join(all, ", ")
}

// routerOf returns the address of a subnet's router, which is the second of its IPv4 CIDR. Source: VPC user guide, "Subnet CIDR blocks".
func routerOf(s *netmodel.Subnet) netip.Addr {
	for _, c := range s.CIDRs {
		if c.Addr().Is4() {
			return c.Masked().Addr().Next()
		}
	}
	return netip.Addr{}
}

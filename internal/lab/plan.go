package lab

import (
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

// linkAddresses are those of the link between the two, from a range that is of links alone (RFC 3927).
var linkAddresses = netip.MustParsePrefix("169.254.77.0/30")

const routerLink, internetLink = "169.254.77.1", "169.254.77.2"

// A plan is what builds a lab: for each namespace lines of ip -batch, a script of nft, and sysctls of its own.
type plan struct {
	names   []string // of namespaces, without Prefix, in the order in which they are made
	batches map[string][]string
	nft     map[string]string
	sysctls map[string]map[string]string
}

// deviceOf names the host's end of a host's network interface, in the router's namespace.
func deviceOf(host string) string { return "eni-" + host }

// planOf plans a lab. It fails on routes that a lab can't build.
func planOf(d *Definition) (*plan, error) {
	p := &plan{names: []string{router, internet}, batches: map[string][]string{}, nft: map[string]string{}, sysctls: map[string]map[string]string{}}
	hosts := slices.Sorted(maps.Keys(d.Hosts))
	p.names = append(p.names, hosts...)
	for _, name := range p.names {
		p.add(name, "link set lo up")
		// What a namespace begins with may be the host's.
		p.sysctls[name] = map[string]string{"ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0", "ipv4/ip_forward": "0", "ipv4/conf/all/accept_redirects": "0"}
		// What is answered and gets no answer is done with soon, and is in no record of a later scenario.
		p.sysctls[name]["ipv4/tcp_synack_retries"] = "1"
	}
	p.sysctls[router]["ipv4/ip_forward"] = "1"
	p.sysctls[router]["ipv4/conf/all/send_redirects"], p.sysctls[router]["ipv4/conf/default/send_redirects"] = "0", "0"
	p.internet(d)
	for _, host := range hosts {
		p.host(d, host)
	}
	for _, host := range hosts {
		if err := p.routes(d, host); err != nil {
			return nil, err
		}
	}
	p.gateway(d)
	return p, nil
}

func (p *plan) add(name, format string, args ...any) {
	p.batches[name] = append(p.batches[name], fmt.Sprintf(format, args...))
}

// internet has a link to the router and all addresses. Who has none of them is not answered for, as in the internet.
func (p *plan) internet(d *Definition) {
	p.add(router, "link add internet type veth peer name eth0 netns %s%s", Prefix, internet)
	p.add(router, "link set internet addrgenmode none up")
	p.add(router, "addr add %s/30 dev internet", routerLink)
	p.add(router, "route add default via %s dev internet", internetLink)
	p.add(internet, "link set eth0 addrgenmode none up")
	p.add(internet, "addr add %s/30 dev eth0", internetLink)
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		p.add(internet, "addr add %s/32 dev lo", d.Internet[name].Address)
	}
	p.add(internet, "route add default via %s dev eth0", routerLink)
}

// host makes a host with its interface. All that it sends goes to the subnet's router, also what is to the same subnet, so that each packet passes the host's end of its pair.
func (p *plan) host(d *Definition, host string) {
	eni := d.eni(host)
	own, gateway, device := eni.Addresses[0], routerOf(d.Network.Subnets[eni.Subnet]), deviceOf(host)
	p.add(router, "link add %s type veth peer name eth0 netns %s%s", device, Prefix, host)
	p.add(router, "link set %s addrgenmode none up", device)
	p.add(router, "addr add %s/32 dev %s", gateway, device)
	p.add(router, "route add %s/32 dev %s", own, device)
	p.add(host, "link set eth0 addrgenmode none up")
	p.add(host, "addr add %s/32 dev eth0", own)
	p.add(host, "route add %s/32 dev eth0", gateway)
	p.add(host, "route add default via %s dev eth0 src %s", gateway, own)
	if d.isNAT(eni.ID) {
		p.natGateway(d, host)
	}
}

// natGateway translates what comes from the VPC, and drops what comes unasked: the document's D21. It answers no ping either.
func (p *plan) natGateway(d *Definition, host string) {
	s := p.sysctls[host]
	s["ipv4/ip_forward"] = "1"
	s["ipv4/conf/all/send_redirects"], s["ipv4/conf/default/send_redirects"] = "0", "0"
	own := d.eni(host).Addresses[0]
	p.nft[host] = fmt.Sprintf(`table ip nat-gateway {
	chain input { type filter hook input priority filter; policy drop; iifname "lo" accept; ct state established,related accept; }
	chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; ct state new ip saddr { %s } ip daddr != { %s } accept; }
	chain postrouting { type nat hook postrouting priority srcnat; oifname "eth0" ip saddr != %s masquerade; }
}
`, cidrs(d), cidrs(d), own)
}

// gateway has the internet gateway translate public addresses to private ones and back, one to one, and the router be silent. What has no public address does not leave.
func (p *plan) gateway(d *Definition) {
	var in, out, private, public []string
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		for own, shown := range d.eni(host).Public {
			in, out = append(in, fmt.Sprintf("%s : %s", shown, own)), append(out, fmt.Sprintf("%s : %s", own, shown))
			private, public = append(private, own.String()), append(public, shown.String())
		}
	}
	var b strings.Builder
	b.WriteString("table ip vpc {\n\tchain input { type filter hook input priority filter; policy drop; iifname \"lo\" accept; }\n")
	if len(in) > 0 && d.hasInternetGateway() {
		fmt.Fprintf(&b, `	chain arriving { type filter hook prerouting priority mangle; iifname "internet" ip daddr != { %s } drop; }
	chain prerouting { type nat hook prerouting priority dstnat; iifname "internet" dnat to ip daddr map { %s }; }
	chain postrouting { type nat hook postrouting priority srcnat; oifname "internet" snat to ip saddr map { %s }; }
	chain forward { type filter hook forward priority filter; ct state invalid drop; oifname "internet" ip saddr != { %s } drop; }
`, strings.Join(public, ", "), strings.Join(in, ", "), strings.Join(out, ", "), strings.Join(private, ", "))
	} else {
		b.WriteString("\tchain forward { type filter hook forward priority filter; iifname \"internet\" drop; oifname \"internet\" drop; }\n")
	}
	b.WriteString("}\n")
	p.nft[router] = b.String()
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

func (d *Definition) hasInternetGateway() bool {
	for _, g := range d.Network.InternetGateways {
		if g.VPC == d.VPC {
			return true
		}
	}
	return false
}

// cidrs are the VPC's, as elements of a set of nft.
func cidrs(d *Definition) string {
	var all []string
	for _, c := range d.Network.VPCs[d.VPC].CIDRs {
		all = append(all, c.String())
	}
	return strings.Join(all, ", ")
}

// routerOf returns the address of a subnet's router, which is the second of its first CIDR. Source: VPC user guide, "Subnet CIDR blocks".
func routerOf(s *netmodel.Subnet) netip.Addr { return s.CIDRs[0].Masked().Addr().Next() }

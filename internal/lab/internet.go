package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// egressOnly is the device of a VPC's router that is the VPC's egress-only internet gateway.
const egressOnly = "eigw"

// internetLink returns the address of a VPC's router at its link to the internet; the next one is the internet's.
func (d *Definition) internetLink(vpc string) netip.Addr {
	return netip.AddrFrom4([4]byte{169, 254, 77, byte(4*slices.Index(d.vpcs(), vpc) + 1)})
}

// internetDevice names the internet's end of that link.
func (d *Definition) internetDevice(vpc string) string {
	if vpc == d.VPC {
		return "eth0"
	}
	return "eth-" + d.Routers[vpc]
}

// internet has a link to each VPC's router, and all addresses. Who has none of them is not answered for, as in the internet.
func (p *plan) internet(d *Definition) {
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		p.add(internet, "addr add %s/32 dev lo", d.Internet[name].Address)
		if six := d.Internet[name].IPv6; six.IsValid() {
			p.add6(internet, "addr add %s/128 dev lo nodad", six)
		}
	}
	for _, vpc := range d.vpcs() {
		name, device, own := d.Routers[vpc], d.internetDevice(vpc), d.internetLink(vpc)
		if vpc != d.VPC && d.internetGateway(vpc) == "" {
			continue
		}
		p.link(name, "internet", internet, device)
		p.add(name, "addr add %s/30 dev internet", own)
		p.add6(name, "addr add %s/64 dev internet nodad", gateway6)
		p.add(name, "route add default via %s dev internet", own.Next())
		p.add(internet, "addr add %s/30 dev %s", own.Next(), device)
		p.add6(internet, "addr add %s/64 dev %s nodad", far6, device)
		if vpc == d.VPC {
			p.add(internet, "route add default via %s dev eth0", own)
			p.add6(internet, "route add default via %s dev eth0", gateway6)
			continue
		}
		for _, host := range d.hostsOf(vpc) {
			for _, public := range d.eni(host).Public {
				p.add(internet, "route add %s/32 via %s dev %s", public, own, device)
			}
			for _, six := range d.eni(host).Addresses {
				if six.Is6() {
					p.add6(internet, "route add %s/128 via %s dev %s", six, gateway6, device)
				}
			}
		}
	}
	for _, vpc := range d.vpcs() {
		p.egressOnly(d, vpc)
	}
}

// egressOnly makes a VPC's egress-only internet gateway: a link by which nothing comes in but answers. What is to a host of a subnet with a route to it comes by it.
//
// That nothing comes to such a host by an internet gateway that the VPC has beside is a guess: AWS does not say.
func (p *plan) egressOnly(d *Definition, vpc string) {
	name := d.Routers[vpc]
	if !d.hasEgressOnly(vpc) {
		return
	}
	device := "eig-" + name
	p.link(name, egressOnly, internet, device)
	p.add6(name, "addr add %s/64 dev %s nodad", gateway6, egressOnly)
	p.add6(internet, "addr add %s/64 dev %s nodad", far6, device)
	for _, host := range d.hostsOf(vpc) {
		table := d.tableOf(d.Network.Subnets[d.eni(host).Subnet])
		if table == nil || !slices.ContainsFunc(table.Routes, leavesByEgressOnly) {
			continue
		}
		for _, six := range d.eni(host).Addresses {
			if six.Is6() {
				p.add6(internet, "route replace %s/128 via %s dev %s", six, gateway6, device)
			}
		}
	}
	p.drops6[name] = append(p.drops6[name], fmt.Sprintf("iifname %q ct state != { established, related } drop", egressOnly))
}

// gateway has the internet gateway translate public addresses to private ones and back, one to one, and the router be silent. What has no public address does not leave; IPv6 passes as it is.
func (p *plan) gateway(d *Definition, vpc string) {
	var in, out, private, public []string
	for _, host := range d.hostsOf(vpc) {
		for _, own := range slices.SortedFunc(maps.Keys(d.eni(host).Public), netip.Addr.Compare) {
			shown := d.eni(host).Public[own]
			in, out = append(in, fmt.Sprintf("%s : %s", shown, own)), append(out, fmt.Sprintf("%s : %s", own, shown))
			private, public = append(private, own.String()), append(public, shown.String())
		}
	}
	name, has := d.Routers[vpc], d.internetGateway(vpc) != ""
	var b strings.Builder
	b.WriteString("table ip vpc {\n\tchain input { type filter hook input priority filter; policy drop; iifname \"lo\" accept; }\n")
	if len(in) > 0 && has {
		fmt.Fprintf(&b, `	chain arriving { type filter hook prerouting priority mangle; iifname "internet" ip daddr != { %s } drop; }
	chain prerouting { type nat hook prerouting priority dstnat; iifname "internet" dnat to ip daddr map { %s }; }
	chain postrouting { type nat hook postrouting priority srcnat; oifname "internet" snat to ip saddr map { %s }; }
	chain forward { type filter hook forward priority filter; ct state invalid drop; oifname "internet" ip saddr != { %s } drop; }
`, strings.Join(public, ", "), strings.Join(in, ", "), strings.Join(out, ", "), strings.Join(private, ", "))
	} else {
		b.WriteString("\tchain forward { type filter hook forward priority filter; iifname \"internet\" drop; oifname \"internet\" drop; }\n")
	}
	b.WriteString("}\n")
	links := map[string][]string{"ip": p.drops[name]}
	if p.six {
		b.WriteString(gateway6Rules(has))
		links["ip6"] = p.drops6[name]
	}
	for _, family := range []string{"ip", "ip6"} {
		if len(links[family]) > 0 {
			fmt.Fprintf(&b, "table %s links {\n\tchain forward { type filter hook forward priority filter; %s; }\n}\n", family, strings.Join(links[family], "; "))
		}
	}
	p.nft[name] = b.String()
}

// gateway6Rules are those of IPv6, which an internet gateway passes as it is.
func gateway6Rules(has bool) string {
	var b strings.Builder
	b.WriteString("table ip6 vpc {\n\tchain input { type filter hook input priority filter; policy drop; iifname \"lo\" accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }\n")
	if has {
		b.WriteString("\tchain forward { type filter hook forward priority filter; oifname \"internet\" ip6 saddr fc00::/7 drop; iifname \"internet\" ip6 daddr fc00::/7 drop; }\n")
	} else {
		b.WriteString("\tchain forward { type filter hook forward priority filter; iifname \"internet\" drop; oifname \"internet\" drop; }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// host6 gives a host its IPv6 addresses.
func (p *plan) host6(d *Definition, host string) {
	name, device, source := d.routerOf(host), deviceOf(host), ""
	p.add6(name, "addr add %s/64 dev %s nodad", gateway6, device)
	for _, a := range d.eni(host).Addresses {
		if a.Is4() {
			continue
		}
		p.add6(name, "route add %s/128 dev %s", a, device)
		p.add6(host, "addr add %s/128 dev eth0 nodad", a)
		if source == "" {
			source = a.String()
		}
	}
	p.add6(host, "route add %s/128 dev eth0", gateway6)
	p.add6(host, "route add default via %s dev eth0 src %s", gateway6, source)
}

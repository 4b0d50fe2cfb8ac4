package policy

import (
	"net/netip"
	"slices"
	"testing"

	"weir/internal/netmodel"
)

// several returns the packets that some packets stand for, one of each stretch that no rule of
// [chance] tells apart.
func several(p Packets) []Packet {
	near := addr(own4)
	if p.Far.Is6() {
		near = addr(own6)
	}
	one := Packet{Src: p.Far, Dst: near, Protocol: p.Protocol}
	if p.Direction == netmodel.Egress {
		one.Src, one.Dst = one.Dst, one.Src
	}
	var out []Packet
	switch p.Protocol {
	case netmodel.TCP, netmodel.UDP:
		for _, port := range []int{0, 1, 21, 22, 23, 79, 80, 81, 442, 443, 444, 1023, 1024, 1025, 39999, 40000, 40001, 65534, 65535} {
			if one.DstPort = uint16(port); p.From <= one.DstPort && one.DstPort <= p.To {
				out = append(out, one)
			}
		}
	case netmodel.ICMP, netmodel.ICMPv6:
		for _, one.Type = range []int{0, 1, 3, 8, 9, 128, 129, 255} {
			for _, one.Code = range []int{0, 1, 4, 5, 255} {
				out = append(out, one)
			}
		}
	default:
		out = append(out, one)
	}
	return out
}

// withoutRules returns a network without the rules of eni-1 of a name.
func withoutRules(n *netmodel.Network, d netmodel.Direction, name string) *netmodel.Network {
	with := *n
	with.SecurityGroups = map[string]*netmodel.SecurityGroup{}
	for id, g := range n.SecurityGroups {
		was := *g
		was.Ingress = slices.DeleteFunc(slices.Clone(g.Ingress), func(r netmodel.GroupRule) bool { return d == netmodel.Ingress && g.RuleName(d, &r) == name })
		was.Egress = slices.DeleteFunc(slices.Clone(g.Egress), func(r netmodel.GroupRule) bool { return d == netmodel.Egress && g.RuleName(d, &r) == name })
		with.SecurityGroups[id] = &was
	}
	acl := *n.NetworkACLs["acl-1"]
	acl.Ingress = slices.DeleteFunc(slices.Clone(acl.Ingress), func(e netmodel.ACLEntry) bool { return acl.EntryName(netmodel.Ingress, &e) == name })
	acl.Egress = slices.DeleteFunc(slices.Clone(acl.Egress), func(e netmodel.ACLEntry) bool { return acl.EntryName(netmodel.Egress, &e) == name })
	with.NetworkACLs = map[string]*netmodel.NetworkACL{"acl-1": &acl}
	return &with
}

// TestUses compares what uses say with the plain reading of random definitions, packet by
// packet, and with rules taken away.
func TestUses(t *testing.T) {
	sole, unsure := 0, 0
	rounds(t, 800, func(t *testing.T, c chance) {
		n := c.network()
		i := at(t, n)
		for range 20 {
			d := c.direction()
			p := Packets{Direction: d, Far: c.address(c.IntN(3) == 0), Protocol: c.protocol(), From: c.port()}
			if p.To = p.From; c.IntN(2) == 0 {
				p.To = max(p.From, c.port())
			}
			if p.Far == netip.MustParseAddr("10.0.1.1") || p.Far == netip.MustParseAddr("10.0.0.2") {
				continue // of the router and the resolver
			}
			of := several(p)
			inside := cidr(subnet4).Contains(p.Far) || cidr(subnet6).Contains(p.Far)
			for _, list := range [][]Use{i.GroupUses(&p), i.EntryUses(&p)} {
				for _, u := range list {
					entry := u.Rule[:4] == "acl-"
					less := withoutRules(n, d, u.Rule)
					met, other := 0, false
					for _, one := range of {
						if entry {
							name, allows := plainEntry(n, one, d)
							_, then := plainEntry(less, one, d)
							if name == u.Rule {
								met++
								if allows != u.Allows {
									t.Errorf("%s allows %v", name, allows)
								}
							}
							other = other || allows != then
						} else {
							before, then := plainRules(n, one, d), plainRules(less, one, d)
							if slices.Contains(before, u.Rule) {
								met++
							}
							other = other || len(before) > 0 && len(then) == 0
						}
					}
					// Several rules of groups may each be the only one for a part, and none is for all.
					exact := entry || len(of) == 1
					if met == 0 || u.Sure != (met == len(of)) && (entry || u.Sure) || u.Sole && !other || exact && other != u.Sole {
						t.Errorf("%+v of %s %+v: meets %d of %d, otherwise %v", u, d, p, met, len(of), other)
					}
					if u.Sole {
						sole++
					}
					if !u.Sure {
						unsure++
					}
				}
			}
			for _, one := range of {
				for _, name := range plainRules(n, one, d) {
					if !slices.ContainsFunc(i.GroupUses(&p), func(u Use) bool { return u.Rule == name }) {
						t.Errorf("%s is missing for %+v", name, one)
					}
				}
				name, _ := plainEntry(n, one, d)
				if has := slices.ContainsFunc(i.EntryUses(&p), func(u Use) bool { return u.Rule == name }); has == inside {
					t.Errorf("%s is there %v for %+v", name, has, one)
				}
			}
		}
	})
	if sole < 1000 || unsure < 1000 {
		t.Errorf("%d sole, %d unsure", sole, unsure)
	}
}

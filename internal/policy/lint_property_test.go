package policy

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// corners returns packets of which one at least is in each part of what can be asked, as
// rules divide it: each network begins and ends somewhere, and so do ports, types and codes.
func corners(traffic []netmodel.Traffic, networks []netip.Prefix) (packets []Packet, addresses []netip.Addr) {
	at := map[netip.Addr]bool{addr("0.0.0.0"): true, addr("::"): true}
	for _, p := range networks {
		at[p.Addr()] = true
		s := spanOf(p)
		if next := s.last.next().netip(s.family); next.BitLen() == p.Addr().BitLen() && next != (netip.Addr{}) {
			at[next] = true
		}
	}
	protocols := map[int]bool{200: true, netmodel.TCP: true, netmodel.UDP: true, netmodel.ICMP: true, netmodel.ICMPv6: true}
	ports := map[int]bool{0: true, 1024: true, 65535: true}
	kinds, codes := map[int]bool{0: true, 8: true, 128: true, 129: true, 254: true}, map[int]bool{0: true, 254: true}
	for _, t := range traffic {
		if t.Protocol >= 0 {
			protocols[t.Protocol] = true
		}
		ports[int(t.From)], ports[min(int(t.To)+1, 65535)] = true, true
		if t.Type >= 0 {
			kinds[t.Type] = true
		}
		if t.Code >= 0 {
			codes[t.Code] = true
		}
	}
	for protocol := range protocols {
		switch protocol {
		case netmodel.TCP, netmodel.UDP:
			for port := range ports {
				packets = append(packets, Packet{Protocol: protocol, DstPort: uint16(port)})
			}
		case netmodel.ICMP, netmodel.ICMPv6:
			for kind := range kinds {
				for code := range codes {
					packets = append(packets, Packet{Protocol: protocol, Type: kind, Code: code})
				}
			}
		default:
			packets = append(packets, Packet{Protocol: protocol})
		}
	}
	return packets, slices.Collect(maps.Keys(at))
}

// plainFirst is the plain reading of a network ACL: the place of the entry that decides, or -1.
func plainFirst(entries []netmodel.ACLEntry, p Packet, far netip.Addr) int {
	return slices.IndexFunc(entries, func(e netmodel.ACLEntry) bool {
		t := e.Traffic
		if t.Protocol == netmodel.ICMPv6 && e.CIDR.Addr().Is4() {
			t.Type, t.Code = -1, -1
		}
		return e.CIDR.Contains(far) && covers(t, p)
	})
}

func lint(t *testing.T, n *netmodel.Network) []Finding {
	t.Helper()
	out, err := Lint(n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shadow is what a finding says of an entry.
type shadow struct {
	Kind Kind
	By   []string
}

// TestLintEntries compares the entries that match nothing with a linear evaluation of all
// that can be asked.
func TestLintEntries(t *testing.T) {
	seen := map[Kind]int{}
	rounds(t, 1500, func(t *testing.T, c chance) {
		n := network()
		a := n.NetworkACLs["acl-1"]
		a.Ingress, a.Egress = c.entries(), c.entries()
		got := map[string]shadow{}
		for _, f := range lint(t, n) {
			if f.Kind == EntryShadowed || f.Kind == EntryRedundant {
				got[f.Rules[0]] = shadow{f.Kind, f.By}
				seen[f.Kind]++
			}
		}
		want := map[string]shadow{}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			entries := a.Entries(d)
			var traffic []netmodel.Traffic
			var networks []netip.Prefix
			for _, e := range entries {
				traffic, networks = append(traffic, e.Traffic), append(networks, e.CIDR)
			}
			packets, addresses := corners(traffic, networks)
			for k := range entries {
				s, never, deciders := shadow{Kind: EntryRedundant}, true, map[int]bool{}
				for _, p := range packets {
					for _, far := range addresses {
						if plainFirst(entries[k:k+1], p, far) < 0 {
							continue
						}
						first := plainFirst(entries, p, far)
						never = never && first < k
						deciders[first] = true
					}
				}
				if !never {
					continue
				}
				for _, m := range slices.Sorted(maps.Keys(deciders)) {
					s.By = append(s.By, a.EntryName(d, &entries[m]))
					if entries[m].Allow != entries[k].Allow {
						s.Kind = EntryShadowed
					}
				}
				want[a.EntryName(d, &entries[k])] = s
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if seen[EntryShadowed] < 50 || seen[EntryRedundant] < 50 {
		t.Errorf("only %v", seen)
	}
}

// TestLintReplies compares the replies that are denied with a linear evaluation.
func TestLintReplies(t *testing.T) {
	protocols := map[int]string{netmodel.TCP: "tcp", netmodel.UDP: "udp"}
	claims := 0
	rounds(t, 1500, func(t *testing.T, c chance) {
		n := network()
		a := n.NetworkACLs["acl-1"]
		a.Subnets = []string{"subnet-1"}
		a.Ingress, a.Egress = c.entries(), c.entries()
		var traffic []netmodel.Traffic
		var networks []netip.Prefix
		for _, e := range slices.Concat(a.Ingress, a.Egress) {
			traffic, networks = append(traffic, e.Traffic), append(networks, e.CIDR)
		}
		packets, addresses := corners(traffic, append(networks, n.Subnets["subnet-1"].CIDRs...))
		allows := func(d netmodel.Direction, p Packet, far netip.Addr) bool {
			first := plainFirst(a.Entries(d), p, far)
			return first >= 0 && a.Entries(d)[first].Allow
		}
		want, got := map[string]bool{}, map[string]bool{}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			for k := range a.Entries(d) {
				e := &a.Entries(d)[k]
				for protocol, name := range protocols {
					for _, far := range addresses {
						if cidr(subnet4).Contains(far) || cidr(subnet6).Contains(far) || !e.Allow {
							continue
						}
						passes, answers, denied := false, false, false
						for _, p := range packets {
							if p.Protocol != protocol {
								continue
							}
							passes = passes || plainFirst(a.Entries(d), p, far) == k
							back := allows(opposite(d), p, far)
							answers, denied = answers || back, denied || !back && p.DstPort >= 1024
						}
						wide := e.Protocol == protocol && e.From >= 1024 && (e.From <= 1025 && e.To >= 5000 || e.From <= 32768 && e.To >= 60999 || e.From <= 49152 && e.To == 65535)
						if passes && denied && !(wide && answers) {
							want[name+" "+a.EntryName(d, e)] = true
						}
					}
				}
			}
		}
		for _, f := range lint(t, n) {
			if f.Kind != BlocksReplies && f.Kind != BlocksSomeReplies || strings.HasPrefix(f.Protocol, "icmp") {
				continue
			}
			d := netmodel.Ingress
			if strings.Contains(f.Rules[0], ":egress:") {
				d = netmodel.Egress
			}
			protocol := map[string]int{"tcp": netmodel.TCP, "udp": netmodel.UDP}[f.Protocol]
			for _, rule := range f.Rules {
				got[f.Protocol+" "+rule] = true
			}
			claims++
			for _, peer := range f.Peers {
				for _, far := range endsOf(t, peer) {
					for _, p := range packets {
						if p.Protocol != protocol {
							continue
						}
						if inPorts(t, f.Ports, p.DstPort) == allows(opposite(d), p, far) {
							t.Errorf("%s: a reply to %s port %d is not as it says", f.Reason, far, p.DstPort)
						}
					}
				}
			}
			// Of which system's ports is none denied?
			free := slices.ContainsFunc([][2]uint16{{1025, 5000}, {32768, 60999}, {49152, 65535}}, func(r [2]uint16) bool {
				for port := int(r[0]); port <= int(r[1]); port++ {
					if inPorts(t, f.Ports, uint16(port)) {
						return false
					}
				}
				return true
			})
			if free != (f.Kind == BlocksSomeReplies) {
				t.Errorf("%s: %s", f.Kind, f.Reason)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if claims < 200 {
		t.Errorf("only %d", claims)
	}
}

// endsOf returns the first and the last address of a peer as findings name it.
func endsOf(t *testing.T, peer string) []netip.Addr {
	t.Helper()
	if first, last, ok := strings.Cut(peer, "-"); ok {
		return []netip.Addr{addr(first), addr(last)}
	}
	s := spanOf(cidr(peer))
	return []netip.Addr{s.first.netip(s.family), s.last.netip(s.family)}
}

func inPorts(t *testing.T, ranges []string, port uint16) bool {
	t.Helper()
	return slices.ContainsFunc(ranges, func(r string) bool {
		low, high, many := strings.Cut(r, "-")
		from, err := strconv.Atoi(low)
		to, err2 := from, error(nil)
		if many {
			to, err2 = strconv.Atoi(high)
		}
		if err != nil || err2 != nil {
			t.Fatal(r)
		}
		return from <= int(port) && int(port) <= to
	})
}

// TestLintEcho compares echo replies that are denied with a linear evaluation.
func TestLintEcho(t *testing.T) {
	claims := 0
	rounds(t, 1500, func(t *testing.T, c chance) {
		n := network()
		a := n.NetworkACLs["acl-1"]
		a.Ingress, a.Egress = c.entries(), c.entries()
		want, got := map[string]bool{}, map[string]bool{}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			var networks []netip.Prefix
			for _, e := range slices.Concat(a.Ingress, a.Egress) {
				networks = append(networks, e.CIDR)
			}
			_, addresses := corners(nil, networks)
			for _, far := range addresses {
				request, reply := Packet{Protocol: netmodel.ICMP, Type: 8}, Packet{Protocol: netmodel.ICMP}
				if far.Is6() {
					request, reply = Packet{Protocol: netmodel.ICMPv6, Type: 128}, Packet{Protocol: netmodel.ICMPv6, Type: 129}
				}
				first := plainFirst(a.Entries(d), request, far)
				back := plainFirst(a.Entries(opposite(d)), reply, far)
				if first >= 0 && a.Entries(d)[first].Allow && (back < 0 || !a.Entries(opposite(d))[back].Allow) {
					want[fmt.Sprint(request.Protocol, " ", a.EntryName(d, &a.Entries(d)[first]))] = true
				}
			}
		}
		for _, f := range lint(t, n) {
			if f.Kind == BlocksReplies && strings.HasPrefix(f.Protocol, "icmp") {
				for _, rule := range f.Rules {
					got[fmt.Sprint(map[string]int{"icmp": netmodel.ICMP, "icmpv6": netmodel.ICMPv6}[f.Protocol], " ", rule)] = true
				}
				claims++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if claims < 200 {
		t.Errorf("only %d", claims)
	}
}

// members are the addresses of groups and of prefix lists that the input does not hold.
type members map[string][]netip.Prefix

// plainAllows is the plain reading of a rule.
func plainAllows(n *netmodel.Network, r *netmodel.GroupRule, of members, p Packet, far netip.Addr) bool {
	peers := of[r.Peer.Group+r.Peer.PrefixList]
	if list := n.PrefixLists[r.Peer.PrefixList]; list != nil {
		peers = list.CIDRs
	}
	if r.Peer.CIDR.IsValid() {
		peers = []netip.Prefix{r.Peer.CIDR}
	}
	return covers(r.Traffic, p) && slices.ContainsFunc(peers, func(p netip.Prefix) bool { return p.Contains(far) })
}

// cornersOf returns the corners of rules, and the meanings that what is unknown in them may
// have: nothing, one address in one of the ids, or any.
func cornersOf(c chance, n *netmodel.Network, rules []netmodel.GroupRule) (packets []Packet, addresses []netip.Addr, meanings []members) {
	var traffic []netmodel.Traffic
	var networks []netip.Prefix
	ids := map[string]bool{}
	for _, r := range rules {
		traffic = append(traffic, r.Traffic)
		switch list := n.PrefixLists[r.Peer.PrefixList]; {
		case r.Peer.CIDR.IsValid():
			networks = append(networks, r.Peer.CIDR)
		case list != nil:
			networks = append(networks, list.CIDRs...)
		default:
			ids[r.Peer.Group+r.Peer.PrefixList] = true
		}
	}
	packets, addresses = corners(traffic, networks)
	meanings = []members{{}, {}}
	for id := range ids {
		meanings[1][id] = []netip.Prefix{c.prefix(), c.prefix()}
		for _, a := range addresses {
			meanings = append(meanings, members{id: {netip.PrefixFrom(a, a.BitLen())}})
		}
	}
	return packets, addresses, meanings
}

// TestLintImplied removes the rules that are said to be implied: that changes nothing,
// whatever groups have as members; and that removing any other would change something.
func TestLintImplied(t *testing.T) {
	seen := map[Kind]int{}
	rounds(t, 50, func(t *testing.T, c chance) {
		n := c.network()
		delete(n.PrefixLists, "pl-2")
		for _, i := range n.Interfaces {
			i.Groups = pick(c, []string{"sg-1", "sg-2"}, []string{"sg-2", "sg-1", "sg-3"})
		}
		for id, g := range n.SecurityGroups { // each has a name of its own
			for way, rules := range [][]netmodel.GroupRule{g.Ingress, g.Egress} {
				for k := range rules {
					rules[k].ID = fmt.Sprint("sgr-", id, "-", way, k)
				}
			}
		}
		gone := map[Kind]map[string]bool{GroupRuleImplied: {}, GroupRuleElsewhere: {}, GroupRuleNever: {}}
		for _, f := range lint(t, n) {
			if gone[f.Kind] != nil {
				gone[f.Kind][f.Rules[0]] = true
				seen[f.Kind]++
			}
		}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			for id, g := range n.SecurityGroups {
				rules := g.Rules(d)
				packets, addresses, meanings := cornersOf(c, n, rules)
				needed := map[int]bool{}
				for _, p := range packets {
					for _, far := range addresses {
						for _, of := range meanings {
							all, stay := 0, []int{}
							for k := range rules {
								if plainAllows(n, &rules[k], of, p, far) {
									if all++; !gone[GroupRuleImplied][rules[k].ID] {
										stay = append(stay, k)
									}
								}
							}
							if all > 0 && len(stay) == 0 {
								t.Errorf("%s %s: without what is implied, %+v of %s is refused", id, d, p, far)
							}
							if len(stay) == 1 {
								needed[stay[0]] = true
							}
						}
					}
				}
				for k := range rules {
					if name := rules[k].ID; !needed[k] && !gone[GroupRuleImplied][name] && !gone[GroupRuleNever][name] {
						t.Errorf("%s is not needed: %s %s", name, rules[k].Traffic, rules[k].Peer)
					}
				}
			}
		}
		elsewhere(t, c, n, gone)
	})
	for kind, least := range map[Kind]int{GroupRuleImplied: 50, GroupRuleElsewhere: 50, GroupRuleNever: 10} {
		if seen[kind] < least {
			t.Errorf("%s only %d times", kind, seen[kind])
		}
	}
}

// elsewhere checks which rules are needed at some ENI that carries their group.
func elsewhere(t *testing.T, c chance, n *netmodel.Network, gone map[Kind]map[string]bool) {
	t.Helper()
	for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		needed := map[string]bool{}
		for _, i := range n.Interfaces {
			var rules []netmodel.GroupRule
			for _, id := range i.Groups {
				rules = append(rules, n.SecurityGroups[id].Rules(d)...)
			}
			packets, addresses, meanings := cornersOf(c, n, rules)
			for _, p := range packets {
				for _, far := range addresses {
					for _, of := range meanings {
						var allow []string
						for k := range rules {
							// What the own group implies is judged there.
							if plainAllows(n, &rules[k], of, p, far) {
								allow = append(allow, rules[k].ID)
							}
						}
						for _, id := range allow {
							group := strings.TrimPrefix(id[:len("sgr-sg-1")], "sgr-")
							rest := slices.DeleteFunc(slices.Clone(allow), func(other string) bool {
								return other == id || strings.HasPrefix(other, "sgr-"+group) && gone[GroupRuleImplied][other]
							})
							if len(rest) == 0 {
								needed[id] = true
							}
						}
					}
				}
			}
		}
		for id, g := range n.SecurityGroups {
			carried := false
			for _, i := range n.Interfaces {
				carried = carried || slices.Contains(i.Groups, id)
			}
			for k := range g.Rules(d) {
				name := g.Rules(d)[k].ID
				if !carried || gone[GroupRuleImplied][name] || gone[GroupRuleNever][name] {
					continue
				}
				if claimed := gone[GroupRuleElsewhere][name]; claimed == needed[name] {
					t.Errorf("%s is needed: %v, and claimed not to be: %v", name, needed[name], claimed)
				}
			}
		}
	}
}

// TestLintOpen compares what a group lets in from everywhere with a linear evaluation.
func TestLintOpen(t *testing.T) {
	claims := 0
	rounds(t, 1000, func(t *testing.T, c chance) {
		n := c.network()
		g := n.SecurityGroups["sg-1"]
		halves := []string{"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "0.0.0.0/0", "::/0"}
		for range 4 {
			g.Ingress = append(g.Ingress, from("", c.traffic(), pick(c, halves...)))
		}
		packets, addresses, _ := cornersOf(c, n, g.Ingress)
		open := func(v4 bool, p Packet) bool {
			return !slices.ContainsFunc(addresses, func(far netip.Addr) bool {
				return far.Is4() == v4 && !slices.ContainsFunc(g.Ingress, func(r netmodel.GroupRule) bool { return plainAllows(n, &r, nil, p, far) })
			})
		}
		want, got := []string{}, []string{}
		for _, v4 := range []bool{true, false} {
			world := map[bool]string{true: "0.0.0.0/0", false: "::/0"}[v4]
			shut := map[int]bool{}
			for _, p := range packets {
				if !open(v4, p) {
					shut[p.Protocol] = true
				}
			}
			var risky []string
			for _, port := range riskyPorts {
				if open(v4, Packet{Protocol: netmodel.TCP, DstPort: port}) {
					risky = append(risky, strconv.Itoa(int(port)))
				}
			}
			switch {
			case len(shut) == 0:
				want = append(want, world+" all ")
				continue
			case !shut[netmodel.UDP]:
				want = append(want, world+" udp 0-65535")
			}
			if !shut[netmodel.TCP] {
				want = append(want, world+" tcp 0-65535")
			} else if len(risky) > 0 {
				want = append(want, world+" tcp "+strings.Join(risky, ","))
			}
		}
		for _, f := range lint(t, n) {
			if f.Object != "sg-1" || f.Severity != High {
				continue
			}
			got = append(got, strings.Join(f.Peers, ",")+" "+f.Protocol+" "+strings.Join(f.Ports, ","))
			claims++
			// The rules that are named are enough.
			rules := slices.DeleteFunc(slices.Clone(g.Ingress), func(r netmodel.GroupRule) bool {
				return !slices.Contains(f.Rules, g.RuleName(netmodel.Ingress, &r))
			})
			m := *n
			m.SecurityGroups = map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1", Ingress: rules}}
			again := slices.ContainsFunc(lint(t, &m), func(h Finding) bool {
				return h.Kind == f.Kind && h.Protocol == f.Protocol && slices.Equal(h.Peers, f.Peers) && slices.Equal(h.Ports, f.Ports)
			})
			if !again {
				t.Errorf("%s, but its rules alone do not", f.Reason)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if claims < 200 {
		t.Errorf("only %d", claims)
	}
}

package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// ruleSet is the rules of a group for a direction, by their names.
type ruleSet struct {
	group *netmodel.SecurityGroup
	way   netmodel.Direction
	rules []*netmodel.GroupRule
	names []string
	areas []area
	// own are those that the group would need without any other: no other rules of it allow
	// what they do.
	own []int
}

// groups adds the findings about security groups.
func (l *linter) groups() error {
	sets := map[string]*[2]*ruleSet{}
	for _, id := range slices.Sorted(maps.Keys(l.network.SecurityGroups)) {
		g := l.network.SecurityGroups[id]
		sets[id] = &[2]*ruleSet{}
		for w := range sets[id] {
			s, err := l.ruleSet(g, direction(w).name())
			if err != nil {
				return err
			}
			sets[id][w] = s
			l.references(s)
			l.nevers(s)
			l.implied(s)
		}
		l.open(sets[id][ingress])
		l.unused(g)
	}
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		for w := range sets[id] {
			l.elsewhere(sets[id][w], func(other string) *ruleSet {
				if sets[other] == nil {
					return nil
				}
				return sets[other][w]
			})
		}
	}
	return nil
}

func (l *linter) ruleSet(g *netmodel.SecurityGroup, way netmodel.Direction) (*ruleSet, error) {
	s := &ruleSet{group: g, way: way}
	rules := g.Rules(way)
	for n := range rules {
		s.rules = append(s.rules, &rules[n])
	}
	slices.SortStableFunc(s.rules, func(a, b *netmodel.GroupRule) int { return cmp.Compare(g.RuleName(way, a), g.RuleName(way, b)) })
	for n, r := range s.rules {
		name := g.RuleName(way, r)
		line, err := newLine(name, r.Traffic, int32(n))
		if err != nil {
			return nil, err
		}
		a := line.area()
		list, known := l.lists[r.Peer.PrefixList]
		switch p := r.Peer; {
		case p.CIDR.IsValid():
			a.peers = []span{spanOf(p.CIDR)}
		case known:
			a.peers = list
		case p.PrefixList != "" || p.Group != "":
			id := p.PrefixList + p.Group
			if _, ok := l.unknowns[id]; !ok {
				l.unknowns[id] = len(l.unknowns)
			}
			a.peers = unknownPeers(l.unknowns[id])
		default:
			return nil, fmt.Errorf("%s has no peer", name)
		}
		s.names, s.areas = append(s.names, name), append(s.areas, a)
	}
	return s, nil
}

// finding begins a finding about rules of the set.
func (s *ruleSet) finding(kind Kind, severity Severity, rules ...string) Finding {
	return Finding{Kind: kind, Severity: severity, Object: s.group.ID, VPC: s.group.VPC, Rules: rules}
}

// references adds the findings about rules that refer to what is not there.
//
// Source: VPC peering guide, "Work with stale security group rules".
func (l *linter) references(s *ruleSet) {
	for n, r := range s.rules {
		name := s.names[n]
		id := r.Peer.PrefixList + r.Peer.Group
		_, known := l.lists[id]
		f := s.finding(ReferenceMissing, Low, name)
		switch {
		case id == "" || known:
			continue
		case l.network.PrefixLists[id] != nil:
			f.Reason = fmt.Sprintf("%s refers to %s, whose entries are not in the input", name, id)
		case r.Reference.PeeringStatus != "" && r.Reference.PeeringStatus != "active":
			f.Kind, f.Severity = ReferenceStale, Medium
			f.Reason = fmt.Sprintf("%s matches nothing: the peering connection over which it reaches %s is %s", name, id, r.Reference.PeeringStatus)
		case r.Peer.PrefixList != "" || l.network.SecurityGroups[id] == nil:
			f.Reason = fmt.Sprintf("%s refers to %s, which is not in the input", name, id)
		case len(l.carriers[id]) == 0 && id != s.group.ID:
			f.Kind = ReferenceEmpty
			f.Reason = fmt.Sprintf("%s refers to %s, which no ENI of the input carries", name, id)
		default:
			continue
		}
		l.add(f)
	}
}

// nevers adds the findings about rules that no packet can match.
func (l *linter) nevers(s *ruleSet) {
	for n, name := range s.names {
		f := s.finding(GroupRuleNever, Medium, name)
		switch a := &s.areas[n]; {
		case len(a.peers) == 0:
			f.Reason = fmt.Sprintf("%s matches nothing: %s has no entries", name, s.rules[n].Peer.PrefixList)
		case a.empty():
			f.Reason = fmt.Sprintf("%s is of ICMP code %d of any type, which no packet has: EC2 takes a code with a type only", name, s.rules[n].Code)
		default:
			continue
		}
		l.add(f)
	}
}

// implied adds the findings about rules without which the group allows the same. All of them
// can go together: what a rule of them allows is allowed by those that stay.
func (l *linter) implied(s *ruleSet) {
	var gone []int
	s.own, gone = needed(s.areas)
	for _, n := range gone {
		f := s.finding(GroupRuleImplied, Low, s.names[n])
		for _, m := range fewest(&s.areas[n], s.areas, s.own) {
			f.By = append(f.By, s.names[m])
		}
		f.Reason = fmt.Sprintf("%s allows nothing that %s %s not", s.names[n], joined(f.By), form(len(f.By), "does", "do"))
		l.add(f)
	}
}

// needed parts areas into some that are all of them together, and of which none can be left
// out, and the others. Those that are in a single other one go first, of equal ones the last.
// Empty ones are in neither.
func needed(areas []area) (stay, gone []int) {
	for n := range areas {
		if !areas[n].empty() {
			stay = append(stay, n)
		}
	}
	for _, among := range []func(a *area, stay []int) bool{
		func(a *area, stay []int) bool { return single(a, areas, stay) >= 0 },
		func(a *area, stay []int) bool { return a.covered(choose(areas, stay)) },
	} {
		for _, n := range slices.Backward(slices.Clone(stay)) {
			others := slices.DeleteFunc(slices.Clone(stay), func(m int) bool { return m == n })
			if among(&areas[n], others) {
				stay, gone = others, append(gone, n)
			}
		}
	}
	slices.Sort(gone)
	return stay, gone
}

func choose(areas []area, of []int) []area {
	out := make([]area, len(of))
	for k, n := range of {
		out[k] = areas[n]
	}
	return out
}

func indices(areas []area) []int {
	out := make([]int, len(areas))
	for n := range out {
		out[n] = n
	}
	return out
}

// single returns the first of some areas that has all of a, or -1.
func single(a *area, areas []area, of []int) int {
	for _, n := range of {
		if areas[n].has(a.stretch) && a.covered(areas[n:n+1]) {
			return n
		}
	}
	return -1
}

// fewest returns some of the areas that cover a, of which none can be left out: a single one
// if there is one.
func fewest(a *area, areas []area, of []int) []int {
	if n := single(a, areas, of); n >= 0 {
		return []int{n}
	}
	out := slices.DeleteFunc(slices.Clone(of), func(n int) bool { return !a.near(&areas[n]) })
	for _, n := range slices.Backward(slices.Clone(out)) {
		if rest := slices.DeleteFunc(slices.Clone(out), func(m int) bool { return m == n }); a.covered(choose(areas, rest)) {
			out = rest
		}
	}
	return out
}

// elsewhere adds the findings about rules whose traffic is allowed, at each ENI that carries
// the group, by the other groups of the ENI and the group's other rules. Each is true by
// itself: two groups can imply rules of each other.
func (l *linter) elsewhere(s *ruleSet, of func(group string) *ruleSet) {
	others := map[string][]string{} // sets of the other groups
	for _, i := range l.carriers[s.group.ID] {
		ids := slices.Compact(slices.Sorted(slices.Values(i.Groups)))
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == s.group.ID })
		if len(ids) == 0 {
			return
		}
		others[strings.Join(ids, " ")] = ids
	}
	if len(others) == 0 {
		return
	}
	by := map[int][]string{}
	candidates := slices.Clone(s.own)
	for _, key := range slices.Sorted(maps.Keys(others)) {
		areas, names := slices.Clone(s.areas), slices.Clone(s.names)
		for n := range areas {
			if !slices.Contains(s.own, n) {
				areas[n] = none
			}
		}
		for _, id := range others[key] {
			if set := of(id); set != nil {
				areas, names = append(areas, set.areas...), append(names, set.names...)
			}
		}
		candidates = slices.DeleteFunc(candidates, func(n int) bool {
			areas[n] = none
			defer func() { areas[n] = s.areas[n] }()
			if !s.areas[n].covered(areas) {
				return true
			}
			for _, k := range fewest(&s.areas[n], areas, indices(areas)) {
				by[n] = append(by[n], names[k])
			}
			return false
		})
	}
	for _, n := range candidates {
		f := s.finding(GroupRuleElsewhere, Low, s.names[n])
		f.By = slices.Compact(slices.Sorted(slices.Values(by[n])))
		f.Reason = fmt.Sprintf("at each ENI that carries %s, %s allows nothing that %s %s not", s.group.ID, s.names[n], joined(f.By), form(len(f.By), "does", "do"))
		l.add(f)
	}
}

// none is no packets.
var none = area{stretch: stretch{1, 0}}

// unused adds the finding that nobody carries a group. The default group of a VPC is there
// because it can't be deleted.
//
// Source: VPC user guide, "Default security groups for your VPCs".
func (l *linter) unused(g *netmodel.SecurityGroup) {
	if len(l.network.Interfaces) == 0 || len(l.carriers[g.ID]) > 0 || g.Name == "default" {
		return
	}
	f := Finding{Kind: GroupUnused, Severity: Low, Object: g.ID, VPC: g.VPC, Reason: "no ENI of the input carries " + g.ID}
	for _, id := range slices.Sorted(maps.Keys(l.network.SecurityGroups)) {
		for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			other := l.network.SecurityGroups[id]
			rules := other.Rules(way)
			for n := range rules {
				if id != g.ID && rules[n].Peer.Group == g.ID {
					f.By = append(f.By, other.RuleName(way, &rules[n]))
				}
			}
		}
	}
	if len(f.By) > 0 {
		f.Reason += ", and " + joined(f.By) + form(len(f.By), " refers", " refer") + " to it"
	}
	l.add(f)
}

// riskyPorts are the TCP ports that AWS counts as being of high risk.
//
// Source: Security Hub user guide, control EC2.19.
var riskyPorts = []uint16{
	20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
}

// open adds the findings about what a group lets in from all addresses of a family, by
// one rule or by several together.
func (l *linter) open(s *ruleSet) {
	for _, f := range families {
		world := area{everything, []span{f.all}}
		var areas []area // of this family
		var names []string
		for n, a := range s.areas {
			if a.peers = common(a.peers, world.peers); !a.empty() {
				areas, names = append(areas, a), append(names, s.names[n])
			}
		}
		var open []stretch
		for _, piece := range pieces(everything, areas) {
			if len(minus(world.peers, peersOf(piece, areas))) == 0 {
				open = append(open, piece)
			}
		}
		open = joinStretches(open)
		isOpen := func(t stretch) bool { return slices.ContainsFunc(open, func(o stretch) bool { return o.has(t) }) }
		every := indices(areas)
		by := func(t stretch) []string {
			var out []string
			for _, n := range fewest(&area{t, world.peers}, areas, every) {
				out = append(out, names[n])
			}
			return out
		}
		tcp, udp := stretchOf(netmodel.TCP, 0, 0xffff), stretchOf(netmodel.UDP, 0, 0xffff)
		opens := func(kind Kind, protocol string, rules, ports []string, what string) {
			finding := s.finding(kind, High, rules...)
			finding.Protocol, finding.Peers, finding.Ports = protocol, spanNames(world.peers), ports
			finding.Reason = fmt.Sprintf("%s %s %s in from %s", joined(rules), form(len(rules), "lets", "let"), what, f.all)
			l.add(finding)
		}
		switch {
		case isOpen(everything):
			opens(GroupOpenToWorld, "all", by(everything), nil, "all traffic")
			continue
		case isOpen(udp):
			opens(GroupOpenToWorld, "udp", by(udp), []string{"0-65535"}, "udp to all ports")
		}
		if isOpen(tcp) {
			opens(GroupOpenToWorld, "tcp", by(tcp), []string{"0-65535"}, "tcp to all ports")
			continue
		}
		var ports, rules []string
		for _, port := range riskyPorts {
			if at := stretchOf(netmodel.TCP, port, port); isOpen(at) {
				ports, rules = append(ports, strconv.Itoa(int(port))), append(rules, by(at)...)
			}
		}
		if len(ports) > 0 {
			rules = slices.Compact(slices.Sorted(slices.Values(rules)))
			opens(GroupOpensPort, "tcp", rules, ports, "tcp to "+form(len(ports), "port ", "ports ")+listed(ports))
		}
	}
}

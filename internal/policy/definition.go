package policy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// Definition is a network's definition, ready to decide by. It keeps what it has compiled,
// so that ENIs with the same security groups share it, and is not for concurrent use; the
// interfaces that it gives are.
type Definition struct {
	network *netmodel.Network
	// members are the addresses of the ENIs in a VPC that carry a group.
	members map[groupIn][]span
	lists   map[string][]span  // prefix lists by id
	groups  map[string]*groups // by VPC and ids
	acls    map[string]*acl    // by id

	// What Judge and NewFar look up, once either was asked: ENIs by address, those with delegated
	// prefixes, and those that carry a group.
	holders   map[netip.Addr][]*netmodel.Interface
	delegated []*netmodel.Interface
	carrying  map[groupIn][]*netmodel.Interface
}

// groupIn is a security group as ENIs of one VPC carry it. AWS lets a group be associated
// with several VPCs, and a reference to it matches in one.
type groupIn struct{ vpc, group string }

// New returns the definition of a network, which must not change from then on.
func New(n *netmodel.Network) *Definition {
	d := &Definition{
		network: n, members: map[groupIn][]span{}, lists: map[string][]span{},
		groups: map[string]*groups{}, acls: map[string]*acl{},
	}
	for _, i := range n.Interfaces {
		var own []span
		for _, a := range i.Addresses {
			own = append(own, spanOf(netip.PrefixFrom(a, a.BitLen())))
		}
		own = append(own, spansOf(i.Prefixes)...)
		for _, g := range i.Groups {
			at := groupIn{i.VPC, g}
			d.members[at] = append(d.members[at], own...)
		}
	}
	for at, spans := range d.members {
		d.members[at] = union(spans)
	}
	for id, l := range n.PrefixLists {
		if !l.EntriesUnknown {
			d.lists[id] = union(spansOf(l.CIDRs))
		}
	}
	return d
}

// groups are the security groups of an ENI, compiled.
type groups struct {
	ids    []string // in order
	tables [2]*table
	rules  [2][]groupRule // by rule.number
	// open says of a direction, a family, and TCP or UDP, whether a rule allows all addresses
	// and all ports.
	open       [2][2][2]bool
	unresolved []string
}

// groupRule names a rule.
type groupRule struct{ group, name string }

// acl is a network ACL, compiled. A rule's number is the place of its entry.
type acl struct {
	of     *netmodel.NetworkACL
	tables [2]*table
}

// link are the networks of one link, which no router forwards: unspecified, link-local,
// multicast of the link, and broadcast addresses. Such packets do not cross a subnet's border.
//
// Source: RFC 1122, RFC 3927, RFC 5771, RFC 4291.
var link = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/24"), netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("::/128"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff02::/16"),
}

// anywhere are all addresses.
var anywhere = []span{spanOf(netip.MustParsePrefix("0.0.0.0/0")), spanOf(netip.MustParsePrefix("::/0"))}

// Interface is what decides at one ENI. It does not change and is for concurrent use.
type Interface struct {
	id       string
	groups   *groups // nil: no group filters it
	acl      *acl
	within   []span // the addresses that a packet reaches without leaving the subnet
	services []service
}

// At returns what decides at an ENI. The error names what the definition would have to hold
// for that, or what in it AWS does not allow.
func (d *Definition) At(id string) (*Interface, error) {
	eni := d.network.Interfaces[id]
	if eni == nil {
		return d.seeing(id, scope{})
	}
	return d.seeing(id, home(eni.VPC))
}

// scope is whose ENIs the references of an ENI's groups match: those of one VPC, by
// direction.
type scope struct {
	vpc  string
	ways [2]bool
	// balancer are the groups of the Network Load Balancer that the packet came by with its
	// client's address, in order with spaces between: references to these match it, whatever
	// its source, and no others do.
	//
	// Source: Network Load Balancer user guide, "Update the security groups for your Network
	// Load Balancer", and of the others "Target security groups": "You can't use the security
	// groups for the clients as a source in the security groups for the targets".
	balancer string
}

// has reports whether references to a group match what a load balancer passes on.
func (s scope) has(group string) bool {
	return slices.Contains(strings.Fields(s.balancer), group)
}

// home returns the scope of packets that stay in a VPC.
func home(vpc string) scope { return scope{vpc: vpc, ways: [2]bool{true, true}} }

// in returns the VPC whose ENIs references of a direction match, "" for none.
func (s scope) in(way direction) string {
	if !s.ways[way] {
		return ""
	}
	return s.vpc
}

// seeing returns what decides at an ENI about packets of a scope.
func (d *Definition) seeing(id string, s scope) (*Interface, error) {
	i, err := d.at(id, s)
	if err != nil {
		return nil, fmt.Errorf("can't decide at %s: %w", id, err)
	}
	return i, nil
}

func (d *Definition) at(id string, s scope) (*Interface, error) {
	eni := d.network.Interfaces[id]
	if eni == nil {
		return nil, errors.New("it is not in the input")
	}
	subnet := d.network.Subnets[eni.Subnet]
	if subnet == nil {
		return nil, fmt.Errorf("its subnet %q is not in the input", eni.Subnet)
	}
	vpc := d.network.VPCs[subnet.VPC]
	switch {
	case vpc == nil:
		return nil, fmt.Errorf("its VPC %q is not in the input", subnet.VPC)
	case eni.VPC != vpc.ID:
		return nil, fmt.Errorf("it is in %q, and its subnet in %s", eni.VPC, vpc.ID)
	}
	a, err := d.aclOf(subnet)
	if err != nil {
		return nil, err
	}
	g, err := d.groupsOf(eni, s)
	if err != nil {
		return nil, err
	}
	within := slices.Concat(spansOf(subnet.CIDRs), spansOf(link))
	return &Interface{id: id, groups: g, acl: a, within: within, services: servicesAt(vpc, subnet)}, nil
}

// Unresolved names the groups that the rules of the ENI's groups refer to and that no ENI of
// its VPC carries: these rules match nothing. In order, each once.
func (i *Interface) Unresolved() []string {
	if i.groups == nil {
		return nil
	}
	return slices.Clone(i.groups.unresolved)
}

// aclOf returns the network ACL of a subnet.
func (d *Definition) aclOf(subnet *netmodel.Subnet) (*acl, error) {
	of := d.network.NetworkACLs[subnet.NetworkACL]
	if of == nil {
		return nil, fmt.Errorf("the network ACL %q of its subnet %s is not in the input", subnet.NetworkACL, subnet.ID)
	}
	if a := d.acls[of.ID]; a != nil {
		return a, nil
	}
	a := &acl{of: of}
	for w := range a.tables {
		way := direction(w).name()
		lines, err := entryLines(of, way)
		if err != nil {
			return nil, err
		}
		for n := range lines {
			// What matches nothing may be a denial that was meant to match.
			if e := &of.Entries(way)[n]; lines[n].from > lines[n].to {
				return nil, fmt.Errorf("%s can't match: %s of %s", of.EntryName(way, e), e.Traffic, e.CIDR)
			}
		}
		a.tables[w] = compile(lines)
	}
	d.acls[of.ID] = a
	return a, nil
}

// entryLines returns the entries of a network ACL for a direction, in their order.
func entryLines(of *netmodel.NetworkACL, way netmodel.Direction) ([]line, error) {
	entries := of.Entries(way)
	lines := make([]line, 0, len(entries))
	for n := range entries {
		e := &entries[n]
		name := of.EntryName(way, e)
		if n > 0 && e.Number <= entries[n-1].Number {
			return nil, fmt.Errorf("%s does not stand in the order of the numbers", name)
		}
		l, err := newLine(name, e.Traffic, int32(n))
		if err != nil {
			return nil, err
		}
		if !e.CIDR.IsValid() {
			return nil, fmt.Errorf("%s has no CIDR", name)
		}
		if e.Protocol == netmodel.ICMPv6 && e.CIDR.Addr().Is4() {
			l.from, l.to = 0, 0xffff // "traffic for all ICMP types and codes": CreateNetworkAclEntry
		}
		l.spans, l.allow = []span{spanOf(e.CIDR)}, e.Allow
		lines = append(lines, l)
	}
	return lines, nil
}

// newLine begins the line of a rule.
func newLine(name string, t netmodel.Traffic, number int32) (line, error) {
	if t.Protocol < netmodel.AllProtocols || t.Protocol > 255 {
		return line{}, fmt.Errorf("%s has protocol %d", name, t.Protocol)
	}
	l := line{protocol: t.Protocol, number: number}
	l.from, l.to = keys(t)
	return l, nil
}

// groupsOf returns the security groups of an ENI, or nil where it can't have any.
func (d *Definition) groupsOf(eni *netmodel.Interface, s scope) (*groups, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(eni.Groups)))
	if len(ids) == 0 {
		// EC2 gives each interface a group. Those of its own services may have none: NAT
		// gateways, transit gateways, load balancers.
		if eni.Type == "" || eni.Type == "interface" {
			return nil, fmt.Errorf("it is of type %q and has no security group, which EC2 does not allow", eni.Type)
		}
		return nil, nil
	}
	key := s.in(ingress) + " " + s.in(egress) + " " + strings.Join(ids, " ") + " by " + s.balancer
	if g := d.groups[key]; g != nil {
		return g, nil
	}
	g := &groups{ids: ids}
	for w := range g.tables {
		lines, err := d.lines(g, direction(w), s)
		if err != nil {
			return nil, err
		}
		g.tables[w] = compile(lines)
		for f := range g.open[w] {
			for n, protocol := range []uint8{netmodel.TCP, netmodel.UDP} {
				list := g.tables[w].list(&question{protocol: protocol, family: family(f)})
				g.open[w][f][n] = slices.ContainsFunc(list, func(r rule) bool {
					return r.everywhere && r.from == 0 && r.to == 0xffff
				})
			}
		}
	}
	slices.Sort(g.unresolved)
	g.unresolved = slices.Compact(g.unresolved)
	d.groups[key] = g
	return g, nil
}

// lines returns the rules of groups for a direction, by group and name, so that the order in
// which the input holds them says nothing. References match what the scope says. It enters the
// rules' names into g.
func (d *Definition) lines(g *groups, way direction, s scope) ([]line, error) {
	type entry struct {
		groupRule
		rule *netmodel.GroupRule
	}
	var entries []entry
	for _, id := range g.ids {
		group := d.network.SecurityGroups[id]
		if group == nil {
			return nil, fmt.Errorf("its security group %s is not in the input", id)
		}
		rules := group.Rules(way.name())
		for n := range rules {
			entries = append(entries, entry{groupRule{id, group.RuleName(way.name(), &rules[n])}, &rules[n]})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name))
	})
	lines := make([]line, 0, len(entries))
	for n, e := range entries {
		l, err := newLine(e.name, e.rule.Traffic, int32(n))
		if err != nil {
			return nil, err
		}
		l.allow = true
		switch p := e.rule.Peer; {
		case p.CIDR.IsValid():
			l.spans, l.all = []span{spanOf(p.CIDR)}, p.CIDR.Bits() == 0
		case p.PrefixList != "":
			list, ok := d.lists[p.PrefixList]
			if !ok {
				return nil, fmt.Errorf("%s refers to %s, which is not in the input", e.name, p.PrefixList)
			}
			l.spans = list
		case p.Group != "":
			// One by a peering connection that is not there any more is stale.
			status := e.rule.Reference.PeeringStatus
			switch stale := status != "" && status != "active"; {
			case stale:
			case way == ingress && s.has(p.Group):
				l.spans = anywhere
			default:
				l.spans = d.members[groupIn{s.in(way), p.Group}]
			}
			if len(l.spans) == 0 {
				g.unresolved = append(g.unresolved, p.Group)
			}
		default:
			return nil, fmt.Errorf("%s has no peer", e.name)
		}
		lines = append(lines, l)
		g.rules[way] = append(g.rules[way], e.groupRule)
	}
	return lines, nil
}

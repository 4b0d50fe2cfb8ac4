package whatif

import (
	"net/netip"
	"reflect"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// difference is what decides at an interface and is not the same in two definitions.
type difference struct {
	// any says that what differs may be about any packet; else the lines are all.
	any   bool
	lines []line
}

// line is a rule or entry that one of the definitions has and the other has not.
type line struct {
	way netmodel.Direction
	netmodel.Traffic
	cidr netip.Prefix // invalid: any address
}

func (d *difference) none() bool { return !d.any && len(d.lines) == 0 }

// about reports whether a rule that differs may be about a packet.
func (d *difference) about(a *policy.Asked) bool {
	return d.any || slices.ContainsFunc(d.lines, func(l line) bool {
		if l.way != a.Way || l.cidr.IsValid() && !l.cidr.Contains(a.Far.Addr) || l.Protocol != netmodel.AllProtocols && l.Protocol != a.Protocol {
			return false
		}
		return !ported(l.Protocol) || l.From <= a.Key && a.Key <= l.To
	})
}

// differences finds what differs at interfaces. What two definitions share by pointer is the
// same.
type differences struct {
	base, changed *netmodel.Network
	members       map[string]bool   // groups whose members differ
	groups        map[string][]line // by group, of those that were looked at
	acls          map[string][]line
}

func newDifferences(base, changed *netmodel.Network) *differences {
	d := &differences{base: base, changed: changed, members: map[string]bool{}, groups: map[string][]line{}, acls: map[string][]line{}}
	for _, way := range [][2]*netmodel.Network{{base, changed}, {changed, base}} {
		for id, i := range way[0].Interfaces {
			o := way[1].Interfaces[id]
			if o == nil {
				o = &netmodel.Interface{}
			}
			same := i == o || i.VPC == o.VPC && reflect.DeepEqual(i.Addresses, o.Addresses) && reflect.DeepEqual(i.Prefixes, o.Prefixes)
			for _, g := range i.Groups {
				if !same || !slices.Contains(o.Groups, g) {
					d.members[g] = true
				}
			}
		}
	}
	return d
}

// at returns what differs at an interface.
func (d *differences) at(id string) difference {
	a, b := d.base.Interfaces[id], d.changed.Interfaces[id]
	if a == nil || b == nil {
		return difference{any: true}
	}
	sa, sb := d.base.Subnets[a.Subnet], d.changed.Subnets[b.Subnet]
	groups := func(i *netmodel.Interface) []string { return slices.Compact(slices.Sorted(slices.Values(i.Groups))) }
	if a.VPC != b.VPC || a.Subnet != b.Subnet || a.Type != b.Type || a.Role != b.Role || !slices.Equal(groups(a), groups(b)) ||
		(sa == nil) != (sb == nil) || sa != nil && (sa.VPC != sb.VPC || sa.NetworkACL != sb.NetworkACL || !slices.Equal(sa.CIDRs, sb.CIDRs)) {
		return difference{any: true}
	}
	out := difference{}
	if va, vb := d.base.VPCs[a.VPC], d.changed.VPCs[b.VPC]; (va == nil) != (vb == nil) || va != nil && !slices.Equal(va.CIDRs, vb.CIDRs) {
		out.any = true
	}
	if sa != nil {
		out.lines = append(out.lines, d.acl(sa.NetworkACL)...)
	}
	for _, g := range groups(a) {
		out.lines = append(out.lines, d.group(g)...)
	}
	return out
}

// acl returns the entries of a network ACL that differ.
func (d *differences) acl(id string) []line {
	out, known := d.acls[id]
	if known {
		return out
	}
	a, b := d.base.NetworkACLs[id], d.changed.NetworkACLs[id]
	for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		var x, y []netmodel.ACLEntry
		if a != nil {
			x = a.Entries(way)
		}
		if b != nil {
			y = b.Entries(way)
		}
		for _, pair := range [][2][]netmodel.ACLEntry{{x, y}, {y, x}} {
			for _, e := range pair[0] {
				// What is not there but for the last entry, which stands for all that is left.
				if e.Number <= netmodel.LastNumber && !slices.Contains(pair[1], e) {
					out = append(out, line{way, e.Traffic, e.CIDR})
				}
			}
		}
	}
	if (a == nil) != (b == nil) {
		out = append(out, everything()...)
	}
	d.acls[id] = out
	return out
}

func everything() []line {
	all := netmodel.Traffic{Protocol: netmodel.AllProtocols}
	return []line{{way: netmodel.Ingress, Traffic: all}, {way: netmodel.Egress, Traffic: all}}
}

// group returns the rules of a group that differ, or whose peers do.
func (d *differences) group(id string) []line {
	out, known := d.groups[id]
	if known {
		return out
	}
	a, b := d.base.SecurityGroups[id], d.changed.SecurityGroups[id]
	for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		var x, y []netmodel.GroupRule
		if a != nil {
			x = a.Rules(way)
		}
		if b != nil {
			y = b.Rules(way)
		}
		for _, pair := range [][2][]netmodel.GroupRule{{x, y}, {y, x}} {
			for _, r := range pair[0] {
				if d.peers(&r.Peer) && slices.ContainsFunc(pair[1], func(o netmodel.GroupRule) bool {
					return o.Traffic == r.Traffic && o.Peer == r.Peer && o.Reference == r.Reference
				}) {
					continue
				}
				out = append(out, line{way, r.Traffic, r.Peer.CIDR})
			}
		}
	}
	if (a == nil) != (b == nil) {
		out = append(out, everything()...)
	}
	d.groups[id] = out
	return out
}

// peers reports whether a peer is the same in both.
func (d *differences) peers(p *netmodel.Peer) bool {
	switch {
	case p.Group != "":
		return !d.members[p.Group]
	case p.PrefixList != "":
		return reflect.DeepEqual(d.base.PrefixLists[p.PrefixList], d.changed.PrefixLists[p.PrefixList])
	}
	return true
}

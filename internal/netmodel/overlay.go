package netmodel

import (
	"maps"
	"reflect"
	"slices"
)

// Overlaid returns the definition in which what another one describes stands in place of what
// it has: for a part of a network that is changed, as a Terraform plan of one module holds. What
// decides at ENIs is taken: VPCs, subnets, ENIs, security groups, network ACLs and prefix lists;
// all else stays. Rules and entries of a thing that o has are those that o says, and no others.
// What o does not say of a thing (an association, an address, a name) stays. What o does not
// have stays too: that something goes can't be said so. Neither definition is changed.
func (n *Network) Overlaid(o *Network) *Network {
	out := *n
	out.VPCs = overlay(n.VPCs, o.VPCs, nil)
	out.Subnets = overlay(n.Subnets, o.Subnets, nil)
	out.Interfaces = overlay(n.Interfaces, o.Interfaces, nil)
	out.SecurityGroups = overlay(n.SecurityGroups, o.SecurityGroups, func(with *SecurityGroup, from *SecurityGroup) {
		was := n.SecurityGroups[from.ID]
		with.Ingress, with.Egress = sameRules(was.Ingress, from.Ingress), sameRules(was.Egress, from.Egress)
	})
	out.NetworkACLs = overlay(n.NetworkACLs, o.NetworkACLs, func(with *NetworkACL, from *NetworkACL) {
		with.Ingress, with.Egress = from.Ingress, from.Egress
	})
	out.PrefixLists = overlay(n.PrefixLists, o.PrefixLists, func(with *PrefixList, from *PrefixList) {
		if with.EntriesUnknown = false; !from.EntriesUnknown {
			with.CIDRs = from.CIDRs
		} else if was := n.PrefixLists[from.ID]; was == nil || was.EntriesUnknown {
			with.EntriesUnknown = true
		}
	})
	// A subnet has one network ACL, whichever of both says it.
	for _, id := range slices.Sorted(maps.Keys(o.NetworkACLs)) {
		for _, subnet := range o.NetworkACLs[id].Subnets {
			if s := out.Subnets[subnet]; s != nil && s.NetworkACL != id {
				s = clone(s)
				s.NetworkACL = id
				out.Subnets[subnet] = s
			}
		}
	}
	return &out
}

// sameRules returns the rules that are said, of which those that were there before keep their
// ids and what else is known of them.
func sameRules(before, said []GroupRule) []GroupRule {
	out := slices.Clone(said)
	for i := range out {
		r := &out[i]
		at := slices.IndexFunc(before, func(b GroupRule) bool {
			return b.Traffic == r.Traffic && b.Peer == r.Peer && (r.ID == "" || r.ID == b.ID)
		})
		if at >= 0 {
			*r = before[at]
		}
	}
	return out
}

// overlay puts things in place of others, which they get from what they do not say; then
// replaced says what they say even where they say nothing.
func overlay[T any](base, over map[string]*T, replaced func(with, from *T)) map[string]*T {
	out := maps.Clone(base)
	for id, from := range over {
		with := clone(from)
		if was := base[id]; was != nil {
			to, old := reflect.ValueOf(with).Elem(), reflect.ValueOf(was).Elem()
			for i := range to.NumField() {
				if absent(to.Field(i)) {
					to.Field(i).Set(old.Field(i))
				}
			}
			if replaced != nil {
				replaced(with, from)
			}
		}
		out[id] = with
	}
	return out
}

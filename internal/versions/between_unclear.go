package versions

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// Loose reports whether an id of [InForce.Changed] is none of a thing: it is the association of
// a route table or of an Elastic IP, or a public address, and nobody knows of what. It may be
// about any subnet, or any ENI's public address, of the account and region.
func Loose(id string) bool {
	_, err := netip.ParseAddr(id)
	return err == nil || strings.HasPrefix(id, "rtbassoc-") || strings.HasPrefix(id, "eipassoc-")
}

// associated returns the things that associations are of, as calls that are not followed name
// them together. A subnet is what a route table is associated with, and an ENI or its instance
// an Elastic IP; associations of which no call names that are not in it.
func associated(changes []cloudtrail.Change) map[string][]string {
	parts := newParts()
	named := map[string]bool{}
	for i := range changes {
		c := &changes[i]
		if !c.NotFollowed || !slices.ContainsFunc(c.IDs, Loose) {
			continue
		}
		for _, id := range c.IDs {
			parts.connect(c.IDs[0], id)
			named[id] = true
		}
	}
	in := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(named)) {
		in[parts.of(id)] = append(in[parts.of(id)], id)
	}
	out := map[string][]string{}
	for _, list := range in {
		whole := slices.ContainsFunc(list, func(id string) bool {
			return strings.HasPrefix(id, "subnet-") || strings.HasPrefix(id, "eni-") || strings.HasPrefix(id, "i-")
		})
		for _, id := range list {
			if whole && Loose(id) {
				out[id] = slices.DeleteFunc(slices.Clone(list), Loose)
			}
		}
	}
	return out
}

// standsFor returns the things that an id of a change that is not clear is about: an instance's
// ENIs, what an association is of, the Elastic IP of an address, else itself: an instance whose
// ENIs no import has.
func (w *window) standsFor(id string, of map[string][]string) []string {
	found := map[string]bool{}
	if list := of[id]; list != nil {
		for _, id := range list {
			for _, id := range w.standsFor(id, nil) {
				found[id] = true
			}
		}
		return slices.Sorted(maps.Keys(found))
	}
	instance := strings.HasPrefix(id, "i-")
	for _, n := range []*netmodel.Network{w.a, w.seen()} {
		for eni, v := range n.Interfaces {
			if instance && v.Instance == id {
				found[eni] = true
			}
		}
		for _, e := range n.ElasticIPs {
			if e.Address.String() == id && e.Interface != "" {
				found[e.ID], found[e.Interface] = true, true
			}
		}
	}
	if len(found) > 0 {
		return slices.Sorted(maps.Keys(found))
	}
	return []string{id}
}

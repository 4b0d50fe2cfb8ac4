package netmodel

import (
	"maps"
	"slices"
	"strings"
)

// A thing whose rules, entries or routes are resources of their own has them inline too, as of
// the last refresh: what was changed since is there in the old form. A plan says what it
// changes, after a refresh. Of a state nobody knows whether what only stands inline is old, or
// of somebody else.
//
// Source: the AWS provider's reference, aws_security_group, aws_network_acl, aws_route_table.

// inlined notes what stands within a thing, and reports whether it is to be there.
func (t *terraform) inlined(thing, key string) bool {
	t.inline[thing] = append(t.inline[thing], key)
	return !t.gone[key]
}

// owned notes what is a resource of its own.
func (t *terraform) owned(thing, key string) { t.own[thing], t.own[key] = true, true }

// checkInline refuses what only stands inline in a thing that has resources of their own.
func (t *terraform) checkInline() {
	for _, thing := range slices.Sorted(maps.Keys(t.inline)) {
		for _, key := range t.inline[thing] {
			if t.own[thing] && !t.own[key] && t.err == nil {
				key = strings.TrimPrefix(strings.TrimPrefix(key, thing), " ")
				t.err = bad(t.placeOf(thing), "%s has inline what none of its resources has: %s; it is old, which terraform refresh mends, or somebody else made it, which only AWS tells: weir network import --live", thing, key)
			}
		}
	}
}

// placeOf returns the place of a thing's resource.
func (t *terraform) placeOf(thing string) string {
	for _, key := range []string{"SecurityGroups", "NetworkAcls", "RouteTables", "PrefixLists"} {
		if at, ok := t.where[key+" "+thing]; ok {
			return t.place(at)
		}
	}
	return ""
}

// leavingTypes are the types of resources that say inline elsewhere what they associate, so
// that it can't be told what is left of it where a plan changes one.
var leavingTypes = []string{
	"aws_network_acl_association", "aws_network_interface_sg_attachment", "aws_network_interface_attachment", "aws_eip_association",
	"aws_vpc_endpoint_route_table_association", "aws_vpc_endpoint_subnet_association", "aws_vpc_endpoint_security_group_association",
	"aws_internet_gateway_attachment", "aws_vpn_gateway_attachment", "aws_vpn_gateway_route_propagation", "aws_main_route_table_association",
	"aws_vpc_ipv4_cidr_block_association", "aws_vpc_ipv6_cidr_block_association",
}

// leave notes what a plan changes or takes away of what stands inline too.
func (t *terraform) leave(changes []terraformChange) {
	for i := range changes {
		c := &changes[i]
		if c.Mode == "data" || !slices.Contains(c.Change.Actions, "update") && !slices.Contains(c.Change.Actions, "delete") {
			continue
		}
		r := &terraformResource{Address: c.Address, Type: c.Type, Values: c.Change.Before, at: "resource_changes (" + c.Address + ")", t: t}
		switch {
		case slices.Contains(leavingTypes, c.Type):
			r.fail("a plan that changes or removes this can't be read: apply it, and read the state")
		case c.Type == "aws_security_group_rule":
			for _, key := range r.ruleKeys(r.text("security_group_id"), r.text("type"), "source_security_group_id") {
				t.gone[key] = true
			}
		case c.Type == "aws_vpc_security_group_ingress_rule" || c.Type == "aws_vpc_security_group_egress_rule":
			for _, key := range r.oneRule().ruleKeys(r.text("security_group_id"), r.way(), "", "security_groups") {
				t.gone[key] = true
			}
		case c.Type == "aws_network_acl_rule":
			t.gone[r.entryKey(r.text("network_acl_id"), r.truth("egress"), "rule_number")] = true
		case c.Type == "aws_route":
			_, to := r.destination()
			t.gone[r.text("route_table_id")+" route "+to] = true
		case c.Type == "aws_ec2_managed_prefix_list_entry":
			t.gone[r.text("prefix_list_id")+" "+r.text("cidr")] = true
		}
	}
}

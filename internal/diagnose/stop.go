package diagnose

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// Stop is a change of rules by which something is not let in any more.
type Stop struct {
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
	// CLI are commands of the AWS CLI, a line each, and Terraform a resource; "" where the
	// change is to take something away.
	CLI       string `json:"cli"`
	Terraform string `json:"terraform,omitempty"`
}

// Deny returns the entry of a network ACL that denies traffic of sources before any entry
// allows it, and the network with it, which shares with n all that stays. It fails where no
// number is free there.
func Deny(n *netmodel.Network, id string, sources netip.Prefix, of netmodel.Traffic) (Stop, *netmodel.Network, error) {
	was := n.NetworkACLs[id]
	if was == nil {
		return Stop{}, nil, fmt.Errorf("the network ACL %s is not in the input", id)
	}
	acl, with := *was, *n
	entry := netmodel.ACLEntry{Traffic: of, CIDR: sources.Masked()}
	var err error
	if entry.Number, err = freeNumber(acl.Ingress, &entry); err != nil {
		return Stop{}, nil, fmt.Errorf("%s: %w", id, err)
	}
	acl.Ingress = append(slices.Clone(acl.Ingress), entry)
	slices.SortStableFunc(acl.Ingress, func(a, b netmodel.ACLEntry) int { return a.Number - b.Number })
	with.NetworkACLs = maps.Clone(n.NetworkACLs)
	with.NetworkACLs[id] = &acl
	cli, terraform := writeEntry(id, netmodel.Ingress, &entry)
	says := fmt.Sprintf("deny %s from %s by entry %d of %s", traffic(of), entry.CIDR, entry.Number, id)
	return Stop{Says: says, CLI: cli, Terraform: terraform}, &with, nil
}

// GroupRuleOf is a rule of a security group's ingress.
type GroupRuleOf struct {
	Group string
	Rule  *netmodel.GroupRule
}

// Narrow returns the change that leaves of ingress rules for networks only what lets some
// sources in, none: the rules go, and the network with it, which shares with n all that stays.
// It fails where a rule is not for a network.
func Narrow(n *netmodel.Network, rules []GroupRuleOf, keep []netip.Prefix) (Stop, *netmodel.Network, error) {
	with := *n
	with.SecurityGroups = maps.Clone(n.SecurityGroups)
	var says, cli, terraform []string
	for _, r := range rules {
		was := with.SecurityGroups[r.Group]
		if was == nil {
			return Stop{}, nil, fmt.Errorf("the security group %s is not in the input", r.Group)
		}
		name := was.RuleName(netmodel.Ingress, r.Rule)
		if !r.Rule.Peer.CIDR.IsValid() {
			return Stop{}, nil, fmt.Errorf("%s lets in %s, which can't be narrowed: take the source out of it", name, r.Rule.Peer)
		}
		group := *was
		group.Ingress = slices.DeleteFunc(slices.Clone(was.Ingress), func(o netmodel.GroupRule) bool { return o == *r.Rule })
		if len(group.Ingress) == len(was.Ingress) {
			return Stop{}, nil, fmt.Errorf("%s is not a rule of %s", name, r.Group)
		}
		var left []string
		for _, p := range keep {
			if !r.Rule.Peer.CIDR.Contains(p.Addr()) {
				continue
			}
			left = append(left, p.String())
			group.Ingress = append(group.Ingress, netmodel.GroupRule{Traffic: r.Rule.Traffic, Peer: netmodel.Peer{CIDR: p}})
		}
		with.SecurityGroups[r.Group] = &group
		s := "remove " + name + ", which lets in " + r.Rule.Peer.String()
		if len(left) > 0 {
			s = fmt.Sprintf("narrow %s from %s to %s", name, r.Rule.Peer, strings.Join(left, ", "))
		}
		says = append(says, s)
		c, t := writeNarrow(r.Group, r.Rule, left)
		cli = append(cli, c...)
		if t != "" {
			terraform = append(terraform, t)
		}
	}
	if len(says) == 0 {
		return Stop{}, nil, errors.New("no rule lets it in")
	}
	return Stop{Says: strings.Join(says, "; "), CLI: strings.Join(cli, "\n"), Terraform: strings.Join(terraform, "\n")}, &with, nil
}

// writeNarrow writes the change that puts narrower rules in the place of one. The new ones
// come first, so that who is to stay is never refused.
func writeNarrow(group string, r *netmodel.GroupRule, left []string) (cli []string, terraform string) {
	protocol, from, to := cliRange(r.Traffic)
	six := r.Peer.CIDR.Addr().Is6()
	permission := func(cidrs []string) string {
		out := "IpProtocol=" + protocol
		if from != "" {
			out += ",FromPort=" + from + ",ToPort=" + to
		}
		list, key := "IpRanges", "CidrIp"
		if six {
			list, key = "Ipv6Ranges", "CidrIpv6"
		}
		var items []string
		for _, c := range cidrs {
			items = append(items, "{"+key+"="+c+"}")
		}
		return out + "," + list + "=[" + strings.Join(items, ",") + "]"
	}
	if len(left) > 0 {
		cli = append(cli, fmt.Sprintf("aws ec2 authorize-security-group-ingress --group-id %s --ip-permissions '%s'", group, permission(left)))
		ports, cidr := "", "cidr_ipv4"
		if from != "" {
			ports = fmt.Sprintf("\n  from_port         = %s\n  to_port           = %s", from, to)
		}
		if six {
			cidr = "cidr_ipv6"
		}
		quoted := make([]string, len(left))
		for i, c := range left {
			quoted[i] = strconv.Quote(c)
		}
		terraform = fmt.Sprintf("resource \"aws_vpc_security_group_ingress_rule\" \"narrow\" {\n  for_each          = toset([%s])\n  security_group_id = %q\n  ip_protocol       = %q%s\n  %s         = each.value\n}",
			strings.Join(quoted, ", "), group, protocol, ports, cidr)
	}
	if r.ID != "" {
		return append(cli, fmt.Sprintf("aws ec2 revoke-security-group-ingress --group-id %s --security-group-rule-ids %s", group, r.ID)), terraform
	}
	return append(cli, fmt.Sprintf("aws ec2 revoke-security-group-ingress --group-id %s --ip-permissions '%s'", group, permission([]string{r.Peer.CIDR.String()}))), terraform
}

// cliRange returns what the AWS CLI and Terraform call the traffic of a group's rule, all
// traffic included.
func cliRange(t netmodel.Traffic) (name, from, to string) {
	if t.Protocol == netmodel.AllProtocols {
		return "-1", "", ""
	}
	return cliProtocol(t)
}

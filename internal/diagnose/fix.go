package diagnose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// Refusal is a decision of a security group or a network ACL that refuses a packet.
type Refusal struct {
	Control   Control
	Direction netmodel.Direction
	// NetworkACL is the id of the one that refuses, and Groups those of the ENI's groups.
	NetworkACL string
	Groups     []string
	Src, Dst   netip.Addr
	// Traffic is what the packets are that should pass. Of TCP and UDP it has the ports that
	// they go to: of replies those that clients use.
	Traffic netmodel.Traffic
}

// Fix is the smallest change of rules by which a refusal is none any more.
type Fix struct {
	// Says is a sentence for people, in lower case and without a full stop, and Allows what
	// else passes then.
	Says   string `json:"says"`
	Allows string `json:"allows"`
	// CLI is a command of the AWS CLI, and Terraform a resource.
	CLI       string `json:"cli"`
	Terraform string `json:"terraform"`
}

// ReplyPorts are the ports that clients use and replies go to: Linux takes 32768 to 60999,
// Windows 49152 to 65535, NAT gateways, load balancers and Lambda 1024 to 65535 (VPC user guide,
// "Ephemeral ports").
var ReplyPorts = [2]uint16{1024, 65535}

// FixOf returns the fix of a refusal, and the network as it is with it, which shares with n all
// that stays. It fails where no rule can be added before the one that refuses.
func FixOf(n *netmodel.Network, r *Refusal) (Fix, *netmodel.Network, error) {
	peer := r.Src
	if r.Direction == netmodel.Egress {
		peer = r.Dst
	}
	with := *n
	if r.Control == SecurityGroup {
		if len(r.Groups) == 0 || n.SecurityGroups[r.Groups[0]] == nil {
			return Fix{}, nil, fmt.Errorf("the ENI's security groups are not in the input")
		}
		group := *n.SecurityGroups[r.Groups[0]]
		rules := &group.Ingress
		if r.Direction == netmodel.Egress {
			rules = &group.Egress
		}
		rule := netmodel.GroupRule{Traffic: r.Traffic, Peer: netmodel.Peer{CIDR: netip.PrefixFrom(peer, peer.BitLen())}}
		*rules = append(slices.Clone(*rules), rule)
		with.SecurityGroups = maps.Clone(n.SecurityGroups)
		with.SecurityGroups[group.ID] = &group
		return groupFix(n, r, &rule), &with, nil
	}
	was := n.NetworkACLs[r.NetworkACL]
	if was == nil {
		return Fix{}, nil, fmt.Errorf("the network ACL %s is not in the input", r.NetworkACL)
	}
	acl := *was
	entries := &acl.Ingress
	if r.Direction == netmodel.Egress {
		entries = &acl.Egress
	}
	entry := netmodel.ACLEntry{Allow: true, Traffic: r.Traffic, CIDR: netip.PrefixFrom(peer, peer.BitLen())}
	var err error
	if entry.Number, err = freeNumber(*entries, &entry); err != nil {
		return Fix{}, nil, fmt.Errorf("%s: %w", acl.ID, err)
	}
	*entries = append(slices.Clone(*entries), entry)
	slices.SortStableFunc(*entries, func(a, b netmodel.ACLEntry) int { return a.Number - b.Number })
	with.NetworkACLs = maps.Clone(n.NetworkACLs)
	with.NetworkACLs[acl.ID] = &acl
	return aclFix(n, r, &entry), &with, nil
}

// freeNumber returns a number for an entry: before the first one that decides otherwise about
// some of what it is for, and else behind all, in steps of ten as people take them.
func freeNumber(entries []netmodel.ACLEntry, entry *netmodel.ACLEntry) (int, error) {
	used := map[int]bool{}
	last, before := 0, netmodel.LastNumber+1
	for i := range entries {
		e := &entries[i]
		if e.Number > netmodel.LastNumber {
			continue // the entry "*"
		}
		used[e.Number] = true
		last = max(last, e.Number)
		if e.Allow != entry.Allow && e.Number < before && meets(e, entry) {
			before = e.Number
		}
	}
	if next := (last/10 + 1) * 10; next < before {
		return next, nil
	}
	for number := before - 1; number > 0; number-- {
		if !used[number] {
			return number, nil
		}
	}
	does := "denies"
	if !entry.Allow {
		does = "allows"
	}
	return 0, fmt.Errorf("no number is free before %d, the entry that %s it: entries must be numbered anew", before, does)
}

// meets reports whether two entries may decide the same packet.
func meets(a, b *netmodel.ACLEntry) bool {
	if !a.CIDR.Overlaps(b.CIDR) || a.Protocol != b.Protocol && a.Protocol != netmodel.AllProtocols && b.Protocol != netmodel.AllProtocols {
		return false
	}
	if a.Protocol == b.Protocol && (a.Protocol == netmodel.TCP || a.Protocol == netmodel.UDP) {
		return a.From <= b.To && b.From <= a.To
	}
	return true
}

// traffic says what passes, as people do.
func traffic(t netmodel.Traffic) string {
	name := t.String()
	switch {
	case t.Protocol == netmodel.ICMP && t.Type == 8, t.Protocol == netmodel.ICMPv6 && t.Type == 128:
		return "echo requests"
	case t.Protocol == netmodel.ICMP && t.Type == 0, t.Protocol == netmodel.ICMPv6 && t.Type == 129:
		return "echo replies"
	case t.Protocol == netmodel.AllProtocols:
		return "all traffic"
	case t.Protocol != netmodel.TCP && t.Protocol != netmodel.UDP:
		return "protocol " + name
	}
	protocol, ports, _ := strings.Cut(name, ":")
	if t.From != t.To {
		return fmt.Sprintf("%s to ports %d to %d", protocol, t.From, t.To)
	}
	return protocol + " to port " + ports
}

// fromTo says whom a rule of a direction is about.
func fromTo(d netmodel.Direction, peer netip.Prefix) string {
	if d == netmodel.Egress {
		return "to " + peer.Addr().String()
	}
	return "from " + peer.Addr().String()
}

// groupFix writes the fix that adds a rule to a security group.
func groupFix(n *netmodel.Network, r *Refusal, rule *netmodel.GroupRule) Fix {
	group, peer := r.Groups[0], rule.Peer.CIDR
	members := 0
	for _, i := range n.Interfaces {
		if slices.Contains(i.Groups, group) {
			members++
		}
	}
	out := Fix{
		Says:   fmt.Sprintf("let %s %s pass %s, by a rule of %s", traffic(rule.Traffic), fromTo(r.Direction, peer), inOut(r.Direction), group),
		Allows: fmt.Sprintf("the same at all %d ENIs that have %s", members, group),
	}
	if len(r.Groups) > 1 {
		out.Says += fmt.Sprintf(", or of another group of the ENI: %s", strings.Join(r.Groups[1:], ", "))
	}
	protocol, from, to := cliProtocol(rule.Traffic)
	ranges := "IpRanges=[{CidrIp=" + peer.String() + "}]"
	cidr := "cidr_ipv4"
	if peer.Addr().Is6() {
		ranges, cidr = "Ipv6Ranges=[{CidrIpv6="+peer.String()+"}]", "cidr_ipv6"
	}
	permission := "IpProtocol=" + protocol
	ports := ""
	if from != "" {
		permission += ",FromPort=" + from + ",ToPort=" + to
		ports = fmt.Sprintf("\n  from_port         = %s\n  to_port           = %s", from, to)
	}
	out.CLI = fmt.Sprintf("aws ec2 authorize-security-group-%s --group-id %s --ip-permissions '%s,%s'", r.Direction, group, permission, ranges)
	out.Terraform = fmt.Sprintf("resource \"aws_vpc_security_group_%s_rule\" \"allow\" {\n  security_group_id = %q\n  ip_protocol       = %q%s\n  %s         = %q\n}",
		r.Direction, group, protocol, ports, cidr, peer.String())
	return out
}

func inOut(d netmodel.Direction) string {
	if d == netmodel.Egress {
		return "out"
	}
	return "in"
}

// cliProtocol returns what the AWS CLI and Terraform call traffic of security groups: of ICMP the
// "ports" are type and code.
func cliProtocol(t netmodel.Traffic) (name, from, to string) {
	switch t.Protocol {
	case netmodel.TCP, netmodel.UDP:
		name, _, _ = strings.Cut(t.String(), ":")
		return name, strconv.Itoa(int(t.From)), strconv.Itoa(int(t.To))
	case netmodel.ICMP, netmodel.ICMPv6:
		name = map[int]string{netmodel.ICMP: "icmp", netmodel.ICMPv6: "icmpv6"}[t.Protocol]
		return name, strconv.Itoa(t.Type), strconv.Itoa(t.Code)
	}
	return strconv.Itoa(t.Protocol), "", ""
}

// aclFix writes the fix that adds an entry to a network ACL.
func aclFix(n *netmodel.Network, r *Refusal, e *netmodel.ACLEntry) Fix {
	subnets := 0
	for _, s := range n.Subnets {
		if s.NetworkACL == r.NetworkACL {
			subnets++
		}
	}
	out := Fix{
		Says:   fmt.Sprintf("let %s %s pass %s, by entry %d of %s", traffic(e.Traffic), fromTo(r.Direction, e.CIDR), inOut(r.Direction), e.Number, r.NetworkACL),
		Allows: fmt.Sprintf("the same at all %d subnets that have %s, as far as security groups let it", subnets, r.NetworkACL),
	}
	out.CLI, out.Terraform = writeEntry(r.NetworkACL, r.Direction, e)
	return out
}

// writeEntry writes an entry of a network ACL as a command of the AWS CLI and for Terraform.
func writeEntry(acl string, d netmodel.Direction, e *netmodel.ACLEntry) (cli, terraform string) {
	way, egress := "--ingress", "false"
	if d == netmodel.Egress {
		way, egress = "--egress", "true"
	}
	cidr, block := "--cidr-block", "cidr_block"
	if e.CIDR.Addr().Is6() {
		cidr, block = "--ipv6-cidr-block", "ipv6_cidr_block"
	}
	match, fields := "", ""
	switch e.Protocol {
	case netmodel.TCP, netmodel.UDP:
		match = fmt.Sprintf(" --port-range From=%d,To=%d", e.From, e.To)
		fields = fmt.Sprintf("\n  from_port      = %d\n  to_port        = %d", e.From, e.To)
	case netmodel.ICMP, netmodel.ICMPv6:
		match = fmt.Sprintf(" --icmp-type-code Type=%d,Code=%d", e.Type, e.Code)
		fields = fmt.Sprintf("\n  icmp_type      = %d\n  icmp_code      = %d", e.Type, e.Code)
	}
	action := "deny"
	if e.Allow {
		action = "allow"
	}
	cli = fmt.Sprintf("aws ec2 create-network-acl-entry --network-acl-id %s %s --rule-number %d --protocol %d%s --rule-action %s %s %s",
		acl, way, e.Number, e.Protocol, match, action, cidr, e.CIDR)
	terraform = fmt.Sprintf("resource \"aws_network_acl_rule\" %q {\n  network_acl_id = %q\n  egress         = %s\n  rule_number    = %d\n  rule_action    = %q\n  protocol       = \"%d\"%s\n  %s     = %q\n}",
		action, acl, egress, e.Number, action, e.Protocol, fields, block, e.CIDR.String())
	return cli, terraform
}

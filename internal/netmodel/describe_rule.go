package netmodel

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// permission is a rule of describe-security-groups, which may have several peers.
type permission struct {
	IpProtocol       string
	FromPort, ToPort *int
	IpRanges         []struct{ CidrIp, Description string }
	Ipv6Ranges       []struct{ CidrIpv6, Description string }
	PrefixListIds    []struct{ PrefixListId, Description string }
	UserIdGroupPairs []struct {
		GroupId, Description                                 string
		UserId, VpcId, VpcPeeringConnectionId, PeeringStatus string
	}
}

func (p *part) securityGroup(at string, v *struct {
	GroupId, GroupName, VpcId, OwnerId string
	SecurityGroupArn                   string
	IpPermissions, IpPermissionsEgress []permission
},
) error {
	id := parseARN(v.SecurityGroupArn)
	out := &SecurityGroup{ID: v.GroupId, Name: v.GroupName, VPC: v.VpcId, Account: cmp.Or(v.OwnerId, id.account), Region: id.region}
	for _, d := range []struct {
		key  string
		from []permission
		to   *[]GroupRule
	}{{"IpPermissions", v.IpPermissions, &out.Ingress}, {"IpPermissionsEgress", v.IpPermissionsEgress, &out.Egress}} {
		for i := range d.from {
			rules, err := d.from[i].rules(fmt.Sprintf("%s.%s[%d]", at, d.key, i))
			if err != nil {
				return err
			}
			*d.to = append(*d.to, rules...)
		}
	}
	return put(p, at, "GroupId", p.SecurityGroups, out.ID, out, same)
}

// rules returns a rule for each peer.
func (v *permission) rules(at string) ([]GroupRule, error) {
	traffic, err := groupTraffic(at, v.IpProtocol, v.FromPort, v.ToPort)
	if err != nil {
		return nil, err
	}
	var out []GroupRule
	for i, r := range v.IpRanges {
		c, err := parseCIDR(fmt.Sprintf("%s.IpRanges[%d].CidrIp", at, i), r.CidrIp, false)
		if err != nil {
			return nil, err
		}
		out = append(out, GroupRule{Traffic: traffic, Peer: Peer{CIDR: c}, Description: r.Description})
	}
	for i, r := range v.Ipv6Ranges {
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv6Ranges[%d].CidrIpv6", at, i), r.CidrIpv6, true)
		if err != nil {
			return nil, err
		}
		out = append(out, GroupRule{Traffic: traffic, Peer: Peer{CIDR: c}, Description: r.Description})
	}
	for i, r := range v.PrefixListIds {
		if r.PrefixListId == "" {
			return nil, bad(fmt.Sprintf("%s.PrefixListIds[%d]", at, i), "no PrefixListId")
		}
		out = append(out, GroupRule{Traffic: traffic, Peer: Peer{PrefixList: r.PrefixListId}, Description: r.Description})
	}
	for i, r := range v.UserIdGroupPairs {
		if r.GroupId == "" {
			return nil, bad(fmt.Sprintf("%s.UserIdGroupPairs[%d]", at, i), "no GroupId")
		}
		out = append(out, GroupRule{Traffic: traffic, Peer: Peer{Group: r.GroupId}, Description: r.Description, Reference: GroupReference{
			Account: r.UserId, VPC: r.VpcId, PeeringConnection: r.VpcPeeringConnectionId, PeeringStatus: r.PeeringStatus,
		}})
	}
	return out, nil
}

// protocolNumbers are the protocols that AWS has names for.
var protocolNumbers = map[string]int{"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPv6}

func parseProtocol(at, text string) (int, error) {
	if n, ok := protocolNumbers[text]; ok {
		return n, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < AllProtocols || n > 255 {
		return 0, bad(at, "%q is no protocol: tcp, udp, icmp, icmpv6, a number, or -1 for all", text)
	}
	return n, nil
}

// groupTraffic returns the traffic of a security group's rule. Protocols without ports
// have none, whatever stands there.
//
// Source: EC2 API reference, IpPermission.
func groupTraffic(at, protocol string, from, to *int) (Traffic, error) {
	t := Traffic{Type: -1, Code: -1}
	var err error
	if t.Protocol, err = parseProtocol(at+".IpProtocol", protocol); err != nil {
		return t, err
	}
	switch t.Protocol {
	case TCP, UDP:
		if from == nil || to == nil {
			return t, bad(at, "%s without FromPort and ToPort", protocol)
		}
		t.From, t.To, err = ports(at, *from, *to)
	case ICMP, ICMPv6:
		if from != nil {
			t.Type = *from
		}
		if to != nil {
			t.Code = *to
		}
		err = icmp(at, t.Type, t.Code)
	}
	return t, err
}

// ports returns a range of ports, of which -1 leaves an end open.
func ports(at string, from, to int) (low, high uint16, err error) {
	if from == -1 {
		from = 0
	}
	if to == -1 {
		to = 65535
	}
	switch {
	case from < 0 || from > 65535 || to < 0 || to > 65535:
		return 0, 0, bad(at, "ports %d to %d are beyond 0 to 65535", from, to)
	case from > to:
		return 0, 0, bad(at, "ports %d to %d are reversed", from, to)
	}
	return uint16(from), uint16(to), nil
}

// icmp checks a type and a code, of which -1 is any.
func icmp(at string, typ, code int) error {
	if typ < -1 || typ > 255 || code < -1 || code > 255 {
		return bad(at, "ICMP type %d, code %d are beyond 0 to 255", typ, code)
	}
	return nil
}

// identified is a rule of describe-security-group-rules.
type identified struct {
	group     string
	direction Direction
	rule      GroupRule
}

// DescribedRule is a security group's rule as describe-security-group-rules prints it, and as
// the answers to calls that make rules hold it.
//
// Source: EC2 API reference, SecurityGroupRule.
type DescribedRule struct {
	SecurityGroupRuleId, GroupId, IpProtocol string
	IsEgress                                 bool
	FromPort, ToPort                         *int
	CidrIpv4, CidrIpv6, PrefixListId         string
	ReferencedGroupInfo                      *DescribedReference
	Description                              string
}

// DescribedReference is the group that a described rule references.
type DescribedReference struct{ GroupId string }

// Rule returns the rule and its direction. The errors name their place below at, which may be
// "". What the described rule says of the reference to a group is not in it.
func (v *DescribedRule) Rule(at string) (GroupRule, Direction, error) {
	out := GroupRule{ID: v.SecurityGroupRuleId, Description: v.Description}
	direction := Ingress
	if v.IsEgress {
		direction = Egress
	}
	var err error
	if out.Traffic, err = groupTraffic(at, v.IpProtocol, v.FromPort, v.ToPort); err != nil {
		return out, direction, err
	}
	switch {
	case v.CidrIpv4 != "":
		out.Peer.CIDR, err = parseCIDR(at+".CidrIpv4", v.CidrIpv4, false)
	case v.CidrIpv6 != "":
		out.Peer.CIDR, err = parseCIDR(at+".CidrIpv6", v.CidrIpv6, true)
	case v.PrefixListId != "":
		out.Peer.PrefixList = v.PrefixListId
	case v.ReferencedGroupInfo != nil && v.ReferencedGroupInfo.GroupId != "":
		out.Peer.Group = v.ReferencedGroupInfo.GroupId
	default:
		err = bad(at, "a rule without a peer: CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupInfo")
	}
	return out, direction, err
}

func (p *part) securityGroupRule(at string, v *DescribedRule) error {
	rule, direction, err := v.Rule(at)
	if err != nil {
		return err
	}
	p.rules = append(p.rules, &identified{group: v.GroupId, direction: direction, rule: rule})
	return p.note(at, "SecurityGroupRuleId", v.SecurityGroupRuleId)
}

func (p *part) networkACL(at string, v *struct {
	NetworkAclId, VpcId, OwnerId string
	IsDefault                    bool
	Associations                 []struct{ SubnetId, NetworkAclAssociationId string }
	Entries                      []DescribedEntry
	Tags                         tags
},
) error {
	out := &NetworkACL{ID: v.NetworkAclId, Name: v.Tags.name(), VPC: v.VpcId, Account: v.OwnerId, Default: v.IsDefault}
	numbers := map[Direction]map[int]bool{Ingress: {}, Egress: {}}
	for i := range v.Entries {
		at := fmt.Sprintf("%s.Entries[%d]", at, i)
		e, err := v.Entries[i].Entry(at)
		if err != nil {
			return err
		}
		d, to := Ingress, &out.Ingress
		if v.Entries[i].Egress {
			d, to = Egress, &out.Egress
		}
		if numbers[d][e.Number] {
			return bad(at, "a second %s entry with number %d", d, e.Number)
		}
		numbers[d][e.Number] = true
		*to = append(*to, e)
	}
	for _, entries := range [][]ACLEntry{out.Ingress, out.Egress} {
		slices.SortFunc(entries, func(a, b ACLEntry) int { return cmp.Compare(a.Number, b.Number) })
	}
	for _, a := range v.Associations {
		p.acls[a.SubnetId] = v.NetworkAclId
		out.Subnets = append(out.Subnets, a.SubnetId)
		if a.NetworkAclAssociationId != "" {
			if out.Associations == nil {
				out.Associations = map[string]string{}
			}
			out.Associations[a.SubnetId] = a.NetworkAclAssociationId
		}
	}
	slices.Sort(out.Subnets)
	return put(p, at, "NetworkAclId", p.NetworkACLs, out.ID, out, same)
}

// DescribedEntry is an entry of a network ACL as describe-network-acls prints it.
//
// Source: EC2 API reference, NetworkAclEntry.
type DescribedEntry struct {
	RuleNumber               int
	RuleAction, Protocol     string
	Egress                   bool
	CidrBlock, Ipv6CidrBlock string
	PortRange                *struct{ From, To int }
	IcmpTypeCode             *struct{ Type, Code int }
}

// Entry returns the entry. The errors name their place below at, which may be "".
func (v *DescribedEntry) Entry(at string) (ACLEntry, error) {
	out := ACLEntry{Number: v.RuleNumber, Allow: v.RuleAction == "allow", Traffic: Traffic{Type: -1, Code: -1}}
	if v.RuleAction != "allow" && v.RuleAction != "deny" {
		return out, bad(at+".RuleAction", "%q is neither allow nor deny", v.RuleAction)
	}
	var err error
	if out.Protocol, err = parseProtocol(at+".Protocol", v.Protocol); err != nil {
		return out, err
	}
	switch {
	case v.CidrBlock != "" && v.Ipv6CidrBlock == "":
		out.CIDR, err = parseCIDR(at+".CidrBlock", v.CidrBlock, false)
	case v.Ipv6CidrBlock != "" && v.CidrBlock == "":
		out.CIDR, err = parseCIDR(at+".Ipv6CidrBlock", v.Ipv6CidrBlock, true)
	default:
		err = bad(at, "just one of CidrBlock and Ipv6CidrBlock is expected")
	}
	if err != nil {
		return out, err
	}
	switch out.Protocol {
	case TCP, UDP:
		if v.PortRange == nil {
			return out, bad(at, "protocol %s without PortRange", v.Protocol)
		}
		out.From, out.To, err = ports(at+".PortRange", v.PortRange.From, v.PortRange.To)
	case ICMP, ICMPv6:
		if v.IcmpTypeCode != nil {
			out.Type, out.Code = v.IcmpTypeCode.Type, v.IcmpTypeCode.Code
			err = icmp(at+".IcmpTypeCode", out.Type, out.Code)
		}
	}
	return out, err
}

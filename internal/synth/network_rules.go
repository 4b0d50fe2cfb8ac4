package synth

import (
	"slices"
	"strconv"
	"strings"
)

// rule is a rule of a security group: allowed protocol and ports of the peers.
type rule struct {
	protocol string // "tcp", "udp", "icmp" or "-1"
	from, to int    // ports; -1 for all ICMP types
	peers    string // CIDR blocks and "sg:name", separated by spaces
}

// securityGroup is a security group in the making.
type securityGroup struct {
	name, text string
	vpc        int
	in, out    []rule
}

// everywhere lets everything out, as new security groups do.
var everywhere = []rule{{"-1", 0, 0, "0.0.0.0/0 ::/0"}}

// securityGroups are the security groups of all VPCs. What is missing here
// matters as much: db does not know app-canary, batch lets no monitoring in and
// no mail out.
var securityGroups = []securityGroup{
	{name: "default", text: "default VPC security group", in: []rule{{"-1", 0, 0, "sg:default"}}, out: everywhere},
	{name: "elb-public", text: "public load balancers", out: everywhere, in: []rule{
		{"tcp", 443, 443, "0.0.0.0/0 ::/0"}, {"tcp", 80, 80, "0.0.0.0/0 ::/0"},
	}},
	{name: "elb-app", text: "inner load balancer", out: everywhere, in: []rule{{"tcp", 80, 80, "sg:web"}}},
	{name: "web", text: "web tier", out: everywhere, in: []rule{
		{"tcp", 8080, 8080, "sg:elb-public"}, {"tcp", 22, 22, "sg:bastion"}, {"icmp", -1, -1, "sg:infra"},
	}},
	{name: "app", text: "app tier", out: everywhere, in: []rule{
		{"tcp", 8080, 8080, "sg:elb-app"}, {"tcp", 22, 22, "sg:bastion"}, {"icmp", -1, -1, "sg:infra"},
	}},
	{name: "app-canary", text: "canary of the app tier", out: everywhere, in: []rule{
		{"tcp", 8080, 8080, "sg:elb-app"}, {"tcp", 22, 22, "sg:bastion"},
	}},
	{name: "cache", text: "caches", out: everywhere, in: []rule{{"tcp", 6379, 6379, "sg:web"}, {"tcp", 6379, 6379, "sg:bastion"}}},
	{name: "db", text: "databases", out: everywhere, in: []rule{{"tcp", 5432, 5432, "sg:app sg:batch"}}},
	{name: "infra", text: "resolvers, monitoring and logs", out: everywhere, in: []rule{
		{"udp", 53, 53, "10.0.0.0/16"},
		{"tcp", 53, 53, "10.0.0.0/16"},
		{"udp", 514, 514, "10.0.0.0/16"},
		{"udp", 8125, 8125, "10.0.0.0/16"},
		{"tcp", 4317, 4317, "10.0.0.0/16"},
	}},
	{name: "bastion", text: "SSH from the office", out: everywhere, in: []rule{{"tcp", 22, 22, officeCIDR.String()}}},
	{name: "edge", text: "hosts for partners", out: everywhere, in: []rule{{"tcp", 443, 443, "0.0.0.0/0 ::/0"}}},
	{name: "reports", text: "report service", out: everywhere, in: []rule{{"tcp", reportsPort, reportsPort, "sg:app"}}},
	{name: "batch", text: "jobs", in: []rule{{"tcp", 22, 22, "sg:bastion"}}, out: []rule{
		{"tcp", 80, 80, "0.0.0.0/0"},
		{"tcp", 443, 443, "0.0.0.0/0"},
		{"tcp", 5432, 5432, "sg:db"},
		{"udp", 53, 53, "sg:infra"},
		{"udp", 514, 514, "sg:infra"},
		{"udp", 8125, 8125, "sg:infra"},
	}},
	{name: "default", text: "default VPC security group", vpc: 1, in: []rule{{"-1", 0, 0, "sg:default"}}, out: everywhere},
	{name: "shared", text: "shared services", vpc: 1, in: []rule{{"-1", 0, 0, "10.1.0.0/16"}}, out: everywhere},
	{name: "default", text: "default VPC security group", vpc: 2, in: []rule{{"-1", 0, 0, "sg:default"}}, out: everywhere},
	{name: "data", text: "data services", vpc: 2, in: []rule{{"tcp", 0, 65535, "10.1.0.0/16 10.2.0.0/16"}}, out: everywhere},
}

// groupID returns the id of a VPC's security group.
func (d *describer) groupID(vpc int, name string) string {
	for i, g := range securityGroups {
		if g.vpc == vpc && g.name == name {
			return d.id("sg", i)
		}
	}
	panic("synth: no security group " + name)
}

// The parts of a rule in the answers.
type (
	rangeIPv4 struct {
		CIDR string `json:"CidrIp"`
	}
	rangeIPv6 struct {
		CIDR string `json:"CidrIpv6"`
	}
	groupPair struct {
		UserID  string `json:"UserId"`
		GroupID string `json:"GroupId"`
	}
	permission struct {
		Protocol     string      `json:"IpProtocol"`
		FromPort     *int        `json:",omitempty"`
		ToPort       *int        `json:",omitempty"`
		Groups       []groupPair `json:"UserIdGroupPairs"`
		Ranges4      []rangeIPv4 `json:"IpRanges"`
		Ranges6      []rangeIPv6 `json:"Ipv6Ranges"`
		PrefixListID []struct{}  `json:"PrefixListIds"`
	}
)

// permissions returns rules as DescribeSecurityGroups does.
func (d *describer) permissions(g securityGroup, rules []rule) []permission {
	out := []permission{}
	for _, r := range rules {
		p := permission{
			Protocol: r.protocol, Groups: []groupPair{}, Ranges4: []rangeIPv4{},
			Ranges6: []rangeIPv6{}, PrefixListID: []struct{}{},
		}
		if r.protocol != "-1" {
			p.FromPort, p.ToPort = &r.from, &r.to
		}
		for peer := range strings.FieldsSeq(r.peers) {
			name, isGroup := strings.CutPrefix(peer, "sg:")
			switch {
			case isGroup:
				p.Groups = append(p.Groups, groupPair{d.cfg.LogOwner, d.groupID(g.vpc, name)})
			case strings.Contains(peer, ":"):
				p.Ranges6 = append(p.Ranges6, rangeIPv6{peer})
			default:
				p.Ranges4 = append(p.Ranges4, rangeIPv4{peer})
			}
		}
		out = append(out, p)
	}
	return out
}

// groups answers DescribeSecurityGroups.
func (d *describer) groups() any {
	type group struct {
		GroupID     string `json:"GroupId"`
		GroupName   string
		Description string
		OwnerID     string       `json:"OwnerId"`
		VPCID       string       `json:"VpcId"`
		ARN         string       `json:"SecurityGroupArn"`
		Ingress     []permission `json:"IpPermissions"`
		Egress      []permission `json:"IpPermissionsEgress"`
		Tags        []tag
	}
	var out struct{ SecurityGroups []group }
	for i, g := range securityGroups {
		id := d.id("sg", i)
		out.SecurityGroups = append(out.SecurityGroups, group{
			GroupID: id, GroupName: g.name, Description: g.text, OwnerID: d.cfg.LogOwner,
			VPCID: d.w.vpcs[g.vpc].id, ARN: d.arn("security-group/" + id),
			Ingress: d.permissions(g, g.in), Egress: d.permissions(g, g.out), Tags: named(g.name),
		})
	}
	return out
}

// groupRules answers DescribeSecurityGroupRules: one entry for each peer.
func (d *describer) groupRules() any {
	type entry struct {
		ID       string `json:"SecurityGroupRuleId"`
		GroupID  string `json:"GroupId"`
		OwnerID  string `json:"GroupOwnerId"`
		IsEgress bool
		Protocol string `json:"IpProtocol"`
		FromPort int
		ToPort   int
		CIDR4    string     `json:"CidrIpv4,omitempty"`
		CIDR6    string     `json:"CidrIpv6,omitempty"`
		Peer     *groupPair `json:"ReferencedGroupInfo,omitempty"`
		Tags     []tag
	}
	var out struct{ SecurityGroupRules []entry }
	add := func(group int, egress bool, r rule) {
		g := securityGroups[group]
		for peer := range strings.FieldsSeq(r.peers) {
			e := entry{
				ID: d.id("sgr", len(out.SecurityGroupRules)), GroupID: d.id("sg", group),
				OwnerID: d.cfg.LogOwner, IsEgress: egress, Protocol: r.protocol,
				FromPort: r.from, ToPort: r.to, Tags: []tag{},
			}
			if r.protocol == "-1" {
				e.FromPort, e.ToPort = -1, -1
			}
			name, isGroup := strings.CutPrefix(peer, "sg:")
			switch {
			case isGroup:
				e.Peer = &groupPair{d.cfg.LogOwner, d.groupID(g.vpc, name)}
			case strings.Contains(peer, ":"):
				e.CIDR6 = peer
			default:
				e.CIDR4 = peer
			}
			out.SecurityGroupRules = append(out.SecurityGroupRules, e)
		}
	}
	for i, g := range securityGroups {
		for _, r := range g.in {
			add(i, false, r)
		}
		for _, r := range g.out {
			add(i, true, r)
		}
	}
	return out
}

// aclRule is an entry of a network ACL.
type aclRule struct {
	number   int
	allow    bool
	protocol int // -1 for all
	from, to int // ports, for TCP and UDP
	cidr     string
}

// networkACL is a network ACL in the making.
type networkACL struct {
	name    string
	vpc     int
	v6      bool
	in, out []aclRule
}

// networkACLs returns the network ACLs, after the change of the story or before
// it.
func networkACLs(changed bool) []networkACL {
	all := aclRule{100, true, -1, 0, 0, "0.0.0.0/0"}
	all6 := aclRule{101, true, -1, 0, 0, "::/0"}
	replies := aclRule{100, true, tcp, 1024, 65535, "10.0.0.0/16"}
	if changed {
		replies.from, replies.to = 443, 443
	}
	return []networkACL{
		{name: "default", v6: true, in: []aclRule{all, all6}, out: []aclRule{all, all6}},
		{name: "public", v6: true, out: []aclRule{all, all6}, in: []aclRule{
			{80, false, tcp, 23, 23, "0.0.0.0/0"},
			{81, false, tcp, 445, 445, "0.0.0.0/0"},
			{82, false, -1, 0, 0, blockedCIDR.String()},
			all, all6,
		}},
		{name: "private", out: []aclRule{all}, in: []aclRule{
			{100, true, -1, 0, 0, "10.0.0.0/16"},
			{110, true, tcp, 1024, 65535, "0.0.0.0/0"},
			{120, true, udp, 1024, 65535, "0.0.0.0/0"},
		}},
		{name: "db", in: []aclRule{{100, true, tcp, 5432, 5432, "10.0.20.0/22"}, {110, true, tcp, 5432, 5432, "10.0.32.0/22"}}, out: []aclRule{
			{100, true, tcp, 1024, 65535, "10.0.0.0/16"},
		}},
		{name: "reports", in: []aclRule{{100, true, tcp, reportsPort, reportsPort, "10.0.20.0/22"}}, out: []aclRule{replies}},
		{name: "default-shared", vpc: 1, in: []aclRule{all}, out: []aclRule{all}},
		{name: "default-data", vpc: 2, in: []aclRule{all}, out: []aclRule{all}},
	}
}

// The parts of a network ACL in the answer.
type (
	portRange struct{ From, To int }
	aclEntry  struct {
		CidrBlock     string `json:",omitempty"`
		Egress        bool
		Ipv6CidrBlock string     `json:",omitempty"`
		PortRange     *portRange `json:",omitempty"`
		Protocol      string
		RuleAction    string
		RuleNumber    int
	}
	aclAssociation struct {
		ID       string `json:"NetworkAclAssociationId"`
		ACLID    string `json:"NetworkAclId"`
		SubnetID string `json:"SubnetId"`
	}
)

// acls answers DescribeNetworkAcls.
func (d *describer) acls(changed bool) any {
	type acl struct {
		Associations []aclAssociation
		Entries      []aclEntry
		IsDefault    bool
		ID           string `json:"NetworkAclId"`
		Tags         []tag
		VPCID        string `json:"VpcId"`
		OwnerID      string `json:"OwnerId"`
	}
	var out struct {
		ACLs []acl `json:"NetworkAcls"`
	}
	for i, a := range networkACLs(changed) {
		n := acl{
			Associations: []aclAssociation{}, IsDefault: strings.HasPrefix(a.name, "default"),
			ID: d.id("acl", i), VPCID: d.w.vpcs[a.vpc].id, OwnerID: d.cfg.LogOwner, Tags: named(a.name),
		}
		for j, s := range d.w.subnets {
			if s.acl == a.name {
				n.Associations = append(n.Associations, aclAssociation{d.id("aclassoc", j), n.ID, s.id})
			}
		}
		n.Entries = append(aclEntries(a, a.out, true), aclEntries(a, a.in, false)...)
		out.ACLs = append(out.ACLs, n)
	}
	return out
}

// aclEntries returns the entries of one direction, the last ones that deny the
// rest included.
func aclEntries(a networkACL, rules []aclRule, egress bool) []aclEntry {
	rules = append(slices.Clip(rules), aclRule{32767, false, -1, 0, 0, "0.0.0.0/0"})
	if a.v6 {
		rules = append(rules, aclRule{32768, false, -1, 0, 0, "::/0"})
	}
	var out []aclEntry
	for _, r := range rules {
		e := aclEntry{Egress: egress, Protocol: strconv.Itoa(r.protocol), RuleAction: "deny", RuleNumber: r.number}
		if r.allow {
			e.RuleAction = "allow"
		}
		if r.protocol == tcp || r.protocol == udp {
			e.PortRange = &portRange{r.from, r.to}
		}
		if strings.Contains(r.cidr, ":") {
			e.Ipv6CidrBlock = r.cidr
		} else {
			e.CidrBlock = r.cidr
		}
		out = append(out, e)
	}
	return out
}

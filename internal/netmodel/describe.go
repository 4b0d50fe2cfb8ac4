package netmodel

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

type prefix = netip.Prefix

// readers read the lists of describe-* answers, by their keys in lower case and without
// underscores, as collectors write them too.
var readers = map[string]func(p *part, key string, data json.RawMessage) error{
	"vpcs":               list((*part).vpc),
	"subnets":            list((*part).subnet),
	"networkinterfaces":  list((*part).networkInterface),
	"instances":          list((*part).instance),
	"reservations":       list((*part).reservation),
	"securitygroups":     list((*part).securityGroup),
	"securitygrouprules": list((*part).securityGroupRule),
	"networkacls":        list((*part).networkACL),
	"prefixlists":        list((*part).prefixList),
}

// unread are the keys of answers that nothing is made of yet.
var unread = []string{
	"addresses", "associations", "availabilityzones", "cacheclusters", "clusters", "customergateways", "dbclusters",
	"dbinstances", "dbsubnetgroups", "dhcpoptions", "directconnectgateways", "egressonlyinternetgateways", "entries",
	"flowlogs", "instancestatuses", "internetgateways", "listeners", "loadbalancerattributes", "loadbalancerdescriptions",
	"loadbalancerlisteners", "loadbalancers", "loadbalancertargethealth", "loadbalancertargethealthdescriptions",
	"natgateways", "routes", "routetables", "tags", "targetgroups", "targethealthdescriptions",
	"transitgatewayattachments", "transitgatewayconnects", "transitgatewaypeeringattachments",
	"transitgatewaypropagations", "transitgatewayroutetablepropagations", "transitgatewayroutetables", "transitgateways",
	"transitgatewaystaticroutes", "transitgatewayvpcattachments", "vpcblockpublicaccessexclusions",
	"vpcblockpublicaccessoptions", "vpcendpoints", "vpcpeeringconnections", "vpngateways", "workspaces",
}

// list returns a reader of a list, each of whose elements add adds.
func list[T any](add func(p *part, at string, v *T) error) func(p *part, key string, data json.RawMessage) error {
	return func(p *part, key string, data json.RawMessage) error {
		var raw []json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			return errors.New("no list")
		}
		for i := range raw {
			at := fmt.Sprintf("%s[%d]", key, i)
			v := new(T)
			if err := json.Unmarshal(raw[i], v); err != nil {
				if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
					return bad(at+"."+wrong.Field, "%s where %s is expected", wrong.Value, wrong.Type)
				}
				return &badPlace{at, err, false}
			}
			if err := add(p, at, v); err != nil {
				return err
			}
		}
		return nil
	}
}

// bad returns an error at a place.
func bad(at, format string, args ...any) error {
	return &badPlace{at, fmt.Errorf(format, args...), false}
}

// note notes where a thing stands; it must have an id.
func (p *part) note(at, key, id string) error {
	if id == "" {
		return bad(at, "no %s", key)
	}
	p.at[id] = at
	return nil
}

type tags []struct{ Key, Value string }

func (t tags) name() string {
	for _, tag := range t {
		if tag.Key == "Name" {
			return tag.Value
		}
	}
	return ""
}

// parseCIDR returns a network of one family, its bits beyond the prefix cleared, as EC2
// does.
func parseCIDR(at, text string, v6 bool) (prefix, error) {
	c, err := netip.ParsePrefix(text)
	family := map[bool]string{false: "IPv4", true: "IPv6"}
	switch {
	case err != nil:
		return prefix{}, bad(at, "%q is no CIDR", text)
	case c.Addr().Is6() != v6:
		return prefix{}, bad(at, "%s is not %s", text, family[v6])
	}
	return c.Masked(), nil
}

func parseAddr(at, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, bad(at, "%q is no address", text)
	}
	return a, nil
}

type state struct{ State string }

// gone reports whether a CIDR's association is no more, or not yet.
func (s state) gone() bool { return s.State != "" && s.State != "associated" }

func (p *part) vpc(at string, v *struct {
	VpcId, OwnerId, CidrBlock string
	CidrBlockAssociationSet   []struct {
		CidrBlock      string
		CidrBlockState state
	}
	Ipv6CidrBlockAssociationSet []struct {
		Ipv6CidrBlock      string
		Ipv6CidrBlockState state
	}
	Tags tags
},
) error {
	out := &VPC{ID: v.VpcId, Name: v.Tags.name(), Account: v.OwnerId}
	add := func(at, text string, v6 bool) error {
		c, err := parseCIDR(at, text, v6)
		if err == nil && !slices.Contains(out.CIDRs, c) {
			out.CIDRs = append(out.CIDRs, c)
		}
		return err
	}
	if v.CidrBlock != "" {
		if err := add(at+".CidrBlock", v.CidrBlock, false); err != nil {
			return err
		}
	}
	for i, a := range v.CidrBlockAssociationSet {
		if a.CidrBlockState.gone() {
			continue
		}
		if err := add(fmt.Sprintf("%s.CidrBlockAssociationSet[%d].CidrBlock", at, i), a.CidrBlock, false); err != nil {
			return err
		}
	}
	for i, a := range v.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState.gone() {
			continue
		}
		if err := add(fmt.Sprintf("%s.Ipv6CidrBlockAssociationSet[%d].Ipv6CidrBlock", at, i), a.Ipv6CidrBlock, true); err != nil {
			return err
		}
	}
	p.VPCs[v.VpcId] = out
	return p.note(at, "VpcId", v.VpcId)
}

func (p *part) subnet(at string, v *struct {
	SubnetId, VpcId, CidrBlock           string
	AvailabilityZone, AvailabilityZoneId string
	Ipv6CidrBlockAssociationSet          []struct {
		Ipv6CidrBlock      string
		Ipv6CidrBlockState state
	}
	Tags tags
},
) error {
	out := &Subnet{ID: v.SubnetId, Name: v.Tags.name(), VPC: v.VpcId, AZ: v.AvailabilityZone, AZID: v.AvailabilityZoneId}
	if v.CidrBlock != "" { // a subnet may have IPv6 only
		c, err := parseCIDR(at+".CidrBlock", v.CidrBlock, false)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	for i, a := range v.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState.gone() {
			continue
		}
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv6CidrBlockAssociationSet[%d].Ipv6CidrBlock", at, i), a.Ipv6CidrBlock, true)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	p.Subnets[v.SubnetId] = out
	return p.note(at, "SubnetId", v.SubnetId)
}

// describedInterface is an interface as describe-network-interfaces and describe-instances
// print it.
type describedInterface struct {
	NetworkInterfaceId, VpcId, SubnetId string
	Description, InterfaceType          string
	RequesterId                         string
	RequesterManaged                    bool
	PrivateIpAddress                    string
	PrivateIpAddresses                  []struct {
		PrivateIpAddress string
		Primary          bool
		Association      *struct{ PublicIp string }
	}
	Ipv6Addresses []struct{ Ipv6Address string }
	Ipv4Prefixes  []struct{ Ipv4Prefix string }
	Ipv6Prefixes  []struct{ Ipv6Prefix string }
	Groups        []struct{ GroupId string }
	Attachment    *struct{ InstanceId string }
	TagSet        tags
}

func (p *part) networkInterface(at string, v *describedInterface) error {
	return p.addInterface(at, v, "", "")
}

func (p *part) addInterface(at string, v *describedInterface, instance, name string) error {
	out := &Interface{
		ID: v.NetworkInterfaceId, Name: cmp.Or(v.TagSet.name(), name), VPC: v.VpcId, Subnet: v.SubnetId,
		Description: v.Description, Type: v.InterfaceType, Instance: instance,
	}
	if v.RequesterManaged {
		out.Requester = v.RequesterId
	}
	if v.Attachment != nil && instance == "" {
		out.Instance = v.Attachment.InstanceId
	}
	private := v.PrivateIpAddresses
	slices.SortStableFunc(private, func(a, b struct {
		PrivateIpAddress string
		Primary          bool
		Association      *struct{ PublicIp string }
	},
	) int {
		return boolInt(b.Primary) - boolInt(a.Primary)
	})
	for i, a := range private {
		if a.PrivateIpAddress == "" {
			continue // where a record of an answer was made anonymous
		}
		addr, err := parseAddr(fmt.Sprintf("%s.PrivateIpAddresses[%d].PrivateIpAddress", at, i), a.PrivateIpAddress)
		if err != nil {
			return err
		}
		out.Addresses = append(out.Addresses, addr)
		if a.Association == nil || a.Association.PublicIp == "" {
			continue
		}
		public, err := parseAddr(fmt.Sprintf("%s.PrivateIpAddresses[%d].Association.PublicIp", at, i), a.Association.PublicIp)
		if err != nil {
			return err
		}
		if out.Public == nil {
			out.Public = map[netip.Addr]netip.Addr{}
		}
		out.Public[addr] = public
	}
	if len(private) == 0 && v.PrivateIpAddress != "" {
		addr, err := parseAddr(at+".PrivateIpAddress", v.PrivateIpAddress)
		if err != nil {
			return err
		}
		out.Addresses = append(out.Addresses, addr)
	}
	for i, a := range v.Ipv6Addresses {
		addr, err := parseAddr(fmt.Sprintf("%s.Ipv6Addresses[%d].Ipv6Address", at, i), a.Ipv6Address)
		if err != nil {
			return err
		}
		out.Addresses = append(out.Addresses, addr)
	}
	for i, a := range v.Ipv4Prefixes {
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv4Prefixes[%d].Ipv4Prefix", at, i), a.Ipv4Prefix, false)
		if err != nil {
			return err
		}
		out.Prefixes = append(out.Prefixes, c)
	}
	for i, a := range v.Ipv6Prefixes {
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv6Prefixes[%d].Ipv6Prefix", at, i), a.Ipv6Prefix, true)
		if err != nil {
			return err
		}
		out.Prefixes = append(out.Prefixes, c)
	}
	for _, g := range v.Groups {
		out.Groups = append(out.Groups, g.GroupId)
	}
	p.Interfaces[v.NetworkInterfaceId] = out
	return p.note(at, "NetworkInterfaceId", v.NetworkInterfaceId)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

type describedInstance struct {
	InstanceId        string
	NetworkInterfaces []describedInterface
	Tags              tags
}

// instance adds the interfaces of an instance. Those of a terminated one are gone.
func (p *part) instance(at string, v *describedInstance) error {
	for i := range v.NetworkInterfaces {
		if err := p.addInterface(fmt.Sprintf("%s.NetworkInterfaces[%d]", at, i), &v.NetworkInterfaces[i], v.InstanceId, v.Tags.name()); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) reservation(at string, v *struct{ Instances []describedInstance }) error {
	for i := range v.Instances {
		if err := p.instance(fmt.Sprintf("%s.Instances[%d]", at, i), &v.Instances[i]); err != nil {
			return err
		}
	}
	return nil
}

// permission is a rule of describe-security-groups, which may have several peers.
type permission struct {
	IpProtocol       string
	FromPort, ToPort *int
	IpRanges         []struct{ CidrIp, Description string }
	Ipv6Ranges       []struct{ CidrIpv6, Description string }
	PrefixListIds    []struct{ PrefixListId, Description string }
	UserIdGroupPairs []struct{ GroupId, Description string }
}

func (p *part) securityGroup(at string, v *struct {
	GroupId, GroupName, VpcId          string
	IpPermissions, IpPermissionsEgress []permission
},
) error {
	out := &SecurityGroup{ID: v.GroupId, Name: v.GroupName, VPC: v.VpcId}
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
	p.SecurityGroups[v.GroupId] = out
	return p.note(at, "GroupId", v.GroupId)
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
		out = append(out, GroupRule{Traffic: traffic, Peer: Peer{Group: r.GroupId}, Description: r.Description})
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

func (p *part) securityGroupRule(at string, v *struct {
	SecurityGroupRuleId, GroupId, IpProtocol string
	IsEgress                                 bool
	FromPort, ToPort                         *int
	CidrIpv4, CidrIpv6, PrefixListId         string
	ReferencedGroupInfo                      *struct{ GroupId string }
	Description                              string
},
) error {
	traffic, err := groupTraffic(at, v.IpProtocol, v.FromPort, v.ToPort)
	if err != nil {
		return err
	}
	out := &identified{group: v.GroupId, direction: Ingress, rule: GroupRule{ID: v.SecurityGroupRuleId, Traffic: traffic, Description: v.Description}}
	if v.IsEgress {
		out.direction = Egress
	}
	switch {
	case v.CidrIpv4 != "":
		out.rule.Peer.CIDR, err = parseCIDR(at+".CidrIpv4", v.CidrIpv4, false)
	case v.CidrIpv6 != "":
		out.rule.Peer.CIDR, err = parseCIDR(at+".CidrIpv6", v.CidrIpv6, true)
	case v.PrefixListId != "":
		out.rule.Peer.PrefixList = v.PrefixListId
	case v.ReferencedGroupInfo != nil && v.ReferencedGroupInfo.GroupId != "":
		out.rule.Peer.Group = v.ReferencedGroupInfo.GroupId
	default:
		err = bad(at, "a rule without a peer: CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupInfo")
	}
	if err != nil {
		return err
	}
	p.rules = append(p.rules, out)
	return p.note(at, "SecurityGroupRuleId", v.SecurityGroupRuleId)
}

func (p *part) networkACL(at string, v *struct {
	NetworkAclId, VpcId string
	IsDefault           bool
	Associations        []struct{ SubnetId string }
	Entries             []describedEntry
	Tags                tags
},
) error {
	out := &NetworkACL{ID: v.NetworkAclId, Name: v.Tags.name(), VPC: v.VpcId, Default: v.IsDefault}
	numbers := map[Direction]map[int]bool{Ingress: {}, Egress: {}}
	for i := range v.Entries {
		at := fmt.Sprintf("%s.Entries[%d]", at, i)
		e, err := v.Entries[i].entry(at)
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
	}
	p.NetworkACLs[v.NetworkAclId] = out
	return p.note(at, "NetworkAclId", v.NetworkAclId)
}

type describedEntry struct {
	RuleNumber               int
	RuleAction, Protocol     string
	Egress                   bool
	CidrBlock, Ipv6CidrBlock string
	PortRange                *struct{ From, To int }
	IcmpTypeCode             *struct{ Type, Code int }
}

// entry returns the entry.
//
// Source: EC2 API reference, NetworkAclEntry.
func (v *describedEntry) entry(at string) (ACLEntry, error) {
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

// prefixList adds a prefix list. describe-managed-prefix-lists prints no entries: such a
// list is not known.
func (p *part) prefixList(at string, v *struct {
	PrefixListId, PrefixListName string
	Cidrs                        []string
},
) error {
	if v.Cidrs == nil {
		return nil
	}
	out := &PrefixList{ID: v.PrefixListId, Name: v.PrefixListName}
	for i, text := range v.Cidrs {
		c, err := netip.ParsePrefix(text)
		if err != nil {
			return bad(fmt.Sprintf("%s.Cidrs[%d]", at, i), "%q is no CIDR", text)
		}
		out.CIDRs = append(out.CIDRs, c.Masked())
	}
	p.PrefixLists[v.PrefixListId] = out
	return p.note(at, "PrefixListId", v.PrefixListId)
}

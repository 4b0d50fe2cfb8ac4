package netmodel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

func (t *terraform) prefixList(r *terraformResource) {
	var cidrs []string
	for _, e := range r.blocks("entry") {
		if c := e.text("cidr"); t.inlined(r.text("id"), r.text("id")+" "+c) {
			cidrs = append(cidrs, c)
		}
	}
	t.add(r, "PrefixLists", r.text("id"), object{
		"PrefixListId": r.text("id"), "PrefixListName": r.text("name"), "PrefixListArn": r.known("arn"), "OwnerId": r.owner(),
		"AddressFamily": r.text("address_family"), "MaxEntries": r.number("max_entries", r.get("max_entries")),
		"Version": r.number("version", r.Values["version"]), "Cidrs": append([]string{}, set(cidrs)...), "Tags": r.tags(),
	})
}

// prefixListEntry adds an entry that is a resource of its own. A list that was refreshed has
// it too.
func (t *terraform) prefixListEntry(r *terraformResource) {
	id := r.text("prefix_list_id")
	t.owned(id, id+" "+r.text("cidr"))
	if list := t.of(r, "PrefixLists", id); list != nil {
		list["Cidrs"] = set(append(list["Cidrs"].([]string), r.text("cidr")))
	}
}

func (t *terraform) securityGroup(r *terraformResource) {
	id := r.text("id")
	group := t.add(r, "SecurityGroups", id, object{
		"GroupId": id, "GroupName": r.text("name"), "VpcId": r.text("vpc_id"), "OwnerId": r.owner(), "SecurityGroupArn": r.known("arn"),
	})
	if t.err != nil {
		return
	}
	group["IpPermissions"], group["IpPermissionsEgress"] = []object{}, []object{}
	for _, way := range []string{"ingress", "egress"} {
		for _, b := range r.blocks(way) {
			t.permission(b, id, way, "", "", "security_groups")
		}
	}
}

func (t *terraform) securityGroupRule(r *terraformResource) {
	id, way := r.text("security_group_id"), r.text("type")
	if way != "ingress" && way != "egress" {
		r.fail("type %q is neither ingress nor egress", way)
		return
	}
	if t.of(r, "SecurityGroups", id) == nil {
		return
	}
	t.permission(r, id, way, r.known("security_group_rule_id"), "source_security_group_id")
}

// way returns the direction that a rule's type says.
func (r *terraformResource) way() string {
	if r.Type == "aws_vpc_security_group_egress_rule" {
		return "egress"
	}
	return "ingress"
}

// oneRule returns a rule with one peer with the attributes of an inline one.
func (r *terraformResource) oneRule() *terraformResource {
	values := map[string]any{"from_port": r.get("from_port"), "to_port": r.get("to_port"), "protocol": r.get("ip_protocol"), "description": r.get("description")}
	for to, from := range map[string]string{"cidr_blocks": "cidr_ipv4", "ipv6_cidr_blocks": "cidr_ipv6", "prefix_list_ids": "prefix_list_id", "security_groups": "referenced_security_group_id"} {
		if text := r.text(from); text != "" {
			values[to] = []any{text}
		}
	}
	return &terraformResource{Address: r.Address, Type: r.Type, Values: values, at: r.at, t: r.t}
}

// vpcSecurityGroupRule adds a rule with one peer.
func (t *terraform) vpcSecurityGroupRule(r *terraformResource) {
	if id := r.text("security_group_id"); t.of(r, "SecurityGroups", id) != nil {
		t.permission(r.oneRule(), id, r.way(), r.known("security_group_rule_id"), "", "security_groups")
	}
}

// groups returns the groups that a rule references: in lists, alone, and its own.
func (r *terraformResource) groups(group, alone string, lists []string) []string {
	var out []string
	for _, key := range lists {
		out = append(out, r.texts(key)...)
	}
	if alone != "" && r.text(alone) != "" {
		out = append(out, r.text(alone))
	}
	if r.truth("self") {
		out = append(out, group)
	}
	return out
}

// protocol returns the protocol of a rule or entry.
func (r *terraformResource) protocol() string {
	p := strings.ToLower(r.text("protocol"))
	if p == "all" || p == "" {
		return "-1"
	}
	return p
}

// ruleKey names a rule of a group by all that makes it another one.
func (r *terraformResource) ruleKey(group, way, peer string) string {
	p := plainProtocol(r.protocol())
	if p == AllProtocols {
		return fmt.Sprint(group, " ", way, " all ", peer)
	}
	return fmt.Sprint(group, " ", way, " ", p, " ", r.number("from_port", r.get("from_port")), " ", r.number("to_port", r.get("to_port")), " ", peer)
}

// ruleKeys names the rules that a resource makes.
func (r *terraformResource) ruleKeys(group, way, alone string, lists ...string) []string {
	var out []string
	for _, peer := range slices.Concat(r.texts("cidr_blocks"), r.texts("ipv6_cidr_blocks"), r.texts("prefix_list_ids"), r.groups(group, alone, lists)) {
		out = append(out, r.ruleKey(group, way, peer))
	}
	return out
}

// permission adds what an inline rule, or a resource with the same attributes, allows. Groups
// are in lists, or alone. What is there already, since Terraform has it inline too after a
// refresh, is not added again: AWS has no rule twice.
func (t *terraform) permission(r *terraformResource, group, way, ruleID, alone string, lists ...string) {
	p := object{"IpProtocol": r.protocol(), "FromPort": r.number("from_port", r.get("from_port")), "ToPort": r.number("to_port", r.get("to_port"))}
	peers := 0
	fresh := func(peer string) bool {
		peers++
		key := r.ruleKey(group, way, peer)
		if strings.HasSuffix(r.Type, "_rule") {
			t.owned(group, key)
		} else if !t.inlined(group, key) {
			return false
		}
		was := t.rules[key]
		t.rules[key] = true
		return !was
	}
	description := r.text("description")
	one := func(member, key string, texts []string) {
		var list []object
		for _, text := range texts {
			if fresh(text) {
				list = append(list, object{key: text, "Description": description})
			}
		}
		if list != nil {
			p[member] = list
		}
	}
	one("IpRanges", "CidrIp", r.texts("cidr_blocks"))
	one("Ipv6Ranges", "CidrIpv6", r.texts("ipv6_cidr_blocks"))
	one("PrefixListIds", "PrefixListId", r.texts("prefix_list_ids"))
	var pairs []object
	for _, text := range r.groups(group, alone, lists) {
		owner, id, foreign := strings.Cut(text, "/") // of another account
		if !foreign {
			id = text
			owner, _ = t.things["SecurityGroups "+group]["OwnerId"].(string)
		}
		if fresh(text) {
			pairs = append(pairs, object{"GroupId": id, "UserId": owner, "Description": description})
		}
	}
	if pairs != nil {
		p["UserIdGroupPairs"] = pairs
	}
	switch {
	case peers == 0:
		r.fail("a rule without a peer")
	case len(p) > 3:
		t.push(r, "SecurityGroups", group, map[string]string{"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}[way], p)
	}
	if ruleID != "" && peers == 1 {
		t.ruleID(r, ruleID, group, way, p)
	}
}

// ruleID adds the id of a rule that has one peer.
func (t *terraform) ruleID(r *terraformResource, id, group, way string, p object) {
	v := object{"SecurityGroupRuleId": id, "GroupId": group, "IsEgress": way == "egress", "IpProtocol": p["IpProtocol"], "FromPort": p["FromPort"], "ToPort": p["ToPort"]}
	for _, text := range append(r.texts("cidr_blocks"), r.texts("ipv6_cidr_blocks")...) {
		v[map[bool]string{true: "CidrIpv6", false: "CidrIpv4"}[strings.Contains(text, ":")]] = text
	}
	for _, text := range r.texts("prefix_list_ids") {
		v["PrefixListId"] = text
	}
	other := group
	for _, text := range append(r.texts("security_groups"), r.text("source_security_group_id")) {
		if text != "" {
			other = text[strings.IndexByte(text, '/')+1:]
		}
	}
	if len(v) == 6 {
		v["ReferencedGroupInfo"] = object{"GroupId": other}
	}
	t.add(r, "SecurityGroupRules", id, v)
}

// plainProtocol returns a protocol's number, -2 of what is none.
func plainProtocol(text string) int {
	n, err := parseProtocol("", text)
	if err != nil {
		return -2
	}
	return n
}

func (t *terraform) networkACL(r *terraformResource) {
	id := r.text("id")
	acl := t.add(r, "NetworkAcls", id, object{
		"NetworkAclId": id, "VpcId": r.text("vpc_id"), "OwnerId": r.owner(), "IsDefault": r.Type == "aws_default_network_acl", "Tags": r.tags(),
	})
	if t.err != nil {
		return
	}
	acl["Entries"], acl["Associations"] = []object{}, []object{}
	for _, way := range []string{"ingress", "egress"} {
		for _, b := range r.blocks(way) {
			t.entry(b, id, way == "egress", "rule_no", "action")
		}
	}
	for _, s := range r.texts("subnet_ids") {
		t.associateACL(r, id, s)
	}
}

func (t *terraform) networkACLRule(r *terraformResource) {
	if id := r.text("network_acl_id"); t.of(r, "NetworkAcls", id) != nil {
		t.entry(r, id, r.truth("egress"), "rule_number", "rule_action")
	}
}

func (t *terraform) networkACLAssociation(r *terraformResource) {
	if id := r.text("network_acl_id"); t.of(r, "NetworkAcls", id) != nil {
		t.associateACL(r, id, r.text("subnet_id"))
	}
}

// associateACL associates a subnet, which has one network ACL.
func (t *terraform) associateACL(r *terraformResource, acl, subnet string) {
	was := t.told["ACL of "+subnet]
	switch was {
	case acl:
	case "":
		t.told["ACL of "+subnet] = acl
		t.push(r, "NetworkAcls", acl, "Associations", object{"SubnetId": subnet})
	default:
		r.fail("%s is associated with %s, and with %s: terraform refresh brings the state up to date", subnet, acl, was)
	}
}

// entry adds an entry of a network ACL. One that is there already must be the same: a network
// ACL that was refreshed has inline what is a resource of its own.
func (t *terraform) entry(r *terraformResource, acl string, egress bool, number, action string) {
	protocol := r.protocol()
	if key := r.entryKey(acl, egress, number); r.Type == "aws_network_acl_rule" {
		t.owned(acl, key)
	} else if !t.inlined(acl, key) {
		return
	}
	e := object{"RuleNumber": r.number(number, r.get(number)), "RuleAction": strings.ToLower(r.text(action)), "Protocol": protocol, "Egress": egress}
	for to, from := range map[string]string{"CidrBlock": "cidr_block", "Ipv6CidrBlock": "ipv6_cidr_block"} {
		if text := r.text(from); text != "" {
			e[to] = text
		}
	}
	switch plainProtocol(protocol) {
	case TCP, UDP:
		from, to := r.number("from_port", r.get("from_port")), r.number("to_port", r.get("to_port"))
		if from == nil || to == nil {
			r.fail("an entry of %s without from_port and to_port", protocol)
			return
		}
		e["PortRange"] = object{"From": from, "To": to}
	case ICMP, ICMPv6:
		typ, code := r.number("icmp_type", r.get("icmp_type")), r.number("icmp_code", r.get("icmp_code"))
		if typ == nil || code == nil {
			r.fail("an entry of %s without icmp_type and icmp_code: terraform refresh brings the state up to date", protocol)
			return
		}
		e["IcmpTypeCode"] = object{"Type": typ, "Code": code}
	}
	if e["RuleNumber"] == nil {
		r.fail("an entry without %s", number)
		return
	}
	list, _ := t.things["NetworkAcls "+acl]["Entries"].([]object)
	for _, was := range list {
		if fmt.Sprint(was["RuleNumber"]) != fmt.Sprint(e["RuleNumber"]) || was["Egress"] != egress {
			continue
		}
		if sameEntry(was, e) {
			return
		}
		r.fail("entry %v of %s is there before, and otherwise: terraform refresh brings the state up to date", e["RuleNumber"], acl)
		return
	}
	t.push(r, "NetworkAcls", acl, "Entries", e)
}

// entryKey names an entry by its number.
func (r *terraformResource) entryKey(acl string, egress bool, number string) string {
	return fmt.Sprint(acl, map[bool]string{true: " egress ", false: " ingress "}[egress], r.number(number, r.get(number)))
}

// sameEntry compares two entries, whose protocols may be named in two ways.
func sameEntry(a, b object) bool {
	same := plainProtocol(a["Protocol"].(string)) == plainProtocol(b["Protocol"].(string))
	for _, key := range []string{"RuleAction", "PortRange", "IcmpTypeCode"} {
		same = same && fmt.Sprint(a[key]) == fmt.Sprint(b[key])
	}
	for _, key := range []string{"CidrBlock", "Ipv6CidrBlock"} {
		x, _ := a[key].(string)
		y, _ := b[key].(string)
		p, err := netip.ParsePrefix(x)
		q, err2 := netip.ParsePrefix(y)
		same = same && (x == y || err == nil && err2 == nil && p.Masked() == q.Masked())
	}
	return same
}

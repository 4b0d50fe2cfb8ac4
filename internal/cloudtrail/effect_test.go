package cloudtrail

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// told writes effects in one line each, with what their texts do not have.
func told(list []Effect) string {
	var out []string
	for _, e := range list {
		s := e.String()
		if e.Rule != nil && e.Rule.Reference != (netmodel.GroupReference{}) {
			s += " " + netmodel.Text(e.Rule.Reference)
		}
		if e.Undescribed {
			s += " undescribed"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// answer of a call with rules in it, of a group.
func answerOf(member, group, rules string) string {
	return `{"requestId":"r","_return":true,"` + member + `":{"items":[` + strings.ReplaceAll(rules, "GROUP", `"groupOwnerId":"111122223333","groupId":"`+group+`"`) + `]}}`
}

// TestEffects reads what calls did, in each form of them.
func TestEffects(t *testing.T) {
	const (
		came, went = "securityGroupRuleSet", "revokedSecurityGroupRuleSet"
		https      = `{GROUP,"securityGroupRuleId":"sgr-1","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"10.0.0.0/8","description":"office"}`
		all        = `{GROUP,"securityGroupRuleId":"sgr-2","isEgress":true,"ipProtocol":"-1","fromPort":-1,"toPort":-1,"cidrIpv6":"::/0"}`
		byGroup    = `{GROUP,"securityGroupRuleId":"sgr-3","isEgress":false,"ipProtocol":"icmp","fromPort":8,"toPort":-1,"referencedGroupInfo":{"groupId":"sg-9","userId":"444455556666"}}`
		byGroupID  = `{GROUP,"securityGroupRuleId":"sgr-3","isEgress":false,"ipProtocol":"udp","fromPort":53,"toPort":53,"referencedGroupId":"sg-9"}`
	)
	for _, tt := range []struct{ name, call, request, response, want string }{
		{
			"rules and their ids", "AuthorizeSecurityGroupIngress", `{"groupId":"sg-1",` + permissions + `}`, answerOf(came, "sg-1", https+","+byGroup),
			"sg-1 ingress came tcp:443 10.0.0.0/8 (sgr-1) \"office\"\nsg-1 ingress came icmp:8 sg-9 (sgr-3) account 444455556666",
		},
		{"out", "AuthorizeSecurityGroupEgress", `{"groupId":"sg-1"}`, answerOf(came, "sg-1", all), "sg-1 egress came all ::/0 (sgr-2)"},
		{
			"an old event", "AuthorizeSecurityGroupIngress", `{"groupId":"sg-1","ipPermissions":{"items":[
				{"ipProtocol":"6","fromPort":1,"toPort":2,"groups":{"items":[{"userId":"444455556666","groupId":"sg-2"}]},"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8","description":"d"},{"cidrIp":"11.0.0.0/8"}]}},
				{"ipProtocol":"-1","groups":{},"ipRanges":{},"ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]},"prefixListIds":{"items":[{"prefixListId":"pl-1"}]}}]}}`, done,
			"sg-1 ingress came tcp:1-2 10.0.0.0/8 \"d\"\nsg-1 ingress came tcp:1-2 11.0.0.0/8\nsg-1 ingress came tcp:1-2 sg-2 account 444455556666\n" +
				"sg-1 ingress came all ::/0\nsg-1 ingress came all pl-1",
		},
		{
			"the oldest form", "AuthorizeSecurityGroupIngress", `{"groupId":"sg-1","ipPermissions":{},"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}`, done,
			"sg-1 ingress came tcp:22 0.0.0.0/0",
		},
		{"revoked rules", "RevokeSecurityGroupIngress", `{"groupId":"sg-1"}`, answerOf(went, "sg-1", byGroupID), "sg-1 ingress went udp:53 sg-9 (sgr-3)"},
		{
			"revoked by ids", "RevokeSecurityGroupEgress", `{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"},{"securityGroupRuleId":"sgr-2"}]}}`, done,
			"sg-1 egress went sgr-1\nsg-1 egress went sgr-2",
		},
		{"revoked by what they are", "RevokeSecurityGroupIngress", `{"groupId":"sg-1",` + permissions + `}`, done, "sg-1 ingress went tcp:443 0.0.0.0/0"},
		{"modified", "ModifySecurityGroupRules", modifyOne, done, "sg-3 changed tcp:22 10.0.0.0/8 (sgr-2) undescribed"},
		{
			"several modified, with numbers for texts", "ModifySecurityGroupRules", `{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-3","SecurityGroupRule":[
				{"SecurityGroupRule":{"IpProtocol":-1,"CidrIpv4":"10.0.0.0/8","Description":"d"},"tag":1,"SecurityGroupRuleId":"sgr-1"},
				{"SecurityGroupRule":{"IpProtocol":"udp","FromPort":"53","ToPort":"53","ReferencedGroupId":"sg-2"},"tag":2,"SecurityGroupRuleId":"sgr-2"}]}}`, done,
			"sg-3 changed all 10.0.0.0/8 (sgr-1) \"d\"\nsg-3 changed udp:53 sg-2 (sgr-2) undescribed",
		},
		{"an entry for all", "CreateNetworkAclEntry", newEntry, done, "acl-1 egress came 500 allow all 0.0.0.0/0"},
		{
			"an entry with ports", "ReplaceNetworkAclEntry",
			`{"networkAclId":"acl-1","ruleNumber":7,"egress":false,"ruleAction":"deny","icmpTypeCode":{},"portRange":{"from":80,"to":81},"aclProtocol":"6","ipv6CidrBlock":"2001:db8::/32"}`, done,
			"acl-1 ingress changed 7 deny tcp:80-81 2001:db8::/32",
		},
		{
			"an entry of ICMP", "CreateNetworkAclEntry",
			`{"networkAclId":"acl-1","ruleNumber":7,"egress":false,"ruleAction":"allow","icmpTypeCode":{"type":8,"code":-1},"portRange":{},"aclProtocol":"1","cidrBlock":"10.0.0.0/8"}`, done,
			"acl-1 ingress came 7 allow icmp:8 10.0.0.0/8",
		},
		{"an entry less", "DeleteNetworkAclEntry", `{"networkAclId":"acl-1","ruleNumber":7,"egress":false}`, done, "acl-1 ingress went 7"},
		{"groups of an ENI", "ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"},{"groupId":"sg-2"}]}}`, done, "eni-1 changed sg-1, sg-2"},
		{"nothing of rules", "ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","attachment":{"attachmentId":"a","deleteOnTermination":true},"groupSet":{}}`, done, ""},
		{
			"an association", "ReplaceNetworkAclAssociation", `{"associationId":"aclassoc-1","networkAclId":"acl-2"}`, `{"newAssociationId":"aclassoc-2"}`,
			"aclassoc-1 changed acl-2 (aclassoc-2)",
		},
		{"a route", "CreateRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","natGatewayId":"nat-1"}`, done, "rtb-1 came 0.0.0.0/0 to nat-1"},
		{"a route to an internet gateway", "CreateRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","gatewayId":"igw-1"}`, done, "rtb-1 came 0.0.0.0/0 to igw-1"},
		{"a route less", "DeleteRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0"}`, done, "rtb-1 went 0.0.0.0/0"},
		{"a group", "CreateSecurityGroup", `{"groupName":"web","groupDescription":"d","vpcId":"vpc-1"}`, `{"_return":true,"groupId":"sg-5"}`, "sg-5 came"},
		{"a group less", "DeleteSecurityGroup", `{"groupId":"sg-5"}`, done, "sg-5 went"},
		{"a group less, by name", "DeleteSecurityGroup", `{"groupName":"web"}`, `{"_return":true,"groupId":"sg-5"}`, "sg-5 went"},
		{
			"an ENI", "CreateNetworkInterface", `{"subnetId":"subnet-1","description":"d","groupSet":{},"privateIpAddressesSet":{}}`,
			`{"networkInterface":{"networkInterfaceId":"eni-5","subnetId":"subnet-1","ownerId":"111122223333","requesterId":"amazon-rds","status":"pending",
				"privateIpAddress":"10.0.1.10","groupSet":{"items":[{"groupId":"sg-1","groupName":"default"}]},"privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.1.10","primary":true}]}}}`,
			"eni-5 came sg-1",
		},
		{"an ENI less", "DeleteNetworkInterface", `{"networkInterfaceId":"eni-5"}`, done, "eni-5 went"},
		{
			"instances", "RunInstances", `{"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1","deviceIndex":0}]}}`,
			`{"groupSet":{},"instancesSet":{"items":[
				{"instanceId":"i-1","groupSet":{"items":[{"groupId":"sg-1"}]},"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"}]}}]}},
				{"instanceId":"i-2","networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-6","groupSet":{"items":[{"groupId":"sg-1"},{"groupId":"sg-2"}]}}]}}]}}`,
			"eni-6 came sg-1, sg-2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse([]byte(event(tt.call, tt.request, tt.response, "")))
			if err != nil || c.Unclear != "" {
				t.Fatalf("%v; not clear: %s", err, c.Unclear)
			}
			if diff := cmp.Diff(tt.want, told(c.Effects)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnclear keeps changes whose effects are not known, with the reason.
func TestUnclear(t *testing.T) {
	const from = `"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,`
	modify := func(rule string) string {
		return `{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-1","SecurityGroupRule":` + rule + `}}}`
	}
	for name, tt := range map[string]struct{ call, request, response, want string }{
		"a group by name only": {
			"AuthorizeSecurityGroupIngress", `{"groupId":"sg-1",` + from + `"groups":{"items":[{"groupName":"web"}]}}]}}`, done,
			"requestParameters.ipPermissions.items[0].groups.items[0]: a rule without a peer: CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupInfo",
		},
		"no peer": {"AuthorizeSecurityGroupIngress", `{"groupId":"sg-1",` + from + `"groups":{}}]}}`, done, "requestParameters.ipPermissions.items[0]: a rule without a peer"},
		"no rule": {"RevokeSecurityGroupEgress", `{"groupId":"sg-1"}`, "null", "requestParameters: it names no rule, and the answer none either"},
		"a rule of another group": {
			"AuthorizeSecurityGroupIngress", `{"groupId":"sg-1"}`, rules, "responseElements.securityGroupRuleSet.items[0].groupId: sg-2 where sg-1 is expected",
		},
		"the other direction": {"AuthorizeSecurityGroupEgress", `{"groupId":"sg-2"}`, rules, "responseElements.securityGroupRuleSet.items[0].isEgress: it is not egress"},
		"rules that were not there": {
			"RevokeSecurityGroupIngress", `{"groupId":"sg-1",` + permissions + `}`, `{"_return":false,"unknownIpPermissionSet":{"items":[{"ipProtocol":"tcp"}]}}`,
			"responseElements.unknownIpPermissionSet: rules of the request were not there, and no rule is said to be revoked",
		},
		"two peers":   {"ModifySecurityGroupRules", modify(`{"IpProtocol":"-1","CidrIpv4":"10.0.0.0/8","CidrIpv6":"::/0"}`), done, "requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule: it has 2 peers where one is expected"},
		"a part only": {"ModifySecurityGroupRules", modify(`{"Description":"new"}`), done, "requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule: it has 0 peers where one is expected"},
		"half a port": {
			"ModifySecurityGroupRules", modify(`{"IpProtocol":"tcp","FromPort":1.5,"ToPort":2,"CidrIpv4":"10.0.0.0/8"}`), done,
			`requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule.fromPort: "1.5" is no number that can be there`,
		},
		"no protocol": {
			"ModifySecurityGroupRules", modify(`{"CidrIpv4":"10.0.0.0/8"}`), done,
			`requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule.SecurityGroupRule.IpProtocol: "" is no protocol: tcp, udp, icmp, icmpv6, a number, or -1 for all`,
		},
		"an entry without ports": {
			"CreateNetworkAclEntry", strings.Replace(newEntry, `"-1"`, `"6"`, 1), done, "requestParameters: protocol 6 without PortRange",
		},
		"an entry without ICMP's type": {"CreateNetworkAclEntry", strings.Replace(newEntry, `"-1"`, `"1"`, 1), done, "requestParameters.icmpTypeCode: it is missing"},
		"an entry of no direction":     {"DeleteNetworkAclEntry", `{"networkAclId":"acl-1","ruleNumber":7}`, done, "requestParameters.egress: it is missing"},
		"an entry of no number":        {"DeleteNetworkAclEntry", `{"networkAclId":"acl-1","egress":true}`, done, "requestParameters.ruleNumber: it is missing"},
		"AWS's own entry":              {"DeleteNetworkAclEntry", `{"networkAclId":"acl-1","egress":true,"ruleNumber":32767}`, done, "requestParameters.ruleNumber: 32767 is beyond 1 to 32766"},
		"a number in a text":           {"CreateNetworkAclEntry", `{"networkAclId":"acl-1","ruleNumber":"x"}`, done, "requestParameters.ruleNumber: string where int is expected"},
		"something else of an ENI": {
			"ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","sourceDestCheck":{"value":false}}`, done,
			"requestParameters.sourceDestCheck: what that does is not known",
		},
		"a route to something else": {
			"CreateRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","transitGatewayId":"tgw-1"}`, done, "requestParameters.transitGatewayId: what that does is not known",
		},
		"a route of IPv6": {
			"DeleteRoute", `{"routeTableId":"rtb-1","destinationIpv6CidrBlock":"::/0"}`, done, "requestParameters.destinationIpv6CidrBlock: what that does is not known",
		},
		"a route to nothing": {
			"CreateRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0"}`, done,
			"requestParameters: no target that is known: GatewayId, NatGatewayId, TransitGatewayId, VpcPeeringConnectionId, NetworkInterfaceId...",
		},
		"an ENI without groups": {
			"CreateNetworkInterface", `{}`, `{"networkInterface":{"networkInterfaceId":"eni-5","groupSet":{}}}`, "responseElements.networkInterface.groupSet: it names no group",
		},
		"an instance's ENI without groups": {
			"RunInstances", `{}`, `{"instancesSet":{"items":[{"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-5","groupSet":{"items":[{}]}}]}}]}}`,
			"responseElements.instancesSet.items[0].networkInterfaceSet.items[0].groupSet.items[0].groupId: it is missing",
		},
		"no groups": {"ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","groupSet":{"items":[]}}`, done, "requestParameters.groupSet: it names no group"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(event(tt.call, tt.request, tt.response, "")))
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Effects) > 0 || c.Unclear != tt.want {
				t.Errorf("effects %+v, %q; want %q", c.Effects, c.Unclear, tt.want)
			}
		})
	}
}

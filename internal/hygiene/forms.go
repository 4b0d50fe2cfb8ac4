package hygiene

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// forms returns how rules take the place of one: commands of the AWS CLI, and what of a Terraform
// module. What comes is before what goes, so that nothing is refused between.
func forms(r *rule, rules []netmodel.GroupRule) (cli []string, terraform string) {
	var tf strings.Builder
	for i := range rules {
		cli = append(cli, fmt.Sprintf("aws ec2 authorize-security-group-%s --group-id %s --ip-permissions '%s'", r.Direction, r.Object, permission(&rules[i])))
		if i > 0 {
			tf.WriteByte('\n')
		}
		resource(&tf, r, &rules[i], i+1)
	}
	if r.group.ID != "" {
		cli = append(cli, fmt.Sprintf("aws ec2 revoke-security-group-%s --group-id %s --security-group-rule-ids %s", r.Direction, r.Object, r.group.ID))
	} else {
		cli = append(cli, fmt.Sprintf("aws ec2 revoke-security-group-%s --group-id %s --ip-permissions '%s'", r.Direction, r.Object, permission(r.group)))
	}
	return cli, tf.String()
}

// RevokeCLI returns the command of the AWS CLI that removes a rule, or an entry.
func (u *Uses) RevokeCLI(name string) string {
	r := u.rules[name]
	switch {
	case r == nil:
		return ""
	case r.entry != nil:
		direction := "--ingress"
		if r.Direction == netmodel.Egress {
			direction = "--egress"
		}
		return fmt.Sprintf("aws ec2 delete-network-acl-entry --network-acl-id %s %s --rule-number %d", r.Object, direction, r.entry.Number)
	}
	cli, _ := forms(r, nil)
	return cli[0]
}

// permission returns a rule as the AWS CLI's shorthand of IpPermission.
func permission(r *netmodel.GroupRule) string {
	protocol, from, to := cliTraffic(r.Traffic)
	out := "IpProtocol=" + protocol
	if from != "" {
		out += ",FromPort=" + from + ",ToPort=" + to
	}
	switch p := r.Peer; {
	case p.CIDR.IsValid() && p.CIDR.Addr().Is4():
		return out + ",IpRanges=[{CidrIp=" + p.CIDR.String() + "}]"
	case p.CIDR.IsValid():
		return out + ",Ipv6Ranges=[{CidrIpv6=" + p.CIDR.String() + "}]"
	case p.PrefixList != "":
		return out + ",PrefixListIds=[{PrefixListId=" + p.PrefixList + "}]"
	default:
		return out + ",UserIdGroupPairs=[{GroupId=" + p.Group + "}]"
	}
}

// resource writes a rule as a resource of Terraform.
func resource(to *strings.Builder, r *rule, rule *netmodel.GroupRule, n int) {
	protocol, first, last := cliTraffic(rule.Traffic)
	fmt.Fprintf(to, "resource \"aws_vpc_security_group_%s_rule\" \"tight_%d\" {\n", r.Direction, n)
	lines := [][2]string{{"security_group_id", strconv.Quote(r.Object)}, {"ip_protocol", strconv.Quote(protocol)}}
	if first != "" {
		lines = append(lines, [2]string{"from_port", first}, [2]string{"to_port", last})
	}
	switch p := rule.Peer; {
	case p.CIDR.IsValid() && p.CIDR.Addr().Is4():
		lines = append(lines, [2]string{"cidr_ipv4", strconv.Quote(p.CIDR.String())})
	case p.CIDR.IsValid():
		lines = append(lines, [2]string{"cidr_ipv6", strconv.Quote(p.CIDR.String())})
	case p.PrefixList != "":
		lines = append(lines, [2]string{"prefix_list_id", strconv.Quote(p.PrefixList)})
	default:
		lines = append(lines, [2]string{"referenced_security_group_id", strconv.Quote(p.Group)})
	}
	widest := 0
	for _, l := range lines {
		widest = max(widest, len(l[0]))
	}
	for _, l := range lines {
		fmt.Fprintf(to, "  %-*s = %s\n", widest, l[0], l[1])
	}
	to.WriteString("}\n")
}

// cliTraffic returns what the AWS CLI and Terraform call traffic: of ICMP the "ports" are type
// and code.
func cliTraffic(t netmodel.Traffic) (protocol, from, to string) {
	switch t.Protocol {
	case netmodel.AllProtocols:
		return "-1", "", ""
	case netmodel.TCP:
		return "tcp", strconv.Itoa(int(t.From)), strconv.Itoa(int(t.To))
	case netmodel.UDP:
		return "udp", strconv.Itoa(int(t.From)), strconv.Itoa(int(t.To))
	case netmodel.ICMP:
		return "icmp", strconv.Itoa(t.Type), strconv.Itoa(t.Code)
	case netmodel.ICMPv6:
		return "icmpv6", strconv.Itoa(t.Type), strconv.Itoa(t.Code)
	}
	return strconv.Itoa(t.Protocol), "", ""
}

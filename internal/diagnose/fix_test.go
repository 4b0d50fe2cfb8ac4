package diagnose

import (
	"net/netip"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// TestFixOf mends what groups and network ACLs refuse.
func TestFixOf(t *testing.T) {
	all := netip.MustParsePrefix("0.0.0.0/0")
	tcp := func(from, to uint16) netmodel.Traffic {
		return netmodel.Traffic{Protocol: netmodel.TCP, From: from, To: to}
	}
	network := func(entries ...netmodel.ACLEntry) *netmodel.Network {
		return &netmodel.Network{
			Interfaces:     map[string]*netmodel.Interface{"eni-1": {ID: "eni-1", Groups: []string{"sg-1", "sg-2"}}, "eni-2": {ID: "eni-2", Groups: []string{"sg-1"}}},
			SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1"}, "sg-2": {ID: "sg-2"}},
			Subnets:        map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", NetworkACL: "acl-1"}},
			NetworkACLs:    map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", Ingress: entries, Egress: entries}},
		}
	}
	entry := func(number int, allow bool, of netmodel.Traffic) netmodel.ACLEntry {
		return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: of, CIDR: all}
	}
	v4 := Refusal{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.1.1"), Groups: []string{"sg-1", "sg-2"}, NetworkACL: "acl-1"}
	v6 := v4
	v6.Src, v6.Dst = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	with := func(r Refusal, c Control, d netmodel.Direction, of netmodel.Traffic) Refusal {
		r.Control, r.Direction, r.Traffic = c, d, of
		return r
	}
	last := entry(netmodel.LastNumber+1, false, netmodel.Traffic{Protocol: netmodel.AllProtocols})
	for name, tt := range map[string]struct {
		n         *netmodel.Network
		r         Refusal
		cli, says string
	}{
		"a group's ingress": {
			network(), with(v4, SecurityGroup, netmodel.Ingress, tcp(443, 443)),
			"aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=10.0.0.1/32}]'",
			"let tcp to port 443 from 10.0.0.1 pass in, by a rule of sg-1, or of another group of the ENI: sg-2",
		},
		"a group's egress over IPv6": {
			network(), with(v6, SecurityGroup, netmodel.Egress, netmodel.Traffic{Protocol: netmodel.ICMPv6, Type: 128, Code: -1}),
			"aws ec2 authorize-security-group-egress --group-id sg-1 --ip-permissions 'IpProtocol=icmpv6,FromPort=128,ToPort=-1,Ipv6Ranges=[{CidrIpv6=2001:db8::2/128}]'",
			"let echo requests to 2001:db8::2 pass out",
		},
		"a protocol without ports": {
			network(), with(v4, SecurityGroup, netmodel.Ingress, netmodel.Traffic{Protocol: 47}),
			"aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=47,IpRanges=[{CidrIp=10.0.0.1/32}]'",
			"let protocol 47 from 10.0.0.1 pass in",
		},
		"behind all entries": {
			network(entry(100, true, tcp(22, 22)), last), with(v4, NetworkACL, netmodel.Egress, tcp(1024, 65535)),
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --egress --rule-number 110 --protocol 6 --port-range From=1024,To=65535 --rule-action allow --cidr-block 10.0.1.1/32",
			"let tcp to ports 1024 to 65535 to 10.0.1.1 pass out, by entry 110 of acl-1",
		},
		"before the one that denies": {
			network(entry(99, true, tcp(22, 22)), entry(100, false, tcp(400, 500)), last), with(v4, NetworkACL, netmodel.Ingress, tcp(443, 443)),
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 98 --protocol 6 --port-range From=443,To=443 --rule-action allow --cidr-block 10.0.0.1/32",
			"by entry 98",
		},
		"one that denies something else stays behind": {
			network(entry(100, false, tcp(22, 22)), last), with(v4, NetworkACL, netmodel.Ingress, tcp(443, 443)),
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 110 --protocol 6 --port-range From=443,To=443 --rule-action allow --cidr-block 10.0.0.1/32",
			"by entry 110",
		},
		"echo replies over IPv6": {
			network(last), with(v6, NetworkACL, netmodel.Egress, netmodel.Traffic{Protocol: netmodel.ICMPv6, Type: 129, Code: -1}),
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --egress --rule-number 10 --protocol 58 --icmp-type-code Type=129,Code=-1 --rule-action allow --ipv6-cidr-block 2001:db8::2/128",
			"let echo replies to 2001:db8::2 pass out",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fix, changed, err := FixOf(tt.n, &tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if fix.CLI != tt.cli {
				t.Errorf("the command is\n%s, want\n%s", fix.CLI, tt.cli)
			}
			if !strings.Contains(fix.Says, tt.says) {
				t.Errorf("it says %q, want %q in it", fix.Says, tt.says)
			}
			before, after := len(tt.n.SecurityGroups["sg-1"].Rules(tt.r.Direction)), len(changed.SecurityGroups["sg-1"].Rules(tt.r.Direction))
			if tt.r.Control == NetworkACL {
				before, after = len(tt.n.NetworkACLs["acl-1"].Entries(tt.r.Direction)), len(changed.NetworkACLs["acl-1"].Entries(tt.r.Direction))
			}
			if after != before+1 {
				t.Errorf("%d rules became %d", before, after)
			}
			if !strings.HasPrefix(fix.Terraform, "resource \"aws_") || fix.Allows == "" {
				t.Errorf("%q allows %q", fix.Terraform, fix.Allows)
			}
		})
	}

	full := with(v4, NetworkACL, netmodel.Ingress, tcp(443, 443))
	if _, _, err := FixOf(network(entry(1, false, tcp(1, 65535))), &full); err == nil || !strings.Contains(err.Error(), "no number is free before 1") {
		t.Errorf("no number is free: %v", err)
	}
	for _, r := range []Refusal{{Control: SecurityGroup, Direction: netmodel.Ingress}, {Control: NetworkACL, NetworkACL: "acl-9", Direction: netmodel.Ingress}} {
		if _, _, err := FixOf(network(), &r); err == nil || !strings.Contains(err.Error(), "not in the input") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

package policy

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

func entry4(number int, allow bool, t netmodel.Traffic, peer string) netmodel.ACLEntry {
	return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: t, CIDR: cidr(peer)}
}

// refers returns a rule whose peer is a group.
func refers(id string, t netmodel.Traffic, group string) netmodel.GroupRule {
	return netmodel.GroupRule{ID: id, Traffic: t, Peer: netmodel.Peer{Group: group}}
}

// TestLint has a definition for each kind of finding, and beside it what is none.
func TestLint(t *testing.T) {
	ssh, https, tcpAll := ports(netmodel.TCP, 22, 22), ports(netmodel.TCP, 443, 443), ports(netmodel.TCP, 0, 65535)
	for name, tt := range map[string]struct {
		change func(n *netmodel.Network)
		want   []string // severity, kind, reason
	}{
		"nothing": {change: func(*netmodel.Network) {}},
		"open to the world": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{from("sgr-1", all(), "0.0.0.0/0"), from("sgr-2", https, "::/0")}
			},
			want: []string{"high group-open-to-world sgr-1 lets all traffic in from 0.0.0.0/0"},
		},
		"open on all ports of tcp, by halves": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{
					from("sgr-1", tcpAll, "::/1"), from("sgr-2", ports(netmodel.TCP, 0, 1000), "8000::/1"), from("sgr-3", ports(netmodel.TCP, 1001, 65535), "8000::/1"),
				}
			},
			want: []string{"high group-open-to-world sgr-1, sgr-2 and sgr-3 let tcp to all ports in from ::/0"},
		},
		"sensitive ports": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{
					from("sgr-1", ports(netmodel.TCP, 22, 23), "0.0.0.0/0"), from("sgr-2", https, "0.0.0.0/0"), from("sgr-3", ssh, "10.0.0.0/8"),
					from("sgr-4", ports(netmodel.UDP, 3389, 3389), "0.0.0.0/0"),
				}
			},
			want: []string{
				"high group-opens-port sgr-1 lets tcp to ports 22, 23 in from 0.0.0.0/0",
				"low group-rule-implied sgr-3 allows nothing that sgr-1 does not",
			},
		},
		"implied by one, by two, and by the same": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{
					from("sgr-1", https, "10.0.0.0/9"), from("sgr-2", ports(netmodel.TCP, 400, 500), "10.128.0.0/9"), from("sgr-3", https, "10.0.0.0/8"),
					refers("sgr-4", https, "sg-1"), refers("sgr-5", all(), "sg-1"),
					{ID: "sgr-6", Traffic: https, Peer: netmodel.Peer{PrefixList: "pl-1"}},
					from("sgr-7", https, "192.0.2.0/24"),
				}
				n.PrefixLists["pl-1"] = &netmodel.PrefixList{ID: "pl-1", CIDRs: []netip.Prefix{cidr("192.0.2.0/25"), cidr("192.0.2.128/25")}}
			},
			want: []string{
				// Without sgr-3, which is wider than sgr-1, sgr-1 and sgr-2 would do: but what is in
				// a single other one goes first.
				"low group-rule-implied sgr-1 allows nothing that sgr-3 does not",
				"low group-rule-implied sgr-4 allows nothing that sgr-5 does not",
				"low group-rule-implied sgr-7 allows nothing that sgr-6 does not",
			},
		},
		"a group is implied by all addresses of both families only": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{
					refers("sgr-1", https, "sg-1"), refers("sgr-2", ssh, "sg-1"), from("sgr-3", ports(netmodel.TCP, 22, 443), "0.0.0.0/0"), from("sgr-4", https, "::/0"),
				}
			},
			want: []string{"low group-rule-implied sgr-1 allows nothing that sgr-3 and sgr-4 do not"},
		},
		"implied by other groups": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{from("sgr-1", https, "10.1.0.0/16"), from("sgr-2", ssh, "10.1.0.0/16")}
				n.SecurityGroups["sg-2"] = &netmodel.SecurityGroup{ID: "sg-2", VPC: "vpc-1", Egress: []netmodel.GroupRule{from("sgr-3", https, "10.0.0.0/8")}}
				n.Interfaces["eni-1"].Groups = []string{"sg-1", "sg-2"}
			},
			want: []string{"low group-rule-implied-by-groups at each ENI that carries sg-1, sgr-1 allows nothing that sgr-3 does not"},
		},
		"rules that match nothing": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{
					from("sgr-1", icmp(netmodel.ICMP, -1, 4), "0.0.0.0/0"), {ID: "sgr-2", Traffic: https, Peer: netmodel.Peer{PrefixList: "pl-1"}},
				}
				n.PrefixLists["pl-1"] = &netmodel.PrefixList{ID: "pl-1"}
			},
			want: []string{
				"medium group-rule-never-matches sgr-1 is of ICMP code 4 of any type, which no packet has: EC2 takes a code with a type only",
				"medium group-rule-never-matches sgr-2 matches nothing: pl-1 has no entries",
			},
		},
		"references": {
			change: func(n *netmodel.Network) {
				stale := refers("sgr-3", https, "sg-8")
				stale.Reference.PeeringStatus = "deleted"
				n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{
					refers("sgr-1", https, "sg-2"), refers("sgr-2", https, "sg-9"), stale, {ID: "sgr-4", Traffic: https, Peer: netmodel.Peer{PrefixList: "pl-9"}}, refers("sgr-5", https, "sg-1"),
				}
				n.SecurityGroups["sg-2"] = &netmodel.SecurityGroup{ID: "sg-2", VPC: "vpc-1"}
				n.SecurityGroups["sg-3"] = &netmodel.SecurityGroup{ID: "sg-3", VPC: "vpc-1", Name: "default", Ingress: []netmodel.GroupRule{refers("sgr-6", all(), "sg-3")}}
			},
			want: []string{
				"medium reference-stale sgr-3 matches nothing: the peering connection over which it reaches sg-8 is deleted",
				"low reference-missing sgr-2 refers to sg-9, which is not in the input",
				"low reference-missing sgr-4 refers to pl-9, which is not in the input",
				"low reference-without-members sgr-1 refers to sg-2, which no ENI of the input carries",
				"low group-unused no ENI of the input carries sg-2, and sgr-1 refers to it",
			},
		},
		"entries that match nothing": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Ingress = []netmodel.ACLEntry{
					entry4(10, true, https, "10.0.0.0/9"), entry4(20, true, https, "10.128.0.0/9"), entry4(30, true, https, "10.0.0.0/8"), // by both
					entry4(40, false, https, "10.1.0.0/16"), entry4(50, false, icmp(netmodel.ICMP, -1, 3), "0.0.0.0/0"), entry4(60, true, all(), "0.0.0.0/0"),
					entry4(70, false, ssh, "192.0.2.0/24"), entry4(80, true, ssh, "0.0.0.0/0"), entry4(90, false, ssh, "::/1"), entry4(95, true, all(), "::/0"), entry4(99, true, ports(netmodel.TCP, 22, 23), "::/0"),
					entry4(32767, false, all(), "0.0.0.0/0"), entry4(32768, false, all(), "::/0"),
				}
			},
			want: []string{
				"medium acl-entry-never-matches acl-1:ingress:50 is of ICMP code 3 of any type, which no packet has: EC2 takes a code with a type only",
				"medium acl-entry-shadowed acl-1:ingress:40 matches nothing: acl-1:ingress:10 before it allows all its packets",
				"medium acl-entry-shadowed acl-1:ingress:70 matches nothing: acl-1:ingress:60 before it allows all its packets",
				"medium acl-entry-shadowed acl-1:ingress:99 matches nothing: acl-1:ingress:90 and acl-1:ingress:95 before it decide of all its packets, and acl-1:ingress:90 denies what it would allow",
				"low acl-entry-redundant acl-1:ingress:30 matches nothing: acl-1:ingress:10 and acl-1:ingress:20 before it allow all its packets too",
				"low acl-entry-redundant acl-1:ingress:80 matches nothing: acl-1:ingress:60 before it allows all its packets too",
			},
		},
		"an entry whose packets are decided otherwise": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Egress = []netmodel.ACLEntry{entry4(10, false, ssh, "10.0.0.0/8"), entry4(20, true, all(), "10.1.0.0/16"), entry4(30, true, ports(netmodel.TCP, 22, 22), "10.1.0.0/16")}
				a.Ingress = nil
			},
			want: []string{
				"medium acl-blocks-replies acl-1:egress:20 lets tcp out to 10.1.0.0/16, and acl-1:ingress:* denies replies to ports 0-65535 coming in",
				"medium acl-entry-shadowed acl-1:egress:30 matches nothing: acl-1:egress:10 before it denies all its packets",
				"low acl-blocks-replies acl-1:egress:20 lets udp out to 10.1.0.0/16, and acl-1:ingress:* denies replies to ports 0-65535 coming in",
				"low acl-blocks-replies acl-1:egress:20 lets icmp echo requests out to 10.1.0.0/16, and acl-1:ingress:* denies echo replies coming in",
			},
		},
		"IPv6 where there is none": {
			change: func(n *netmodel.Network) { n.VPCs["vpc-1"].CIDRs = []netip.Prefix{cidr("10.0.0.0/16")} },
			want: []string{
				"low acl-entry-never-matches acl-1:egress:101 is of IPv6, and vpc-1 has no IPv6 network",
				"low acl-entry-never-matches acl-1:ingress:101 is of IPv6, and vpc-1 has no IPv6 network",
			},
		},
		"no replies": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Ingress = []netmodel.ACLEntry{entry4(100, true, https, "0.0.0.0/0"), entry4(110, true, ssh, "10.0.0.0/8")}
				a.Egress = []netmodel.ACLEntry{entry4(100, true, ports(netmodel.TCP, 443, 443), "10.0.0.0/8"), entry4(110, false, all(), "10.0.0.0/8")}
			},
			want: []string{
				"medium acl-blocks-replies acl-1:egress:100 lets tcp out to 10.0.0.0/8, and acl-1:ingress:* denies replies to ports 0-21, 23-442, 444-65535 coming in",
				"medium acl-blocks-replies acl-1:ingress:100 lets tcp in from 0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255, and acl-1:egress:* denies replies to ports 0-65535 going out",
				"medium acl-blocks-replies acl-1:ingress:100 and acl-1:ingress:110 let tcp in from 10.0.0.0/8, and acl-1:egress:110 denies replies to ports 0-442, 444-65535 going out",
			},
		},
		"peers that are blocked": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Ingress = append([]netmodel.ACLEntry{entry4(10, false, tcpAll, "192.0.2.0/24")}, a.Ingress...)
			},
			want: []string{
				"low acl-blocks-replies acl-1:egress:100 lets tcp out to 192.0.2.0/24, and acl-1:ingress:10 denies replies to ports 0-65535 coming in",
			},
		},
		"a server behind a network ACL as AWS recommends": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				reply := ports(netmodel.TCP, 1024, 65535)
				a.Ingress = []netmodel.ACLEntry{entry4(100, true, https, "0.0.0.0/0"), entry4(140, true, reply, "0.0.0.0/0")}
				a.Egress = []netmodel.ACLEntry{entry4(100, true, https, "0.0.0.0/0"), entry4(140, true, reply, "0.0.0.0/0")}
			},
		},
		"replies to some": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Ingress = []netmodel.ACLEntry{entry4(100, true, https, "0.0.0.0/0"), entry4(110, true, icmp(netmodel.ICMP, 8, -1), "192.0.2.0/24")}
				a.Egress = []netmodel.ACLEntry{entry4(100, true, ports(netmodel.TCP, 32768, 65535), "0.0.0.0/0")}
			},
			want: []string{
				"low acl-blocks-replies acl-1:ingress:110 lets icmp echo requests in from 192.0.2.0/24, and acl-1:egress:* denies echo replies going out",
				"low acl-blocks-some-replies acl-1:ingress:100 lets tcp in from 0.0.0.0/0, and acl-1:egress:* denies replies to ports 0-32767 going out",
			},
		},
		"replies within the only subnet pass no network ACL": {
			change: func(n *netmodel.Network) {
				a := n.NetworkACLs["acl-1"]
				a.Subnets = []string{"subnet-1"}
				a.Ingress, a.Egress = []netmodel.ACLEntry{entry4(100, true, https, subnet4)}, nil
			},
		},
		"a network ACL that nothing uses": {
			change: func(n *netmodel.Network) {
				n.NetworkACLs["acl-2"] = &netmodel.NetworkACL{ID: "acl-2", VPC: "vpc-1"}
				n.NetworkACLs["acl-3"] = &netmodel.NetworkACL{ID: "acl-3", VPC: "vpc-1", Default: true}
			},
			want: []string{"low acl-unused no subnet is associated with acl-2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := network()
			tt.change(n)
			var got []string
			for _, f := range lint(t, n) {
				got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Kind, f.Reason))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLintKinds checks that a page says of each kind what it is.
func TestLintKinds(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "howto", "review-the-rules-of-a-vpc.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds {
		if !strings.Contains(string(page), "| `"+string(k.Kind)+"` | ") {
			t.Errorf("the page says nothing of %s", k.Kind)
		}
	}
}

// TestLintRefused checks that what AWS does not have is refused.
func TestLintRefused(t *testing.T) {
	for want, change := range map[string]func(n *netmodel.Network){
		"sgr-1 has protocol 300": func(n *netmodel.Network) {
			n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{from("sgr-1", netmodel.Traffic{Protocol: 300}, "0.0.0.0/0")}
		},
		"sgr-1 has no peer": func(n *netmodel.Network) {
			n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{{ID: "sgr-1", Traffic: all()}}
		},
		"acl-1:ingress:20 does not stand in the order of the numbers": func(n *netmodel.Network) {
			n.NetworkACLs["acl-1"].Ingress = []netmodel.ACLEntry{entry4(30, true, all(), "0.0.0.0/0"), entry4(20, true, all(), "0.0.0.0/0")}
		},
		"acl-1:egress:10 has no CIDR": func(n *netmodel.Network) {
			n.NetworkACLs["acl-1"].Egress = []netmodel.ACLEntry{{Number: 10, Traffic: all()}}
		},
	} {
		n := network()
		change(n)
		if _, err := Lint(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

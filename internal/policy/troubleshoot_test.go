package policy

import (
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// troubleCase is records of one conversation at an ENI, and what AWS's pages conclude of them.
type troubleCase struct {
	ID      string
	Records []string
	Verdict string // NACL or NACL_OR_SG
	Note    string
}

// refusers are the stages that a verdict leaves open.
var refusers = map[string][]Stage{"NACL": {NetworkACL}, "NACL_OR_SG": {NetworkACL, SecurityGroup}}

// TestTroubleshooting asks of AWS's examples which definitions the records can come from: each of 16,
// in which the security group and the network ACL let the traffic in and out, or not. Whoever
// refuses in those must be who the examples name, and all of them must be found.
//
// Source: VPC user guide, "Flow log record examples", security group and network ACL rules.
func TestTroubleshooting(t *testing.T) {
	cases := []troubleCase{ // the four of the document; the shared ones are AWS's
		{"inbound REJECT", []string{"2 1 eni-1 203.0.113.12 10.0.1.5 51514 443 6 3 180 0 59 REJECT OK"}, "NACL_OR_SG", "ENI 10.0.1.5"},
		{"outbound REJECT", []string{"2 1 eni-1 10.0.1.5 203.0.113.12 51514 443 6 3 180 0 59 REJECT OK"}, "NACL_OR_SG", "ENI 10.0.1.5"},
		{"inbound ACCEPT, outbound REJECT", []string{
			"2 1 eni-1 203.0.113.12 10.0.1.5 51514 443 6 3 180 0 59 ACCEPT OK", "2 1 eni-1 10.0.1.5 203.0.113.12 443 51514 6 3 180 1 59 REJECT OK",
		}, "NACL", "ENI 10.0.1.5"},
		{"outbound ACCEPT, inbound REJECT", []string{
			"2 1 eni-1 10.0.1.5 203.0.113.12 51514 53 17 3 180 0 59 ACCEPT OK", "2 1 eni-1 203.0.113.12 10.0.1.5 53 51514 17 3 180 1 59 REJECT OK",
		}, "NACL", "ENI 10.0.1.5"},
	}
	if path, ok := sharedtest.Find(t, "data", "vectors", "troubleshoot_sg_nacl.json"); ok {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var shared []troubleCase
		if err := json.Unmarshal(data, &shared); err != nil || len(shared) < 3 {
			t.Fatal(len(shared), err)
		}
		cases = append(cases, shared...)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			refused := map[Stage]bool{}
			for allowed := range 16 {
				for _, s := range troubleOf(t, &c, allowed) {
					refused[s] = true
				}
			}
			for _, s := range []Stage{NetworkACL, SecurityGroup} {
				if want := slices.Contains(refusers[c.Verdict], s); refused[s] != want {
					t.Errorf("refused by a %s: %v, want %v", s, refused[s], want)
				}
			}
		})
	}
}

// troubleOf plays the packets of a case under one definition, whose bits say what allows them,
// and returns who refused; nothing where the definition does not give the records' actions.
func troubleOf(t *testing.T, c *troubleCase, allowed int) []Stage {
	t.Helper()
	var packets []Packet
	var actions []Action
	for i, text := range c.Records {
		f := strings.Fields(text)
		number := func(at int) int {
			n, err := strconv.Atoi(f[at])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		p := Packet{Src: addr(f[3]), Dst: addr(f[4]), Protocol: number(7), SrcPort: uint16(number(5)), DstPort: uint16(number(6))}
		if p.Protocol == netmodel.ICMP && i == 0 { // records do not say it: the examples are a ping
			p.Type = 8
		}
		packets, actions = append(packets, p), append(actions, Action(f[12]))
	}
	n, own := troubled(t, c, &packets[0], allowed)
	conns := NewConnections(at(t, n), DefaultTimeouts())
	var out []Stage
	for i := range packets {
		way := netmodel.Ingress
		if packets[i].Src == own {
			way = netmodel.Egress
		}
		d := conns.Decide(&packets[i], way, time.Unix(1_700_000_000+int64(i), 0))
		if d.Action != actions[i] {
			return nil
		}
		if d.Action == Reject {
			out = append(out, d.Stage)
		}
	}
	return out
}

// ownOf finds the ENI's own address in a note.
var ownOf = regexp.MustCompile(`ENI (?:address )?([0-9.]+[0-9])`)

// troubled returns a definition of the case's ENI, and its address. Its subnet is its address
// alone, so that all traffic crosses the subnet's border.
func troubled(t *testing.T, c *troubleCase, first *Packet, allowed int) (*netmodel.Network, netip.Addr) {
	t.Helper()
	own := first.Src
	if m := ownOf.FindStringSubmatch(c.Note); m != nil {
		own = addr(m[1])
	} else if !own.IsPrivate() || first.Dst.IsPrivate() {
		t.Fatalf("%s: nothing says which address is the ENI's", c.ID)
	}
	subnet := netip.PrefixFrom(own, 32)
	n := &netmodel.Network{
		VPCs:       map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: []netip.Prefix{netip.PrefixFrom(own, 16).Masked()}}},
		Subnets:    map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1", CIDRs: []netip.Prefix{subnet}, NetworkACL: "acl-1"}},
		Interfaces: map[string]*netmodel.Interface{"eni-1": {ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Addresses: []netip.Addr{own}, Groups: []string{"sg-1"}}},
	}
	group, acl := &netmodel.SecurityGroup{ID: "sg-1", VPC: "vpc-1"}, &netmodel.NetworkACL{ID: "acl-1", VPC: "vpc-1"}
	rule, entry := from("sgr-1", all(), "0.0.0.0/0"), netmodel.ACLEntry{Number: 100, Allow: true, Traffic: all(), CIDR: cidr("0.0.0.0/0")}
	if allowed&1 > 0 {
		group.Ingress = []netmodel.GroupRule{rule}
	}
	if allowed&2 > 0 {
		group.Egress = []netmodel.GroupRule{rule}
	}
	if allowed&4 > 0 {
		acl.Ingress = []netmodel.ACLEntry{entry}
	}
	if allowed&8 > 0 {
		acl.Egress = []netmodel.ACLEntry{entry}
	}
	n.SecurityGroups, n.NetworkACLs = map[string]*netmodel.SecurityGroup{"sg-1": group}, map[string]*netmodel.NetworkACL{"acl-1": acl}
	return n, own
}

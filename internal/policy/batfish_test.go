package policy

import (
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// TestBatfish decides what batfish's tests of security groups decide.
func TestBatfish(t *testing.T) {
	var expected []struct {
		ID    string
		Index *int `json:"sg_index"`
		Cases []struct {
			Dir, Src, Dst, Proto, Expect string
			Sport, Dport                 uint16
			Type                         int `json:"icmp_type"`
			Code                         int `json:"icmp_code"`
		}
	}
	var described struct{ SecurityGroups []describedGroup }
	read(t, "expected_sg_cases.json", &expected)
	read(t, "SecurityGroupTest.json", &described)
	seen := 0
	for _, e := range expected {
		n := network()
		g := n.SecurityGroups["sg-1"]
		switch {
		case e.Index != nil:
			g.Ingress = described.SecurityGroups[*e.Index].ingress()
		case e.ID == "sg-pl":
			g.Egress = []netmodel.GroupRule{{Traffic: all(), Peer: netmodel.Peer{PrefixList: "pl-7ba54012"}}}
			n.PrefixLists["pl-7ba54012"] = &netmodel.PrefixList{ID: "pl-7ba54012", CIDRs: []netip.Prefix{cidr("10.10.10.0/24")}}
		}
		i := at(t, n)
		for _, c := range e.Cases {
			seen++
			p := tcp(own4, c.Sport, own4, c.Dport)
			if c.Src != "" {
				p.Src = addr(c.Src)
			}
			if c.Dst != "" {
				p.Dst = addr(c.Dst)
			}
			p.Protocol = map[string]int{"tcp": netmodel.TCP, "icmp": netmodel.ICMP}[c.Proto]
			p.Type, p.Code = c.Type, c.Code
			got := i.Decide(&p, netmodel.Direction(c.Dir)).Action
			if want := map[string]Action{"PERMIT": Accept, "DENY": Reject}[c.Expect]; got != want {
				t.Errorf("%s %+v: %s", e.ID, c, got)
			}
		}
	}
	if seen < 18 {
		t.Errorf("only %d cases", seen)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(sharedtest.Path(t, "data", "netdefs", "batfish", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// describedGroup is a group as describe-security-groups prints it, as far as the cases use
// it.
type describedGroup struct {
	IpPermissions []struct { //nolint:revive // AWS's name
		FromPort, ToPort int
		IpProtocol       string                    //nolint:revive // AWS's name
		IpRanges         []struct{ CidrIp string } //nolint:revive // AWS's name
	}
}

// ingress returns the rules; a port of -1 is the end of the range, as batfish reads it.
func (g describedGroup) ingress() []netmodel.GroupRule {
	var out []netmodel.GroupRule
	for _, p := range g.IpPermissions {
		t := netmodel.Traffic{Protocol: netmodel.ICMP, Type: p.FromPort, Code: p.ToPort}
		if p.IpProtocol == "tcp" {
			last := uint16(p.ToPort) // -1 is 65535
			t = ports(netmodel.TCP, uint16(max(p.FromPort, 0)), last)
		}
		for _, r := range p.IpRanges {
			out = append(out, from("", t, r.CidrIp))
		}
	}
	return out
}

package policy

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// trace is a fact of batfish's tests: what becomes of a flow, and the nodes that it passes.
type trace struct {
	Network, Test string
	Flow          struct {
		Ingress, Src, Dst, Proto string
		Dport                    json.RawMessage
	}
	Disposition       string
	Hops              []string
	ReturnHops        []string `json:"return_hops"`
	ReturnDisposition string   `json:"return_disposition"`
}

// argued are the traces that weir answers otherwise, by test and destination, with what it
// answers and why.
var argued = map[string]struct{ answer, why string }{
	"AwsConfigurationDirectConnectTest.testFromOnPremToInstance onprem-router 10.100.1.10": {byBGP, whyBGP},
	"AwsConfigurationDirectConnectTest.testFromInstanceToOnPrem i-dx01 10.10.0.1":          {byBGP, whyBGP},
	"AwsConfigurationPublicPrivateSubnetTest.testFromPrivateToPublicSubnet i-099cf38911942421c 13.58.55.60": {
		"arrives: i-099cf38911942421c vgw-070087240d6fa2989", whyVPN,
	},
	"AwsConfigurationPublicPrivateSubnetTest.testToInternet i-099cf38911942421c 8.8.8.8": {
		"arrives: i-099cf38911942421c vgw-070087240d6fa2989", whyVPN,
	},
	"AwsConfigurationVpnGatewayTest.testToOnPrem i-099cf38911942421c 8.8.8.8": {
		"arrives: i-099cf38911942421c vgw-0c09bd7fadac961bf", whyVPN,
	},
	"AwsConfigurationVpnGatewayTest.testInstanceToUnderlayInterfaceIp i-099cf38911942421c 18.217.248.9": {
		"arrives: i-099cf38911942421c vgw-0c09bd7fadac961bf", whyVPN,
	},
	"AwsConfigurationVpnGatewayTest.testInternetToUnderlayInterfaceIp internet 18.217.248.9": {
		"is not known: nothing of the input has the public address 18.217.248.9",
		"it is the outer end of a VPN tunnel, which describe-vpn-connections says, and no traffic of a VPC",
	},
	"AwsConfigurationSubnetTest.testInstanceToOutsideSubnet i-08ef86e76fceabd8d 10.10.0.1": {
		"is not known: no ENI of the input has 10.10.0.1 in vpc-062867d29dbf9386f", whyNobody,
	},
	"AwsConfigurationSubnetTest.testOutsideSubnetToInstance vpc-062867d29dbf9386f 10.10.1.44": {
		`error: "vpc-062867d29dbf9386f" is no ENI, virtual private gateway or transit gateway attachment of the input`,
		"nothing sends from a VPC's router: it is a node of batfish's, not of AWS's",
	},
	"AwsConfigurationVpcPeeringTest.testFromBtoUnusedSubnet i-0b14080af811fda3d 10.10.100.1": {
		"is not known: no ENI of the input has 10.10.100.1 in vpc-0404e08ceddf7f650", whyNobody,
	},
	"AwsConfigurationVpcPeeringTest.testFromBtoUnusedIp i-0b14080af811fda3d 10.10.10.11": {
		"is not known: no ENI of the input has 10.10.10.11 in subnet-006a19c846f047bd7 of vpc-0404e08ceddf7f650", whyNobody,
	},
	"AwsConfigurationVpnGatewayTest.testFromOnPrem vpn-03701a53bba3c48b7.txt 10.0.1.205": {
		"is not known: no ENI of the input has 10.0.1.205 in subnet-0f263105946ad1a1d of vpc-0b966fdeb36d5e43f", whyNobody,
	},
	"AwsConfigurationVpnGatewayTest.testFromOnPrem vpn-03701a53bba3c48b7.txt 10.0.2.1": {
		"is not known: no ENI of the input has 10.0.2.1 in vpc-0b966fdeb36d5e43f", whyNobody,
	},
}

const (
	byBGP = "is not known: tgw-attach-dx01 propagates to tgw-rtb-dx01 what it learns by BGP, which is not in the input: search-transit-gateway-routes has it"
	// VPC Transit Gateways guide, "Route propagation": Direct Connect gateways and VPN
	// connections propagate by BGP. Any of these routes may be more specific than those that are
	// known. Batfish has them from a customer's router, whose file is not in the data.
	whyBGP = "the definition does not hold what is learnt by BGP"
	// A static route leads to the gateway (VPC user guide, "Route tables"). Which routes the
	// gateway has the definition does not say: those of its VPN connections are not in the data.
	// Batfish built them from there; weir says beside the answer that it does not know them.
	whyVPN = "the way ends at the virtual private gateway, and a note says that its routes are not known"
	// That nobody has an address, a definition does not say: ENIs of others' accounts in a shared
	// VPC are not described (VPC user guide, "Share your VPC subnets"). The way until there agrees.
	whyNobody = "an address that no ENI of the input has is not known, rather than unreachable"
)

// TestBatfishTraces compares paths with what batfish's tests expect of whole networks. Of the
// nodes those are compared that both name: instances, gateways, and the internet.
func TestBatfishTraces(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Path(t, "data", "netdefs", "batfish", "expected_traces.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts []trace
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	agreed, differ := 0, map[string]bool{}
	for _, f := range facts {
		name := f.Test + " " + f.Flow.Ingress + " " + f.Flow.Dst
		t.Run(name, func(t *testing.T) {
			loaded, err := netmodel.Load(sharedtest.Path(t, "data", "netdefs", "batfish", f.Network))
			if err != nil || len(loaded.Problems) > 0 {
				t.Fatal(err, loaded.Problems)
			}
			want, got := f.answer(), f.ours(t, loaded.Network)
			if a, ok := argued[name]; ok {
				t.Log(a.why)
				differ[name] = true
				want = a.answer
			} else {
				agreed++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if len(differ) != len(argued) || agreed == 0 {
		t.Errorf("%d agree, %d of %d argued ones were met", agreed, len(differ), len(argued))
	}
	t.Logf("%d agree, %d are argued", agreed, len(differ))
}

// answer returns what batfish answers.
func (f *trace) answer() string {
	outcome := map[string]string{
		"ACCEPTED": "arrives", "ACCEPTED_OR_EXITS_NETWORK": "arrives", "EXITS_NETWORK": "arrives", "DENIED_IN": "is refused",
		"NO_ROUTE": "has no route", "NULL_ROUTED": "has no route", "NEIGHBOR_UNREACHABLE": "has no route",
	}[f.Disposition]
	nodes := func(list []string) string {
		var hops []string
		for _, h := range list {
			if i := strings.IndexByte(h, '-'); h == Internet || i > 0 && slices.Contains([]string{"i", "nat", "igw", "tgw", "vgw"}, h[:i]) {
				hops = append(hops, h)
			}
		}
		return strings.Join(hops, " ")
	}
	if f.ReturnHops == nil {
		return outcome + ": " + nodes(f.Hops)
	}
	return outcome + " and is answered: " + nodes(f.Hops) + ", " + nodes(f.ReturnHops)
}

// ours returns what weir answers.
func (f *trace) ours(t *testing.T, n *netmodel.Network) string {
	from, p := f.Flow.Ingress, f.packet(t, n)
	for _, i := range n.Interfaces {
		if i.Instance == from && from != "" {
			from = i.ID
		}
	}
	// Customer gateways are not in the definition: what comes from there begins at AWS's side.
	for id := range n.VPNGateways {
		if strings.HasPrefix(from, "vpn-") {
			from = id
		}
	}
	if from == "onprem-router" {
		from = "tgw-attach-dx01"
	}
	path, err := New(n).Path(from, "", &p)
	if err != nil && !errors.Is(err, ErrNoPath) {
		return "error: " + err.Error()
	}
	outcome := "arrives"
	switch {
	case err != nil:
		return "is not known: " + strings.TrimPrefix(err.Error(), ErrNoPath.Error()+": ")
	case path.Action == Accept && f.ReturnHops != nil:
		outcome += " and is answered"
	case path.Action == Accept:
	case len(path.Reply) > 0:
		outcome = "arrives and is not answered"
		if f.ReturnHops == nil {
			outcome = "arrives"
		}
	default:
		switch last := path.Forward[len(path.Forward)-1]; {
		case last.Stage == Route, last.Stage == Gateway && !strings.HasPrefix(last.Gateway, "nat-") && !strings.HasPrefix(last.Gateway, "eni-"):
			outcome = "has no route"
		default:
			outcome = "is refused"
		}
	}
	nodes := func(from, to string, steps []Step) string {
		var hops []string
		add := func(id string) {
			if i := n.Interfaces[id]; i != nil {
				id = i.Instance
			}
			if a := n.TransitGatewayAttachments[id]; a != nil {
				id = a.TransitGateway
			}
			if id != "" && !strings.HasPrefix(id, "pcx-") && (len(hops) == 0 || hops[len(hops)-1] != id) {
				hops = append(hops, id)
			}
		}
		add(from)
		for _, s := range steps {
			if s.Action == Reject && strings.HasPrefix(s.Gateway, "tgw-attach-") {
				continue // it does not come so far
			}
			if s.Stage == Gateway || s.Stage == Route && strings.HasPrefix(s.Rule, "tgw-") {
				add(s.Gateway)
			} else if s.Interface != "" {
				add(s.Interface)
			}
		}
		add(to)
		return strings.Join(hops, " ")
	}
	// Batfish takes one of a load balancer's targets: that one must get through.
	forward, reply := nodes(from, path.To, path.Forward), nodes(path.To, from, path.Reply)
	for _, l := range path.Legs {
		if l.Target == f.Hops[len(f.Hops)-1] && l.Action == Accept && l.Purpose != HealthCheck {
			forward, reply = strings.TrimSpace(forward+" "+nodes(l.From, l.To, l.Forward)), strings.TrimSpace(nodes(l.To, l.From, l.Reply)+" "+reply)
		}
	}
	out := outcome + ": " + forward
	if f.ReturnHops != nil {
		out += ", " + reply
	}
	return out
}

// packet returns the packet of a flow.
func (f *trace) packet(t *testing.T, n *netmodel.Network) Packet {
	t.Helper()
	p := Packet{SrcPort: 50000}
	ofENI := func(of func(i *netmodel.Interface) bool) netip.Addr {
		for _, i := range n.Interfaces {
			if of(i) {
				return i.Addresses[0]
			}
		}
		return netip.Addr{}
	}
	if src, err := netip.ParseAddr(f.Flow.Src); err == nil {
		p.Src = src
	} else if p.Src = ofENI(func(i *netmodel.Interface) bool { return i.Instance == f.Flow.Ingress }); !p.Src.IsValid() {
		p.Src = netip.MustParseAddr("192.168.200.1") // behind a gateway
		if f.Flow.Ingress == Internet {
			p.Src = netip.MustParseAddr("8.8.8.8")
		}
	}
	if id, ok := strings.CutPrefix(f.Flow.Dst, "ip-of:"); ok {
		p.Dst = ofENI(func(i *netmodel.Interface) bool { return i.ID == id })
	} else {
		p.Dst = netip.MustParseAddr(f.Flow.Dst)
	}
	switch f.Flow.Proto {
	case "tcp":
		p.Protocol = netmodel.TCP
		port, err := strconv.ParseUint(strings.Trim(string(f.Flow.Dport), `"`), 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		p.DstPort = uint16(port)
	case "IpProtocol.AN":
		p.Protocol = 107
	case "any", "": // batfish's flow without a protocol
	default:
		t.Fatalf("protocol %q", f.Flow.Proto)
	}
	return p
}

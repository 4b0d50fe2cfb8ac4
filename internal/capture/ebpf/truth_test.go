package ebpf

import (
	"net/netip"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// plainNetwork returns a network with eni-1 at own4 and own6, whose group and network ACL have no rules.
func plainNetwork() *netmodel.Network {
	prefixes := func(of ...string) (out []netip.Prefix) {
		for _, s := range of {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	return &netmodel.Network{
		VPCs:    map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: prefixes("10.0.0.0/16", "2001:db8::/56")}},
		Subnets: map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1", CIDRs: prefixes("10.0.1.0/24", "2001:db8:0:1::/64"), NetworkACL: "acl-1"}},
		Interfaces: map[string]*netmodel.Interface{
			"eni-1": {ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-1"}, Addresses: []netip.Addr{own4, own6}},
		},
		SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}},
		NetworkACLs:    map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", VPC: "vpc-1"}},
		PrefixLists:    map[string]*netmodel.PrefixList{},
	}
}

// decides returns what decides at eni-1.
func decides(t testing.TB, n *netmodel.Network) *policy.Interface {
	t.Helper()
	i, err := policy.New(n).At("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// ethernet returns a frame of an IP packet with a body.
func ethernet(src, dst netip.Addr, protocol byte, body []byte) []byte {
	frame := make([]byte, 12, 54+len(body))
	if src.Is4() {
		frame = append(frame, 0x08, 0x00, 0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, protocol, 0, 0)
		big.PutUint16(frame[16:], uint16(20+len(body)))
	} else {
		frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol, 64)
		big.PutUint16(frame[18:], uint16(len(body)))
	}
	frame = append(append(frame, src.AsSlice()...), dst.AsSlice()...)
	return append(frame, body...)
}

func tcpFrame(src, dst netip.Addr, srcPort, dstPort uint16, flags byte, data []byte) []byte {
	b := make([]byte, 20, 20+len(data))
	big.PutUint16(b, srcPort)
	big.PutUint16(b[2:], dstPort)
	b[12], b[13] = 0x50, flags
	return ethernet(src, dst, netmodel.TCP, append(b, data...))
}

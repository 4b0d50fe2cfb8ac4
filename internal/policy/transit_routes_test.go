package policy

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/netmodel"
)

// TestTransitRoutes has the static routes of a table, and the CIDRs of the VPCs that propagate to it.
func TestTransitRoutes(t *testing.T) {
	static := netmodel.TransitGatewayRoute{CIDR: netip.MustParsePrefix("10.9.0.0/16"), Type: "static", State: "blackhole"}
	d := New(&netmodel.Network{
		VPCs:                      map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/56")}}},
		TransitGatewayAttachments: map[string]*netmodel.TransitGatewayAttachment{"tgw-attach-1": {ID: "tgw-attach-1", Kind: "vpc", Resource: "vpc-1", IPv6: "disable"}},
		TransitGatewayRouteTables: map[string]*netmodel.TransitGatewayRouteTable{
			"tgw-rtb-1": {
				ID: "tgw-rtb-1", RoutesKnown: netmodel.StaticRoutes, Routes: []netmodel.TransitGatewayRoute{static}, PropagationsKnown: true,
				Propagations: []netmodel.Propagation{{Attachment: "tgw-attach-1", Kind: "vpc", Resource: "vpc-1", State: "enabled"}},
			},
			"tgw-rtb-2": {ID: "tgw-rtb-2"},
		},
	})
	got, err := d.TransitRoutes("tgw-rtb-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []netmodel.TransitGatewayRoute{static, {CIDR: netip.MustParsePrefix("10.1.0.0/16"), Type: "propagated", State: "active", Attachments: []string{"tgw-attach-1"}}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"tgw-rtb-2", "tgw-rtb-3"} { // whose routes are not known, and which is not there
		if _, err := d.TransitRoutes(id); !errors.Is(err, ErrNoPath) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

package agent

import (
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/device"
	"weir/internal/aggregate"
)

// transitDefinition is a part of the definition of the tests.
const transitDefinition = `transit-gateways:
  tgw-1: {}
  hub: {}
transit-gateway-attachments:
  tgw-attach-a: {transit-gateway: tgw-1, resource: vpc-1, subnets: [subnet-1]}
  tgw-attach-b: {transit-gateway: tgw-1, resource: vpc-2, subnets: [subnet-3]}
  tgw-attach-c: {transit-gateway: tgw-1, kind: connect, transport: tgw-attach-a}
  tgw-attach-d: {transit-gateway: tgw-1, resource: vpn-1, kind: vpn}
  tgw-attach-e: {transit-gateway: tgw-9, resource: vpc-1, subnets: [subnet-1]}
nat-gateways:
  nat-1: {subnet: subnet-1, addresses: [{interface: eni-1}]}
  nat-2: {availability: regional, vpc: vpc-1}
`

// TestMatchAttachment has devices of a router that are attachments of a transit gateway. A device with two sides is the router's own if nobody says.
func TestMatchAttachment(t *testing.T) {
	yes := true
	found := &device.Found{Devices: []device.Device{{Index: 2, Name: "eth0"}, {Index: 3, Name: "veth1", Kind: "veth"}, {Index: 4, Name: "veth2", Kind: "veth"}, {Index: 5, Name: "eth3"}, {Index: 6, Name: "eth4"}}}
	all := []config.Interface{
		{Device: "eth0", Attachment: "tgw-attach-a", Mode: "count"},
		{Device: "veth1", Attachment: "tgw-attach-b", Mode: "count"},
		{Device: "veth2", Attachment: "tgw-attach-d", Mode: "count", Flipped: &yes},
		{Device: "eth3", Attachment: "tgw-attach-a", Mode: "count"},
		{Device: "eth4", Attachment: "tgw-attach-c", Mode: "count"},
	}
	var got []string
	for _, m := range match(all, networkOf(t), found, counted{}) {
		text := m.Name + " " + m.Interface + " " + m.State()
		if m.Flipped {
			text += " flipped"
		}
		got = append(got, text)
	}
	want := []string{"eth0 tgw-attach-a recorded", "veth1 tgw-attach-b recorded", "veth2 tgw-attach-d recorded flipped", "eth3 tgw-attach-a refused", "eth4 tgw-attach-c refused"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q := queryOf(all[:2]); q.Behind {
		t.Error("nothing has to be known of what is behind")
	}
}

// TestRecordTransit has flow logs of a transit gateway, an attachment and a VPC, and packets at two attachments and a network interface: each has its own.
func TestRecordTransit(t *testing.T) {
	const format = "resource-type tgw-id tgw-attachment-id tgw-pair-attachment-id srcport packets flow-direction log-status"
	f, err := flowlog.ParseLogFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, config.FlowLog{ID: "fl-a", Resource: "tgw-1", Format: f}, config.FlowLog{ID: "fl-b", Resource: "tgw-attach-b", Format: f}, config.FlowLog{ID: "fl-c", Resource: "vpc-1"})
	for i := range b.logs {
		if b.logs[i].OfTransit() {
			b.logs[i].Traffic = "" // has none
		}
	}
	b.pass(t, time.Second, "tgw-attach-a:1:ACCEPT", "tgw-attach-d:2:ACCEPT", "eni-1:3:ACCEPT")
	out := b.packet("tgw-attach-b:1:ACCEPT")
	out.Egress = true
	b.do(t, &change{At: b.now.Wall.UnixNano(), Rows: []aggregate.Row{out}})
	b.pass(t, time.Minute)
	b.pass(t, time.Minute)
	got := objects(t, b.dir)
	if diff := cmp.Diff(map[string][]string{
		"fl-a 2220": {
			"TransitGateway tgw-1 tgw-attach-a - - - - NODATA", "TransitGateway tgw-1 tgw-attach-a tgw-attach-b 1 1 ingress OK",
			"TransitGateway tgw-1 tgw-attach-b - - - - NODATA", "TransitGateway tgw-1 tgw-attach-b tgw-attach-a 1 1 egress OK",
			"TransitGateway tgw-1 tgw-attach-d - - - - NODATA", "TransitGateway tgw-1 tgw-attach-d - 2 1 ingress OK",
		},
		"fl-b 2220": {"TransitGatewayAttachment tgw-1 tgw-attach-b - - - - NODATA", "TransitGatewayAttachment tgw-1 tgw-attach-b tgw-attach-a 1 1 egress OK"},
		"fl-c 2220": {"eni-1 - - 1700000460 1700000520 - NODATA", "eni-1 3 1 1700000401 1700000401 ACCEPT OK"},
	}, got); diff != "" {
		t.Errorf("%s\n%s", diff, b.log.String())
	}
	// What is given up is owed to attachments.
	b.room.each = 1
	b.pass(t, time.Second, "tgw-attach-a:1:ACCEPT")
	b.pass(t, time.Minute)
	if owed := slices.Sorted(maps.Keys(b.owed["fl-a"])); !slices.Contains(owed, "tgw-attach-a") {
		t.Errorf("owed: %v", owed)
	}
}

// TestTellsLosses has the devices of which it is told what the router can't forward, where the kernel tells it, and where it does not.
func TestTellsLosses(t *testing.T) {
	for _, tells := range []bool{true, false} {
		a := &agent{Options: Options{Log: slog.New(slog.DiscardHandler)}, network: networkOf(t), program: &counting{}}
		if tells {
			a.forwards = &tells
		}
		for _, tc := range []struct {
			name string
			m    Match
			want bool
		}{
			{"the router's own", Match{Interface: "tgw-attach-a"}, tells},
			{"the other end", Match{Interface: "tgw-attach-a", Flipped: true}, false},
			{"of another namespace", Match{Interface: "tgw-attach-a", Device: device.Device{Cookie: 7}}, false},
			{"of a VRF", Match{Interface: "tgw-attach-a", Device: device.Device{Master: 7}}, false},
			{"a network interface", Match{Interface: "eni-1"}, false},
		} {
			if got := a.tellsLosses(&tc.m); got != tc.want {
				t.Errorf("%s, and the kernel tells %v: %v", tc.name, tells, got)
			}
		}
	}
}

// TestGoesAround has packets at devices that a transit gateway does not forward.
func TestGoesAround(t *testing.T) {
	n := networkOf(t)
	for _, tc := range []struct {
		id, src, dst string
		want         bool
	}{
		{"tgw-attach-a", "10.0.1.10", "10.1.2.10", false},
		{"tgw-attach-a", "fd00::1", "fd00::2", false},
		{"tgw-attach-a", "10.0.1.10", "224.0.0.5", true},
		{"tgw-attach-a", "fe80::1", "ff02::1", true},
		{"tgw-attach-a", "fe80::1", "fd00::2", true},
		{"tgw-attach-a", "0.0.0.0", "255.255.255.255", true},
		{"tgw-attach-a", "169.254.1.1", "10.1.2.10", true},
		{"eni-1", "10.0.1.10", "224.0.0.5", false},
	} {
		f := aggregate.Flow{Interface: tc.id, Src: netip.MustParseAddr(tc.src), Dst: netip.MustParseAddr(tc.dst)}
		if got := n.goesAround(&f); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
	c := NewCounters()
	c.sawAround(map[way]int64{{"tgw-attach-a", true}: 3})
	if v := c.values[unlogged][strings.Join([]string{"tgw-attach-a", "egress"}, "\x00")]; v != 3 {
		t.Errorf("%v packets", v)
	}
}

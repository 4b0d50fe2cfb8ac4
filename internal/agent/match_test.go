package agent

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
)

// TestMatch has the devices of a host, and configs in short: what each becomes, by name.
func TestMatch(t *testing.T) {
	yes, no := true, false
	devices := []device.Device{
		{Index: 1, Name: "lo", MAC: "00:00:00:00:00:00", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}},
		{Index: 2, Name: "eth0", MAC: "02:00:00:00:00:02", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.1.11")}},
		{Index: 3, Name: "eth1", MAC: "02:00:00:00:00:03", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("10.0.2.10")}},
		{Index: 4, Name: "veth4", Kind: "veth", MAC: "02:00:00:00:00:04"},
		{Index: 5, Name: "tap5", Kind: "tun"},
		{Index: 9, Name: "eth9", MAC: "02:00:00:00:00:09", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.10")}},
		{Index: 6, Name: "tun6", Kind: "tun", Raw: true},
		{Index: 10, Name: "tunl0", Kind: "ipip", OddFrames: 768, Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.11")}},
		{Index: 11, Name: "tunl1", Kind: "ipip", OddFrames: 768},
	}
	for _, tc := range []struct {
		name       string
		interfaces []config.Interface
		want       map[string]string
	}{
		{"an address of the device, a secondary one", []config.Interface{{Device: "eth0"}}, map[string]string{"eth0": "eni-1"}},
		{"a device without", []config.Interface{{Device: "lo"}}, map[string]string{"lo": "unmatched"}},
		{"of two interfaces", []config.Interface{{Device: "eth[01]"}}, map[string]string{"eth0": "eni-1", "eth1": "refused: it may be eni-1 or eni-2 by its MAC address or its addresses: say eni"}},
		{"a MAC address of an interface, before its addresses", []config.Interface{{Device: "eth9"}}, map[string]string{"eth9": "eni-4"}},
		{"the first that is met", []config.Interface{{MAC: "02:00:00:00:00:03", ENI: "eni-2"}, {Device: "eth[01]", ENI: "eni-1"}}, map[string]string{"eth0": "eni-1", "eth1": "eni-2"}},
		{"all conditions", []config.Interface{{Device: "eth[01]", Address: netip.MustParseAddr("10.0.2.10"), ENI: "eni-2"}}, map[string]string{"eth1": "eni-2"}},
		{"twice", []config.Interface{{Device: "eth[01]", ENI: "eni-2"}}, map[string]string{"eth0": "eni-2", "eth1": "refused: eth0 is eni-2 already: its packets would count twice"}},
		{"two sides", []config.Interface{{Device: "veth*", ENI: "eni-1"}, {Device: "tap5", ENI: "eni-2", Flipped: &no}, {Device: "tun6"}}, map[string]string{
			"veth4": "refused: it is a veth: say flipped: true where it is the host's side, where what comes in leaves the interface, or flipped: false", "tap5": "eni-2", "tun6": "unmatched",
		}},
		{"the host's side", []config.Interface{{Device: "veth*", ENI: "eni-1", Flipped: &yes}}, map[string]string{"veth4": "eni-1 flipped"}},
		{"frames of another kind", []config.Interface{{Device: "tunl*"}, {Device: "eth0"}}, map[string]string{
			"tunl0": "refused: its frames are of kind 768 (ARPHRD): those of Ethernet are read, and such as begin with the header of IP", "tunl1": "unmatched", "eth0": "eni-1",
		}},
		{"what decides is not in the definition", []config.Interface{{Device: "eth0", ENI: "eni-3"}}, map[string]string{"eth0": `refused: can't decide at eni-3: the network ACL "" of its subnet subnet-3 is not in the input`}},
	} {
		for i := range tc.interfaces {
			tc.interfaces[i].Mode = "shadow"
		}
		got := map[string]string{}
		for _, m := range match(tc.interfaces, networkOf(t), &device.Found{Devices: slices.Clone(devices)}, counted{}) {
			got[m.Name] = m.Interface
			if m.State() == "unmatched" {
				got[m.Name] = "unmatched"
			}
			if m.Refused != "" {
				got[m.Name] = "refused: " + m.Refused
			}
			if m.Flipped {
				got[m.Name] += " flipped"
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

// TestSides has devices with two sides, and facts of what is behind them: with these, nobody has to say which side it is.
func TestSides(t *testing.T) {
	yes, no := true, false
	own, far := netip.MustParseAddr("10.0.1.11"), netip.MustParseAddr("10.0.1.10") // of eni-1 alone
	veth := func(name string, peer *device.Peer, addresses ...netip.Addr) device.Device {
		return device.Device{Index: 7, Name: name, Kind: "veth", MAC: "02:00:00:00:00:77", Addresses: addresses, Peer: peer}
	}
	const unknown = "refused: it is a veth: say flipped: true where it is the host's side, where what comes in leaves the interface, or flipped: false"
	for _, tc := range []struct {
		name string
		d    device.Device
		in   config.Interface
		want string
	}{
		{"an address behind it", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}}), config.Interface{Device: "v"}, "eni-1 flipped"},
		{"an address of its own", veth("v", &device.Peer{Index: 2}, own), config.Interface{Device: "v"}, "eni-1"},
		{"a MAC address behind it", veth("v", &device.Peer{Index: 2, MAC: "02:00:00:00:00:09"}), config.Interface{Device: "v"}, "eni-4 flipped"},
		{"both sides", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}}, own), config.Interface{Device: "v"}, unknown},
		{"neither side", veth("v", &device.Peer{Index: 2}), config.Interface{Device: "v", ENI: "eni-1"}, unknown},
		{"nothing is known of it", veth("v", nil), config.Interface{Device: "v", ENI: "eni-1"}, unknown},
		{"another interface is behind it", veth("v", &device.Peer{Index: 2, MAC: "02:00:00:00:00:09"}), config.Interface{Device: "v", ENI: "eni-1"}, unknown},
		{"it is said that the own side counts", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}}), config.Interface{Device: "v", Flipped: &no}, "unmatched"},
		{"it is said which side", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}}), config.Interface{Device: "v", Flipped: &yes}, "eni-1 flipped"},
		{"a tap of a machine", device.Device{Index: 7, Name: "vnet0", Kind: "tun", MAC: "fe:00:00:00:00:09", Domain: "vm1", GuestMAC: "02:00:00:00:00:09"}, config.Interface{Domain: "vm1"}, "eni-4 flipped"},
		{"of another machine", device.Device{Index: 7, Name: "vnet0", Kind: "tun", Domain: "vm2"}, config.Interface{Domain: "vm1"}, ""},
		{"a container's", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}, Containers: []string{"app", strings.Repeat("0123456789abcdef", 4)}}), config.Interface{Container: "0123456789ab"}, "eni-1 flipped"},
		{"by too few digits", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}, Containers: []string{strings.Repeat("0123456789abcdef", 4)}}), config.Interface{Container: "0123456789a"}, ""},
		{"by the name", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}, Containers: []string{"app"}}), config.Interface{Container: "app"}, "eni-1 flipped"},
		{"by a part of the name", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}, Containers: []string{"application-1"}}), config.Interface{Container: "application-"}, ""},
		{"a namespace's", veth("v", &device.Peer{Index: 2, Addresses: []netip.Addr{far}, Netns: []string{"web"}}), config.Interface{PeerNetns: "web"}, "eni-1 flipped"},
		{"a bridge's port", device.Device{Index: 7, Name: "eth7", Bridge: "br0", Addresses: []netip.Addr{own}}, config.Interface{Bridge: "br0"}, "eni-1"},
		{"in another namespace", device.Device{Index: 7, Netns: "web", Cookie: 9, Name: "eth0", Addresses: []netip.Addr{own}}, config.Interface{Device: "eth0", Netns: "web"}, "eni-1"},
		{"not in another namespace", device.Device{Index: 7, Name: "eth0", Addresses: []netip.Addr{own}}, config.Interface{Device: "eth0", Netns: "web"}, ""},
	} {
		tc.in.Mode = "shadow"
		got := ""
		for _, m := range match([]config.Interface{tc.in}, networkOf(t), &device.Found{Devices: []device.Device{tc.d}}, counted{}) {
			switch got = m.Interface; m.State() {
			case "refused":
				got = "refused: " + m.Refused
			case "unmatched":
				got = "unmatched"
			}
			if m.Flipped {
				got += " flipped"
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	unread := match(nil, networkOf(t), &device.Found{Unread: map[string]string{"web": "there is no network namespace /run/netns/web"}}, counted{})
	if len(unread) != 1 || unread[0].Label() != "web:*" || unread[0].State() != "refused" {
		t.Errorf("%+v", unread)
	}
}

// TestStays has a device that is counted by what was behind it, and what is behind it later: who is inside does not choose another interface, nor none. A reload looks anew,
// and where nothing tells it stays all the same.
func TestStays(t *testing.T) {
	yes, no := true, false
	veth := func(peer *device.Peer) device.Device {
		return device.Device{Index: 7, Name: "v", Kind: "veth", MAC: "02:00:00:00:00:77", Peer: peer}
	}
	first, second := &device.Peer{MAC: "02:00:00:00:00:09"}, &device.Peer{Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.11")}} // of eni-4 and of eni-1
	const unknown = "refused"
	for _, tc := range []struct {
		name string
		d    device.Device
		in   config.Interface
		anew bool
		want string
	}{
		{"as it was", veth(first), config.Interface{}, false, "eni-4 flipped"},
		{"the address of another", veth(second), config.Interface{}, false, "eni-4 flipped"},
		{"nothing", veth(nil), config.Interface{}, false, "eni-4 flipped"},
		{"the address of another, after a reload", veth(second), config.Interface{}, true, "eni-1 flipped"},
		{"nothing, after a reload", veth(nil), config.Interface{}, true, "eni-4 flipped"},
		{"it is said now", veth(first), config.Interface{ENI: "eni-1", Flipped: &no}, false, "eni-1"},
		{"the same is said now", veth(nil), config.Interface{ENI: "eni-4", Flipped: &yes}, false, "eni-4 flipped"},
		{"another is said now", veth(nil), config.Interface{ENI: "eni-1"}, false, unknown},
		{"another device has its index", device.Device{Index: 7, Name: "v", Kind: "veth", MAC: "02:00:00:00:00:78"}, config.Interface{}, false, unknown},
	} {
		was := match([]config.Interface{{Device: "v", Mode: "shadow"}}, networkOf(t), &device.Found{Devices: []device.Device{veth(first)}}, counted{})[0]
		tc.in.Device, tc.in.Mode = "v", "enforce"
		m := match([]config.Interface{tc.in}, networkOf(t), &device.Found{Devices: []device.Device{tc.d}}, counted{map[place]*Match{was.place(): &was}, tc.anew})[0]
		got := m.Interface
		if m.Flipped {
			got += " flipped"
		}
		if m.Refused != "" {
			got = unknown
		}
		if got != tc.want || m.Mode != "enforce" {
			t.Errorf("%s: %q, want %q: %+v", tc.name, got, tc.want, m)
		}
	}
	// The interface is not in the definition any more.
	was := Match{Device: veth(nil), Interface: "eni-99", told: true}
	if m := match([]config.Interface{{Device: "v", Mode: "enforce"}}, networkOf(t), &device.Found{Devices: []device.Device{veth(nil)}}, counted{map[place]*Match{was.place(): &was}, true})[0]; m.State() != "refused" {
		t.Errorf("%+v", m)
	}
}

// TestQuery has what a config makes an agent look at: no more than it takes.
func TestQuery(t *testing.T) {
	no := false
	for _, tc := range []struct {
		in   config.Interface
		want device.Query
	}{
		{config.Interface{Device: "eth0", ENI: "eni-1", Flipped: &no}, device.Query{}},
		{config.Interface{Device: "eth0", ENI: "eni-1"}, device.Query{Behind: true}},
		{config.Interface{Device: "eth0", Flipped: &no}, device.Query{Behind: true}},
		{config.Interface{Container: "app", ENI: "eni-1", Flipped: &no}, device.Query{Behind: true}},
		{config.Interface{PeerNetns: "web", ENI: "eni-1", Flipped: &no}, device.Query{Behind: true, PeerNetns: []string{"web"}}},
		{config.Interface{Netns: "web"}, device.Query{Netns: []string{"web"}}},
	} {
		if diff := cmp.Diff(tc.want, queryOf([]config.Interface{tc.in})); diff != "" {
			t.Errorf("%+v: %s", tc.in, diff)
		}
	}
}

// TestSettle has configs that name what the definition has not got, or does not say.
func TestSettle(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		c          config.Config
	}{
		{"an interface", "a.yaml:7:3: there is no network interface eni-9 in the definition", config.Config{Interfaces: []config.Interface{{ENI: "eni-9", Mode: "shadow"}}}},
		{"a resource", "a.yaml:7:3: fl-1: there is no VPC, subnet or network interface vpc-9 in the definition", config.Config{FlowLogs: []config.FlowLog{{Resource: "vpc-9"}}}},
		{"a transit gateway", "a.yaml:7:3: fl-1: there is no transit gateway or attachment tgw-9 in the definition", config.Config{FlowLogs: []config.FlowLog{{Resource: "tgw-9"}}}},
		{"a transit gateway of another id", "a.yaml:7:3: fl-1: flow logs of transit gateways and attachments know them by ids that begin with tgw-, and hub does not", config.Config{FlowLogs: []config.FlowLog{{Resource: "hub"}}}},
		{"a Connect attachment's flow log", "a.yaml:7:3: fl-1: tgw-attach-c is a Connect attachment: flow logs have its traffic at the transport attachment, tgw-attach-a: say that one", config.Config{FlowLogs: []config.FlowLog{{Resource: "tgw-attach-c"}}}},
		{"a NAT gateway", "a.yaml:7:3: fl-1: agents make no flow logs of NAT gateways: say eni-1, the network interface of nat-1, as the resource", config.Config{FlowLogs: []config.FlowLog{{Resource: "nat-1"}}}},
		{"a regional NAT gateway", "a.yaml:7:3: fl-1: agents make no flow logs of NAT gateways, and no host has an interface of nat-2: say the VPC, subnet or network interface that sends by it as the resource", config.Config{FlowLogs: []config.FlowLog{{Resource: "nat-2"}}}},
		{"an attachment", "a.yaml:7:3: there is no transit gateway attachment tgw-attach-9 in the definition", config.Config{Interfaces: []config.Interface{{Attachment: "tgw-attach-9", Mode: "count"}}}},
		{"an attachment of a gateway elsewhere", "a.yaml:7:3: the transit gateway of tgw-attach-e, \"tgw-9\", is not in the definition: it is one of transit-gateways there, or of the answer of describe-transit-gateways", config.Config{Interfaces: []config.Interface{{Attachment: "tgw-attach-e", Mode: "count"}}}},
		{"nobody says the account", "a.yaml:7:3: fl-1: the definition does not say the account of vpc-2, which keys of objects have: say account", config.Config{FlowLogs: []config.FlowLog{{Resource: "vpc-2"}}}},
	} {
		n := networkOf(t)
		n.VPCs["vpc-2"].Account = ""
		tc.c.File = "a.yaml"
		for i := range tc.c.Interfaces {
			tc.c.Interfaces[i].Place = config.Place{Line: 7, Column: 3}
		}
		for i := range tc.c.FlowLogs {
			tc.c.FlowLogs[i].ID, tc.c.FlowLogs[i].Place = "fl-1", config.Place{Line: 7, Column: 3}
		}
		if err := settle(&tc.c, n); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestObserving has devices in mode observe: of one that belongs to a bridge the kernel does not tell what the firewall drops.
func TestObserving(t *testing.T) {
	c := &config.Config{Interfaces: []config.Interface{{Device: "eth*", ENI: "eni-1", Mode: "observe"}, {Device: "port", ENI: "eni-2", Mode: "observe"}, {Device: "other", ENI: "eni-4", Mode: "count"}}}
	found := &device.Found{Devices: []device.Device{{Index: 2, Name: "eth0"}, {Index: 3, Name: "port", Master: 2}, {Index: 4, Name: "other", Master: 2}}}
	got := match(c.Interfaces, networkOf(t), found, counted{})
	if len(got) != 3 || got[0].Refused != "" || !strings.HasPrefix(got[1].Refused, "it belongs to device 2 ") || got[2].Refused != "" {
		t.Errorf("%+v", got)
	}
}

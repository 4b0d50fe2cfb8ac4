package agent

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestMatch has the devices of a host, and configs in short: what each becomes, by name.
func TestMatch(t *testing.T) {
	yes, no := true, false
	devices := []Device{
		{Index: 1, Name: "lo", MAC: "00:00:00:00:00:00", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}},
		{Index: 2, Name: "eth0", MAC: "02:00:00:00:00:02", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("10.0.1.11")}},
		{Index: 3, Name: "eth1", MAC: "02:00:00:00:00:03", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("10.0.2.10")}},
		{Index: 4, Name: "veth4", Kind: "veth", MAC: "02:00:00:00:00:04"},
		{Index: 5, Name: "tap5", Kind: "tun"},
		{Index: 9, Name: "eth9", MAC: "02:00:00:00:00:09", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.10")}},
		{Index: 6, Name: "tun6", Kind: "tun", Raw: true},
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
		{"what decides is not in the definition", []config.Interface{{Device: "eth0", ENI: "eni-3"}}, map[string]string{"eth0": `refused: can't decide at eni-3: the network ACL "" of its subnet subnet-3 is not in the input`}},
	} {
		for i := range tc.interfaces {
			tc.interfaces[i].Mode = "shadow"
		}
		got := map[string]string{}
		for _, m := range match(&config.Config{Interfaces: tc.interfaces}, networkOf(t), devices) {
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

// TestSettle has configs that name what the definition has not got, or does not say.
func TestSettle(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		c          config.Config
	}{
		{"an interface", "a.yaml:7:3: there is no network interface eni-9 in the definition", config.Config{Interfaces: []config.Interface{{ENI: "eni-9", Mode: "shadow"}}}},
		{"a resource", "a.yaml:7:3: fl-1: there is no VPC, subnet or network interface vpc-9 in the definition", config.Config{FlowLogs: []config.FlowLog{{Resource: "vpc-9"}}}},
		{"a transit gateway", "a.yaml:7:3: fl-1: flow logs of tgw-1 are not made yet: there are those of VPCs, subnets and network interfaces", config.Config{FlowLogs: []config.FlowLog{{Resource: "tgw-1"}}}},
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
	devices := []Device{{Index: 2, Name: "eth0"}, {Index: 3, Name: "port", Master: 2}, {Index: 4, Name: "other", Master: 2}}
	got := match(c, networkOf(t), devices)
	if len(got) != 3 || got[0].Refused != "" || !strings.HasPrefix(got[1].Refused, "it belongs to device 2 ") || got[2].Refused != "" {
		t.Errorf("%+v", got)
	}
}

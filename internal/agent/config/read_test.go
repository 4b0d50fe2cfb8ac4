package config

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

func format(t *testing.T, s string) flowlog.Format {
	t.Helper()
	f, err := flowlog.ParseLogFormat(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const full = `# all keys
network: [net.yaml, /srv/more]
listen: "[::1]:9000"
mode: count
connections: 4096
rejects: 1024
interfaces:
  - device: eth?
    eni: eni-1
    mode: enforce
  - {mac: 02-00-00-00-00-0A, address: 10.0.0.1, flipped: true}
flow-logs:
  fl-0123456789abcdef0:
    resource: vpc-1
    traffic: ALL
    destination: logs
  fl-1:
    resource: eni-1
    traffic: REJECT
    interval: 60
    account: 123456789012
    region: eu-west-1
    destination: /srv/logs
    file-format: parquet
    hive-partitions: true
    hourly-partitions: true
    format: ${interface-id} ${weir-would-action}
state: state
pin: bpf
spool-bytes: 4096
capture: auto
ring: 1048576
nat: conntrack
ip-ranges: ip-ranges.json
state-bytes: 134217728
`

func TestRead(t *testing.T) {
	c, err := Read("/etc/weir/agent.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	flipped := true
	want := &Config{
		File: "/etc/weir/agent.yaml", Network: []string{"/etc/weir/net.yaml", "/srv/more"}, Listen: netip.MustParseAddrPort("[::1]:9000"), Connections: 4096, Rejects: 1024,
		State: "/etc/weir/state", Attachments: "/etc/weir/state/attachments.json", Pin: "/etc/weir/bpf", SpoolBytes: 4096, StateBytes: 1 << 27, Capture: "auto", Ring: 1 << 20, NAT: true, IPRanges: "/etc/weir/ip-ranges.json",
		Interfaces: []Interface{
			{Place: Place{8, 5}, Device: "eth?", ENI: "eni-1", Mode: "enforce"},
			{Place: Place{11, 5}, MAC: "02:00:00:00:00:0a", Address: netip.MustParseAddr("10.0.0.1"), Mode: "count", Flipped: &flipped},
		},
		FlowLogs: []FlowLog{
			{Place: Place{13, 3}, ID: "fl-0123456789abcdef0", Resource: "vpc-1", Traffic: "ALL", Format: flowlog.DefaultFormat(flowlog.KindVPC), Interval: 10 * time.Minute, Destination: "/etc/weir/logs"},
			{
				Place: Place{17, 3}, ID: "fl-1", Resource: "eni-1", Traffic: "REJECT", Format: format(t, "interface-id weir-would-action"), Interval: time.Minute, Account: "123456789012",
				Region: "eu-west-1", Destination: "/srv/logs", Parquet: true, Hive: true, Hourly: true,
			},
		},
	}
	if diff := cmp.Diff(want, c, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// TestConditions has all that a device may be found by.
func TestConditions(t *testing.T) {
	c, err := Read("/etc/weir/agent.yaml", []byte(`network: net.yaml
socket: agent.sock
attachments: /srv/attached.json
interfaces:
  - {netns: web, bridge: br0}
  - {netns: /proc/7/ns/net}
  - {peer-netns: web}
  - {container: 0123456789ab}
  - {domain: vm1}
flow-logs: {}
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Socket != "/etc/weir/agent.sock" || c.Attachments != "/srv/attached.json" {
		t.Errorf("%+v", c)
	}
	want := []Interface{{Netns: "web", Bridge: "br0"}, {Netns: "/proc/7/ns/net"}, {PeerNetns: "web"}, {Container: "0123456789ab"}, {Domain: "vm1"}}
	for i := range want {
		want[i].Place, want[i].Mode = Place{5 + i, 5}, "shadow"
	}
	if diff := cmp.Diff(want, c.Interfaces, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	c, err := Read("agent.yaml", []byte("network: net.yaml\ninterfaces: [{device: eth0}]\nflow-logs: {}\n"))
	if err != nil || c.Listen != DefaultListen || c.Interfaces[0].Mode != "shadow" || c.Network[0] != "net.yaml" {
		t.Errorf("%+v: %v", c, err)
	}
}

// TestRefused changes the full config, and wants an error at its place.
func TestRefused(t *testing.T) {
	for _, tc := range []struct{ old, to, want string }{
		{full, "", "a.yaml: an empty file"},
		{full, "- a\n", "a.yaml:1:1: a list where the keys of an agent, such as network, is expected"},
		{full, full + "---\nx: y\n", "a.yaml:36:1: a second document where one is expected"},
		{full, "a: [", "a.yaml:2:1: no YAML: "},
		{"mode: count", "mode: count\n\tnat: none", "a.yaml:5:1: no YAML: found a tab character that violates indentation"},
		{"mode: count", "mode: count # caf\xe9", "a.yaml:4:18: no YAML: the byte 0xe9 is no UTF-8"},
		{"mode: count", "mode: count\n# \u00e9\x00", "a.yaml:5:4: no YAML: the character U+0000 is not allowed"},
		{"mode: count", "modes: count", "a.yaml:4:1: no key modes; there are network, ip-ranges, listen, socket, attachments, mode, state, pin, spool-bytes, state-bytes, capture, ring, connections, rejects, nat, interfaces, flow-logs, server, buckets"},
		{"mode: count", "mode: block", `a.yaml:4:7: "block" is none of count, shadow, enforce, observe`},
		{"nat: conntrack", "nat: iptables", `a.yaml:33:6: "iptables" is none of none, conntrack`},
		{"mode: count", "mode: count\nmode: count", "a.yaml:5:1: mode is there before, in line 4"},
		{"mode: count", "mode:", "a.yaml:4:6: no value where a text is expected"},
		{"network: [net.yaml, /srv/more]\n", "", "a.yaml:2:1: no network"},
		{"[net.yaml, /srv/more]", "[]", "a.yaml:2:10: no file of the network's definition"},
		{"[net.yaml, /srv/more]", "{a: b}", "a.yaml:2:10: a mapping where a list is expected"},
		{`"[::1]:9000"`, "0.0.0.0:9000", "a.yaml:3:9: 0.0.0.0 is not of the loopback device: health and metrics ask for no password"},
		{`"[::1]:9000"`, "localhost:9000", `a.yaml:3:9: "localhost:9000" is no address with a port, such as 127.0.0.1:8788`},
		{"connections: 4096", "connections: 0", `a.yaml:5:14: "0" is no number from 1 to 16777216`},
		{"rejects: 1024", "rejects: 99999999", `a.yaml:6:10: "99999999" is no number from 1 to 16777216`},
		{"device: eth?", "device: 'eth['", `a.yaml:8:13: "eth[" is no pattern of names`},
		{"device: eth?", "name: eth0", "a.yaml:8:5: no key name; there are device, mac, address, netns, bridge, peer-netns, container, domain, eni, attachment, mode, flipped"},
		{"device: eth?\n    eni: eni-1", "eni: eni-1", "a.yaml:8:5: it says no device: device, mac, address, netns, bridge, peer-netns, container and domain do"},
		{"device: eth?", "netns: a/b", `a.yaml:8:12: "a/b" is neither the name of a network namespace nor an absolute path`},
		{"device: eth?", "peer-netns: ..", `a.yaml:8:17: ".." is neither the name of a network namespace nor an absolute path`},
		{"device: eth?", "netns: web\n    domain: vm1", "a.yaml:8:5: peer-netns, container and domain are not looked for in another network namespace: leave them or netns out"},
		{"02-00-00-00-00-0A", "02-00", `a.yaml:11:11: "02-00" is no MAC address`},
		{"address: 10.0.0.1", "address: '::ffff:10.0.0.1'", `a.yaml:11:39: "::ffff:10.0.0.1" is no address as devices have them: write 10.0.0.1`},
		{"address: 10.0.0.1", "address: fe80::1%eth0", `a.yaml:11:39: "fe80::1%eth0" is no address as devices have them: write fe80::1`},
		{"address: 10.0.0.1", "address: 10.0.0.1/24", `a.yaml:11:39: "10.0.0.1/24" is no IP address`},
		{"flipped: true", "flipped: yes", `a.yaml:11:58: "yes" is neither true nor false`},
		{"fl-1:", "flow-1:", `a.yaml:17:3: "flow-1" is no id of a flow log, such as fl-0123456789abcdef0`},
		{"fl-1:", "fl-0123456789abcdef0:", "a.yaml:17:3: fl-0123456789abcdef0 is there before, in line 13"},
		{"    resource: eni-1\n", "", "a.yaml:18:5: no resource"},
		{"traffic: REJECT", "traffic: reject", `a.yaml:19:14: "reject" is none of ACCEPT, REJECT, ALL`},
		{"interval: 60", "interval: 300", `a.yaml:20:15: "300" is none of 600, 60`},
		{"interval: 60", "close-every: 7", `a.yaml:20:18: "7" is none of 5, 10, 15, 20, 30 seconds`},
		{"interval: 60", "close-every: 60s", `a.yaml:20:18: "60s" is none of 5, 10, 15, 20, 30 seconds`},
		{"account: 123456789012", "account: 12", `a.yaml:21:14: "12" is no account of 12 digits`},
		{"region: eu-west-1", "region: here", `a.yaml:22:13: "here" is no region, such as us-east-1`},
		{"file-format: parquet", "file-format: orc", `a.yaml:24:18: "orc" is none of plain-text, parquet`},
		{"${weir-would-action}", "${no-such}", "a.yaml:27:13: there is no field no-such; weir fields lists them"},
		{"${weir-would-action}", "${weir-pair}", "a.yaml:27:13: weir-pair is of the lake, and in no record of an agent"},
		{"${weir-would-action}", "${tgw-id}", "a.yaml:27:13: log format: field interface-id is of VPC flow logs only and tgw-id of transit gateway flow logs only"},
		{"${interface-id} ${weir-would-action}", "${tgw-id}", "a.yaml:27:13: no vpc flow log has the field tgw-id"},
		{"${weir-would-action}", "${interface-id}", "a.yaml:27:13: log format: field interface-id stands there twice"},
		{"network: [net.yaml, /srv/more]", "network: &n net.yaml\nlisten: *n", "a.yaml:3:9: aliases (*n) are not supported: write it out"},
		{"capture: auto", "capture: pcap", `a.yaml:31:10: "pcap" is none of bpf, packet, auto`},
		{"capture: auto", "capture: packet", "a.yaml:8:5: mode enforce takes capture: bpf: what a packet socket gets has passed already"},
		{"ring: 1048576", "ring: 2000000000", `a.yaml:32:7: "2000000000" is no number from 1 to 1073741824`},
		{"mode: count", "<<: {mode: count}", "a.yaml:4:1: merge keys (<<) are not supported: write it out"},
	} {
		text := strings.Replace(full, tc.old, tc.to, 1)
		if text == full {
			t.Errorf("%q changes nothing", tc.old)
		}
		_, err := Read("a.yaml", []byte(text))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tc.want) || !strings.HasSuffix(tc.want, ": ") && err.Error() != tc.want {
			t.Errorf("%q:\n%v, want\n%s", tc.to, err, tc.want)
		}
	}
}

// TestReadTransit has a router's attachments and flow logs of transit gateways, and what they can't have.
func TestReadTransit(t *testing.T) {
	const text = `network: net.yaml
mode: enforce
interfaces:
  - {device: eth1, attachment: tgw-attach-1}
flow-logs:
  fl-1: {resource: tgw-1, interval: 60, destination: logs}
  fl-2: {format: "${tgw-id} ${packets}", resource: tgw-attach-1, interval: 60, destination: logs}
`
	c, err := Read("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Interface{{Place: Place{4, 5}, Device: "eth1", Attachment: "tgw-attach-1", Mode: "count"}}, c.Interfaces, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]FlowLog{
		{Place: Place{6, 3}, ID: "fl-1", Resource: "tgw-1", Format: flowlog.DefaultFormat(flowlog.KindTGW), Interval: time.Minute, Destination: "logs"},
		{Place: Place{7, 3}, ID: "fl-2", Resource: "tgw-attach-1", Format: format(t, "tgw-id packets"), Interval: time.Minute, Destination: "logs"},
	}, c.FlowLogs); diff != "" {
		t.Error(diff)
	}
	for _, tc := range []struct{ old, to, want string }{
		{"attachment: tgw-attach-1", "attachment: tgw-attach-1, eni: eni-1", "a.yaml:4:5: eni beside attachment: a device is one or the other"},
		{"attachment: tgw-attach-1", "attachment: tgw-attach-1, mode: shadow", "a.yaml:4:5: mode shadow: no rules decide at an attachment of a transit gateway, which has mode count"},
		{"resource: tgw-1,", "resource: tgw-1, traffic: ALL,", "a.yaml:6:9: traffic is not for transit gateways and their attachments: their flow logs have all"},
		{"interval: 60", "interval: 600", "a.yaml:6:9: the interval of transit gateways and their attachments must be 60: say interval: 60"},
		{"interval: 60, ", "", "a.yaml:6:9: the interval of transit gateways and their attachments must be 60: say interval: 60"},
		{"${packets}", "${action}", "a.yaml:7:18: log format: field action is of VPC flow logs only and tgw-id of transit gateway flow logs only"},
		{"${tgw-id}", "${action}", "a.yaml:7:18: no tgw flow log has the field action"},
		{"${packets}", "${weir-object}", "a.yaml:7:18: weir-object is of the lake, and in no record of an agent"},
		{"${packets}", "${weir-allow-rules}", "a.yaml:7:18: "},
		{"resource: tgw-1", "resource: vpc-1", "a.yaml:6:9: no traffic"},
	} {
		changed := strings.Replace(text, tc.old, tc.to, 1)
		if _, err := Read("a.yaml", []byte(changed)); changed == text || err == nil || err.Error() != tc.want && !(strings.HasSuffix(tc.want, ": ") && strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%q:\n%v, want\n%s", tc.to, err, tc.want)
		}
	}
}

// FuzzRead looks for a text that makes the reader fail otherwise than by an error, or that it takes without what has to be there.
func FuzzRead(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("network: net.yaml\ninterfaces: [{device: '*'}]\nflow-logs: {fl-1: {resource: a, traffic: ALL, destination: b}}"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("network: n\ninterfaces: []\nflow-logs: {fl-1: {resource: a, traffic: ALL, destination: {s3: s3://bucket/p, endpoint: http://h, role: arn:aws:iam::123456789012:role/r}}}"))
	f.Add([]byte("network: n\ninterfaces: []\nflow-logs: {fl-1: {resource: a, traffic: ALL, destination: arn:aws:logs:us-east-1:123456789012:log-group:g}}"))
	f.Add([]byte("network: n\ninterfaces: [{device: a, attachment: tgw-attach-1}]\nflow-logs: {fl-1: {resource: tgw-1, interval: 60, destination: b}}"))
	f.Add([]byte("server: https://a\ninterfaces: []\nbuckets: b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Read("a.yaml", data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Reason == "" {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		if (len(c.Network) == 0) != (c.Server != "") || !c.Listen.Addr().IsLoopback() {
			t.Errorf("%+v", c)
		}
		for _, l := range c.FlowLogs {
			if l.ID == "" || l.Resource == "" || l.Destination == "" || l.Format.Len() == 0 || l.Interval == 0 {
				t.Errorf("%+v", l)
			}
			if l.OfTransit() != (l.Traffic == "") || l.OfTransit() && l.Interval != time.Minute {
				t.Errorf("%+v", l)
			}
			d := &l.Delivery
			if name := d.Bucket + d.LogGroup + d.DeliveryStream; (name == "") != (d.Type == Folder) || d.Prefix != "" && !strings.HasSuffix(d.Prefix, "/") {
				t.Errorf("%+v", d)
			}
		}
		for _, i := range c.Interfaces {
			if i.Mode == "" || i.Line == 0 || i.Attachment != "" && (i.Mode != "count" || i.ENI != "") {
				t.Errorf("%+v", i)
			}
		}
	})
}

// TestCloseEvery has windows that are over before AWS's are.
func TestCloseEvery(t *testing.T) {
	for _, tc := range []struct {
		keys string
		want time.Duration
	}{
		{"", 10 * time.Minute}, {"interval: 60, ", time.Minute}, {"close-every: 10, ", 10 * time.Second}, {"interval: 60, close-every: 5, ", 5 * time.Second},
	} {
		c, err := Read("a.yaml", []byte("network: n.yaml\ninterfaces: []\nflow-logs: {fl-1: {"+tc.keys+"resource: vpc-1, traffic: ALL, destination: logs}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.FlowLogs[0].Interval; got != tc.want {
			t.Errorf("%q: %v, want %v", tc.keys, got, tc.want)
		}
	}
}

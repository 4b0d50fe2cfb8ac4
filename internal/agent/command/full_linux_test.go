package command

import (
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestFullTables has more flows than the kernel's tables have room for: what is in records, and what is counted as lost, is what the device has counted, packet by
// packet; and the interface has SKIPDATA.
func TestFullTables(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	dir := t.TempDir()
	p := start(t, host, dir, "connections: 16\nrejects: 16\n"+configOf("shadow"))
	instance.in(func() {
		l, err := net.ListenPacket("udp4", "10.0.1.10:53")
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
	})
	if t.Failed() {
		t.FailNow()
	}
	host.in(func() {
		for range 300 { // each from a port of its own
			datagrams(t, "10.0.1.10:53", 2)
			datagrams(t, "10.0.1.10:5353", 1)
		}
	})
	// Metrics are of the last read: that of another definition, which is the same.
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	metrics := get(t, host, "/metrics")
	log := p.end(t)
	received, sent := instance.counters(t, "eni0")
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	lost := map[string]count{}
	for _, m := range regexp.MustCompile(`(?m)^weir_agent_lost_(packets|bytes)_total\{action="[A-Z]+",direction="([a-z]+)",interface="eni-web"\} (\S+)$`).FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		c := lost[m[2]]
		if m[1] == "packets" {
			c.Packets += int64(n)
		} else {
			c.Bytes += int64(n)
		}
		lost[m[2]] = c
	}
	var skipped int
	var flows []map[string]string
	for _, r := range all {
		if r["log-status"] == "SKIPDATA" {
			skipped++
			continue
		}
		flows = append(flows, r)
	}
	in, out := sum(t, flows, "flow-direction=ingress"), sum(t, flows, "flow-direction=egress")
	plus := func(a, b count) count { return count{a.Packets + b.Packets, a.Bytes + b.Bytes} }
	if plus(in, lost["ingress"]) != received || plus(out, lost["egress"]) != sent {
		t.Errorf("in %v and %v lost, of %v; out %v and %v lost, of %v\n%s", in, lost["ingress"], received, out, lost["egress"], sent, log)
	}
	if lost["ingress"].Packets < 100 || skipped < 1 || skipped > 2 || received.Packets != 900 {
		t.Errorf("%v lost of %v, %d SKIPDATA", lost, received, skipped)
	}
	if !strings.Contains(metrics, `weir_agent_table_full_total{interface="eni-web",table="connections"} `) {
		t.Errorf("no table was full: %s", metrics)
	}
}

package command

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// needNFT skips a test where nftables is not installed.
func needNFT(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: nftables is not installed: %v", err)
	}
}

// TestObserve has an instance with a firewall of its own: its records say REJECT of what that dropped, with the hook, and ACCEPT of the rest, and both are what its
// device has counted.
func TestObserve(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	needNFT(t)
	dir := t.TempDir()
	instance.ip(t, "link", "set", "lo", "up")
	p := start(t, instance, dir, strings.ReplaceAll(configOf("observe"), "{device: eni-*, eni: eni-web, flipped: true,", "{device: eni0, eni: eni-web, flipped: false,"))
	nft := exec.CommandContext(t.Context(), "nft", "-f", "-")
	nft.Stdin = strings.NewReader(`table inet fw {
	chain input { type filter hook input priority 0; udp dport 5353 drop; udp dport 5354 limit rate over 3/day burst 3 packets drop; }
	chain output { type filter hook output priority 0; udp dport 5355 drop; }
}`)
	var out []byte
	var err error
	instance.in(func() { out, err = nft.CombinedOutput() })
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, at := range []string{"10.0.1.10:53", "10.0.1.10:5354"} {
		instance.in(func() {
			l, err := net.ListenPacket("udp4", at)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { l.Close() })
		})
	}
	host.in(func() {
		datagrams(t, "10.0.1.10:53", 10)
		datagrams(t, "10.0.1.10:5353", 7)
		datagrams(t, "10.0.1.10:5354", 9)
	})
	instance.in(func() {
		c, err := net.Dial("udp4", "203.0.113.5:5355")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 100)); err == nil {
			t.Error("what the firewall drops was sent")
		}
	})
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil { // it reads before
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	metrics := get(t, instance, "/metrics")
	log := p.end(t)
	received, _ := instance.counters(t, "eni0")
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	for what, want := range map[string]int64{
		"flow-direction=ingress dstport=53 action=ACCEPT":                                                           10,
		"flow-direction=ingress dstport=5353 action=REJECT weir-reject-stage=host weir-reject-rule=netfilter:input": 7,
		"flow-direction=ingress dstport=5353 action=ACCEPT":                                                         0,
		"flow-direction=ingress dstport=5354 action=ACCEPT":                                                         3,
		"flow-direction=ingress dstport=5354 action=REJECT weir-reject-rule=netfilter:input":                        6,
		"flow-direction=egress dstport=5355 action=REJECT weir-reject-stage=host weir-reject-rule=netfilter:output": 1,
		"flow-direction=egress action=ACCEPT":                                                                       0,
		"log-status=SKIPDATA":                                                                                       0,
	} {
		if got := sum(t, all, strings.Fields(what)...); got != (count{want, want * 128}) {
			t.Errorf("%s: %v, want %d packets\n%s", what, got, want, log)
		}
	}
	if got := sum(t, all, "flow-direction=ingress"); got != received {
		t.Errorf("records have %v, the device %v", got, received)
	}
	if rejects := sum(t, records(t, filepath.Join(dir, "logs"), keysOfReject)); rejects.Packets != 14 {
		t.Errorf("the flow log of REJECT has %v", rejects)
	}
	for _, want := range []string{`weir_agent_packets_total{action="REJECT",direction="egress",interface="eni-web"} 1`, `weir_agent_packets_total{action="REJECT",direction="ingress",interface="eni-web"} 13`} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no %s in %s", want, metrics)
		}
	}
	if strings.Contains(metrics, "weir_agent_unseen_refusals_total ") || strings.Contains(metrics, "weir_agent_unattributed_refusals_total{") {
		t.Errorf("something was not seen: %s", metrics)
	}
}

package command

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/agent"
)

// withNetRaw returns weir-agent as root that has CAP_NET_RAW and no other capability.
func withNetRaw(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	setpriv, err := exec.LookPath("setpriv")
	if err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: util-linux is not installed: %v", err)
	}
	cmd := run(args...)
	cmd.Path, cmd.Args = setpriv, append([]string{"setpriv", "--bounding-set", "-all,+net_raw", os.Args[0]}, args...)
	return cmd
}

// TestPackets has an agent that gets packets by sockets, and has CAP_NET_RAW alone: its records have what the instance's device has counted, packet by packet and byte
// by byte, with what the rules say. One that would rather have BPF says that it has not got it.
func TestPackets(t *testing.T) {
	for _, tc := range []struct{ mode, capture string }{{"shadow", "packet"}, {"count", "packet"}, {"shadow", "auto"}} {
		t.Run(tc.mode+" "+tc.capture, func(t *testing.T) {
			t.Parallel()
			host, instance := wirePackets(t)
			dir := t.TempDir()
			name := filepath.Join(dir, "agent.yaml")
			p := startAs(t, host, dir, "capture: "+tc.capture+"\n"+configOf(tc.mode), withNetRaw(t, "run", "--verbose", "--config", name))
			if answered := talk(t, host, instance, 5*time.Second); answered != [2]bool{true, true} {
				t.Errorf("what a socket gets was not answered: %v", answered)
			}
			var out []byte
			var err error
			host.in(func() { out, err = run("status", "--json").Output() })
			var s agent.Status
			if err != nil || json.Unmarshal(out, &s) != nil || s.Capture.By != "packet" || (s.Capture.Why != "") != (tc.capture == "auto") {
				t.Errorf("%v: %s", err, out)
			}
			metrics := get(t, host, "/metrics")
			log := p.end(t)
			if warned := strings.Contains(log, "BPF can't be had"); warned != (tc.capture == "auto") || !strings.Contains(metrics, "\nweir_agent_capture_info{capture=\"packet\"} 1\n") {
				t.Errorf("it says that it has no BPF: %v", warned)
			}
			compare(t, tc.mode, instance, records(t, filepath.Join(dir, "logs"), keysOfAll))
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// TestPacketsRefused has what can't be enforced by packets, and what can't be counted without rights.
func TestPacketsRefused(t *testing.T) {
	host, _ := wirePackets(t)
	dir := t.TempDir()
	write(t, dir, "net.yaml", definition)
	for _, tc := range []struct{ capture, mode, want string }{
		{"packet", "enforce", "agent.yaml:7:5: mode enforce takes capture: bpf: what a packet socket gets has passed already"},
		{"auto", "enforce", "agent.yaml:7:5: mode enforce takes capture: bpf: what a packet socket gets has passed already; and BPF can't be had: can't load the BPF program"},
		{"bpf", "shadow", "(where BPF may not be loaded, capture: packet counts what packet sockets get)"},
	} {
		write(t, dir, "agent.yaml", "capture: "+tc.capture+"\n"+configOf(tc.mode))
		cmd := withNetRaw(t, "run", "--config", filepath.Join(dir, "agent.yaml"))
		var out []byte
		var err error
		host.in(func() { out, err = cmd.CombinedOutput() })
		if err == nil || !strings.Contains(string(out), tc.want) {
			t.Errorf("%s, %s: %v: %s", tc.capture, tc.mode, err, out)
		}
	}
	cmd := withNetRaw(t, "doctor", "--capture", "auto")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "ok    AF_PACKET") {
		t.Errorf("%v: %s", err, out)
	}
	if code, _, err := try(t, "doctor", "--capture", "pcap"); code != exitUsage || !strings.Contains(err, "--capture pcap is none of bpf, packet, auto") {
		t.Errorf("%d: %s", code, err)
	}
}

// TestPacketsRunning has another definition, and a device that goes and comes, while packets are counted.
func TestPacketsRunning(t *testing.T) {
	t.Parallel() // it waits for reads, which are 5 s apart
	host, instance := wirePackets(t)
	dir := t.TempDir()
	p := start(t, host, dir, "capture: packet\n"+strings.ReplaceAll(configOf("shadow"), "{device: eni-*,", "{device: eni-h*,"))
	talk(t, host, instance, 5*time.Second)
	write(t, dir, "net.yaml", strings.Replace(definition, "- {tcp: 80,", "- {tcp: 23, from: 203.0.113.0/24}\n      - {tcp: 80,", 1))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	talk(t, host, instance, 5*time.Second)
	received, sent := instance.counters(t, "eni0")
	host.ip(t, "link", "del", "eni-host")
	host.ip(t, "link", "add", "eni-host", "type", "veth", "peer", "name", "eni1")
	if !p.wait("not counting any more") || !p.wait("msg=\"counting at a device\"") {
		t.Fatal(p.log)
	}
	log := p.end(t)
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	if in, out := sum(t, all, "flow-direction=ingress"), sum(t, all, "flow-direction=egress"); in != received || out != sent {
		t.Errorf("records have %v in and %v out, the device %v and %v\n%s", in, out, received, sent, log)
	}
	tried := []string{"flow-direction=ingress", "dstport=23"}
	refused, accepted := sum(t, all, append(tried, "weir-would-action=REJECT")...), sum(t, all, append(tried, "weir-would-action=ACCEPT")...)
	if refused.Packets != 1 || accepted.Packets != 1 {
		t.Errorf("of port 23 %v would be refused and %v not", refused, accepted)
	}
}

package command

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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

// TestAuto has an agent that may load BPF programs: it does.
func TestAuto(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	p := start(t, host, t.TempDir(), "capture: auto\n"+configOf("enforce"))
	var out []byte
	var err error
	host.in(func() { out, err = run("status").Output() })
	if log := p.end(t); err != nil || !strings.HasPrefix(string(out), "capture: bpf\nDEVICE") || strings.Contains(log, "BPF can't be had") {
		t.Errorf("%v: %s\n%s", err, out, log)
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

// TestPacketsDropped has an agent that is stopped while more comes than its ring has room for: what is in records, and what is counted as dropped, is what the device has
// counted, and the interface has SKIPDATA.
func TestPacketsDropped(t *testing.T) {
	t.Parallel()
	host, instance := wirePackets(t)
	dir := t.TempDir()
	p := start(t, host, dir, "capture: packet\nring: 1\n"+configOf("shadow"))
	instance.in(func() { // so that nothing answers that nobody listens
		l, err := net.ListenPacket("udp4", "10.0.1.10:5353")
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
	})
	pid := p.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	host.in(func() { datagrams(t, "10.0.1.10:5353", 5000) })
	if err := errors.Join(syscall.Kill(pid, syscall.SIGCONT), syscall.Kill(pid, syscall.SIGHUP)); err != nil {
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	metrics := get(t, host, "/metrics")
	log := p.end(t)
	m := regexp.MustCompile(`(?m)^weir_agent_dropped_frames_total\{interface="eni-web"\} (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		t.Fatal(metrics)
	}
	dropped, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	var flows []map[string]string
	skipped := 0
	for _, r := range records(t, filepath.Join(dir, "logs"), keysOfAll) {
		if r["log-status"] == "SKIPDATA" {
			skipped++
		} else {
			flows = append(flows, r)
		}
	}
	received, sent := host.counters(t, "eni-host")
	if got := sum(t, flows).Packets; got+int64(dropped) != received.Packets+sent.Packets || dropped < 100 || skipped < 1 || skipped > 2 {
		t.Errorf("%d packets in records, %v dropped of %v and %v, %d SKIPDATA\n%s", got, dropped, received, sent, skipped, log)
	}
}

package command

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAgentBecomes has a device become another network interface and back again, by a command, by definitions that have the one or the other, and by an agent that begins, while packets pass: what
// records have is what the instance's device has counted, each interface has what its rules say, and nothing got through that both refuse.
func TestAgentBecomes(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	dir := t.TempDir()
	socket := filepath.Join(dir, "agent.sock")
	both := strings.Replace(definition, "security-groups:\n", "  eni-two: {subnet: subnet-1, addresses: [10.0.1.11], groups: [sg-two]}\nsecurity-groups:\n  sg-two:\n    vpc: vpc-1\n    ingress:\n      - {udp: 54, from: 203.0.113.0/24}\n    egress: []\n", 1)
	conf := strings.Replace(empty(t, "enforce"), "pin: none", "pin: "+bpffs(t, host), 1)
	p := start(t, host, dir, conf)
	define := func(text string) {
		t.Helper()
		write(t, dir, "net.yaml", text)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if !p.wait("another definition is in force") {
			t.Fatal(p.log)
		}
	}
	become := func(eni string) {
		t.Helper()
		if out, err, code := host.call("attach", "eni-host", "--eni", eni, "--flipped", "--mode", "enforce", "--socket", socket); code != 0 || !strings.Contains(out, "eni-host  recorded  "+eni) {
			t.Fatalf("%d, %s%s", code, out, err)
		}
	}
	define(both)
	become("eni-web")
	for _, port := range []string{"53", "54"} {
		listen(t, instance, "10.0.1.10:"+port)
	}
	sent := map[string]*sender{}
	for _, port := range []string{"53", "54", "5353"} {
		sent[port] = sendTo(t, host, "10.0.1.10:"+port)
	}
	for range 3 {
		become("eni-two")
		become("eni-web")
	}
	become("eni-two")
	p.kill(t)
	// The next agent finds another definition, and the device as the interface of before.
	write(t, dir, "agent.yaml", strings.Replace(conf, "interfaces: []", "interfaces:\n  - {device: eni-*, eni: eni-web, flipped: true, mode: enforce}", 1))
	write(t, filepath.Join(dir, "state"), "attachments.json", "[]")
	p = launch(t, host, dir)
	if !p.wait("msg=counting ") {
		t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
	}
	totals := map[string]int64{}
	for port, s := range sent {
		totals[port] = s.end()
	}
	log := p.end(t)
	received, out := instance.counters(t, "eni0")
	var flows []map[string]string
	for _, record := range records(t, filepath.Join(dir, "logs"), keysOfAll) {
		switch record["log-status"] {
		case "OK":
			flows = append(flows, record)
		case "SKIPDATA":
			t.Errorf("%v", record)
		}
	}
	if in, sent := sum(t, flows, "flow-direction=ingress", "action=ACCEPT"), sum(t, flows, "flow-direction=egress"); in != received || sent != out {
		t.Errorf("records have %v in and %v out, the device %v and %v\n%s", in, sent, received, out, log)
	}
	for _, tc := range []struct{ port, web, two string }{{"53", "ACCEPT", "REJECT"}, {"54", "REJECT", "ACCEPT"}, {"5353", "REJECT", "REJECT"}} {
		where := func(more ...string) int64 {
			return sum(t, flows, append(more, "dstport="+tc.port, "flow-direction=ingress")...).Packets
		}
		web, two := where("interface-id=eni-web", "action="+tc.web), where("interface-id=eni-two", "action="+tc.two)
		if web == 0 || two == 0 || web+two != totals[tc.port] || where() != totals[tc.port] {
			t.Errorf("%d were sent to port %s; records have %d at eni-web and %d at eni-two, of %d", totals[tc.port], tc.port, web, two, where())
		}
	}
}

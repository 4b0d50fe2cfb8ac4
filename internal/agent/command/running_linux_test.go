package command

import (
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/internal/agent"
	"weir/internal/sharedtest"
)

// get asks an agent in a namespace.
func get(t *testing.T, at *namespace, path string) string {
	t.Helper()
	var c net.Conn
	var err error
	at.in(func() { c, err = net.Dial("tcp", "127.0.0.1:8788") })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestRunning looks at an agent while it runs: its health, metrics and status, another definition, a device that comes and one that goes.
func TestRunning(t *testing.T) {
	t.Parallel() // it waits for reads, which are 5 s apart
	host, instance := wire(t)
	dir := t.TempDir()
	p := start(t, host, dir, strings.ReplaceAll(configOf("enforce"), "{device: eni-*,", "{device: eni-h*,"))
	if answer := get(t, host, "/healthz"); !strings.HasSuffix(answer, "\r\n\r\nok\n") {
		t.Errorf("%q", answer)
	}
	// Port 23 is let in, and that connection is known.
	write(t, dir, "net.yaml", strings.Replace(definition, "- {tcp: 80,", "- {tcp: 23, from: 203.0.113.0/24}\n      - {tcp: 80,", 1))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	instance.in(func() {
		l, err := net.Listen("tcp4", "10.0.1.10:23")
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
	})
	host.in(func() {
		c, err := net.Dial("tcp4", "10.0.1.10:23")
		if err != nil {
			t.Error(err)
			return
		}
		c.Close()
	})
	// A definition that is none is not taken.
	write(t, dir, "net.yaml", "vpcs: 7\n")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !p.wait("the definition of before stays in force") {
		t.Fatal(p.log)
	}
	var out []byte
	var err error
	host.in(func() { out, err = run("status", "--json").Output() })
	var s agent.Status
	if err != nil || json.Unmarshal(out, &s) != nil || s.Capture != (agent.Captured{By: "bpf"}) || len(s.Devices) != 1 || s.Devices[0].Interface != "eni-web" || s.Devices[0].Kind != "veth" || !s.Devices[0].Flipped || len(s.FlowLogs) != 2 {
		t.Errorf("%v: %s", err, out)
	}
	host.ip(t, "link", "del", "eni-host")
	host.ip(t, "link", "add", "eni-host", "type", "veth", "peer", "name", "eni0", "netns", strconv.Itoa(instance.id))
	if !p.wait("not counting any more") || !p.wait("msg=\"counting at a device\"") {
		t.Fatal(p.log)
	}
	metrics := get(t, host, "/metrics")
	for _, want := range []string{`weir_build_info{version="` + version + `"} 1`, `weir_agent_devices{state="recorded"} 1`, `weir_agent_packets_total{action="ACCEPT",direction="ingress",interface="eni-web"} `} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("no %s in %s", want, metrics)
		}
	}
	p.end(t)
	in := sum(t, records(t, filepath.Join(dir, "logs"), keysOfAll), "flow-direction=ingress", "dstport=23", "action=ACCEPT")
	if in.Packets < 3 {
		t.Errorf("%v packets of the connection that was let in", in)
	}
}

// TestDevices has devices that a config is about, and none of them counted.
func TestDevices(t *testing.T) {
	host, _ := wire(t)
	dir := t.TempDir()
	write(t, dir, "net.yaml", definition)
	for _, tc := range []struct{ interfaces, want string }{
		{"[{device: eni-host, eni: eni-web, flipped: true}]", "DEVICE    STATE     INTERFACE  MODE    FLIPPED\neni-host  recorded  eni-web    shadow  true\n"},
		{"[{mac: '02:00:00:00:00:01', flipped: false}]", "DEVICE    STATE      INTERFACE  MODE    FLIPPED\neni-host  unmatched  -          shadow  false\n"},
		{"[{address: 203.0.113.5, eni: eni-web}]", "DEVICE    STATE    INTERFACE  MODE    FLIPPED\neni-host  refused  eni-web    shadow  false\neni-host: it is a veth: say flipped: true where it is the host's side, where what comes in leaves the interface, or flipped: false\n"},
		{"[{device: wlan*, eni: eni-web}]", "no device of this host is one that the config is about\n"},
	} {
		write(t, dir, "agent.yaml", "network: net.yaml\ninterfaces: "+tc.interfaces+"\nflow-logs: {}\n")
		var out []byte
		var err error
		host.in(func() { out, err = run("devices", "--config", filepath.Join(dir, "agent.yaml")).Output() })
		if err != nil || string(out) != tc.want {
			t.Errorf("%s: %v:\n%s", tc.interfaces, err, out)
		}
	}
}

// TestDoctor runs where all is there, as root, and where nothing is, without rights.
func TestDoctor(t *testing.T) {
	sharedtest.NeedRoot(t)
	out, err := run("doctor", "--json").CombinedOutput()
	var found []agent.Finding
	if e := json.Unmarshal(out, &found); e != nil || len(found) < 7 {
		t.Fatalf("%v: %s", e, out)
	}
	for _, f := range found {
		if f.Name == "tcx" && found[4].State == "ok" && f.State != "ok" {
			t.Errorf("the kernel takes the program, and %+v", f)
		}
	}
	if works := agent.Works(found); works != (err == nil) {
		t.Errorf("it works: %v, and the program says %v", works, err)
	}
	states := map[string]string{}
	for _, f := range found {
		states[f.Name] = f.State
		if f.State != "ok" && f.Do == "" && f.Name != "tcx" && f.Name != "observe" {
			t.Errorf("%+v says not what to do", f)
		}
	}
	if states["kernel"] == "ok" && states["BPF"] == "ok" && states["tcx"] != "ok" {
		t.Errorf("the program can be loaded, and not be put at a device: %s", out)
	}
}

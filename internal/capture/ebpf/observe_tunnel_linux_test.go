package ebpf

import (
	"os"
	"os/exec"
	"testing"

	"weir/internal/sharedtest"
)

// TestObserveTunnel has the host's firewall drop a frame of VXLAN before it is cut into packets: each of them is refused, with the tunnel's headers.
func TestObserveTunnel(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	const device, far = "vx0", "172.16.0.2"
	var out []byte
	var err error
	f.host.in(func() {
		out, err = exec.CommandContext(t.Context(), "ip", "link", "add", device, "mtu", "1400", "type", "vxlan", "id", "7", "local", host4, "remote", client4, "dstport", "4789").CombinedOutput()
	})
	if err != nil {
		sharedtest.NotRun(t, "VXLAN can't be made here: %v: %s", err, out)
	}
	// Nobody looks for routers.
	f.host.in(func() { err = os.WriteFile("/proc/sys/net/ipv6/conf/"+device+"/accept_ra", []byte("0"), 0) })
	if err != nil {
		t.Fatal(err)
	}
	f.host.ip(t, "link", "set", device, "addrgenmode", "none", "multicast", "off", "arp", "off", "up")
	f.host.ip(t, "addr", "add", "172.16.0.1/32", "dev", device)
	f.host.ip(t, "route", "add", far, "dev", device)
	f.host.ip(t, "neigh", "add", far, "lladdr", "02:00:00:00:01:02", "dev", device)
	f.rules(t, "inet", "output priority 0", "udp dport 4789 meta length > 3000 drop") // not what the device has to say when it comes up
	large(t, f.host, far+":94", 10_001, 1000)
	const flow = "eni-host out 17:4789 REJECT netfilter"
	got, refused := f.flows(t, map[string]int64{flow: 11})
	if got[flow] != 11 || refused[0] != 11 {
		t.Errorf("%v: %d packets are refused, want 11", got, refused[0])
	}
	// IP and UDP within; Ethernet, VXLAN, UDP and IP around.
	if bytes := int64(10_001 + 11*(28+14+8+8+20)); refused[1] != bytes {
		t.Errorf("%d bytes, want %d", refused[1], bytes)
	}
}

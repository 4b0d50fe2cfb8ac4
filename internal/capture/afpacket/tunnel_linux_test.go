package afpacket

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"weir/internal/aggregate"
	"weir/internal/sharedtest"
)

// tunnel makes a VXLAN between the two ends, by IPv4 or IPv6, and returns the index of the host's device.
func tunnel(t *testing.T, host, instance *namespace, far, own string) (index int) {
	t.Helper()
	const device, farMAC, ownMAC = "vx0", "02:00:00:00:01:01", "02:00:00:00:01:02"
	for _, end := range []struct {
		at                            *namespace
		local, remote, mac, peerMAC   string
		address4, peer4, addr6, peer6 string
	}{
		{host, far, own, farMAC, ownMAC, "172.16.0.1", "172.16.0.2", "fd00::1", "fd00::2"},
		{instance, own, far, ownMAC, farMAC, "172.16.0.2", "172.16.0.1", "fd00::2", "fd00::1"},
	} {
		words := []string{"link", "add", device, "address", end.mac, "mtu", "1400", "type", "vxlan", "id", "7", "local", end.local, "remote", end.remote, "dstport", "4789"}
		var failed error
		end.at.in(func() {
			if out, err := exec.CommandContext(t.Context(), "ip", words...).CombinedOutput(); err != nil {
				t.Logf("%s", out)
				failed = err
			}
		})
		if failed != nil {
			sharedtest.NotRun(t, "VXLAN can't be made here: %v", failed)
		}
		// Nothing passes but what the test sends: nobody looks for routers.
		end.at.try(t, func() error { return os.WriteFile("/proc/sys/net/ipv6/conf/"+device+"/accept_ra", []byte("0"), 0) })
		end.at.ip(t, "link", "set", device, "addrgenmode", "none", "multicast", "off", "arp", "off", "up")
		end.at.ip(t, "addr", "add", end.address4+"/32", "dev", device)
		end.at.ip(t, "addr", "add", end.addr6+"/128", "dev", device, "nodad")
		for _, peer := range []string{end.peer4, end.peer6} {
			end.at.ip(t, "route", "add", peer, "dev", device)
			end.at.ip(t, "neigh", "add", peer, "lladdr", end.peerMAC, "dev", device)
		}
	}
	host.try(t, func() (err error) { index, err = indexOf(device); return })
	return index
}

// frames returns how many frames the host's end of the pair has had, both ways.
func (n *namespace) frames(t *testing.T) (count int64) {
	t.Helper()
	var out []struct {
		Stats64 struct{ RX, TX struct{ Packets int64 } }
	}
	n.try(t, func() error {
		text, err := exec.CommandContext(t.Context(), "ip", "-s", "-j", "link", "show", hostEnd).Output()
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &out)
	})
	return out[0].Stats64.RX.Packets + out[0].Stats64.TX.Packets
}

// TestTunnel has TCP in VXLAN, which the stack cuts into packets below the pair of devices: each packet of TCP is one of UDP, with the tunnel's headers.
func TestTunnel(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, far, own string
		headers        int64 // of IP, UDP, VXLAN and Ethernet
	}{{"IPv4", far4, own4, 50}, {"IPv6", far6, own6, 70}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			host, instance, index := wire(t)
			inner := tunnel(t, host, instance, tc.far, tc.own)
			outside, inside := newBoth(t, false, nil), newBoth(t, false, nil)
			outside.attach(t, host, Device{Index: index, Flipped: true})
			inside.attach(t, host, Device{Index: inner, Flipped: true})
			before := host.frames(t)
			stream(t, host, instance, "tcp4", "172.16.0.2:80", 2<<20)
			stream(t, instance, host, "tcp4", "172.16.0.1:80", 2<<20)
			stream(t, host, instance, "tcp6", "[fd00::2]:80", 1<<20)
			datagrams(t, host, "172.16.0.1:40003", "172.16.0.2:53", 2, 12001, 1200)
			outside.compare(t)
			inside.compare(t)
			for name, of := range map[string][2]map[aggregate.Flow]aggregate.Counts{"BPF": {outside.bpf, inside.bpf}, "packets": {outside.sock, inside.sock}} {
				out, in := total(of[0]), total(of[1])
				if want := [2]int64{in[0], in[1] + in[0]*tc.headers}; out != want {
					t.Errorf("%s: %v packets and bytes of the tunnel, want %v for %v in it", name, out, want, in)
				}
				if frames := host.frames(t) - before; out[0] < frames+1000 {
					t.Errorf("%s: %d packets in %d frames: nothing was cut", name, out[0], frames)
				}
			}
		})
	}
}

// total returns all packets and bytes.
func total(of map[aggregate.Flow]aggregate.Counts) (n [2]int64) {
	for _, c := range of {
		n[0] += c.Packets
		n[1] += c.Bytes
	}
	return n
}

package ebpf

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// costing returns what decides at an interface with so many entries of the network ACL and rules of the group in each
// direction, of which the last allows TCP to port 443 from and to anywhere.
func costing(t testing.TB, entries, rules int) *policy.Interface {
	t.Helper()
	anywhere := netip.MustParsePrefix("0.0.0.0/0")
	allows := netmodel.Traffic{Protocol: netmodel.TCP, From: 443, To: 443, Type: -1, Code: -1}
	other := netmodel.Traffic{Protocol: netmodel.TCP, From: 22, To: 22, Type: -1, Code: -1}
	n := plainNetwork()
	acl, group := n.NetworkACLs["acl-1"], n.SecurityGroups["sg-1"]
	for i := range entries {
		e := netmodel.ACLEntry{Number: i + 1, Allow: true, Traffic: other, CIDR: anywhere}
		if i == entries-1 {
			e.Traffic = netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
		}
		acl.Ingress = append(acl.Ingress, e)
	}
	acl.Egress = acl.Ingress
	for i := range rules {
		r := netmodel.GroupRule{ID: "sgr-" + string(rune('a'+i)), Traffic: other, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("198.51.100.0/24")}}
		if i == rules-1 {
			r.Traffic, r.Peer.CIDR = allows, netip.MustParsePrefix("203.0.113.0/24")
		}
		group.Ingress = append(group.Ingress, r)
	}
	return decides(t, n)
}

// cost returns the median of the CPU time of one packet, in nanoseconds, over runs.
func cost(b *testing.B, p *ebpf.Program, frame []byte, packets uint32) float64 {
	b.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := time.Duration(1 << 62)
	for range 7 {
		_, per, err := p.Benchmark(frame, int(packets), nil)
		if err != nil {
			b.Fatal(err)
		}
		best = min(best, per)
	}
	return float64(best)
}

// BenchmarkCost measures what a packet costs in the kernel, as multiples of what it costs at a device that is no interface.
func BenchmarkCost(b *testing.B) {
	p := load(b, Options{})
	frame := func(port uint16) []byte {
		return tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, 40000, port, policy.ACK, make([]byte, 64))
	}
	const packets = 500_000
	full := load(b, Options{Asides: 1})
	watched := p
	b.Run("table", func(b *testing.B) {
		for range b.N {
			p = watched
			if err := p.Watch(Device{Index: loopback}, ""); err != nil {
				b.Fatal(err)
			}
			floor := cost(b, p.objects.Ingress, frame(443), packets)
			row := func(name string, mode Mode, entries, rules int, port uint16) {
				swap(b, p, []Interface{{ID: "eni-1", Mode: mode, Policy: costing(b, entries, rules)}})
				if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
					b.Fatal(err)
				}
				if p == full {
					run(b, p.objects.Ingress, frame(81)) // the one that has a place
				}
				b.ReportMetric(cost(b, p.objects.Ingress, frame(port), packets)/floor, name)
			}
			b.ReportMetric(floor, "floor-ns")
			row("count", Count, 15, 7, 443)
			row("observed", Observe, 15, 7, 443)
			row("accepted", Enforce, 15, 7, 443)
			row("refused-again", Enforce, 15, 7, 80)
			// Without room for what was refused before, all rules are walked.
			p = full
			row("refused-first", Enforce, 15, 7, 80)
			row("refused-first-60-more", Enforce, 15, 67, 80)
		}
	})
}

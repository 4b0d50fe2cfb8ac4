package ebpf

import (
	"testing"

	"weir/internal/capture/packet"
)

// TestTalliesBeginAnew has an interface that goes and comes back: its tallies begin with 0, as those of a new one, so that nothing is told of twice. Those of one that stays go on.
func TestTalliesBeginAnew(t *testing.T) {
	p := load(t, Options{Driven: true})
	arp := make([]byte, 60)
	arp[12], arp[13] = 0x08, 0x06
	one, two := Interface{ID: "eni-1", Mode: Count}, Interface{ID: "eni-2", Mode: Count}
	for step, c := range []struct {
		list []Interface
		want uint64 // of eni-1, with what comes now
	}{{[]Interface{one}, 1}, {[]Interface{two, one}, 2}, {[]Interface{two}, 2}, {[]Interface{one, two}, 1}, {[]Interface{one}, 2}} {
		swap(t, p, c.list)
		if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
			t.Fatal(err)
		}
		send(t, p.objects.Ingress, arp)
		if all, err := p.Tallies("eni-1"); err != nil || all.Outcomes[packet.NotIP] != c.want {
			t.Errorf("step %d: %+v: %v", step, all, err)
		}
		if err := p.Read(nothing); err != nil {
			t.Fatal(err)
		}
	}
}

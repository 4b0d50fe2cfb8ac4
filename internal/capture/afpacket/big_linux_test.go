package afpacket

import (
	"os/exec"
	"testing"

	"weir/internal/aggregate"
	"weir/internal/sharedtest"
)

// TestBig has frames of more than 64 KiB (BIG TCP). Linux writes a header of its own into those of IPv6, which is on no wire: each packet has those of IPv6 and TCP alone.
func TestBig(t *testing.T) {
	t.Parallel()
	host, instance, index := wire(t)
	for at, device := range map[*namespace]string{host: hostEnd, instance: ownEnd} {
		var out []byte
		var err error
		at.in(func() {
			out, err = exec.CommandContext(t.Context(), "ip", "link", "set", device, "gso_max_size", "180000", "gro_max_size", "180000").CombinedOutput()
		})
		if err != nil {
			sharedtest.NotRun(t, "frames of more than 64 KiB can't be had here: %v: %s", err, out)
		}
	}
	b := newBoth(t, false, nil)
	b.attach(t, host, Device{Index: index, Flipped: true})
	before := host.frames(t)
	const size = 8 << 20
	stream(t, host, instance, "tcp6", "["+own6+"]:80", size)
	stream(t, instance, host, "tcp6", "["+far6+"]:443", size)
	b.compare(t)
	const headers = 40 + 32 // IPv6, TCP and its timestamps
	for name, of := range map[string]map[aggregate.Flow]aggregate.Counts{"BPF": b.bpf, "packets": b.sock} {
		for f, c := range of {
			// What is sent again, and options of the first packet and of acknowledgements, is some of thousands of packets.
			if more := c.Bytes - c.Packets*headers - size; c.Bytes > size && (more < 0 || more > 2*c.Packets) {
				t.Errorf("%s: %d bytes in %d packets of %v: %d more than the data and headers", name, c.Bytes, c.Packets, f, more)
			}
		}
	}
	if packets, frames := total(b.bpf)[0], host.frames(t)-before; packets < 2*size/1428 || packets < 20*frames {
		t.Errorf("%d packets in %d frames: these are no large ones", packets, frames)
	}
}

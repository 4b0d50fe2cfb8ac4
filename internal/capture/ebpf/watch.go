package ebpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Device is what a network interface is on the host.
type Device struct {
	Index int
	// Flipped: what comes in there leaves the interface. It is the host's side of a veth or tap.
	Flipped bool
	// Raw: frames have no link header, as those of tun and WireGuard.
	Raw bool
}

// The flags of a link, as the program has them.
const (
	linkFlip   = 1
	linkRaw    = 2
	linkClsact = 4 // it is attached by clsact
)

// maxDevice is the largest index of a device that the table has.
const maxDevice = 1<<16 - 1

// Watch says that a device is an interface, which [Program.Swap] has been told of. An id of "" says that it is none.
func (n *Namespace) Watch(d Device, id string) error {
	if d.Index < 1 || d.Index > maxDevice {
		return fmt.Errorf("device %d: its index is above %d, which the program has no room for", d.Index, maxDevice)
	}
	slot, ok := n.p.slots[id]
	if !ok && id != "" {
		return fmt.Errorf("device %d can't be %s, which has no policy", d.Index, id)
	}
	l := weirLink{Slot: slot}
	if d.Flipped {
		l.Flags |= linkFlip
	}
	if d.Raw {
		l.Flags |= linkRaw
	}
	if a := n.devices[d.Index]; a != nil && a.clsact {
		l.Flags |= linkClsact
	}
	return n.setLink(d.Index, l)
}

func (n *Namespace) setLink(index int, l weirLink) error {
	if err := n.table.Put(uint32(index), l); err != nil {
		return err
	}
	if n.links[uint32(index)] = l; l == (weirLink{}) {
		delete(n.links, uint32(index))
	}
	return nil
}

// readLinks returns which devices are interfaces.
func readLinks(m *ebpf.Map) (map[uint32]weirLink, error) {
	var at ebpf.MapBatchCursor
	out := map[uint32]weirLink{}
	indexes, links := make([]uint32, maxBatch), make([]weirLink, maxBatch)
	for {
		n, err := m.BatchLookup(&at, indexes, links, nil)
		last := errors.Is(err, ebpf.ErrKeyNotExist)
		if err != nil && !last {
			return nil, err
		}
		for i := range n {
			if links[i] != (weirLink{}) {
				out[indexes[i]] = links[i]
			}
		}
		if last {
			return out, nil
		}
	}
}

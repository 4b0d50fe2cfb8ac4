package ebpf

import (
	"errors"
	"fmt"
	"math"

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

// flagBits is where flags are in what a device is: its slot is below.
const flagBits = 16

// maxLink is the largest index of a device that has its place in the table of its namespace; larger ones are found in one for all namespaces.
const maxLink = 1<<16 - 1

// Watch says that a device is an interface, which [Program.Swap] has been told of, from the next packet on. An id of "" says that it is none.
func (n *Namespace) Watch(d Device, id string) error {
	if d.Index < 1 || d.Index > math.MaxInt32 {
		return fmt.Errorf("device %d: no device has that index", d.Index)
	}
	slot, ok := n.p.slots[id]
	if !ok && id != "" {
		return fmt.Errorf("device %d can't be %s, which has no policy", d.Index, id)
	}
	is := n.identity(d, slot)
	return n.setLink(d.Index, weirLink{Is: [2]uint32{is, is}})
}

// identity returns what a device is as an interface, as the program has it.
func (n *Namespace) identity(d Device, slot uint16) uint32 {
	flags := uint32(0)
	if d.Flipped {
		flags |= linkFlip
	}
	if d.Raw {
		flags |= linkRaw
	}
	if a := n.devices[d.Index]; a != nil && a.clsact {
		flags |= linkClsact
	}
	return flags<<flagBits | uint32(slot)
}

// hasClsactFlag reports whether a device is attached by clsact.
func (l weirLink) hasClsactFlag() bool { return (l.Is[0]|l.Is[1])>>flagBits&linkClsact != 0 }

func (n *Namespace) setLink(index int, l weirLink) error {
	var err error
	at := weirDevice{Netns: n.cookie, Index: uint32(index)}
	switch {
	case index <= maxLink:
		err = n.table.Put(uint32(index), l)
	case l == weirLink{}:
		if err = n.p.objects.HighLinks.Delete(at); errors.Is(err, ebpf.ErrKeyNotExist) {
			err = nil
		}
	default:
		err = n.p.objects.HighLinks.Put(at, l)
	}
	if err != nil {
		return fmt.Errorf("can't say what device %d is: %w", index, err)
	}
	if n.links[uint32(index)] = l; l == (weirLink{}) {
		delete(n.links, uint32(index))
	}
	return nil
}

// readLinks returns which interfaces the devices of a namespace are, by their indexes.
func readLinks(table, high *ebpf.Map, cookie uint64) (map[uint32]weirLink, error) {
	out := map[uint32]weirLink{}
	err := each(table, func(index uint32, l weirLink) {
		if l != (weirLink{}) {
			out[index] = l
		}
	})
	if err != nil {
		return nil, err
	}
	return out, each(high, func(d weirDevice, l weirLink) {
		if d.Netns == cookie {
			out[d.Index] = l
		}
	})
}

// each calls do for each entry of a table.
func each[K, V any](m *ebpf.Map, do func(K, V)) error {
	var at ebpf.MapBatchCursor
	keys, values := make([]K, maxBatch), make([]V, maxBatch)
	for {
		n, err := m.BatchLookup(&at, keys, values, nil)
		last := errors.Is(err, ebpf.ErrKeyNotExist)
		if err != nil && !last {
			return err
		}
		for i := range n {
			do(keys[i], values[i])
		}
		if last {
			return nil
		}
	}
}

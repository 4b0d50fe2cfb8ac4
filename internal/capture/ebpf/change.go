package ebpf

import "fmt"

// A Change is of a device that the program is at: it becomes another interface, or another side of one, at once with the policies that [Program.Swap] puts in force.
type Change struct {
	// Netns is the cookie of the device's network namespace, as [Program.Namespaces] has it; 0: the one that the program was loaded for.
	Netns  uint64
	Device Device
	// ID is that of an interface that the same Swap puts in force.
	ID string
}

// in returns the program in the network namespace of a cookie; nil: it is not there.
func (p *Program) in(cookie uint64) *Namespace {
	if cookie == 0 {
		return p.Namespace
	}
	return p.others[cookie]
}

// change writes what devices are from a control word on, which is not in force yet: those that change, and all others as they are now. What is in force stays.
//
// It returns when no program runs any more that has seen a link as it was before: one that finds the word has to find what was written for it.
func (p *Program) change(next word, by []judged, changes []Change) error {
	slots := map[string]uint16{}
	for slot := 1; slot < len(by); slot++ {
		slots[by[slot].ID] = uint16(slot)
	}
	to := map[*Namespace]map[uint32]uint32{}
	for _, c := range changes {
		n := p.in(c.Netns)
		if n == nil || n.devices[c.Device.Index] == nil {
			return fmt.Errorf("the program is not attached to device %d, which is to be %s", c.Device.Index, c.ID)
		}
		slot := slots[c.ID]
		if slot == 0 || by[slot].Mode == Off {
			return fmt.Errorf("device %d can't be %s, which has no policy", c.Device.Index, c.ID)
		}
		if to[n] == nil {
			to[n] = map[uint32]uint32{}
		}
		to[n][uint32(c.Device.Index)] = n.identity(c.Device, slot)
	}
	wrote, err := p.Namespace.change(next.parity, to[p.Namespace])
	for _, n := range p.others {
		if err != nil {
			break
		}
		var more bool
		more, err = n.change(next.parity, to[n])
		wrote = wrote || more
	}
	if err != nil || !wrote {
		return err
	}
	p.waits = true
	return p.wait()
}

// change writes what a namespace's devices are by words of a parity. It reports whether something was to be written.
func (n *Namespace) change(parity uint8, to map[uint32]uint32) (wrote bool, err error) {
	all := map[uint32]weirLink{}
	for index, l := range n.links {
		was := l.Is[parity]
		if l.Is[parity] = l.Is[parity^1]; l.Is[parity] != was {
			all[index] = l
		}
	}
	for index, is := range to {
		l := n.links[index]
		if l.Is[parity] == is {
			delete(all, index)
			continue
		}
		l.Is[parity] = is
		all[index] = l
	}
	for index, l := range all {
		if err := n.setLink(int(index), l); err != nil {
			return true, err
		}
	}
	return len(all) > 0, nil
}

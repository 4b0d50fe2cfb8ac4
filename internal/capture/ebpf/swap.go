package ebpf

import (
	"errors"
	"fmt"
	"maps"
)

// maxInterfaces is how many interfaces there can be as long as the program is loaded; the first slot is of none.
const maxInterfaces = 1023

// Swap puts other interfaces in force, all at once: each packet is decided of by what was before, or by what is now.
// Connections stay open, also where no rule allows them any more. What is not in the list is off.
//
// It turns the epoch, as Read does, so that counts are of one policy each: do is called for what the old one counted.
// Where it fails before that, the old interfaces stay in force.
func (p *Program) Swap(interfaces []Interface, do func(*Row) error) error {
	next := word{epoch: p.word.epoch, parity: p.word.parity ^ 1}
	gen, err := p.nextGeneration()
	if err != nil {
		return err
	}
	next.gen = gen
	c := compiler{base: uint32(next.parity) * maxRules, known: map[string]place{}}
	slots, heads, by, err := p.compile(&c, interfaces)
	if err != nil {
		return err
	}
	if len(c.rules) > 0 {
		keys := make([]uint32, len(c.rules))
		for n := range keys {
			keys[n] = c.base + uint32(n)
		}
		if _, err := p.objects.Rules.BatchUpdate(keys, c.rules, nil); err != nil {
			return fmt.Errorf("can't write the rules: %w", err)
		}
	}
	for slot := range heads {
		if err := p.objects.Heads.Put(uint32(slot)<<1|uint32(next.parity), heads[slot]); err != nil {
			return fmt.Errorf("can't write the policy of %s: %w", by[slot].ID, err)
		}
	}
	maps.Copy(p.slots, slots)
	for len(p.names) < len(by) {
		p.names = append(p.names, by[len(p.names)].ID)
	}
	p.generations[gen] = by
	return p.turn(next, do)
}

// compile compiles interfaces. It returns the slots of those that had none, and heads and interfaces by slot.
func (p *Program) compile(c *compiler, interfaces []Interface) (slots map[string]uint16, heads []weirHead, by []Interface, err error) {
	slots = map[string]uint16{}
	heads, by = make([]weirHead, len(p.names)), make([]Interface, len(p.names))
	seen := map[string]bool{}
	for n := range interfaces {
		i := &interfaces[n]
		switch {
		case i.ID == "":
			return nil, nil, nil, errors.New("an interface has no id")
		case seen[i.ID]:
			return nil, nil, nil, fmt.Errorf("%s is there twice", i.ID)
		}
		seen[i.ID] = true
		slot, ok := p.slots[i.ID]
		if !ok {
			if len(by) > maxInterfaces {
				return nil, nil, nil, fmt.Errorf("%s: there were %d interfaces since the program was loaded, which is all it has room for", i.ID, maxInterfaces)
			}
			slot = uint16(len(by))
			slots[i.ID] = slot
			heads, by = append(heads, weirHead{}), append(by, Interface{})
		}
		if heads[slot], err = c.head(i); err != nil {
			return nil, nil, nil, err
		}
		by[slot] = *i
	}
	return slots, heads, by, nil
}

// nextGeneration returns a number that nothing in the tables refers to.
func (p *Program) nextGeneration() (uint16, error) {
	for n := range maxGeneration {
		g := uint16((int(p.word.gen)+n)%maxGeneration + 1)
		if !p.used[g] && g != p.word.gen {
			return g, nil
		}
	}
	return 0, errors.New("connections of all generations of policies are open, and there is no number for another")
}

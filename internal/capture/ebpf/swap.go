package ebpf

import (
	"errors"
	"fmt"
	"slices"
)

// maxInterfaces is how many interfaces there can be at once; the first slot is of none.
const maxInterfaces = 1023

// errOpen says that rows of a closed epoch are somebody's to settle.
var errOpen = errors.New("the rows of the epoch before are not settled")

// Swap puts other interfaces in force, all at once: each packet is decided of by what was before, or by what is now.
// Connections stay open, also where no rule allows them any more. What is not in the list is off. Devices that become other interfaces change with it: each packet
// is of what its device was before and decided of by that, or of what it is now.
//
// It closes the epoch, as [Program.Turn] does, so that counts are of one policy each: what the old one counted is to be read
// and settled. Before the epoch before is settled it refuses. Where it fails, the old interfaces stay in force.
func (p *Program) Swap(interfaces []Interface, changes ...Change) error {
	if p.isClosed {
		return errOpen
	}
	if err := p.wait(); err != nil {
		return err
	}
	var err error
	if observes(interfaces) {
		if err = p.observe(); err != nil {
			return err
		}
	}
	next := word{parity: p.word.parity ^ 1}
	if next.gen, err = p.nextGeneration(); err != nil {
		return err
	}
	c := compiler{base: uint32(next.parity) * maxRules, known: map[string]place{}}
	by, heads, err := p.compile(&c, interfaces)
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
	if err := p.keep(next.gen, by); err != nil {
		return err
	}
	if err := p.clearNew(by); err != nil {
		return err
	}
	if err := p.change(next, by, changes); err != nil {
		return err
	}
	if err := p.turn(next); err != nil {
		return err
	}
	p.generations[next.gen] = by
	clear(p.slots)
	p.ids = p.ids[:0]
	for slot, j := range by {
		p.ids = append(p.ids, j.ID)
		if slot > 0 {
			p.slots[j.ID] = uint16(slot)
		}
	}
	clear(p.free)
	if !observes(interfaces) {
		return p.unobserve()
	}
	return nil
}

// clearNew has interfaces begin with tallies of 0 in slots that were others', or their own before they were off: what that had was asked for.
func (p *Program) clearNew(by []judged) error {
	now := p.generations[p.word.gen]
	for slot, id := range p.ids {
		if back := by[slot].Mode != Off && now[slot].Mode == Off; by[slot].ID == id && !back {
			continue
		}
		if err := p.clear(uint16(slot)); err != nil {
			return fmt.Errorf("can't begin the tallies of %s: %w", by[slot].ID, err)
		}
	}
	return nil
}

// clear sets the tallies of a slot to 0.
func (p *Program) clear(slot uint16) error {
	var each []weirTallies // of each CPU
	if err := p.objects.Counters.Lookup(uint32(slot), &each); err != nil {
		return err
	}
	clear(each)
	return p.objects.Counters.Put(uint32(slot), each)
}

// compile compiles interfaces. It returns what is done at each slot, with its head: what is in the list, and what is off.
func (p *Program) compile(c *compiler, interfaces []Interface) (by []judged, heads []weirHead, err error) {
	by = make([]judged, len(p.ids))
	for slot, id := range p.ids {
		by[slot].ID = id
	}
	free := 1
	heads = make([]weirHead, len(by))
	seen := map[string]bool{}
	for n := range interfaces {
		i := &interfaces[n]
		switch {
		case i.ID == "":
			return nil, nil, errors.New("an interface has no id")
		case seen[i.ID]:
			return nil, nil, fmt.Errorf("%s is there twice", i.ID)
		}
		seen[i.ID] = true
		slot, ok := p.slots[i.ID]
		for !ok && free < len(p.ids) {
			if s := uint16(free); p.free[s] && !isIn(interfaces, p.ids[s]) {
				slot, ok = s, true
			}
			free++
		}
		if !ok {
			if len(by) > maxInterfaces {
				return nil, nil, fmt.Errorf("%s: there are %d interfaces, or connections of such that there were, which is all it has room for", i.ID, maxInterfaces)
			}
			slot = uint16(len(by))
			heads, by = append(heads, weirHead{}), append(by, judged{})
		}
		if heads[slot], err = c.head(i); err != nil {
			return nil, nil, err
		}
		by[slot] = judged{ID: i.ID, Mode: i.Mode, names: namingOf(i.Policy)}
	}
	return by, heads, nil
}

func isIn(interfaces []Interface, id string) bool {
	return slices.ContainsFunc(interfaces, func(i Interface) bool { return i.ID == id })
}

// nextGeneration returns a number that nothing in the tables refers to.
func (p *Program) nextGeneration() (uint16, error) {
	for n := range maxGeneration {
		g := uint16((int(p.word.gen)+n)%maxGeneration + 1)
		if p.generations[g] == nil {
			return g, nil
		}
	}
	return 0, errors.New("connections of all generations of policies are open, and there is no number for another")
}

package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// device is the program at a device, in both directions: by links, or by clsact filters.
type device struct {
	links  [2]link.Link
	clsact bool
}

// hook is a direction of a device, as the kernel has it.
type hook struct {
	name   string
	attach ebpf.AttachType
}

var hooks = [2]hook{{"ingress", ebpf.AttachTCXIngress}, {"egress", ebpf.AttachTCXEgress}}

// program returns what is attached to a hook.
func (p *Program) program(way int) *ebpf.Program {
	if way == 0 {
		return p.objects.Ingress
	}
	return p.objects.Egress
}

// Attach says that a device of the calling thread's network namespace is an interface, as [Program.Watch] does, and puts the
// program there, for both directions, before all others that are there. What it lets pass goes on to these. Where a
// process before has put it there, it stays, and keeps its place.
//
// It attaches by tcx, and by clsact filters where the kernel has no tcx, which it has since Linux 6.6.
func (p *Program) Attach(d Device, id string) error {
	if id == "" {
		return fmt.Errorf("device %d is to be no interface", d.Index)
	}
	if err := p.stay(); err != nil {
		return err
	}
	at := p.devices[d.Index]
	if at == nil {
		at = new(device)
	}
	// First what it is: a device that has its index from one that went must not be taken for that one.
	if err := p.Watch(d, id); err != nil {
		return err
	}
	err := p.attach(d.Index, at)
	if err != nil && p.devices[d.Index] == nil {
		err = errors.Join(err, p.dropLinks(d.Index, at), p.setLink(d.Index, weirLink{}))
	}
	return err
}

// attach puts the program at a device in both directions, where it is not there yet.
func (p *Program) attach(index int, at *device) error {
	if at.clsact || p.clsact && at.links == [2]link.Link{} {
		return p.attachClsact(index)
	}
	for way, h := range hooks {
		err := p.attachLink(index, at, way)
		if way == 0 && errors.Is(err, link.ErrNotSupported) {
			return p.attachClsact(index)
		}
		if err != nil {
			return fmt.Errorf("can't attach to device %d, %s: %w", index, h.name, err)
		}
	}
	p.devices[index] = at
	return nil
}

// stay notes the calling thread's network namespace, or returns an error if devices of another are watched: a device is known by
// its index alone.
func (p *Program) stay() error {
	ns, err := networkNamespace()
	if err != nil || ns == p.state.Netns {
		return err
	}
	if len(p.devices) > 0 && p.state.Netns != 0 { // 0: links of another layout
		return fmt.Errorf("the program is at devices of another network namespace, %d, and can't be at those of this one, %d, too", p.state.Netns, ns)
	}
	s := p.state
	s.Netns = ns
	if err := p.objects.States.Put(uint32(0), s); err != nil {
		return err
	}
	p.state = s
	return nil
}

// attachLink has a device's link of a direction run this program.
func (p *Program) attachLink(index int, at *device, way int) error {
	if l := at.links[way]; l != nil {
		if lives, err := isAt(l, index); err != nil || lives {
			return errors.Join(err, l.Update(p.program(way)))
		}
		if err := p.dropLink(index, at, way); err != nil {
			return err
		}
	}
	l, err := link.AttachTCX(link.TCXOptions{Interface: index, Program: p.program(way), Attach: hooks[way].attach, Anchor: link.Head()})
	if err != nil {
		return err
	}
	at.links[way] = l
	if p.pins == nil {
		return nil
	}
	return l.Pin(p.pins.link(index, hooks[way].name))
}

// isAt reports whether a link is still at a device: the kernel says that one of a device that went is at none.
func isAt(l link.Link, index int) (bool, error) {
	info, err := l.Info()
	if err != nil {
		return false, err
	}
	tcx := info.TCX()
	return tcx != nil && int(tcx.Ifindex) == index, nil
}

// dropLink takes a link away, and its pin.
func (p *Program) dropLink(index int, at *device, way int) error {
	l := at.links[way]
	if l == nil {
		return nil
	}
	// Closing alone takes it away later: the kernel has work to do that a file is gone.
	err := l.Detach()
	if p.pins != nil {
		if gone := os.Remove(p.pins.link(index, hooks[way].name)); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	at.links[way] = nil
	return errors.Join(err, l.Close())
}

func (p *Program) dropLinks(index int, at *device) error {
	return errors.Join(p.dropLink(index, at, 0), p.dropLink(index, at, 1))
}

// Attached returns the indexes of the devices that the program is at, in order: also of those where a process before has put it.
func (p *Program) Attached() []int { return slices.Sorted(maps.Keys(p.devices)) }

// Detach takes the program away from a device, which is no interface from then on. What passes goes on, uncounted and
// undecided. What was counted is still to be read.
func (p *Program) Detach(index int) error {
	at := p.devices[index]
	if at == nil {
		return fmt.Errorf("the program is not attached to device %d", index)
	}
	var err error
	if at.clsact {
		err = detachClsact(index)
	} else {
		err = p.dropLinks(index, at)
	}
	if err != nil {
		return fmt.Errorf("can't detach from device %d: %w", index, err)
	}
	delete(p.devices, index)
	return p.setLink(index, weirLink{})
}

// Gone returns the indexes of devices that the program was at and that are not there any more, and forgets these. Another device may
// have such an index: the program is not at that one.
func (p *Program) Gone() ([]int, error) {
	var out []int
	for _, index := range p.Attached() {
		lives, err := p.lives(index)
		if err != nil {
			return out, err
		}
		if lives {
			continue
		}
		if err := errors.Join(p.dropLinks(index, p.devices[index]), p.setLink(index, weirLink{})); err != nil {
			return out, err
		}
		delete(p.devices, index)
		out = append(out, index)
	}
	return out, nil
}

// lives reports whether the program is still at a device.
func (p *Program) lives(index int) (bool, error) {
	at := p.devices[index]
	if at.clsact {
		return hasClsact(index)
	}
	for _, l := range at.links {
		if l == nil {
			continue
		}
		if lives, err := isAt(l, index); err != nil || !lives {
			return false, err
		}
	}
	return true, nil
}

// Before returns the programs, by their ids, that run before this one at a device's ingress and egress: they came there after it and asked
// for the first place. Where one of them ends the chain, by accepting or dropping a packet or by sending it elsewhere, this program does not see it:
// it is neither counted nor decided of.
func (p *Program) Before(index int) (out [2][]ebpf.ProgramID, err error) {
	at := p.devices[index]
	if at == nil || at.clsact {
		return out, fmt.Errorf("the program is not attached to device %d by tcx", index)
	}
	for way, h := range hooks {
		if at.links[way] == nil {
			continue
		}
		info, err := at.links[way].Info()
		if err != nil {
			return out, err
		}
		all, err := link.QueryPrograms(link.QueryOptions{Target: index, Attach: h.attach})
		if err != nil {
			return out, err
		}
		for _, a := range all.Programs {
			if id, ok := a.LinkID(); ok && id == info.ID {
				break
			}
			out[way] = append(out[way], a.ID)
		}
	}
	return out, nil
}

// adoptLinks goes on with the links that a process before has pinned. Where it has the tables of that process, it takes the place of
// that one's program at once; otherwise only in Attach, when there is something to decide by.
func (p *Program) adoptLinks(update bool) error {
	entries, err := os.ReadDir(filepath.Join(p.pins.root, linksName))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == observerName || e.Name() == programName {
			continue
		}
		number, name, _ := strings.Cut(e.Name(), "-")
		index, err := strconv.Atoi(number)
		way := slices.IndexFunc(hooks[:], func(h hook) bool { return h.name == name })
		if err != nil || way < 0 {
			return fmt.Errorf("%s is no link of weir", filepath.Join(p.pins.root, linksName, e.Name()))
		}
		if p.devices[index] == nil {
			p.devices[index] = new(device)
		}
		l, err := link.LoadPinnedLink(p.pins.link(index, name), nil)
		if err != nil {
			return err
		}
		p.devices[index].links[way] = l
	}
	if _, err := p.Gone(); err != nil {
		return err
	}
	if !update {
		return nil
	}
	for index, l := range p.links {
		if l.Flags&linkClsact != 0 {
			p.devices[int(index)] = &device{clsact: true}
		}
	}
	if len(p.devices) > 0 {
		if err := p.stay(); err != nil {
			return err
		}
	}
	for index, at := range p.devices {
		for way, l := range at.links {
			if l == nil {
				continue
			}
			if err := l.Update(p.program(way)); err != nil {
				return fmt.Errorf("can't take the place of the program at device %d, %s: %w", index, hooks[way].name, err)
			}
		}
	}
	return p.adoptClsact()
}

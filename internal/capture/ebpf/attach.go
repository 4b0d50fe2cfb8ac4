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
func (n *Namespace) program(way int) *ebpf.Program {
	if way == 0 {
		return n.ingress
	}
	return n.egress
}

// Attach says that a device of the calling thread's network namespace is an interface, as [Namespace.Watch] does, and puts the
// program there, for both directions, before all others that are there. What it lets pass goes on to these. Where a
// process before has put it there, it stays, and keeps its place.
//
// It attaches by tcx, and by clsact filters where the kernel has no tcx, which it has since Linux 6.6.
func (n *Namespace) Attach(d Device, id string) error {
	if id == "" {
		return fmt.Errorf("device %d is to be no interface", d.Index)
	}
	if err := n.stay(); err != nil {
		return err
	}
	at := n.devices[d.Index]
	if at == nil {
		at = new(device)
	}
	// First what it is: a device that has its index from one that went must not be taken for that one.
	if err := n.Watch(d, id); err != nil {
		return err
	}
	err := n.attach(d.Index, at)
	if err != nil && n.devices[d.Index] == nil {
		err = errors.Join(err, n.dropLinks(d.Index, at), n.setLink(d.Index, weirLink{}))
	}
	return err
}

// attach puts the program at a device in both directions, where it is not there yet.
func (n *Namespace) attach(index int, at *device) error {
	if at.clsact || n.p.clsact && at.links == [2]link.Link{} {
		return n.attachClsact(index)
	}
	for way, h := range hooks {
		err := n.attachLink(index, at, way)
		if way == 0 && errors.Is(err, link.ErrNotSupported) {
			return n.attachClsact(index)
		}
		if err != nil {
			return fmt.Errorf("can't attach to device %d, %s: %w", index, h.name, err)
		}
	}
	n.devices[index] = at
	return nil
}

// stay notes the calling thread's network namespace, or returns an error if devices of another are watched: a device is known by
// its index alone.
func (n *Namespace) stay() error {
	if n.cookie != 0 {
		return n.isHere()
	}
	ns, err := networkNamespace()
	if err != nil || ns == n.p.state.Netns {
		return err
	}
	if len(n.devices) > 0 && n.p.state.Netns != 0 { // 0: links of another layout
		return fmt.Errorf("the program is at devices of another network namespace, %d, and can't be at those of this one, %d, too", n.p.state.Netns, ns)
	}
	s := n.p.state
	s.Netns = ns
	if err := n.p.objects.States.Put(uint32(0), s); err != nil {
		return err
	}
	n.p.state = s
	return nil
}

// attachLink has a device's link of a direction run this program.
func (n *Namespace) attachLink(index int, at *device, way int) error {
	if l := at.links[way]; l != nil {
		if lives, err := isAt(l, index); err != nil || lives {
			return errors.Join(err, l.Update(n.program(way)))
		}
		if err := n.dropLink(index, at, way); err != nil {
			return err
		}
	}
	l, err := link.AttachTCX(link.TCXOptions{Interface: index, Program: n.program(way), Attach: hooks[way].attach, Anchor: link.Head()})
	if err != nil {
		return err
	}
	at.links[way] = l
	if n.p.pins == nil {
		return nil
	}
	return l.Pin(n.pin(index, hooks[way].name))
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
func (n *Namespace) dropLink(index int, at *device, way int) error {
	l := at.links[way]
	if l == nil {
		return nil
	}
	// Closing alone takes it away later: the kernel has work to do that a file is gone.
	err := l.Detach()
	if n.p.pins != nil {
		if gone := os.Remove(n.pin(index, hooks[way].name)); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	at.links[way] = nil
	return errors.Join(err, l.Close())
}

func (n *Namespace) dropLinks(index int, at *device) error {
	return errors.Join(n.dropLink(index, at, 0), n.dropLink(index, at, 1))
}

// Attached returns the indexes of the devices that the program is at, in order: also of those where a process before has put it.
func (n *Namespace) Attached() []int { return slices.Sorted(maps.Keys(n.devices)) }

// Detach takes the program away from a device, which is no interface from then on. What passes goes on, uncounted and
// undecided. What was counted is still to be read.
func (n *Namespace) Detach(index int) error {
	at := n.devices[index]
	if at == nil {
		return fmt.Errorf("the program is not attached to device %d", index)
	}
	var err error
	if at.clsact {
		err = detachClsact(index)
	} else {
		err = n.dropLinks(index, at)
	}
	if err != nil {
		return fmt.Errorf("can't detach from device %d: %w", index, err)
	}
	delete(n.devices, index)
	return n.setLink(index, weirLink{})
}

// Gone returns the indexes of devices that the program was at and that are not there any more, and forgets these. Another device may
// have such an index: the program is not at that one.
func (n *Namespace) Gone() ([]int, error) {
	var out []int
	for _, index := range n.Attached() {
		lives, err := n.lives(index)
		if err != nil {
			return out, err
		}
		if lives {
			continue
		}
		if err := errors.Join(n.dropLinks(index, n.devices[index]), n.setLink(index, weirLink{})); err != nil {
			return out, err
		}
		delete(n.devices, index)
		out = append(out, index)
	}
	return out, nil
}

// lives reports whether the program is still at a device.
func (n *Namespace) lives(index int) (bool, error) {
	at := n.devices[index]
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
func (n *Namespace) Before(index int) (out [2][]ebpf.ProgramID, err error) {
	at := n.devices[index]
	if at == nil || at.clsact {
		return out, fmt.Errorf("the program is not attached to device %d by tcx", index)
	}
	if n.cookie != 0 {
		if err := n.isHere(); err != nil {
			return out, err
		}
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
func (n *Namespace) adoptLinks(update bool) error {
	entries, err := os.ReadDir(n.dir())
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
			return fmt.Errorf("%s is no link of weir", filepath.Join(n.dir(), e.Name()))
		}
		if n.devices[index] == nil {
			n.devices[index] = new(device)
		}
		l, err := link.LoadPinnedLink(n.pin(index, name), nil)
		if err != nil {
			return err
		}
		n.devices[index].links[way] = l
	}
	if _, err := n.Gone(); err != nil {
		return err
	}
	if !update {
		return nil
	}
	for index, l := range n.links {
		if l.hasClsactFlag() {
			n.devices[int(index)] = &device{clsact: true}
		}
	}
	if len(n.devices) > 0 && n.cookie == 0 {
		if err := n.stay(); err != nil {
			return err
		}
	}
	for index, at := range n.devices {
		for way, l := range at.links {
			if l == nil {
				continue
			}
			if err := l.Update(n.program(way)); err != nil {
				return fmt.Errorf("can't take the place of the program at device %d, %s: %w", index, hooks[way].name, err)
			}
		}
	}
	return n.adoptClsact()
}

// A ProgramID is the kernel's number of a program.
type ProgramID = ebpf.ProgramID

// ProgramName returns what the kernel says that a program is called, with its id. Without CAP_SYS_ADMIN it says nothing, and the id stands alone.
func ProgramName(id ebpf.ProgramID) string {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return fmt.Sprintf("program %d", id)
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil || info.Name == "" {
		return fmt.Sprintf("program %d", id)
	}
	return fmt.Sprintf("program %d (%s)", id, info.Name)
}

package ebpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Options are what [Load] is told.
type Options struct {
	// Connections and Asides are how many entries the two tables have at most: connections, and what is refused or has none.
	// 0: 1,048,576 and 262,144. An entry takes about 250 bytes.
	Connections, Asides uint32
	// Driven has the clock stand at what [Program.SetTime] says, for tests.
	Driven bool
}

// Program is the program in the kernel, with its tables. It is not for concurrent use, but for its part in the kernel.
type Program struct {
	objects  weirObjects
	isDriven bool
	driven   int64     // where the clock is driven: the time
	inner    *ebpf.Map // what the barrier's update is given
	word     word
	// slots number interfaces, from 1, by id: as long as the program is loaded.
	slots map[string]uint16
	names []string // by slot
	// generations are what was in force, for what still refers to it; used are the generations that the last read has seen.
	generations map[uint16][]Interface // by slot
	used        [maxGeneration + 1]bool
	batch       batch
}

// maxGeneration and maxEpoch are the largest numbers; the epoch above is that of what is being removed.
const (
	maxGeneration = 1<<12 - 1
	maxEpoch      = 1<<23 - 2
)

// word is the program's control word: epoch, generation, and which of two heads is in force.
type word struct {
	epoch  uint32
	gen    uint16
	parity uint8
}

func (w word) bits() uint64 { return uint64(w.epoch) | uint64(w.gen)<<32 | uint64(w.parity)<<63 }

// Load loads the program. The error is of the kernel, or says what the process lacks: it needs CAP_BPF, CAP_NET_ADMIN and
// CAP_PERFMON, or to be root.
func Load(o Options) (*Program, error) {
	spec, err := loadWeir()
	if err != nil {
		return nil, err
	}
	if o.Connections > 0 {
		spec.Maps["connections"].MaxEntries = o.Connections
	}
	if o.Asides > 0 {
		spec.Maps["asides"].MaxEntries = o.Asides
	}
	if err := spec.Variables["driven"].Set(o.Driven); err != nil {
		return nil, err
	}
	p := &Program{isDriven: o.Driven, slots: map[string]uint16{}, names: []string{""}, generations: map[uint16][]Interface{}}
	if err := spec.LoadAndAssign(&p.objects, nil); err != nil {
		return nil, fmt.Errorf("can't load the BPF program: %w", err)
	}
	p.inner, err = ebpf.NewMap(spec.Maps["barrier"].InnerMap)
	if err != nil {
		return nil, errors.Join(err, p.objects.Close())
	}
	p.word = word{epoch: 1, gen: 1}
	p.generations[1] = []Interface{{}}
	if err := p.put(p.word); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close closes the program. What it counted since the last read is gone.
func (p *Program) Close() error {
	return errors.Join(p.inner.Close(), p.objects.Close())
}

// put sets the control word, and returns when no program runs any more that has seen another.
func (p *Program) put(w word) error {
	if err := p.objects.Control.Put(uint32(0), weirClock{Word: w.bits(), Now: uint64(p.driven)}); err != nil {
		return err
	}
	p.word = w
	return p.wait()
}

// wait returns when no program runs any more that began before.
//
// Source: the kernel waits for programs when a map of maps is updated: maybe_wait_bpf_programs in kernel/bpf/syscall.c,
// since Linux 5.0.
func (p *Program) wait() error {
	return p.objects.Barrier.Put(uint32(0), p.inner)
}

// SetTime sets a driven clock, in nanoseconds since the epoch.
func (p *Program) SetTime(ns int64) error {
	p.driven = ns
	return p.objects.Control.Put(uint32(0), weirClock{Word: p.word.bits(), Now: uint64(ns)})
}

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
	linkFlip = 1
	linkRaw  = 2
)

// maxDevice is the largest index of a device that the table has.
const maxDevice = 1<<16 - 1

// Watch says that a device is an interface, which [Program.Swap] has been told of. An id of "" says that it is none.
func (p *Program) Watch(d Device, id string) error {
	if d.Index < 1 || d.Index > maxDevice {
		return fmt.Errorf("device %d: its index is above %d, which the program has no room for", d.Index, maxDevice)
	}
	slot, ok := p.slots[id]
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
	return p.objects.Links.Put(uint32(d.Index), l)
}

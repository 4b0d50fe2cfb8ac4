package ebpf

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	"github.com/cilium/ebpf"
)

// Options are what [Load] is told.
type Options struct {
	// Connections and Asides are how many entries the two tables have at most: connections, and what is refused or has none.
	// 0: 1,048,576 and 262,144, or what pinned tables have. An entry takes about 250 bytes.
	Connections, Asides uint32
	// Pin is a directory of a BPF file system, such as /sys/fs/bpf/weir, where tables and links are kept: they outlive the
	// process. "" keeps none.
	Pin string
	// Driven has the clock stand at what [Program.SetTime] says, for tests.
	Driven bool
	// Clsact attaches by clsact filters also where the kernel has tcx.
	Clsact bool
}

// Program is the program in the kernel, with its tables. It is not for concurrent use, but for its part in the kernel.
type Program struct {
	objects  weirObjects
	isDriven bool
	driven   int64     // where the clock is driven: the time
	inner    *ebpf.Map // what the barrier's update is given
	clsact   bool
	pins     *pins // nil: nothing is pinned
	// Namespace is the network namespace that it was loaded for, and others are those that it is at devices of beside, by their cookies.
	*Namespace
	others map[uint64]*Namespace

	word word
	// old is the epoch before, which isClosed as long as its rows are not settled.
	old      word
	isClosed bool
	waits    bool // a program may run that has seen old
	state    weirState

	// slots number interfaces, from 1, by id; ids has each slot's. free says which have nothing any more since the last read.
	slots map[string]uint16
	ids   []string
	free  map[uint16]bool
	// generations are what was in force, for what still refers to it, and namings what they share.
	generations map[uint16][]judged // by slot
	namings     map[string]*naming
	journal     journal
	batch       batch
	observer    *observer // nil: nothing is observed
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

func wordOf(bits uint64) word {
	return word{uint32(bits) & (1<<23 - 1), uint16(bits>>32) & maxGeneration, uint8(bits >> 63)}
}

// after and before are the epochs beside one.
func after(epoch uint32) uint32 { return epoch%maxEpoch + 1 }

func before(epoch uint32) uint32 { return (epoch+maxEpoch-2)%maxEpoch + 1 }

// Load loads the program. Where tables are pinned, it goes on with them: at each device that the program of a process before
// is attached to, this one takes its place, without a packet between, and decides by the same policy until the next
// [Program.Swap]. What is counted and not settled is still to be read: see [Program.Closed].
//
// The error is of the kernel, or says what the process lacks: it needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, or to be root.
func Load(o Options) (_ *Program, err error) {
	spec, err := loadWeir()
	if err != nil {
		return nil, err
	}
	if err := spec.Variables["driven"].Set(o.Driven); err != nil {
		return nil, err
	}
	p := &Program{
		isDriven: o.Driven, clsact: o.Clsact, others: map[uint64]*Namespace{}, slots: map[string]uint16{}, free: map[uint16]bool{}, generations: map[uint16][]judged{},
		namings: map[string]*naming{}, journal: journal{map[document]uint32{}},
	}
	p.Namespace = &Namespace{p: p, devices: map[int]*device{}, links: map[uint32]weirLink{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	var found map[string]*ebpf.Map
	if o.Pin != "" {
		if p.pins, err = openPins(o.Pin); err != nil {
			return nil, err
		}
		if found, err = p.pins.maps(); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, closeMaps(found)) }()
	}
	for name, size := range map[string]uint32{"connections": o.Connections, "asides": o.Asides} {
		was := found[name]
		switch {
		case was != nil && size != 0 && size != was.MaxEntries():
			return nil, fmt.Errorf("the table %q in %s has room for %d entries, not %d: it keeps its size until the tables are removed, as weir-agent detach --all does where no agent runs", name, p.pins.tables(), was.MaxEntries(), size)
		case was != nil:
			spec.Maps[name].MaxEntries = was.MaxEntries()
		case size != 0:
			spec.Maps[name].MaxEntries = size
		}
	}
	how, err := loading(found)
	if err != nil {
		return nil, err
	}
	if err := spec.LoadAndAssign(&p.objects, how); err != nil {
		return nil, fmt.Errorf("can't load the BPF program: %w", err)
	}
	p.ingress, p.egress, p.table = p.objects.Ingress, p.objects.Egress, p.objects.Links
	p.inner, err = ebpf.NewMap(spec.Maps["barrier"].InnerMap)
	if err != nil {
		return nil, err
	}
	if found != nil {
		return p, p.adopt()
	}
	return p, p.begin()
}

// begin makes tables that nobody had before.
func (p *Program) begin() error {
	p.word, p.old = word{epoch: 1, gen: 1}, word{epoch: before(1), gen: 1}
	p.ids, p.generations[1] = []string{""}, []judged{{}}
	p.state = weirState{Settled: p.old.epoch, Gens: [2]uint16{1, 1}}
	if _, err := rand.Read(p.state.Id[:]); err != nil {
		return err
	}
	if err := p.keep(1, p.generations[1]); err != nil {
		return err
	}
	if err := p.objects.States.Put(uint32(0), p.state); err != nil {
		return err
	}
	if err := p.objects.Control.Put(uint32(0), weirClock{Word: p.word.bits()}); err != nil {
		return err
	}
	if p.pins == nil {
		return nil
	}
	if err := p.pins.keep(p.objects.named); err != nil {
		return fmt.Errorf("can't pin the tables: %w", err)
	}
	// Links of another layout stay as they are until Attach.
	return p.adoptLinks(false)
}

// named returns a map by its name.
func (o *weirObjects) named(name string) *ebpf.Map {
	maps := reflect.ValueOf(o.weirMaps)
	for f := range maps.NumField() {
		if maps.Type().Field(f).Tag.Get("ebpf") == name {
			return maps.Field(f).Interface().(*ebpf.Map)
		}
	}
	return nil
}

// adopt goes on with the tables of a process before.
func (p *Program) adopt() error {
	var c weirClock
	if err := p.objects.Control.Lookup(uint32(0), &c); err != nil {
		return err
	}
	if err := p.objects.States.Lookup(uint32(0), &p.state); err != nil {
		return err
	}
	p.word, p.driven = wordOf(c.Word), int64(c.Now)
	p.old.epoch = before(p.word.epoch)
	p.old.gen = p.state.Gens[p.old.epoch&1]
	p.isClosed, p.waits = p.state.Settled != p.old.epoch, true
	if err := p.recall(); err != nil {
		return fmt.Errorf("can't go on with the tables in %s (what they count is lost if they are removed, and begun anew then): %w", p.pins.tables(), err)
	}
	for slot, j := range p.generations[p.word.gen] {
		p.ids = append(p.ids, j.ID)
		if j.ID != "" {
			p.slots[j.ID] = uint16(slot)
		}
	}
	var err error
	if p.links, err = readLinks(p.objects.Links, p.objects.HighLinks, 0); err != nil {
		return err
	}
	if err := errors.Join(p.adoptLinks(true), p.adoptOthers()); err != nil {
		return err
	}
	for _, j := range p.generations[p.word.gen] {
		if j.Mode >= Observe {
			return p.observe()
		}
	}
	return nil
}

// Others returns the directories of tables that builds with another layout have left. What these counted last is there, for
// such a build to read. This one can only remove them, by removing the directory.
func (p *Program) Others() ([]string, error) {
	if p.pins == nil {
		return nil, nil
	}
	return p.pins.others()
}

// Close closes the program. Where nothing is pinned, it takes it away from all devices, and what was not read is gone: the calling
// thread has to be in their network namespace. Otherwise it goes on counting and deciding.
func (p *Program) Close() error {
	var errs []error
	for _, n := range p.others {
		errs = append(errs, n.closeLinks(), n.close())
	}
	if p.observer != nil {
		errs = append(errs, p.observer.close())
	}
	errs = append(errs, p.closeLinks(), p.inner.Close(), p.objects.Close())
	if p.pins != nil {
		errs = append(errs, p.pins.close())
	}
	return errors.Join(errs...)
}

// wait returns when no program runs any more that has seen another control word.
//
// Source: the kernel waits for programs when a map of maps is updated: maybe_wait_bpf_programs in kernel/bpf/syscall.c,
// since Linux 5.0.
func (p *Program) wait() error {
	if !p.waits {
		return nil
	}
	if err := p.objects.Barrier.Put(uint32(0), p.inner); err != nil {
		return err
	}
	p.waits = false
	return nil
}

// SetTime sets a driven clock, in nanoseconds since the epoch.
func (p *Program) SetTime(ns int64) error {
	p.driven = ns
	return p.objects.Control.Put(uint32(0), weirClock{Word: p.word.bits(), Now: uint64(ns)})
}

// tables returns what tells these tables from others.
func (p *Program) tables() string { return hex.EncodeToString(p.state.Id[:]) }

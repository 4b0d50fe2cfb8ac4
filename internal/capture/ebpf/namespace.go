package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
)

// A Namespace is the program at devices of a network namespace. Indexes of devices are of one network namespace, so each has a table of its own of which interfaces its
// devices are, and the program is loaded for each. All other tables are those of the [Program].
type Namespace struct {
	p      *Program
	cookie uint64 // 0: the one that the program was loaded for

	ingress, egress *ebpf.Program
	table           *ebpf.Map

	devices map[int]*device     // that it is attached to
	links   map[uint32]weirLink // which interfaces devices are
}

// In returns the program for the devices of the calling thread's network namespace, which is not the one that it was loaded for. What is asked of it is asked in a thread that is
// in that network namespace; to read and to swap policies is the program's, for all. It takes tcx.
//
// Where the program has been loaded for it before it is the same, also by a process before where it is pinned.
func (p *Program) In() (*Namespace, error) {
	cookie, err := networkCookie()
	if err != nil {
		return nil, err
	}
	if n := p.others[cookie]; n != nil {
		return n, nil
	}
	n, err := p.loadFor(cookie, nil)
	if err != nil || p.pins == nil {
		return n, err
	}
	err = n.table.Pin(n.tablePin())
	if err == nil {
		err = os.MkdirAll(n.dir(), 0o700)
	}
	if err == nil {
		err = n.adoptLinks(false) // of another layout
	}
	if err != nil {
		return nil, errors.Join(err, n.leave())
	}
	return n, nil
}

// loadFor loads the program for a network namespace, with a table of devices that is there or a new one.
func (p *Program) loadFor(cookie uint64, table *ebpf.Map) (*Namespace, error) {
	spec, err := loadWeir()
	if err != nil {
		return nil, err
	}
	if err := spec.Variables["driven"].Set(p.isDriven); err != nil {
		return nil, err
	}
	if err := spec.Variables["netns"].Set(cookie); err != nil {
		return nil, err
	}
	n := &Namespace{p: p, cookie: cookie, devices: map[int]*device{}, links: map[uint32]weirLink{}}
	if table == nil {
		if table, err = ebpf.NewMap(spec.Maps[linksName]); err != nil {
			return nil, err
		}
	} else if n.links, err = readLinks(table, p.objects.HighLinks, cookie); err != nil {
		return nil, err
	}
	n.table = table
	shared := map[string]*ebpf.Map{linksName: table}
	for name, s := range spec.Maps {
		m := p.objects.named(name)
		if m == nil || name == linksName {
			continue
		}
		shared[name], s.MaxEntries = m, m.MaxEntries()
	}
	var programs struct {
		Ingress *ebpf.Program `ebpf:"ingress"`
		Egress  *ebpf.Program `ebpf:"egress"`
	}
	how, err := loading(shared)
	if err == nil {
		err = spec.LoadAndAssign(&programs, how)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("can't load the BPF program: %w", err), table.Close())
	}
	n.ingress, n.egress = programs.Ingress, programs.Egress
	p.others[cookie] = n
	return n, nil
}

// isHere returns an error where the calling thread is in another network namespace.
func (n *Namespace) isHere() error {
	at, err := networkCookie()
	if err == nil && at != n.cookie {
		err = errors.New("the calling thread is in another network namespace")
	}
	return err
}

// name is what pins of it have in their names.
func (n *Namespace) name() string { return strconv.FormatUint(n.cookie, 16) }

// dir is where its links are pinned.
func (n *Namespace) dir() string {
	if n.cookie == 0 {
		return filepath.Join(n.p.pins.root, linksName)
	}
	return filepath.Join(n.p.pins.root, netnsName, n.name())
}

// pin returns where the link of a device and a direction is pinned.
func (n *Namespace) pin(index int, way string) string {
	return filepath.Join(n.dir(), fmt.Sprintf("%d-%s", index, way))
}

// tablePin is where the table of its devices is pinned.
func (n *Namespace) tablePin() string {
	return filepath.Join(n.p.pins.tables(), netnsPrefix+n.name())
}

// adoptOthers goes on with the links of a process before in other network namespaces. Those that ended have taken their devices along, and are forgotten.
func (p *Program) adoptOthers() error {
	entries, err := os.ReadDir(p.pins.tables())
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), netnsPrefix)
		if !ok {
			continue
		}
		cookie, err := strconv.ParseUint(number, 16, 64)
		if err != nil || cookie == 0 {
			return fmt.Errorf("%s is no table of weir", filepath.Join(p.pins.tables(), e.Name()))
		}
		table, err := ebpf.LoadPinnedMap(filepath.Join(p.pins.tables(), e.Name()), nil)
		if err != nil {
			return err
		}
		n, err := p.loadFor(cookie, table)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(n.dir(), 0o700); err != nil { // a process before may have ended before it did
			return err
		}
		if err := n.adoptLinks(true); err != nil {
			return err
		}
		if len(n.devices) == 0 {
			if err := n.leave(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Namespaces returns the network namespaces, beside the one that the program was loaded for, that it is at devices of, by their cookies (SO_NETNS_COOKIE).
func (p *Program) Namespaces() map[uint64]*Namespace { return p.others }

// Leave gives up a network namespace: the program is taken away from its devices, whether it is still there or not. What was counted is still to be read.
func (n *Namespace) Leave() error {
	var errs []error
	for _, index := range n.Attached() {
		errs = append(errs, n.Detach(index))
	}
	return errors.Join(append(errs, n.leave())...)
}

// leave forgets a network namespace that the program is at no device of.
func (n *Namespace) leave() error {
	delete(n.p.others, n.cookie)
	var err error
	for index := range n.links {
		if index > maxLink { // that table stays
			err = errors.Join(err, n.setLink(int(index), weirLink{}))
		}
	}
	err = errors.Join(err, n.close())
	if n.p.pins == nil {
		return err
	}
	for _, name := range []string{n.tablePin(), n.dir()} {
		if gone := os.Remove(name); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// closeLinks lets the links go: where they are not pinned, the program is taken away.
func (n *Namespace) closeLinks() error {
	var errs []error
	for index, d := range n.devices {
		if n.p.pins == nil {
			errs = append(errs, n.Detach(index))
			continue
		}
		for _, l := range d.links {
			if l != nil {
				errs = append(errs, l.Close())
			}
		}
	}
	return errors.Join(errs...)
}

// close closes what a network namespace has of its own.
func (n *Namespace) close() error {
	return errors.Join(n.ingress.Close(), n.egress.Close(), n.table.Close())
}

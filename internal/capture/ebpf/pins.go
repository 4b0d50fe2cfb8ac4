package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// layout numbers what the pinned maps hold: their shapes, and what the bits mean. A build with another number makes tables of
// its own and leaves these alone.
const layout = 3

// pinnedMaps are the maps that outlive the process. The others are for one process to talk with its program.
var pinnedMaps = []string{linksName, highLinksName, "control", "heads", "rules", "connections", "asides", "fragments", "counters", "states", "passing", "journal"}

// pins are a directory of a BPF file system:
//
//	layout-N/MAP       tables of layout N
//	links/INDEX-WAY    the program at a device: tables of another layout have another program, but the link stays
//	links/kfree_skb    what observes the host's firewall, and beside it its program
//	layout-N/netns-COOKIE      which interfaces the devices of another network namespace are
//	netns/COOKIE/INDEX-WAY     the program at a device of that
type pins struct {
	root string
	lock *os.File // of this process, as long as it is open
}

const (
	layoutPrefix = "layout-"
	// newTables is where tables are pinned before they are ready. Names with dots are not allowed in a BPF file system.
	newTables     = "new"
	linksName     = "links"
	highLinksName = "high_links"
	netnsName     = "netns"
	// netnsPrefix begins the names of tables of devices of other network namespaces.
	netnsPrefix = "netns-"
)

// ErrNoFileSystem says that a directory to pin in is in no BPF file system.
var ErrNoFileSystem = errors.New("is in no BPF file system, where links and tables outlive the process")

// openPins opens the directory, or makes it, for this process alone.
func openPins(root string) (*pins, error) {
	if err := isBPF(root); err != nil {
		return nil, err
	}
	for _, dir := range []string{root, filepath.Join(root, linksName)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("can't have %s alone, which another process of weir may use: %w", root, err), f.Close())
	}
	return &pins{root, f}, nil
}

// close lets another process have the directory, also where a process that this one has just started has the file still open.
func (p *pins) close() error { return errors.Join(unlockFile(p.lock), p.lock.Close()) }

func (p *pins) tables() string { return filepath.Join(p.root, fmt.Sprint(layoutPrefix, layout)) }

// maps returns the maps of this layout; none where there are no tables.
func (p *pins) maps() (map[string]*ebpf.Map, error) {
	if _, err := os.Stat(p.tables()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	out := map[string]*ebpf.Map{}
	for _, name := range pinnedMaps {
		m, err := ebpf.LoadPinnedMap(filepath.Join(p.tables(), name), nil)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("the tables in %s are not whole (weir-agent detach --all removes them, with what they have counted, and they are begun anew then): %w", p.tables(), err), closeMaps(out))
		}
		out[name] = m
	}
	return out, nil
}

func closeMaps(maps map[string]*ebpf.Map) error {
	var errs []error
	for _, m := range maps {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// keep pins maps, all at once: a process that ends meanwhile leaves none.
func (p *pins) keep(of func(name string) *ebpf.Map) error {
	dir := filepath.Join(p.root, newTables)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range pinnedMaps {
		// A clone, because the map would be told of the place that it does not stay at.
		m, err := of(name).Clone()
		if err != nil {
			return err
		}
		if err := errors.Join(m.Pin(filepath.Join(dir, name)), m.Close()); err != nil {
			return err
		}
	}
	return os.Rename(dir, p.tables())
}

// others returns the directories of other layouts, in order.
func (p *pins) others() ([]string, error) {
	entries, err := os.ReadDir(p.root)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if dir := filepath.Join(p.root, e.Name()); strings.HasPrefix(e.Name(), layoutPrefix) && dir != p.tables() {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out, nil
}

// dropClsact removes the filters that tables of this layout know of. The other tables need not be there.
func (p *pins) dropClsact() (err error) {
	maps := map[string]*ebpf.Map{}
	defer func() { err = errors.Join(err, closeMaps(maps)) }()
	for _, name := range []string{linksName, highLinksName} {
		m, err := ebpf.LoadPinnedMap(filepath.Join(p.tables(), name), nil)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		maps[name] = m
	}
	links, err := readLinks(maps[linksName], maps[highLinksName], 0)
	if err != nil {
		return err
	}
	for index, l := range links {
		if l.hasClsactFlag() {
			if err := detachClsact(int(index)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Remove takes the program of a directory away from all devices, of the calling thread's network namespace where it is attached
// by clsact, and removes the tables there, of all layouts, with what they have counted. What passes goes on, uncounted and
// undecided.
func Remove(root string) (err error) {
	p, err := openPins(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.dropClsact(); err != nil {
		return err
	}
	// The links first: without them nothing is decided by tables that are half gone.
	for _, name := range []string{linksName, netnsName, newTables} {
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			return err
		}
	}
	others, err := p.others()
	if err != nil {
		return err
	}
	for _, dir := range append(others, p.tables()) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return os.Remove(root)
}

package device

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// namedNetns is where iproute2 keeps network namespaces by their names.
const namedNetns = "/run/netns"

// ownNetns is the network namespace of the calling thread.
const ownNetns = "/proc/thread-self/ns/net"

// pathOf returns the file of a network namespace of a query.
func pathOf(netns string) string {
	if strings.Contains(netns, "/") {
		return netns
	}
	return filepath.Join(namedNetns, netns)
}

// In calls a function in a network namespace, by its name below /run/netns or its path, in a thread of its own that ends with it; "": in that of the calling thread.
func In(netns string, do func() error) error {
	if netns == "" {
		return do()
	}
	return enter(pathOf(netns), do)
}

// enter calls a function in the network namespace of a file.
func enter(path string, do func() error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no network namespace %s", path)
	}
	if err != nil {
		return fmt.Errorf("can't open the network namespace: %w", err)
	}
	defer func() { _ = f.Close() }()
	ended := make(chan error)
	inThread(func() {
		switch err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); {
		case errors.Is(err, unix.EPERM):
			ended <- fmt.Errorf("can't enter the network namespace %s, which takes CAP_SYS_ADMIN: %w", path, err)
		case errors.Is(err, unix.EINVAL):
			ended <- fmt.Errorf("%s is no network namespace", path)
		case err != nil:
			ended <- fmt.Errorf("can't enter the network namespace %s: %w", path, err)
		default:
			ended <- do()
		}
	})
	return <-ended
}

// inThread calls a function in a thread that ends with it, so that nobody else is in a namespace that it enters; began is closed when it has one. It is never the
// process's first thread: Go keeps that one until the process ends, and with it the namespace, and the devices there of a container that has ended.
func inThread(do func()) (began <-chan struct{}) {
	has := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked, but for the first thread
		if unix.Gettid() == unix.Getpid() {
			<-inThread(do) // while this one is held, it is another
			close(has)
			runtime.UnlockOSThread()
			return
		}
		close(has)
		do()
	}()
	return has
}

// cookie returns what tells the calling thread's network namespace from all others since the host began.
func cookie() (uint64, error) {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(s) }()
	out, err := unix.GetsockoptUint64(s, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0, fmt.Errorf("can't tell the network namespace: %w", err)
	}
	return out, nil
}

// space is a network namespace of the host.
type space struct {
	path   string   // a file of it
	names  []string // what it is called
	pids   []string // processes in it
	inside []link   // its devices
}

// spaces returns the network namespaces that have a number in that of the calling thread, by it: those that are named, and those of processes that may be looked at.
func spaces(paths []string) (map[int32]*space, error) {
	var own unix.Stat_t
	if err := unix.Stat(ownNetns, &own); err != nil {
		return nil, fmt.Errorf("can't tell the network namespace: %w", err)
	}
	byInode := map[uint64]*space{}
	add := func(path string) *space {
		var s unix.Stat_t
		if unix.Stat(path, &s) != nil || s.Dev != own.Dev || s.Ino == own.Ino { // another file system is no namespace
			return nil
		}
		if byInode[s.Ino] == nil {
			byInode[s.Ino] = &space{path: path}
		}
		return byInode[s.Ino]
	}
	if named, err := os.ReadDir(namedNetns); err == nil {
		for _, e := range named {
			if at := add(filepath.Join(namedNetns, e.Name())); at != nil {
				at.names = append(at.names, e.Name())
			}
		}
	}
	for _, path := range paths {
		if at := add(pathOf(path)); at != nil && !slices.Contains(at.names, path) {
			at.names = append(at.names, path)
		}
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range processes {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if at := add("/proc/" + e.Name() + "/ns/net"); at != nil {
			at.pids = append(at.pids, e.Name())
		}
	}
	out := map[int32]*space{}
	for _, at := range byInode {
		if n := at.number(); n >= 0 {
			out[n] = at
		}
	}
	return out, nil
}

// number returns the number that a namespace has in that of the calling thread; -1: none, or it ended.
func (s *space) number() int32 {
	f, err := os.Open(s.path)
	if err != nil {
		return -1
	}
	defer func() { _ = f.Close() }()
	n, err := numberOf(int(f.Fd()))
	if err != nil {
		return -1
	}
	return n
}

// runtimes are asked for the names of containers.
var runtimes = []Runtime{dockerState}

// containers returns the ids and names of the containers that have processes there, in order.
func (s *space) containers() []string {
	var out []string
	for _, pid := range s.pids {
		text, err := os.ReadFile("/proc/" + pid + "/cgroup")
		if err != nil {
			continue // it ended
		}
		if c := containerOf(text); c != "" {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	for _, id := range out {
		for _, r := range runtimes {
			out = append(out, r.Names(id)...)
		}
	}
	return out
}

// Names returns the names of the network namespaces below /run/netns, in order.
func Names() []string {
	named, err := os.ReadDir(namedNetns)
	if err != nil {
		return nil // nobody made one
	}
	var out []string
	for _, e := range named {
		out = append(out, e.Name())
	}
	return out
}

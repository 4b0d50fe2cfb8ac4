package agent

import (
	"errors"
	"fmt"
	"os"

	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
)

// capturer is what counts at devices and decides of what passes there: the BPF program, or packets that sockets get. Package ebpf says what each method does,
// and its words are those of both.
type capturer interface {
	Swap(all []ebpf.Interface, changes ...ebpf.Change) error
	Attach(d ebpf.Device, id string) error
	Detach(index int) error
	Attached() []int
	Gone() ([]int, error)
	Before(index int) ([2][]ebpf.ProgramID, error)
	// In is the program in the thread's network namespace, and Namespaces are those where it is. Packets are those of the agent's own.
	In() (*ebpf.Namespace, error)
	Namespaces() map[uint64]*ebpf.Namespace
	Turn() (ebpf.Epoch, error)
	Closed() (ebpf.Epoch, bool)
	// Rows calls do for each row of the closed epoch. The flow is do's until it returns.
	Rows(do func(*aggregate.Flow, aggregate.Counts) error) error
	Settle() error
	Tallies(id string) (tallies, error)
	Missed() (uint64, error)
	// Forwards fails where it is not told what a router can't forward.
	Forwards() error
	Close() error
}

// tallies are what of an interface is in no flow.
type tallies struct {
	ebpf.Tallies
	// FullFlows is how often a flow of packets had no place, and Dropped are frames that a packet socket had no room for; of BPF they are 0.
	FullFlows, Dropped uint64
}

// Captured says how packets are counted.
type Captured struct {
	// By is bpf or packet.
	By string `json:"by"`
	// Why is why it is not BPF, where that was tried.
	Why string `json:"why,omitempty"`
}

// openCapture begins what counts, as the config says. A config that says auto gets packets only where BPF can't be, which the log and the status say.
func openCapture(o *Options, bpf ebpf.Options) (capturer, Captured, error) {
	switch o.Config.Capture {
	case "packet":
		return openPackets(o, "")
	case "auto":
		if err := tryBPF(); err != nil {
			return fallBack(o, err)
		}
		p, how, err := openBPF(o, bpf)
		if err != nil {
			return fallBack(o, err)
		}
		return p, how, nil
	}
	p, how, err := openBPF(o, bpf)
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("%w (where BPF may not be loaded, capture: packet counts what packet sockets get)", err)
	}
	return p, how, err
}

// openBPF loads the program. What builds with another layout of its tables have left takes memory of the kernel, which is said.
func openBPF(o *Options, bpf ebpf.Options) (capturer, Captured, error) {
	p, err := ebpf.Load(bpf)
	if errors.Is(err, ebpf.ErrNoFileSystem) {
		err = fmt.Errorf("%w; weir-agent doctor --fix mounts it, and pin: none in the config does without: all ends with the agent then", err)
	}
	if err != nil {
		return nil, Captured{}, err
	}
	left, err := p.Others()
	if err != nil {
		return nil, Captured{}, errors.Join(err, p.Close())
	}
	if len(left) > 0 {
		o.Log.Warn("another build of weir-agent has left tables, which take memory of the kernel; what they counted last is there for that build alone, and rm -r removes them", "tables", left)
	}
	return kernel{p}, Captured{By: "bpf"}, nil
}

// fallBack has packets count, since BPF can't.
func fallBack(o *Options, why error) (capturer, Captured, error) {
	if err := o.Config.Unenforced(); err != nil {
		return nil, Captured{}, fmt.Errorf("%w; and BPF can't be had: %w", err, why)
	}
	o.Log.Warn("BPF can't be had: what packet sockets get is counted, which may lose packets under load", "error", why)
	return openPackets(o, why.Error())
}

// kernel is the BPF program.
type kernel struct{ *ebpf.Program }

// Rows calls do for each row, as records are made of it.
func (k kernel) Rows(do func(*aggregate.Flow, aggregate.Counts) error) error {
	return k.Program.Rows(func(r *ebpf.Row) error {
		f, c := r.Flow()
		return do(&f, c)
	})
}

// Tallies returns those of the program.
func (k kernel) Tallies(id string) (tallies, error) {
	t, err := k.Program.Tallies(id)
	return tallies{Tallies: t}, err
}

// pinned reports whether what counts goes on where the agent ends.
func (a *agent) pinned() bool { return a.Config.Pin != "" && a.how.By != "packet" }

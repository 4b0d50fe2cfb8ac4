package agent

import (
	"errors"
	"fmt"
	"strings"

	"weir/internal/agent/device"
	"weir/internal/capture/ebpf"
)

// put has the program at a device, in the network namespace where that is.
func (a *agent) put(m *Match) error {
	if m.Netns == "" {
		return a.program.Attach(m.attachable(), m.id())
	}
	return device.In(m.Netns, func() error {
		n, err := a.program.In()
		if err != nil {
			return err
		}
		err = n.Attach(m.attachable(), m.id())
		if err != nil && len(n.Attached()) == 0 {
			err = errors.Join(err, n.Leave())
		}
		return err
	})
}

// takeAway takes the program away from a device, whose network namespace may have ended. When it is at no device there any more, it gives up the namespace.
func (a *agent) takeAway(at place) error {
	if at.cookie == 0 {
		return a.program.Detach(at.index)
	}
	n := a.program.Namespaces()[at.cookie]
	if n == nil {
		return fmt.Errorf("the program is not attached to device %d of that network namespace", at.index)
	}
	if err := n.Detach(at.index); err != nil || len(n.Attached()) > 0 {
		return err
	}
	return n.Leave()
}

// stray forgets devices that went, and takes the program away from those that an agent before was at and that are not wanted any more, in all network namespaces.
func (a *agent) stray(wanted map[place]*Match, matches []Match) error {
	err := a.strayIn(0, a.program, wanted, matches)
	for cookie, n := range a.program.Namespaces() {
		err = errors.Join(err, a.strayIn(cookie, n, wanted, matches))
		if len(n.Attached()) == 0 {
			err = errors.Join(err, n.Leave())
		}
	}
	return err
}

// attached is the program in a network namespace.
type attached interface {
	Attached() []int
	Detach(index int) error
	Gone() ([]int, error)
}

func (a *agent) strayIn(cookie uint64, n attached, wanted map[place]*Match, matches []Match) error {
	gone, err := n.Gone()
	for _, index := range gone { // another device may have that index now
		a.leave(place{cookie, index}, matches)
	}
	for _, index := range n.Attached() {
		if at := (place{cookie, index}); wanted[at] == nil && a.attached[at] == nil { // an agent before was there
			err = errors.Join(err, n.Detach(index))
		}
	}
	return err
}

// lookBefore asks which programs run before this one, and says so once: where one of them ends the chain, packets are missing in records.
func (a *agent) lookBefore(matches []Match) {
	for i := range matches {
		m := &matches[i]
		if a.attached[m.place()] == nil {
			continue
		}
		if m.Before = a.before(m); len(m.Before) > 0 {
			if a.once(m.Label() + " before: " + strings.Join(m.Before, ", ")) {
				a.Log.Warn("other BPF programs run before this one; what they accept, drop or send elsewhere is in no record", "device", m.Label(), "programs", m.Before)
			}
		}
	}
}

// before returns the programs before this one at a device. Where the kernel does not say, as of clsact, there are none that are known.
func (a *agent) before(m *Match) (out []string) {
	look := func(n interface {
		Before(index int) ([2][]ebpf.ProgramID, error)
	},
	) error {
		all, err := n.Before(m.Index)
		for way, ids := range all {
			for _, id := range ids {
				out = append(out, fmt.Sprintf("%s: %s", [2]string{"ingress", "egress"}[way], ebpf.ProgramName(id)))
			}
		}
		return err
	}
	err := device.In(m.Netns, func() error {
		if m.Netns == "" {
			return look(a.program)
		}
		n, err := a.program.In()
		if err != nil {
			return err
		}
		return look(n)
	})
	if err != nil {
		a.Log.Debug("it is not known what runs before the program", "device", m.Label(), "error", err)
	}
	return out
}

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

// lookBefore asks which programs run before this one, and says so once: where one of them ends the chain, packets are missing in records.
func (a *agent) lookBefore(matches []Match) {
	for i := range matches {
		m := &matches[i]
		if a.attached[m.place()] == nil {
			continue
		}
		if m.Before = a.before(m); len(m.Before) > 0 {
			if key := m.Label() + " before: " + strings.Join(m.Before, ", "); !a.said[key] {
				a.said[key] = true
				a.Log.Warn("other BPF programs run before this one; what they accept, drop or send elsewhere is in no record", "device", m.Label(), "programs", m.Before)
			}
		}
	}
}

// before returns the programs before this one at a device. Where the kernel does not say, as of clsact, there are none that are known.
func (a *agent) before(m *Match) (out []string) {
	look := func(n *ebpf.Namespace) error {
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
			return look(a.program.Namespace)
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

package agent

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"weir/internal/agent/config"
	"weir/internal/capture/afpacket"
	"weir/internal/capture/ebpf"
)

// packets are those that sockets get, as what counts at devices.
type packets struct{ *afpacket.Capture }

// openPackets begins with packets. why is why it is not BPF, where that was tried.
func openPackets(o *Options, why string) (capturer, Captured, error) {
	c, err := afpacket.Open(packetOptions(o.Config, func() time.Duration { return o.Clock().Mono }))
	if err != nil {
		return nil, Captured{}, err
	}
	return packets{c}, Captured{By: "packet", Why: why}, nil
}

// packetOptions are those of a config: there is room for as many flows of an epoch as the kernel's two tables would have.
func packetOptions(c *config.Config, clock func() time.Duration) afpacket.Options {
	o := afpacket.Options{Connections: int(c.Connections), Ring: int(c.Ring), Clock: clock}
	if c.Connections > 0 && c.Rejects > 0 {
		o.Flows = int(c.Connections) + int(c.Rejects)
	}
	return o
}

// Swap puts other interfaces in force, and has devices be others of them.
func (p packets) Swap(all []ebpf.Interface, changes ...ebpf.Change) error {
	out := make([]afpacket.Interface, 0, len(all))
	for i := range all {
		in := &all[i]
		if in.Mode != ebpf.Count && in.Mode != ebpf.Shadow {
			return fmt.Errorf("%s: packets that a socket gets have passed already: they are counted, or decided of in mode shadow", in.ID)
		}
		out = append(out, afpacket.Interface{ID: in.ID, Shadow: in.Mode == ebpf.Shadow, Policy: in.Policy, Timeouts: in.Timeouts})
	}
	become := make([]afpacket.Change, 0, len(changes))
	for _, c := range changes {
		become = append(become, afpacket.Change{Device: afpacket.Device(c.Device), ID: c.ID})
	}
	return p.Capture.Swap(out, become...)
}

// Attach begins to count at a device.
func (p packets) Attach(d ebpf.Device, id string) error {
	return p.Capture.Attach(afpacket.Device(d), id)
}

// Missed returns that nothing is: nothing is observed.
func (packets) Missed() (uint64, error) { return 0, nil }

// Forwards fails.
func (packets) Forwards() error {
	return errors.New("a packet socket does not tell what becomes of a packet")
}

// Before returns no programs: a socket gets what it gets.
func (packets) Before(int) (out [2][]ebpf.ProgramID, err error) { return out, nil }

// In fails.
func (packets) In() (*ebpf.Namespace, error) {
	return nil, errors.New("packets are got of devices of the agent's own network namespace: capture: bpf counts in others")
}

// Namespaces returns none.
func (packets) Namespaces() map[uint64]*ebpf.Namespace { return nil }

// Turn closes the epoch.
func (p packets) Turn() (ebpf.Epoch, error) {
	e, err := p.Capture.Turn()
	return ebpf.Epoch(e), err
}

// Closed returns the epoch that is closed and not settled.
func (p packets) Closed() (ebpf.Epoch, bool) {
	e, ok := p.Capture.Closed()
	return ebpf.Epoch(e), ok
}

// Tallies returns those of an interface.
func (p packets) Tallies(id string) (tallies, error) {
	t, err := p.Capture.Tallies(id)
	return tallies{
		Tallies:   ebpf.Tallies{Lost: t.Lost, Unlogged: t.Unlogged, Outcomes: t.Outcomes, FullConnections: t.FullConnections},
		FullFlows: t.FullFlows, Dropped: t.Dropped,
	}, err
}

// loopback returns the index of the loopback device.
func loopback() (int, error) {
	devices, err := net.Interfaces()
	if err != nil {
		return 0, err
	}
	at := slices.IndexFunc(devices, func(d net.Interface) bool { return d.Flags&net.FlagLoopback != 0 })
	if at < 0 {
		return 0, errors.New("there is no loopback device to try it at")
	}
	return devices[at].Index, nil
}

// tryPackets looks whether packets of the loopback device can be had.
func tryPackets() (err error) {
	c, err := afpacket.Open(afpacket.Options{Ring: 1, Clock: func() time.Duration { return 0 }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	index, err := loopback()
	if err != nil {
		return err
	}
	if err := c.Swap([]afpacket.Interface{{ID: strangers}}); err != nil {
		return err
	}
	return c.Attach(afpacket.Device{Index: index}, strangers)
}

package agent

import (
	"fmt"

	"weir/internal/agent/device"
	"weir/internal/capture/ebpf"
)

// observing is the mode in which what the host's own firewall drops is refused.
const observing = "observe"

// seesDrops returns why what the host's firewall refuses at a device can't be told, "" where it can: of a device that belongs to another one, the kernel
// says that the packet came in by the other.
func seesDrops(d *device.Device) string {
	if d.Netns != "" {
		return "it is in another network namespace, whose firewall is not seen: mode observe is of the agent's own"
	}
	if d.Master == 0 {
		return ""
	}
	return fmt.Sprintf("it belongs to device %d (a bridge, bond or VRF), which the kernel tells the host's firewall's drops of: mode observe can be of that one", d.Master)
}

// missed asks how many packets the host's firewall refused without being seen, and reports whether there were any, or nobody knows.
func (a *agent) missed() bool {
	n, err := a.program.Missed()
	if err != nil {
		a.Log.Error("it can't be told whether all was seen that the host's firewall refused", "error", err)
		return true
	}
	a.counted.unseen(n)
	return n > 0
}

// examineObserving looks whether a program can see what the host's firewall drops. Who does not want that can do without.
func examineObserving(p *ebpf.Program) Finding {
	f := Finding{Name: observing, State: stateOK, Found: "the host's own firewall can be observed"}
	if err := p.Swap([]ebpf.Interface{{ID: observing, Mode: ebpf.Observe}}); err != nil {
		f.State, f.Found = stateNote, err.Error()
		f.Do = "only mode observe and packets-lost fields of transit gateways need it: Linux 5.18 or later with CONFIG_DEBUG_INFO_BTF, whose /sys/kernel/btf/vmlinux this process may read, and CAP_PERFMON"
	}
	return f
}

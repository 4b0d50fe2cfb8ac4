package agent

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"weir/internal/agent/config"
	"weir/internal/capture/ebpf"
)

// A Device is a network device of the host.
type Device struct {
	Index     int          `json:"index"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind,omitempty"` // veth, tun, bridge...; "" of a card
	MAC       string       `json:"mac,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Raw: its frames have no link header.
	Raw bool `json:"raw,omitempty"`
}

// hasTwoSides reports whether what comes in may be what leaves the interface: of a pair, and of a tap that a machine is behind, nobody can tell.
func (d *Device) hasTwoSides() bool {
	return d.Kind == "veth" || d.Kind == "netkit" || d.Kind == "tun" && !d.Raw
}

// A Match says what a device of the host is to the config.
type Match struct {
	Device
	// Interface is the id of the network interface that it is; "": it is none of the definition, and its packets are counted alone.
	Interface string `json:"interface,omitempty"`
	Mode      string `json:"mode,omitempty"`
	Flipped   bool   `json:"flipped,omitempty"`
	// Refused says why nothing is counted there.
	Refused string `json:"refused,omitempty"`
}

// id returns what the program knows it by.
func (m *Match) id() string {
	if m.Interface == "" {
		return strangers + m.Name
	}
	return m.Interface
}

// strangers begins the ids of devices that are no interface of the definition.
const strangers = "device:"

// device returns it as the program wants it.
func (m *Match) device() ebpf.Device {
	return ebpf.Device{Index: m.Index, Flipped: m.Flipped, Raw: m.Raw}
}

// match returns those of the devices that the config is about, by index: each by the first element that it meets all conditions of.
func match(c *config.Config, n *network, devices []Device) []Match {
	var out []Match
	taken := map[string]string{} // devices by interface
	slices.SortFunc(devices, func(a, b Device) int { return a.Index - b.Index })
	for i := range devices {
		at := slices.IndexFunc(c.Interfaces, func(in config.Interface) bool { return devices[i].meets(&in) })
		if at < 0 {
			continue
		}
		in := &c.Interfaces[at]
		m := Match{Device: devices[i], Mode: in.Mode, Interface: in.ENI}
		if in.Flipped != nil {
			m.Flipped = *in.Flipped
		}
		m.Refused = m.settle(n, in)
		if m.Refused == "" && m.Interface != "" {
			if other := taken[m.Interface]; other != "" {
				m.Refused = fmt.Sprintf("%s is %s already: its packets would count twice", other, m.Interface)
			}
			taken[m.Interface] = m.Name
		}
		out = append(out, m)
	}
	return out
}

// meets reports whether a device meets all conditions.
func (d *Device) meets(in *config.Interface) bool {
	if in.Device != "" {
		if ok, err := path.Match(in.Device, d.Name); !ok || err != nil {
			return false
		}
	}
	return (in.MAC == "" || in.MAC == d.MAC) && (!in.Address.IsValid() || slices.Contains(d.Addresses, in.Address))
}

// settle finds the interface of a device where the config does not say it, and returns why it can't be counted.
func (m *Match) settle(n *network, in *config.Interface) (refused string) {
	if m.hasTwoSides() && in.Flipped == nil {
		return fmt.Sprintf("it is a %s: say flipped: true where it is the host's side, where what comes in leaves the interface, or flipped: false", m.Kind)
	}
	if m.Interface == "" {
		have := n.of(&m.Device)
		if len(have) > 1 {
			return fmt.Sprintf("it may be %s by its MAC address or its addresses: say eni", strings.Join(have, " or "))
		}
		if len(have) == 0 {
			return ""
		}
		m.Interface = have[0]
	}
	if _, err := n.policyOf(m.Interface, m.Mode); err != nil {
		return err.Error()
	}
	return ""
}

// of returns the ids of the interfaces that have the device's MAC address, and where none has, of those that have one of its addresses as their own, in order.
func (n *network) of(d *Device) []string {
	var byMAC, byAddress []string
	for _, id := range slices.Sorted(maps.Keys(n.Interfaces)) {
		eni := n.Interfaces[id]
		if eni.MAC != "" && eni.MAC == d.MAC {
			byMAC = append(byMAC, id)
		}
		if slices.ContainsFunc(d.Addresses, eni.Has) {
			byAddress = append(byAddress, id)
		}
	}
	if len(byMAC) > 0 {
		return byMAC
	}
	return byAddress
}

// Devices returns what the devices of the host are to a config, and a policy of its server; nil: it has none.
func Devices(c *config.Config, p *Policy) ([]Match, error) {
	n, c, err := (&Options{Config: c, Policy: p}).first()
	if err != nil {
		return nil, err
	}
	found, err := hostDevices()
	if err != nil {
		return nil, err
	}
	return match(c, n, found), nil
}

// State says what becomes of the device's packets: recorded, unmatched (counted alone) or refused.
func (m *Match) State() string {
	switch {
	case m.Refused != "":
		return "refused"
	case m.Interface == "":
		return "unmatched"
	}
	return "recorded"
}

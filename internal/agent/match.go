package agent

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"weir/internal/agent/config"
	"weir/internal/agent/device"
	"weir/internal/capture/ebpf"
)

// A Match says what a device of the host is to the config.
type Match struct {
	device.Device
	// Interface is the id of the network interface or transit gateway attachment that it is; "": it is none of the definition, and its packets are counted alone.
	Interface string `json:"interface,omitempty"`
	Mode      string `json:"mode,omitempty"`
	Flipped   bool   `json:"flipped,omitempty"`
	// Refused says why nothing is counted there.
	Refused string `json:"refused,omitempty"`
	// Attached: by weir-agent attach, not by the config.
	Attached bool `json:"attached,omitempty"`
	// Before are BPF programs that run before this one at the device, and may end the chain: it does not see what they do not let go on.
	Before []string `json:"before,omitempty"`
	// told: what is behind the device told which interface it is, or which side.
	told bool
}

// place is where a device is: an index is of one network namespace.
type place struct {
	cookie uint64 // 0: the agent's own
	index  int
}

func (m *Match) place() place { return place{m.Cookie, m.Index} }

// Label names a device among those of all network namespaces.
func (m *Match) Label() string {
	if m.Netns == "" {
		return m.Name
	}
	return m.Netns + ":" + m.Name
}

// id returns what the program knows it by.
func (m *Match) id() string {
	if m.Interface == "" {
		return strangers + m.Label()
	}
	return m.Interface
}

// strangers begins the ids of devices that are no interface of the definition.
const strangers = "device:"

// attachable returns it as the program wants it.
func (m *Match) attachable() ebpf.Device {
	return ebpf.Device{Index: m.Index, Flipped: m.Flipped, Raw: m.Raw}
}

// queryOf says what has to be looked at for a config.
func queryOf(all []config.Interface) device.Query {
	var q device.Query
	for i := range all {
		in := &all[i]
		if in.Netns != "" {
			q.Netns = append(q.Netns, in.Netns)
		}
		if in.PeerNetns != "" {
			q.PeerNetns = append(q.PeerNetns, in.PeerNetns)
		}
		q.Behind = q.Behind || in.Netns == "" && (in.Attachment == "" && (in.Flipped == nil || in.ENI == "") || in.PeerNetns != "" || in.Container != "" || in.Domain != "")
	}
	return q
}

// match returns those of the devices that the config is about, in order: each by the first element that it meets all conditions of. Where a network namespace of the config
// can't be looked into, it has no index and is refused. Those that are counted stay what they are: see [Match.stays].
func match(all []config.Interface, n *network, found *device.Found, counted counted) []Match {
	out := []Match{}             // a list of JSON also where it is empty
	taken := map[string]string{} // devices by interface
	devices := found.Devices
	slices.SortStableFunc(devices, func(a, b device.Device) int {
		return cmp.Or(strings.Compare(a.Netns, b.Netns), a.Index-b.Index)
	})
	for i := range devices {
		at := slices.IndexFunc(all, func(in config.Interface) bool { return meets(&devices[i], &in) })
		if at < 0 {
			continue
		}
		in := &all[at]
		m := Match{Device: devices[i], Mode: in.Mode, Interface: cmp.Or(in.Attachment, in.ENI), Attached: in.Line == 0}
		if in.Flipped != nil {
			m.Flipped = *in.Flipped
		}
		m.Refused = m.settle(n, in, counted.of(&m))
		if m.Refused == "" && m.OddFrames != 0 && m.Interface != "" {
			m.Refused = fmt.Sprintf("its frames are of kind %d (ARPHRD): those of Ethernet are read, and such as begin with the header of IP", m.OddFrames)
		}
		if m.Refused == "" && m.Mode == observing {
			m.Refused = seesDrops(&m.Device)
		}
		if m.Refused == "" && m.Interface != "" {
			if other := taken[m.Interface]; other != "" {
				m.Refused = fmt.Sprintf("%s is %s already: its packets would count twice", other, m.Interface)
			}
			taken[m.Interface] = m.Label()
		}
		out = append(out, m)
	}
	for _, netns := range slices.Sorted(maps.Keys(found.Unread)) {
		out = append(out, Match{Device: device.Device{Netns: netns, Name: "*"}, Refused: found.Unread[netns]})
	}
	return out
}

// meets reports whether a device meets all conditions.
func meets(d *device.Device, in *config.Interface) bool {
	if in.Device != "" {
		if ok, err := path.Match(in.Device, d.Name); !ok || err != nil {
			return false
		}
	}
	return d.Netns == in.Netns && (in.MAC == "" || in.MAC == d.MAC) && (!in.Address.IsValid() || slices.Contains(d.Addresses, in.Address)) &&
		(in.Bridge == "" || in.Bridge == d.Bridge) && (in.Domain == "" || in.Domain == d.Domain) &&
		(in.PeerNetns == "" || d.Peer != nil && slices.Contains(d.Peer.Netns, in.PeerNetns)) &&
		(in.Container == "" || d.Peer != nil && slices.ContainsFunc(d.Peer.Containers, func(c string) bool { return isContainer(c, in.Container) }))
}

// shortID is how many digits of a container's id name it: as many as docker ps and podman ps show.
const shortID = 12

// isContainer reports whether a container is the one of a config: by its name, its id, or the beginning of that.
func isContainer(c, wanted string) bool {
	return c == wanted || len(c) == 64 && len(wanted) >= shortID && strings.HasPrefix(c, wanted)
}

// counted are the devices that are counted, and whether what is behind them is looked at anew.
type counted struct {
	all  map[place]*Match
	anew bool
}

// before is what a device was, and whether that is asked only where nothing else tells.
type before struct {
	*Match
	last bool
}

// of returns what a device was told to be before; nil: it was not told by what is behind it, or is another device.
func (c *counted) of(m *Match) before {
	w := c.all[m.place()]
	if w == nil || !w.told || w.Name != m.Name || w.Kind != m.Kind || w.MAC != m.MAC {
		w = nil
	}
	return before{w, c.anew}
}

// settle finds the interface of a device and its side where the config does not say them, and returns why it can't be counted.
func (m *Match) settle(n *network, in *config.Interface, was before) (refused string) {
	if in.Attachment != "" { // the device is the router's own, unless it is said that it is the other end's
		return n.refusal(in)
	}
	if was.last || !m.stays(in, was.Match) {
		if why := m.tell(n, in); why != "" || m.Interface == "" {
			if !m.stays(in, was.Match) {
				return why
			}
		}
	}
	if _, err := n.policyOf(m.Interface, m.Mode); err != nil {
		return err.Error()
	}
	return ""
}

// stays has a device be what it was. Who is inside a container could otherwise change or take away its address, and so choose the rules or have none.
func (m *Match) stays(in *config.Interface, was *Match) bool {
	if was == nil || in.ENI != "" && in.ENI != was.Interface || in.Flipped != nil && *in.Flipped != was.Flipped {
		return false
	}
	m.Interface, m.Flipped, m.told = was.Interface, was.Flipped, true
	return true
}

// tell finds the interface of a device and its side by facts, and returns why they don't tell.
func (m *Match) tell(n *network, in *config.Interface) (why string) {
	if m.Interface == "" {
		have := n.of(&m.Device, in.Flipped)
		if len(have) > 1 {
			return fmt.Sprintf("it may be %s by its MAC address or its addresses: say eni", strings.Join(have, " or "))
		}
		if len(have) == 1 {
			mac, address := n.hasBehind(have[0], &m.Device)
			m.Interface, m.told = have[0], (mac || address) && (in.Flipped == nil || *in.Flipped)
		}
	}
	if m.HasTwoSides() && in.Flipped == nil {
		flipped, known := n.sideOf(m.Interface, &m.Device)
		if !known {
			return fmt.Sprintf("it is a %s: say flipped: true where it is the host's side, where what comes in leaves the interface, or flipped: false", m.Kind)
		}
		m.Flipped, m.told = flipped, true
	}
	return ""
}

// of returns the ids of the interfaces that have the MAC address of the device or of what is behind it, and where none has, of those that have one of the addresses as their
// own, in order. What is behind it does not count where it is said that the device is the interface's own.
func (n *network) of(d *device.Device, flipped *bool) []string {
	var byMAC, byAddress []string
	for _, id := range slices.Sorted(maps.Keys(n.Interfaces)) {
		mac, address := n.hasOwn(id, d)
		if flipped == nil || *flipped {
			farMAC, farAddress := n.hasBehind(id, d)
			mac, address = mac || farMAC, address || farAddress
		}
		if mac {
			byMAC = append(byMAC, id)
		}
		if address {
			byAddress = append(byAddress, id)
		}
	}
	if len(byMAC) > 0 {
		return byMAC
	}
	return byAddress
}

// hasOwn reports whether an interface has the device's MAC address, and one of its addresses.
func (n *network) hasOwn(id string, d *device.Device) (mac, address bool) {
	eni := n.Interfaces[id]
	return eni.MAC != "" && eni.MAC == d.MAC, slices.ContainsFunc(d.Addresses, eni.Has)
}

// hasBehind reports the same of the other end of a pair, or of what a virtual machine sees of a tap.
func (n *network) hasBehind(id string, d *device.Device) (mac, address bool) {
	eni := n.Interfaces[id]
	if d.Peer != nil {
		mac, address = eni.MAC != "" && eni.MAC == d.Peer.MAC, slices.ContainsFunc(d.Peer.Addresses, eni.Has)
	}
	return mac || eni.MAC != "" && eni.MAC == d.GuestMAC, address
}

// sideOf tells a device's side from facts: the interface's MAC address or one of its addresses is behind it, or is its own. Where both are so, or neither, nobody can tell.
func (n *network) sideOf(id string, d *device.Device) (flipped, known bool) {
	if n.Interfaces[id] == nil {
		return false, false
	}
	mac, address := n.hasOwn(id, d)
	farMAC, farAddress := n.hasBehind(id, d)
	own, far := mac || address, farMAC || farAddress
	return far, own != far
}

// Devices returns what the devices of the host are to a config, and a policy of its server; nil: it has none.
func Devices(c *config.Config, p *Policy) ([]Match, error) {
	n, c, err := (&Options{Config: c, Policy: p}).first()
	if err != nil {
		return nil, err
	}
	return devicesOf(c.Interfaces, n, counted{})
}

// devicesOf lists the devices of the host, and returns what they are.
func devicesOf(all []config.Interface, n *network, counted counted) ([]Match, error) {
	found, err := device.List(queryOf(all))
	if err != nil {
		return nil, err
	}
	return match(all, n, found, counted), nil
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

package device

import "net/netip"

// A Device is a network device.
type Device struct {
	Index int `json:"index"`
	// Netns is the network namespace that it is in, as the query names it; "": that of the process.
	Netns string `json:"netns,omitempty"`
	// Cookie tells network namespaces from all others since the host began; 0: that of the process.
	Cookie    uint64       `json:"-"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind,omitempty"` // veth, tun, bridge...; "" of a card
	MAC       string       `json:"mac,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Raw: its frames have no link header.
	Raw bool `json:"raw,omitempty"`
	// OddFrames is the kind of its frames (ARPHRD), where they neither have Ethernet's header nor begin with that of IP; else 0.
	OddFrames uint16 `json:"odd_frames,omitempty"`
	// Master is the index of the device that it belongs to: a bridge, bond or VRF. 0: none.
	Master int `json:"master,omitempty"`
	// Bridge is the name of the bridge that it is a port of.
	Bridge string `json:"bridge,omitempty"`
	// Peer is the other end of a pair; nil: it is none, or nobody looked.
	Peer *Peer `json:"peer,omitempty"`
	// Domain is libvirt's name of the virtual machine that it is a tap of, and GuestMAC the MAC address that the machine sees.
	Domain   string `json:"domain,omitempty"`
	GuestMAC string `json:"guest_mac,omitempty"`
}

// HasTwoSides reports whether what comes in may be what leaves the interface: of a pair, and of a tap that a machine is behind.
func (d *Device) HasTwoSides() bool {
	return d.Kind == "veth" || d.Kind == "netkit" || d.Kind == "tun" && !d.Raw
}

// A Peer is the other end of a pair. What could not be looked at is empty.
type Peer struct {
	Index     int          `json:"index"`
	Name      string       `json:"name,omitempty"`
	MAC       string       `json:"mac,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Netns are the names of its network namespace: those below /run/netns, and paths that the query has.
	Netns []string `json:"netns,omitempty"`
	// Containers are those that have processes there: ids of Docker, Podman, containerd and CRI-O, and names of LXC, Incus and Docker.
	Containers []string `json:"containers,omitempty"`
}

// A Query says what to look at beside the devices of the process's own network namespace.
type Query struct {
	// Netns are network namespaces whose devices are listed too: names below /run/netns, or paths.
	Netns []string
	// Behind has peers and virtual machines looked at, and PeerNetns names further namespaces of peers by their paths.
	Behind    bool
	PeerNetns []string
}

// Found is what there is.
type Found struct {
	Devices []Device
	// Unread says why devices of a network namespace of the query are not listed.
	Unread map[string]string
}

package config

import (
	"net"
	"net/netip"
	"path"

	"go.yaml.in/yaml/v4"
)

// device reads an element of interfaces.
func (r *reader) device(c *Config, n *yaml.Node) error {
	i := Interface{Place: placeOf(n)}
	var flipped bool
	err := r.mapping(n, "a network interface, such as {device: eth0, eni: eni-1},", append(r.conditions(&i),
		keyed{"eni", false, r.text(&i.ENI)},
		keyed{"attachment", false, r.text(&i.Attachment)},
		keyed{"mode", false, r.mode(&i.Mode)},
		keyed{"flipped", false, func(n *yaml.Node) error {
			i.Flipped = &flipped
			return r.truth(&flipped)(n)
		}},
	)...)
	if err != nil {
		return err
	}
	if !i.saysDevice() {
		return r.bad(n, "it says no device: device, mac, address, netns, bridge, peer-netns, container and domain do")
	}
	if i.Netns != "" && (i.PeerNetns != "" || i.Container != "" || i.Domain != "") {
		return r.bad(n, "peer-netns, container and domain are not looked for in another network namespace: leave them or netns out")
	}
	switch {
	case i.Attachment == "":
	case i.ENI != "":
		return r.bad(n, "eni beside attachment: a device is one or the other")
	case i.Mode != "" && i.Mode != "count":
		return r.bad(n, "mode %s: no rules decide at an attachment of a transit gateway, which has mode count", i.Mode)
	default:
		i.Mode = "count"
	}
	c.Interfaces = append(c.Interfaces, i)
	return nil
}

// saysDevice reports whether there is a condition.
func (i *Interface) saysDevice() bool {
	for _, text := range []string{i.Device, i.MAC, i.Netns, i.Bridge, i.PeerNetns, i.Container, i.Domain} {
		if text != "" {
			return true
		}
	}
	return i.Address.IsValid()
}

// conditions are the keys that say which device it is.
func (r *reader) conditions(i *Interface) []keyed {
	return []keyed{
		{"device", false, func(n *yaml.Node) error {
			if err := r.text(&i.Device)(n); err != nil {
				return err
			}
			if _, err := path.Match(i.Device, ""); err != nil {
				return r.bad(n, "%q is no pattern of names", i.Device)
			}
			return nil
		}},
		{"mac", false, func(n *yaml.Node) error {
			if err := r.text(&i.MAC)(n); err != nil {
				return err
			}
			mac, err := net.ParseMAC(i.MAC)
			if err != nil {
				return r.bad(n, "%q is no MAC address", i.MAC)
			}
			i.MAC = mac.String()
			return nil
		}},
		{"address", false, func(n *yaml.Node) (err error) {
			var text string
			if err := r.text(&text)(n); err != nil {
				return err
			}
			if i.Address, err = netip.ParseAddr(text); err != nil {
				return r.bad(n, "%q is no IP address", text)
			}
			if i.Address.Is4In6() || i.Address.Zone() != "" { // no device has one
				return r.bad(n, "%q is no address as devices have them: write %s", text, i.Address.Unmap().WithZone(""))
			}
			return nil
		}},
		{"netns", false, r.netns(&i.Netns)},
		{"bridge", false, r.text(&i.Bridge)},
		{"peer-netns", false, r.netns(&i.PeerNetns)},
		{"container", false, r.text(&i.Container)},
		{"domain", false, r.text(&i.Domain)},
	}
}

// netns reads a network namespace: a name below /run/netns, or a path. A relative one would be of the folder that the agent happens to run in.
func (r *reader) netns(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := r.text(to)(n); err != nil {
			return err
		}
		if !IsNetns(*to) {
			return r.bad(n, "%q is neither the name of a network namespace nor an absolute path", *to)
		}
		return nil
	}
}

// IsNetns reports whether a text may be a network namespace: a name below /run/netns, or an absolute path.
func IsNetns(text string) bool {
	return path.IsAbs(text) || path.Base(text) == text && text != "." && text != ".."
}

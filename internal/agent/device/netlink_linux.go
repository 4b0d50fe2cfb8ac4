package device

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// link is a device, with what the kernel says of others by numbers.
type link struct {
	Device
	slave string // the kind of what it belongs to
	peer  int    // of a pair: the index of the other end
	away  bool   // which is in the namespace that has the number netns
	netns int32
}

// links returns the devices of the calling thread's network namespace.
func links() ([]link, error) {
	var out []link
	byIndex := map[int]int{}
	err := dump(syscall.RTM_GETLINK, func(m *syscall.NetlinkMessage, attributes []syscall.NetlinkRouteAttr) {
		if len(m.Data) < syscall.SizeofIfInfomsg {
			return
		}
		l := link{Device: Device{Index: int(binary.NativeEndian.Uint32(m.Data[4:]))}}
		l.Raw, l.OddFrames = framesOf(binary.NativeEndian.Uint16(m.Data[2:]))
		for _, a := range attributes {
			l.take(a.Attr.Type, a.Value)
		}
		byIndex[l.Index] = len(out)
		out = append(out, l)
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if at, ok := byIndex[out[i].Master]; ok && out[i].slave == "bridge" {
			out[i].Bridge = out[at].Name
		}
	}
	err = dump(syscall.RTM_GETADDR, func(m *syscall.NetlinkMessage, attributes []syscall.NetlinkRouteAttr) {
		if len(m.Data) < syscall.SizeofIfAddrmsg {
			return
		}
		i, ok := byIndex[int(binary.NativeEndian.Uint32(m.Data[4:]))]
		if own := addressOf(attributes); ok && own.IsValid() {
			out[i].Addresses = append(out[i].Addresses, own)
		}
	})
	return out, err
}

// framesOf says how frames of a kind (ARPHRD) begin: with the header of IP, or with one that is not read.
//
// Source: Linux, drivers/net/ppp/ppp_generic.c: PPP's own header is written below, and taken off before; drivers/net/usb/qmi_wwan.c, for RAWIP. Of tunnels (IPIP, SIT, GRE) what comes
// in begins otherwise than what goes out.
func framesOf(kind uint16) (raw bool, odd uint16) {
	switch kind {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return false, 0
	case unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_RAWIP:
		return true, 0
	}
	return false, kind
}

// take takes an attribute of a link.
func (l *link) take(kind uint16, value []byte) {
	switch {
	case kind == unix.IFLA_IFNAME:
		l.Name = text(value)
	case kind == unix.IFLA_ADDRESS:
		l.MAC = net.HardwareAddr(value).String()
	case kind == unix.IFLA_LINKINFO:
		l.Kind, l.slave = text(nested(value, unix.IFLA_INFO_KIND)), text(nested(value, unix.IFLA_INFO_SLAVE_KIND))
	case len(value) < 4:
	case kind == unix.IFLA_MASTER:
		l.Master = int(binary.NativeEndian.Uint32(value))
	case kind == unix.IFLA_LINK:
		l.peer = int(binary.NativeEndian.Uint32(value))
	case kind == unix.IFLA_LINK_NETNSID:
		l.away, l.netns = true, int32(binary.NativeEndian.Uint32(value))
	}
}

// isPair reports whether peer is the other end of a pair: of other kinds, it is what a device lies on.
func (l *link) isPair() bool { return (l.Kind == "veth" || l.Kind == "netkit") && l.peer > 0 }

// addressOf returns the address that a device has by the attributes of one.
func addressOf(attributes []syscall.NetlinkRouteAttr) netip.Addr {
	var own, other netip.Addr // of a point-to-point device, the second is the peer's
	for _, a := range attributes {
		switch addr, ok := netip.AddrFromSlice(a.Value); {
		case a.Attr.Type == syscall.IFA_LOCAL && ok:
			own = addr
		case a.Attr.Type == syscall.IFA_ADDRESS && ok:
			other = addr
		}
	}
	if !own.IsValid() {
		return other
	}
	return own
}

// dump asks the kernel for a list.
func dump(what int, do func(*syscall.NetlinkMessage, []syscall.NetlinkRouteAttr)) error {
	answer, err := syscall.NetlinkRIB(what, syscall.AF_UNSPEC)
	if err != nil {
		return fmt.Errorf("can't list the network devices: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return fmt.Errorf("can't list the network devices: %w", err)
	}
	for i := range messages {
		m := &messages[i]
		if m.Header.Type != syscall.RTM_NEWLINK && m.Header.Type != syscall.RTM_NEWADDR {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			return fmt.Errorf("can't list the network devices: %w", err)
		}
		do(m, attributes)
	}
	return nil
}

// nested returns the value of an attribute within the value of another; nil: it is not there.
func nested(b []byte, kind uint16) []byte {
	for len(b) >= 4 {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 4 || n > len(b) {
			return nil
		}
		if binary.NativeEndian.Uint16(b[2:]) == kind {
			return b[4:n]
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return nil
}

// text returns a text of netlink, which ends with a zero.
func text(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }

// numberOf returns the number that a network namespace has in that of the calling thread; -1: none.
//
// Source: Linux, net/core/net_namespace.c: rtnl_net_getid.
func numberOf(netns int) (int32, error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return -1, err
	}
	defer func() { _ = unix.Close(s) }()
	const size = unix.NLMSG_HDRLEN + 4 + 8 // struct rtgenmsg is one byte, padded
	b := binary.NativeEndian.AppendUint32(nil, size)
	b = binary.NativeEndian.AppendUint16(b, unix.RTM_GETNSID)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST)
	b = append(b, make([]byte, 8+4)...)
	b = binary.NativeEndian.AppendUint16(b, 8)
	b = binary.NativeEndian.AppendUint16(b, unix.NETNSA_FD)
	b = binary.NativeEndian.AppendUint32(b, uint32(netns))
	if err := unix.Sendto(s, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return -1, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(s, answer, 0)
	if err != nil {
		return -1, err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return -1, err
	}
	for _, m := range messages {
		if m.Header.Type == unix.RTM_NEWNSID && len(m.Data) >= 4 {
			if id := nested(m.Data[4:], unix.NETNSA_NSID); len(id) == 4 {
				return int32(binary.NativeEndian.Uint32(id)), nil
			}
		}
	}
	return -1, nil
}

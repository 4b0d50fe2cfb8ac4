package agent

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Attributes of netlink and kinds of links. Source: Linux, include/uapi/linux/if_link.h, if_addr.h and if_arp.h.
const (
	linkInfo     = 18
	linkInfoKind = 1
	linkMaster   = 10
	linkRaw      = 0xfffe // ARPHRD_NONE: tun, WireGuard
)

// hostDevices returns the devices of the calling thread's network namespace.
func hostDevices() ([]Device, error) {
	var out []Device
	byIndex := map[int]int{}
	err := netlink(syscall.RTM_GETLINK, func(m *syscall.NetlinkMessage, attributes []syscall.NetlinkRouteAttr) {
		if len(m.Data) < syscall.SizeofIfInfomsg {
			return
		}
		d := Device{Index: int(binary.NativeEndian.Uint32(m.Data[4:])), Raw: binary.NativeEndian.Uint16(m.Data[2:]) == linkRaw}
		for _, a := range attributes {
			switch a.Attr.Type {
			case syscall.IFLA_IFNAME:
				d.Name = text(a.Value)
			case syscall.IFLA_ADDRESS:
				d.MAC = net.HardwareAddr(a.Value).String()
			case linkInfo:
				d.Kind = kindOf(a.Value)
			case linkMaster:
				if len(a.Value) >= 4 {
					d.Master = int(binary.NativeEndian.Uint32(a.Value))
				}
			}
		}
		byIndex[d.Index] = len(out)
		out = append(out, d)
	})
	if err != nil {
		return nil, err
	}
	err = netlink(syscall.RTM_GETADDR, func(m *syscall.NetlinkMessage, attributes []syscall.NetlinkRouteAttr) {
		if len(m.Data) < syscall.SizeofIfAddrmsg {
			return
		}
		i, ok := byIndex[int(binary.NativeEndian.Uint32(m.Data[4:]))]
		if !ok {
			return
		}
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
			own = other
		}
		if own.IsValid() {
			out[i].Addresses = append(out[i].Addresses, own)
		}
	})
	return out, err
}

// netlink asks the kernel for a list.
func netlink(what int, do func(*syscall.NetlinkMessage, []syscall.NetlinkRouteAttr)) error {
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

// kindOf returns the kind of link of a nested attribute.
func kindOf(b []byte) string {
	for len(b) >= 4 {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 4 || n > len(b) {
			return ""
		}
		if binary.NativeEndian.Uint16(b[2:]) == linkInfoKind {
			return text(b[4:n])
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return ""
}

// text returns a text of netlink, which ends with a zero.
func text(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }

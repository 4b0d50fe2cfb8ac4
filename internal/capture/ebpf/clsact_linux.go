package ebpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
)

// What of the kernel's traffic control is used here.
//
// Source: linux/pkt_sched.h, linux/pkt_cls.h, linux/rtnetlink.h.
const (
	tcaKind    = 1
	tcaOptions = 2
	tcaBPFFd   = 6
	tcaBPFName = 7
	tcaBPFMode = 8 // TCA_BPF_FLAGS

	bpfDirect = 1 // TCA_BPF_FLAG_ACT_DIRECT: what the program returns is what is done

	clsactHandle = 0xffff0000
	clsactParent = 0xfffffff1
)

// clsactHooks are the parents of filters, by direction.
var clsactHooks = [2]uint32{0xfffffff2, 0xfffffff3}

// The filter's place: the first of all, under a handle that tells it from those of others.
const (
	filterPriority = 1
	filterHandle   = 0x77656972 // "weir"
)

// attachClsact puts the program at a device by clsact filters, or in place of the one that is there. Filters outlive the process by
// themselves, and go with the device.
func (n *Namespace) attachClsact(index int) error {
	if n.cookie != 0 {
		return fmt.Errorf("can't attach to device %d of another network namespace: it takes tcx, which the kernel has since Linux 6.6", index)
	}
	l := n.links[uint32(index)]
	for parity := range l.Is {
		l.Is[parity] |= linkClsact << flagBits
	}
	if err := n.setLink(index, l); err != nil {
		return err
	}
	t := tc{index}
	if err := t.do(syscall.RTM_NEWQDISC, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, clsactHandle, clsactParent, 0, tcKind("clsact")); err != nil && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("can't attach to device %d by clsact: %w", index, err)
	}
	n.devices[index] = &device{clsact: true}
	for way := range hooks {
		if err := t.filter(way, n.program(way).FD(), syscall.NLM_F_CREATE); err != nil {
			return errors.Join(fmt.Errorf("can't attach to device %d by clsact, %s: %w", index, hooks[way].name, err), n.Detach(index))
		}
	}
	return nil
}

// detachClsact takes the filters away. The qdisc stays: others may have filters there.
func detachClsact(index int) error {
	var errs []error
	for way := range hooks {
		err := tc{index}.do(syscall.RTM_DELTFILTER, 0, filterHandle, clsactHooks[way], filterInfo, tcKind("bpf"))
		if !isGone(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// hasClsact reports whether the filters are there.
func hasClsact(index int) (bool, error) {
	for way := range hooks {
		err := tc{index}.do(syscall.RTM_GETTFILTER, 0, filterHandle, clsactHooks[way], filterInfo, tcKind("bpf"))
		if isGone(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// isGone reports whether the kernel knows no such device, qdisc or filter.
func isGone(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EINVAL)
}

// adoptClsact takes the place of the program of a process before where that is at devices by clsact.
func (n *Namespace) adoptClsact() error {
	if _, err := n.Gone(); err != nil {
		return err
	}
	for index, at := range n.devices {
		if !at.clsact {
			continue
		}
		for way := range hooks {
			if err := (tc{index}).filter(way, n.program(way).FD(), 0); err != nil {
				return fmt.Errorf("can't take the place of the program at device %d, %s: %w", index, hooks[way].name, err)
			}
		}
	}
	return nil
}

// filterInfo is the filter's priority, and that it sees all protocols.
const filterInfo = filterPriority<<16 | 0x0300 // htons(ETH_P_ALL)

// tc talks with the kernel's traffic control about a device of the calling thread's network namespace.
type tc struct{ index int }

// filter sets what runs at a hook. Where it is there, the kernel changes the program without a packet between.
func (t tc) filter(way, program int, flags uint16) error {
	var options []byte
	options = attribute(options, tcaBPFFd, binary.NativeEndian.AppendUint32(nil, uint32(program)))
	options = attribute(options, tcaBPFName, []byte("weir\x00"))
	options = attribute(options, tcaBPFMode, binary.NativeEndian.AppendUint32(nil, bpfDirect))
	return t.do(syscall.RTM_NEWTFILTER, flags|syscall.NLM_F_REPLACE, filterHandle, clsactHooks[way], filterInfo, attribute(tcKind("bpf"), tcaOptions, options))
}

func tcKind(kind string) []byte { return attribute(nil, tcaKind, append([]byte(kind), 0)) }

// attribute appends a netlink attribute.
func attribute(to []byte, kind uint16, value []byte) []byte {
	to = binary.NativeEndian.AppendUint16(to, uint16(4+len(value)))
	to = binary.NativeEndian.AppendUint16(to, kind)
	to = append(to, value...)
	for len(to)%4 != 0 {
		to = append(to, 0)
	}
	return to
}

// do sends a request, and returns what the kernel says of it.
func (t tc) do(kind, flags uint16, handle, parent, info uint32, attributes []byte) error {
	s, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(s) }()
	const header = syscall.NLMSG_HDRLEN + 20
	b := binary.NativeEndian.AppendUint32(nil, uint32(header+len(attributes)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags|syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	b = append(b, 1, 0, 0, 0, 0, 0, 0, 0) // a number, and the port, which is the kernel's to choose
	b = append(b, 0, 0, 0, 0)             // struct tcmsg: the family
	for _, n := range []uint32{uint32(t.index), handle, parent, info} {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	if err := syscall.Sendto(s, append(b, attributes...), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 1<<16)
	for {
		n, _, err := syscall.Recvfrom(s, answer, 0)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		messages, err := syscall.ParseNetlinkMessage(answer[:n])
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.Header.Type != syscall.NLMSG_ERROR || len(m.Data) < 4 {
				continue // what was asked for
			}
			if code := -int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
				return syscall.Errno(code)
			}
			return nil
		}
	}
}

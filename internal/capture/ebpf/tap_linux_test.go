package ebpf

import (
	"net"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// tap is a device whose frames a test writes. What is written passes the program before Write returns.
type tap struct {
	file  *os.File
	index int
}

// newTap makes a device in a namespace: of frames with Ethernet headers, or without.
func newTap(t *testing.T, at *namespace, name string, raw bool) *tap {
	t.Helper()
	var file *os.File
	var err error
	at.in(func() { file, err = os.OpenFile("/dev/net/tun", os.O_RDWR, 0) }) // what is opened makes devices where it was
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	var request struct { // struct ifreq of linux/if.h
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], name)
	request.flags = syscall.IFF_TAP | syscall.IFF_NO_PI
	if raw {
		request.flags = syscall.IFF_TUN | syscall.IFF_NO_PI
	}
	var device *net.Interface
	at.in(func() {
		if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request))); no != 0 {
			err = no
			return
		}
		device, err = net.InterfaceByName(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	at.ip(t, "link", "set", name, "addrgenmode", "none")
	at.ip(t, "link", "set", name, "up")
	return &tap{file, device.Index}
}

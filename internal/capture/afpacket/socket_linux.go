package afpacket

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Snaplen is how many bytes of a frame are read: the headers of all that package packet passes over, but for extension headers of IPv6 that are longer
// than any that hosts send.
const Snaplen = 512

const (
	// blockSize is what the kernel hands out at once, in bytes.
	blockSize = 256 << 10
	// handOut is after how long it hands out a block that is not full.
	handOut = 10 * time.Millisecond
)

// socket is a packet socket that is bound to a device, with its ring.
type socket struct {
	fd   int
	file *os.File
	raw  syscall.RawConn
	ring []byte
}

// openSocket opens a socket whose ring has so many bytes or more. Its frames are those of the device from then on, of both directions. It is not promiscuous: frames
// that the card passes over are not the interface's.
func openSocket(index int, raw bool, ring int) (*socket, error) {
	// Of protocol 0 it gets nothing until it is bound.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("a packet socket takes CAP_NET_RAW: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("no packet socket: %w", err)
	}
	s := &socket{fd: fd, file: os.NewFile(uintptr(fd), "packet socket")}
	err = s.set(ring)
	if err == nil {
		err = s.bind(index, raw)
	}
	if err == nil {
		s.raw, err = s.file.SyscallConn()
	}
	if err != nil {
		return nil, errors.Join(err, s.close(), s.unmap())
	}
	return s, nil
}

// set makes the ring.
func (s *socket) set(ring int) error {
	// What a frame is cut to is the result of a filter: one of the kind that takes no rights.
	cut := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: Snaplen}}
	err := unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(cut)), Filter: &cut[0]})
	if err != nil {
		return fmt.Errorf("frames can't be cut to %d bytes: %w", Snaplen, err)
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("the kernel has no TPACKET_V3: %w", err)
	}
	// Before the ring, which the kernel demands.
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		return fmt.Errorf("the kernel does not say how frames are cut into packets (PACKET_VNET_HDR): %w", err)
	}
	blocks := (ring + blockSize - 1) / blockSize
	const smallest = 2048 // of a frame, which TPACKET_V3 has no use for
	err = unix.SetsockoptTpacketReq3(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
		Block_size: blockSize, Block_nr: uint32(blocks), Frame_size: smallest, Frame_nr: uint32(blocks * (blockSize / smallest)),
		Retire_blk_tov: uint32(handOut / time.Millisecond),
	})
	if err != nil {
		return fmt.Errorf("no ring of %d bytes: %w", blocks*blockSize, err)
	}
	s.ring, err = unix.Mmap(s.fd, 0, blocks*blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("no ring of %d bytes: %w", blocks*blockSize, err)
	}
	return nil
}

// bind has the socket get the frames of a device, if these are of a kind that is read.
func (s *socket) bind(index int, raw bool) error {
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network byte order
	if err := unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return fmt.Errorf("can't bind: %w", err)
	}
	at, err := s.address()
	if err != nil {
		return err
	}
	isRaw := at.Hatype == unix.ARPHRD_NONE || at.Hatype == unix.ARPHRD_PPP || at.Hatype == unix.ARPHRD_RAWIP
	if raw != isRaw || !isRaw && at.Hatype != unix.ARPHRD_ETHER && at.Hatype != unix.ARPHRD_LOOPBACK {
		return fmt.Errorf("its frames are of kind %d (ARPHRD), and those of Ethernet are read, and such without a link header where it is said", at.Hatype)
	}
	return nil
}

// address returns what the socket is bound to.
func (s *socket) address() (*unix.SockaddrLinklayer, error) {
	a, err := unix.Getsockname(s.fd)
	if err != nil {
		return nil, err
	}
	at, ok := a.(*unix.SockaddrLinklayer)
	if !ok {
		return nil, fmt.Errorf("an address of a packet socket is a %T", a)
	}
	return at, nil
}

// wait calls do, and again each time that there may be something to do, until it returns true. The error is [os.ErrClosed] where the socket was closed.
func (s *socket) wait(do func() bool) error { return s.raw.Read(func(uintptr) bool { return do() }) }

func (s *socket) blocks() int { return len(s.ring) / blockSize }

func (s *socket) block(n int) []byte { return s.ring[n*blockSize:][:blockSize:blockSize] }

// status is the word of a block that says whose it is: the kernel's, or user space's.
func (s *socket) status(n int) *uint32 {
	return (*uint32)(unsafe.Pointer(&s.ring[n*blockSize+blockStatus]))
}

// isReady reports whether a block is there to be read.
func (s *socket) isReady(n int) bool { return atomic.LoadUint32(s.status(n))&statusUser != 0 }

// release gives a block back to the kernel.
func (s *socket) release(n int) { atomic.StoreUint32(s.status(n), unix.TP_STATUS_KERNEL) }

// statistics returns how many frames the kernel has put into the ring since it was last asked, and how many found no room.
func (s *socket) statistics() (received, dropped uint32, err error) {
	st, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0, 0, err
	}
	return st.Packets - st.Drops, st.Drops, nil // the kernel adds one to the other
}

// isGone reports whether the device is not there any more: the kernel unbinds the socket. Of one that is down it gets frames again once that is up.
func (s *socket) isGone() bool {
	at, err := s.address()
	return err != nil || at.Ifindex <= 0
}

// close ends wait. The ring is there until unmap.
func (s *socket) close() error { return s.file.Close() }

// unmap gives the ring back.
func (s *socket) unmap() error {
	if s.ring == nil {
		return nil
	}
	ring := s.ring
	s.ring = nil
	return unix.Munmap(ring)
}

package conntrack

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// What of netlink is used here. Source: Linux, include/uapi/linux/netlink.h, netfilter/nfnetlink.h and netfilter/nfnetlink_conntrack.h.
const (
	netlinkNetfilter = 12
	groups           = 1<<0 | 1<<2 // NFNLGRP_CONNTRACK_NEW and _DESTROY, counted from 1
	subsystem        = 1 << 8      // NFNL_SUBSYS_CTNETLINK
	messageNew       = subsystem   // and 0
	messageGet       = subsystem | 1
	messageDelete    = subsystem | 2
	receiveForce     = 33 // SO_RCVBUFFORCE
)

const (
	// mostReceive is how much the kernel keeps of what was not read yet: some 10,000 connections that begin or end.
	mostReceive = 8 << 20
	// mostDatagram is as much as the kernel has in one at most, and more.
	mostDatagram = 1 << 17
)

// Start begins to follow the connections of the calling thread's network namespace, and returns once it knows all. It takes CAP_NET_ADMIN there.
func Start(ctx context.Context, now func() time.Time) (*Watch, error) {
	w, err := start(ctx, now, mostReceive)
	if err != nil {
		return nil, fmt.Errorf("can't follow the kernel's connections: %w", err)
	}
	return w, nil
}

func start(ctx context.Context, now func() time.Time, receive int) (*Watch, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, netlinkNetfilter)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "netlink")
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, receiveForce, receive); err != nil {
		return nil, errors.Join(os.NewSyscallError("setsockopt", err), f.Close())
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), f.Close())
	}
	w := newWatch(now, mostSides)
	w.send = func(k kind, sequence uint32) error {
		_, err := f.Write(request(k, sequence))
		return err
	}
	w.stop = f.Close
	w.mu.Lock()
	err = w.begin()
	w.mu.Unlock()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	go w.read(f)
	select {
	case <-w.whole:
		return w, nil
	case <-w.done:
		err = w.dead
	case <-ctx.Done():
		err = fmt.Errorf("its list of them is late: %w", ctx.Err())
	}
	return nil, errors.Join(err, w.Close())
}

// request returns a message to the kernel: for all connections, or one that means nothing and is acknowledged.
func request(k kind, sequence uint32) []byte {
	typ, flags, data := uint16(messageGet), uint16(syscall.NLM_F_REQUEST|syscall.NLM_F_DUMP), make([]byte, 4) // of no address family: of all
	if k == askEcho {
		typ, flags, data = syscall.NLMSG_NOOP, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK, nil
	}
	b := make([]byte, syscall.NLMSG_HDRLEN, syscall.NLMSG_HDRLEN+len(data))
	binary.NativeEndian.PutUint32(b, uint32(cap(b)))
	binary.NativeEndian.PutUint16(b[4:], typ)
	binary.NativeEndian.PutUint16(b[6:], flags)
	binary.NativeEndian.PutUint32(b[8:], sequence)
	return append(b, data...)
}

// read reads until the socket is closed.
//
// Once the kernel has said that there was no place for a message, it does not say so again until all that it kept was read. So that is read first, and a dump
// that misses nothing begins after it.
func (w *Watch) read(f *os.File) {
	defer close(w.done)
	raw, err := f.SyscallConn()
	b := make([]byte, mostDatagram)
	overrun := false
	for ended := err != nil; !ended; {
		var n int
		if overrun {
			var got error
			err = raw.Read(func(fd uintptr) bool {
				n, got = syscall.Read(int(fd), b)
				return true // without waiting
			})
			err = cmp.Or(err, got)
		} else {
			n, err = f.Read(b)
		}
		ended = w.have(b[:max(n, 0)], err, &overrun)
	}
}

// have takes what was read, and reports whether that was the last.
func (w *Watch) have(b []byte, err error, overrun *bool) (ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		err = w.datagram(b)
	}
	switch {
	case errors.Is(err, syscall.ENOBUFS):
		*overrun = true
		w.lose()
	case errors.Is(err, syscall.EAGAIN):
		*overrun = false
		w.release()
		err = w.begin()
	}
	if err != nil && !errors.Is(err, syscall.ENOBUFS) && !errors.Is(err, syscall.EINTR) {
		w.die(err)
	}
	return w.dead != nil
}

// datagram takes messages; the lock is held.
func (w *Watch) datagram(b []byte) error {
	messages, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return err
	}
	for i := range messages {
		switch m := &messages[i]; m.Header.Type {
		case messageNew, messageDelete:
			if err := w.take(m.Data, m.Header.Type == messageDelete, m.Header.Flags&syscall.NLM_F_MULTI != 0); err != nil {
				return err
			}
		case syscall.NLMSG_DONE, syscall.NLMSG_ERROR:
			var failed error
			if len(m.Data) >= 4 {
				if n := int32(binary.NativeEndian.Uint32(m.Data)); n < 0 {
					failed = syscall.Errno(-n)
				}
			}
			w.answered(m.Header.Seq, failed)
		}
	}
	return nil
}

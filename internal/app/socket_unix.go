//go:build unix

package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is the longest path of a socket that every Unix takes.
const maxSocketPath = 100

// listenUnix listens on the data directory's socket, which only its owner can
// open.
func listenUnix(ctx context.Context, data string) (net.Listener, error) {
	path := filepath.Join(data, socketName)
	if err := removeStale(path); err != nil {
		return nil, err
	}
	short, done, err := shortPath(data)
	if err != nil {
		return nil, err
	}
	defer done()
	// The mode must be right from the first moment on.
	old := syscall.Umask(0o177)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", short)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on the socket %s: %w", path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by its short path it could be another file
	return &removingListener{l, path}, nil
}

// removingListener removes the socket when it is closed.
type removingListener struct {
	net.Listener
	path string
}

// Close closes the socket and removes it.
func (l *removingListener) Close() error {
	err := l.Listener.Close()
	os.Remove(l.path)
	return err
}

// dialUnix connects to the data directory's socket.
func dialUnix(ctx context.Context, data string) (net.Conn, error) {
	path, done, err := shortPath(data)
	if err != nil {
		return nil, err
	}
	defer done()
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// shortPath returns a path of the socket that is not too long for the system. It
// is valid until done is called.
func shortPath(data string) (path string, done func(), err error) {
	path = filepath.Join(data, socketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(data)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName), func() { _ = dir.Close() }, nil
}

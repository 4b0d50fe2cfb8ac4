//go:build !linux

package afpacket

import "errors"

// Snaplen is how many bytes of a frame are read.
const Snaplen = 512

// socket is nothing: there is only Linux's way.
type socket struct{}

func openSocket(int, bool, int) (*socket, error) { return nil, errors.ErrUnsupported }

func (*socket) wait(func() bool) error                            { return errors.ErrUnsupported }
func (*socket) blocks() int                                       { return 1 }
func (*socket) block(int) []byte                                  { return nil }
func (*socket) isReady(int) bool                                  { return false }
func (*socket) release(int)                                       {}
func (*socket) statistics() (received, dropped uint32, err error) { return 0, 0, errors.ErrUnsupported }
func (*socket) isGone() bool                                      { return true }
func (*socket) close() error                                      { return nil }
func (*socket) unmap() error                                      { return nil }

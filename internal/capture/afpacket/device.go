package afpacket

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"weir/internal/capture/packet"
)

// Device is what a network interface is on the host.
type Device struct {
	Index int
	// Flipped: what comes in there leaves the interface. It is the host's side of a veth or tap.
	Flipped bool
	// Raw: frames have no link header, as those of tun and WireGuard.
	Raw bool
}

// device is a device whose frames are read, by a goroutine of its own.
type device struct {
	Device
	capture *Capture
	at      *watched
	socket  *socket
	next    int // the block of the ring that is read next
	done    chan struct{}

	mu       sync.Mutex
	advanced *sync.Cond
	received uint64 // frames that the kernel has put into the ring, when it was last asked
	read     uint64 // of these
	dropped  uint64 // frames that it had no room for
	ended    bool   // nothing is read any more
	err      error  // since it can't be
}

// attach opens a device.
func (c *Capture) attach(of Device, at *watched) (*device, error) {
	s, err := openSocket(of.Index, of.Raw, c.ring)
	if err != nil {
		return nil, err
	}
	d := &device{Device: of, capture: c, at: at, socket: s, done: make(chan struct{})}
	d.advanced = sync.NewCond(&d.mu)
	go d.run()
	return d, nil
}

// run reads until the socket is closed. Where the device goes, there is nothing more to read.
func (d *device) run() {
	defer close(d.done)
	var err error
	e := d.socket.wait(func() bool {
		for d.socket.isReady(d.next) && err == nil {
			err = d.block()
		}
		return err != nil
	})
	if errors.Is(e, os.ErrClosed) {
		e = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err = errors.Join(err, e); err != nil {
		d.err = fmt.Errorf("the packets of device %d can't be read: %w", d.Index, err)
	}
	d.ended = true
	d.advanced.Broadcast()
}

// block counts the frames of a block.
func (d *device) block() error {
	link := packet.Ethernet
	if d.Raw {
		link = packet.Raw
	}
	d.capture.mu.RLock() // what the device is changes with policies
	d.at.mu.Lock()
	now := d.capture.clock()
	d.at.age(now)
	n, err := frames(d.socket.block(d.next), func(f *frame) {
		if !d.at.off {
			d.at.see(link, f, f.outgoing != d.Flipped, now)
		}
	})
	d.at.mu.Unlock()
	d.capture.mu.RUnlock()
	d.socket.release(d.next)
	d.next = (d.next + 1) % d.socket.blocks()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read += uint64(n)
	d.advanced.Broadcast()
	return err
}

// ask asks the kernel how many frames there were.
func (d *device) ask() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	received, dropped, err := d.socket.statistics()
	if err != nil {
		return fmt.Errorf("the kernel does not say what it dropped at device %d: %w", d.Index, err)
	}
	d.received += uint64(received)
	d.dropped += uint64(dropped)
	return nil
}

// catchUp waits until all frames are counted that the kernel had got when it was called. The kernel hands out a block that is not full within twice [handOut]. Those of a ring that
// nobody reads any more are dropped.
func (d *device) catchUp() error {
	if err := d.ask(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for want := d.received; d.read < want && !d.ended; {
		d.advanced.Wait()
	}
	if d.ended {
		d.dropped += d.received - d.read
		d.read = d.received
	}
	return d.err
}

// takeDropped returns the frames that had no room and were not told yet.
func (d *device) takeDropped() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.dropped
	d.dropped = 0
	return n
}

// close ends the reading.
func (d *device) close() error {
	err := d.socket.close()
	<-d.done
	return errors.Join(err, d.socket.unmap())
}

package afpacket

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture"
	"weir/internal/capture/packet"
	"weir/internal/policy"
)

// What there is room for if nobody says.
const (
	defaultConnections = 1 << 20
	defaultFlows       = 1 << 20
	defaultRing        = 16 << 20
)

// Options are what [Open] is told.
type Options struct {
	// Connections is how many connections of each interface are tracked at most, Flows how many flows of all interfaces there are in an epoch. A
	// connection takes about 120 bytes, a flow 300, and there may be those of two epochs. 0: 1,048,576.
	Connections, Flows int
	// Ring is how many bytes of the kernel's memory each device has for frames that were not read yet; 0: 16 MiB. It is rounded up to whole blocks.
	Ring int
	// Clock returns a time that only goes on, since whenever.
	Clock func() time.Duration
}

// Epoch names an epoch. Each capture is of tables of its own.
type Epoch struct {
	Tables string
	Number uint32
}

// Capture counts at devices. It is not for concurrent use.
type Capture struct {
	connections int
	most        int64 // flows
	ring        int
	clock       func() time.Duration
	id          string

	// mu is held for reading while a block is counted, and for writing where the epoch ends or policies change: each frame is counted by one.
	mu         sync.RWMutex
	interfaces map[string]*watched
	devices    map[int]*device
	count      atomic.Int64 // flows of this epoch
	epoch      uint32
	closed     []closed // nil: no epoch is closed
	// ended are the interfaces that the last Swap has ended.
	ended map[string]*watched
}

// closed is what an interface has had in an epoch that is over.
type closed struct {
	id     string
	shadow bool
	rows   []row
}

// Open returns a capture without interfaces. It takes no rights before the first device is attached.
func Open(o Options) (*Capture, error) {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	return &Capture{
		connections: or(o.Connections, defaultConnections), most: int64(or(o.Flows, defaultFlows)), ring: or(o.Ring, defaultRing), clock: o.Clock,
		id: hex.EncodeToString(id), interfaces: map[string]*watched{}, devices: map[int]*device{}, epoch: 1,
	}, nil
}

// errOpen says that rows of a closed epoch are somebody's to settle.
var errOpen = errors.New("the rows of the epoch before are not settled")

// A Change is of a device that is watched: it becomes another interface, or another side of one, at once with what [Capture.Swap] puts in force.
type Change struct {
	Device Device
	// ID is that of an interface that the same Swap puts in force.
	ID string
}

// Swap puts other interfaces in force, all at once: what the kernel had got before is decided of by what was before, and what comes then by what is now.
// Devices that become other interfaces change with it.
// Connections stay open, also where no rule allows them any more. What is not in the list is off, and its connections are forgotten.
//
// It closes the epoch, as [Capture.Turn] does. Before the epoch before is settled it refuses. Where it fails, the old interfaces stay in force.
func (c *Capture) Swap(interfaces []Interface, changes ...Change) error {
	if c.closed != nil {
		return errOpen
	}
	if err := c.check(interfaces, changes); err != nil {
		return err
	}
	if err := c.catchUp(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	before := c.interfaces
	c.interfaces, c.ended = map[string]*watched{}, map[string]*watched{}
	for n := range interfaces {
		i := &interfaces[n]
		w := before[i.ID]
		if w == nil {
			w = &watched{id: i.ID, dissector: packet.NewDissector(), most: c.most, count: &c.count, flows: newFlows(&flows{})}
		}
		c.interfaces[i.ID] = w
		w.use(i, c.connections)
	}
	for id, w := range before {
		if c.interfaces[id] == nil {
			w.off = true
			c.ended[id] = w
		}
	}
	for _, change := range changes {
		d := c.devices[change.Device.Index]
		d.Flipped, d.at = change.Device.Flipped, c.interfaces[change.ID]
	}
	return nil
}

// check fails on what can't be put in force.
func (c *Capture) check(interfaces []Interface, changes []Change) error {
	seen := map[string]bool{}
	for n := range interfaces {
		switch i := &interfaces[n]; {
		case i.ID == "":
			return errors.New("an interface has no id")
		case seen[i.ID]:
			return fmt.Errorf("%s is there twice", i.ID)
		case i.Shadow && i.Policy == nil:
			return fmt.Errorf("%s has no policy to decide by", i.ID)
		default:
			seen[i.ID] = true
		}
	}
	for _, change := range changes {
		d := c.devices[change.Device.Index]
		switch {
		case d == nil:
			return fmt.Errorf("device %d, which is to be %s, is not watched", change.Device.Index, change.ID)
		case !seen[change.ID]:
			return fmt.Errorf("device %d can't be %s, which has no policy", change.Device.Index, change.ID)
		case d.Raw != change.Device.Raw:
			return fmt.Errorf("device %d, which is to be %s, is watched as one whose frames begin otherwise", change.Device.Index, change.ID)
		}
	}
	return nil
}

// Attach begins to count at a device of the calling thread's network namespace, which is an interface. It takes CAP_NET_RAW there.
func (c *Capture) Attach(d Device, id string) error {
	w := c.interfaces[id]
	if w == nil {
		return fmt.Errorf("device %d can't be %s, which has no policy", d.Index, id)
	}
	if c.devices[d.Index] != nil {
		return fmt.Errorf("device %d is watched already", d.Index)
	}
	at, err := c.attach(d, w)
	if err != nil {
		return fmt.Errorf("can't watch device %d: %w", d.Index, err)
	}
	c.devices[d.Index] = at
	return nil
}

// Attached returns the indexes of the devices that are watched, in order.
func (c *Capture) Attached() []int { return slices.Sorted(maps.Keys(c.devices)) }

// Detach ends counting at a device. What was counted is still to be read.
func (c *Capture) Detach(index int) error {
	d := c.devices[index]
	if d == nil {
		return fmt.Errorf("device %d is not watched", index)
	}
	err := d.catchUp()
	delete(c.devices, index)
	err = errors.Join(err, d.close())
	c.drop(d)
	return err
}

// drop tells the interface of a device what had no room.
func (c *Capture) drop(d *device) {
	d.at.mu.Lock()
	defer d.at.mu.Unlock()
	d.at.tallies.Dropped += d.takeDropped()
}

// Gone returns the indexes of devices that were watched and are not there any more, or can't be read, and forgets these, as [Capture.Detach] does. Such of which the error says that they can't be read may
// be attached again.
func (c *Capture) Gone() ([]int, error) {
	var out []int
	for _, index := range c.Attached() {
		if d := c.devices[index]; !d.socket.isGone() && !d.isEnded() {
			continue
		}
		out = append(out, index)
		if err := c.Detach(index); err != nil {
			return out, err
		}
	}
	return out, nil
}

// catchUp waits until all is counted that the kernel has got.
func (c *Capture) catchUp() error {
	for _, d := range c.devices {
		if err := d.catchUp(); err != nil && !d.isEnded() { // one that can't be read says so by its tallies, and is gone
			return err
		}
		c.drop(d)
	}
	return nil
}

func (d *device) isEnded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended
}

// turn closes the epoch; mu is held.
func (c *Capture) turn() {
	c.closed = []closed{}
	for _, id := range slices.Sorted(maps.Keys(c.interfaces)) {
		w := c.interfaces[id]
		c.closed = append(c.closed, closed{w.id, w.shadow, w.flows.rows})
		w.flows = newFlows(&w.flows)
	}
	c.count.Store(0)
	c.epoch++
}

// Turn closes the epoch that counts, once all is counted that the kernel has got, and begins another. While the rows of a closed epoch are not settled it
// turns nothing, and returns that one.
func (c *Capture) Turn() (Epoch, error) {
	if c.closed == nil {
		if err := c.catchUp(); err != nil {
			return Epoch{}, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.turn()
	}
	return Epoch{c.id, c.epoch - 1}, nil
}

// Closed returns the epoch that is closed and not settled, if there is one.
func (c *Capture) Closed() (Epoch, bool) {
	if c.closed == nil {
		return Epoch{}, false
	}
	return Epoch{c.id, c.epoch - 1}, true
}

// Rows calls do for each flow that had packets in the closed epoch, which may have several rows: of times and verdicts. The flow is do's until it returns. It
// may be called again before the epoch is settled: the rows are the same.
//
// The action is ACCEPT, since everything has passed. In shadow, what would have been is the flow's WouldAction, with stage and rule.
func (c *Capture) Rows(do func(*aggregate.Flow, aggregate.Counts) error) error {
	if c.closed == nil {
		return errors.New("no epoch is closed")
	}
	for _, e := range c.closed {
		for n := range e.rows {
			r := &e.rows[n]
			src, dst := r.key.addresses()
			f := aggregate.Flow{
				Interface: e.id, Egress: r.key.egress, Directed: true, Src: src, Dst: dst, SrcPort: r.key.srcPort, DstPort: r.key.dstPort,
				Protocol: r.key.protocol,
			}
			if e.shadow {
				f.Judgement = capture.JudgementOf(r.decision)
				f.WouldAction = f.Action
			}
			f.Action = string(policy.Accept)
			if err := do(&f, r.counts); err != nil {
				return err
			}
		}
	}
	return nil
}

// Settle says that the rows of the closed epoch are kept elsewhere.
func (c *Capture) Settle() error {
	if c.closed == nil {
		return errors.New("no epoch is closed")
	}
	c.closed = nil
	return nil
}

// Tallies returns those of an interface, also of one that the last [Capture.Swap] has ended. It fails where a device of it can't be read.
func (c *Capture) Tallies(id string) (Tallies, error) {
	w := cmp.Or(c.interfaces[id], c.ended[id])
	if w == nil {
		return Tallies{}, fmt.Errorf("%s has no policy", id)
	}
	var errs []error
	for _, d := range c.devices {
		if d.at != w {
			continue
		}
		errs = append(errs, d.ask())
		c.drop(d)
		d.mu.Lock()
		errs = append(errs, d.err)
		d.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tallies, errors.Join(errs...)
}

// Close ends counting. What was not read is gone.
func (c *Capture) Close() error {
	var errs []error
	for _, index := range c.Attached() {
		errs = append(errs, c.Detach(index))
	}
	return errors.Join(errs...)
}

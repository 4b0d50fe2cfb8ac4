package capture

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// A Sighting is a packet at a network interface.
type Sighting struct {
	Interface *netmodel.Interface
	Direction netmodel.Direction
	Decision  policy.Decision
}

// Counters are packets that nothing was seen of at an interface, or that flow logs do not record.
type Counters struct {
	// Elsewhere are of no interface, Ambiguous of an address that several interfaces have.
	Elsewhere, Ambiguous int64
	// Unlogged are the packets that an interface sent or got and flow logs do not record: of the Amazon DNS server, DHCP and others.
	//
	// Source: VPC user guide, "Flow log limitations"; spec b.8.
	Unlogged int64
	// Untracked are connections that there was no place for: see [Observer.Bound].
	Untracked int64
}

// An Observer knows the interfaces of a definition, with the connections that their security groups have seen. It is not for concurrent use.
type Observer struct {
	// Counters grow with each packet.
	Counters Counters

	definition *policy.Definition
	// byAddress are the interfaces that have an address as their own, by id; prefixes those that have networks.
	byAddress map[netip.Addr][]*netmodel.Interface
	prefixed  []*netmodel.Interface
	open      map[string]*policy.Connections
	most      int // connections of all interfaces; below 0: any number
	kept      int // of these
	// forgotten is when connections that had expired were forgotten, and since how many packets came after that.
	forgotten time.Time
	since     int
}

// forgetEvery is how often what has expired is forgotten, by the time of packets.
const forgetEvery = 10 * time.Minute

// forgetShare is how many connections are looked at for each packet, at most, to forget those that have expired.
const forgetShare = 4

// NewObserver returns an observer of some interfaces of a network, or of all where none is named. It fails on ids that the network has not got, and on
// interfaces that are named and can't be decided at.
func NewObserver(n *netmodel.Network, interfaces []string) (*Observer, error) {
	o := &Observer{definition: policy.New(n), byAddress: map[netip.Addr][]*netmodel.Interface{}, open: map[string]*policy.Connections{}, most: -1}
	ids := interfaces
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(n.Interfaces))
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		eni := n.Interfaces[id]
		if eni == nil {
			return nil, fmt.Errorf("there is no network interface %s in the definition", id)
		}
		for _, a := range eni.Addresses {
			o.byAddress[a] = append(o.byAddress[a], eni)
		}
		if len(eni.Prefixes) > 0 {
			o.prefixed = append(o.prefixed, eni)
		}
		if len(interfaces) > 0 {
			if _, err := o.connections(eni); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

// Bound sets how many connections of all interfaces are kept at most. At first it is any number. Where there is no place for one, those that have expired are forgotten before; one that finds
// none then is not tracked, and what answers it is decided of by itself, as where AWS's connection tracking is full.
func (o *Observer) Bound(most int) { o.most = most }

// errAmbiguous says that several interfaces have an address.
var errAmbiguous = errors.New("several network interfaces have the address")

// at returns the interface that has an address as its own; nil: none. A public address is no interface's own: packets have private ones there.
func (o *Observer) at(a netip.Addr) (*netmodel.Interface, error) {
	have := o.byAddress[a]
	for _, eni := range o.prefixed {
		if !slices.Contains(have, eni) && eni.Has(a) {
			have = append(slices.Clip(have), eni)
		}
	}
	switch len(have) {
	case 0:
		return nil, nil
	case 1:
		return have[0], nil
	}
	return nil, errAmbiguous
}

// connections returns what decides at an interface.
func (o *Observer) connections(eni *netmodel.Interface) (*policy.Connections, error) {
	if c := o.open[eni.ID]; c != nil {
		return c, nil
	}
	at, err := o.definition.At(eni.ID)
	if err != nil {
		return nil, err
	}
	c := policy.NewConnections(at, Timeouts(eni.ConnectionTracking))
	o.open[eni.ID] = c
	return c, nil
}

// Timeouts returns those of an interface's connections.
func Timeouts(c netmodel.ConnectionTracking) policy.Timeouts {
	t := policy.DefaultTimeouts()
	set := func(at *time.Duration, s int) {
		if s > 0 {
			*at = time.Duration(s) * time.Second
		}
	}
	set(&t.TCPEstablished, c.TCPEstablished)
	set(&t.UDP, c.UDP)
	set(&t.UDPStream, c.UDPStream)
	return t
}

// See calls do for each interface at which a packet passes: first for the one that sends it, then, where the rules there let it out, for the one that gets
// it. Packets of no interface are counted alone, as are those of an address that several have, and those that flow logs do not record. It fails where the
// definition lacks what decides at an interface.
func (o *Observer) See(p *policy.Packet, at time.Time, do func(*Sighting) error) error {
	o.forget(at)
	if p.Check() != nil { // one end is an IPv4-mapped IPv6 address: no interface has such
		o.Counters.Elsewhere++
		return nil
	}
	src, srcErr := o.at(p.Src)
	dst, dstErr := o.at(p.Dst)
	if srcErr != nil || dstErr != nil {
		o.Counters.Ambiguous++
		return nil
	}
	if src == nil && dst == nil {
		o.Counters.Elsewhere++
		return nil
	}
	for _, end := range []struct {
		eni *netmodel.Interface
		way netmodel.Direction
	}{{src, netmodel.Egress}, {dst, netmodel.Ingress}} {
		if end.eni == nil {
			continue
		}
		s, logged, err := o.sight(p, end.eni, end.way, at)
		if err != nil {
			return err
		}
		if !logged {
			o.Counters.Unlogged++
		} else if err := do(s); err != nil {
			return err
		}
		if s.Decision.Action != policy.Accept {
			return nil
		}
	}
	return nil
}

// sight decides of a packet at an interface.
func (o *Observer) sight(p *policy.Packet, eni *netmodel.Interface, way netmodel.Direction, at time.Time) (s *Sighting, logged bool, err error) {
	c, err := o.connections(eni)
	if err != nil {
		return nil, false, err
	}
	logged, _ = c.At().Logged(p, way)
	before, full := c.Len(), c.Full()
	if o.most >= 0 {
		c.Bound(max(o.most-(o.kept-before), 0)) // what others leave
	}
	s = &Sighting{Interface: eni, Direction: way, Decision: c.Decide(p, way, at)}
	o.kept += c.Len() - before
	o.Counters.Untracked += c.Full() - full
	return s, logged, nil
}

// forget forgets connections that have expired, now and then, and where there is no place for others. All are looked at for that, so that it is done once for some packets of each: times
// of packets may say anything.
func (o *Observer) forget(at time.Time) {
	o.since++
	isFull := o.most >= 0 && o.kept >= o.most
	if at.Sub(o.forgotten) < forgetEvery && !isFull || o.since <= o.kept/forgetShare {
		return
	}
	o.forgotten, o.since, o.kept = at, 0, 0
	for _, c := range o.open {
		c.Forget(at)
		o.kept += c.Len()
	}
}

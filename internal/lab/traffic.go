package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// How long an answer is waited for: one that is not expected for less than the second after which a SYN is sent again, and one that is for as long as a busy machine takes.
const mostSilence, mostPatience = 900 * time.Millisecond, 10 * time.Second

// ends are a step's: the namespace that it is sent from, its source and its destination, and how long an answer is waited for.
type ends struct {
	netns    string
	from, to netip.Addr
	patience time.Duration
	port     uint16 // of the source; 0: any
}

// endsOf finds a step's ends. What is of a VPC is asked by its private address from a VPC, and by its public one from the internet; IPv6 addresses are the same everywhere.
func (d *Definition) endsOf(s Step) (e ends, err error) {
	e.port = s.SourcePort
	if e.patience = mostPatience; s.Then == Nothing {
		e.patience = mostSilence
	}
	bad := func(format string, args ...any) (ends, error) {
		return e, fmt.Errorf("%w: %s", ErrScenario, fmt.Sprintf(format, args...))
	}
	if e.netns, e.from, err = d.addressOf(s.From, s.IPv6); err != nil {
		return e, err
	}
	_, out := d.Internet[s.From]
	if _, e.to, err = d.addressOf(s.To, s.IPv6); err != nil {
		return e, err
	}
	if _, far := d.Internet[s.To]; far {
		if s.Address != "" {
			return bad("%s is in the internet, and has no private address", s.To)
		}
		return e, nil
	}
	if s.Address != "" {
		if e.to, err = netip.ParseAddr(s.Address); err != nil || !slices.Contains(d.eni(s.To).Addresses, e.to) || e.to.Is6() != s.IPv6 {
			return bad("%s has no such address %q", s.To, s.Address)
		}
	}
	if out && !s.IPv6 {
		private := e.to
		if e.to = d.eni(s.To).Public[private]; !e.to.IsValid() {
			return bad("%s has no public address for %s", s.To, private)
		}
	}
	return e, nil
}

// addressOf returns the namespace of a host or an end in the internet, and its first address of a family.
func (d *Definition) addressOf(name string, six bool) (netns string, a netip.Addr, err error) {
	far, out := d.Internet[name]
	_, within := d.Hosts[name]
	switch {
	case out:
		netns, a = Prefix+internet, far.Address
		if six {
			a = far.IPv6
		}
	case within:
		netns = Prefix + name
		for _, own := range d.eni(name).Addresses {
			if own.Is6() == six {
				a = own
				break
			}
		}
	default:
		return "", a, fmt.Errorf("%w: there is no host %s", ErrScenario, name)
	}
	if !a.IsValid() {
		return "", a, fmt.Errorf("%w: %s has no IPv6 address", ErrScenario, name)
	}
	return netns, a, nil
}

// send sends a step and says what becomes of it.
func (d *Definition) send(ctx context.Context, s Step) (became string, err error) {
	e, err := d.endsOf(s)
	if err != nil {
		return "", err
	}
	err = inside(e.netns, func() (err error) {
		switch protocols := s.protocols(); {
		case s.Ping:
			became, err = ping(e)
		case s.UDP != 0:
			became, err = datagram(ctx, e, s.UDP)
		case len(protocols) > 0:
			became, err = converse(ctx, e, protocols[0])
		default:
			became, err = connect(ctx, e, s.TCP)
		}
		return err
	})
	return became, err
}

// connect connects and waits for the line that hosts answer with.
func connect(ctx context.Context, e ends, port uint16) (string, error) {
	return converse(ctx, e, spoken{"line", port, talkLine})
}

// converse connects and speaks a protocol. An answer of another protocol becomes "no NAME".
func converse(ctx context.Context, e ends, w spoken) (string, error) {
	c, became, err := open(ctx, e, w)
	if c == nil {
		return became, err
	}
	if e.port != 0 { // a reset, so that the port is free at once
		err = errors.Join(err, c.SetLinger(0))
	}
	return became, errors.Join(err, c.Close())
}

// open connects and speaks a protocol; nil: it did not connect.
func open(ctx context.Context, e ends, w spoken) (*net.TCPConn, string, error) {
	dialer := net.Dialer{Timeout: e.patience, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(e.from, e.port))}
	c, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(e.to, w.port).String())
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, Refused, nil
	case err != nil && ctx.Err() != nil:
		return nil, "", ctx.Err()
	case timedOut(err):
		return nil, Nothing, nil
	case err != nil:
		return nil, "", err
	}
	tcp := c.(*net.TCPConn)
	if err := c.SetDeadline(time.Now().Add(e.patience)); err != nil {
		return tcp, "", err
	}
	became, err := w.talk(c)
	switch {
	case errors.Is(err, errOther):
		return tcp, "no " + w.name, nil
	case err != nil:
		return tcp, Nothing, nil //nolint:nilerr // it connected, and got no answer
	}
	return tcp, became, nil
}

// datagram sends a datagram and waits for one. What the kernel says of an ICMP error is that it is refused.
func datagram(ctx context.Context, e ends, port uint16) (string, error) {
	dialer := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(e.from, e.port))}
	c, err := dialer.DialContext(ctx, "udp", netip.AddrPortFrom(e.to, port).String())
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(e.patience)); err != nil {
		return "", err
	}
	if _, err = c.Write([]byte("hello\n")); err == nil {
		_, err = c.Read(make([]byte, 1500))
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused, nil
	case timedOut(err):
		return Nothing, nil
	case err != nil:
		return "", err
	}
	return Answered, nil
}

// timedOut reports whether an error is that nothing came in time.
func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// echoID is that of the lab's echo requests; within a namespace it is no other's.
const echoID = 0x7769

// ping sends an ICMP echo request and waits for its reply.
func ping(e ends) (string, error) {
	network, reply := "ip4:icmp", byte(0)
	if e.to.Is6() {
		network, reply = "ip6:ipv6-icmp", echoReply6
	}
	c, err := net.DialIP(network, &net.IPAddr{IP: e.from.AsSlice()}, &net.IPAddr{IP: e.to.AsSlice()})
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(echo(e.to.Is6())); err != nil {
		return "", err
	}
	if err := c.SetReadDeadline(time.Now().Add(e.patience)); err != nil {
		return "", err
	}
	buffer := make([]byte, 1500)
	for {
		n, from, err := c.ReadFromIP(buffer) // which leaves the IP header out
		if timedOut(err) {
			return Nothing, nil
		}
		if err != nil {
			return "", err
		}
		// Before the socket was connected it got replies of others.
		if got := buffer[:n]; n >= 8 && from.IP.Equal(e.to.AsSlice()) && got[0] == reply && binary.BigEndian.Uint16(got[4:]) == echoID {
			return Answered, nil
		}
	}
}

// The types of ICMPv6's echo. Source: RFC 4443.
const echoRequest6, echoReply6 = 128, 129

// echo returns an echo request with its check sum, which of IPv6 is made by the kernel. Source: RFC 792, RFC 4443.
func echo(six bool) []byte {
	b := make([]byte, 64)
	b[0] = 8
	if six {
		b[0] = echoRequest6
	}
	binary.BigEndian.PutUint16(b[4:], echoID)
	binary.BigEndian.PutUint16(b[6:], 1)
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum+sum>>16))
	return b
}

package lab

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
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

// endsOf finds a step's ends. What is of the VPC is asked by its private address from there, and by its public one from the internet.
func (d *Definition) endsOf(s Step) (e ends, err error) {
	e.port = s.SourcePort
	if e.patience = mostPatience; s.Then == Nothing {
		e.patience = mostSilence
	}
	far, out := d.Internet[s.From]
	_, within := d.Hosts[s.From]
	switch {
	case out:
		e.netns, e.from = Prefix+internet, far.Address
	case within:
		e.netns, e.from = Prefix+s.From, d.eni(s.From).Addresses[0]
	default:
		return e, fmt.Errorf("%w: there is no host %s", ErrScenario, s.From)
	}
	if far, ok := d.Internet[s.To]; ok {
		e.to = far.Address
		return e, nil
	}
	if _, ok := d.Hosts[s.To]; !ok {
		return e, fmt.Errorf("%w: there is no host %s", ErrScenario, s.To)
	}
	eni := d.eni(s.To)
	e.to = eni.Addresses[0]
	if out {
		if e.to = eni.Public[e.to]; !e.to.IsValid() {
			return e, fmt.Errorf("%w: %s has no public address", ErrScenario, s.To)
		}
	}
	return e, nil
}

// send sends a step and says what becomes of it.
func (d *Definition) send(ctx context.Context, s Step) (became string, err error) {
	e, err := d.endsOf(s)
	if err != nil {
		return "", err
	}
	err = inside(e.netns, func() (err error) {
		switch {
		case s.Ping:
			became, err = ping(e)
		case s.UDP != 0:
			became, err = datagram(ctx, e, s.UDP)
		default:
			became, err = connect(ctx, e, s.TCP)
		}
		return err
	})
	return became, err
}

// connect connects and waits for the line that hosts answer with.
func connect(ctx context.Context, e ends, port uint16) (string, error) {
	c, became, err := open(ctx, e, port)
	if c == nil {
		return became, err
	}
	if e.port != 0 { // a reset, so that the port is free at once
		err = errors.Join(err, c.SetLinger(0))
	}
	return became, errors.Join(err, c.Close())
}

// open connects and waits for a line; nil: it did not connect.
func open(ctx context.Context, e ends, port uint16) (*net.TCPConn, string, error) {
	dialer := net.Dialer{Timeout: e.patience, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(e.from, e.port))}
	c, err := dialer.DialContext(ctx, "tcp4", netip.AddrPortFrom(e.to, port).String())
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
	if err := c.SetReadDeadline(time.Now().Add(e.patience)); err != nil {
		return tcp, "", err
	}
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		return tcp, Nothing, nil //nolint:nilerr // it connected, and got no answer
	}
	return tcp, Answered, nil
}

// datagram sends a datagram and waits for one. What the kernel says of an ICMP error is that it is refused.
func datagram(ctx context.Context, e ends, port uint16) (string, error) {
	dialer := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(e.from, e.port))}
	c, err := dialer.DialContext(ctx, "udp4", netip.AddrPortFrom(e.to, port).String())
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
	c, err := net.DialIP("ip4:icmp", &net.IPAddr{IP: e.from.AsSlice()}, &net.IPAddr{IP: e.to.AsSlice()})
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(echo()); err != nil {
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
		if reply := buffer[:n]; n >= 8 && from.IP.Equal(e.to.AsSlice()) && reply[0] == 0 && binary.BigEndian.Uint16(reply[4:]) == echoID {
			return Answered, nil
		}
	}
}

// echo returns an echo request with its check sum. Source: RFC 792.
func echo() []byte {
	b := make([]byte, 64)
	b[0] = 8
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

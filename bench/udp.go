package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// freePort returns a port of the loopback address that nobody listens at.
func freePort(network string) (int, error) {
	if network == "udp" {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return 0, err
		}
		return c.LocalAddr().(*net.UDPAddr).Port, c.Close()
	}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// udpQueue is what waits at a UDP socket of this machine, as Linux tells it. UDP drops
// what is sent too fast: who sends must look how much waits.
type udpQueue struct {
	port int
	sent int
}

// waitForQueue waits until somebody listens at a port.
func waitForQueue(ctx context.Context, port int) (*udpQueue, error) {
	q := &udpQueue{port: port}
	return q, until(ctx, func() (bool, error) {
		_, _, ok, err := q.read()
		return ok, err
	})
}

// drainEvery is after how many packets drain looks. So many, of which the kernel
// counts 2,304 bytes each, and what drain lets wait fit the 208 KiB that a socket has
// by default.
const drainEvery = 32

// drained is how many bytes may wait for drain to go on.
const drained = 64 << 10

// drain waits until the next packets surely fit.
func (q *udpQueue) drain(ctx context.Context) error {
	if q.sent++; q.sent%drainEvery != 0 {
		return nil
	}
	return until(ctx, func() (bool, error) {
		waiting, _, _, err := q.read()
		return waiting < drained, err
	})
}

// empty waits until all was read, and fails if something was dropped.
func (q *udpQueue) empty(ctx context.Context) error {
	var dropped int64
	err := until(ctx, func() (bool, error) {
		waiting, drops, _, err := q.read()
		dropped = drops
		return waiting == 0, err
	})
	if err == nil && dropped > 0 {
		err = fmt.Errorf("%d packets were dropped", dropped)
	}
	return err
}

// read returns how many bytes wait, and how many packets were dropped; ok is false
// where nobody listens.
func (q *udpQueue) read() (waiting, dropped int64, ok bool, err error) {
	text, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0, 0, false, err
	}
	local := fmt.Sprintf("0100007F:%04X", q.port)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 13 || f[1] != local {
			continue
		}
		_, receive, _ := strings.Cut(f[4], ":")
		waiting, err = strconv.ParseInt(receive, 16, 64)
		if err == nil {
			dropped, err = strconv.ParseInt(f[12], 10, 64)
		}
		return waiting, dropped, true, err
	}
	return 0, 0, false, nil
}

// until asks every now and then until the answer is yes, for half a minute at most.
func until(ctx context.Context, yes func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("waited for half a minute"))
	defer cancel()
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 50*time.Millisecond) {
		ok, err := yes()
		if ok || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

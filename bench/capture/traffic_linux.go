package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"
)

// load is what a load came to.
type load struct {
	seconds float64
	bytes   int64   // that the receiver of TCP got
	frames  int64   // that the host's device got
	busy    float64 // seconds of CPU
}

// driver sends from the instance to the host for some time, and returns how many bytes arrived, and in how many seconds; 0: from when it is called until it returns.
type driver func(ctx context.Context, host, instance *namespace, lasts time.Duration) (bytes int64, seconds float64, err error)

// measure has the instance send to the host for some time.
func (b *bench) measure(ctx context.Context, host, instance *namespace, drive driver) (load, error) {
	var l load
	framesBefore, _, err := host.frames(ctx, hostDevice)
	if err != nil {
		return l, err
	}
	busyBefore, err := busy()
	if err != nil {
		return l, err
	}
	began := time.Now()
	if l.bytes, l.seconds, err = drive(ctx, host, instance, b.lasts); err != nil {
		return l, err
	}
	if l.seconds == 0 {
		l.seconds = time.Since(began).Seconds()
	}
	busyAfter, err := busy()
	if err != nil {
		return l, err
	}
	framesAfter, _, err := host.frames(ctx, hostDevice)
	l.busy, l.frames = busyAfter-busyBefore, framesAfter-framesBefore
	return l, err
}

// driveIperf has iperf3 send over one connection.
func driveIperf(ctx context.Context, host, instance *namespace, lasts time.Duration) (int64, float64, error) {
	server := exec.CommandContext(ctx, "iperf3", "--server", "--one-off", "--json", "--port", "5201")
	said, err := server.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := host.in(server.Start); err != nil {
		return 0, 0, err
	}
	err = until(ctx, func() (bool, error) { return host.listening(5201) })
	if err == nil {
		err = instance.in(exec.CommandContext(ctx, "iperf3", "--client", hostAddress, "--port", "5201", "--time", strconv.FormatFloat(lasts.Seconds(), 'f', -1, 64)).Run)
	}
	if err != nil {
		return 0, 0, errors.Join(fmt.Errorf("iperf3: %w", err), server.Process.Kill(), server.Wait())
	}
	var report struct {
		Error string
		End   struct {
			Received struct {
				Bytes   int64
				Seconds float64
			} `json:"sum_received"`
		}
	}
	err = json.NewDecoder(said).Decode(&report)
	if err = errors.Join(err, server.Wait()); err == nil && report.Error != "" {
		err = errors.New(report.Error)
	}
	return report.End.Received.Bytes, report.End.Received.Seconds, err
}

// driveTCP sends over one connection, from and to this process, which has less to do for each byte than iperf3, and waits more.
func driveTCP(ctx context.Context, host, instance *namespace, lasts time.Duration) (int64, float64, error) {
	var listener net.Listener
	err := host.in(func() (err error) {
		listener, err = new(net.ListenConfig).Listen(ctx, "tcp4", hostAddress+":5201")
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	defer listener.Close()
	type result struct {
		n   int64
		err error
	}
	got := make(chan result, 1)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			got <- result{0, err}
			return
		}
		defer c.Close()
		buffer, r := make([]byte, 128<<10), result{}
		for {
			n, err := c.Read(buffer)
			r.n += int64(n)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					r.err = err
				}
				got <- r
				return
			}
		}
	}()
	var c net.Conn
	err = instance.in(func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, "tcp4", hostAddress+":5201")
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	buffer := make([]byte, 128<<10)
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		if _, err := c.Write(buffer); err != nil {
			return 0, 0, err
		}
	}
	if err := c.Close(); err != nil {
		return 0, 0, err
	}
	r := <-got
	return r.n, 0, r.err
}

// driveUDP sends datagrams of 64 bytes as fast as it goes. What the receiver has no place for is dropped behind the device.
func driveUDP(ctx context.Context, host, instance *namespace, lasts time.Duration) (int64, float64, error) {
	var from net.PacketConn
	var to net.Conn
	err := host.in(func() (err error) {
		from, err = new(net.ListenConfig).ListenPacket(ctx, "udp4", hostAddress+":5202")
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	defer from.Close()
	if err = instance.in(func() (err error) {
		to, err = new(net.Dialer).DialContext(ctx, "udp4", hostAddress+":5202")
		return err
	}); err != nil {
		return 0, 0, err
	}
	defer to.Close()
	received := make(chan int64, 1)
	go func() {
		buffer, n := make([]byte, 2048), int64(0)
		for {
			if _, _, err := from.ReadFrom(buffer); err != nil {
				received <- n
				return
			}
			n++
		}
	}()
	var stop atomic.Bool
	timer := time.AfterFunc(lasts, func() { stop.Store(true) })
	defer timer.Stop()
	payload := make([]byte, 64)
	for !stop.Load() {
		if _, err := to.Write(payload); err != nil {
			return 0, 0, err
		}
	}
	if err := from.SetReadDeadline(time.Now()); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, 0, err
	}
	return <-received * int64(len(payload)), 0, nil
}

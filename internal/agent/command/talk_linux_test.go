package command

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// talk sends what the definition of the tests allows and what it does not, from the host to the instance and back: 1 MiB by TCP to port 80, 10 datagrams of 100 bytes to
// port 53, one to port 5353, 3 pings, and tries at TCP's ports 23 of the instance and 25 of the host. It returns which of the two tries were answered
// within patience.
func talk(t *testing.T, host, instance *namespace, patience time.Duration) (answered [2]bool) {
	t.Helper()
	answered = say(t, host, instance, patience)
	closed(t, host)
	closed(t, instance)
	return answered
}

// closed waits until no TCP connection of a namespace has packets to send any more.
func closed(t *testing.T, at *namespace) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-time.After(time.Millisecond) {
		var text []byte
		var err error
		at.in(func() { text, err = os.ReadFile("/proc/thread-self/net/tcp") })
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 3 && f[3] != "st" && f[3] != "06" && f[3] != "0A" { // TIME_WAIT and LISTEN
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	t.Fatal("connections are open")
}

func say(t *testing.T, host, instance *namespace, patience time.Duration) (answered [2]bool) {
	t.Helper()
	var server net.Listener
	var names net.PacketConn
	instance.in(func() {
		var err error
		if server, err = net.Listen("tcp4", "10.0.1.10:80"); err != nil {
			t.Error(err)
			return
		}
		if names, err = net.ListenPacket("udp4", "10.0.1.10:53"); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	defer server.Close()
	defer names.Close()
	took := make(chan int64, 1)
	go func() {
		c, err := server.Accept()
		if err != nil {
			took <- -1
			return
		}
		defer c.Close()
		n, _ := io.Copy(io.Discard, c)
		took <- n
	}()
	host.in(func() {
		c, err := net.DialTimeout("tcp4", "10.0.1.10:80", 5*time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	if n := <-took; n != 1<<20 {
		t.Errorf("%d bytes came", n)
	}
	host.in(func() {
		datagrams(t, "10.0.1.10:53", 10)
		datagrams(t, "10.0.1.10:5353", 1)
		ping(t, "10.0.1.10", 3)
	})
	read(t, names, 10)
	try := func(to string) bool {
		c, err := net.DialTimeout("tcp4", to, patience)
		if err == nil {
			c.Close()
			t.Errorf("%s is reached", to)
		}
		timeout, ok := errors.AsType[net.Error](err)
		return !ok || !timeout.Timeout()
	}
	host.in(func() { answered[0] = try("10.0.1.10:23") })
	instance.in(func() { answered[1] = try("203.0.113.5:25") })
	return answered
}

// datagrams sends n datagrams of 100 bytes.
func datagrams(t *testing.T, to string, n int) {
	t.Helper()
	c, err := net.Dial("udp4", to)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for range n {
		if _, err := c.Write(make([]byte, 100)); err != nil {
			t.Error(err)
		}
	}
}

// read takes n datagrams.
func read(t *testing.T, c net.PacketConn, n int) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, _, err := c.ReadFrom(make([]byte, 200)); err != nil {
			t.Fatal(err)
		}
	}
}

// ping sends n echo requests with 56 bytes of data, and waits for each reply.
func ping(t *testing.T, to string, n int) {
	t.Helper()
	c, err := net.Dial("ip4:icmp", to)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for seq := range n {
		m := make([]byte, 64)
		m[0] = 8
		binary.BigEndian.PutUint16(m[4:], 7)
		binary.BigEndian.PutUint16(m[6:], uint16(seq))
		sum := uint32(m[0])<<8 + 7 + uint32(seq)
		binary.BigEndian.PutUint16(m[2:], ^uint16(sum))
		if _, err := c.Write(m); err != nil {
			t.Error(err)
			return
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Error(err)
		}
		for answer := make([]byte, 200); ; {
			got, err := c.Read(answer)
			if err != nil {
				t.Errorf("ping %d: %v", seq, err)
				return
			}
			if got >= 28 && answer[20] == 0 && binary.BigEndian.Uint16(answer[26:]) == uint16(seq) { // behind an IP header of 20 bytes
				break
			}
		}
	}
}

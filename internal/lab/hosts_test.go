package lab

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// TestHostsEnd begins and ends what answers, many times: it frees its ports each time.
func TestHostsEnd(t *testing.T) {
	ports := make([]service, 8)
	for i := range ports {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.77.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = service{Name: "host", At: l.Addr().(*net.TCPAddr).AddrPort()}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- serve(ctx, ports, "") }()
		for _, s := range ports {
			if line := ask(t, s.At); line != "host\n" {
				t.Fatalf("%s answers %q", s.At, line)
			}
		}
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("what answers did not end")
		}
	}
}

// ask waits until a port answers.
func ask(t *testing.T, at netip.AddrPort) string {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 77, 2)}} // of its own, or it may get connected to itself
	for {
		c, err := d.DialContext(t.Context(), "tcp4", at.String())
		if errors.Is(err, syscall.ECONNREFUSED) {
			continue // it is about to begin
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(c, "\n") // who says nothing waits a moment
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err = errors.Join(err, c.Close()); err != nil {
			t.Fatal(err)
		}
		return line
	}
}

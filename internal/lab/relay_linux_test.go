package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// far is what listens on the host's loopback: in place of weir serve and of S3 who answers with a name and what was asked.
type far struct{ s *state }

// farSide listens, and writes a lab's state with its addresses.
func farSide(ctx context.Context, dir string) (*far, error) {
	// The loopback of a new network namespace is down.
	if err := tell(ctx, "", "", "ip", "link", "set", "lo", "up"); err != nil {
		return nil, err
	}
	s := &state{Dir: dir}
	for _, of := range []struct {
		name string
		at   *string
	}{{"serve", &s.Listen}, {"s3", &s.S3}} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*of.at = l.Addr().String()
		context.AfterFunc(ctx, func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer func() { _ = c.Close() }()
					asked, _ := io.ReadAll(c) // until the other side has closed its half
					_, _ = fmt.Fprintf(c, "%s %s", of.name, asked)
				}()
			}
		}()
	}
	var err error
	if s.Receiver, err = freePort(ctx); err != nil {
		return nil, err
	}
	return &far{s}, s.write()
}

// check has the router's namespace reach both, with whole halves of connections; the other ones not; and a message get to the receiver.
func (f *far) check(ctx context.Context) error {
	for _, tc := range []struct{ netns, at, want string }{
		{Prefix + router, relayedServe, "serve hello"},
		{Prefix + router, relayedS3, "s3 hello"},
		{Prefix + "web-a", relayedServe, ""},
		{Prefix + internet, relayedS3, ""},
	} {
		got, err := hello(ctx, tc.netns, tc.at)
		if got != tc.want || (err != nil) != (tc.want == "") {
			return fmt.Errorf("%s in %s: %q %w", tc.at, tc.netns, got, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.s.Receiver+"/", strings.NewReader(`{"message": "{\"AlarmName\": \"ssh\", \"NewStateValue\": \"ALARM\"}"}`))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if got, err := Messages(f.s.Dir, time.Time{}); err != nil || len(got) != 1 || got[0].Alarm != "ssh" {
		return fmt.Errorf("messages %v: %w", got, err)
	}
	return nil
}

// hello sends hello from a namespace to an address and returns what comes back.
func hello(ctx context.Context, netns, at string) (string, error) {
	var c net.Conn
	err := inside(netns, func() (err error) {
		c, err = (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp4", at)
		return err
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "hello"); err != nil {
		return "", err
	}
	half, ok := c.(*net.TCPConn)
	if !ok {
		return "", syscall.EPROTOTYPE
	}
	if err := half.CloseWrite(); err != nil {
		return "", err
	}
	text, err := io.ReadAll(c)
	return string(text), err
}

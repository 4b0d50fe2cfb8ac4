package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// mostTalk bounds a connection to what a host serves.
const mostTalk = 5 * time.Second

// service is a TCP port at which a host answers.
type service struct {
	netns, name string
	at          netip.AddrPort
	web         *web // nil: it answers with a line
}

// services are those of all hosts, and of the internet.
func (d *Definition) services() (out []service) {
	for _, name := range slices.Sorted(maps.Keys(d.Hosts)) {
		for _, port := range d.Hosts[name].Serves {
			for _, own := range d.eni(name).Addresses {
				out = append(out, service{netns: Prefix + name, name: name, at: netip.AddrPortFrom(own, port)})
			}
		}
		out = append(out, d.softwareServices(name)...)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		for _, port := range d.Internet[name].Serves {
			out = append(out, service{netns: Prefix + internet, name: name, at: netip.AddrPortFrom(d.Internet[name].Address, port)})
			if six := d.Internet[name].IPv6; six.IsValid() {
				out = append(out, service{netns: Prefix + internet, name: name, at: netip.AddrPortFrom(six, port)})
			}
		}
	}
	return out
}

// serving reports whether each service answers to its own host, which no interface sees.
func (d *Definition) serving(ctx context.Context) bool {
	for _, s := range d.services() {
		err := inside(s.netns, func() error {
			c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.at.String())
			if err != nil {
				return err
			}
			return c.Close()
		})
		if err != nil {
			return false
		}
	}
	return true
}

// ServeHosts answers at all ports that the hosts of a lab serve, with a line that has the host's name, until ctx is done. Beside that it is the way of the agent to what listens on the host's
// loopback, and gets messages.
func ServeHosts(ctx context.Context, dir string) error {
	d, err := ReadDefinition(dir)
	if err != nil {
		return err
	}
	if err := reach(ctx, dir); err != nil {
		return err
	}
	return serve(ctx, d.services())
}

// reach has the agent reach weir serve and S3, and the receiver answer, until ctx is done.
func reach(ctx context.Context, dir string) error {
	s, err := read(dir)
	if err != nil || s == nil {
		return err
	}
	if err := errors.Join(relay(ctx, relayedServe, s.Listen), receive(ctx, s.Receiver, s.path(messagesFile))); err != nil || s.S3 == "" {
		return err
	}
	return relay(ctx, relayedS3, s.S3)
}

// serve answers at ports until ctx is done.
func serve(ctx context.Context, services []service) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, s := range services {
		var l net.Listener
		err := inside(s.netns, func() (err error) {
			l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.at.String())
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		defer func() { _ = l.Close() }()
		if s.web != nil {
			wg.Go(func() { s.web.serve(l) })
			continue
		}
		wg.Go(func() { answer(l, s.name) })
	}
	<-ctx.Done()
	return nil
}

// answer answers at a port until it is closed.
func answer(l net.Listener, name string) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		go func() {
			defer func() { _ = c.Close() }()
			if c.SetDeadline(time.Now().Add(mostTalk)) == nil {
				_, _ = fmt.Fprintln(c, name) // who went does not want it
			}
		}()
	}
}

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// mostTalk bounds how long a connection to what a host serves is silent.
const mostTalk = 30 * time.Second

// service is a TCP or UDP port at which a host answers.
type service struct {
	Netns, Name string
	At          netip.AddrPort
	UDP         bool
	Web         web // whose name is "" where it answers with a line
}

// services are those of all hosts, and of the internet. Those of TCP are the last: where they answer, all do.
func (d *Definition) services() (out []service) {
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		for _, port := range d.Internet[name].ServesUDP {
			for _, own := range d.Internet[name].addresses() {
				out = append(out, service{Netns: Prefix + internet, Name: name, At: netip.AddrPortFrom(own, port), UDP: true})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Hosts)) {
		for _, port := range d.Hosts[name].Serves {
			for _, own := range d.eni(name).Addresses {
				out = append(out, service{Netns: Prefix + name, Name: name, At: netip.AddrPortFrom(own, port)})
			}
		}
		out = append(out, d.softwareServices(name)...)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		for _, port := range d.Internet[name].Serves {
			for _, own := range d.Internet[name].addresses() {
				out = append(out, service{Netns: Prefix + internet, Name: name, At: netip.AddrPortFrom(own, port)})
			}
		}
	}
	return out
}

// serving reports whether each service answers to its own host, which no interface sees.
func (d *Definition) serving(ctx context.Context) bool {
	for _, s := range d.services() {
		if s.UDP {
			continue
		}
		err := inside(s.Netns, func() error {
			c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.At.String())
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
	return serve(ctx, d.services(), filepath.Join(dir, hostsSocket))
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

// serving are the services that answer.
type serving struct {
	mu    sync.Mutex
	open  map[service]io.Closer
	ended bool
	wg    sync.WaitGroup
}

// serve answers at ports until ctx is done, and is told of others at a socket; "": nobody tells.
func serve(ctx context.Context, services []service, socket string) (err error) {
	s := &serving{open: map[service]io.Closer{}}
	defer s.wg.Wait()
	defer s.end()
	if socket != "" {
		stop, err := listenAt(ctx, socket, s.told())
		if err != nil {
			return err
		}
		defer func() { _ = stop() }() // it ends with the process
	}
	for _, of := range services {
		if err := s.start(ctx, of); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// told answers who tells of services.
func (s *serving) told() http.Handler {
	mux := http.NewServeMux()
	do := func(what func(context.Context, service) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var of service
			err := json.NewDecoder(io.LimitReader(r.Body, mostSaid)).Decode(&of)
			if err == nil {
				err = what(context.WithoutCancel(r.Context()), of)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	mux.HandleFunc("POST /start", do(s.start))
	mux.HandleFunc("POST /stop", do(func(_ context.Context, of service) error { return s.stop(of) }))
	return mux
}

// start has a service answer. One that does already goes on.
func (s *serving) start(ctx context.Context, of service) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.open[of] != nil {
		return nil
	}
	err := inside(of.Netns, func() error {
		if of.UDP {
			c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", of.At.String())
			if err == nil {
				s.open[of] = c
				s.wg.Go(func() { answerDatagrams(c, of.Name) })
			}
			return err
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", of.At.String())
		if err == nil {
			s.open[of] = l
			s.wg.Go(func() { of.answer(l) })
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", of.Name, err)
	}
	return nil
}

// stop has a service not answer any more. Connections that there are go on.
func (s *serving) stop(of service) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[of]
	if c == nil {
		return nil
	}
	delete(s.open, of)
	return c.Close()
}

// end stops all.
func (s *serving) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, c := range s.open {
		_ = c.Close()
	}
}

// answerDatagrams answers each datagram at a port until it is closed.
func answerDatagrams(c net.PacketConn, name string) {
	buffer := make([]byte, 1500)
	for {
		_, from, err := c.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, _ = fmt.Fprintln(&to{c, from}, name) // who went does not want it
		}
	}
}

// to writes datagrams to an address.
type to struct {
	net.PacketConn
	address net.Addr
}

func (t *to) Write(b []byte) (int, error) { return t.WriteTo(b, t.address) }

// answer answers at a port until it is closed: as a web server, or with a line, or in HTTP where it is asked in that.
func (s *service) answer(l net.Listener) {
	if s.Web.Name != "" {
		s.Web.serve(l)
		return
	}
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
			_ = answerConn(c, s.Name) // who went does not want it
		}()
	}
}

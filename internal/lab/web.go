package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// mostDatabase is how long a database may take to be connected to, and to answer: less than the second after which a SYN is sent again.
const mostDatabase = mostSilence

// web answers each request with its host's name, and with 503 where the host's database does not answer.
type web struct {
	Netns, Name string
	// Database is "" where there is none, as text, and At where it is.
	Database string
	At       netip.AddrPort
}

// webOf returns the web server of a host.
func (d *Definition) webOf(host string) web {
	w := web{Netns: Prefix + host, Name: host, Database: d.Hosts[host].Database}
	if w.Database != "" {
		_, w.At, _ = d.target(w.Database) // parse has looked
	}
	return w
}

func (w *web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if w.Database != "" {
		if err := w.query(r.Context()); err != nil {
			http.Error(out, fmt.Sprintf("%s: %s does not answer: %v", w.Name, w.Database, err), http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = fmt.Fprintln(out, w.Name) // who went does not want it
}

// query asks the database, from the host.
func (w *web) query(ctx context.Context) error {
	var c net.Conn
	err := inside(w.Netns, func() (err error) {
		c, err = (&net.Dialer{Timeout: mostDatabase}).DialContext(ctx, "tcp4", w.At.String())
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(mostTalk)); err != nil {
		return err
	}
	_, err = talkPostgres(c)
	return err
}

// serve answers until the listener is closed. Connections are for one request each, so that each request is a flow of its own.
func (w *web) serve(l net.Listener) {
	s := &http.Server{Handler: w, ReadTimeout: mostTalk, WriteTimeout: 2 * mostTalk}
	s.SetKeepAlivesEnabled(false)
	if err := s.Serve(l); !errors.Is(err, net.ErrClosed) {
		_ = l.Close()
	}
}

// softwareServices are the ports of a host's software that the lab itself answers at: those of web, and of what is not installed.
func (d *Definition) softwareServices(host string) (out []service) {
	h := d.Hosts[host]
	if d.real(host) {
		return nil
	}
	for _, port := range h.ports() {
		s := service{Netns: Prefix + host, Name: host, At: netip.AddrPortFrom(d.eni(host).Addresses[0], port)}
		if h.Runs == runsWeb {
			s.Web = d.webOf(host)
		}
		out = append(out, s)
	}
	return out
}

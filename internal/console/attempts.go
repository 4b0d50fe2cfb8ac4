package console

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// The rate of failed logins that one address may have.
const (
	maxAttempts   = 5
	attemptWindow = 15 * time.Minute
)

// attempts counts the failed logins of each address.
type attempts struct {
	mu     sync.Mutex
	failed map[netip.Prefix][]time.Time
}

// source returns the address that a request counts for: an IPv4 address, or the
// /64 of an IPv6 address, since that is what one host can have.
func source(remoteAddr string) netip.Prefix {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		host = remoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{} // no network address: all such count together
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// begin counts an attempt as failed before it is tried, so that attempts at the
// same time count too. Where the address has used up its attempts it returns how
// long until the next one.
func (a *attempts) begin(from netip.Prefix, now time.Time) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(now)
	times := a.failed[from]
	if len(times) >= maxAttempts {
		return times[0].Add(attemptWindow).Sub(now)
	}
	if a.failed == nil {
		a.failed = map[netip.Prefix][]time.Time{}
	}
	a.failed[from] = append(times, now)
	return 0
}

// succeed takes back the attempt that began at a time.
func (a *attempts) succeed(from netip.Prefix, began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := slices.Index(a.failed[from], began); i >= 0 {
		a.failed[from] = slices.Delete(a.failed[from], i, i+1)
	}
}

// forget drops what no longer counts. Preconditions: a.mu is held.
func (a *attempts) forget(now time.Time) {
	for from, times := range a.failed {
		times = slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= attemptWindow })
		if len(times) == 0 {
			delete(a.failed, from)
		} else {
			a.failed[from] = times
		}
	}
}

package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What a host may run. All but the last are programs of Debian's packages.
const (
	runsHAProxy    = "haproxy"
	runsPostgreSQL = "postgresql"
	runsRedis      = "redis"
	runsXRDP       = "xrdp"
	runsWeb        = "web" // weir's own, which asks a database for each answer
)

// Software is what a host runs, beside the ports at which it answers with a line.
type Software struct {
	// Runs is haproxy, postgresql, redis, xrdp or web; "": nothing.
	Runs string `yaml:"runs"`
	// Port is where it listens; HAProxy has Listeners.
	Port uint16 `yaml:"port"`
	// Listeners are a load balancer's ports with their targets, each HOST:PORT.
	Listeners map[uint16][]string `yaml:"listeners"`
	// Database is the PostgreSQL, as HOST:PORT, that web asks before it answers; "": none.
	Database string `yaml:"database"`
}

// A debian is a program of a package of Debian, and the user that the package makes for it.
type debian struct {
	name, pkg, user string
	// paths are where the program lies, as a pattern of filepath.Glob. They are not looked for in PATH, since that of users may lack /usr/sbin, and since the program has to be the one that
	// the package's user is for.
	paths string
}

// debians are the programs of packages by what runs them.
var debians = map[string]debian{
	runsHAProxy:    {"HAProxy", "haproxy", "haproxy", "/usr/sbin/haproxy"},
	runsPostgreSQL: {"PostgreSQL", "postgresql", "postgres", "/usr/lib/postgresql/*/bin/postgres"},
	runsRedis:      {"Redis", "redis-server", "redis", "/usr/bin/redis-server"},
	runsXRDP:       {"xrdp", "xrdp", "xrdp", "/usr/sbin/xrdp"},
}

// installed returns the program, of several versions the newest; "": it, or its user, is not there.
func (p debian) installed() string {
	found, err := filepath.Glob(p.paths)
	if err != nil || len(found) == 0 {
		return ""
	}
	if _, err := user.Lookup(p.user); err != nil {
		return ""
	}
	return slices.MaxFunc(found, func(a, b string) int { return versionIn(a) - versionIn(b) })
}

// versionIn returns the number that is a part of a path; 0: none is.
func versionIn(path string) int {
	for part := range strings.SplitSeq(path, string(os.PathSeparator)) {
		if n, err := strconv.Atoi(part); err == nil {
			return n
		}
	}
	return 0
}

// missingSoftware returns the hosts whose programs are not installed, in order.
func (d *Definition) missingSoftware() (out []string) {
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if p, ok := debians[d.Hosts[host].Runs]; ok && p.installed() == "" {
			out = append(out, host)
		}
	}
	return out
}

// real reports whether a host runs a program of a package, and not a simple listener in its place.
func (d *Definition) real(host string) bool {
	_, ok := debians[d.Hosts[host].Runs]
	return ok && !d.simple[host]
}

// ports are those at which the software listens, in order.
func (s *Software) ports() []uint16 {
	if s.Runs == runsHAProxy {
		return slices.Sorted(maps.Keys(s.Listeners))
	}
	if s.Port == 0 {
		return nil
	}
	return []uint16{s.Port}
}

// targets are the hosts that the software goes to, with their ports.
func (s *Software) targets() (out []string) {
	for _, port := range s.ports() {
		out = append(out, s.Listeners[port]...)
	}
	if s.Database != "" {
		out = append(out, s.Database)
	}
	return out
}

// target reads HOST:PORT.
func (d *Definition) target(text string) (host string, at netip.AddrPort, err error) {
	host, number, _ := strings.Cut(text, ":")
	port, err := strconv.ParseUint(number, 10, 16)
	if _, ok := d.Hosts[host]; !ok || err != nil || port == 0 {
		return "", at, fmt.Errorf("%q is no HOST:PORT of one of its hosts", text)
	}
	return host, netip.AddrPortFrom(d.eni(host).Addresses[0], uint16(port)), nil
}

// checkSoftware refuses what no host can run.
func (d *Definition) checkSoftware() error {
	known := []string{runsHAProxy, runsPostgreSQL, runsRedis, runsXRDP, runsWeb}
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		h := d.Hosts[host]
		s, where := &h.Software, inLab("hosts", host)
		switch {
		case s.Runs == "" && (s.Port != 0 || len(s.Listeners) > 0 || s.Database != ""):
			return d.refuse(where, "host %s: port, listeners and database are of a host that runs something", host)
		case s.Runs == "":
			continue
		case !slices.Contains(known, s.Runs):
			return d.refuse(where, "host %s: runs %q is none of %s", host, s.Runs, strings.Join(known, ", "))
		case s.Runs == runsHAProxy && (len(s.Listeners) == 0 || s.Port != 0):
			return d.refuse(where, "host %s: haproxy takes listeners, and no port", host)
		case s.Runs != runsHAProxy && (len(s.Listeners) > 0 || s.Port == 0):
			return d.refuse(where, "host %s: %s takes a port, and no listeners", host, s.Runs)
		case s.Runs != runsWeb && s.Database != "":
			return d.refuse(where, "host %s: a database is asked by web, and not by %s", host, s.Runs)
		}
		for _, port := range s.ports() {
			if port == 0 || slices.Contains(h.Serves, port) {
				return d.refuse(where, "host %s: port %d is none, or is among those that it serves", host, port)
			}
			if s.Runs == runsHAProxy && len(s.Listeners[port]) == 0 {
				return d.refuse(where, "host %s: listener %d has no target", host, port)
			}
		}
		for _, target := range s.targets() {
			if _, _, err := d.target(target); err != nil {
				return d.refuse(where, "host %s: %v", host, err)
			}
		}
	}
	return nil
}

// notRun says why a scenario can't be run: a step speaks to what has a simple listener in its place, or goes to that in its turn.
func (d *Definition) notRun(s *Scenario) string {
	for i := range s.Traffic {
		step := &s.Traffic[i]
		if len(step.protocols()) == 0 {
			continue
		}
		asked := []string{step.To}
		for n := 0; n < len(asked); n++ {
			host := asked[n]
			if d.simple[host] {
				return fmt.Sprintf("%s has a simple listener in place of %s, which is not installed", host, debians[d.Hosts[host].Runs].name)
			}
			software := d.Hosts[host].Software
			for _, text := range software.targets() {
				if name, _, err := d.target(text); err == nil && !slices.Contains(asked, name) {
					asked = append(asked, name)
				}
			}
		}
	}
	return ""
}

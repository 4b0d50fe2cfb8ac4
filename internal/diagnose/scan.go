package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
)

// Thresholds say how much, within one hour, is a brute force or a scan.
type Thresholds struct {
	// Attempts is how many attempts of a source at one login service of a host are brute force.
	Attempts int64
	// Hosts is at how many hosts a source must fail at one service, and Ports at how many ports
	// of one host, to be scanning.
	Hosts, Ports int64
	// Sources is how many sources outside at one login service of a host are a distributed
	// brute force.
	Sources int64
}

// DefaultThresholds are above what people and programs do who may.
var DefaultThresholds = Thresholds{Attempts: 30, Hosts: 10, Ports: 10, Sources: 20}

// ScanKind is what attempts are.
type ScanKind string

// The kinds.
const (
	BruteForce     ScanKind = "brute-force"
	HorizontalScan ScanKind = "horizontal-scan" // one service at many hosts
	VerticalScan   ScanKind = "vertical-scan"   // many ports of one host
	Distributed    ScanKind = "distributed"     // many sources at one service of a host
)

// scanKinds are all kinds, those of one source in the order in which they are named.
var scanKinds = []ScanKind{BruteForce, HorizontalScan, VerticalScan, Distributed}

// Scan is what one source tried, or what many tried at one service.
type Scan struct {
	Kinds []ScanKind `json:"kinds"`
	// Source is who tried; not valid where it is Distributed.
	Source  netip.Addr `json:"source,omitzero"`
	Sources int        `json:"sources"` // how many
	// Hosts and Ports count what was tried, Let the hosts that accepted some of it, and Answering
	// those that answered, by more than RST.
	Hosts     int `json:"hosts"`
	Ports     int `json:"ports"`
	Let       int `json:"hosts_that_accepted"`
	Answering int `json:"hosts_that_answered"`
	Fates
	// MostInHour is the most attempts at one service of one host in an hour.
	MostInHour int64 `json:"most_in_hour"`
	Volume
	Guessed bool `json:"guessed,omitempty"`
	// Targets are what was tried, what was answered first, then what was accepted.
	Targets []Target `json:"targets"`
}

// Target is a service of a host, and what a source tried there.
type Target struct {
	Source netip.Addr `json:"source"`
	Host   netip.Addr `json:"host"`
	Service
	Fates
	MostInHour int64 `json:"most_in_hour"`
	Volume
	Seen Sighting `json:"seen"`
}

// Scans finds brute force and scans among attempts. Each attempt is in one finding of its
// source at most, and in one of its service where that is tried by many.
//
// Brute force is known by its number alone. A source scans where, within an hour, it fails at
// as many hosts or ports as the thresholds say, and at no fewer than it is answered by: who is
// answered mostly is working.
//
// What is answered is first, then what is accepted, then what has most attempts.
func Scans(list []Attempts, t Thresholds) []Scan {
	found := marksOf(list, t)
	var out []Scan
	bySource, byService := map[netip.Addr][]*Attempts{}, map[atHost][]*Attempts{}
	for i := range list {
		a := &list[i]
		if a.Attempts == 0 {
			continue
		}
		if found.of(a) {
			bySource[a.Source] = append(bySource[a.Source], a)
		}
		if at := (atHost{a.Host, a.Service}); found.distributed[at] && outside(a.Source) {
			byService[at] = append(byService[at], a)
		}
	}
	for source, of := range bySource {
		out = append(out, newScan(of, found.kindsOf(of), source))
	}
	for _, of := range byService {
		out = append(out, newScan(of, []ScanKind{Distributed}, netip.Addr{}))
	}
	slices.SortFunc(out, func(a, b Scan) int {
		return cmp.Or(worse(&a.Fates, &b.Fates), a.Source.Compare(b.Source), a.Targets[0].Host.Compare(b.Targets[0].Host), compareServices(a.Targets[0].Service, b.Targets[0].Service))
	})
	return out
}

// worse orders by what is to be looked at first.
func worse(a, b *Fates) int {
	answered := func(f *Fates) int64 { return min(f.Answered, 1) }
	accepted := func(f *Fates) int64 { return min(f.Accepted(), 1) }
	return cmp.Or(cmp.Compare(answered(b), answered(a)), cmp.Compare(accepted(b), accepted(a)), cmp.Compare(b.Attempts, a.Attempts))
}

func compareServices(a, b Service) int {
	return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
}

// atHost is a service of a host, and fromSource what a source tries at any host.
type (
	atHost struct {
		host netip.Addr
		Service
	}
	fromSource struct {
		source netip.Addr
		Service
	}
	between struct {
		source, host netip.Addr
		protocol     int
	}
)

// marks are what is over a threshold.
type marks struct {
	brute       map[fromSource]bool
	horizontal  map[fromSource]bool
	vertical    map[between]bool
	distributed map[atHost]bool
}

// tried counts, within an hour, different things that were tried, and at how many of them
// all failed.
type tried struct{ all, failed map[any]bool }

func (t *tried) add(a *Attempts, what any) {
	if t.all == nil {
		t.all, t.failed = map[any]bool{}, map[any]bool{}
	}
	t.all[what] = true
	if a.failed() {
		t.failed[what] = true
	}
}

// over reports whether a threshold is reached, and most failed.
func (t *tried) over(threshold int64) bool {
	return int64(len(t.failed)) >= threshold && 2*len(t.failed) >= len(t.all)
}

// marksOf finds what is over a threshold in some hour.
func marksOf(list []Attempts, t Thresholds) marks {
	type inHour struct {
		of   any
		hour int64
	}
	m := marks{map[fromSource]bool{}, map[fromSource]bool{}, map[between]bool{}, map[atHost]bool{}}
	counts := map[inHour]*tried{}
	count := func(a *Attempts, of, what any) {
		at := inHour{of, a.Hour}
		if counts[at] == nil {
			counts[at] = &tried{}
		}
		counts[at].add(a, what)
	}
	for i := range list {
		a := &list[i]
		if a.Attempts == 0 {
			continue
		}
		login := a.login(a.Source)
		if login && a.Attempts >= t.Attempts {
			m.brute[fromSource{a.Source, a.Service}] = true
		}
		count(a, fromSource{a.Source, a.Service}, a.Host)
		count(a, between{a.Source, a.Host, a.Protocol}, a.Port)
		if login && outside(a.Source) {
			count(a, atHost{a.Host, a.Service}, a.Source)
		}
	}
	for at, c := range counts {
		switch of := at.of.(type) {
		case fromSource:
			m.horizontal[of] = m.horizontal[of] || c.over(t.Hosts)
		case between:
			m.vertical[of] = m.vertical[of] || c.over(t.Ports)
		case atHost:
			m.distributed[of] = m.distributed[of] || int64(len(c.all)) >= t.Sources
		}
	}
	return m
}

// of reports whether attempts are of what one source did.
func (m *marks) of(a *Attempts) bool {
	at := fromSource{a.Source, a.Service}
	return m.brute[at] || m.horizontal[at] || m.vertical[between{a.Source, a.Host, a.Protocol}]
}

// kindsOf returns the kinds of what one source did.
func (m *marks) kindsOf(list []*Attempts) []ScanKind {
	is := map[ScanKind]bool{}
	for _, a := range list {
		at := fromSource{a.Source, a.Service}
		is[BruteForce] = is[BruteForce] || m.brute[at]
		is[HorizontalScan] = is[HorizontalScan] || m.horizontal[at]
		is[VerticalScan] = is[VerticalScan] || m.vertical[between{a.Source, a.Host, a.Protocol}]
	}
	return slices.DeleteFunc(slices.Clone(scanKinds), func(k ScanKind) bool { return !is[k] })
}

// newScan sums attempts up.
func newScan(list []*Attempts, kinds []ScanKind, source netip.Addr) Scan {
	type key struct {
		source netip.Addr
		atHost
	}
	out := Scan{Kinds: kinds, Source: source}
	targets := map[key]*Target{}
	for _, a := range list {
		at := key{a.Source, atHost{a.Host, a.Service}}
		t := targets[at]
		if t == nil {
			t = &Target{Source: a.Source, Host: a.Host, Service: a.Service, Seen: a.Sighting}
			targets[at] = t
		}
		t.Fates.add(&a.Fates)
		t.Volume.add(&a.Volume)
		t.MostInHour = max(t.MostInHour, a.Attempts)
		if a.better(&t.Seen) {
			t.Seen = a.Sighting
		}
		out.Fates.add(&a.Fates)
		out.Volume.add(&a.Volume)
		out.MostInHour = max(out.MostInHour, a.Attempts)
		out.Guessed = out.Guessed || a.Guessed
	}
	sources, hosts, ports := map[netip.Addr]bool{}, map[netip.Addr]bool{}, map[Service]bool{}
	let, answering := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for _, t := range targets {
		out.Targets = append(out.Targets, *t)
		sources[t.Source], hosts[t.Host], ports[t.Service] = true, true, true
		if t.Accepted() > 0 {
			let[t.Host] = true
		}
		if t.Answered > 0 {
			answering[t.Host] = true
		}
	}
	out.Sources, out.Hosts, out.Ports, out.Let, out.Answering = len(sources), len(hosts), len(ports), len(let), len(answering)
	slices.SortFunc(out.Targets, func(a, b Target) int {
		return cmp.Or(worse(&a.Fates, &b.Fates), compareServices(a.Service, b.Service), a.Host.Compare(b.Host), a.Source.Compare(b.Source))
	})
	return out
}

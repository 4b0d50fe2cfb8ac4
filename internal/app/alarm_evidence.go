package app

import (
	"cmp"
	"context"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/logstore"
	"weir/internal/query"
)

// evidence is what log events say of why an alarm went off.
type evidence struct {
	// From and To are the periods that are behind the alarm, in seconds since the epoch.
	From, To int64
	// Groups are the log groups whose events were looked at, and Matched counts those that count.
	Groups  []string
	Matched int64
	// Cut says that there are more events than were looked at.
	Cut bool
	// Sources, Targets and Interfaces have most of them, the greatest first. A target is an address, a port and a protocol.
	Sources, Targets, Interfaces []counted
	// Says are further lines, of what is behind an alarm that no log events are.
	Says []string
	// Next are commands to run next.
	Next []string
}

// counted is a value and how often it came.
type counted struct {
	Value string  `json:"value"`
	Name  string  `json:"name,omitempty"` // what is known of it
	Count float64 `json:"count"`
}

// An evidenceRequest asks which log events are behind an alarm.
type evidenceRequest struct {
	// from and to are the periods that are behind the alarm, in seconds since the epoch.
	from, to int64
	// choices choose events; one that several of them choose counts once.
	choices []choice
	// cut says that choices have more events than they know of.
	cut bool
	// says and next are what is known without events: lines, and commands to run next.
	says, next []string
}

// A choice chooses events of a log group.
type choice struct {
	group string
	// from and to bound the events' time in milliseconds since the epoch: from is included, to is not.
	from, to int64
	matches  func(e *lakeEvent) bool
}

// has reports whether an event of the choice's group is chosen.
func (c *choice) has(e *lakeEvent) bool {
	return e.Timestamp >= c.from && e.Timestamp < c.to && c.matches(e)
}

// groups returns the log groups of the choices, by name.
func (r *evidenceRequest) groups() []string {
	var out []string
	for i := range r.choices {
		out = append(out, r.choices[i].group)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of returns the choices of a log group, by their beginning, and the times that they are of: apart from each other, the first first.
func (r *evidenceRequest) of(group string) (choices []choice, times []span) {
	for i := range r.choices {
		if r.choices[i].group == group {
			choices = append(choices, r.choices[i])
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int { return cmp.Compare(a.from, b.from) })
	for i := range choices {
		c := &choices[i]
		if last := len(times) - 1; last >= 0 && c.from <= times[last].to {
			times[last].to = max(times[last].to, c.to)
			continue
		}
		times = append(times, span{c.from, c.to})
	}
	return choices, times
}

// span is a time in milliseconds since the epoch: from is included, to is not.
type span struct{ from, to int64 }

// add adds what another request asks for: it is of both alarms then.
func (r *evidenceRequest) add(other *evidenceRequest) {
	if r.to == 0 {
		r.from, r.to = other.from, other.to
	}
	if other.to != 0 {
		r.from, r.to = min(r.from, other.from), max(r.to, other.to)
	}
	r.choices, r.cut = append(r.choices, other.choices...), r.cut || other.cut
	r.says, r.next = addNew(r.says, other.says), addNew(r.next, other.next)
}

// addNew adds those lines of a list that another has not.
func addNew(to, from []string) []string {
	for _, line := range from {
		if !slices.Contains(to, line) {
			to = append(to, line)
		}
	}
	return to
}

const (
	// evidenceEvents is how many events are looked at for one message.
	evidenceEvents = 500_000
	// evidenceTop is how many values of each kind a message names.
	evidenceTop = 5
)

// recordEnds are the ends of one record, and when it starts, in seconds since the epoch, 0 where it does not say.
type recordEnds struct {
	src, dst, srcPort, dstPort, protocol, eni string
	start                                     int64
}

// evidence looks at the events.
func (s *Local) evidence(ctx context.Context, r *evidenceRequest) (*evidence, error) {
	out := &evidence{From: r.from, To: r.to, Groups: r.groups(), Cut: r.cut, Says: r.says, Next: r.next}
	sources, interfaces := map[string]float64{}, map[string]float64{}
	targets, pairs := map[recordEnds]float64{}, pairsOf{counts: map[recordPair]float64{}, ports: map[recordPair][]string{}}
	seen := 0
	from, to := int64(math.MaxInt64), int64(0)
	for i := range r.choices {
		from, to = min(from, r.choices[i].from), max(to, r.choices[i].to)
	}
	if from >= to {
		return out, nil
	}
	without, err := s.backfilled(ctx, true, from, to-1)
	if err != nil {
		return nil, err
	}
	for _, group := range out.Groups {
		var at formatPositions
		choices, times := r.of(group)
		for _, in := range times {
			err := s.eachEvent(ctx, logstore.ReadRequest{Group: group, From: in.from, To: in.to}, without, func(e lakeEvent) bool {
				if seen++; seen > evidenceEvents {
					out.Cut = true
					return false
				}
				if !slices.ContainsFunc(choices, func(c choice) bool { return c.has(&e) }) {
					return true
				}
				out.Matched++
				if x, ok := at.in(e.format).of(e.Message); ok {
					sources[x.src]++
					interfaces[x.eni]++
					targets[recordEnds{dst: x.dst, dstPort: x.dstPort, protocol: x.protocol}]++
					pairs.add(x, group, &e)
				}
				return true
			})
			if err != nil {
				return nil, err
			}
		}
		if out.Cut {
			break
		}
	}
	names, err := s.names.get(ctx, query.FromDefinition|query.FromRanges|query.FromCountries)
	if err != nil {
		return nil, err
	}
	about := func(addr string) string { return nameOf(names, out.To, addr) }
	out.Sources = mostOf(sources, func(v string) string { return v }, about)
	out.Interfaces = mostOf(interfaces, func(v string) string { return v }, func(id string) string {
		if span := names.Interface(id, out.To); span != nil {
			return spanName(span)
		}
		return ""
	})
	out.Targets = mostOf(targets, recordEnds.target, func(text string) string {
		host, _, _ := strings.Cut(text, " ")
		return about(strings.Trim(host, "[]"))
	})
	pairs.next(out)
	return out, nil
}

// protocolName returns the name of TCP and UDP, which have ports.
func protocolName(number string) (string, bool) {
	switch number {
	case "6":
		return "tcp", true
	case "17":
		return "udp", true
	}
	return "", false
}

// target writes an address with its port and protocol.
func (e recordEnds) target() string {
	out := e.dst
	if e.dstPort != "" {
		out += " port " + e.dstPort
	}
	if p, ok := protocolName(e.protocol); ok {
		out += "/" + p
	}
	return out
}

// positions are where in a record's line its ends stand, and what weir's own metrics are by; -1: nowhere.
type positions struct {
	src, dst, srcPort, dstPort, protocol, eni, vpc, action, start int
	n                                                             int // fields of a line
}

// positionsOf returns the positions of a format; a format that is not known is AWS's default one, which its version tells.
func positionsOf(f flowlog.Format) positions {
	if f.Len() == 0 {
		f = flowlog.DefaultFormat(flowlog.KindVPC)
	}
	out := positions{-1, -1, -1, -1, -1, -1, -1, -1, -1, f.Len()}
	for i := range f.Len() {
		field, known := f.Field(i)
		if !known {
			continue
		}
		switch field.ID {
		case flowlog.SrcAddr:
			out.src = i
		case flowlog.DstAddr:
			out.dst = i
		case flowlog.SrcPort:
			out.srcPort = i
		case flowlog.DstPort:
			out.dstPort = i
		case flowlog.Protocol:
			out.protocol = i
		case flowlog.InterfaceID:
			out.eni = i
		case flowlog.VPCID:
			out.vpc = i
		case flowlog.Action:
			out.action = i
		case flowlog.Start:
			out.start = i
		}
	}
	return out
}

// formatPositions are the positions of the format that was asked for last: events that follow each other mostly have one format.
type formatPositions struct {
	positions

	format flowlog.Format
}

// in returns the positions of a format.
func (p *formatPositions) in(f flowlog.Format) positions {
	if p.n == 0 || !f.Equal(p.format) {
		p.positions, p.format = positionsOf(f), f
	}
	return p.positions
}

// maxWord is how long the words are that messages show of a record, in bytes: no address, port or id is longer.
const maxWord = 64

// words splits a line; nil where it is no record.
func (p positions) words(line string) []string {
	words := strings.Split(line, " ")
	if len(words) != p.n || slices.ContainsFunc([]int{p.src, p.dst, p.srcPort, p.dstPort, p.protocol, p.eni}, func(i int) bool { return i >= 0 && len(words[i]) > maxWord }) {
		return nil
	}
	return words
}

// wordAt returns a word, "" where it is absent.
func wordAt(words []string, i int) string {
	if i < 0 || words[i] == "-" {
		return ""
	}
	return words[i]
}

// of returns the ends of a record; false where a line is none.
func (p positions) of(line string) (recordEnds, bool) {
	words := p.words(line)
	if words == nil {
		return recordEnds{}, false
	}
	word := func(i int) string { return strings.Clone(wordAt(words, i)) } // else the whole line is kept
	out := recordEnds{src: word(p.src), dst: word(p.dst), srcPort: word(p.srcPort), dstPort: word(p.dstPort), protocol: word(p.protocol), eni: word(p.eni)}
	if n, err := strconv.ParseInt(wordAt(words, p.start), 10, 64); err == nil {
		out.start = n
	}
	_, err := netip.ParseAddr(out.src)
	return out, out.src == "" || err == nil
}

// nameOf returns what is known of an address: the network interface that has it, or whose network it is.
func nameOf(names *query.Names, at int64, addr string) string {
	if a, err := netip.ParseAddr(addr); err == nil {
		var found *query.InterfaceSpan
		for _, span := range names.Spans() {
			if span.From > at || span.To <= at || !slices.Contains(span.Addresses, a) {
				continue
			}
			if found != nil && found.ID != span.ID {
				return "" // several networks have it
			}
			found = &span
		}
		if found != nil {
			return spanName(found)
		}
	}
	var parts []string
	for _, c := range []query.NameColumn{query.SrcService, query.SrcRegion, query.SrcCountry} {
		if names.Lacks(c) != nil {
			continue
		}
		if v := names.OfAddress(c, addr); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ", ")
}

// spanName returns what people call a network interface.
func spanName(s *query.InterfaceSpan) string {
	return cmp.Or(s.Name, s.Resource, s.Instance, s.ID)
}

// mostOf returns the values that came most, with their names; "" is left out.
func mostOf[K comparable](counts map[K]float64, text func(K) string, name func(string) string) []counted {
	var out []counted
	for _, r := range most(counts, text, evidenceTop) {
		out = append(out, counted{r.text, name(r.text), r.count})
	}
	return out
}

// A ranked is a key with its text and how often it came.
type ranked[K comparable] struct {
	key   K
	text  string
	count float64
}

// most returns the n keys that came most, the greatest first, and then by their text; those whose text is "" are left out. There may be as many keys as events were
// looked at, so they are not sorted.
func most[K comparable](counts map[K]float64, text func(K) string, n int) []ranked[K] {
	var top []ranked[K]
	for k, count := range counts {
		if len(top) == n && count < top[n-1].count {
			continue
		}
		r := ranked[K]{k, text(k), count}
		if r.text == "" {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, r, func(a, b ranked[K]) int {
			return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.text, b.text))
		})
		if i < n {
			top = slices.Insert(top[:min(len(top), n-1)], i, r)
		}
	}
	return top
}

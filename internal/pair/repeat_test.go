package pair_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/internal/pair"
	"weir/internal/sharedtest"
)

// repeats gives an hour's records in some batches and returns their weir-repeat.
func repeats(t testing.TB, hour int64, records []rec, before, after *pair.Edge, split int) []string {
	t.Helper()
	h := pair.NewHour(hour, 0)
	var rows []pair.Rows
	for chunk := range slices.Chunk(records, split) {
		rows = append(rows, batch(t, chunk))
	}
	for _, r := range rows {
		h.Add(r)
	}
	for range h.Passes() {
		for _, r := range rows {
			h.Again(r)
		}
	}
	out := make([]string, len(records))
	for i, a := range h.Find(before, after, true) {
		if r := a.Repeat(); r != pair.NoRepeat {
			out[i] = pair.Repeats[r-1]
		}
	}
	return out
}

// journeys makes traffic between interfaces, as each of them records it: of both ends,
// through NAT gateways, with several flow logs, windows of 60 and 600 seconds that
// begin anywhere, and records that are lost.
func journeys(r *rand.Rand, hours int) []rec {
	type place struct {
		iface, resource, own string
		interval, shift      int64
		logs                 []string
		withPkt, withFlow    bool
	}
	var places []place
	for n := range 2 + r.IntN(4) {
		p := place{iface: fmt.Sprintf("eni-%d", n), own: fmt.Sprintf("10.0.0.%d", n), interval: 60, withPkt: r.IntN(3) > 0, withFlow: r.IntN(3) == 0}
		if r.IntN(12) == 0 {
			p.iface, p.resource = "", fmt.Sprintf("nat-%d", n)
		}
		if r.IntN(4) == 0 { // another network with the same addresses
			p.own = fmt.Sprintf("10.0.0.%d", r.IntN(n+1))
		}
		if r.IntN(2) == 0 {
			p.interval = 600
		}
		p.shift = r.Int64N(p.interval)
		p.logs = [][]string{{"fl-1"}, {"fl-1"}, {"fl-2"}, {""}, {"fl-1", "fl-2"}, {"fl-1", "fl-3"}}[r.IntN(6)]
		places = append(places, p)
	}
	var out []rec
	// record notes what a place sees of some traffic of a time.
	record := func(p *place, one rec, at int64) {
		if r.IntN(12) == 0 {
			return
		}
		window := (at-p.shift)/p.interval*p.interval + p.shift
		one.iface, one.resource = p.iface, p.resource
		one.start = window + r.Int64N(p.interval)
		one.end = one.start + r.Int64N(window+p.interval-one.start)
		one.status = "OK"
		if !p.withPkt {
			one.pktSrc, one.pktDst = "", ""
		}
		if !p.withFlow {
			one.direction = ""
		}
		for _, log := range p.logs {
			if log == "fl-3" && one.action == "ACCEPT" || r.IntN(15) == 0 {
				continue
			}
			one.log = log
			if log == "fl-2" {
				one.direction = ""
			}
			out = append(out, one)
		}
	}
	for range 15 + r.IntN(30) {
		at := int64(begin) + r.Int64N(int64(hours)*3600)
		protocol, sport, dport := int64(6), int64(1000+r.IntN(3)), int64(443)
		if r.IntN(6) == 0 {
			protocol, sport, dport = 1, 0, 0
		}
		actions := [2]string{"ACCEPT", "ACCEPT"}
		switch r.IntN(5) {
		case 0:
			actions[1] = "REJECT"
		case 1:
			actions = [2]string{"REJECT", "REJECT"}
		}
		a, b, n := &places[r.IntN(len(places))], &places[r.IntN(len(places))], &places[r.IntN(len(places))]
		ends := func(src, dst string, sport, dport int64, direction, action string) rec {
			return rec{src: src, dst: dst, pktSrc: src, pktDst: dst, sport: sport, dport: dport, protocol: protocol, direction: direction, action: action}
		}
		for range 1 + r.IntN(4) {
			switch r.IntN(3) {
			case 0: // both ends
				record(a, ends(a.own, b.own, sport, dport, "egress", actions[0]), at)
				record(b, ends(a.own, b.own, sport, dport, "ingress", actions[1]), at)
			case 1: // out through a NAT gateway
				record(a, ends(a.own, "203.0.113.9", sport, dport, "egress", actions[0]), at)
				in := ends(a.own, n.own, sport, dport, "ingress", actions[1])
				in.pktDst = "203.0.113.9"
				outside := n.own
				if n.resource != "" {
					in.dst, outside = in.pktDst, "198.51.100.1"
				}
				record(n, in, at)
				record(n, ends(outside, "203.0.113.9", sport+5000, dport, "egress", "ACCEPT"), at)
			default: // back through it
				outside := n.own
				if n.resource != "" {
					outside = "198.51.100.1"
				}
				record(n, ends("203.0.113.9", outside, dport, sport+5000, "ingress", "ACCEPT"), at)
				back := ends(n.own, a.own, dport, sport, "egress", actions[0])
				back.pktSrc = "203.0.113.9"
				if n.resource != "" {
					back.src = back.pktSrc
				}
				record(n, back, at)
				record(a, ends("203.0.113.9", a.own, dport, sport, "ingress", actions[1]), at)
			}
			at += r.Int64N(700)
		}
	}
	for range r.IntN(20) {
		p := places[r.IntN(len(places))]
		at := int64(begin) + r.Int64N(int64(hours)*3600)
		out = append(out, rec{
			log: p.logs[0], iface: p.iface, resource: p.resource, start: at, end: at + 59,
			status: []string{"NODATA", "SKIPDATA"}[r.IntN(2)], sport: -1, dport: -1, protocol: -1,
		})
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// flowing reports whether the record says what its flow is.
func (r rec) flowing() bool {
	ends, ok := r.ends()
	return r.traffic() && r.id() != "" && r.action != "" && r.protocol >= 0 && r.start >= 0 && ok && ends[0] != ends[1]
}

// translated reports which of a record's addresses are not those of its packets.
func (r rec) translated() (src, dst bool) {
	known := r.src != "" && r.dst != "" && r.pktSrc != "" && r.pktDst != ""
	return known && r.src != r.pktSrc, known && r.dst != r.pktDst
}

func (r rec) onTheWay() bool {
	src, dst := r.translated()
	return src || dst || r.iface == ""
}

func near(a, b rec, window int64) bool { return max(a.end, b.end)-min(a.start, b.start) <= window }

// referenceRepeat answers by the words of the package comment, looking at every record
// for every record.
func referenceRepeat(all []rec, r rec) string {
	if !r.traffic() || r.id() == "" {
		return ""
	}
	var same, before, after []rec
	for _, s := range all {
		switch s.hour() - r.hour() {
		case 0:
			same = append(same, s)
		case -3600:
			if s.start >= r.hour()-660 {
				before = append(before, s)
			}
		case 3600:
			if s.start >= 0 && s.end < r.hour()+3600+660 {
				after = append(after, s)
			}
		}
	}
	if r.start >= 0 && referenceOtherLog(same, r) {
		return "flow-log"
	}
	if !r.flowing() {
		return ""
	}
	if referenceOutside(same, r) {
		return "leg"
	}
	mine, _ := r.ends()
	alike := func(s rec) bool {
		ends, _ := s.ends()
		return s.flowing() && ends == mine && s.protocol == r.protocol && s.action == r.action && s.id() != r.id()
	}
	kind := "receiver"
	if r.onTheWay() {
		kind = "leg"
	}
	window := func(s rec) int64 { return max(referenceWindow(same, r), referenceWindow(same, s)) }
	edges := slices.DeleteFunc(slices.Concat(before, after), func(s rec) bool { return s.onTheWay() || s.direction == "ingress" })
	crowded := referenceCrowded(same, edges, r)
	place := referencePlaceRank(same, r)
	for _, s := range same {
		if !alike(s) || !near(s, r, window(s)) || !referenceFirst(same, s, r) || place == 2 && crowded {
			continue
		}
		if theirs := referencePlaceRank(same, s); theirs != place || theirs != 0 && theirs != 2 {
			return kind
		}
	}
	rank := referenceRank(same, r)
	for _, s := range edges {
		if rank == 2 && crowded {
			continue
		}
		if !alike(s) || !near(s, r, window(s)) || s.onTheWay() || s.direction == "ingress" {
			continue
		}
		if rank >= 3 || rank == 2 && referencePlaceRank(same, s) != 2 {
			return kind
		}
	}
	return ""
}

func referenceWindow(same []rec, r rec) int64 {
	for _, s := range same {
		if s.id() == r.id() && s.traffic() && s.start >= 0 && s.end-s.start > 60 {
			return 660
		}
	}
	return 120
}

// referenceRank returns 0 for the sender, 1 where it is not clear, 2 for the receiver,
// and 3 more on the way.
func referenceRank(same []rec, r rec) int {
	rank := map[string]int{"egress": 0, "undecided": 1, "ingress": 2}[referenceDirection(same, r, nil)]
	if r.onTheWay() {
		rank += 3
	}
	return rank
}

// referencePlaceRank returns the rank of all that the record's interface has of its
// flow in the hour.
func referencePlaceRank(same []rec, r rec) int {
	rank := 6
	mine, _ := r.ends()
	for _, s := range same {
		if ends, _ := s.ends(); s.flowing() && s.id() == r.id() && ends == mine && s.protocol == r.protocol && s.action == r.action {
			rank = min(rank, referenceRank(same, s))
		}
	}
	return rank
}

// referenceCrowded reports whether more interfaces received the record's flow than
// others can have sent it.
func referenceCrowded(same, edges []rec, r rec) bool {
	mine, _ := r.ends()
	ranks := map[string]int{}
	for i, s := range slices.Concat(same, edges) {
		ends, _ := s.ends()
		if !s.flowing() || ends != mine || s.protocol != r.protocol || s.action != r.action {
			continue
		}
		if _, ok := ranks[s.id()]; i < len(same) || !ok {
			ranks[s.id()] = referencePlaceRank(same, s)
		}
	}
	received, sent := 0, 0
	for _, rank := range ranks {
		switch rank {
		case 2:
			received++
		case 0, 1, 6:
			sent++
		}
	}
	return received > sent
}

// referenceFirst reports whether a's interface goes before b's.
func referenceFirst(same []rec, a, b rec) bool {
	x, y := referencePlaceRank(same, a), referencePlaceRank(same, b)
	if x != y {
		return x < y
	}
	name := func(r rec) string {
		if r.iface != "" {
			return r.iface
		}
		return r.resource
	}
	return pair.InterfaceBefore(name(a), name(b), a.iface == "", b.iface == "")
}

// referenceOtherLog reports whether another flow log goes before and recorded the
// interface then.
func referenceOtherLog(same []rec, r rec) bool {
	type log struct {
		actions map[string]bool
		fields  map[string]bool
		long    bool
	}
	logs := map[string]*log{}
	for _, s := range same {
		l := logs[s.log]
		if l == nil {
			l = &log{map[string]bool{}, map[string]bool{}, false}
			logs[s.log] = l
		}
		if s.flowing() {
			l.actions[s.action] = true
			l.long = l.long || s.end-s.start > 60
		}
		for name, has := range map[string]bool{
			"interface": s.iface != "", "resource": s.resource != "", "src": s.src != "", "dst": s.dst != "", "pktSrc": s.pktSrc != "", "pktDst": s.pktDst != "",
			"direction": s.direction != "", "action": s.action != "", "status": s.status != "", "sport": s.sport >= 0, "dport": s.dport >= 0,
			"protocol": s.protocol >= 0, "start": s.start >= 0, "end": s.end >= 0,
		} {
			if has {
				l.fields[name] = true
			}
		}
	}
	first := func(a, b string) bool {
		x, y := logs[a], logs[b]
		switch {
		case (len(x.actions) == 2) != (len(y.actions) == 2):
			return len(x.actions) == 2
		case len(x.fields) != len(y.fields):
			return len(x.fields) > len(y.fields)
		case x.long != y.long:
			return y.long
		}
		return a < b
	}
	minute := func(t int64) int64 { return max(t-(r.hour()-1800), 0) / 60 }
	for _, s := range same {
		if s.id() != r.id() || s.log == r.log || s.start < 0 || s.status == "SKIPDATA" || !first(s.log, r.log) || r.flowing() && !logs[s.log].actions[r.action] {
			continue
		}
		for _, m := range []int64{minute(r.start), minute(r.end)} {
			if minute(s.start) <= m && m <= minute(s.end) {
				return true
			}
		}
	}
	return false
}

// referenceOutside reports whether the record is of the outside of a NAT gateway whose
// inside was recorded.
func referenceOutside(same []rec, r rec) bool {
	private := func(r rec) (bool, bool) {
		src, dst := r.pktSrc, r.pktDst
		if src == "" {
			src = r.src
		}
		if dst == "" {
			dst = r.dst
		}
		return netip.MustParseAddr(src).IsPrivate(), netip.MustParseAddr(dst).IsPrivate()
	}
	if src, dst := private(r); r.iface == "" && (src || dst) || r.iface != "" && r.onTheWay() {
		return false
	}
	mine, _ := r.ends()
	for _, s := range same {
		if !s.flowing() || s.id() != r.id() || s.protocol != r.protocol || s.action != r.action || !near(s, r, referenceWindow(same, r)) {
			continue
		}
		inSrc, inDst := s.translated()
		if s.iface == "" {
			src, dst := private(s)
			inSrc, inDst = dst && !src, src && !dst
		}
		if theirs, _ := s.ends(); inSrc != inDst && (inDst && theirs[1] == mine[1] || inSrc && theirs[0] == mine[0]) {
			return true
		}
	}
	return false
}

// TestRepeatReference finds the repeats of random traffic and compares them with those
// of the reference.
func TestRepeatReference(t *testing.T) {
	kinds := map[string]int{}
	for seed := range sharedtest.Rounds(uint64(40)) {
		r := rand.New(rand.NewPCG(seed, 3))
		const hours = 2
		all := journeys(r, hours)
		if r.IntN(3) == 0 {
			all = append(all, random(r, hours)...)
		}
		byHour := map[int64][]rec{}
		for _, one := range all {
			byHour[one.hour()] = append(byHour[one.hour()], one)
		}
		for hour, records := range byHour {
			neighbour := func(at int64, s pair.Side) *pair.Edge {
				if byHour[at] == nil {
					return nil
				}
				return pair.EdgeOf(at, s, slices.Values([]pair.Rows{batch(t, byHour[at])}))
			}
			got := repeats(t, hour, records, neighbour(hour-3600, pair.Tail), neighbour(hour+3600, pair.Head), 1+r.IntN(len(records)))
			for i, one := range records {
				want := referenceRepeat(all, one)
				if got[i] != want {
					t.Fatalf("seed %d, hour %d: %+v\ngot  %q\nwant %q", seed, hour, one, got[i], want)
				}
				kinds[want]++
			}
		}
	}
	t.Log(kinds)
	for _, s := range []string{"", "flow-log", "leg", "receiver"} {
		if kinds[s] < 60 && !testing.Short() {
			t.Errorf("%q is met %d times only", s, kinds[s])
		}
	}
}

// TestRepeatsCountOnce checks what repeats are for: of records of the same traffic at
// the same time, of several interfaces and with none lost, one counts.
func TestRepeatsCountOnce(t *testing.T) {
	at := func(iface, src, dst string, sport, dport int64) rec {
		return rec{
			log: "fl-1", iface: iface, src: src, dst: dst, pktSrc: src, pktDst: dst, sport: sport, dport: dport, protocol: 6,
			action: "ACCEPT", status: "OK", start: begin + 600, end: begin + 659,
		}
	}
	var others []rec
	// So that each interface's own address is known.
	known := []rec{
		at("eni-a", "10.0.0.1", "192.0.2.1", 1, 1), at("eni-a", "10.0.0.1", "192.0.2.2", 1, 1),
		at("eni-b", "10.0.0.2", "192.0.2.1", 2, 2), at("eni-b", "10.0.0.2", "192.0.2.2", 2, 2),
		at("eni-n", "10.0.0.3", "192.0.2.1", 3, 3), at("eni-n", "10.0.0.3", "192.0.2.2", 3, 3),
	}
	inside := at("eni-n", "10.0.0.1", "10.0.0.3", 4000, 443)
	inside.pktDst = "203.0.113.5"
	back := at("eni-n", "10.0.0.3", "10.0.0.1", 443, 4000)
	back.pktSrc = "203.0.113.5"
	// The same flow at the interface of an address in another network.
	elsewhere := func(iface, own string) rec {
		known := []rec{at(iface, own, "192.0.2.1", 9, 9), at(iface, own, "192.0.2.2", 9, 9)}
		others = append(others, known...)
		return at(iface, "10.0.0.1", "10.0.0.2", 5000, 22)
	}
	refused := at("eni-b", "10.0.0.1", "10.0.0.2", 5000, 22)
	refused.action = "REJECT"
	second := at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22)
	second.log = "fl-2"
	for _, tt := range []struct {
		name    string
		records []rec
		want    []string
	}{
		{"both ends", []rec{at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22), at("eni-b", "10.0.0.1", "10.0.0.2", 5000, 22)}, []string{"", "receiver"}},
		{"the receiver alone", []rec{at("eni-b", "10.0.0.1", "10.0.0.2", 5000, 22)}, []string{""}},
		{"sent, and refused at the receiver", []rec{at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22), refused}, []string{"", ""}},
		{
			"through a NAT gateway and back, the client recorded",
			[]rec{
				at("eni-a", "10.0.0.1", "203.0.113.5", 4000, 443), inside, at("eni-n", "10.0.0.3", "203.0.113.5", 61000, 443),
				at("eni-n", "203.0.113.5", "10.0.0.3", 443, 61000), back, at("eni-a", "203.0.113.5", "10.0.0.1", 443, 4000),
			},
			[]string{"", "leg", "leg", "leg", "leg", ""},
		},
		{
			"a NAT gateway alone",
			[]rec{inside, at("eni-n", "10.0.0.3", "203.0.113.5", 61000, 443), at("eni-n", "203.0.113.5", "10.0.0.3", 443, 61000), back},
			[]string{"", "leg", "leg", ""},
		},
		{"not asked for, at a NAT gateway", []rec{at("eni-n", "203.0.113.5", "10.0.0.3", 443, 61000)}, []string{""}},
		{
			"two networks with the same addresses",
			[]rec{at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22), at("eni-b", "10.0.0.1", "10.0.0.2", 5000, 22), elsewhere("eni-c", "10.0.0.1"), elsewhere("eni-d", "10.0.0.2")},
			[]string{"", "receiver", "", "receiver"},
		},
		{
			"two networks, of one the receiver alone",
			[]rec{at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22), at("eni-b", "10.0.0.1", "10.0.0.2", 5000, 22), elsewhere("eni-d", "10.0.0.2")},
			[]string{"", "", ""},
		},
		{"two flow logs", []rec{at("eni-a", "10.0.0.1", "10.0.0.2", 5000, 22), second}, []string{"", "flow-log"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			known := append(slices.Clone(known), others...)
			got := repeats(t, begin, slices.Concat(known, tt.records), nil, nil, 3)
			if !slices.Equal(got[len(known):], tt.want) || slices.ContainsFunc(got[:len(known)], func(s string) bool { return s != "" }) {
				t.Errorf("got  %q\nwant %q", got[len(known):], tt.want)
			}
		})
	}
}

// BenchmarkRepeats looks for the repeats of an hour in which half of the traffic has
// both ends recorded.
func BenchmarkRepeats(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var records []rec
	for len(records) < 400_000 {
		x, y := r.IntN(200), r.IntN(200)
		one := rec{
			iface: fmt.Sprintf("eni-%d", x), src: fmt.Sprintf("10.0.0.%d", x), dst: fmt.Sprintf("10.0.0.%d", y),
			sport: int64(1024 + r.IntN(60000)), dport: 443, protocol: 6, action: "ACCEPT", status: "OK", start: begin + r.Int64N(3500),
		}
		one.end = one.start + 59
		if r.IntN(2) == 0 {
			one.dst = fmt.Sprintf("192.0.2.%d", y)
			records = append(records, one)
			continue
		}
		other := one
		other.iface = fmt.Sprintf("eni-%d", y)
		records = append(records, one, other)
	}
	var rows []pair.Rows
	for chunk := range slices.Chunk(records, 9000) {
		rows = append(rows, batch(b, chunk))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		h := pair.NewHour(begin, len(records))
		for _, r := range rows {
			h.Add(r)
		}
		for _, a := range h.Find(nil, nil, true) {
			if a.Repeat() != pair.NoRepeat {
				n++
			}
		}
	}
	if n == 0 {
		b.Fatal("no repeat")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}

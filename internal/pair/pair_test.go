package pair_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/flowlog"
	"weir/internal/pair"
	"weir/internal/sharedtest"
)

// begin is the start of the first hour of the tests, in seconds since the epoch.
const begin = 1_772_442_000

// rec is a record by the values that count; "" and -1 are absent.
type rec struct {
	log, iface, resource, src, dst, pktSrc, pktDst, direction, action, status string
	sport, dport, protocol, start, end                                        int64
}

// hour returns the hour that the record lies in.
func (r rec) hour() int64 { return r.end / 3600 * 3600 }

// batch makes a batch of records, each twice: those at odd places only are theirs.
func batch(t testing.TB, records []rec) pair.Rows {
	t.Helper()
	b := flowlog.NewBatch(flowlog.KindVPC)
	var at []uint32
	for i, r := range records {
		for range 2 {
			out := b.Append()
			for id, v := range map[flowlog.FieldID]string{
				flowlog.WeirFlowLogID: r.log, flowlog.InterfaceID: r.iface, flowlog.ResourceID: r.resource,
				flowlog.SrcAddr: r.src, flowlog.DstAddr: r.dst, flowlog.PktSrcAddr: r.pktSrc, flowlog.PktDstAddr: r.pktDst,
				flowlog.FlowDirection: r.direction, flowlog.Action: r.action, flowlog.LogStatus: r.status,
			} {
				if v != "" {
					if err := out.SetText(id, v); err != nil {
						t.Fatal(err)
					}
				}
			}
			for id, v := range map[flowlog.FieldID]int64{
				flowlog.SrcPort: r.sport, flowlog.DstPort: r.dport, flowlog.Protocol: r.protocol,
				flowlog.Start: r.start, flowlog.End: r.end,
			} {
				if v >= 0 {
					if err := out.SetInt(id, v); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		at = append(at, uint32(2*i+1))
	}
	return pair.Rows{Batch: b, At: at}
}

// answer is what is to be found of a record.
type answer struct {
	direction, pair string
	gap             int
}

// find gives an hour's records in some batches and returns the answers. owners may be nil.
func find(t testing.TB, hour int64, records []rec, before, after *pair.Edge, whole bool, split int, owners *pair.Owners) []answer {
	t.Helper()
	h := pair.NewHour(hour, 0)
	for chunk := range slices.Chunk(records, split) {
		h.Add(batch(t, chunk))
	}
	if h.Len() != len(records) {
		t.Fatalf("%d records of %d", h.Len(), len(records))
	}
	if h.Own(owners) {
		for chunk := range slices.Chunk(records, split) {
			h.Decide(batch(t, chunk))
		}
	}
	out := make([]answer, len(records))
	for i, a := range h.Find(before, after, whole) {
		if d := a.Direction(); d != pair.NoDirection {
			out[i].direction = pair.Directions[d-1]
		}
		if s := a.State(); s != pair.NoState {
			out[i].pair = pair.States[s-1]
		}
		out[i].gap = a.Gap()
	}
	return out
}

// random makes traffic of some hours: interfaces with windows of 60 or 600 seconds
// that begin anywhere, each with flows of several windows whose directions are
// recorded, refused or lost as it comes.
func random(r *rand.Rand, hours int) []rec {
	var out []rec
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	for n := range 1 + r.IntN(4) {
		iface, resource, own, own6 := fmt.Sprintf("eni-%d", n), "", fmt.Sprintf("10.0.0.%d", n), fmt.Sprintf("2001:db8::%d", n)
		if r.IntN(8) == 0 {
			iface, resource = "", fmt.Sprintf("nat-%d", n)
		}
		if r.IntN(10) == 0 {
			resource = iface // a name may be both
		}
		interval := int64(60)
		if r.IntN(2) == 0 {
			interval = 600
		}
		shift := int64(r.IntN(int(interval)))
		withFlow, withPkt, peers := r.IntN(4) == 0, r.IntN(3) == 0, 1+r.IntN(4)
		log := pick("", "fl-1", "fl-2")
		for range 1 + r.IntN(50) {
			base := rec{
				log: log, iface: iface, resource: resource, src: own, dst: fmt.Sprintf("10.9.0.%d", r.IntN(peers)),
				sport: int64(1000 + r.IntN(3)), dport: int64(r.IntN(2)), protocol: []int64{6, 17, 1, 47, 58}[r.IntN(5)],
			}
			if r.IntN(5) == 0 {
				base.src, base.dst = own6, fmt.Sprintf("2001:db8::9:%d", r.IntN(peers))
			}
			if r.IntN(20) == 0 {
				base.dst = base.src
				if r.IntN(2) == 0 {
					base.dport = base.sport
				}
			}
			if base.protocol == 1 || base.protocol == 47 {
				base.sport, base.dport = 0, 0
			}
			if r.IntN(15) == 0 {
				base.sport = -1
			}
			if withPkt && r.IntN(3) > 0 {
				base.pktSrc, base.pktDst = pick(base.src, "192.0.2.1"), base.dst
			}
			at := begin + r.Int64N(int64(hours)*3600)
			at = (at-shift)/interval*interval + shift
			for window := at; window < at+interval*int64(1+r.IntN(3)); window += interval {
				for range 2 {
					one := base
					if r.IntN(2) == 0 {
						one.src, one.dst, one.sport, one.dport = base.dst, base.src, base.dport, base.sport
						one.pktSrc, one.pktDst = base.pktDst, base.pktSrc
					}
					one.start = window + r.Int64N(interval)
					one.end = one.start + r.Int64N(window+interval-one.start)
					one.action, one.status = pick("ACCEPT", "ACCEPT", "REJECT"), pick("OK", "OK", "")
					if withFlow {
						one.direction = pick("ingress", "egress", "")
					}
					switch r.IntN(40) {
					case 0:
						one.action = ""
					case 1:
						one.protocol = -1
					case 2:
						one.src = ""
					case 3:
						one.start = -1
					case 4:
						one.iface, one.resource = "", ""
					case 5:
						one = rec{log: log, iface: iface, resource: resource, start: window, end: window + interval - 1, status: "NODATA", sport: -1, dport: -1, protocol: -1}
					case 6:
						one = rec{log: log, iface: iface, resource: resource, start: window, end: window + r.Int64N(20), status: "SKIPDATA", sport: -1, dport: -1, protocol: -1}
					}
					out = append(out, one)
				}
			}
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// reference answers by the words of the package comment, looking at every record
// for every record.
func reference(all []rec, r rec, own []pair.Own) answer {
	out := answer{gap: pair.NoGap}
	if r.status == "NODATA" || r.status == "SKIPDATA" {
		return out
	}
	hour := r.hour()
	var same, near []rec // of the hour; and with what its neighbours have for it
	for _, s := range all {
		switch s.hour() - hour {
		case 0:
			same = append(same, s)
			near = append(near, s)
		case -3600:
			if s.start >= hour-660 {
				near = append(near, s)
			}
		case 3600:
			if s.start >= 0 && s.end < hour+3600+660 {
				near = append(near, s)
			}
		}
	}
	out.direction = referenceDirection(same, r, own)
	out.pair = "unknown"
	if r.id() == "" || r.action == "" || r.protocol < 0 || r.start < 0 {
		return out
	}
	mine, ok := r.ends()
	if !ok || mine[0] == mine[1] {
		return out
	}
	window := int64(120)
	for _, s := range same {
		if s.id() == r.id() && s.traffic() && s.start >= 0 && s.end-s.start > 60 {
			window = 660
		}
	}
	best := map[string]int64{}
	low, high, lost := r.start, r.end, false
	for _, s := range near {
		if s.start < 0 {
			continue
		}
		if s.log == r.log {
			low, high = min(low, s.start), max(high, s.end)
		}
		if s.id() == r.id() && s.status == "SKIPDATA" && s.end >= r.end-window && s.start <= r.start+window {
			lost = true
		}
		theirs, ok := s.ends()
		if !s.traffic() || !ok || s.id() != r.id() || s.action == "" || s.protocol != r.protocol ||
			theirs != [2]string{mine[1], mine[0]} || max(s.end, r.end)-min(s.start, r.start) > window {
			continue
		}
		gap := max(s.start-r.start, r.start-s.start)
		if g, ok := best[s.action]; !ok || gap < g {
			best[s.action] = gap
		}
	}
	for action, state := range map[string]string{"ACCEPT": "accepted", "REJECT": "rejected"} {
		if g, ok := best[action]; ok && out.pair != "accepted" {
			out.pair, out.gap = state, int(g)
		}
	}
	if out.pair == "unknown" && !lost && low <= r.end-window && high >= r.start+window {
		out.pair = "none"
	}
	return out
}

func (r rec) id() string {
	if r.iface != "" {
		return "interface " + r.iface
	}
	if r.resource != "" {
		return "resource " + r.resource
	}
	return ""
}

func (r rec) traffic() bool { return r.status != "NODATA" && r.status != "SKIPDATA" }

// ends returns the source and the destination of a flow.
func (r rec) ends() ([2]string, bool) {
	src, dst := r.pktSrc, r.pktDst
	if src == "" || dst == "" {
		src, dst = r.src, r.dst
	}
	sport, dport := r.sport, r.dport
	if sport < 0 || dport < 0 {
		if r.protocol == 6 || r.protocol == 17 {
			return [2]string{}, false
		}
		sport, dport = 0, 0
	}
	return [2]string{fmt.Sprint(src, "|", sport), fmt.Sprint(dst, "|", dport)}, src != "" && dst != ""
}

func referenceDirection(same []rec, r rec, own []pair.Own) string {
	if r.direction != "" {
		return r.direction
	}
	v6 := func(s string) bool { return slices.Contains([]byte(s), ':') }
	if r.id() == "" || r.src == "" || r.dst == "" {
		return "undecided"
	}
	var shared []string
	for _, s := range same {
		if s.id() != r.id() || !s.traffic() || s.src == "" || s.dst == "" || v6(s.src) != v6(r.src) {
			continue
		}
		if shared == nil {
			shared = []string{s.src, s.dst}
		}
		for i := range shared {
			if shared[i] != s.src && shared[i] != s.dst {
				shared[i] = ""
			}
		}
	}
	shared = slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(shared, func(s string) bool { return s == "" }))))
	switch {
	case len(shared) != 1:
		return toldDirection(r, own)
	case r.src == r.dst:
		return "undecided"
	case r.src == shared[0]:
		return "egress"
	}
	return "ingress"
}

// toldDirection is the direction that a definition tells.
func toldDirection(r rec, own []pair.Own) string {
	isOwn := func(text string) bool {
		a := netip.MustParseAddr(text)
		for _, o := range own {
			if o.Interface != r.iface || r.end < o.From || r.end >= o.To {
				continue
			}
			for _, p := range o.Prefixes {
				if p.Contains(a) {
					return true
				}
			}
			if slices.Contains(o.Addresses, a) {
				return true
			}
		}
		return false
	}
	switch src, dst := isOwn(r.src), isOwn(r.dst); {
	case src && !dst:
		return "egress"
	case dst && !src:
		return "ingress"
	}
	return "undecided"
}

// randomOwners tells own addresses of some of the interfaces of random, right and wrong ones,
// of times that end and begin within hours.
func randomOwners(r *rand.Rand, hours int) []pair.Own {
	var out []pair.Own
	for n := range 4 {
		from := int64(math.MinInt64)
		for range r.IntN(4) {
			o := pair.Own{Interface: fmt.Sprintf("eni-%d", n), From: from, To: begin + r.Int64N(int64(hours)*3600)}
			if o.To < from {
				o.To = math.MaxInt64
			}
			from = o.To
			if r.IntN(3) > 0 {
				o.Addresses = append(o.Addresses, netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n)))
			}
			switch r.IntN(5) {
			case 0:
				o.Addresses = append(o.Addresses, netip.MustParseAddr("10.9.0.1"))
			case 1:
				o.Prefixes = append(o.Prefixes, netip.MustParsePrefix("10.9.0.0/31"))
			case 2, 3:
				o.Addresses = append(o.Addresses, netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", n)))
			}
			if from == math.MaxInt64 || r.IntN(4) > 0 {
				out = append(out, o)
			}
			if from == math.MaxInt64 {
				break
			}
		}
	}
	return out
}

// TestReference finds the pairs of random traffic, with unaligned windows of 60 and
// 600 seconds over several hours, in any order and in any batches, with and without a
// definition's own addresses, and compares them with those of the reference.
func TestReference(t *testing.T) {
	states := map[string]int{}
	for seed := range sharedtest.Rounds(uint64(80)) {
		r := rand.New(rand.NewPCG(seed, 1))
		const hours = 3
		all := random(r, hours)
		var own []pair.Own
		var owners *pair.Owners
		if seed%2 == 1 {
			own = randomOwners(r, hours)
			owners = pair.NewOwners(own)
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
			got := find(t, hour, records, neighbour(hour-3600, pair.Tail), neighbour(hour+3600, pair.Head), true, 1+r.IntN(len(records)), owners)
			for i, one := range records {
				want := reference(all, one, own)
				if bare := reference(all, one, nil); bare != want {
					states["told "+want.direction]++
				}
				if got[i] != want {
					t.Fatalf("seed %d, hour %d: %+v\ngot  %+v\nwant %+v", seed, hour, one, got[i], want)
				}
				states[want.pair]++
				states[want.direction]++
			}
		}
	}
	for _, s := range []string{"", "accepted", "rejected", "none", "unknown", "ingress", "egress", "undecided", "told ingress", "told egress"} {
		if states[s] < 100 && !testing.Short() {
			t.Errorf("%q is met %d times only", s, states[s])
		}
	}
}

// TestEdges makes the edges of an hour's records in two ways and in any order, and
// compares what they are.
func TestEdges(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(30)) {
		r := rand.New(rand.NewPCG(seed, 2))
		all := random(r, 1)
		h, again := pair.NewHour(begin, len(all)), pair.NewHour(begin, 0)
		h.Add(batch(t, all))
		head, tail := pair.EdgeOf(begin, pair.Head, slices.Values([]pair.Rows{batch(t, all)})), pair.EdgeOf(begin, pair.Tail, slices.Values([]pair.Rows{batch(t, all)}))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		again.Add(batch(t, all))
		own, others := h.Edges(), again.Edges()
		for _, e := range [][3]*pair.Edge{{own[pair.Head], head, others[pair.Head]}, {own[pair.Tail], tail, others[pair.Tail]}} {
			if e[0].Sum() != e[1].Sum() || e[0].Sum() != e[2].Sum() {
				t.Errorf("seed %d: sums %x, %x and %x", seed, e[0].Sum(), e[1].Sum(), e[2].Sum())
			}
		}
		// A record more near the edge is another edge.
		one := rec{iface: "eni-1", src: "10.0.0.1", dst: "10.0.0.2", protocol: 1, action: "ACCEPT", start: begin + 1, end: begin + 30}
		more := pair.EdgeOf(begin, pair.Head, slices.Values([]pair.Rows{batch(t, append(all, one))}))
		if more.Sum() == head.Sum() {
			t.Errorf("seed %d: the sum does not change", seed)
		}
	}
	var no *pair.Edge
	if no.Sum() != 0 || pair.NewHour(begin, 0).Edges() != [2]*pair.Edge{} {
		t.Error("an hour without records has an edge")
	}
}

// TestWorked goes through the examples of AWS's page "Flow log record examples" and
// what belongs to them.
func TestWorked(t *testing.T) {
	pingIn := rec{iface: "eni-1235b8ca123456789", src: "203.0.113.12", dst: "172.31.16.139", protocol: 1, start: begin + 1027, end: begin + 1142, action: "ACCEPT", status: "OK"}
	pingOut := rec{iface: "eni-1235b8ca123456789", src: "172.31.16.139", dst: "203.0.113.12", protocol: 1, start: begin + 1094, end: begin + 1142, action: "REJECT", status: "OK"}
	idle := func(at int64) rec {
		return rec{iface: "eni-1235b8ca123456789", start: begin + at, end: begin + at + 59, status: "NODATA", sport: -1, dport: -1, protocol: -1}
	}
	ssh := rec{iface: "eni-1235b8ca123456789", src: "172.31.9.69", dst: "172.31.16.139", sport: 49761, dport: 22, protocol: 6, start: begin + 1200, end: begin + 1260, action: "REJECT", status: "OK"}
	toNAT := rec{iface: "eni-2", src: "10.0.1.5", dst: "10.0.0.220", pktSrc: "10.0.1.5", pktDst: "203.0.113.5", sport: 4000, dport: 443, protocol: 6, start: begin + 1000, end: begin + 1050, action: "ACCEPT", status: "OK"}
	fromNAT := rec{iface: "eni-2", src: "10.0.0.220", dst: "10.0.1.5", pktSrc: "203.0.113.5", pktDst: "10.0.1.5", sport: 443, dport: 4000, protocol: 6, start: begin + 1001, end: begin + 1050, action: "ACCEPT", status: "OK"}
	noPorts := toNAT
	noPorts.sport, noPorts.dport = -1, -1
	for _, tt := range []struct {
		name    string
		records []rec
		partial bool
		want    []answer
	}{
		{
			"ping whose answer a network ACL refuses",
			[]rec{pingIn, pingOut},
			false,
			[]answer{{"undecided", "rejected", 67}, {"undecided", "accepted", 67}},
		},
		{
			"with a second peer the direction is known",
			[]rec{pingIn, pingOut, ssh},
			false,
			[]answer{{"ingress", "rejected", 67}, {"egress", "accepted", 67}, {"ingress", "unknown", pair.NoGap}},
		},
		{
			"refused, and the log covers the time",
			[]rec{idle(0), ssh, idle(3000)},
			false,
			[]answer{{"", "", pair.NoGap}, {"undecided", "none", pair.NoGap}, {"", "", pair.NoGap}},
		},
		{
			"not all records of the hour are there",
			[]rec{idle(0), ssh, idle(3000)},
			true,
			[]answer{{"", "", pair.NoGap}, {"undecided", "unknown", pair.NoGap}, {"", "", pair.NoGap}},
		},
		{
			"the client's leg at a NAT gateway",
			[]rec{toNAT, fromNAT},
			false,
			[]answer{{"undecided", "accepted", 1}, {"undecided", "accepted", 1}},
		},
		{
			"TCP without ports",
			[]rec{noPorts, idle(0), idle(3000)},
			false,
			[]answer{{"undecided", "unknown", pair.NoGap}, {"", "", pair.NoGap}, {"", "", pair.NoGap}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := find(t, begin, tt.records, nil, nil, !tt.partial, len(tt.records), nil); !slices.Equal(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// BenchmarkFind pairs an hour of 400,000 records, one in ten of them alone.
func BenchmarkFind(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var records []rec
	for len(records) < 400_000 {
		one := rec{
			iface: fmt.Sprintf("eni-%d", r.IntN(200)), src: fmt.Sprintf("10.0.%d.%d", r.IntN(40), r.IntN(250)), dst: fmt.Sprintf("10.1.%d.%d", r.IntN(40), r.IntN(250)),
			sport: int64(1024 + r.IntN(60000)), dport: 443, protocol: 6, action: "ACCEPT", status: "OK", start: begin + r.Int64N(3500),
		}
		one.end = one.start + 59
		records = append(records, one)
		if r.IntN(10) > 0 {
			one.src, one.dst, one.sport, one.dport = one.dst, one.src, one.dport, one.sport
			records = append(records, one)
		}
	}
	var rows []pair.Rows
	for chunk := range slices.Chunk(records, 9000) {
		rows = append(rows, batch(b, chunk))
	}
	b.ReportAllocs()
	for b.Loop() {
		h := pair.NewHour(begin, len(records))
		for _, r := range rows {
			h.Add(r)
		}
		h.Find(nil, nil, true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}

package truth

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// World is a network over some hours, with the records of what passed.
type World struct {
	chance

	// From and To bound the time, in seconds since the epoch, on whole hours, To exclusive.
	From, To int64
	// Versions are the definitions in the order of their times. The first one was in force
	// long before From.
	Versions []Version
	// Records are as they are delivered.
	Records []Record
	// Fields says which of AWS's versions of fields the records have: 2, 3 or 5.
	Fields int
	// Logs is what the flow log records: ALL, ACCEPT or REJECT; SPLIT: two, one of each.
	Logs string
	// Whole says that all records of all hours are there.
	Whole bool

	// What AWS leaves open, or lets be set; times in seconds.
	tcpEstablished, tcpOther int64
	refusesLate              bool // what has no SYN, of a connection that was there, is refused
	forgetsAtClose           bool // then also right after the last FIN, or RST

	window int64 // 60 or 600
	phase  map[string]int64
	tables map[string]*table
	rules  int // made so far
	now    *netmodel.Network
	open   map[flow]*Record
	flows  []flow   // of open, in their order
	ids    []string // of ENIs, in order
	// endsWindows: a record's end is its window's; loses: some are lost; doubles: some come twice.
	endsWindows, loses, doubles bool
}

// Version is a definition.
type Version struct {
	From    int64 // its first second
	Network *netmodel.Network
	Changed []string // ids of what is otherwise than before
}

// Verdict is what became of a packet at an ENI, and by which rules.
type Verdict struct {
	Accept bool
	// Stage and Rule are of what was refused: by a network ACL's entry (nacl), or since no rule of
	// the groups allows it (sg), as the columns name it; or, without a rule, since it comes after its
	// connection (late).
	Stage, Rule string
	// Groups are the rules of groups that allow, at the packet's time, what opened its
	// connection; none where no group filters, or the rules are gone.
	Groups []string
	// Asked are, of an answer of which groups keep no state, and of a packet after its connection,
	// the rules that allow what opened it, where Groups are those that let the packet itself pass;
	// of an ICMP error that passes with what it is about, the other way round.
	Asked []string
	// Entry is the network ACL's that let it pass; "" within a subnet.
	Entry string
	// Tracked says that it passed with a connection, which Gone rules had allowed: none do
	// any more.
	Tracked, Gone bool
}

// New plays a world.
func New(seed uint64) *World {
	c := chance{rand.New(rand.NewPCG(seed, 0x7472757468))}
	w := &World{
		chance: c, From: 1_772_442_000, Fields: pick(c, 2, 3, 5, 5), Logs: pick(c, "ALL", "ALL", "ALL", "SPLIT", "ACCEPT", "REJECT"),
		tcpEstablished: pick(c, int64(432_000), 350, 120), tcpOther: pick(c, int64(30), 60, 120),
		forgetsAtClose: c.oneIn(2), refusesLate: c.oneIn(2), window: pick(c, int64(60), 60, 600),
		Whole: !c.oneIn(4), endsWindows: c.oneIn(2), loses: c.oneIn(3), doubles: c.oneIn(3),
		phase: map[string]int64{}, tables: map[string]*table{}, open: map[flow]*Record{},
	}
	w.To = w.From + 2*3600
	n := w.network()
	w.Versions = []Version{{From: w.From - 30*86400, Network: n}}
	if !w.oneIn(3) { // else nothing changes
		var times []int64
		for range 1 + w.IntN(8) {
			times = append(times, w.From+int64(w.IntN(int(w.To-w.From))))
		}
		slices.Sort(times)
		for _, at := range slices.Compact(times) {
			next, ids := w.change(w.Versions[len(w.Versions)-1].Network)
			w.Versions = append(w.Versions, Version{at, next, ids})
		}
	}
	for id := range n.Interfaces {
		w.tables[id] = &table{open: map[tuple]*connection{}, ended: map[tuple]*connection{}}
	}
	w.ids = slices.Sorted(maps.Keys(n.Interfaces))
	for _, id := range w.ids {
		w.phase[id] = int64(w.IntN(int(w.window)))
	}
	w.play()
	w.deliver()
	return w
}

// at returns the definition in force at a time in milliseconds.
func (w *World) at(ms int64) *netmodel.Network {
	for i := len(w.Versions) - 1; ; i-- {
		if w.Versions[i].From*1000 <= ms {
			return w.Versions[i].Network
		}
	}
}

// judge lets a packet pass an ENI, or not.
func (w *World) judge(id string, p *packet, way netmodel.Direction, ms int64) Verdict {
	eni := w.now.Interfaces[id]
	subnet := w.now.Subnets[eni.Subnet]
	far := p.far(way)
	if unasked, _ := bypasses(far); unasked {
		return Verdict{Accept: true}
	}
	crosses := !slices.ContainsFunc(subnet.CIDRs, func(c netip.Prefix) bool { return c.Contains(far) })
	v := Verdict{Accept: true}
	denies := false
	if crosses {
		v.Entry, denies = denied(w.now, subnet, p, way)
	}
	entry := v.Entry
	if denies && way == netmodel.Ingress {
		return Verdict{Stage: "nacl", Rule: v.Entry}
	}
	if len(eni.Groups) > 0 {
		of := w.tables[id]
		c := of.find(p, way, ms, w)
		if refused := w.groups(eni, c, p, way, &v); refused {
			if v.Stage == "late" && denies { // a rule explains it
				return Verdict{Stage: "nacl", Rule: entry}
			}
			return v
		}
		if !denies && (c != nil || !untracked(w.now, eni, p, way) && !w.answersUntracked(eni, p, way)) {
			of.note(c, p, way, ms)
		}
	}
	if denies {
		return Verdict{Stage: "nacl", Rule: v.Entry}
	}
	return v
}

// answersUntracked reports whether a packet is of a flow whose other direction is untracked.
func (w *World) answersUntracked(eni *netmodel.Interface, p *packet, way netmodel.Direction) bool {
	back := p.answer()
	return untracked(w.now, eni, &back, other(way))
}

// groups asks the groups of an ENI, which know a connection or none (nil).
func (w *World) groups(eni *netmodel.Interface, c *connection, p *packet, way netmodel.Direction, v *Verdict) (refused bool) {
	if c != nil {
		v.Groups, v.Tracked = allowing(w.now, eni, &c.first, c.way), true
		v.Gone = len(v.Groups) == 0
		if p.quoted != nil { // rules may let it pass without a connection too
			v.Asked = allowing(w.now, eni, p, way)
			v.Gone = v.Gone && len(v.Asked) == 0
		}
		return false
	}
	own := allowing(w.now, eni, p, way)
	of, _, _ := tupleOf(p, way)
	var before *connection
	if late(p) {
		before = w.tables[eni.ID].ended[of]
	}
	if len(own) == 0 || before != nil && w.refusesLate && !w.answersUntracked(eni, p, way) && !untracked(w.now, eni, p, way) {
		groups := slices.Sorted(slices.Values(eni.Groups))
		var rule strings.Builder
		for i, g := range groups {
			if i > 0 {
				rule.WriteString(",")
			}
			rule.WriteString(g)
		}
		*v = Verdict{Stage: "sg", Rule: rule.String() + ":" + string(way) + ":implicit-deny"}
		if len(own) > 0 {
			*v = Verdict{Stage: "late"}
		}
		return true
	}
	v.Groups = own
	switch {
	case before != nil: // what its own rules let pass counts as of its connection too
		v.Asked = allowing(w.now, eni, &before.first, before.way)
	case p.answers:
		asked := p.answer()
		v.Asked = allowing(w.now, eni, &asked, other(way))
	}
	return false
}

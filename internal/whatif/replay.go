package whatif

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Connections are connections of which neither rules nor records tell one from the other.
type Connections struct {
	Interface string
	// Inbound says that the far end began them.
	Inbound  bool
	Protocol int
	// Far is the address of the other end, Own that of the interface's.
	Far, Own netip.Addr
	// Port is the one that was called; Client one of those that they came from, which no entry
	// of a network ACL tells apart. Both are of TCP and UDP only.
	Port, Client int
	// Either says that who began is guessed, and that all came from Client: where the definition before does
	// not explain them, and does if the other end began, that is taken.
	Either bool
	// Answered to Mixed count connections by what records show: requests and replies were
	// accepted; the request was, and there is no reply; the request was refused; it was
	// accepted, and the reply was refused; what is both accepted and refused.
	Answered, Unanswered, Refused, ReplyRefused, Mixed int64
	// Other are those of which records show only what another control than rules refused, or what
	// came after their end.
	Other       int64
	Bytes       int64
	First, Last int64 // seconds since the epoch
}

// all counts the connections.
func (c *Connections) all() int64 {
	return c.Answered + c.Unanswered + c.Refused + c.ReplyRefused + c.Mixed + c.Other
}

// Kind is what becomes of connections.
type Kind string

// The kinds. Of what may break or open, one of the definitions leaves open what decides.
const (
	Breaks   Kind = "breaks"
	MayBreak Kind = "may-break"
	Opens    Kind = "opens"
	MayOpen  Kind = "may-open"
)

// Flip is connections with one peer that the definitions judge otherwise.
type Flip struct {
	Kind Kind `json:"kind"`
	// Reply says that it is the reply that is refused by one of both.
	Reply bool `json:"reply,omitempty"`
	// AllowedBy are the rules, or the entry, of the definition that lets it pass: all that do. None where it does
	// not tell, or nothing filters it. RefusedBy is the entry of the other one that refuses, or the groups whose
	// rules don't allow it as sg-1,sg-2:ingress:implicit-deny; "" where it does not tell.
	AllowedBy []string `json:"allowed_by"`
	RefusedBy string   `json:"refused_by,omitempty"`
	Interface string   `json:"interface_id"`
	Inbound   bool     `json:"inbound"`
	Protocol  int      `json:"protocol"`
	// Port is the one that was called, -1 where the protocol has none.
	Port int        `json:"port"`
	Peer netip.Addr `json:"peer"`
	// Connections counts them. Of these, the definition before does not explain what records
	// show of Unexplained, and no reply was recorded of Unanswered.
	Connections int64 `json:"connections"`
	Unexplained int64 `json:"unexplained,omitempty"`
	Unanswered  int64 `json:"unanswered,omitempty"`
	Bytes       int64 `json:"bytes"`
	First       int64 `json:"first"` // seconds since the epoch
	Last        int64 `json:"last"`
	// Newest are those of them that were seen last.
	Newest Connections `json:"-"`
}

// Total counts connections.
type Total struct {
	Connections int64 `json:"connections"`
	Unexplained int64 `json:"unexplained,omitempty"`
	Bytes       int64 `json:"bytes"`
}

// NotJudged says why a definition is not asked about connections.
type NotJudged string

// The causes.
const (
	NoInterface NotJudged = "interface-not-in-the-definition"
	NoPeer      NotJudged = "peer-not-recorded"
	OtherReason NotJudged = "other-control-or-after-the-end"
)

// Report is what a replay found. All but the totals count connections: each is in just one of
// Explained, Open, the Unexplained and NotJudged.
type Report struct {
	Connections int64 `json:"connections"`
	// Explained are those that the definition before judges as the records show, and Open those
	// of which it does not tell.
	Explained int64 `json:"explained"`
	Open      int64 `json:"open"`
	// Of the others it refuses what records show as accepted, allows what they show as refused,
	// or they show both.
	AcceptedAgainst int64               `json:"accepted_though_refused"`
	RefusedAgainst  int64               `json:"refused_though_allowed"`
	Both            int64               `json:"accepted_and_refused"`
	NotJudged       map[NotJudged]int64 `json:"not_judged"`
	// Totals are of all flips, by kind.
	Totals map[Kind]Total `json:"totals"`
	// Flips are in the order of kinds, and of connections.
	Flips []Flip `json:"flips"`
	// MoreConnections are those of Totals that are of none of Flips, since these are too many.
	MoreConnections int64 `json:"more_connections,omitempty"`
}

// MaxFlips bounds the flips that are kept; of all others there are the totals.
const MaxFlips = 50_000

// Replay judges connections by two definitions. It is not for concurrent use.
type Replay struct {
	base, changed *policy.Definition
	differences   *differences
	interfaces    map[string]*at
	far           map[netip.Addr]ends

	report Report
	flips  map[string]*Flip
}

// at is an interface.
type at struct {
	base, changed *policy.Judge
	difference
}

// ends is the other end, as both definitions know it.
type ends struct{ base, changed *policy.Far }

// New returns a replay of what two definitions, which must not change from then on, make of
// connections.
func New(base, changed *netmodel.Network) *Replay {
	return &Replay{
		base: policy.New(base), changed: policy.New(changed), differences: newDifferences(base, changed),
		interfaces: map[string]*at{}, far: map[netip.Addr]ends{}, flips: map[string]*Flip{},
		report: Report{NotJudged: map[NotJudged]int64{}, Totals: map[Kind]Total{}},
	}
}

// maxFar bounds how many addresses are kept.
const maxFar = 1 << 16

// ends returns the other end.
func (r *Replay) ends(a netip.Addr) ends {
	e, known := r.far[a]
	if !known {
		if len(r.far) == maxFar {
			clear(r.far)
		}
		e = ends{r.base.NewFar(a, nil), r.changed.NewFar(a, nil)}
		r.far[a] = e
	}
	return e
}

// at returns an interface.
func (r *Replay) at(id string) *at {
	i := r.interfaces[id]
	if i == nil {
		i = &at{base: r.base.Judge(id, nil), changed: r.changed.Judge(id, nil), difference: r.differences.at(id)}
		r.interfaces[id] = i
	}
	return i
}

// Add judges connections.
func (r *Replay) Add(c *Connections) {
	r.report.Connections += c.all()
	r.none(OtherReason, c.Other)
	i := r.at(c.Interface)
	switch told := c.all() - c.Other; {
	case i.base == nil || i.changed == nil:
		r.none(NoInterface, told)
		return
	case !c.Far.IsValid():
		r.none(NoPeer, told)
		return
	}
	w := work{at: i, ends: r.ends(c.Far), c: c, questions: questions(i.base, i.changed, c)}
	for k, n := range []int64{c.Answered, c.Unanswered, c.Refused, c.ReplyRefused, c.Mixed} {
		if n > 0 {
			r.add(&w, class(k), n)
		}
	}
}

func (r *Replay) none(why NotJudged, n int64) {
	if n > 0 {
		r.report.NotJudged[why] += n
	}
}

// add judges the connections of a class.
func (r *Replay) add(w *work, of class, n int64) {
	explained := w.judge(of)
	if explained == contradicts && of == answered && w.c.Either {
		c := *w.c
		c.Inbound, c.Port, c.Client = !c.Inbound, c.Client, c.Port
		back := work{at: w.at, ends: w.ends, c: &c, questions: questions(w.at.base, w.at.changed, &c)}
		if e := back.judge(of); e != contradicts {
			w, explained = &back, e
		}
	}
	switch {
	case explained == explains:
		r.report.Explained += n
	case explained == leavesOpen:
		r.report.Open += n
	case of == mixed:
		r.report.Both += n
	case of == rejected || of == replyRejected:
		r.report.RefusedAgainst += n
	default:
		r.report.AcceptedAgainst += n
	}
	kind, reply := w.kind()
	if kind == "" {
		return
	}
	c := w.c
	f := Flip{
		Kind: kind, Reply: reply, Interface: c.Interface, Inbound: c.Inbound, Protocol: c.Protocol, Port: -1, Peer: c.Far,
		Connections: n, Bytes: c.Bytes, First: c.First, Last: c.Last, Newest: *c,
	}
	if ported(c.Protocol) {
		f.Port = c.Port
	}
	f.AllowedBy, f.RefusedBy = w.names(kind)
	if explained == contradicts {
		f.Unexplained = n
	}
	if of == unanswered {
		f.Unanswered = n
	}
	if w.counted == kind { // another class of the same connections has their bytes
		f.Bytes = 0
	}
	w.counted = kind
	r.flip(&f)
}

// flip adds a flip to those of the same rules, interface, port and peer.
func (r *Replay) flip(f *Flip) {
	total := r.report.Totals[f.Kind]
	total.Connections += f.Connections
	total.Unexplained += f.Unexplained
	total.Bytes += f.Bytes
	r.report.Totals[f.Kind] = total
	key := fmt.Sprint(f.Kind, f.Reply, f.AllowedBy, f.RefusedBy, f.Interface, f.Inbound, f.Protocol, f.Port, f.Peer)
	was := r.flips[key]
	switch {
	case was == nil && len(r.flips) == MaxFlips:
		r.report.MoreConnections += f.Connections
		return
	case was == nil:
		r.flips[key] = f
		return
	}
	was.Connections += f.Connections
	was.Unexplained += f.Unexplained
	was.Unanswered += f.Unanswered
	was.Bytes += f.Bytes
	was.First = min(was.First, f.First)
	if f.Last > was.Last {
		was.Last, was.Newest = f.Last, f.Newest
	}
}

// Report returns what was found so far.
func (r *Replay) Report() Report {
	out := r.report
	out.Flips = make([]Flip, 0, len(r.flips))
	for _, f := range r.flips {
		out.Flips = append(out.Flips, *f)
	}
	order := []Kind{Breaks, MayBreak, Opens, MayOpen}
	slices.SortFunc(out.Flips, func(a, b Flip) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(b.Connections, a.Connections), cmp.Compare(b.Bytes, a.Bytes),
			cmp.Compare(a.Interface, b.Interface), a.Peer.Compare(b.Peer), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port),
			slices.Compare(a.AllowedBy, b.AllowedBy), cmp.Compare(a.RefusedBy, b.RefusedBy),
		)
	})
	return out
}

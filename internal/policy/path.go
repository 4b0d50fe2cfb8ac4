package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// Path is what becomes of the first packet of a connection, and of the reply to it.
type Path struct {
	// From is where the packet begins, and To where its way ends: the id of an ENI, of a
	// gateway behind which weir knows nothing, or [Internet]. To is "" where it does not arrive.
	From string `json:"from"`
	To   string `json:"to"`
	// Action is REJECT where any step refuses, of the packet or of its reply, and where all Legs
	// that carry it on do.
	Action Action `json:"action"`
	// Forward are the decisions on the packet, in order, up to the first that refuses; Reply
	// those on the reply, where the packet arrives and has one.
	Forward []Step `json:"forward"`
	Reply   []Step `json:"reply"`
	// Legs are what load balancers make of it, where it arrives at one, and what Gateway Load
	// Balancers on the way send to their appliances: connections of their own, in order. One of
	// those that a load balancer carries it on by must get through.
	Legs []Leg `json:"legs,omitempty"`
	// Notes say what holds besides, each a sentence for people.
	Notes []string `json:"notes,omitempty"`
}

// Step is what one route table, gateway, security group set or network ACL decides. The
// rule of a route is its table and destination: "rtb-1:10.0.0.0/8".
type Step struct {
	// Interface is the id of the ENI that it is at, and Subnet that of the subnet; "" where
	// there is none.
	Interface string             `json:"interface,omitempty"`
	Subnet    string             `json:"subnet,omitempty"`
	Direction netmodel.Direction `json:"direction,omitempty"`
	// TransitGateway is the id of the one whose route table it is.
	TransitGateway string `json:"transit_gateway,omitempty"`
	// Gateway is the id of what a route leads to, or of the gateway that decides.
	Gateway string `json:"gateway,omitempty"`
	// Src and Dst are the packet's addresses as it comes here.
	Src netip.Addr `json:"srcaddr"`
	Dst netip.Addr `json:"dstaddr"`
	Verdict
}

// Internet is the name of the internet as an end of a path.
const Internet = "internet"

// ErrNoPath says that it is not known which way a packet takes.
var ErrNoPath = errors.New("its way is not known")

// maxWays bounds the ways that are tried where AWS does not say which one a packet takes.
const maxWays = 256

// Path follows a packet, as the first of its connection, and the reply to it, by routes,
// gateways and what filters on the way. It begins at from: an ENI's id, [Internet], or the id
// of a virtual private gateway or transit gateway attachment behind which its source is. Where
// to is not "", it must end there. The packet's addresses are as at its beginning.
//
// It fails with [ErrNoPath], and with the steps that are known, where the definition does not
// hold what leads the packet on, and as [Definition.At] does. Where AWS does not say which of
// several subnets or addresses a gateway takes, all are tried, and it fails if they decide
// differently.
func (d *Definition) Path(from, to string, p *Packet) (Path, error) {
	return d.ways(func(w *walk) (Path, error) {
		w.from, w.to, w.asked, w.p = from, to, *p, *p
		return w.path()
	}, func(a, b *Path) bool {
		return a.Action == b.Action && a.To == b.To && slices.EqualFunc(a.Legs, b.Legs, func(a, b Leg) bool { return a.Action == b.Action })
	})
}

// ways follows all ways that AWS leaves open, which must decide alike, and returns the first.
func (d *Definition) ways(follow func(w *walk) (Path, error), alike func(a, b *Path) bool) (Path, error) {
	var first *Path
	var script []int
	for range maxWays {
		w := &walk{d: d, script: script}
		path, err := follow(w)
		switch {
		case err != nil:
			return path, err
		case first == nil:
			first = &path
		case !alike(first, &path):
			return *first, unknown("which of %s it takes, and what becomes of it depends on that", strings.Join(w.options, ", and of "))
		}
		if script = w.next(); script == nil {
			return *first, nil
		}
	}
	return *first, fmt.Errorf("%w: AWS leaves more than %d ways open", ErrNoPath, maxWays)
}

// path follows the packet and its reply by the script of choices.
func (w *walk) path() (Path, error) {
	out := Path{From: w.from, Action: Accept, Forward: []Step{}, Reply: []Step{}}
	if err := w.asked.Check(); err != nil {
		return out, err
	}
	at, err := w.begin(w.from)
	if err == nil && !w.refused {
		w.arrived(at)
	}
	out.Forward, out.Notes, out.Legs = orNone(w.steps), w.notes, w.legs
	switch {
	case err != nil:
		return out, err
	case w.refused:
		out.Action = Reject
		return out, nil
	}
	out.To = at.id
	arrival, anyPort := w.p, w.anyPort
	reply, ok := w.p.reply()
	if !ok || w.oneWay || at.kind == atService && w.bypassed {
		return out, nil
	}
	w.turn(reply)
	back, err := w.beginReply(at)
	if err == nil && !w.refused {
		err = w.symmetric()
		w.returned(back)
	}
	out.Reply, out.Notes = orNone(w.steps), w.notes
	if w.refused {
		out.Action = Reject
	}
	if err != nil || w.refused || at.kind != atInterface {
		return out, err
	}
	return out, w.balance(&out, arrival, anyPort)
}

func orNone(steps []Step) []Step {
	if steps == nil {
		return []Step{}
	}
	return steps
}

// arrived checks that the packet came to the end that was asked for.
func (w *walk) arrived(at end) {
	switch {
	case w.to == "" || w.to == at.id:
	case w.to == Internet && at.kind == outside:
		w.note("%s is left by %s, not by an internet gateway: whether it is reached from there is not known here", w.p.Dst, at.id)
	default:
		w.refuse(Step{Gateway: at.id, Verdict: Verdict{Stage: Route, Why: fmt.Sprintf("%s leads to %s from here, not to %s", w.p.Dst, at.id, w.to)}})
	}
}

// returned checks that the reply came to where the packet began, as an answer of whom it
// was sent to.
func (w *walk) returned(back end) {
	wrong := func(format string, args ...any) {
		w.refuse(Step{Gateway: back.id, Verdict: Verdict{Stage: Route, Why: fmt.Sprintf(format, args...)}})
	}
	switch {
	case w.d.network.Interfaces[w.from] != nil && back.id != w.from || back.kind == atService || back.kind == atInterface && back.id != w.from:
		wrong("the reply comes to %s, and the packet is from %s", back.id, w.from)
	case w.p.Src != w.asked.Dst:
		wrong("the reply comes from %s, and the packet was sent to %s", w.p.Src, w.asked.Dst)
	case w.p.Dst != w.asked.Src:
		wrong("the reply is to %s, and the packet came from %s", w.p.Dst, w.asked.Src)
	case back.id != w.from:
		w.note("the reply leaves by %s, and the packet came by %s: what is behind them is not known here", back.id, w.from)
	}
}

// reply returns the packet that answers one, and whether there is one: of ICMP, requests
// are answered only.
func (p *Packet) reply() (Packet, bool) {
	out := Packet{Src: p.Dst, Dst: p.Src, Protocol: p.Protocol, SrcPort: p.DstPort, DstPort: p.SrcPort, ID: p.ID}
	if !p.icmp() {
		return out, true
	}
	for _, r := range icmpRequests {
		if r.protocol == p.Protocol && r.request == p.Type {
			out.Type = r.reply
			return out, true
		}
	}
	return out, false
}

// steps returns what network ACL and security groups decided, in their order, up to what
// refused.
func (d Decision) steps(at *netmodel.Interface) []Step {
	v := d.Verdict()
	step := func(v Verdict) Step {
		return Step{Interface: at.ID, Subnet: at.Subnet, Direction: d.asked.way.name(), Verdict: v}
	}
	// The decision names the last that was asked; the other, if there was one, let it pass.
	switch way := d.asked.way; {
	case d.Stage == SecurityGroup && d.entry != notAsked && (way == ingress || d.Action == Accept):
		rule := d.entryName()
		acl := Verdict{Action: Accept, Stage: NetworkACL, Rule: rule, Rules: []string{}, Groups: []string{}, Why: rule + " allows it"}
		if way == ingress {
			return []Step{step(acl), step(v)}
		}
		return []Step{step(v), step(acl)}
	case d.Stage == NetworkACL && way == egress && d.Action == Reject && d.at.groups != nil:
		groups := d
		groups.Action, groups.Stage, groups.entry = Accept, SecurityGroup, notAsked
		return []Step{step(groups.Verdict()), step(v)}
	}
	return []Step{step(v)}
}

// next returns the script of the next way, nil where all were gone.
func (w *walk) next() []int {
	for i, n := range slices.Backward(w.counts) {
		if w.taken[i]+1 < n {
			return append(slices.Clone(w.taken[:i]), w.taken[i]+1)
		}
	}
	return nil
}

// choose returns which of several alternatives is gone now. What names them.
func (w *walk) choose(what string, names []string) int {
	if len(names) < 2 {
		return 0
	}
	text := what + " (" + strings.Join(names, ", ") + ")"
	if !slices.Contains(w.options, text) {
		w.note("it is not known which of %s it takes; they decide alike, and the first is shown", text)
	}
	return w.fork(text, len(names))
}

// fork is choose without a note, for what is no matter as long as all decide alike.
func (w *walk) fork(text string, count int) int {
	i := 0
	if n := len(w.taken); n < len(w.script) {
		i = w.script[n]
	}
	w.taken, w.counts = append(w.taken, i), append(w.counts, count)
	if !slices.Contains(w.options, text) {
		w.options = append(w.options, text)
	}
	return i
}

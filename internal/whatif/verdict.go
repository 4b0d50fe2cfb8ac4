package whatif

import (
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// answer is what a definition says of a packet.
type answer uint8

const (
	open answer = iota // it does not tell
	passes
	refused
)

// verdict is what a definition says of a connection at an interface.
type verdict struct {
	request, reply answer
	// entries say of the request and the reply that the network ACL is what refuses it.
	requestEntry, replyEntry bool
}

// question is a connection as definitions are asked about it.
type question struct {
	way      netmodel.Direction // of the request
	protocol int
	// key and back are what rules compare, of the request and of its reply: the destination
	// port, or type and code. There is no reply to ICMP but to some requests.
	key, back uint16
	replies   bool
	own       netip.Addr
}

func other(way netmodel.Direction) netmodel.Direction {
	if way == netmodel.Ingress {
		return netmodel.Egress
	}
	return netmodel.Ingress
}

// request and reply are what is asked with another end.
func (q *question) request(far *policy.Far) policy.Asked {
	return policy.Asked{Far: far, Protocol: q.protocol, Key: q.key, Way: q.way}
}

func (q *question) reply(far *policy.Far) policy.Asked {
	return policy.Asked{Far: far, Protocol: q.protocol, Key: q.back, Way: other(q.way)}
}

// bypasses reports whether nothing filters the connection.
func (q *question) bypasses(j *policy.Judge, far *policy.Far) bool {
	p := policy.Packet{Src: q.own, Dst: far.Addr, Protocol: q.protocol}
	if q.way == netmodel.Ingress {
		p.Src, p.Dst = p.Dst, p.Src
	}
	if ported(q.protocol) {
		p.SrcPort, p.DstPort = q.back, q.key
	}
	a := q.request(far)
	return j.Bypasses(&a, &p)
}

func ported(protocol int) bool { return protocol == netmodel.TCP || protocol == netmodel.UDP }

// entryAnswer is what a network ACL says.
func entryAnswer(e policy.Entry) answer {
	switch {
	case !e.Asked || e.Known && e.Allows:
		return passes
	case e.Known:
		return refused
	}
	return open
}

// judge tells what a definition says of a connection.
func judge(j *policy.Judge, far *policy.Far, q *question) verdict {
	if q.bypasses(j, far) {
		return verdict{request: passes, reply: passes}
	}
	ahead := q.request(far)
	entry, groups := entryAnswer(j.Entry(&ahead)), passes
	if allowed := j.Allowed(&ahead); allowed.Filtered && allowed.Rules == 0 {
		if groups = refused; allowed.Doubtful {
			groups = open
		}
	}
	v := verdict{request: passes, reply: passes}
	switch {
	case entry == refused || groups == refused:
		v.request = refused
		// What comes in passes the network ACL first, what goes out the groups.
		v.requestEntry = groups != refused || entry == refused && q.way == netmodel.Ingress
	case entry == open || groups == open:
		v.request = open
	}
	if q.replies {
		back := q.reply(far)
		v.reply = entryAnswer(j.Entry(&back))
		v.replyEntry = v.reply == refused
	}
	return v
}

// refuser names what refuses a request, or its reply.
func refuser(j *policy.Judge, far *policy.Far, q *question, byEntry, reply bool) string {
	a := q.request(far)
	if reply {
		a = q.reply(far)
	}
	if byEntry {
		return j.EntryName(j.Entry(&a), a.Way)
	}
	return strings.Join(j.Groups(), ",") + ":" + string(a.Way) + ":implicit-deny"
}

// allowing names what allows where another definition's network ACL or groups refuse.
func allowing(j *policy.Judge, far *policy.Far, q *question, byEntry, reply bool) []string {
	a := q.request(far)
	if reply {
		a = q.reply(far)
	}
	if !byEntry {
		return j.Rules(&a)
	}
	if e := j.Entry(&a); e.Asked && e.Known {
		return []string{j.EntryName(e, a.Way)}
	}
	return nil
}

// questions returns what is asked about connections: one, or, of ICMP, one for each type
// of a request that rules of the two tell apart.
func questions(base, changed *policy.Judge, c *Connections) []question {
	q := question{way: netmodel.Egress, protocol: c.Protocol, own: c.Own, replies: true}
	if c.Inbound {
		q.way = netmodel.Ingress
	}
	switch {
	case ported(c.Protocol):
		q.key, q.back = uint16(c.Port), uint16(c.Client)
		return []question{q}
	case c.Protocol != netmodel.ICMP && c.Protocol != netmodel.ICMPv6:
		return []question{q}
	}
	keys := slices.Concat(base.Keys(c.Protocol, c.Far.Is6()), changed.Keys(c.Protocol, c.Far.Is6()))
	slices.Sort(keys)
	var out []question
	for _, key := range slices.Compact(keys) {
		kind := int(key >> 8)
		if _, answers := policy.ReplyTo(c.Protocol, kind); answers || policy.QuotesPackets(c.Protocol, kind) {
			continue
		}
		q.key, q.back, q.replies = key, 0, false
		for reply := range 256 {
			if request, ok := policy.ReplyTo(c.Protocol, reply); ok && request == kind {
				q.back, q.replies = uint16(reply)<<8, true
			}
		}
		out = append(out, q)
	}
	return out
}

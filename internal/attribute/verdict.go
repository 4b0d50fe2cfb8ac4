package attribute

import (
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// attribution is how sure it is what decided.
type attribution uint8

const (
	exact attribution = iota + 1
	ambiguous
	contradiction
	unknown
)

var attributions = [...]string{"", "exact", "ambiguous", "contradiction", "unknown"}

// stage is what refused.
type stage uint8

const (
	noStage stage = iota
	nacl
	sg
	bpa
	ec
	stray
)

var stages = [...]string{"", "nacl", "sg", "bpa", "ec", "stray"}

// opening is what TCP's flags say of who begins.
type opening uint8

const (
	notTold opening = iota // no TCP, or a format without tcp-flags
	opens                  // a SYN without ACK is among the packets
	answers                // a SYN with ACK is
	neither
)

// side is an end of a record's packets.
type side uint8

const (
	nobody side = iota // not known
	sender
	receiver
)

// question is a record, as far as it decides what is told of it.
type question struct {
	far      *policy.Far
	protocol int
	near     uint16 // port of the ENI's side
	port     uint16 // of the other
	way      netmodel.Direction
	opening  opening
	accepted bool
	// began is who opened the connection, as the accepted SYN of another record of the hour says.
	began side
	// settled says that no definition changed before: else its connection could be older, of any
	// protocol, as long as packets keep it open.
	settled bool
	reason  stage // of reject-reason: bpa, ec or none
}

// asked returns what is asked about the record's packets, and about packets of the opposite
// direction, as the first of their connections.
func (q *question) asked() (ahead, back policy.Asked) {
	ahead = policy.Asked{Far: q.far, Protocol: q.protocol, Way: q.way}
	back = policy.Asked{Far: q.far, Protocol: q.protocol, Way: other(q.way)}
	if q.protocol == netmodel.TCP || q.protocol == netmodel.UDP {
		ahead.Key, back.Key = q.port, q.near
		if q.way == netmodel.Ingress {
			ahead.Key, back.Key = q.near, q.port
		}
	}
	return ahead, back
}

func other(way netmodel.Direction) netmodel.Direction {
	if way == netmodel.Ingress {
		return netmodel.Egress
	}
	return netmodel.Ingress
}

// packet returns a packet of the record, for what is told by both of its ports.
func (q *question) packet() policy.Packet {
	p := policy.Packet{Src: q.far.Addr, Protocol: q.protocol, SrcPort: q.port, DstPort: q.near}
	if q.way == netmodel.Egress {
		p = policy.Packet{Dst: q.far.Addr, Protocol: q.protocol, SrcPort: q.near, DstPort: q.port}
	}
	return p
}

// lists are the rules that a verdict names.
type lists uint8

const (
	entryDenies lists = 1 << iota // the network ACL's entry
	noRule                        // the groups, none of whose rules allows
	blocks                        // VPC Block Public Access
	entryAllows
	rulesAhead // the groups' rules that allow the packet
	rulesBack  // those that allow one of the opposite direction
)

// verdict is what is told of a record by one definition. It is the same where all that it
// names is the same.
type verdict struct {
	attribution attribution
	stage       stage
	lists       lists
	entry       int32
	ahead, back uint64 // of policy.Allowed
}

// decide tells of a record that is not of ICMP.
func decide(j *policy.Judge, q *question) verdict {
	switch {
	case j == nil:
		return verdict{attribution: unknown, stage: q.reason}
	case q.reason != noStage && !q.accepted:
		return verdict{attribution: contradiction, stage: q.reason}
	}
	ahead, _ := q.asked()
	p := q.packet()
	bypassed := j.Bypasses(&ahead, &p)
	switch {
	case bypassed && q.accepted:
		return verdict{attribution: exact}
	case bypassed:
		return verdict{attribution: contradiction}
	case q.accepted:
		return accepted(j, q)
	}
	v := rejected(j, q)
	if v.attribution == exact && j.Blocked(q.far) { // reject-reason would say so, if the format has it
		v.attribution, v.stage, v.lists = ambiguous, noStage, v.lists|blocks
	}
	return v
}

// rejected tells what refused.
func rejected(j *policy.Judge, q *question) verdict {
	ahead, back := q.asked()
	entry, groups := j.Entry(&ahead), j.Allowed(&ahead)
	denied := verdict{attribution: exact, stage: nacl, lists: entryDenies, entry: entry.Number}
	refused := verdict{attribution: exact, stage: sg, lists: noRule}
	after := noStage
	if q.opening == neither {
		after, refused.stage = stray, stray
	}
	either := verdict{attribution: ambiguous, lists: entryDenies | noRule, entry: entry.Number}
	none := groups.Filtered && groups.Rules == 0 // known to allow it
	denies := entry.Known && !entry.Allows
	switch {
	case entry.Asked && !entry.Known && (q.way == netmodel.Ingress || !none || groups.Doubtful || q.opening != opens):
		return verdict{attribution: unknown}
	case denies && (q.way == netmodel.Ingress || !none):
		return denied
	case denies && q.opening == answers && q.began == receiver:
		return denied
	case denies && groups.Doubtful && j.Regrouped(): // of which groups, nobody knows
		return verdict{attribution: unknown}
	case denies && groups.Doubtful:
		return either
	case denies && q.opening != opens:
		if reverse := j.Allowed(&back); reverse.Rules > 0 || reverse.Doubtful || !q.settled {
			return either // it may answer a connection that the groups know
		}
		return refused
	case !none:
		return verdict{attribution: contradiction, stage: after}
	case groups.Doubtful:
		return verdict{attribution: unknown}
	}
	return refused
}

// accepted tells what allowed.
func accepted(j *policy.Judge, q *question) verdict {
	ahead, back := q.asked()
	entry := j.Entry(&ahead)
	v := verdict{}
	switch {
	case entry.Asked && !entry.Known:
		return verdict{attribution: unknown}
	case entry.Asked && !entry.Allows:
		return verdict{attribution: contradiction}
	case entry.Asked:
		v.lists, v.entry = entryAllows, entry.Number
	}
	none := policy.Allowed{Filtered: true}
	request, reply := j.Allowed(&ahead), none
	if !request.Filtered { // the network ACL alone
		v.attribution = exact
		return v
	}
	// A SYN with ACK may be one that nobody asked for.
	replies := q.opening == answers && q.began == receiver
	if replies {
		request = none
	}
	asks := q.opening == opens || q.opening == neither && q.began == sender
	if !asks {
		if before := j.Entry(&back); !before.Known || before.Allows || !q.settled { // it may have allowed it then
			reply = j.Allowed(&back)
		}
	}
	rules, doubtful := request.Rules+reply.Rules, request.Doubtful || reply.Doubtful
	switch {
	case rules == 0 && doubtful:
		return verdict{attribution: unknown}
	case request.Rules == 0 && request.Unnamed || reply.Rules == 0 && reply.Unnamed: // may be all that allow
		return verdict{attribution: unknown}
	case rules == 0:
		return verdict{attribution: contradiction}
	}
	v.ahead, v.back = request.Sum, reply.Sum
	if request.Rules > 0 || request.Doubtful {
		v.lists |= rulesAhead
	}
	if reply.Rules > 0 || reply.Doubtful {
		v.lists |= rulesBack
	}
	told := asks || replies
	v.attribution = ambiguous
	if rules == 1 && !doubtful && (told || q.settled) {
		v.attribution = exact
	}
	return v
}

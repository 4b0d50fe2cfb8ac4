package attribute

import (
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// icmp tells of a record of ICMP or ICMPv6: its packets may be of any types.
func icmp(j *policy.Judge, q *question) answer {
	switch {
	case j == nil:
		return answer{attribution: unknown, stage: q.reason}
	case q.reason != noStage && !q.accepted:
		return answer{attribution: contradiction, stage: q.reason}
	}
	ahead, _ := q.asked()
	p := q.packet()
	switch bypassed := j.Bypasses(&ahead, &p); {
	case bypassed && q.accepted:
		return answer{attribution: exact}
	case bypassed:
		return answer{attribution: contradiction}
	}
	var all union
	for _, key := range j.Keys(q.protocol, q.far.Addr.Is6()) {
		if q.accepted {
			all.icmpAccepted(j, q, key)
		} else {
			all.icmpRejected(j, q, key)
		}
	}
	out := all.answer()
	// A connection may be older than its rule.
	if q.accepted && out.attribution == exact && !q.settled {
		out.attribution = ambiguous
	}
	if !q.accepted && out.attribution == exact && j.Blocked(q.far) {
		out.attribution, out.stage, out.rules = ambiguous, noStage, append(out.rules, blockPublicAccess)
	}
	return out
}

// icmpAccepted adds what allows packets of a type and code.
func (u *union) icmpAccepted(j *policy.Judge, q *question, key uint16) {
	ahead := policy.Asked{Far: q.far, Protocol: q.protocol, Key: key, Way: q.way}
	entry := j.Entry(&ahead)
	switch {
	case entry.Asked && !entry.Known:
		u.unknown = true
		return
	case entry.Asked && !entry.Allows:
		return
	}
	groups := j.Allowed(&ahead)
	found := !groups.Filtered
	if groups.Rules > 0 {
		u.allow(j.Rules(&ahead)...)
		found = true
	}
	u.unknown = u.unknown || groups.Doubtful
	if request, ok := policy.ReplyTo(q.protocol, int(key>>8)); ok && groups.Filtered {
		back := policy.Asked{Far: q.far, Protocol: q.protocol, Key: uint16(request) << 8, Way: other(q.way)}
		if before := j.Entry(&back); !before.Known || before.Allows {
			reply := j.Allowed(&back)
			if reply.Rules > 0 {
				u.allow(j.Rules(&back)...)
				found = true
			}
			u.unknown = u.unknown || reply.Doubtful
		}
	}
	if !found && policy.QuotesPackets(q.protocol, int(key>>8)) {
		u.unknown = true // it may be about any connection
		return
	}
	if found {
		u.some = true
		if entry.Asked {
			u.entry(j.EntryName(entry, q.way))
		}
	}
}

// icmpRejected adds what refuses packets of a type and code.
func (u *union) icmpRejected(j *policy.Judge, q *question, key uint16) {
	ahead := policy.Asked{Far: q.far, Protocol: q.protocol, Key: key, Way: q.way}
	entry, groups := j.Entry(&ahead), j.Allowed(&ahead)
	none := groups.Filtered && groups.Rules == 0
	if entry.Asked && !entry.Known {
		u.unknown = true
		return
	}
	denies := entry.Asked && !entry.Allows
	if denies {
		u.refuse(nacl, j.EntryName(entry, q.way))
		if q.way == netmodel.Ingress || !none {
			return
		}
	}
	switch {
	case !none:
	case groups.Doubtful && (!denies || j.Regrouped()):
		u.unknown = true
	default:
		u.refuse(sg, implicit(j, q.way))
	}
}

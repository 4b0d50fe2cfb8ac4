package whatif

import "slices"

// class is what records show of connections.
type class uint8

const (
	answered class = iota
	unanswered
	rejected
	replyRejected
	mixed
)

// explanation is what a definition has to do with what records show.
type explanation uint8

const (
	contradicts explanation = iota
	leavesOpen
	explains
)

// shows is what a definition says that explains a class; what records don't show is open.
var shows = [...]verdict{
	answered: {request: passes, reply: passes}, unanswered: {request: passes}, rejected: {request: refused}, replyRejected: {request: passes, reply: refused},
}

// explained tells whether a definition may have made of connections what records show.
func (c class) explained(v *verdict) explanation {
	if c == mixed {
		return contradicts
	}
	w := &shows[c]
	out := explains
	for _, pair := range [][2]answer{{w.request, v.request}, {w.reply, v.reply}} {
		switch {
		case pair[0] == open || pair[0] == pair[1]:
		case pair[1] == open:
			out = min(out, leavesOpen)
		default:
			return contradicts
		}
	}
	return out
}

// shown returns a verdict with what records show where the definition leaves it open.
func (c class) shown(v verdict) verdict {
	if v.request == open {
		switch c {
		case answered, unanswered, replyRejected:
			v.request = passes
		case rejected:
			v.request = refused
		}
	}
	if v.reply == open {
		switch c {
		case answered:
			v.reply = passes
		case replyRejected:
			v.reply = refused
		}
	}
	return v
}

// work is the judging of connections.
type work struct {
	*at
	ends
	c         *Connections
	questions []question
	judged    []judged // of a class
	counted   Kind     // that has the connections' bytes
}

// judged is what becomes of connections, as one of the questions has it.
type judged struct {
	q             *question
	base, changed verdict
	kind          Kind // "": nothing
	reply         bool
}

// judge judges the connections of a class, and tells how the definition before explains them. Of
// several questions those count that it explains, if it explains any.
func (w *work) judge(of class) explanation {
	best := contradicts
	w.judged = w.judged[:0]
	for k := range w.questions {
		j := judged{q: &w.questions[k]}
		j.base = judge(w.at.base, w.ends.base, j.q)
		e := of.explained(&j.base)
		switch {
		case e == contradicts && best != contradicts:
			continue
		case e != contradicts && best == contradicts:
			w.judged = w.judged[:0]
		}
		best = max(best, e)
		if !w.none() {
			j.changed = judge(w.at.changed, w.ends.changed, j.q)
			w.flips(&j, of.shown(j.base))
		}
		w.judged = append(w.judged, j)
	}
	return best
}

// flips finds what becomes of connections, of which base is what the definition before and
// records say.
func (w *work) flips(j *judged, base verdict) {
	request := j.q.request(w.ends.base)
	j.kind = becomes(base.request, j.changed.request, w.about(&request))
	if j.kind != "" || base.request != passes || !j.q.replies {
		return
	}
	reply := j.q.reply(w.ends.base)
	j.kind = becomes(base.reply, j.changed.reply, w.about(&reply))
	j.reply = j.kind != ""
}

// becomes tells what becomes of a packet, and "" where nothing does. Where rules that differ
// are not about it, the definitions say the same, though they may leave it open.
func becomes(base, changed answer, about bool) Kind {
	switch {
	case base != open && base == changed:
		return ""
	case base == passes && changed == refused:
		return Breaks
	case base == refused && changed == passes:
		return Opens
	case !about:
		return ""
	case base == refused || changed == passes:
		return MayOpen
	}
	return MayBreak
}

// kind tells what becomes of the connections. Where the questions have it otherwise it may only.
func (w *work) kind() (kind Kind, reply bool) {
	var kinds []Kind
	for i := range w.judged {
		j := &w.judged[i]
		kinds = append(kinds, j.kind)
		reply = reply || j.reply
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	switch {
	case len(kinds) == 1:
		return kinds[0], reply
	case slices.Contains(kinds, Breaks) || slices.Contains(kinds, MayBreak):
		return MayBreak, reply
	}
	return MayOpen, reply
}

// names names what allows the connections in one of the definitions, and what refuses them in
// the other.
func (w *work) names(kind Kind) (allowedBy []string, refusedBy string) {
	with, without := w.at.base, w.at.changed
	farWith, farWithout := w.ends.base, w.ends.changed
	if kind == Opens || kind == MayOpen {
		with, without, farWith, farWithout = without, with, farWithout, farWith
	}
	allowedBy = []string{}
	for i := range w.judged {
		j := &w.judged[i]
		if j.kind == "" {
			continue
		}
		v := j.changed
		if kind == Opens || kind == MayOpen {
			v = j.base
		}
		says, byEntry := v.request, v.requestEntry
		if j.reply {
			says, byEntry = v.reply, true
		}
		if says == refused {
			refusedBy = refuser(without, farWithout, j.q, byEntry, j.reply)
		}
		for _, name := range allowing(with, farWith, j.q, byEntry, j.reply) {
			if !slices.Contains(allowedBy, name) {
				allowedBy = append(allowedBy, name)
			}
		}
	}
	return allowedBy, refusedBy
}

package versions

import (
	"cmp"
	"fmt"
	"slices"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// directed is a rule of a security group. Just one of a group has its key: EC2 refuses a
// second one ("InvalidPermission.Duplicate").
type directed struct {
	direction netmodel.Direction
	netmodel.GroupRule
}

// key is the rule without its id, description, and what else is said of its peer.
func (r *directed) key() string {
	t := r.Traffic
	return fmt.Sprint(r.direction, " ", t.Protocol, " ", t.From, " ", t.To, " ", t.Type, " ", t.Code, " ", r.Peer.String())
}

// is reports whether two descriptions can be of one rule: not all of them know ids.
func (r *directed) is(o *directed) bool {
	return r.key() == o.key() && (r.ID == o.ID || r.ID == "" || o.ID == "")
}

// rules are some rules of a group, in the order of [sortRules].
type rules []directed

func sortRules(list rules) rules {
	slices.SortFunc(list, func(a, b directed) int {
		return cmp.Or(cmp.Compare(a.key(), b.key()), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Description, b.Description))
	})
	return list
}

func rulesOf(g *netmodel.SecurityGroup) rules {
	var out rules
	for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		for _, r := range g.Rules(d) {
			out = append(out, directed{d, r})
		}
	}
	return out
}

// rulesBetween returns the rules that a group had, which had these before and, if somebody saw
// its end, these after, and reports whether events tell it.
func (w *window) rulesBetween(id string, before, after rules, list []dated, end bool) (rules, bool) {
	if !w.members(id, end) {
		return nil, false
	}
	// A rule's changes have nothing to do with those of others, unless ids or keys connect
	// them.
	parts := newParts()
	name := func(r *directed) string {
		parts.connect(r.key(), cmp.Or(r.ID, r.key()))
		return r.key()
	}
	ways := map[string]netmodel.Direction{} // of rules by id
	for _, r := range slices.Concat(before, after) {
		name(&r)
		ways[r.ID] = r.direction
	}
	for _, e := range list {
		if e.Direction != "" {
			ways[e.Rule.ID] = e.Direction
		}
	}
	named, changes, ok := ruleSteps(list, slices.Concat(after, before), ways, name, parts)
	if !ok {
		return nil, false
	}
	alone := map[string]string{} // the rule of a part that can have no other one
	only := func(part, rule string) {
		if was, ok := alone[part]; ok && was != rule {
			rule = ""
		}
		alone[part] = rule
	}
	for _, r := range slices.Concat(before, after) {
		only(parts.of(r.key()), cmp.Or(r.ID, r.key()))
	}
	for i, e := range list {
		only(parts.of(named[i]), cmp.Or(e.Rule.ID, named[i]))
	}
	steps := map[string][]step[rules]{}
	for i, e := range list {
		part := parts.of(named[i])
		if alone[part] == "" {
			changes[i].sets = nil
		}
		steps[part] = append(steps[part], step[rules]{e.at, e.early, e.late, changes[i].apply, changes[i].shows, changes[i].undo, changes[i].sets})
	}
	in := map[string][2]rules{}
	for n, side := range []rules{before, after} {
		for _, r := range side {
			part := parts.of(r.key())
			both := in[part]
			both[n] = append(both[n], r)
			in[part] = both
		}
	}
	for part := range steps {
		if _, ok := in[part]; !ok {
			in[part] = [2]rules{} // neither has a rule of it
		}
	}
	var then rules
	for part, both := range in {
		c := chain[rules]{from: sortRules(both[0]), step: steps[part], same: slices.Equal[rules], meets: meetRules}
		if end {
			to := sortRules(both[1])
			c.to = &to
		}
		value, ok := settle(w, id, &c)
		if !ok {
			return nil, false
		}
		then = append(then, value...)
	}
	return sortRules(then), true
}

// ruleSteps returns what each effect did to rules, and the name by which it belongs to a part.
// It reports false where nothing says of which direction a rule is.
func ruleSteps(list []dated, seen rules, ways map[string]netmodel.Direction, name func(*directed) string, parts parts) ([]string, []change, bool) {
	named, changes := make([]string, len(list)), make([]change, len(list))
	for i := range list {
		e := &list[i]
		r := directed{cmp.Or(e.Direction, ways[e.Rule.ID]), *e.Rule}
		switch {
		case e.What == netmodel.Changed && ways[r.ID] == "":
			return nil, nil, false
		case e.Rule.Peer == netmodel.Peer{}:
			named[i] = r.ID
			parts.connect(r.ID, r.ID)
		default:
			named[i] = name(&r)
		}
		for _, known := range seen { // imports say more of a group that is a peer
			if r.Peer.Group != "" && known.is(&r) {
				r.Reference = known.Reference
				break
			}
		}
		changes[i] = ruleStep(&e.Effect, r)
	}
	return named, changes, true
}

// withRules returns a group with other rules, in the order in which it has them.
func withRules(a *netmodel.SecurityGroup, then rules) *netmodel.SecurityGroup {
	var ordered rules
	for _, r := range rulesOf(a) {
		if i := slices.Index(then, r); i >= 0 {
			ordered, then = append(ordered, r), slices.Delete(then, i, i+1)
		}
	}
	var ingress, egress []netmodel.GroupRule
	for _, r := range append(ordered, then...) {
		if r.direction == netmodel.Ingress {
			ingress = append(ingress, r.GroupRule)
		} else {
			egress = append(egress, r.GroupRule)
		}
	}
	now := *a
	now.Ingress, now.Egress = ingress, egress
	return &now
}

// meetRules reports whether rules are those that were seen. Not all imports know ids.
func meetRules(got, seen rules) bool {
	return slices.EqualFunc(got, seen, func(a, b directed) bool {
		return a.is(&b) && a.Description == b.Description && a.Reference == b.Reference
	})
}

// change is a step without its time.
type change struct {
	apply func(rules) []rules
	shows func(rules) bool
	undo  func(rules) ([]rules, bool)
	sets  *rules // where no other rule is of the part
}

// ruleStep returns what a call did to rules, of which r is the one that it is about.
func ruleStep(e *cloudtrail.Effect, r directed) change {
	with := func(list rules, r directed) []rules { return []rules{sortRules(append(slices.Clone(list), r))} }
	byKey := func(list rules) int {
		return slices.IndexFunc(list, func(o directed) bool { return o.key() == r.key() })
	}
	byID := func(list rules) int {
		return slices.IndexFunc(list, func(o directed) bool { return r.ID != "" && o.ID == r.ID })
	}
	switch e.What {
	case netmodel.Came:
		return change{func(list rules) []rules {
			if byKey(list) >= 0 || byID(list) >= 0 {
				return nil
			}
			return with(list, r)
		}, func(list rules) bool {
			i := byKey(list)
			return i >= 0 && list[i].is(&r)
		}, func(list rules) ([]rules, bool) {
			i := byKey(list)
			if i < 0 || !list[i].is(&r) {
				return nil, true
			}
			return []rules{slices.Delete(slices.Clone(list), i, i+1)}, true
		}, &rules{r}}
	case netmodel.Went:
		find := func(list rules) int {
			switch i := byKey(list); {
			case r.Peer == netmodel.Peer{}:
				return byID(list)
			case i >= 0 && list[i].is(&r):
				return i
			}
			return -1
		}
		return change{func(list rules) []rules {
			i := find(list)
			if i < 0 {
				return nil
			}
			return []rules{slices.Delete(slices.Clone(list), i, i+1)}
		}, func(list rules) bool { return find(list) < 0 }, func(list rules) ([]rules, bool) {
			switch {
			case byKey(list) >= 0 || byID(list) >= 0:
				return nil, true
			case r.Peer == netmodel.Peer{}:
				return nil, false
			}
			return with(list, r), true
		}, &rules{}}
	}
	shows := func(list rules) bool {
		i := byID(list)
		return i >= 0 && list[i].key() == r.key()
	}
	set := &rules{r}
	if e.Undescribed {
		set = nil
	}
	return change{func(list rules) []rules {
		i := byID(list)
		if i < 0 {
			return nil
		}
		was := list[i]
		rest := slices.Delete(slices.Clone(list), i, i+1)
		if byKey(rest) >= 0 {
			return nil
		}
		now := r
		if was.Peer == now.Peer {
			now.Reference = was.Reference
		}
		out := with(rest, now)
		if e.Undescribed && was.Description != "" {
			now.Description = was.Description
			out = append(out, with(rest, now)...)
		}
		return out
	}, shows, func(list rules) ([]rules, bool) { return nil, !shows(list) }, set}
}

// parts are names that belong together.
type parts map[string]string // another one of the same part, the first one itself

func newParts() parts { return parts{} }

// of returns the name that stands for the part of a name.
func (p parts) of(name string) string {
	for p[name] != name && p[name] != "" {
		name = p[name]
	}
	return name
}

// connect makes one part of those of two names.
func (p parts) connect(a, b string) {
	for _, name := range []string{a, b} {
		if p[name] == "" {
			p[name] = name
		}
	}
	if x, y := p.of(a), p.of(b); x != y {
		p[y] = x
	}
}

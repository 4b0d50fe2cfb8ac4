package attribute

import (
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// blockPublicAccess is what stands for VPC Block Public Access among rules.
const blockPublicAccess = "bpa"

// implicit names the groups' lack of a rule.
func implicit(j *policy.Judge, way netmodel.Direction) string {
	return strings.Join(j.Groups(), ",") + ":" + string(way) + ":implicit-deny"
}

// answer is what is told of a record, in names. Rules are in order, each once.
type answer struct {
	attribution attribution
	stage       stage
	rules       []string // that refuse, or allow
}

// answer puts a verdict into names.
func (v verdict) answer(j *policy.Judge, q *question) answer {
	out := answer{attribution: v.attribution, stage: v.stage}
	ahead, back := q.asked()
	if v.lists&(entryDenies|entryAllows) != 0 {
		out.rules = append(out.rules, j.EntryName(policy.Entry{Known: true, Number: v.entry}, q.way))
	}
	if v.lists&noRule != 0 {
		out.rules = append(out.rules, implicit(j, q.way))
	}
	if v.lists&blocks != 0 {
		out.rules = append(out.rules, blockPublicAccess)
	}
	if v.lists&rulesAhead != 0 {
		out.rules = append(out.rules, j.Rules(&ahead)...)
	}
	if v.lists&rulesBack != 0 {
		out.rules = append(out.rules, j.Rules(&back)...)
	}
	slices.Sort(out.rules)
	out.rules = slices.Compact(out.rules)
	return out
}

// union is what several readings of a record tell together.
type union struct {
	stages  []stage
	rules   []string // refuse, or of groups allow
	entries []string // allow
	some    bool     // some reading is accepted
	unknown bool
}

func (u *union) allow(rules ...string) {
	for _, r := range rules {
		if !slices.Contains(u.rules, r) {
			u.rules = append(u.rules, r)
		}
	}
}

func (u *union) entry(name string) {
	if !slices.Contains(u.entries, name) {
		u.entries = append(u.entries, name)
	}
}

func (u *union) refuse(s stage, rule string) {
	if !slices.Contains(u.stages, s) {
		u.stages = append(u.stages, s)
	}
	u.allow(rule)
}

func (u *union) answer() answer {
	switch {
	case u.unknown:
		return answer{attribution: unknown}
	case len(u.stages) == 0 && !u.some:
		return answer{attribution: contradiction}
	}
	out := answer{attribution: ambiguous, rules: slices.Concat(u.rules, u.entries)}
	slices.Sort(out.rules)
	if len(u.rules) <= 1 && len(u.entries) <= 1 {
		out.attribution = exact
	}
	if len(u.stages) == 1 {
		out.stage = u.stages[0]
	}
	return out
}

// with returns what two definitions tell together, either of which may have decided.
func (a answer) with(b answer) answer {
	explains := func(x answer) bool { return x.attribution == exact || x.attribution == ambiguous }
	switch {
	case a.attribution == b.attribution && a.stage == b.stage && slices.Equal(a.rules, b.rules):
		return a
	case a.attribution == unknown || b.attribution == unknown:
		return answer{attribution: unknown}
	case !explains(a) && !explains(b):
		return answer{attribution: contradiction}
	case !explains(a):
		b.attribution = ambiguous // a part of the packets may be of the other
		return b
	case !explains(b):
		a.attribution = ambiguous
		return a
	}
	out := answer{attribution: ambiguous, rules: slices.Concat(a.rules, b.rules)}
	slices.Sort(out.rules)
	out.rules = slices.Compact(out.rules)
	if a.stage == b.stage {
		out.stage = a.stage
	}
	return out
}

package capture

import (
	"slices"
	"strings"

	"weir/internal/aggregate"
	"weir/internal/policy"
)

// JudgementOf returns a decision as records tell it, where it is what happened: the action is the decision's.
func JudgementOf(d policy.Decision) aggregate.Judgement {
	v := d.Verdict()
	j := aggregate.Judgement{Action: string(v.Action)}
	switch {
	case v.Action == policy.Accept:
		rules := v.Rules
		if entry := d.Entry(); entry != "" {
			rules = append(slices.Clip(rules), entry)
		}
		j.AllowRules = strings.Join(rules, " ")
	case v.Stage == policy.NetworkACL:
		j.Stage, j.RejectRule = "nacl", v.Rule
	default:
		// Of all groups of the interface none allows it.
		j.Stage, j.RejectRule = "sg", strings.Replace(v.Rule, "sg:", strings.Join(v.Groups, ",")+":", 1)
	}
	return j
}

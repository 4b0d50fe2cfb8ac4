package alarm

import "slices"

// A child is an alarm that a composite alarm is on, as StateReasonData tells of it.
type child struct {
	ARN   string     `json:"arn"`
	State childState `json:"state"`
}

type childState struct {
	Value     State  `json:"value"`
	Timestamp string `json:"timestamp"`
}

// A trigger is the JSON of a composite alarm's reason: the alarms whose states changed, or, where the composite alarm itself was put, all that it is on.
//
// Source: AWS's recorded answers, DescribeAlarms, and the CloudWatch User Guide, "Alarm events and EventBridge".
type trigger struct {
	Alarms []child `json:"triggeringAlarms"`
}

// settle lets composite alarms answer to the transitions of the batch: those that others are on come first, so that each is judged once, when all
// that it is on has settled. Then suppressors hold actions back, or no longer.
func (b *batch) settle() error {
	if len(b.transitioned) == 0 {
		return nil
	}
	changed := map[string]bool{}
	for _, name := range b.transitioned {
		changed[name] = true
	}
	b.transitioned = nil
	for _, name := range b.composites() {
		a := b.get(name)
		var by []string
		for _, written := range a.rule.children {
			if of := NameOf(written); changed[of] && !slices.Contains(by, of) {
				by = append(by, of)
			}
		}
		if len(by) == 0 {
			continue
		}
		first := b.get(by[0])
		reason := b.s.arn(first.Name) + " transitioned to " + string(first.State) + " at " + longTime(first.StateTransitioned)
		if err := b.answer(name, by, reason); err != nil {
			return err
		}
		if slices.Contains(b.transitioned, name) {
			changed[name] = true
		}
	}
	b.transitioned = nil
	return b.suppress(changed)
}

// answer judges the rule of a composite alarm, and changes its state where it is another.
func (b *batch) answer(name string, by []string, reason string) error {
	a := b.get(name)
	to := b.ruleState(a.rule)
	if to == a.State {
		return nil
	}
	data, err := b.triggered(by)
	if err != nil {
		return err
	}
	return b.transition(b.edit(name), to, reason, data, nil)
}

// ruleState is the state that a rule gives: OK or ALARM.
func (b *batch) ruleState(r *Rule) State {
	if r.holds(func(name string) State {
		if a := b.get(name); a != nil {
			return a.State
		}
		return ""
	}) {
		return Alarm
	}
	return OK
}

// triggered is the JSON of the alarms that a composite alarm answered to. As many as AWS's limit has room for are told.
func (b *batch) triggered(by []string) (string, error) {
	t := trigger{Alarms: []child{}}
	for _, name := range by {
		a := b.get(name)
		t.Alarms = append(t.Alarms, child{b.s.arn(name), childState{a.State, isoTime(a.StateTransitioned)}})
	}
	return fitting(len(t.Alarms), maxReasonData, func(k int) any { return trigger{t.Alarms[:k]} })
}

// composites returns the names of the composite alarms, each behind those that it is on. There are no cycles: put refuses them.
func (b *batch) composites() []string {
	var all []string // also those that were deleted, and some twice: visit sees to that
	for _, alarms := range []map[string]*alarm{b.s.alarms, b.changed} {
		for name, a := range alarms {
			if a != nil && a.rule != nil {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	var order []string
	done := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		a := b.get(name)
		if a == nil || a.rule == nil || done[name] {
			return
		}
		done[name] = true
		for _, written := range a.rule.children {
			visit(NameOf(written))
		}
		order = append(order, name)
	}
	for _, name := range all {
		visit(name)
	}
	return order
}

package alarm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxTags is how many tags an alarm may have, maxParents how many composite alarms may be on one.
//
// Source: AWS, CloudWatch API Reference, PutMetricAlarm and PutCompositeAlarm.
const (
	maxTags    = 50
	maxParents = 150
)

// Put makes an alarm, or replaces the definition of one and leaves its state. Tags are those of a new one alone. Errors
// are [*Error] where the definition is at fault. Statistics and expressions are the caller's to check.
func (s *Store) Put(ctx context.Context, d Definition, tags map[string]string) error {
	if err := d.check(); err != nil {
		return err
	}
	d, err := d.clone()
	if err != nil {
		return err
	}
	defer signal(s.poke)
	defer signal(s.pokeLogs)
	return s.write(ctx, func(b *batch) error {
		a := b.edit(d.Name)
		created := a == nil
		if created {
			var err error
			if a, err = b.create(&d, tags); err != nil {
				return err
			}
		} else if a.Type() != d.Type() {
			return invalid("AlarmName [%s] is already used by another alarm of a different type", d.Name)
		}
		before := a.Definition
		a.Definition, a.ConfigurationUpdated = d, b.now
		if err := a.compile(); err != nil {
			return err
		}
		kind, summary := "Update", "updated"
		if created {
			kind, summary = "Create", "created"
		}
		if err := b.log(a, itemConfiguration, fmt.Sprintf("Alarm %q %s", d.Name, summary), b.configuration(kind, a)); err != nil {
			return err
		}
		switch {
		case d.Composite != nil:
			return b.putComposite(a, &before, summary)
		case d.Log != nil && !created:
			return b.putLog(a, before.Log)
		}
		return nil
	})
}

// clone returns a definition that has nothing together with the caller's.
func (d *Definition) clone() (Definition, error) {
	var out Definition
	text, err := json.Marshal(d)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

// create adds an alarm.
func (b *batch) create(d *Definition, tags map[string]string) (*alarm, error) {
	if err := checkTags(len(tags)); err != nil {
		return nil, err
	}
	r, err := b.tx.ExecContext(b.ctx, "INSERT INTO alarms (name, body, evaluated) VALUES (?, '{}', 0)", d.Name)
	if err != nil {
		return nil, err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return nil, err
	}
	a := &alarm{id: id}
	a.State, a.Reason = InsufficientData, "Unchecked: Initial alarm creation"
	a.StateUpdated, a.StateTransitioned = b.now, b.now
	if d.Log != nil {
		a.evaluated = b.now / 1000 // its query runs for the first time when the schedule says so next
	}
	b.changed[d.Name] = a
	return a, b.putTags(id, tags)
}

// putComposite checks what a composite alarm names, and judges it at once.
func (b *batch) putComposite(a *alarm, before *Definition, how string) error {
	composites := b.composites()
	for _, written := range a.rule.children {
		if err := b.checkChild(a, written, composites); err != nil {
			return err
		}
	}
	if path := b.cycle(a); path != nil {
		return invalid("The AlarmRule would make a cycle: %s. AWS stops evaluating the alarms of a cycle; weir refuses it.", strings.Join(path, ", "))
	}
	suppressor := a.Composite.Suppressor
	if suppressor != "" {
		if err := b.checkReference("ActionsSuppressor", suppressor); err != nil {
			return err
		}
		if NameOf(suppressor) == a.Name {
			return invalid("A composite alarm cannot be its own ActionsSuppressor.")
		}
	}
	names := make([]string, 0, len(a.rule.children))
	for _, written := range a.rule.children {
		names = append(names, NameOf(written))
	}
	if err := b.answer(a.Name, names, b.s.arn(a.Name)+" was "+how+" and its alarm rule evaluates to "+string(b.ruleState(a.rule))); err != nil {
		return err
	}
	// A suppressor that was replaced holds nothing back any more: what it held back is decided anew.
	if a.Held && (before.Composite == nil || before.Composite.Suppressor != suppressor) {
		if suppressor == "" {
			if err := b.release(a); err != nil {
				return err
			}
		} else if err := b.suppress(map[string]bool{a.Name: true}); err != nil {
			return err
		}
	}
	return b.settle()
}

func (b *batch) checkChild(a *alarm, written string, composites []string) error {
	name := NameOf(written)
	if name == a.Name {
		return invalid("A composite alarm cannot have a child relation with itself via its AlarmRule")
	}
	if err := b.checkReference("AlarmRule", written); err != nil {
		return err
	}
	parents := 0
	for _, parent := range composites {
		if parent != a.Name && b.get(parent).isOn(name) {
			parents++
		}
	}
	if parents >= maxParents {
		return &Error{Code: "LimitExceeded", Message: fmt.Sprintf("The alarm %s is in the rules of %d composite alarms, and can be in no more.", name, maxParents)}
	}
	return nil
}

// checkReference refuses the name or ARN of an alarm that is not here.
func (b *batch) checkReference(member, written string) error {
	name := NameOf(written)
	if name != written && written != b.s.arn(name) || name == written && strings.HasPrefix(written, "arn:") {
		return invalid("%s names %s, which is no alarm of this account and Region.", member, written)
	}
	if b.get(name) == nil {
		return invalid("%s names the alarm %s, which does not exist.", member, name)
	}
	return nil
}

// isOn reports whether the alarm is a composite one whose rule names an alarm.
func (a *alarm) isOn(name string) bool {
	return a.rule != nil && slices.ContainsFunc(a.rule.children, func(written string) bool { return NameOf(written) == name })
}

// cycle returns a way from an alarm over rules to itself, nil where there is none.
func (b *batch) cycle(a *alarm) []string {
	seen := map[string]bool{}
	var visit func(name string, path []string) []string
	visit = func(name string, path []string) []string {
		path = append(path, name)
		if name == a.Name && len(path) > 1 {
			return path
		}
		of := b.get(name)
		if seen[name] || of == nil || of.rule == nil {
			return nil
		}
		seen[name] = true
		for _, written := range of.rule.children {
			if found := visit(NameOf(written), path); found != nil {
				return found
			}
		}
		return nil
	}
	return visit(a.Name, nil)
}

// putLog begins a log alarm anew where its query is another: results of the old one tell nothing about it.
//
// Source: AWS, CloudWatch User Guide, "Log alarms", Alarm update.
func (b *batch) putLog(a *alarm, before *Log) error {
	now := a.Log
	if before.Query == now.Query && before.Aggregation == now.Aggregation && before.Schedule == now.Schedule && slices.Equal(before.LogGroups, now.LogGroups) {
		return nil
	}
	a.results, a.evaluated = nil, b.now/1000
	if _, err := b.tx.ExecContext(b.ctx, "DELETE FROM results WHERE alarm = ?", a.id); err != nil {
		return err
	}
	if a.State == InsufficientData {
		return nil
	}
	if err := b.transition(a, InsufficientData, "Unchecked: The query of the alarm was updated", "", nil); err != nil {
		return err
	}
	return b.settle()
}

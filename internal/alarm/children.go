package alarm

import (
	"context"
	"encoding/json"
	"math"
)

// A Child is an alarm that the rule of a composite alarm names, in the state that it was in when the composite alarm changed its own.
type Child struct {
	// Definition is the alarm as it is now, ConfigurationUpdated its time in milliseconds since the epoch: where that is later than the change, it is not what was judged.
	Definition           Definition
	ConfigurationUpdated int64
	State                State
	// Reason and ReasonData are those of the state. Since is when the alarm came into it, in milliseconds since the epoch, 0 where that is not kept.
	Reason, ReasonData string
	Since              int64
}

// sameReason bounds how many changes of state before a time are looked through for that of a reason.
const sameReason = 10

// ChildrenIn returns the alarms that were in a state when a composite alarm made a transition: those that its rule names, behind each that is a composite alarm itself those that its
// rule names, and so on; each once, at most some, and more says that there are others. It goes by history, so that what changed since does not count. A name that is of no composite alarm has none.
func (s *Store) ChildrenIn(ctx context.Context, name string, t *Transition, state State, most int) (children []Child, more bool, err error) {
	at, err := s.historyOf(ctx, name, t)
	if err != nil {
		return nil, false, err
	}
	all, seen := s.current(), map[string]bool{name: true}
	var visit func(a *alarm) error
	visit = func(a *alarm) error {
		if a == nil || a.rule == nil {
			return nil
		}
		for _, written := range a.rule.children {
			of := all[NameOf(written)]
			if of == nil || seen[of.Name] || more {
				continue
			}
			seen[of.Name] = true
			c, err := s.childAt(ctx, of, at)
			if err != nil {
				return err
			}
			if c.State != state {
				continue
			}
			if len(children) == most {
				more = true
				continue
			}
			children = append(children, c)
			if err := visit(of); err != nil {
				return err
			}
		}
		return nil
	}
	err = visit(all[name])
	return children, more, err
}

// historyOf returns the item of history that has a transition of an alarm. Where there is none, it is one behind all of its time.
func (s *Store) historyOf(ctx context.Context, name string, t *Transition) (*HistoryItem, error) {
	items, err := s.History(ctx, HistoryRequest{Name: name, ItemType: itemStateUpdate, To: t.Time, Limit: sameReason})
	if err != nil {
		return nil, err
	}
	for i := range items {
		if u := updateOf(&items[i]); u.New.State == t.New && u.New.Reason == t.Reason {
			return &items[i], nil // actions that were held back have a later time
		}
	}
	return &HistoryItem{Time: t.Time, ID: math.MaxInt64}, nil
}

// childAt returns an alarm as it was at an item of history: items of the same time lie before and behind it.
func (s *Store) childAt(ctx context.Context, a *alarm, at *HistoryItem) (Child, error) {
	out := Child{Definition: a.Definition, ConfigurationUpdated: a.ConfigurationUpdated, State: a.State, Reason: a.Reason, ReasonData: a.ReasonData, Since: a.StateTransitioned}
	if a.StateTransitioned < at.Time {
		return out, nil
	}
	r := HistoryRequest{Name: a.Name, ItemType: itemStateUpdate, After: at, Ascending: true, Limit: 1}
	later, err := s.History(ctx, r)
	if err != nil || len(later) == 0 {
		return out, err
	}
	old := updateOf(&later[0]).Old
	out.State, out.Reason, out.ReasonData, out.Since = old.State, old.Reason, string(old.Data), 0
	r.Ascending = false
	before, err := s.History(ctx, r)
	if err != nil || len(before) == 0 {
		return out, err
	}
	if now := updateOf(&before[0]).New; now.State == old.State && now.Reason == old.Reason { // else it is of an alarm that was deleted
		out.ReasonData, out.Since = string(now.Data), before[0].Time
	}
	return out, nil
}

// An update is what history says of a change of state.
type update struct {
	Old updatedState `json:"oldState"`
	New updatedState `json:"newState"`
}

type updatedState struct {
	State  State           `json:"stateValue"`
	Reason string          `json:"stateReason"`
	Data   json.RawMessage `json:"stateReasonData"`
}

// updateOf reads the data of an item that is a change of state.
func updateOf(h *HistoryItem) (u update) {
	if json.Unmarshal([]byte(h.Data), &u) != nil {
		return update{} // no change is like it
	}
	return u
}

package alarm

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// transition changes the state of an alarm that is being edited, writes that to the history, and takes the actions of the new state, or holds them
// back where the alarm has a suppressor. lines go with the actions.
func (b *batch) transition(a *alarm, to State, reason, data string, lines []string) error {
	a.Transitions++
	t := Transition{Number: a.Transitions, Old: a.State, New: to, Reason: reason, ReasonData: data, Time: b.now}
	old := a.Described
	a.State, a.Reason, a.ReasonData, a.Last = to, reason, data, &t
	a.StateUpdated, a.StateTransitioned = b.now, b.now
	a.Held, a.Until, a.SuppressedBy, a.SuppressedReason = false, 0, "", "" // what is held back is of a state that is no more
	if err := b.log(a, itemStateUpdate, fmt.Sprintf("Alarm updated from %s to %s", old.State, to), stateUpdate(&old, &a.Described)); err != nil {
		return err
	}
	b.transitioned = append(b.transitioned, a.Name)
	if a.Composite != nil && a.Composite.Suppressor != "" {
		return nil // settle decides, when the suppressor's state is settled as well
	}
	return b.act(a, &t, lines)
}

// act takes the actions of a transition, unless actions are off, or holds them back where the alarm is silenced.
func (b *batch) act(a *alarm, t *Transition, lines []string) error {
	if !a.Actions.Enabled {
		return nil
	}
	for i, target := range targets(&a.Actions, t.New) {
		if b.now < a.SilencedUntil {
			data := object{"actionState": "Silenced", "stateUpdateTimestamp": t.Time, "notificationResource": target, "silencedUntil": isoTime(a.SilencedUntil)}
			if err := b.log(a, itemAction, fmt.Sprintf("Held back action %s: the alarm is silenced until %s", target, isoTime(a.SilencedUntil)), data); err != nil {
				return err
			}
			continue
		}
		action := Action{ID: b.actionID(a, t, i), Target: target, Transition: *t, Definition: a.Definition, ConfigurationUpdated: a.ConfigurationUpdated, Lines: lines}
		body, err := json.Marshal(action)
		if err != nil {
			return err
		}
		if _, err := b.tx.ExecContext(b.ctx, "INSERT INTO actions (id, body) VALUES (?, ?)", action.ID, string(body)); err != nil {
			return err
		}
		b.acted = true
	}
	return nil
}

// targets returns the actions of a state.
func targets(a *Actions, s State) []string {
	switch s {
	case OK:
		return a.OK
	case Alarm:
		return a.Alarm
	default:
		return a.InsufficientData
	}
}

// actionID has the form of a UUID, so that it can be the id of a message. It is made of what an action is: the store, the alarm, which is another one when it was
// deleted and made again, the number of the transition, and the place of the action among those of the state.
func (b *batch) actionID(a *alarm, t *Transition, place int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d/%d", b.s.id, a.id, t.Number, place))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // a UUID of version 8: of one's own making
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// object is a JSON object.
type object = map[string]any

// maxHistoryData is how many bytes the data of a change of state and of an action have at most: what HistoryData may have. A changed definition is written
// whole, however long it is.
const maxHistoryData = 4095

// stateUpdate is the JSON of a change of state. Where it would be too long, the data of reasons are left out, the old one's first.
func stateUpdate(old, now *Described) any {
	state := func(d *Described, withData bool) object {
		o := object{"stateValue": d.State, "stateReason": d.Reason}
		if withData && d.ReasonData != "" {
			o["stateReasonData"] = json.RawMessage(d.ReasonData)
		}
		return o
	}
	var text object
	for _, with := range []struct{ old, now bool }{{true, true}, {false, true}, {false, false}} {
		text = object{"version": "1.0", "oldState": state(old, with.old), "newState": state(now, with.now)}
		if body, err := json.Marshal(text); err == nil && len(body) <= maxHistoryData {
			break
		}
	}
	return text
}

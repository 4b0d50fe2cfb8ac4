package alarm

import (
	"context"
	"encoding/json"
)

// SetState sets a state for a while: the next evaluation sets it as it is. Actions are carried out as with any transition. data is JSON, or "". Errors are
// [*Error] where there is no such alarm (ResourceNotFound) or data is no JSON (InvalidFormat).
//
// Source: AWS, CloudWatch API Reference, SetAlarmState: a composite alarm goes back when the state of an alarm changes that it is on.
func (s *Store) SetState(ctx context.Context, name string, state State, reason, data string) error {
	if state != OK && state != Alarm && state != InsufficientData {
		return invalid("1 validation error detected: Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]", state)
	}
	if data != "" && !json.Valid([]byte(data)) {
		return &Error{Code: "InvalidFormat", Message: "StateReasonData must be valid JSON."}
	}
	return s.write(ctx, func(b *batch) error {
		a := b.edit(name)
		if a == nil {
			return notFound()
		}
		if a.State == state {
			a.Reason, a.ReasonData, a.StateUpdated = reason, data, b.now
			return nil
		}
		if err := b.transition(a, state, reason, data, nil); err != nil {
			return err
		}
		return b.settle()
	})
}

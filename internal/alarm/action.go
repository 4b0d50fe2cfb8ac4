package alarm

import "context"

// A Transition is a change of an alarm's state.
type Transition struct {
	// Number counts the transitions of the alarm from 1.
	Number             int64
	Old, New           State
	Reason, ReasonData string
	// Time is in milliseconds since the epoch.
	Time int64
}

// An Action is something to carry out because of a transition.
type Action struct {
	// ID is made of the alarm, the number of the transition and the action; it is the same however often the action is returned.
	ID string
	// Target is the ARN of what is to be done, or of the topic.
	Target string
	Transition
	// Definition is the alarm as it was then, and ConfigurationUpdated its time, in milliseconds since the epoch.
	Definition           Definition
	ConfigurationUpdated int64
	// Lines are log lines of a log alarm.
	Lines []string
}

// Actions returns the actions that are to be carried out, the oldest first, at most 100. An action is returned until ActionDone is told of it.
func (s *Store) Actions(ctx context.Context) ([]Action, error) { return nil, errUnbuilt }

// ActionDone says that an action was carried out, or, where ok is false, that it can't be; text says what was done or why not, and
// goes to the history. An unknown id is ignored: it was done before.
func (s *Store) ActionDone(ctx context.Context, id string, ok bool, text string) error {
	return errUnbuilt
}

// ActionsReady returns a channel that gets a value when there are new actions.
func (s *Store) ActionsReady() <-chan struct{} { return nil }

package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"weir/internal/sqlitedb"
)

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
	// ID has the form of a UUID. It is made of the alarm, the number of the transition and the action, and is the same however often the action is returned.
	ID string
	// Target is the ARN of what is to be done, such as that of a topic.
	Target string
	Transition
	// Definition is the alarm as it was then, and ConfigurationUpdated its time, in milliseconds since the epoch.
	Definition           Definition
	ConfigurationUpdated int64
	// Lines are log lines of a log alarm.
	Lines []string
}

// someActions is how many actions are returned at once.
const someActions = 100

// Actions returns the actions that are to be carried out, the oldest first, at most 100. An action is returned until ActionDone is told of it.
func (s *Store) Actions(ctx context.Context) ([]Action, error) {
	var out []Action
	err := sqlitedb.EachRow(ctx, s.db, "SELECT body FROM actions ORDER BY seq LIMIT ?", func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var a Action
		err := json.Unmarshal([]byte(body), &a)
		out = append(out, a)
		return err
	}, someActions)
	return out, err
}

// ActionDone says that an action was carried out, or, where ok is false, that it can't be; text says what was published or why not, and
// goes to the history. An unknown id is ignored: it was done before.
func (s *Store) ActionDone(ctx context.Context, id string, ok bool, text string) error {
	return s.write(ctx, func(b *batch) error {
		var body string
		err := b.tx.QueryRowContext(ctx, "DELETE FROM actions WHERE id = ? RETURNING body", id).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		var a Action
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			return err
		}
		summary, data := "Successfully executed action "+a.Target, object{"actionState": "Succeeded", "stateUpdateTimestamp": a.Time, "notificationResource": a.Target}
		key := "publishedMessage"
		if !ok {
			summary, key = "Failed to execute action "+a.Target+". Received error: \""+text+"\"", "error"
			data["actionState"] = "Failed"
		}
		if text != "" {
			data[key] = text
		}
		item := &HistoryItem{Name: a.Definition.Name, AlarmType: a.Definition.Type(), ItemType: itemAction, Summary: summary}
		written, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if len(written) > maxHistoryData { // what was published is with the topic
			delete(data, key)
			if written, err = json.Marshal(data); err != nil {
				return err
			}
		}
		item.Data = string(written)
		return b.logItem(item)
	})
}

// ActionsReady returns a channel that gets a value when there may be actions: after Open, and when new ones are there.
func (s *Store) ActionsReady() <-chan struct{} { return s.ready }

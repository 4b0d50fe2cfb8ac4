package alarm

import "context"

// A HistoryRequest asks for items of the history.
type HistoryRequest struct {
	// Name is the alarm's, "" all.
	Name string
	// Types are kinds of alarms (MetricAlarm), none is all; ItemType is ConfigurationUpdate, StateUpdate, Action or "".
	Types    []string
	ItemType string
	// From and To are in milliseconds since the epoch, both included; 0 leaves that end open.
	From, To int64
	// Ascending asks for the oldest first.
	Ascending bool
	// After is the item that the last answer ended with; nil begins.
	After *HistoryItem
	// Limit is how many items are wanted, at least 1.
	Limit int
}

// A HistoryItem is something that happened to an alarm.
//
// Source: AWS, CloudWatch API Reference, AlarmHistoryItem.
type HistoryItem struct {
	// ID tells items apart; later ones have larger ids.
	ID              int64
	Name, AlarmType string
	// Time is in milliseconds since the epoch.
	Time     int64
	ItemType string
	Summary  string
	// Data is JSON.
	Data string
}

// History returns items of the history, the newest first unless asked otherwise. They are kept for 30 days, also of alarms that were deleted.
func (s *Store) History(ctx context.Context, r HistoryRequest) ([]HistoryItem, error) {
	return nil, errUnbuilt
}

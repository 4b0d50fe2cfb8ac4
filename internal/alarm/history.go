package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"weir/internal/sqlitedb"
)

// The types of history items.
const (
	itemConfiguration = "ConfigurationUpdate"
	itemStateUpdate   = "StateUpdate"
	itemAction        = "Action"
)

// keepHistory is how long history is kept, in milliseconds.
//
// Source: AWS, CloudWatch API Reference, DescribeAlarmHistory.
const keepHistory = 30 * day * 1000

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
	// After is the item that the last answer ended with; its ID and Time count. nil begins.
	After *HistoryItem
	// Limit is how many items are wanted, at least 1.
	Limit int
}

// A HistoryItem is something that happened to an alarm.
//
// Source: AWS, CloudWatch API Reference, AlarmHistoryItem.
type HistoryItem struct {
	// ID tells items apart.
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
	var b strings.Builder
	var values []any
	where := func(condition string, value ...any) {
		if b.Len() > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString(condition)
		values = append(values, value...)
	}
	where("time >= ?", max(r.From, s.nowMS()-keepHistory))
	if r.To > 0 {
		where("time <= ?", r.To)
	}
	if r.Name != "" {
		where("name = ?", r.Name)
	}
	if r.ItemType != "" {
		where("item_type = ?", r.ItemType)
	}
	if len(r.Types) > 0 {
		marks := make([]any, len(r.Types))
		for i, t := range r.Types {
			marks[i] = t
		}
		where("alarm_type IN (?"+strings.Repeat(", ?", len(marks)-1)+")", marks...)
	}
	order, beyond := "DESC", "<"
	if r.Ascending {
		order, beyond = "ASC", ">"
	}
	if r.After != nil {
		where("(time, id) "+beyond+" (?, ?)", r.After.Time, r.After.ID)
	}
	var out []HistoryItem
	err := sqlitedb.EachRow(ctx, s.db, "SELECT id, name, alarm_type, time, item_type, summary, data FROM history WHERE "+b.String()+
		" ORDER BY time "+order+", id "+order+" LIMIT ?", func(rows *sql.Rows) error {
		var h HistoryItem
		err := rows.Scan(&h.ID, &h.Name, &h.AlarmType, &h.Time, &h.ItemType, &h.Summary, &h.Data)
		out = append(out, h)
		return err
	}, append(values, r.Limit)...)
	return out, err
}

// maxSummary is how many bytes HistorySummary may have.
const maxSummary = 255

// log adds an item to the history of an alarm.
func (b *batch) log(a *alarm, itemType, summary string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return b.logItem(&HistoryItem{Name: a.Name, AlarmType: a.Type(), ItemType: itemType, Summary: summary, Data: string(text)})
}

// logItem adds an item of now.
func (b *batch) logItem(h *HistoryItem) error {
	b.logged = true
	_, err := b.tx.ExecContext(b.ctx, "INSERT INTO history (name, alarm_type, time, item_type, summary, data) VALUES (?, ?, ?, ?, ?, ?)",
		h.Name, h.AlarmType, b.now, h.ItemType, cut(h.Summary, maxSummary), h.Data)
	return err
}

// cut shortens a text to some bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// forget deletes what is older than it is kept, once an hour.
func (s *Store) forget(ctx context.Context, now int64) error {
	if now-s.watch.forgotten < hour*1000 {
		return nil
	}
	s.change.Lock()
	defer s.change.Unlock()
	if _, err := s.db.ExecContext(ctx, "DELETE FROM history WHERE time < ?", now-keepHistory); err != nil {
		return err
	}
	s.watch.forgotten = now
	return nil
}

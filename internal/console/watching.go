package console

import (
	"context"
	"errors"
	"net/http"

	"weir/internal/alarm"
	"weir/internal/contributor"
	"weir/internal/notify"
)

// Watching is what watches, and what the page shows of it. All members must be set.
type Watching struct {
	Alarms Alarms
	Rules  Rules
	// Values returns the datapoints that an alarm on a metric or an expression sees; see [alarm.Source].
	Values func(ctx context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error)
	// Behind tells what log events, and other alarms, say of a transition of an alarm; nil where they say nothing.
	Behind func(ctx context.Context, a *alarm.Action) (*Behind, error)
	// Deliveries tells what became of a message for each of its subscribers.
	Deliveries func(ctx context.Context, messageID string) ([]notify.Delivery, error)
}

// Alarms keeps alarms; [alarm.Store] does.
type Alarms interface {
	Alarms(ctx context.Context) ([]alarm.Described, error)
	Alarm(ctx context.Context, name string) (alarm.Described, error)
	// Results returns what a log alarm's query gave, from from to to (seconds since the epoch, both included), the oldest first; of more than limit the newest.
	Results(ctx context.Context, name string, from, to int64, limit int) ([]alarm.Result, error)
	History(ctx context.Context, r alarm.HistoryRequest) ([]alarm.HistoryItem, error)
	// Silence holds actions back until a time in milliseconds since the epoch.
	Silence(ctx context.Context, name string, until int64) error
	// Changes returns a channel that gets a value when alarms or their history have changed, until ctx ends.
	Changes(ctx context.Context) <-chan struct{}
}

// Rules counts contributors; [contributor.Store] does.
type Rules interface {
	Rules(ctx context.Context) ([]contributor.Described, error)
	Report(ctx context.Context, r contributor.ReportRequest) (*contributor.Report, error)
}

// Behind is what log events say of why an alarm changed its state.
type Behind struct {
	// From and To bound the periods that were judged, in seconds since the epoch.
	From, To int64
	// Groups are the log groups whose events were looked at, and Matched counts those that count; Cut says that there are more than
	// were looked at.
	Groups  []string
	Matched int64
	Cut     bool
	// Sources, Targets and Interfaces have most of them, the greatest first.
	Sources, Targets, Interfaces []Counted
	// Says are lines of what is known beside events, such as which alarms of a rule are in ALARM.
	Says []string
	// Next are commands to run next.
	Next []string
	// Rules are the names of those rules that the alarm watches.
	Rules []string
}

// Counted is a value, what is known of it ("" for nothing), and how often it came.
type Counted struct {
	Value string  `json:"value"`
	Name  string  `json:"name"`
	Count float64 `json:"count"`
}

// registerWatching adds the handlers of alarms and contributors.
func (c *console) registerWatching(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/alarms", c.read(c.alarms))
	mux.HandleFunc("GET /api/v1/alarm", c.read(c.alarm))
	mux.HandleFunc("GET /api/v1/alarm-values", c.read(c.alarmValues))
	mux.HandleFunc("GET /api/v1/alarm-behind", c.read(c.alarmBehind))
	mux.HandleFunc("POST /api/v1/silence", write(c.silence))
	mux.HandleFunc("GET /api/v1/rules", c.read(c.rules))
	mux.HandleFunc("GET /api/v1/contributors", c.read(c.contributors))
}

// named returns the alarm that a read names.
func (c *console) named(ctx context.Context, name string) (*alarm.Described, error) {
	d, err := c.Watching.Alarms.Alarm(ctx, name)
	if e, ok := errors.AsType[*alarm.Error](err); ok && e.Code == "ResourceNotFound" {
		return nil, &problem{status: http.StatusNotFound, Param: "name", Message: "there is no alarm of this name", Hint: "it may have been deleted"}
	}
	return &d, err
}

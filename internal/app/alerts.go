package app

import (
	"context"
	"errors"
	"math"
	"time"

	"weir/internal/alarm"
	"weir/internal/notify"
)

// AlertService is what weir has of alarms and messages beside the operations of AWS.
type AlertService interface {
	// AlarmDetails returns what an alarm watches and why it is in its state.
	AlarmDetails(ctx context.Context, name string) (*AlarmDetails, error)
	// SilencedAlarms returns until when the actions of alarms are held back, by the alarms' names.
	SilencedAlarms(ctx context.Context) (map[string]time.Time, error)
	// SilenceAlarm holds the actions of an alarm back until a time; one that is past ends that.
	SilenceAlarm(ctx context.Context, r SilenceRequest) error
	// ReplayAlarm judges an alarm over the values that are kept, and changes nothing.
	ReplayAlarm(ctx context.Context, r ReplayRequest) (*AlarmReplay, error)
	// TestAlarm sends a message that says that it is a test to each of the actions of an alarm.
	TestAlarm(ctx context.Context, name string) ([]TestMessage, error)
	// TestTopic publishes a message that says that it is a test.
	TestTopic(ctx context.Context, topicARN string) (TestMessage, error)
	// Undelivered returns what of a message is not delivered yet.
	Undelivered(ctx context.Context, messageID string) ([]notify.Undelivered, error)
	// DeadLetters returns the messages that could not be delivered, the newest first.
	DeadLetters(ctx context.Context) ([]notify.DeadLetter, error)
	// ChangeDeadLetter delivers a message again, or removes it.
	ChangeDeadLetter(ctx context.Context, r DeadLetterChange) error
}

// AlarmDetails is what an alarm watches, and why it is in its state.
type AlarmDetails struct {
	// SilencedUntil is until when actions are held back; the zero time where they are not.
	SilencedUntil time.Time
	// Period is that of the values in seconds; 0 where an alarm has no values of periods: composite and log alarms.
	Period int64
	// Runs are the last runs of a log alarm's query, ascending; none of other alarms.
	Runs []AlarmRun
	// Threshold is NaN where an alarm has none.
	Threshold float64
	// Points are the values of the last periods that are due, of live data, or of those Runs that have one; ascending.
	Points []AlarmPoint
	// Lateness is how long after a period's end it is judged, as its data come late.
	Lateness time.Duration
	// Why is what log events say of the state ALARM; nil where they say nothing, or Lacking says why it is not known. Lacking also says why there
	// are no Points.
	Why     *AlarmWhy
	Lacking string
}

// An AlarmPoint is the value of a period that begins at Time, or of a run at that time, in seconds since the epoch.
type AlarmPoint struct {
	Time  int64
	Value float64
}

// An AlarmRun is a run of a log alarm's query, at a time in seconds since the epoch.
type AlarmRun struct {
	Time int64
	// Missing says that there was no value.
	Missing bool
	Value   float64
	// Rows is how many rows the query gave, -1 where that is not known.
	Rows int64
}

// AlarmWhy is what log events say of why an alarm went off.
type AlarmWhy struct {
	From, To   time.Time // the periods that are behind it
	LogGroups  []string  // none where no log events are behind it, but what Says tells
	Events     int64     // that count
	Cut        bool      // there are more than were looked at
	Sources    []AlarmCount
	Targets    []AlarmCount
	Interfaces []AlarmCount
	Says       []string // what is behind an alarm that no log events are
	Next       []string // commands to run next
}

// An AlarmCount is a value, what it is called, and how often it came.
type AlarmCount struct {
	Value string  `json:"value"`
	Name  string  `json:"name,omitempty"`
	Count float64 `json:"count"`
}

// SilenceRequest says until when the actions of an alarm are held back.
type SilenceRequest struct {
	Name  string
	Until time.Time
}

// alarmPoints is how many periods, or runs, of an alarm are shown.
const alarmPoints = 60

// noAlarm says that there is no alarm.
func noAlarm(name string) error {
	return &UsageError{Message: "there is no alarm " + name, Hint: "weir alarm list shows those that there are"}
}

// alertingRooms returns what watches.
func (s *Local) alertingRooms(ctx context.Context) (*alerting, error) {
	api, err := s.openAPI(ctx, ServeOptions{})
	if err != nil {
		return nil, err
	}
	return api.alerting, nil
}

// describedAlarm returns an alarm with what watches.
func (s *Local) describedAlarm(ctx context.Context, name string) (*alerting, alarm.Described, error) {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return nil, alarm.Described{}, err
	}
	d, err := w.alarms.Alarm(ctx, name)
	if _, missing := errors.AsType[*alarm.Error](err); missing {
		err = noAlarm(name)
	}
	return w, d, err
}

// AlarmDetails returns what an alarm watches and why it is in its state.
func (s *Local) AlarmDetails(ctx context.Context, name string) (*AlarmDetails, error) {
	w, d, err := s.describedAlarm(ctx, name)
	if err != nil {
		return nil, err
	}
	out := &AlarmDetails{Threshold: math.NaN()}
	if d.SilencedUntil > s.now().UnixMilli() {
		out.SilencedUntil = time.UnixMilli(d.SilencedUntil)
	}
	switch {
	case d.Log != nil:
		err = w.logDetails(ctx, &d, out)
	case d.Metric != nil:
		err = w.metricDetails(ctx, d.Metric, s.now().Unix(), out)
	}
	if err != nil {
		return nil, err
	}
	if d.State != alarm.Alarm {
		return out, nil
	}
	found, err := w.actions.evidence(ctx, &alarm.Action{
		Definition: d.Definition, Transition: alarm.Transition{New: d.State, Reason: d.Reason, ReasonData: d.ReasonData, Time: d.StateTransitioned},
	})
	if err != nil {
		if out.Lacking != "" {
			out.Lacking += "; "
		}
		out.Lacking += "what log events say of it was not found: " + err.Error()
	}
	if found != nil {
		out.Why = found.shown()
	}
	return out, nil
}

// metricDetails adds the values of an alarm on a metric or an expression; now is in seconds since the epoch.
func (w *alerting) metricDetails(ctx context.Context, m *alarm.Metric, now int64, out *AlarmDetails) error {
	late, err := w.source.Lateness(ctx, m)
	if err != nil {
		return err
	}
	out.Lateness = time.Duration(late) * time.Second
	out.Threshold, out.Period = m.Threshold, int64(m.EvaluationPeriod())
	to := (now - late) / out.Period * out.Period
	points, err := w.source.Values(ctx, m, to-alarmPoints*out.Period, to)
	if err != nil {
		out.Lacking = "the values can't be read: " + err.Error()
	}
	for _, p := range points {
		out.Points = append(out.Points, AlarmPoint{p.Time, p.Value})
	}
	return nil
}

// logDetails adds the results of a log alarm.
func (w *alerting) logDetails(ctx context.Context, d *alarm.Described, out *AlarmDetails) error {
	out.Threshold = d.Log.Threshold
	kept, err := w.alarms.Results(ctx, d.Name, 0, math.MaxInt64, alarmPoints)
	for _, r := range kept {
		out.Runs = append(out.Runs, AlarmRun(r))
		if !r.Missing {
			out.Points = append(out.Points, AlarmPoint{r.Time, r.Value})
		}
	}
	return err
}

// shown returns evidence for commands.
func (e *evidence) shown() *AlarmWhy {
	counts := func(list []counted) []AlarmCount {
		out := make([]AlarmCount, len(list))
		for i, c := range list {
			out[i] = AlarmCount(c)
		}
		return out
	}
	return &AlarmWhy{
		From: seconds(e.From), To: seconds(e.To), LogGroups: e.Groups, Events: e.Matched, Cut: e.Cut,
		Sources: counts(e.Sources), Targets: counts(e.Targets), Interfaces: counts(e.Interfaces), Says: e.Says, Next: e.Next,
	}
}

// SilencedAlarms returns until when the actions of alarms are held back.
func (s *Local) SilencedAlarms(ctx context.Context) (map[string]time.Time, error) {
	w, err := s.alertingRooms(ctx)
	if err != nil {
		return nil, err
	}
	all, err := w.alarms.Alarms(ctx)
	out := map[string]time.Time{}
	for i := range all {
		if until := all[i].SilencedUntil; until > s.now().UnixMilli() {
			out[all[i].Name] = time.UnixMilli(until)
		}
	}
	return out, err
}

// SilenceAlarm holds the actions of an alarm back.
func (s *Local) SilenceAlarm(ctx context.Context, r SilenceRequest) error {
	w, _, err := s.describedAlarm(ctx, r.Name)
	if err != nil {
		return err
	}
	return w.alarms.Silence(ctx, r.Name, r.Until.UnixMilli())
}

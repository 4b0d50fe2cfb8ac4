package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/filter"
	"weir/internal/filterpattern"
	"weir/internal/insights"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/query"
)

// LogService is what can be asked of log groups.
type LogService interface {
	// LogGroups returns the log groups by name.
	LogGroups(ctx context.Context) ([]LogGroup, error)
	// LogStreams returns the streams of a log group by name.
	LogStreams(ctx context.Context, group string) ([]logstore.Stream, error)
	// NameLogGroup gives the records of a flow log the name of a log group, or another one.
	NameLogGroup(ctx context.Context, r NameLogGroupRequest) error
	// ChangeLogGroup makes, removes or changes a log group of the store.
	ChangeLogGroup(ctx context.Context, c LogGroupChange) error
	// LogEvents calls do with the events of a log group, oldest first, many at a time. With Follow it
	// goes on with those that come, until ctx ends.
	LogEvents(ctx context.Context, r LogEventsRequest, do func([]LogEvent) error) error
	// LogsQuery runs a query in the language of Logs Insights. Errors in its text are
	// [*insights.Error].
	LogsQuery(ctx context.Context, r LogsQuery) (*insights.Result, error)
	// LogFields returns the fields of the events of a log group, those of the system first.
	LogFields(ctx context.Context, group string) ([]LogField, error)
}

// LogField is a field of events.
type LogField struct {
	Name string `json:"name"`
	// Percent is how many of the events that were looked at have it.
	Percent int `json:"percent"`
}

// LogGroup describes a log group.
type LogGroup struct {
	Name string `json:"name"`
	// Kind is lake, where its events are records of the lake, or store.
	Kind    string     `json:"kind"`
	Created *time.Time `json:"created,omitempty"`
	// RetentionDays is how long events are kept; 0: for ever.
	RetentionDays int `json:"retention_days,omitempty"`
	// Events counts them, where it is known. Bytes are those of the objects that delivered records, or
	// of the events that are stored.
	Events *int64 `json:"events,omitempty"`
	Bytes  int64  `json:"bytes"`
	// Format is the LogFormat of the events, "" where there is none or more than one.
	Format string `json:"format,omitempty"`
	// Lateness is how late its events come at most: alarms on metrics of them wait for so long.
	Lateness time.Duration `json:"-"`
	// FlowLogs and Places are what a name stands for: see [NamedLogGroup].
	FlowLogs []string `json:"flow_logs,omitempty"`
	Places   []string `json:"places,omitempty"`
	// Newest is the time of the newest event; nil where there is none.
	Newest *time.Time `json:"newest,omitempty"`
}

// NameLogGroupRequest asks for a name for what a flow log delivered.
type NameLogGroupRequest struct {
	// FlowLog is the id of a flow log, or a source as [OpenRequest] has them.
	FlowLog string
	Name    string
	// Remove takes the flow log out of the group of the name instead; a group without any is gone.
	Remove bool
}

// LogEventsRequest asks for the events of a log group.
type LogEventsRequest struct {
	Group string
	// Streams are names; none: all. Prefix begins names.
	Streams []string
	Prefix  string
	// From and To bound the events' time, From inclusive and To exclusive; the zero time does not bound.
	From, To time.Time
	// Where is a filter of records, its times in UTC; "": all.
	Where string
	// Pattern is a filter pattern of CloudWatch Logs, of messages; "": all.
	Pattern string
	// Follow goes on with events that come.
	Follow bool
}

// LogEvent is an event of a log group.
type LogEvent struct {
	logstore.Event
	// Format is the LogFormat of the record that the event is, "" where it is none.
	Format string
	// InterfaceName is the name of the network interface that recorded it, where a definition of the
	// network tells it.
	InterfaceName string
}

// The kinds of log groups.
const (
	kindLake  = "lake"
	kindStore = "store"
)

// LogGroups returns the log groups by name.
func (s *Local) LogGroups(ctx context.Context) ([]LogGroup, error) {
	l := s.LakeGroups()
	groups, err := l.Groups(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]LogGroup, len(groups))
	for i := range groups {
		g := &groups[i]
		of, err := l.Find(g.Name)
		if err != nil {
			return nil, err
		}
		out[i] = LogGroup{Name: g.Name, Kind: kindLake, Bytes: g.StoredBytes, Format: g.Format, FlowLogs: of.FlowLogs, Places: of.Places}
		if g.Created != 0 {
			out[i].Created = millisTime(g.Created)
		}
		if err := l.count(ctx, &of, &out[i]); err != nil {
			return nil, err
		}
	}
	stored, err := s.storeGroups(ctx)
	if err != nil {
		return nil, err
	}
	out = append(out, stored...)
	store, err := s.logStore(ctx, false)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Lateness, err = groupLateness(ctx, store, out[i].Name); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b LogGroup) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// millisTime returns a time of milliseconds since the epoch.
func millisTime(millis int64) *time.Time {
	t := time.UnixMilli(millis).UTC()
	return &t
}

// count counts the events of a group and finds the newest.
func (l *LakeGroups) count(ctx context.Context, g *LakeGroup, out *LogGroup) error {
	var events, newest int64
	for _, k := range g.Kinds {
		err := l.each(ctx, query.Plan{Kind: k}, func(row []any) error {
			events += integer(row[0])
			newest = max(newest, integer(row[1]))
			return nil
		}, &query.Filter{Where: allOf(g.Where())}, &query.Aggregate{Aggs: []query.Agg{
			{Name: "n", Func: query.CountRows}, {Name: "newest", Func: query.Max, Arg: eventTime()},
		}})
		if err != nil {
			return err
		}
	}
	out.Events = &events
	if events > 0 {
		out.Newest = millisTime(newest * 1000)
	}
	return nil
}

// LogStreams returns the streams of a log group by name.
func (s *Local) LogStreams(ctx context.Context, group string) ([]logstore.Stream, error) {
	if store, err := s.groupStore(ctx, group); err != nil || store != nil {
		if err != nil {
			return nil, err
		}
		return store.Streams(ctx, group)
	}
	return s.LakeGroups().Streams(ctx, group)
}

// NameLogGroup gives the records of a flow log the name of a log group.
func (s *Local) NameLogGroup(ctx context.Context, r NameLogGroupRequest) error {
	if s.readOnly {
		return lake.ErrReadOnly
	}
	if r.Remove {
		return s.unname(ctx, r)
	}
	if err := s.checkNewName(ctx, r.Name); err != nil {
		return err
	}
	totals, err := s.lake.DeliveredBelow(ctx, "")
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(totals, func(d lake.Delivered) bool { return d.FlowLogID == r.FlowLog })
	if r.FlowLog == "" || !known {
		var ids []string
		for _, d := range totals {
			if d.FlowLogID != "" {
				ids = append(ids, d.FlowLogID)
			}
		}
		e := &UsageError{Message: fmt.Sprintf("the lake has no records of a flow log %q", r.FlowLog)}
		e.Hint = "'weir open SOURCE --log-group NAME' names what a source delivers, whatever its objects are called"
		if len(ids) > 0 {
			e.Hint = "it has records of " + strings.Join(ids[:min(len(ids), 5)], ", ")
		}
		return e
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	return addToGroup(s.lake.Data(), r.Name, []string{r.FlowLog}, nil, s.now())
}

// eventsAtOnce is how many events are given at a time.
const eventsAtOnce = 500

// read returns what of the request is about events of any log group.
func (r *LogEventsRequest) read() logstore.ReadRequest {
	out := logstore.ReadRequest{Group: r.Group, Prefix: r.Prefix, Streams: r.Streams}
	if !r.From.IsZero() {
		out.From = r.From.UnixMilli()
	}
	if !r.To.IsZero() {
		out.To = r.To.UnixMilli()
	}
	return out
}

// LogEvents gives the events of a log group.
func (s *Local) LogEvents(ctx context.Context, r LogEventsRequest, do func([]LogEvent) error) error {
	pattern, err := filterpattern.Parse(r.Pattern)
	if err != nil {
		return err
	}
	told, err := s.names.get(ctx, query.FromDefinition)
	if err != nil {
		return err
	}
	out := &eventGiver{pattern: pattern, names: told, formats: map[string]string{}, do: do}
	store, err := s.groupStore(ctx, r.Group)
	if err != nil {
		return err
	}
	if store != nil {
		return s.storeLogEvents(ctx, store, r, out)
	}
	return s.lakeLogEvents(ctx, r, out)
}

// lakeLogEvents gives the events of a log group of the lake. Which objects there were when it began is known
// by their ids: events of later ones are given, with Follow, behind all of these, each once.
func (s *Local) lakeLogEvents(ctx context.Context, r LogEventsRequest, out *eventGiver) error {
	l := s.LakeGroups()
	where, err := s.recordFilter(ctx, r.Where)
	if err != nil {
		return err
	}
	give := func(req lakeRequest) error {
		for e, err := range l.read(ctx, req) {
			if err != nil {
				return err
			}
			if !out.give(e) {
				break
			}
		}
		return out.flush()
	}
	changes, err := s.changes(ctx, r.Follow)
	if err != nil {
		return err
	}
	last, err := s.lake.LastTaken(ctx)
	if err != nil {
		return err
	}
	req := lakeRequest{ReadRequest: r.read(), where: where}
	if req.until = last; last == 0 {
		req.until = -1
	}
	if err := give(req); err != nil {
		return err
	}
	req.until = 0
	for range changes {
		urls, newest, err := s.lake.TakenAfter(ctx, last)
		if err != nil {
			return err
		}
		last = newest
		for some := range slices.Chunk(urls, eventsAtOnce) {
			req.objects = some
			if err := give(req); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// eventGiver gives events many at a time.
type eventGiver struct {
	pattern *filterpattern.Pattern
	names   *query.Names
	formats map[string]string // LogFormats by their headers
	do      func([]LogEvent) error
	some    []LogEvent
	err     error
}

// give gives an event that the pattern matches, sooner or later, and reports whether there may be more.
func (g *eventGiver) give(e lakeEvent) bool {
	if g.err != nil || !g.pattern.Matches(e.Message) {
		return g.err == nil
	}
	out := LogEvent{Event: e.Event}
	if e.format.Len() > 0 {
		header := e.format.Header()
		if _, ok := g.formats[header]; !ok {
			g.formats[header] = e.format.String()
		}
		out.Format = g.formats[header]
	}
	if span := g.names.Interface(e.eni, e.Timestamp/1000); span != nil {
		out.InterfaceName = span.Name
	}
	if g.some = append(g.some, out); len(g.some) == eventsAtOnce {
		_ = g.flush() // the error stays
	}
	return g.err == nil
}

// flush gives what is held back.
func (g *eventGiver) flush() error {
	if g.err == nil && len(g.some) > 0 {
		g.err = g.do(g.some)
		g.some = nil
	}
	return g.err
}

// recordFilter returns what gives the condition of a filter for each kind of records, nil for no filter.
// A filter may name fields that only one of the kinds has: then no record of the other meets it.
func (s *Local) recordFilter(ctx context.Context, where string) (func(flowlog.Kind) (query.Expr, error), error) {
	if strings.TrimSpace(where) == "" {
		return nil, nil
	}
	parsed := map[flowlog.Kind]query.Expr{}
	var errs []error
	for _, k := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		unknown, err := s.UnknownFields(ctx, k)
		if err != nil {
			return nil, err
		}
		e, err := filter.Parse(where, filter.Options{Kind: k, Names: k == flowlog.KindVPC, Unknown: func(name string) bool { return slices.Contains(unknown, name) }})
		if err == nil && k == flowlog.KindVPC {
			_, err = s.names.tell(ctx, query.AskedNames(e))
			if err != nil {
				return nil, err
			}
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		parsed[k] = e
	}
	if len(parsed) == 0 {
		return nil, errs[0]
	}
	return func(k flowlog.Kind) (query.Expr, error) {
		if e := parsed[k]; e != nil {
			return e, nil
		}
		return literal(false), nil
	}, nil
}

// lookEvery is how often a lake that another process writes is looked at.
const lookEvery = time.Second

// changes returns a channel that gets a value after each change of the lake, and is closed when ctx
// ends, or at once where nobody waits.
func (s *Local) changes(ctx context.Context, wait bool) (<-chan struct{}, error) {
	out := make(chan struct{}, 1)
	if !wait {
		close(out)
		return out, nil
	}
	if !s.readOnly {
		commits := s.lake.Commits(ctx)
		go func() {
			defer close(out)
			for range commits {
				tell(out)
			}
		}()
		return out, nil
	}
	// An object counts as taken once its records are in the tables.
	seen, err := s.lake.LastTaken(ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(out)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if now, err := s.lake.LastTaken(ctx); err == nil && now != seen {
					seen = now
					tell(out)
				}
			}
		}
	}()
	return out, nil
}

// tell puts a value into a channel that has room for one, unless there is one already.
func tell(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

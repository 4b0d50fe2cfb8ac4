package app

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/awsapi/logs"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
	"weir/internal/logstore"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// runLogsQuery runs a query that was checked.
func (s *Local) runLogsQuery(ctx context.Context, q *insights.Query, r LogsQuery) (*insights.Result, error) {
	groups, err := s.queryGroups(ctx, q, r.Groups)
	if err != nil {
		return nil, err
	}
	now := s.now().UnixMilli()
	start, end := reference.Window(q.Source, value.Context{Start: r.Start, End: r.End, Now: now})
	run := &logsRun{s: s, anyCase: r.AnyCase}
	defer run.close()
	in, err := run.input(ctx, groups, start, end)
	if err != nil {
		return nil, err
	}
	in.Start, in.End, in.Now, in.Limit, in.Table = r.Start, r.End, now, r.Limit, s.lookupTable
	if run.transit != nil {
		return run.reference(ctx, q, r, now)
	}
	return s.engine.Insights(ctx, q, in, query.Limits{})
}

// queryGroups returns the names of the groups that a query reads, each once.
func (s *Local) queryGroups(ctx context.Context, q *insights.Query, named []string) ([]string, error) {
	if q.Source != nil {
		return s.sourceGroups(ctx, q.Source)
	}
	var out []string
	for _, name := range named {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// logsRun is what one query pins.
type logsRun struct {
	s         *Local
	anyCase   bool
	snapshots []*logstore.Snapshot
	// transit are groups with records of transit gateways, which only the reference reads.
	transit []string
}

func (r *logsRun) close() {
	for _, p := range r.snapshots {
		p.Close()
	}
}

// input returns what the engine reads of log groups for a time range, both ends inclusive. Errors:
// [logstore.ErrNoGroup].
func (r *logsRun) input(ctx context.Context, groups []string, start, end int64) (*duckdb.InsightsInput, error) {
	in := &duckdb.InsightsInput{AnyCase: r.anyCase, Region: r.s.region, Ptr: eventPtr}
	in.Source = func(ctx context.Context, source *insights.Source, start, end int64) (*duckdb.InsightsInput, error) {
		names, err := r.s.sourceGroups(ctx, source)
		if err != nil {
			return nil, err
		}
		return r.input(ctx, names, start, end)
	}
	lake := r.s.LakeGroups()
	for _, name := range groups {
		store, err := r.s.groupStore(ctx, name)
		if err != nil {
			return nil, err
		}
		if store != nil {
			g, err := r.stored(ctx, store, name, start, end)
			if err != nil {
				return nil, err
			}
			in.Events = append(in.Events, g)
			continue
		}
		g, err := lake.Find(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(g.Kinds, flowlog.KindTGW) {
			r.transit = append(r.transit, name)
		}
		in.Lake = append(in.Lake, duckdb.LakeGroup{Name: name, Account: r.s.account, FlowLogs: g.FlowLogs, Places: g.Places})
	}
	return in, nil
}

// stored returns a group of the store.
func (r *logsRun) stored(ctx context.Context, store *logstore.Store, name string, start, end int64) (duckdb.EventGroup, error) {
	p, err := store.Snapshot(ctx, name, start, end+1)
	if err != nil {
		return duckdb.EventGroup{}, err
	}
	r.snapshots = append(r.snapshots, p)
	g := duckdb.EventGroup{Name: name, Account: r.s.account, Formats: store.Formats()}
	for _, f := range p.Files {
		g.Files = append(g.Files, f.Path)
		g.Records += f.Events
		g.Bytes += f.Bytes
	}
	events, bytes := p.TailSize()
	g.Records += events
	g.Bytes += bytes
	if events > 0 {
		g.Tail = tailOf(p)
	}
	return g, nil
}

// tailOf yields what of a snapshot is in no file.
func tailOf(p *logstore.Snapshot) iter.Seq[duckdb.TailEvent] {
	return func(yield func(duckdb.TailEvent) bool) {
		for e := range p.TailForms() {
			if !yield(duckdb.TailEvent{
				Timestamp: e.Timestamp, Ingestion: e.Ingestion, Stream: e.Stream, Message: e.Message, Ordinal: int64(e.Ordinal), Form: e.Form,
			}) {
				return
			}
		}
	}
}

// eventPtr returns the pointer of an event.
func eventPtr(e *discover.Event, ordinal int64) string {
	of := logstore.Event{Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Message: e.Message, Ordinal: int(ordinal)}
	return of.Ptr()
}

// maxReferenceEvents bounds the events of a query that is run in memory.
const maxReferenceEvents = 1_000_000

// reference runs a query in memory, over all events of its groups.
func (r *logsRun) reference(ctx context.Context, q *insights.Query, asked LogsQuery, now int64) (*insights.Result, error) {
	return reference.Run(ctx, q, &reference.Env{
		Query:  value.Context{Start: asked.Start, End: asked.End, Now: now},
		Fields: discover.Options{AnyCase: asked.AnyCase, Region: r.s.region},
		Limit:  asked.Limit,
		Table:  r.s.lookupTable,
		Events: func(ctx context.Context, source *insights.Source, start, end int64) ([]discover.Event, error) {
			groups := asked.Groups
			if source != nil {
				var err error
				if groups, err = r.s.sourceGroups(ctx, source); err != nil {
					return nil, err
				}
			}
			return r.s.discovered(ctx, groups, start, end)
		},
	})
}

// discovered returns the events of log groups in a time range, both ends inclusive.
func (s *Local) discovered(ctx context.Context, groups []string, start, end int64) ([]discover.Event, error) {
	var out []discover.Event
	formats := map[string]*flowlog.Format{}
	for _, name := range groups {
		err := s.eachEvent(ctx, logstore.ReadRequest{Group: name, From: start, To: end + 1}, func(e lakeEvent) bool {
			event := discover.Event{
				Account: s.account, Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Ingestion: e.Ingestion, Message: e.Message, Ptr: e.Ptr(),
			}
			if e.format.Len() > 0 {
				header := e.format.Header()
				if formats[header] == nil {
					formats[header] = &e.format
				}
				event.Format = formats[header]
			}
			out = append(out, event)
			return len(out) <= maxReferenceEvents
		})
		if err != nil {
			return nil, err
		}
		if len(out) > maxReferenceEvents {
			return nil, fmt.Errorf("%w: more than %d events of %s would be read, which is done in memory: ask for less time", query.ErrLimit, maxReferenceEvents, name)
		}
	}
	return out, nil
}

// lookupTable returns a lookup table; nil where there is none of the name.
func (s *Local) lookupTable(ctx context.Context, name string) (*lookup.Table, error) {
	store, err := s.logStore(ctx, false)
	if err != nil || store == nil {
		return nil, err
	}
	body, ok, err := logs.LookupTable(ctx, store, name)
	if err != nil || !ok {
		return nil, err
	}
	return lookup.Parse(body)
}

// flowLogsSource is the data source of VPC flow logs.
const flowLogsSource = "amazon_vpc.flow"

// sourceGroups returns the names of the log groups that SOURCE chooses. What is not named is chosen among the
// groups of the store and those that flow logs of the lake were given; [FlowLogsGroup] has the same records
// once more, and so is chosen by a prefix of its own only, or as all that there is of the data source.
func (s *Local) sourceGroups(ctx context.Context, source *insights.Source) ([]string, error) {
	refuse := func(message, hint string) error {
		return &insights.Error{Span: source.Span, Message: message, Hint: hint}
	}
	for _, d := range source.DataSources {
		if d != flowLogsSource {
			return nil, refuse("there is no data source "+d, "weir has "+flowLogsSource)
		}
	}
	by := source.LogGroups
	if by == nil && source.Tags == nil {
		if source.DataSources != nil {
			return []string{FlowLogsGroup}, nil
		}
		var out []string
		for _, name := range source.Groups {
			if name = identifiedGroup(name); !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return out, nil
	}
	groups, err := s.LakeGroups().Groups(ctx)
	if err != nil {
		return nil, err
	}
	store, err := s.logStore(ctx, false)
	if err == nil && store != nil {
		var stored []logstore.Group
		stored, err = store.Groups(ctx)
		groups = append(groups, stored...)
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range groups {
		if g := &groups[i]; s.chosen(g, source) && !slices.Contains(out, g.Name) {
			out = append(out, g.Name)
		}
	}
	if len(out) == 0 {
		return nil, refuse("SOURCE chooses no log group", "weir logs groups lists them")
	}
	return out, nil
}

// chosen reports whether SOURCE chooses a group.
func (s *Local) chosen(g *logstore.Group, source *insights.Source) bool {
	if source.DataSources != nil && g.Format == "" && !g.ReadOnly {
		return false
	}
	by := source.LogGroups
	if by == nil {
		by = &insights.SourceLogGroups{}
	}
	begins := func(prefix string) bool { return strings.HasPrefix(g.Name, prefix) }
	if by.NamePrefixes != nil && !slices.ContainsFunc(by.NamePrefixes, begins) {
		return false
	}
	if (g.Name == FlowLogsGroup || g.Name == TransitGatewayGroup) &&
		!slices.ContainsFunc(by.NamePrefixes, func(prefix string) bool { return strings.HasPrefix(prefix, ownGroups) }) {
		return false
	}
	class := g.Class
	if class == "" {
		class = "STANDARD"
	}
	if by.Accounts != nil && !slices.Contains(by.Accounts, s.account) || by.Classes != nil && !slices.Contains(by.Classes, class) {
		return false
	}
	return !slices.ContainsFunc(source.Tags, func(t insights.SourceTag) bool { return !tagged(g.Tags, t) })
}

// ownGroups is what the names of weir's own groups begin with.
const ownGroups = "/weir/"

// tagged reports whether tags fit a filter: any of its values, and none of those with "!".
func tagged(tags map[string]string, t insights.SourceTag) bool {
	have, ok := tags[t.Key]
	wanted, fits := false, false
	for _, v := range t.Values {
		if not, is := strings.CutPrefix(v, "!"); is {
			if ok && wildcard(not, have) {
				return false
			}
			continue
		}
		wanted = true
		fits = fits || ok && wildcard(v, have)
	}
	return fits || !wanted
}

// wildcard reports whether a text fits a pattern in which * stands for any text.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return true
}

// identifiedGroup returns the name of a log group that is given by its name or its ARN.
func identifiedGroup(identifier string) string {
	parts := strings.SplitN(identifier, ":", 7)
	if len(parts) == 7 && parts[0] == "arn" && parts[2] == "logs" && parts[5] == "log-group" {
		return strings.TrimSuffix(strings.TrimSuffix(parts[6], "*"), ":")
	}
	return identifier
}

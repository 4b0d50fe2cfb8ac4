package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
	"weir/internal/lake"
	"weir/internal/query"
)

// InsightsInput is what a Logs Insights query is asked of.
type InsightsInput struct {
	// Start and End are the time range, both inclusive, and Now is when the query began: milliseconds since
	// the epoch.
	Start, End, Now int64
	// Limit is how many rows the request asks for, which counts where the query has no limit; 0: as many as
	// the language says.
	Limit int64
	// Lake and Events are the log groups.
	Lake   []LakeGroup
	Events []EventGroup
	// AnyCase finds fields of flow log records in any case and spelling. AWS does not.
	AnyCase bool
	// Region is @aws.region, "" where it is not known.
	Region string
	// Ptr makes the pointer @ptr of an event, which is the ordinal-th, from 0, of the equal ones of its group,
	// stream, time and message; nil: events have none.
	Ptr func(e *discover.Event, ordinal int64) string
	// Table gives a lookup table by its name; nil: there are none.
	Table func(ctx context.Context, name string) (*lookup.Table, error)
	// Source gives the log groups, that is Lake and Events, of a source that a query in the query names, for a
	// time range; nil: there are none.
	Source func(ctx context.Context, source *insights.Source, start, end int64) (*InsightsInput, error)
}

// LakeGroup is a log group that has records of the lake as its events.
type LakeGroup struct {
	Name, Account string
	// FlowLogs are the ids of the flow logs whose records it has, and Places what URLs of objects begin with
	// that do not tell their flow log, or are; both empty: all records.
	FlowLogs, Places []string
	// Without are the URLs of objects whose records it has not, whatever the others say.
	Without []string
}

// maxEventBytes is eventBytes of an engine.
const maxEventBytes = 512 << 20

// fewRecords is how many records are looked at without asking first which of them are needed.
const fewRecords = 20_000

// insightsQuery is a query that runs.
type insightsQuery struct {
	engine  *Engine
	session *session
	query   *insights.Query
	asked   []string // the names of fields that it, and queries in it, ask for
	in      *InsightsInput
	limit   int64 // as of compile.New
	limits  query.Limits
	inner   bool // it is of a query in the query, or of another time

	formats []lake.ObjectFormat
	tails   []string  // of in.Events: tables of what is in no file
	forms   [][]int32 // of in.Events: what occurs

	sources []insightsSource
	columns map[string]bool // of the table, which the SQL asks for
	taken   bool            // takenTable is asked for
	classes map[int64]int   // of object formats, by id: the class where there are several

	stats insights.Statistics
	exact bool // stats has the number of events that all filters let through
}

// insightsSource is what rows of a source have in common.
type insightsSource struct {
	group, account string
	format         *flowlog.Format  // of all records; nil where forms tell
	formats        []flowlog.Format // that forms name
	lake           bool
}

// prepareSources learns what the sources of a query need: the formats, the tails, the forms.
func (r *insightsQuery) prepareSources(ctx context.Context) error {
	if len(r.in.Lake) > 0 {
		var err error
		if r.formats, err = r.engine.lake.ObjectFormats(ctx); err != nil {
			return err
		}
	}
	for i := range r.in.Events {
		g := &r.in.Events[i]
		tail, err := r.session.takeTail(ctx, g, i)
		if err != nil {
			return err
		}
		r.tails = append(r.tails, tail)
		var forms []int32
		if len(g.Files) > 0 || tail != "" {
			if forms, err = r.session.formsOf(ctx, g.eventsFrom(tail)); err != nil {
				return err
			}
		}
		for _, f := range forms {
			if int(f) > len(g.Formats) {
				return fmt.Errorf("log group %s: an event is of LogFormat %d, and %d are known", g.Name, f, len(g.Formats))
			}
		}
		r.forms = append(r.forms, forms)
	}
	return nil
}

// plan plans the query for a time range. messages says that the whole messages are asked for.
func (r *insightsQuery) plan(start, end int64, messages bool) (*compile.Plan, []lake.DataFile) {
	r.sources, r.columns, r.taken = nil, map[string]bool{}, false
	var sources []compile.Source
	files := recordFiles(r.session.snap.Files(flowlog.KindVPC, lake.Bounds{}), start, end)
	lacks := slices.ContainsFunc(files, func(f lake.DataFile) bool { return f.LacksStart() })
	at, timeColumns, where := recordTime(start, end, lacks)
	whole := allWithin(files, start, end)
	classes := groupClasses(r.formats, r.classKey(messages))
	if len(classes) == 0 {
		classes = [][]lake.ObjectFormat{{{}}}
	}
	r.classes = nil
	if len(classes) > 1 {
		r.classes = map[int64]int{}
		for i, class := range classes {
			for _, f := range class {
				r.classes[f.ID] = i
			}
		}
	}
	for i := range r.in.Lake {
		g := &r.in.Lake[i]
		for class := range classes {
			rec := &records{
				group: g, format: newRecordFormat(classes[class][0].Formats), timeSQL: at, timeColumns: timeColumns,
				anyCase: r.in.AnyCase, columns: r.columns, taken: &r.taken,
			}
			var and []string
			if !whole { // else the files' statistics say so
				and = append(and, where)
				for _, c := range timeColumns {
					r.columns[c] = true
				}
			}
			if of := g.condition(); of != "" {
				and = append(and, of)
				r.columns["weir_flow_log_id"] = true
				r.columns["weir_object"] = r.columns["weir_object"] || len(g.Places)+len(g.Without) > 0
			}
			if len(classes) > 1 {
				and = append(and, classCondition(class))
				r.columns["weir_object"] = true
			}
			sources = append(sources, compile.Source{From: vpcView, Where: and, Field: rec.field})
			r.sources = append(r.sources, insightsSource{group: g.Name, account: g.Account, format: &rec.format.format, lake: true})
		}
	}
	for i := range r.in.Events {
		g := &r.in.Events[i]
		if len(r.forms[i]) == 0 {
			continue
		}
		ev := &events{group: g, forms: r.forms[i], anyCase: r.in.AnyCase}
		sources = append(sources, compile.Source{
			From:  g.eventsFrom(r.tails[i]) + " AS events",
			Where: []string{fmt.Sprintf("ts >= %d AND ts <= %d", start, end)},
			Field: ev.field,
		})
		r.sources = append(r.sources, insightsSource{group: g.Name, account: g.Account, formats: g.Formats})
	}
	context := &value.Context{Start: r.in.Start, End: r.in.End, Now: r.in.Now}
	return compile.New(r.query, sources, r.limit, context), files
}

// condition returns the condition of the group's records, "" for all.
func (g *LakeGroup) condition() string {
	var or []string
	if len(g.FlowLogs) > 0 {
		or = append(or, "weir_flow_log_id IN "+quotedList(g.FlowLogs))
	}
	for _, p := range g.Places {
		lies := "starts_with(weir_object, " + quote(p) + ")"
		if lake.IsFile(p) {
			lies = "weir_object = " + quote(p)
		}
		or = append(or, "(weir_flow_log_id IS NULL AND "+lies+")")
	}
	var and []string
	if len(or) > 0 {
		and = append(and, "("+strings.Join(or, " OR ")+")")
	}
	if len(g.Without) > 0 {
		and = append(and, "(weir_object IS NULL OR weir_object NOT IN "+quotedList(g.Without)+")")
	}
	return strings.Join(and, " AND ")
}

// quotedList returns texts as a list of SQL.
func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = quote(t)
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

// classTable has the objects whose formats are not of the class of most.
const classTable = "weir_insights_classes"

// classCondition is the condition of the records of a class. What the ledger does not know, as of objects
// that are taken meanwhile, counts as of the first class.
func classCondition(class int) string {
	const of = "EXISTS (SELECT 1 FROM temp.main." + classTable + " AS t WHERE t.url = weir_object"
	if class == 0 {
		return "NOT " + of + ")"
	}
	return fmt.Sprintf("%s AND t.class = %d)", of, class)
}

// classKey returns what tells formats apart for the query: the fields that it asks for, or whole messages.
func (r *insightsQuery) classKey(whole bool) func(*recordFormat) string {
	names := askedFields(r.query)
	whole = whole || slices.Contains(names, "@message") || slices.ContainsFunc(r.query.Commands, func(c insights.Command) bool {
		p, ok := c.(*insights.Parse)
		return ok && p.Field == nil
	})
	return func(f *recordFormat) string {
		if whole {
			return f.format.String()
		}
		var key strings.Builder
		for _, name := range names {
			have := f.lookup(name, r.in.AnyCase)
			switch {
			case have == nil:
				key.WriteString("0 ")
			case have.field != nil && have.field.ID == flowlog.Version:
				fmt.Fprintf(&key, "%d %t ", f.version, f.own)
			case have.field == nil:
				key.WriteString(have.word + " ")
			default:
				key.WriteString("1 ")
			}
		}
		return key.String()
	}
}

// tables makes the temporary tables that the plan asks for.
func (r *insightsQuery) tables(ctx context.Context) error {
	if r.classes != nil {
		if err := r.objectTable(ctx, classTable, "class INTEGER", func(format int64, _ time.Time) (driver.Value, bool) {
			class := r.classes[format]
			return int32(class), class > 0
		}); err != nil {
			return err
		}
	}
	if !r.taken {
		return nil
	}
	return r.objectTable(ctx, takenTable, "taken BIGINT", func(_ int64, at time.Time) (driver.Value, bool) { return at.UnixMilli(), true })
}

// objectTable makes a table of objects and a value of each.
func (r *insightsQuery) objectTable(ctx context.Context, name, column string, of func(format int64, at time.Time) (driver.Value, bool)) error {
	s := r.session
	if slices.Contains(s.temporary, name) {
		if name == takenTable {
			return nil
		}
	}
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+name+" (url VARCHAR, "+column+")"); err != nil {
		return err
	}
	s.temporary = append(s.temporary, name)
	return s.append(name, func(add func(...driver.Value) error) error {
		return r.engine.lake.EachTaken(ctx, func(url string, format int64, at time.Time) error {
			v, ok := of(format, at)
			if !ok {
				return nil
			}
			return add(url, v)
		})
	})
}

// open makes the view of records over the files that the SQL may find something in, and says what it will
// read.
func (r *insightsQuery) open(ctx context.Context, text string, files []lake.DataFile) (query.Cost, error) {
	var cost query.Cost
	s := r.session
	if err := r.tables(ctx); err != nil {
		return cost, err
	}
	if len(r.in.Lake) == 0 {
		return cost, nil
	}
	s.only = slices.Sorted(maps.Keys(r.columns))
	if err := s.view(ctx, flowlog.KindVPC, s.someFiles(flowlog.KindVPC, files)); err != nil {
		return cost, err
	}
	scans, err := s.planned(ctx, text)
	if err != nil {
		return cost, err
	}
	// Readings of files of events have a column that no table of records has.
	scans = slices.DeleteFunc(scans, func(c scan) bool { return slices.Contains(c.gives, "ts") || slices.Contains(c.filters, "ts") })
	// What DuckDB answers without a scan, by the number of rows of each file, needs all of them.
	columns := map[string]bool{}
	if scans = scansOf(scans, flowlog.KindVPC, s.snap); len(scans) >= r.lakeSources() {
		files, columns = matchingFiles(files, scans)
	}
	if err := s.view(ctx, flowlog.KindVPC, files); err != nil {
		return cost, err
	}
	s.addCost(&cost, flowlog.KindVPC, files, columns)
	if r.limits.MaxBytes > 0 && cost.Bytes > r.limits.MaxBytes {
		return cost, fmt.Errorf("%w: it would read %d bytes of %d files, and may read %d", query.ErrLimit, cost.Bytes, len(cost.Files), r.limits.MaxBytes)
	}
	return cost, nil
}

// lakeSources returns how many of the sources read the table of records.
func (r *insightsQuery) lakeSources() (n int) {
	for i := range r.sources {
		if r.sources[i].lake {
			n++
		}
	}
	return n
}

// scanned counts what a plan reads.
func (r *insightsQuery) scanned(cost query.Cost) {
	r.stats.RecordsScanned = float64(cost.Records)
	r.stats.BytesScanned = float64(cost.Bytes)
	r.stats.LogGroupsScanned = int64(len(r.in.Lake) + len(r.in.Events))
	for i := range r.in.Events {
		r.stats.RecordsScanned += float64(r.in.Events[i].Records)
		r.stats.BytesScanned += float64(r.in.Events[i].Bytes)
	}
}

package duckdb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/discover"
	"weir/internal/lake"
	"weir/internal/query"
)

// recordFormat is the LogFormat of the records of some objects, as far as a query asks.
type recordFormat struct {
	format flowlog.Format
	fields []recordField
	// version is what is printed as the version, own that a record's own counts where it is higher.
	version int
	own     bool
}

// recordField is a field of a format: one of the table, or a name that the table does not know.
type recordField struct {
	name  string // in Insights
	field *flowlog.Field
	word  string // of an unknown field, in the LogFormat
}

// newRecordFormat returns the format of objects whose records are in one of these formats: where there are
// several, a record has what any of them has, since nothing tells which is its own.
func newRecordFormat(formats []flowlog.Format) recordFormat {
	format := lake.JoinFormats(flowlog.KindVPC, formats)
	out := recordFormat{format: format, version: format.RecordVersion()}
	for i, word := range format.Names() {
		field := recordField{name: discover.FlowName(word), word: word}
		if known, ok := format.Field(i); ok {
			field.field = known
		} else {
			out.own = true
		}
		out.fields = append(out.fields, field)
	}
	return out
}

// lookup returns the field of a name, nil where the format has none.
func (f *recordFormat) lookup(name string, anyCase bool) *recordField {
	id, known := discover.LookupFlow(name, anyCase)
	for i := range f.fields {
		have := &f.fields[i]
		if have.field != nil && known && have.field.ID == id ||
			have.field == nil && (have.name == name || anyCase && folded(have.name) == folded(name)) {
			return have
		}
	}
	return nil
}

// folded is a name without what tells its spellings apart.
func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// records is the records of the lake in one class of formats, as a source of events.
type records struct {
	group  *LakeGroup
	format recordFormat
	// timeSQL is the event's time in milliseconds, from the columns that it may come from.
	timeSQL     string
	timeColumns []string
	anyCase     bool
	// columns collects the table's columns that are asked for.
	columns map[string]bool
	// taken says that the time at which objects were taken is asked for.
	taken *bool
}

// takenTable has the objects that were taken, with when, in milliseconds since the epoch.
const takenTable = "weir_insights_taken"

// column returns a column of the table.
func (r *records) column(f *flowlog.Field) string {
	r.columns[f.Column] = true
	return ident(f.Column)
}

// field returns a field of the records.
func (r *records) field(parts []insights.FieldPart) (compile.Expression, bool) {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].Name
	}
	name := strings.Join(names, ".")
	text := func(sql string) (compile.Expression, bool) {
		return compile.Expression{SQL: sql, Kind: compile.Text}, true
	}
	switch name {
	case "@timestamp":
		for _, c := range r.timeColumns {
			r.columns[c] = true
		}
		e := compile.Expression{SQL: r.timeSQL, Kind: compile.Time}
		if len(r.timeColumns) == 1 {
			e.Seconds = ident(r.timeColumns[0])
		}
		return e, true
	case "@ingestionTime":
		*r.taken = true
		object := r.column(flowlog.FieldByID(flowlog.WeirObject))
		return compile.Expression{
			SQL:  "coalesce((SELECT max(t.taken) FROM temp.main." + takenTable + " AS t WHERE t.url = " + object + "), 0)",
			Kind: compile.Time,
		}, true
	case "@logStream":
		return text("(coalesce(" + r.column(flowlog.FieldByID(flowlog.InterfaceID)) + ", '-') || '-all')")
	case "@log":
		return text(compile.Quote(r.group.Account + ":" + r.group.Name))
	case "@message":
		return text(r.message())
	case ingestionField, formField, ordinalField:
		return compile.Expression{}, true
	case objectField:
		return text(r.column(flowlog.FieldByID(flowlog.WeirObject)))
	}
	if strings.HasPrefix(name, "@") && !strings.HasPrefix(name, "@@") {
		return compile.Expression{}, false
	}
	return r.recordField(strings.TrimPrefix(name, "@")), true
}

// recordField returns a field of the records themselves, or one of weir's own, kind Absent where there
// is none of that name.
func (r *records) recordField(name string) compile.Expression {
	if f := r.format.lookup(name, r.anyCase); f != nil {
		return r.known(f)
	}
	id, ok := discover.LookupFlow(name, r.anyCase)
	if !ok {
		return compile.Expression{}
	}
	f := flowlog.FieldByID(id)
	if f.Version != 0 || !f.In(flowlog.KindVPC) || f.Type == flowlog.Map {
		return compile.Expression{}
	}
	switch f.Type {
	case flowlog.Timestamp:
		return compile.Expression{SQL: "epoch_ms(" + r.column(f) + ")", Kind: compile.Time}
	case flowlog.Int32, flowlog.Int64:
		return compile.Expression{SQL: r.column(f), Kind: compile.Digits}
	}
	return compile.Expression{SQL: r.column(f), Kind: compile.Text}
}

// known returns a field that the format has: where a record has no value it is the text "-".
func (r *records) known(f *recordField) compile.Expression {
	switch {
	case f.field == nil:
		return compile.Expression{SQL: r.unknown(f.word), Kind: compile.Text, Dash: true}
	case f.field.ID == flowlog.Version:
		return compile.Expression{SQL: r.versionText(), Kind: compile.Text}
	case f.field.Type == flowlog.String:
		return compile.Expression{SQL: r.column(f.field), Kind: compile.Text, Dash: true, Address: f.field.Addr}
	}
	return compile.Expression{SQL: r.column(f.field), Kind: compile.Digits, Dash: true}
}

func (r *records) unknown(word string) string {
	return r.column(flowlog.FieldByID(flowlog.WeirUnknown)) + "[" + compile.Quote(word) + "]"
}

// versionText is the version that AWS writes for the format, whatever the record's own was, but where
// that is higher and may be of a field that weir does not know.
func (r *records) versionText() string {
	if !r.format.own {
		return "'" + strconv.Itoa(r.format.version) + "'"
	}
	column := r.column(flowlog.FieldByID(flowlog.Version))
	return "CAST(greatest(" + strconv.Itoa(r.format.version) + ", coalesce(" + column + ", 0)) AS VARCHAR)"
}

// message prints a record in its format, as [flowlog.AppendText] does.
func (r *records) message() string {
	var list []string
	for i := range r.format.fields {
		f := &r.format.fields[i]
		e := r.known(f)
		s := e.SQL
		if e.Kind == compile.Digits {
			s = "CAST(" + s + " AS VARCHAR)"
		}
		if e.Dash {
			s = "coalesce(" + s + ", '-')"
		}
		list = append(list, s)
	}
	return "concat_ws(' ', " + strings.Join(list, ", ") + ")"
}

// recordTime returns the SQL of the time of records in milliseconds, start, else end, else the slot, the
// columns that it is from, and the condition of a time range. lacksStart says that there may be records
// without start.
func recordTime(start, end int64, lacksStart bool) (sql string, columns []string, where string) {
	low, high := ceilDiv(start, 1000), floorDiv(end, 1000)
	if !lacksStart {
		return `("start" * 1000)`, []string{"start"}, fmt.Sprintf(`"start" >= %d AND "start" <= %d`, low, high)
	}
	const other = `coalesce("end" * 1000, epoch_ms(weir_hour))`
	return `coalesce("start" * 1000, ` + other + `)`, []string{"start", "end", "weir_hour"},
		fmt.Sprintf(`(("start" >= %d AND "start" <= %d) OR ("start" IS NULL AND %s >= %d AND %[3]s <= %[5]d))`, low, high, other, start, end)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }

// recordFiles returns the files that may hold records of a time, by their statistics: start, of records
// without it end, of those without both the slot.
func recordFiles(files []lake.DataFile, start, end int64) []lake.DataFile {
	low, high := ceilDiv(start, 1000), floorDiv(end, 1000)
	var out []lake.DataFile
	for _, f := range files {
		may, nulls := within(&f, "start", low, high)
		for _, next := range []string{"end", "weir_hour"} {
			if may || !nulls {
				break
			}
			may, nulls = within(&f, next, low, high)
		}
		if may {
			out = append(out, f)
		}
	}
	return out
}

// allWithin reports whether all records of files have a start within a time, by their statistics.
func allWithin(files []lake.DataFile, start, end int64) bool {
	for _, f := range files {
		stats := f.Columns["start"]
		first, ok1 := seconds(stats.Min)
		last, ok2 := seconds(stats.Max)
		if !ok1 || !ok2 || f.LacksStart() || first < ceilDiv(start, 1000) || last > floorDiv(end, 1000) {
			return false
		}
	}
	return true
}

// within reports whether a file may have a record whose time in a column lies in seconds from low to high,
// and whether some have none.
func within(f *lake.DataFile, column string, low, high int64) (may, nulls bool) {
	stats, ok := f.Columns[column]
	if !ok {
		return false, true
	}
	first, ok1 := seconds(stats.Min)
	last, ok2 := seconds(stats.Max)
	return !ok1 || !ok2 || first <= high && last >= low, stats.Nulls > 0
}

// groupClasses returns the classes of formats that a group's query tells apart, by the key of what it asks
// for, those of most objects first.
func groupClasses(formats []lake.ObjectFormat, key func(*recordFormat) string) [][]lake.ObjectFormat {
	var out [][]lake.ObjectFormat
	at := map[string]int{}
	for _, f := range formats {
		rf := newRecordFormat(f.Formats)
		k := key(&rf)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	return out
}

// vpcView is the view that records are read from.
var vpcView = ident(query.TableName(flowlog.KindVPC))

// seconds returns a bound of a column of times, in seconds since the epoch.
func seconds(bound any) (int64, bool) {
	switch b := bound.(type) {
	case int64:
		return b, true
	case time.Time:
		return b.Unix(), true
	}
	return 0, false
}

package discover

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// Options say how fields are found.
type Options struct {
	// Region is @aws.region; "" where it is not known.
	Region string
	// AnyCase finds fields of flow log records in any case and spelling. AWS does not.
	AnyCase bool
}

// MaxFields is how many fields of a JSON document are discovered, in the order of the document.
//
// Source: AWS, "Supported logs and discovered fields".
const MaxFields = 200

// Fields are the fields of an event. They are parsed when the first one is asked for that is not the system's. It is not
// safe for concurrent use.
type Fields struct {
	event    *Event
	options  Options
	parsed   bool
	names    [][]string // of the JSON document, as paths
	values   map[string]value.Value
	words    []string    // of a flow log record
	document value.Value // the JSON document; absent where there is none
}

// New returns the fields of an event, which must not change.
func New(e *Event, o Options) *Fields { return &Fields{event: e, options: o} }

// Event returns the event.
func (f *Fields) Event() *Event { return f.event }

// SystemFields are the names of fields that all events have, but for those whose values weir does not always know.
var SystemFields = []string{"@timestamp", "@message", "@ingestionTime", "@logStream", "@log", "@ptr", "@aws.account", "@aws.region", "@data_source_name", "@data_source_type"}

// Get returns the value of a field, absent where the event has none of that name. A field of a JSON document is the path to
// a text, a number or a boolean in it, positions of arrays from 0; a part in backticks is one key whatever is in
// it. Where a key begins with @, one more is written in front.
func (f *Fields) Get(path []insights.FieldPart) value.Value {
	if len(path) == 0 {
		return value.Absent
	}
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = p.Name
	}
	if name := parts[0]; strings.HasPrefix(name, "@") {
		if !strings.HasPrefix(name, "@@") {
			return f.system(strings.Join(parts, "."))
		}
		parts[0] = name[1:]
	}
	if v := f.own(parts); !v.IsAbsent() {
		return v
	}
	f.parse()
	if f.words != nil {
		return f.word(strings.Join(parts, "."))
	}
	return f.values[key(parts)]
}

func (f *Fields) system(name string) value.Value {
	e := f.event
	switch name {
	case "@timestamp":
		return value.Time(e.Timestamp)
	case "@ingestionTime":
		return value.Time(e.Ingestion)
	case "@message":
		return value.Text(e.Message)
	case "@logStream":
		return value.Text(e.Stream)
	case "@log":
		return value.Text(e.Account + ":" + e.Group)
	case "@ptr":
		return textOrAbsent(e.Ptr)
	case "@aws.account":
		return textOrAbsent(e.Account)
	case "@aws.region":
		return textOrAbsent(f.options.Region)
	case "@data_source_name", "@data_source_type":
		// The data source of flow logs is amazon_vpc.flow.
		if e.Format == nil || e.Format.Kind() != flowlog.KindVPC {
			return value.Absent
		}
		if name == "@data_source_type" {
			return value.Text("flow")
		}
		return value.Text("amazon_vpc")
	}
	return value.Absent
}

func textOrAbsent(s string) value.Value {
	if s == "" {
		return value.Absent
	}
	return value.Text(s)
}

// own returns a field that weir adds.
func (f *Fields) own(path []string) value.Value {
	if len(path) != 1 || f.event.Own == nil {
		return value.Absent
	}
	if id, ok := LookupFlow(path[0], f.options.AnyCase); ok {
		return f.event.Own[FlowName(flowlog.FieldByID(id).Name)]
	}
	return value.Absent
}

// word returns the word of a flow log record by the name of its field.
func (f *Fields) word(name string) value.Value {
	id, ok := LookupFlow(name, f.options.AnyCase)
	for i := range f.words {
		if field, known := f.event.Format.Field(i); known {
			if ok && field.ID == id {
				return value.Text(f.words[i])
			}
			continue
		}
		if own := FlowName(f.event.Format.Names()[i]); own == name || f.options.AnyCase && folded(own) == folded(name) {
			return value.Text(f.words[i])
		}
	}
	return value.Absent
}

// parse reads the message once. A message of a flow log whose words are as many as its fields is a record; one that
// begins with a JSON object has the object's fields.
func (f *Fields) parse() {
	if f.parsed {
		return
	}
	f.parsed = true
	if f.event.Format != nil {
		if words := strings.Fields(f.event.Message); len(words) == f.event.Format.Len() {
			f.words = words
		}
		return
	}
	document, ok := object(f.event.Message)
	if !ok {
		return
	}
	f.document = document
	f.values = map[string]value.Value{}
	f.flatten(document, new([]string))
}

// Part returns what a path leads to in the JSON document of the message: a list or a map too, which are no fields, but of
// which expand and json take parts.
//
// Source: AWS, "expand" and "parse" (JSON field extraction), whose examples name such parts of an event.
func (f *Fields) Part(path []insights.FieldPart) value.Value {
	f.parse()
	v := f.document
	for i, p := range path {
		name := p.Name
		if i == 0 && strings.HasPrefix(name, "@") {
			if !strings.HasPrefix(name, "@@") {
				return value.Absent
			}
			name = name[1:]
		}
		v = v.Step(name)
	}
	return v
}

// object returns the JSON object at the beginning of a message.
func object(message string) (value.Value, bool) {
	if !strings.HasPrefix(strings.TrimLeft(message, " \t\r\n"), "{") {
		return value.Absent, false
	}
	var raw json.RawMessage
	if err := json.NewDecoder(strings.NewReader(message)).Decode(&raw); err != nil {
		return value.Absent, false
	}
	return value.ParseJSON(string(raw))
}

// flatten adds the texts, numbers and booleans of a document by their paths. The path is one for all, and copied where it is
// kept: a document may be nested as deep as it is long.
func (f *Fields) flatten(v value.Value, path *[]string) {
	if len(f.names) == MaxFields {
		return
	}
	within := func(name string, v value.Value) {
		*path = append(*path, name)
		f.flatten(v, path)
		*path = (*path)[:len(*path)-1]
	}
	switch v.Kind() {
	case value.MapKind:
		for i, k := range v.Keys() {
			within(k, v.Elements()[i])
		}
	case value.ListKind:
		for i, e := range v.Elements() {
			within(strconv.Itoa(i), e)
		}
	case value.AbsentKind:
	default:
		f.names = append(f.names, slices.Clone(*path))
		f.values[key(*path)] = v
	}
}

// key is a path as a key of a map. JSON's keys can hold any character but an unescaped one below a space, so a length
// stands in front of each part.
func key(path []string) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(':')
		b.WriteString(p)
	}
	return b.String()
}

// Names returns the names of the fields that the message has, as a query names them: with backticks where they are needed,
// and one more @ before one.
func (f *Fields) Names() []string {
	f.parse()
	var out []string
	if f.words != nil {
		for _, n := range f.event.Format.Names() {
			out = append(out, written([]string{FlowName(n)}))
		}
		return out
	}
	for _, path := range f.names {
		out = append(out, written(path))
	}
	return out
}

// written writes a path as a query has it.
func written(path []string) string {
	var b strings.Builder
	for i, p := range path {
		if i > 0 {
			b.WriteByte('.')
		} else if strings.HasPrefix(p, "@") {
			p = "@" + p
		}
		if isPlain(p) {
			b.WriteString(p)
		} else {
			b.WriteString("`" + p + "`")
		}
	}
	return b.String()
}

// isPlain says whether a name needs no backticks: letters, digits, _ and @.
//
// Source: AWS, "Fields that contain special characters".
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '@' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

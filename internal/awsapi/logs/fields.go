package logs

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
	"weir/internal/logstore"
)

// recordFormat returns the flow log format of a group's events, nil where none is known.
func recordFormat(g *logstore.Group) *flowlog.Format {
	if g.Format == "" {
		return nil
	}
	format, err := flowlog.ParseLogFormat(g.Format)
	if err != nil {
		return nil // its events are text, as the store has them
	}
	return &format
}

// fieldsOf yields the names and values of an event's fields, those of the system first. Times are
// milliseconds since the epoch.
func (a *API) fieldsOf(e *logstore.Event, format *flowlog.Format) iter.Seq2[string, string] {
	fields := discover.New(&discover.Event{
		Account: a.Account, Group: e.Group, Stream: e.Stream, Timestamp: e.Timestamp, Ingestion: e.Ingestion, Message: e.Message, Format: format,
	}, discover.Options{Region: a.Region})
	return func(yield func(string, string) bool) {
		for _, name := range append(slices.Clone(discover.SystemFields), fields.Names()...) {
			v := fields.Get(path(name))
			text := v.String()
			if millis, ok := v.Millis(); ok && v.Kind() == value.TimeKind {
				text = strconv.FormatInt(millis, 10)
			}
			if !v.IsAbsent() && !yield(name, text) {
				return
			}
		}
	}
}

// path reads a name as queries have it: parts between dots, of which some are in backticks.
func path(name string) []insights.FieldPart {
	var out []insights.FieldPart
	for rest := name; ; {
		var part insights.FieldPart
		if quoted, ok := strings.CutPrefix(rest, "`"); ok {
			part.Quoted = true
			part.Name, rest, _ = strings.Cut(quoted, "`")
			rest, ok = strings.CutPrefix(rest, ".")
			if out = append(out, part); !ok {
				return out
			}
			continue
		}
		more := false
		part.Name, rest, more = strings.Cut(rest, ".")
		if out = append(out, part); !more {
			return out
		}
	}
}

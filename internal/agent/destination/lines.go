package destination

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/agent/config"
)

// The form of lines is gzipped text. Its first line is linesForm. A line that begins with = has the name of the log stream of those that follow; all others are a
// log event: milliseconds since the epoch, a space, a record. Streams are in order of their names, and events of a stream in order of time.
const linesForm = "weir lines 1"

// mostLines bounds what lines may be unpacked, in bytes.
const mostLines = 1 << 30

// An event is a record with its time, in milliseconds since the epoch.
type event struct {
	time int64
	line string
}

// stream is a log stream with what goes there; "" is its name where the destination has none.
type stream struct {
	name   string
	events []event
}

// streamOf returns the log stream of a record, "" where it has none. Each transit gateway has one, of its id; a network interface has one for each traffic type.
//
// Source: spec c.6, names that are seen of transit gateways and of traffic type ALL; those of the other two are a guess.
func streamOf(l *config.FlowLog, r flowlog.Record) string {
	if l.OfTransit() {
		gateway, _ := r.Text(flowlog.TGWID)
		return gateway
	}
	eni, ok := r.Text(flowlog.InterfaceID)
	if !ok {
		return ""
	}
	return eni + "-" + strings.ToLower(l.Traffic)
}

// encodeLines makes lines of a batch.
func encodeLines(l *config.FlowLog, b *flowlog.Batch) ([]byte, error) {
	streams, err := streamsOf(l, b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	line := append([]byte(linesForm), '\n')
	for _, s := range streams {
		if s.name != "" {
			line = append(append(append(line, '='), s.name...), '\n')
		}
		for _, e := range s.events {
			line = append(append(strconv.AppendInt(line, e.time, 10), ' '), e.line...)
			line = append(line, '\n')
			if _, err := zip.Write(line); err != nil {
				return nil, err
			}
			line = line[:0]
		}
	}
	if _, err := zip.Write(line); err != nil { // of no event at all
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// streamsOf returns the log events of a batch, in order. An event's time is its record's start. Source: spec c.6.
func streamsOf(l *config.FlowLog, b *flowlog.Batch) ([]stream, error) {
	var text bytes.Buffer // the writer refuses what breaks a line
	if err := writeAll(flowlog.NewTextWriter(&text, l.Format, false), b); err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(text.String(), "\n")
	by := map[string][]event{}
	i := 0
	for r := range b.Records() {
		e := event{line: strings.TrimSuffix(lines[i], "\n")}
		i++
		start, ok := r.Int(flowlog.Start)
		name := ""
		if l.Delivery.Type == config.CloudWatchLogs {
			name = streamOf(l, r)
			if name == "" || !ok {
				return nil, fmt.Errorf("record %d has no interface-id or tgw-id, or no start: it has no place in a log group", i)
			}
		}
		if ok {
			e.time = start * 1000
		}
		by[name] = append(by[name], e)
	}
	var out []stream
	for name, events := range by {
		slices.SortStableFunc(events, func(a, b event) int { return int(max(-1, min(1, a.time-b.time))) })
		out = append(out, stream{name, events})
	}
	slices.SortFunc(out, func(a, b stream) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// decodeLines reads what encodeLines made.
func decodeLines(data []byte) ([]stream, error) {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("no lines of a flow log: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(zip, mostLines+1))
	if err != nil {
		return nil, fmt.Errorf("no lines of a flow log: %w", err)
	}
	if len(text) > mostLines {
		return nil, fmt.Errorf("more than %d bytes of lines", mostLines)
	}
	return parseLines(string(text))
}

// parseLines reads lines that are unpacked.
func parseLines(text string) ([]stream, error) {
	rest, ok := strings.CutPrefix(text, linesForm+"\n")
	switch {
	case !ok:
		return nil, errors.New("no lines of a flow log, or in a form of another version")
	case rest != "" && !strings.HasSuffix(rest, "\n"):
		return nil, errors.New("the last line is cut off")
	}
	var out []stream
	n := 1
	for line := range strings.Lines(rest) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "="); ok {
			if name == "" {
				return nil, fmt.Errorf("line %d: no name of a log stream", n)
			}
			out = append(out, stream{name: name})
			continue
		}
		at, record, ok := strings.Cut(line, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil || record == "" {
			return nil, fmt.Errorf("line %d is no record with its time", n)
		}
		if out == nil {
			out = append(out, stream{})
		}
		to := &out[len(out)-1]
		to.events = append(to.events, event{ms, record})
	}
	return out, nil
}

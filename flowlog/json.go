package flowlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// logDocument is what CloudWatch Logs and Firehose put around records: a
// subscription document (logEvents), the answer of FilterLogEvents or
// GetLogEvents (events), or a single event or Firehose envelope (message).
type logDocument struct {
	MessageType string     `json:"messageType"`
	LogEvents   []logEvent `json:"logEvents"`
	Events      []logEvent `json:"events"`
	logEvent
}

type logEvent struct {
	Message   *string         `json:"message"`
	Timestamp json.RawMessage `json:"timestamp"` // milliseconds since the epoch
}

// jsonSource reads JSON documents that hold records: one after the other, with
// or without line ends between them, or in one array.
type jsonSource struct {
	records recordSource
	lines   *lineReader
	value   []byte // the document so far
	first   int    // line at which it begins
	depth   int
	array   bool // the documents stand in an array
	inText  bool // within a string
	escaped bool
}

func (j *jsonSource) next() (*Batch, error) { return j.records.next(j.readLine) }

// readLine takes one line of the object, in which documents may begin and end.
func (j *jsonSource) readLine() error {
	d := j.records.d
	line, ended, err := j.lines.next()
	if err != nil && err != io.EOF && err != errLongLine {
		err = d.broken(err)
	}
	if err == errLongLine {
		d.bad(&LineError{Line: j.lines.n, Reason: "a line of JSON of over 64 MiB"}, line)
		j.drop()
		return nil
	}
	j.scan(line)
	if ended && j.inText {
		// A line end cannot stand within a JSON text, so the document is
		// broken; the next one may begin in the next line.
		d.bad(&LineError{Line: j.first, Reason: "the JSON document breaks off within a text"}, j.value)
		j.drop()
	}
	if err == nil && ended {
		return nil
	}
	if j.depth > 0 && err != nil {
		d.bad(&LineError{Line: j.first, Reason: "the JSON document breaks off"}, j.value)
		j.drop()
	}
	return err
}

func (j *jsonSource) drop() {
	j.value, j.depth, j.inText, j.escaped = j.value[:0], 0, false, false
}

// scan looks for the ends of documents.
func (j *jsonSource) scan(line []byte) {
	start, stray := 0, -1 // where a document and where what is none begins
	for i, c := range line {
		if j.depth == 0 && stray < 0 && !isBetween(c) {
			stray = i
		}
		switch {
		case j.escaped:
			j.escaped = false
		case j.inText:
			j.escaped = c == '\\'
			j.inText = c != '"'
		case c == '"':
			j.inText = true
		case c == '{' || c == '[':
			if j.depth == 0 {
				if stray >= 0 {
					j.notRecords(line[stray:i], j.lines.n, notDocument)
					stray = -1
				}
				if c == '[' && !j.array {
					j.array = true
					continue
				}
				start, j.first = i, j.lines.n
			}
			j.depth++
		case c == ']' && j.depth == 0:
			j.array = false
		case (c == '}' || c == ']') && j.depth > 0:
			j.depth--
			if j.depth == 0 {
				j.value = append(j.value, line[start:i+1]...)
				j.document()
				j.value = j.value[:0]
			}
		}
	}
	switch {
	case j.depth > 0:
		j.value = append(j.value, line[start:]...)
		j.value = append(j.value, '\n')
	case stray >= 0:
		j.notRecords(line[stray:], j.lines.n, notDocument)
		j.drop()
	}
}

// isBetween reports whether a byte can stand between documents or begin one.
func isBetween(c byte) bool {
	switch c {
	case ' ', '\t', '\r', ',', '[', ']', '{':
		return true
	}
	return false
}

// document takes the records of one document.
func (j *jsonSource) document() {
	d := j.records.d
	var doc logDocument
	if err := json.Unmarshal(j.value, &doc); err != nil {
		reason := "no JSON document of records: " + err.Error()
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			reason = "no JSON document of records: a member is a " + wrong.Value
		}
		if bytes.Contains(j.value, []byte(`"message"`)) {
			d.bad(&LineError{Line: j.first, Reason: reason}, j.value)
		} else {
			j.notRecords(j.value, j.first, reason)
		}
		return
	}
	if doc.MessageType == "CONTROL_MESSAGE" {
		return // CloudWatch Logs tests the subscription with it
	}
	events := slices.Concat(doc.LogEvents, doc.Events)
	if doc.Message != nil {
		events = append(events, doc.logEvent)
	}
	if events == nil && doc.MessageType != "DATA_MESSAGE" && !bytes.Contains(j.value, []byte(`"events"`)) {
		j.notRecords(j.value, j.first, notDocument)
		return
	}
	for i, e := range events {
		if e.Message == nil {
			d.bad(&LineError{Line: j.first, Reason: fmt.Sprintf("event %d has no message", i+1)}, j.value)
			continue
		}
		event := Absent
		if ms, err := strconv.ParseInt(string(e.Timestamp), 10, 64); err == nil {
			event = ms / 1000
		}
		j.records.line([]byte(*e.Message), j.first, event)
	}
}

// notDocument is why something in an object of JSON documents is none of them.
const notDocument = "no JSON document with logEvents, events or message"

// notRecords takes what is no document of CloudWatch Logs or Firehose: a bad line
// among others, or, before the first record, the sign that the object is no flow
// log.
func (j *jsonSource) notRecords(text []byte, line int, reason string) {
	r := &j.records
	switch {
	case r.parser != nil:
		r.d.bad(&LineError{Line: line, Reason: reason}, text)
	case r.done == nil:
		r.pending = append(r.pending, pendingLine{bytes.Clone(text), line})
		if len(r.pending) >= evidenceLines {
			r.done = fmt.Errorf("%w: %s", ErrNotFlowLog, reason)
		}
	}
}

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
	open    []byte // the brackets of the document that are open
	array   bool   // the documents stand in an array
	inText  bool   // within a string
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
	if len(j.open) > 0 && bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("{")) && !j.takesObject() {
		j.lost("the JSON document breaks off") // and another one begins
	}
	j.scan(line)
	if ended && j.inText {
		// A line end cannot stand within a JSON text, so the document is
		// broken; the next one may begin in the next line.
		j.lost("the JSON document breaks off within a text")
	}
	if len(j.value) > maxLine {
		j.lost("a JSON document of over 64 MiB")
	}
	if err == nil && ended {
		return nil
	}
	if len(j.open) > 0 && err != nil {
		j.lost("the JSON document breaks off")
	}
	return err
}

// takesObject reports whether an object can come next in the open document.
func (j *jsonSource) takesObject() bool {
	within := j.open[len(j.open)-1]
	so := bytes.TrimRight(j.value, " \t\r\n")
	switch so[len(so)-1] {
	case '[':
		return true
	case ',':
		return within == '['
	case ':':
		return within == '{'
	}
	return false
}

// lost gives up the open document.
func (j *jsonSource) lost(reason string) {
	j.noRecords(j.value, j.first, reason)
	j.drop()
}

// noRecords takes a text that can't be read as a document. It is a bad line where
// it has the members of a document with records.
func (j *jsonSource) noRecords(text []byte, line int, reason string) {
	if bytes.Contains(text, []byte(`"message`)) || bytes.Contains(text, []byte(`"logEvents"`)) {
		j.records.d.bad(&LineError{Line: line, Reason: reason}, text)
		return
	}
	j.records.noRecord(text, line, reason)
}

func (j *jsonSource) drop() {
	j.value, j.open, j.inText, j.escaped = j.value[:0], j.open[:0], false, false
}

// scan looks for the ends of documents.
func (j *jsonSource) scan(line []byte) {
	start, stray := 0, -1 // where a document and where what is none begins
	for i, c := range line {
		if len(j.open) == 0 && stray < 0 && !isBetween(c) {
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
			if len(j.open) == 0 {
				if stray >= 0 {
					j.records.noRecord(line[stray:i], j.lines.n, notDocument)
					stray = -1
				}
				if c == '[' && !j.array {
					j.array = true
					continue
				}
				start, j.first = i, j.lines.n
			}
			j.open = append(j.open, c)
		case c == ']' && len(j.open) == 0:
			j.array = false
		case (c == '}' || c == ']') && len(j.open) > 0:
			j.open = j.open[:len(j.open)-1]
			if len(j.open) == 0 {
				j.value = append(j.value, line[start:i+1]...)
				j.document()
				j.value = j.value[:0]
			}
		}
	}
	switch {
	case len(j.open) > 0:
		j.value = append(j.value, line[start:]...)
		j.value = append(j.value, '\n')
	case stray >= 0:
		j.records.noRecord(line[stray:], j.lines.n, notDocument)
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
		j.noRecords(j.value, j.first, reason)
		return
	}
	if doc.MessageType == "CONTROL_MESSAGE" {
		return // CloudWatch Logs tests the subscription with it
	}
	events := slices.Concat(doc.LogEvents, doc.Events)
	numbered := len(events)
	if doc.Message != nil {
		events = append(events, doc.logEvent)
	}
	if events == nil && doc.MessageType != "DATA_MESSAGE" && !bytes.Contains(j.value, []byte(`"events"`)) {
		j.records.noRecord(j.value, j.first, notDocument)
		return
	}
	for i, e := range events {
		if e.Message == nil {
			d.bad(&LineError{Line: j.first, Reason: fmt.Sprintf("event %d has no message", i+1)}, j.value)
			continue
		}
		l := sourceLine{text: []byte(*e.Message), line: j.first, time: Absent}
		if ms, err := strconv.ParseInt(string(e.Timestamp), 10, 64); err == nil {
			l.time = ms / 1000
		}
		if i < numbered {
			l.event = i + 1
		}
		j.records.line(l)
	}
}

// notDocument is why something in an object of JSON documents is none of them.
const notDocument = "no JSON document with logEvents, events or message"

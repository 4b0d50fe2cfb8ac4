package flowlog

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	// maxPending is how many bytes of lines without any mark of a flow log are
	// read before an object counts as none.
	maxPending = 64 << 10
	// weakLines is how many such lines can stand before a header that has one
	// known field only: below more of them it is a line of prose or of SQL.
	weakLines = 20
	// orderedSwitches is how often the format can change before records of one
	// format are gathered: batches of single records cost more than their order
	// is worth.
	orderedSwitches = 256
	// maxFormats is how many formats have a batch at the same time. Objects have
	// one or two; only a made one has more.
	maxFormats = 16
	// laterRoom is for how many records there is room at first once the format has
	// changed: each batch may get one record only.
	laterRoom = 64
)

// recordSource turns lines of records into batches: it finds their format, and
// puts the records of each format into batches of their own.
type recordSource struct {
	d       *Decoder
	parser  *lineParser   // of the lines that come; nil before the format is known
	parsers []*lineParser // of the formats so far, parser among them
	held    int           // records in their batches
	changes int           // of the format so far
	header  bool          // the format stood in a header
	refused bool          // the header above can't be read, so that the format is not known again
	ready   []*Batch
	pending []sourceLine // lines before the format was known
	waiting int          // their bytes
	done    error
}

// sourceLine is a line, or the message of a log event, and where it stands.
type sourceLine struct {
	text   []byte // as it stands there, without line end
	line   int
	event  int    // place in its JSON document, from 1; 0 where it is the only one
	time   int64  // of the log event, or Absent
	reason string // why it is no record, where that is known
}

// line takes one line.
func (s *recordSource) line(l sourceLine) {
	text := l.text
	if len(text) == 0 || text[0] <= ' ' || text[len(text)-1] <= ' ' || text[0] >= utf8.RuneSelf || text[len(text)-1] >= utf8.RuneSelf {
		if text = bytes.TrimSpace(text); len(text) == 0 {
			return
		}
	}
	if rest, t, ok := cutTime(text); ok {
		text, l.time = bytes.TrimLeft(rest, " \t"), t
	}
	if c := text[0] | 0x20; c >= 'a' && c <= 'z' && s.isHeader(text, l) {
		return
	}
	switch {
	case s.refused:
		s.bad(&LineError{Reason: "stands under a header that can't be read"}, text, l)
	case s.parser == nil && !s.findFormat(text):
		s.wait(l)
	default:
		s.record(text, l)
	}
}

// record takes a line whose format is known.
func (s *recordSource) record(text []byte, l sourceLine) {
	err := s.parser.parse(text)
	if err != nil && !s.header && s.switchFormat(text) {
		err = s.parser.parse(text)
	}
	if err != nil {
		s.bad(err, text, l)
		return
	}
	if s.parser.shared {
		s.settleKind(text)
	}
	if l.time != Absent {
		b := s.parser.batch
		b.At(b.n - 1).setEventTime(l.time)
	}
	if s.held++; s.held >= s.d.opts.BatchRecords {
		s.cut()
	}
}

// bad notes a line that is no record. The error's column is one of text, the part
// of the line that was read.
func (s *recordSource) bad(e *LineError, text []byte, l sourceLine) {
	e.Line = l.line
	if s.d.stats.Container == ContainerJSON {
		e.Column = 0 // a place in the message is none in the line
		if l.event > 0 {
			e.Field, e.Reason = "", fmt.Sprintf("event %d: %s", l.event, e.what())
		}
	}
	if e.Column > 0 {
		e.Column += bytes.LastIndex(l.text, text)
	}
	s.d.bad(e, l.text)
}

// isHeader takes a line as header if it is one.
func (s *recordSource) isHeader(text []byte, l sourceLine) bool {
	if !onlyNames(text) {
		return false
	}
	f, is, err := parseHeader(string(text))
	switch {
	case !is:
		return false
	case s.parser == nil && len(s.pending) >= weakLines && (err != nil || !f.isPlain()):
		return false
	case err != nil && s.parser == nil:
		s.done = fmt.Errorf("%w: line %d: a header that can't be read: %w", ErrNoFormat, l.line, err)
	case err != nil:
		// Whatever the lines below are, they are not in the format so far.
		s.refused = true
		s.bad(&LineError{Reason: "a header that can't be read: " + err.Error()}, text, l)
	default:
		s.header = true
		s.use(f)
		for _, p := range s.takePending() {
			s.bad(&LineError{Reason: "stands before the first line that is a flow log's"}, p.text, p)
		}
	}
	return true
}

// onlyNames reports whether a line may consist of names of fields alone. It is
// asked for each line that begins with a letter, so that it gives up early; what
// it takes is looked at closer.
func onlyNames(line []byte) bool {
	begins := true // a word begins here
	for _, c := range line {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			begins = false
		case c >= '0' && c <= '9' || c == '-' || c == '_':
			if begins {
				return false
			}
		case isSpace(c) || c >= 0x80: // a space, maybe
			begins = true
		default:
			return false
		}
	}
	return true
}

// use goes on with a format.
func (s *recordSource) use(f Format) {
	s.refused = false
	if p := s.parserOf(f); p != nil {
		if p != s.parser {
			s.change()
			s.parser = p
		}
		return
	}
	s.change()
	if len(s.parsers) == maxFormats {
		s.cut()
		s.parsers = nil
	}
	p := newLineParser(f)
	p.expect = s.d.expect
	s.parser, s.parsers = p, append(s.parsers, p)
	s.d.found(f)
}

// parserOf returns the parser of a format that was there before, or nil.
func (s *recordSource) parserOf(f Format) *lineParser {
	for _, p := range s.parsers {
		if p.format.kind == f.kind && p.format.Equal(f) {
			return p
		}
	}
	return nil
}

// change prepares for another format. The records so far go first, as long as that
// does not happen too often.
func (s *recordSource) change() {
	if s.parser == nil {
		return
	}
	s.d.expect = min(s.d.expect, laterRoom)
	for _, p := range s.parsers {
		p.expect = s.d.expect
	}
	if s.changes++; s.changes <= orderedSwitches {
		s.cut()
	}
}

// findFormat looks for the format of a record without a header: the one that
// was given where the record fits it, else AWS's default format where the
// record's values show it. A record that fits neither is a bad one of the format
// that was given, if there is one. The lines before are read then too.
func (s *recordSource) findFormat(text []byte) bool {
	f, ok := s.formatOf(text)
	if !ok {
		return false
	}
	s.use(f)
	for _, p := range s.takePending() {
		s.line(p)
	}
	return true
}

// formatOf returns the format that a record without a header shows.
func (s *recordSource) formatOf(text []byte) (Format, bool) {
	given := s.d.opts.Format
	if given != nil && newLineParser(*given).parse(text) == nil && (!s.d.binary || !hasControl(text)) {
		return *given, true
	}
	if f, ok := s.defaultOf(text); ok {
		return f, true
	}
	if given != nil && !s.d.binary {
		return *given, true
	}
	return Format{}, false
}

// defaultOf returns the default format that a record without a header shows.
func (s *recordSource) defaultOf(text []byte) (Format, bool) {
	if len(text) < 2 || !isSpace(text[1]) {
		return Format{}, false
	}
	f := DefaultFormat(KindVPC)
	switch text[0] { // the version
	case '2':
	case '0' + tgwVersion:
		f = DefaultFormat(KindTGW)
	default:
		return Format{}, false
	}
	p := s.parserOf(f)
	if p == nil {
		p = newLineParser(f)
	}
	return f, p.isDefault(text)
}

// wait keeps a line before the format is known.
func (s *recordSource) wait(l sourceLine) {
	l.text = bytes.Clone(l.text)
	s.pending = append(s.pending, l)
	if s.waiting += len(l.text); s.waiting >= maxPending {
		s.done = s.noFormat()
	}
}

// takePending returns the lines before the format was known that may be records;
// the others are bad ones.
func (s *recordSource) takePending() []sourceLine {
	var lines []sourceLine
	for _, p := range s.pending {
		if p.reason != "" {
			s.bad(&LineError{Reason: p.reason}, p.text, p)
			continue
		}
		lines = append(lines, p)
	}
	s.pending = nil
	return lines
}

// noRecord takes what can't be a record: a bad line among others, or, before the
// first record, the sign that the object is no flow log.
func (s *recordSource) noRecord(text []byte, line int, reason string) {
	l := sourceLine{text: text, line: line, reason: reason}
	switch {
	case s.parser != nil:
		s.bad(&LineError{Reason: reason}, text, l)
	case s.done == nil:
		s.wait(l)
	}
}

// switchFormat goes on with another format that a record without header may
// have, where the record shows it: several flow logs can share a log group.
func (s *recordSource) switchFormat(line []byte) bool {
	if g := s.d.opts.Format; g != nil && !s.parser.format.Equal(*g) && newLineParser(*g).parse(line) == nil {
		s.use(*g)
		return true
	}
	f, ok := s.defaultOf(line)
	if ok = ok && !s.parser.format.Equal(f); ok {
		s.use(f)
	}
	return ok
}

// settleKind puts the record that was read last, whose fields both kinds have,
// to those of its kind: version 6 is of transit gateways only.
func (s *recordSource) settleKind(text []byte) {
	p := s.parser
	if p.version < 0 || (p.cols[p.version].nums[p.batch.n-1] == tgwVersion) == (p.format.kind == KindTGW) {
		return
	}
	p.undo()
	s.use(p.format.withKind(KindVPC + KindTGW - p.format.kind))
	_ = s.parser.parse(text) // the same fields, so that it can't fail now
}

// cut makes the batches so far ready.
func (s *recordSource) cut() {
	for _, p := range s.parsers {
		if b := p.take(); b != nil {
			s.ready = append(s.ready, b)
		}
	}
	s.held = 0
}

// noFormat says why no record was found: lines that look like fields between
// spaces lack a format, others are no flow log.
func (s *recordSource) noFormat() error {
	first := s.pending[0]
	switch {
	case s.d.binary:
		return errBinary
	case first.reason != "":
		return fmt.Errorf("%w: line %d: %s", ErrNotFlowLog, first.line, first.reason)
	}
	for f := range bytes.FieldsSeq(first.text) {
		_, addr := (&Field{Addr: true}).checkText(string(f))
		if addr == nil || bytes.HasPrefix(f, []byte("eni-")) {
			return fmt.Errorf("%w: no header, and the records are not in the default format (line %d: %q)",
				ErrNoFormat, first.line, clipLine(first.text))
		}
	}
	return fmt.Errorf("%w: line %d: %q", ErrNotFlowLog, first.line, clipLine(first.text))
}

// next returns a batch that is ready, or reads on by calling more, which takes
// lines until it returns an error.
func (s *recordSource) next(more func() error) (*Batch, error) {
	for len(s.ready) == 0 && s.done == nil {
		if err := more(); err != nil {
			s.cut()
			if s.parser == nil && len(s.pending) > 0 {
				err = s.noFormat()
			}
			s.done = err
		}
	}
	if len(s.ready) > 0 {
		b := s.ready[0]
		s.ready = s.ready[1:]
		return b, nil
	}
	return nil, s.done
}

// textSource reads lines of records.
type textSource struct {
	records recordSource
	lines   *lineReader
}

func (t *textSource) next() (*Batch, error) { return t.records.next(t.read) }

// read takes as many lines of the object as are usual ones of the format so far, and are
// in memory, or else the next line.
func (t *textSource) read() error {
	r := &t.records
	if p := r.parser; p != nil && !p.shared && !r.refused && len(t.lines.text) > 0 {
		taken, n := p.lines(t.lines.text, r.d.opts.BatchRecords-r.held)
		t.lines.skip(taken, n)
		if r.held += n; r.held >= r.d.opts.BatchRecords {
			r.cut()
			return nil
		}
	}
	return t.readLine()
}

// readLine takes one line of the object.
func (t *textSource) readLine() error {
	d := t.records.d
	line, _, err := t.lines.next()
	switch {
	case err == errLongLine:
		t.records.noRecord(line, t.lines.n, err.Error())
		return nil
	case err != nil:
		// Half a line before a failure may end in half a number.
		if err != io.EOF && len(line) > 0 {
			d.bad(&LineError{Line: t.lines.n, Reason: "the object breaks off in this line"}, line)
		}
		return d.broken(err)
	}
	t.records.line(sourceLine{text: line, line: t.lines.n, time: Absent})
	return nil
}

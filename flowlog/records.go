package flowlog

import (
	"bytes"
	"fmt"
	"io"
)

// evidenceLines is how many lines without any mark of a flow log are read before
// an object counts as none.
const evidenceLines = 20

// recordSource turns lines of records into batches: it finds their format, and
// begins a new batch where the format changes or the batch is full.
type recordSource struct {
	d       *Decoder
	parser  *lineParser // nil before the format is known
	header  bool        // the format stood in a header
	ready   []*Batch
	pending []pendingLine // lines before the format was known
	done    error
}

type pendingLine struct {
	text []byte
	line int
}

// line takes one line, without line end; n is its number in the object.
func (s *recordSource) line(line []byte, n int, event int64) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return
	}
	if rest, t, ok := cutTime(line); ok {
		line, event = bytes.TrimLeft(rest, " \t"), t
	}
	if c := line[0] | 0x20; c >= 'a' && c <= 'z' && s.isHeader(line) {
		return
	}
	if s.parser == nil && !s.findFormat(line, n) {
		return
	}
	err := s.parser.parse(line)
	if err != nil && !s.header && s.switchFormat(line) {
		err = s.parser.parse(line)
	}
	if err != nil {
		err.Line = n
		s.d.bad(err, line)
		return
	}
	b := s.parser.batch
	if event != Absent {
		b.At(b.n - 1).setEventTime(event)
	}
	if b.n == 1 && s.parser.format.Shared() {
		s.settleKind()
	}
	if b.n >= s.d.opts.BatchRecords {
		s.cut()
	}
}

// isHeader takes a line as header if it is one.
func (s *recordSource) isHeader(line []byte) bool {
	first, _, _ := bytes.Cut(line, []byte(" "))
	if _, ok := Lookup(string(first)); !ok && s.parser != nil {
		return false
	}
	f, ok := ParseHeader(string(line))
	if !ok {
		return false
	}
	s.header = true
	s.use(f)
	return true
}

// use goes on with another format.
func (s *recordSource) use(f Format) {
	if s.parser != nil && s.parser.format.Equal(f) {
		return
	}
	s.cut()
	s.parser = newLineParser(f)
	s.parser.expect = s.d.expect
	s.d.found(f)
	for _, p := range s.pending {
		s.d.bad(&LineError{Line: p.line, Reason: "stands before the first line that is a flow log's"}, p.text)
	}
	s.pending = nil
}

// findFormat looks for the format of a record without a header: the one that
// was given where the record fits it, else AWS's default format where the
// record's values show it. A record that fits neither is a bad one of the format
// that was given, if there is one.
func (s *recordSource) findFormat(line []byte, n int) bool {
	given := s.d.opts.Format
	if given != nil && newLineParser(*given).parse(line) == nil {
		s.use(*given)
		return true
	}
	for _, k := range []Kind{KindVPC, KindTGW} {
		if isDefault(line, k) {
			s.use(DefaultFormat(k))
			return true
		}
	}
	if given != nil {
		s.use(*given)
		return true
	}
	s.pending = append(s.pending, pendingLine{bytes.Clone(line), n})
	if len(s.pending) >= evidenceLines {
		s.done = s.noFormat()
	}
	return false
}

// switchFormat goes on with another format that a record without header may
// have, where the record shows it: several flow logs can share a log group.
func (s *recordSource) switchFormat(line []byte) bool {
	if g := s.d.opts.Format; g != nil && !s.parser.format.Equal(*g) && newLineParser(*g).parse(line) == nil {
		s.use(*g)
		return true
	}
	for _, k := range []Kind{KindVPC, KindTGW} {
		if f := DefaultFormat(k); !s.parser.format.Equal(f) && isDefault(line, k) {
			s.use(f)
			return true
		}
	}
	return false
}

// settleKind decides, at the first record of a format whose fields both kinds
// have, of which kind the records are: version 6 is of transit gateways only.
func (s *recordSource) settleKind() {
	p := s.parser
	at := p.format.index(Version)
	if at < 0 || (p.cols[at].nums[0] == tgwVersion) == (p.format.kind == KindTGW) {
		return
	}
	p.format.kind = KindVPC + KindTGW - p.format.kind
	p.batch.kind = p.format.kind
}

// cut makes the batch so far ready.
func (s *recordSource) cut() {
	if s.parser == nil {
		return
	}
	if b := s.parser.take(); b != nil {
		s.ready = append(s.ready, b)
	}
}

// noFormat says why no record was found: lines that look like fields between
// spaces lack a format, others are no flow log.
func (s *recordSource) noFormat() error {
	first := s.pending[0].text
	fields := bytes.FieldsSeq(first)
	for f := range fields {
		_, addr := (&Field{Addr: true}).checkText(string(f))
		if addr == nil || bytes.HasPrefix(f, []byte("eni-")) {
			return fmt.Errorf("%w: no header, and the records are not in the default format (line %d: %q)",
				ErrNoFormat, s.pending[0].line, clipLine(first))
		}
	}
	return fmt.Errorf("%w: line %d: %q", ErrNotFlowLog, s.pending[0].line, clipLine(first))
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

func (t *textSource) next() (*Batch, error) { return t.records.next(t.readLine) }

// readLine takes one line of the object.
func (t *textSource) readLine() error {
	d := t.records.d
	line, ended, err := t.lines.next()
	switch {
	case err == errLongLine:
		d.bad(&LineError{Line: t.lines.n, Reason: err.Error()}, line)
		return nil
	case err != nil:
		// Half a line before a failure may end in half a number.
		if err != io.EOF && len(line) > 0 {
			d.bad(&LineError{Line: t.lines.n, Reason: "the object breaks off in this line"}, line)
		}
		return d.broken(err)
	}
	_ = ended
	t.records.line(line, t.lines.n, Absent)
	return nil
}

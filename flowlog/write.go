package flowlog

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Writer writes batches in one form. Close writes what is still held back; it
// does not close the writer underneath.
//
// Those of text, CSV and JSON have a method Flush() error beside, for whoever reads records while others are still to come.
type Writer interface {
	// Write writes all records of the batch, which it does not keep.
	Write(*Batch) error
	Close() error
}

// FormatOf returns the format of the fields that at least one record of the
// batch has, in AWS's order, unknown fields after them. weir's own fields are
// left out.
func FormatOf(b *Batch) Format {
	f, err := newFormat(b.names())
	if err != nil {
		return DefaultFormat(b.kind) // nothing but absent fields
	}
	return f.withKind(b.kind)
}

// names returns the fields that [FormatOf] takes.
func (b *Batch) names() []string {
	var names []string
	for _, id := range order[b.kind] {
		if f := &fields[id]; !f.Own() && b.has(id) {
			names = append(names, f.Name)
		}
	}
	for _, u := range b.unknown {
		names = append(names, u.Name)
	}
	return names
}

// Missing returns the fields that the batch has, as [FormatOf] finds them, and the
// format lacks.
func (f Format) Missing(b *Batch) []string {
	return slices.DeleteFunc(b.names(), func(name string) bool { return slices.Contains(f.names, name) })
}

// has reports whether a record of the batch has the field.
func (b *Batch) has(id FieldID) bool {
	if c := b.texts[id]; c != nil {
		for _, code := range c.Codes {
			if code != 0 {
				return true
			}
		}
	}
	for _, n := range b.nums[id] {
		if n != Absent {
			return true
		}
	}
	return false
}

// checkKind refuses records of another kind than the format's: fields of the
// one mean nothing in the other.
func checkKind(f Format, b *Batch) error {
	if f.kind != b.kind && !f.Shared() {
		return fmt.Errorf("flowlog: records of kind %s do not fit a format of kind %s", b.kind, f.kind)
	}
	return nil
}

// AppendText appends a record as AWS writes it in text, without line end: the
// format's fields between single spaces, "-" where one is absent. The version is
// what AWS writes for the format ([Format.RecordVersion]), whatever the record's
// own was, except that a format with unknown fields keeps a higher one: it may be
// theirs. Values are written as they are; the writer of [NewTextWriter] refuses
// those that would break the line.
func AppendText(dst []byte, r Record, f Format) []byte {
	for i := range f.names {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = f.appendWord(dst, r, i)
	}
	return dst
}

// AppendLine appends a record as the line that delivered it, without line end: as [AppendText] does,
// but with the record's own version where it has one.
func AppendLine(dst []byte, r Record, f Format) []byte {
	for i := range f.names {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if own, ok := r.Int(Version); ok && f.known[i] && f.ids[i] == Version {
			dst = strconv.AppendInt(dst, own, 10)
			continue
		}
		dst = f.appendWord(dst, r, i)
	}
	return dst
}

// checkLines refuses values that would break a line of text. AWS's own never
// hold white space (tags are percent-encoded); Parquet of others can.
func (f Format) checkLines(b *Batch) error {
	for i, name := range f.names {
		if fd, ok := f.Field(i); ok && (fd.Addr || fd.Values != nil || fd.escaped()) {
			continue
		}
		c := f.texts(b, i)
		if c == nil {
			continue
		}
		for code, v := range c.Dict {
			if strings.ContainsFunc(v, breaksLine) && slices.Contains(c.Codes, uint32(code)) {
				return fmt.Errorf("flowlog: %s: %q holds white space or a control character, which a line of text can't carry", name, clip(v))
			}
		}
	}
	return nil
}

// checkNames refuses names that a header can't hold: other writers' Parquet has
// columns of any name.
func (f Format) checkNames() error {
	for _, name := range f.names {
		if !isName(name) {
			return fmt.Errorf("flowlog: field %q can't stand in the header of a text file", clip(name))
		}
	}
	return nil
}

func breaksLine(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// texts returns the column of the format's i-th field in a batch, or nil where
// the field holds no text or no record has it.
func (f Format) texts(b *Batch, i int) *TextColumn {
	if f.known[i] {
		return b.texts[f.ids[i]]
	}
	for _, u := range b.unknown {
		if u.Name == f.names[i] {
			return u.Text
		}
	}
	return nil
}

// appendField appends the i-th field of the format.
func (f Format) appendField(dst []byte, r Record, i int) []byte {
	if !f.known[i] {
		for name, v := range r.Unknown() {
			if name == f.names[i] {
				return append(dst, v...)
			}
		}
		return append(dst, '-')
	}
	id := f.ids[i]
	if id == Version {
		return strconv.AppendInt(dst, f.versionOf(r), 10)
	}
	if fields[id].Numeric() {
		if v, ok := r.Int(id); ok {
			return strconv.AppendInt(dst, v, 10)
		}
		return append(dst, '-')
	}
	if v, ok := r.text(id); ok {
		return append(dst, v...)
	}
	return append(dst, '-')
}

// appendWord appends the i-th field of the format as a line of text has it.
func (f Format) appendWord(dst []byte, r Record, i int) []byte {
	if f.known[i] && fields[f.ids[i]].escaped() {
		if v, ok := r.text(f.ids[i]); ok {
			return appendEscaped(dst, v)
		}
	}
	return f.appendField(dst, r, i)
}

// escaped reports whether lines have the field's text percent-encoded where they can't carry it, as AWS has tags: texts of weir's own, such as several
// rules with spaces between, and paths.
func (f *Field) escaped() bool { return f.Own() && f.Type == String && f.Values == nil }

// appendEscaped appends a text with what breaks a line percent-encoded.
func appendEscaped(dst []byte, v string) []byte {
	for _, r := range v {
		if r != '%' && !breaksLine(r) {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		for _, b := range []byte(string(r)) {
			dst = fmt.Appendf(dst, "%%%02X", b)
		}
	}
	return dst
}

// versionOf returns the version that a record has in this format.
func (f Format) versionOf(r Record) int64 {
	v := int64(f.RecordVersion())
	if own, ok := r.Int(Version); ok && slices.Contains(f.known, false) {
		v = max(v, own)
	}
	return v
}

// textWriter writes AWS's text form.
type textWriter struct {
	w      *bufio.Writer
	format Format
	header bool // still to be written
	line   []byte
}

// NewTextWriter returns a writer of AWS's text form: a header, where asked for,
// then a line for each record. Compression is the caller's. Write refuses a batch
// with a value that holds white space, and a header of names that hold it.
func NewTextWriter(w io.Writer, f Format, header bool) Writer {
	return &textWriter{w: bufio.NewWriterSize(w, 64<<10), format: f, header: header}
}

func (t *textWriter) Write(b *Batch) error {
	if err := checkKind(t.format, b); err != nil {
		return err
	}
	if err := t.format.checkLines(b); err != nil {
		return err
	}
	if err := t.head(); err != nil {
		return err
	}
	for r := range b.Records() {
		t.line = append(AppendText(t.line[:0], r, t.format), '\n')
		if _, err := t.w.Write(t.line); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is held back.
func (t *textWriter) Flush() error { return t.w.Flush() }

// Close writes the header where no record was written, and what is held back.
func (t *textWriter) Close() error {
	if err := t.head(); err != nil {
		return err
	}
	return t.w.Flush()
}

// head writes the header once.
func (t *textWriter) head() error {
	if !t.header {
		return nil
	}
	if err := t.format.checkNames(); err != nil {
		return err
	}
	t.header = false
	t.w.WriteString(t.format.Header())
	t.w.WriteByte('\n')
	return nil
}

// AppendJSON appends a record as one JSON object: columns in AWS's order under
// AWS's column names, numbers as numbers, absent fields left out, unknown fields
// as text under their own column names, weir's fields where they are there.
func AppendJSON(dst []byte, r Record) []byte {
	dst = append(dst, '{')
	first := true
	key := func(name string) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendJSONText(dst, name), ':')
	}
	for _, id := range order[r.b.kind] {
		f := &fields[id]
		switch {
		case f.Type == Map:
			for name, v := range r.Unknown() {
				key(ColumnName(name))
				dst = appendJSONText(dst, v)
			}
		case f.Type == Timestamp:
			if v, ok := r.Int(id); ok {
				key(f.Column)
				dst = append(dst, '"')
				dst = time.Unix(v, 0).UTC().AppendFormat(dst, time.RFC3339)
				dst = append(dst, '"')
			}
		case f.Numeric():
			if v, ok := r.Int(id); ok {
				key(f.Column)
				dst = strconv.AppendInt(dst, v, 10)
			}
		default:
			if v, ok := r.text(id); ok {
				key(f.Column)
				dst = appendJSONText(dst, v)
			}
		}
	}
	return append(dst, '}')
}

// appendJSONText appends a JSON text.
func appendJSONText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // text is always encodable
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// jsonWriter writes a JSON object for each record and line.
type jsonWriter struct {
	w    *bufio.Writer
	line []byte
}

// NewJSONWriter returns a writer of one JSON object for each line, as
// [AppendJSON] writes it.
func NewJSONWriter(w io.Writer) Writer {
	return &jsonWriter{w: bufio.NewWriterSize(w, 64<<10)}
}

func (j *jsonWriter) Write(b *Batch) error {
	for r := range b.Records() {
		j.line = append(AppendJSON(j.line[:0], r), '\n')
		if _, err := j.w.Write(j.line); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is held back.
func (j *jsonWriter) Flush() error { return j.w.Flush() }

// Close does so too.
func (j *jsonWriter) Close() error { return j.w.Flush() }

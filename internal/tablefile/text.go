package tablefile

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/internal/athenasql"
)

const (
	// readAtOnce is how much of a text is in memory, more where a line is longer.
	readAtOnce = 1 << 20
	// longestLine bounds a line, in bytes: what is longer is no text of lines.
	longestLine = 64 << 20
)

// badData is an error in an object, as Athena names it.
func badData(o Object, format string, args ...any) *athenasql.Error {
	return &athenasql.Error{Code: athenasql.CodeBadData, Message: fmt.Sprintf(format, args...) + " (" + o.URL + ")"}
}

// unpacked returns the text of an object: gzip, bzip2 and zstd by what the bytes are, whatever the name says. Other forms that Hadoop knows by their
// names are refused, and so is Parquet.
func unpacked(o Object, r io.Reader) (io.Reader, func(), error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, nil, err
	}
	head = head[:n]
	all := io.MultiReader(bytes.NewReader(head), r)
	nothing := func() {}
	ext := strings.ToLower(path.Ext(o.URL))
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z := gunzips.Get().(*gzip.Reader)
		err := z.Reset(all)
		return z, func() { gunzips.Put(z) }, err
	case bytes.HasPrefix(head, []byte("BZh")) && ext == ".bz2":
		return bzip2.NewReader(all), nothing, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(all, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case bytes.HasPrefix(head, []byte("PAR1")):
		return nil, nil, badData(o, "the object is Parquet, and the table is one of text: STORED AS PARQUET reads it")
	}
	switch ext {
	case ".gz", ".bz2", ".zst":
		if n > 0 {
			return nil, nil, badData(o, "the object is not compressed as its name says")
		}
	case ".snappy", ".lz4", ".lzo", ".deflate":
		return nil, nil, &athenasql.Error{Code: athenasql.CodeNotSupported, Message: "text compressed as " + ext + " is not supported (" + o.URL + ")", Hint: "gzip, bzip2 and zstd are"}
	}
	return all, nothing, nil
}

// What is needed for reading is used again: most objects are small, and making it would cost more than reading them.
var (
	gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	rooms   = sync.Pool{New: func() any { room := make([]byte, readAtOnce); return &room }}
)

// longestKept bounds, in bytes, what is kept for the next object.
const longestKept = 4 << 20

// lines gives the lines of a text, which end with LF, CR or CRLF (Hadoop, LineReader).
type lines struct {
	r    io.Reader
	room []byte
	at   int  // where the next line begins
	end  int  // of what is read
	eof  bool // nothing follows what is read
}

// next returns the next line. more is false where the text must be read on first, by fill, which makes lines that were returned invalid.
func (l *lines) next() (line []byte, more bool) {
	rest := l.room[l.at:l.end]
	i := bytes.IndexByte(rest, '\n')
	// A CR counts only where it comes before.
	before := rest
	if i >= 0 {
		before = rest[:i]
	}
	if j := bytes.IndexByte(before, '\r'); j >= 0 {
		switch {
		case j+1 < len(rest) && rest[j+1] == '\n':
			l.at += j + 2
		case j+1 == len(rest) && !l.eof:
			return nil, false // an LF may follow
		default:
			l.at += j + 1
		}
		return rest[:j], true
	}
	if i >= 0 {
		l.at += i + 1
		return rest[:i], true
	}
	if l.eof && len(rest) > 0 {
		l.at = l.end
		return rest, true
	}
	return nil, false
}

// fill reads on; io.EOF says that there is nothing more.
func (l *lines) fill() error {
	if l.eof {
		return io.EOF
	}
	copy(l.room, l.room[l.at:l.end])
	l.end -= l.at
	l.at = 0
	if l.end == len(l.room) {
		if len(l.room) >= longestLine {
			return fmt.Errorf("a line has more than %d bytes", longestLine)
		}
		l.room = append(l.room, make([]byte, len(l.room))...)
	}
	n, err := io.ReadFull(l.r, l.room[l.end:])
	l.end += n
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) && n < len(l.room) && isShort(err) {
		l.eof = true
		return nil
	}
	return err
}

// isShort reports whether io.ReadFull itself says that the reader has ended: a reader that breaks off says so with the same error, which
// errReader tells apart.
func isShort(err error) bool { return err == io.ErrUnexpectedEOF }

// brokenReader turns the error of a compressed stream that ends too early into one that io.ReadFull's own can't be mistaken for.
type brokenReader struct{ r io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.ErrUnexpectedEOF {
		err = errors.New("the compressed stream ends too early")
	}
	return n, err
}

// result is what was made of objects.
type result struct {
	rows int64
	// header is the place of the first object of which a line that names fields was taken as a row, -1: there is none.
	header int
	// bad are the columns that have NULL for a field which is no value of their types: see writer.bad.
	bad string
}

// convertText writes the rows of a text. header says that a line that names fields was taken as a row.
func convertText(ctx context.Context, l *Layout, o Object, r io.Reader, w *writer) (header bool, err error) {
	text, done, err := unpacked(o, r)
	if err != nil {
		return false, readError(o, err)
	}
	defer done()
	take, err := taker(l, w)
	if err != nil {
		return false, err
	}
	room := rooms.Get().(*[]byte)
	in := &lines{r: brokenReader{text}, room: *room}
	defer func() {
		if *room = in.room; len(in.room) > longestKept {
			*room = make([]byte, readAtOnce)
		}
		rooms.Put(room)
	}()
	for number := 0; ; {
		if err := ctx.Err(); err != nil {
			return header, err
		}
		if err := in.fill(); err == io.EOF {
			break
		} else if err != nil {
			return header, readError(o, err)
		}
		rows := 0
		for {
			line, ok := in.next()
			if !ok {
				break
			}
			if number == 0 {
				line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
			}
			if number == 0 && l.JSON == nil {
				if header, err = checkHeader(l, o, line); err != nil {
					return header, err
				}
			}
			if number < l.SkipLines {
				number++
				continue
			}
			number++
			if err := take(line); err != nil {
				return header, placed(o, number, err)
			}
			rows++
		}
		if err := w.flush(rows); err != nil {
			return header, err
		}
	}
	return header, nil
}

// taker returns what makes a line the next row.
func taker(l *Layout, w *writer) (func(line []byte) error, error) {
	switch {
	case l.JSON != nil:
		rows := newJSONRows(l)
		return func(line []byte) error { return rows.line(line, w) }, nil
	case l.CSV:
		return func(line []byte) error { return w.csvLine(line, l) }, nil
	case l.Pattern != "":
		pattern, err := regexp.Compile(l.Pattern)
		return func(line []byte) error { w.matched(line, l, pattern); return nil }, err
	}
	return func(line []byte) error { w.line(line, l); return nil }, nil
}

// lineError is an error in a line. cursor says that the line as a whole can't be read.
type lineError struct {
	cursor     bool
	text, hint string
}

func (e *lineError) Error() string { return e.text }

// placed gives an error in a line its place; number counts from 1.
func placed(o Object, number int, err error) error {
	e, ok := errors.AsType[*lineError](err)
	if !ok {
		return err
	}
	out := badData(o, "%s in line %d", e.text, number).WithHint(e.hint)
	if e.cursor {
		out.Code = athenasql.CodeCursor
	}
	return out
}

// readError names an error of reading an object's text. Errors of the storage and of the context go on as they are.
func readError(o Object, err error) error {
	var own *athenasql.Error
	var other interface{ Unwrap() error }
	switch {
	case errors.As(err, &own), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &other):
		return err
	}
	return &athenasql.Error{Code: athenasql.CodeCursor, Message: fmt.Sprintf("%v (%s)", err, o.URL)}
}

// matched takes a line apart by a pattern (Hive, RegexSerDe): columns by its groups, NULL where one takes no part, all of them where it does not match. Java reads
// whole numbers of these, without a fraction.
func (w *writer) matched(line []byte, l *Layout, pattern *regexp.Regexp) {
	m := pattern.FindSubmatchIndex(line)
	for i, c := range w.columns[:len(l.Columns)] {
		at := 2 * (i + 1)
		if at >= len(m) || m[at] < 0 {
			c.null()
			continue
		}
		field := line[m[at]:m[at+1]]
		if c.Type.IsInteger() && bytes.IndexByte(field, '.') >= 0 {
			c.null()
			continue
		}
		c.add(field)
	}
}

// line takes a line apart (Trino, SimpleDeserializer): columns by their places, missing ones NULL, further fields left out.
func (w *writer) line(line []byte, l *Layout) {
	columns := w.columns[:len(l.Columns)]
	if l.Escaped {
		begin := 0
		for i := 0; i < len(line) && len(columns) > 0; i++ {
			switch line[i] {
			case l.Separator:
				columns[0].add(line[begin:i])
				columns, begin = columns[1:], i+1
			case l.Escape:
				i++
			}
		}
		if len(columns) > 0 {
			columns[0].add(line[begin:])
			columns = columns[1:]
		}
	} else {
		for len(columns) > 0 {
			i := bytes.IndexByte(line, l.Separator)
			if i < 0 {
				columns[0].add(line)
				columns = columns[1:]
				break
			}
			columns[0].add(line[:i])
			columns, line = columns[1:], line[i+1:]
		}
	}
	for _, c := range columns {
		c.null()
	}
}

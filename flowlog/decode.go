package flowlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"unicode"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/flowlog/internal/inflate"
)

// Options says how to read an object. The zero value reads everything that
// says itself what it is.
type Options struct {
	// Format is the format of text records that stand under no header. Where
	// it is nil, only AWS's default format is read without a header. A header
	// in the object wins.
	Format *Format
	// BatchRecords is the largest number of records in a batch; 0 means 65,536.
	BatchRecords int
	// MaxBad is how many bad lines are kept with their text; 0 means 100. All
	// are counted.
	MaxBad int
	// Exact takes the values of Parquet as they stand. Otherwise 0 and -1 count as
	// absent where they stand for "not there", as AWS and others write them. weir
	// reads its own files so.
	Exact bool
	// MaxMemory bounds, in bytes, a Parquet object that is not read from a
	// file or from memory; 0 means 512 MiB.
	MaxMemory int64
}

// Container is the form in which an object holds records.
type Container string

// The containers. Text is lines of fields, JSON is documents of CloudWatch Logs
// or Firehose that hold such lines.
const (
	ContainerText    Container = "text"
	ContainerJSON    Container = "json"
	ContainerParquet Container = "parquet"
)

// Stats says what a decoder has read so far.
type Stats struct {
	// Container is the form of the object; "" before the first record.
	Container Container
	// Compression is "", "gzip" or "zstd", or such names joined by "+".
	Compression string
	// Formats are the formats that were found, in order, each once. That of
	// Parquet is its columns.
	Formats []Format
	// Records and Bad count what was yielded and what was not taken.
	Records, Bad int64
	// BadLines are the first of the bad ones, with their places.
	BadLines []*LineError
	// UnknownFields are the fields that the table does not know, each once.
	UnknownFields []string
}

// A Decoder reads the records of one object. It is not safe for concurrent use;
// decoders of several objects may run side by side.
type Decoder struct {
	opts  Options
	in    *notedReader
	src   source
	stats Stats
	err   error // what Next returns from now on

	binary  bool            // the object begins with control characters among its text
	expect  int             // records that a batch will probably have
	buffers []*bufio.Reader // to be used again
	gunzips []*gzip.Reader
	rooms   []*[]byte
}

// notedReader notes the first failure of the caller's reader, so that it can be
// told from damage that a decompressor finds.
type notedReader struct {
	r   io.Reader
	err error
}

// Read reads from the caller's reader.
func (n *notedReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && err != io.EOF && n.err == nil {
		n.err = err
	}
	return k, err
}

// source is the reader of one container. next returns a batch that is not
// empty, or an error, after which it is not called again.
type source interface {
	next() (*Batch, error)
}

const (
	defaultBatchRecords = 65536
	defaultMaxBad       = 100
	defaultMaxMemory    = 512 << 20
)

// NewDecoder returns a decoder of the object that r holds. Where r can also be
// read at any place (an [os.File], a [bytes.Reader]), Parquet is read in place;
// otherwise it is read into memory; a [bytes.Reader] is fastest. It fails with
// [ErrNotFlowLog] where the object is nothing that this package reads, with
// [ErrUnreadable] and [ErrCorrupt] where Parquet can't be read, and with r's error.
// An empty object is no error: it has no records. The decoder does not close r.
func NewDecoder(r io.Reader, o Options) (*Decoder, error) {
	if o.BatchRecords <= 0 {
		o.BatchRecords = defaultBatchRecords
	}
	if o.MaxBad <= 0 {
		o.MaxBad = defaultMaxBad
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = defaultMaxMemory
	}
	d := &Decoder{opts: o}
	if err := d.open(r); err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// open finds compression and container from the first bytes.
func (d *Decoder) open(r io.Reader) error {
	d.in = &notedReader{r: r}
	in := d.buffer(d.in)
	_, size, err := randomAccess(r)
	if err != nil {
		return err
	}
	// The decompressor reads bytes in memory faster than what it has to ask for.
	memory, _ := r.(*bytes.Reader)
	var begin int64
	if memory != nil {
		begin = memory.Size() - int64(memory.Len())
	}
	var text []byte // the object decompressed, where it is in memory whole
	for range 4 {   // CloudWatch Logs through Firehose gives gzip within gzip
		head, err := in.Peek(4)
		switch {
		case len(head) == 0 && err == io.EOF:
			d.src = empty{}
			return nil
		case len(head) == 0:
			return d.broken(err)
		case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
			d.compressed("gzip")
			if t, ok := d.inflate(memory, begin); ok {
				text, memory, begin = t, bytes.NewReader(t), 0
				in, r = d.buffer(memory), memory
				continue
			}
			text = nil
			z := gunzips.Get().(*gzip.Reader)
			d.gunzips = append(d.gunzips, z)
			var err error
			if memory != nil {
				if _, err := memory.Seek(begin, io.SeekStart); err != nil {
					return err
				}
				err = z.Reset(memory)
				memory = nil
			} else {
				err = z.Reset(in)
			}
			if err == io.EOF {
				err = io.ErrUnexpectedEOF // within the header
			}
			if err != nil {
				return d.broken(err)
			}
			in, r = d.buffer(z), z
		case isZstd(head):
			d.compressed("zstd")
			text, memory = nil, nil
			z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return d.broken(err)
			}
			in, r = d.buffer(z), z
		case string(head) == "PAR1":
			return d.openParquet(r, in)
		default:
			d.expectRecords(size)
			if text == nil && memory != nil && memory.Size()-begin <= inflate.Most {
				text = d.room(int(memory.Size() - begin))
				if _, err := memory.ReadAt(text, begin); err != nil {
					return err
				}
			}
			return d.openText(in, text)
		}
	}
	return fmt.Errorf("%w: compressed more than three times over", ErrNotFlowLog)
}

// isZstd reports whether a zstd frame begins here, or one that is passed over
// (RFC 8878, 3.1.2: skippable frames).
func isZstd(head []byte) bool {
	return bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18})
}

func (d *Decoder) compressed(by string) {
	if d.stats.Compression != "" {
		by = d.stats.Compression + "+" + by
	}
	d.stats.Compression = by
}

// expectRecords guesses how many records an object of text has, so that columns
// need not grow while they are read: a record has some 110 bytes, and some 22
// after gzip.
func (d *Decoder) expectRecords(size int64) {
	each := int64(100)
	if d.stats.Compression != "" {
		each = 20
	}
	d.expect = int(min(size/each+16, int64(d.opts.BatchRecords)))
}

// inflate decompresses a gzip object in memory, nil where there is none, from
// begin on. ok is false where it must be read as a stream.
func (d *Decoder) inflate(memory *bytes.Reader, begin int64) (text []byte, ok bool) {
	if !inflate.Linked || memory == nil || memory.Size()-begin > inflate.Most {
		return nil, false
	}
	object := d.room(int(memory.Size() - begin))
	if _, err := memory.ReadAt(object, begin); err != nil {
		return nil, false
	}
	room := rooms.Get().(*[]byte)
	d.rooms = append(d.rooms, room)
	text, ok = inflate.Gzip(*room, object)
	*room = text
	return text, ok
}

// room returns memory for n bytes.
func (d *Decoder) room(n int) []byte {
	room := rooms.Get().(*[]byte)
	d.rooms = append(d.rooms, room)
	if cap(*room) < n+wideLoad {
		*room = make([]byte, n+n/8+wideLoad)
	}
	return (*room)[:n]
}

// openText tells text from JSON, and finds signs of binary noise. text is the
// object, where it is in memory whole.
func (d *Decoder) openText(in *bufio.Reader, text []byte) error {
	head, err := in.Peek(512)
	if len(head) == 0 && err != io.EOF {
		return d.broken(err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return d.broken(err)
		}
		head = head[3:]
		if text != nil {
			text = text[3:]
		}
	}
	if d.binary = hasControl(head); d.binary {
		// Or text with a damaged line: lines tell. A line that does not end soon is
		// none.
		if long, _ := in.Peek(maxPending); len(long) == maxPending && bytes.IndexByte(long, '\n') < 0 {
			return errBinary
		}
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	lines := &lineReader{in: in}
	if text != nil {
		lines = &lineReader{text: text}
	}
	switch {
	case len(head) == 0 && err == io.EOF:
		d.src = empty{}
	case len(head) > 0 && (head[0] == '{' || head[0] == '['):
		d.stats.Container = ContainerJSON
		d.src = &jsonSource{records: recordSource{d: d}, lines: lines}
	default:
		d.stats.Container = ContainerText
		d.src = &textSource{records: recordSource{d: d}, lines: lines}
	}
	return nil
}

// errBinary is what becomes of an object with control characters in which no line
// is a flow log's.
var errBinary = fmt.Errorf("%w: binary data", ErrNotFlowLog)

// hasControl reports whether a text holds control characters, other than those
// between words and lines.
func hasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// What a decoder needs for reading is used again by later ones: most objects are
// small, and making it would cost more than reading them.
var (
	buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}
	gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	rooms   = sync.Pool{New: func() any { return new([]byte) }}
)

// buffer returns a buffered reader of r.
func (d *Decoder) buffer(r io.Reader) *bufio.Reader {
	b := buffers.Get().(*bufio.Reader)
	b.Reset(r)
	d.buffers = append(d.buffers, b)
	return b
}

// release gives back what was needed for reading, once nothing is read any more.
func (d *Decoder) release() {
	for _, b := range d.buffers {
		b.Reset(nil)
		buffers.Put(b)
	}
	for _, z := range d.gunzips {
		gunzips.Put(z)
	}
	for _, r := range d.rooms {
		rooms.Put(r)
	}
	d.buffers, d.gunzips, d.rooms = nil, nil, nil
}

// Next returns the next batch, which the caller may keep. It returns [io.EOF]
// at the end. Any other error ends the object too, and says that records after
// those already returned are missing: [ErrTruncated], [ErrCorrupt],
// [ErrNoFormat], [ErrNotFlowLog], [ErrUnreadable] or an error of the reader.
// Records come in the object's order; where their format changes very often,
// those of each format come together.
func (d *Decoder) Next() (*Batch, error) {
	if d.err != nil {
		return nil, d.err
	}
	b, err := d.src.next()
	if err != nil {
		d.err, d.src = err, nil
		d.release()
		return nil, err
	}
	d.stats.Records += int64(b.n)
	return b, nil
}

// Stats returns what was read so far. The slices belong to the decoder.
func (d *Decoder) Stats() Stats { return d.stats }

// bad counts a bad line and keeps the first ones.
func (d *Decoder) bad(e *LineError, text []byte) {
	d.stats.Bad++
	if len(d.stats.BadLines) < d.opts.MaxBad {
		e.Text = clipLine(text)
		d.stats.BadLines = append(d.stats.BadLines, e)
	}
}

// found notes a format and its unknown fields.
func (d *Decoder) found(f Format) {
	for _, g := range d.stats.Formats {
		if g.Equal(f) {
			return
		}
	}
	d.stats.Formats = append(d.stats.Formats, f)
	for _, n := range f.UnknownFields() {
		d.unknown(n)
	}
}

func (d *Decoder) unknown(name string) {
	if slices.Contains(d.stats.UnknownFields, name) {
		return
	}
	d.stats.UnknownFields = append(d.stats.UnknownFields, name)
}

// broken names an error of reading: the caller's reader's own error as it is, else
// the damage of a compressed stream.
func (d *Decoder) broken(err error) error {
	switch {
	case err == nil, err == io.EOF:
		return err
	case d.in.err != nil:
		return d.in.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the %s stream ends too early", ErrTruncated, d.streamName())
	}
	return fmt.Errorf("%w: %s: %w", ErrCorrupt, d.streamName(), err)
}

func (d *Decoder) streamName() string {
	if d.stats.Compression == "" {
		return "data"
	}
	return d.stats.Compression
}

// clipLine shortens a line for a message and makes it printable.
func clipLine(b []byte) string {
	const most = 200
	b = bytes.TrimRight(b, "\r\n")
	dots := ""
	if len(b) > most {
		b, dots = b[:most], "..."
	}
	return string(bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\ufffd'
		}
		return r
	}, bytes.ToValidUTF8(b, []byte("\ufffd")))) + dots
}

// empty is an object without records.
type empty struct{}

func (empty) next() (*Batch, error) { return nil, io.EOF }

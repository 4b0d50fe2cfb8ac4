package logstore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"weir/flowlog"
	"weir/internal/durable"
	"weir/internal/sqlitedb"
)

// An Object holds events whose messages are flow log records, for the lake: subscription documents of
// CloudWatch Logs, as package flowlog reads them, in zstd. It has an event of the store once, and no other
// object has it. Its bytes never change, and are those of no other object: its name stands in them.
type Object struct {
	Name        string
	Group       string // the log group's name
	Format      flowlog.Format
	First, Last int64 // times of events, in milliseconds since the epoch
	Events      int64
	Size        int64
	SHA256      string // of its bytes, in hex

	number int64 // of the format
}

const (
	// objectEvents and objectBytes bound the events of an object and their messages; documentEvents those of
	// one of its documents, far below the 64 MiB that package flowlog reads.
	objectEvents   = 250_000
	objectBytes    = 32 << 20
	documentEvents = 5_000
	documentBytes  = 4 << 20
)

// objectWriter writes an object.
type objectWriter struct {
	object   Object
	f        *os.File
	sum      hash.Hash
	size     countWriter
	z        *zstd.Encoder
	out      *bufio.Writer
	bytes    int64 // of messages
	document int   // events of the document that is open
	docBytes int
	line     []byte
}

type countWriter int64

func (c *countWriter) Write(p []byte) (int, error) {
	*c += countWriter(len(p))
	return len(p), nil
}

// createObject begins an object.
func (s *Store) createObject(g *group, number int64) (*objectWriter, error) {
	o := &objectWriter{sum: sha256.New()}
	o.object.Group, o.object.number = g.name, number
	o.object.Name = fmt.Sprintf("%d-%d.json.zst", g.id, s.seq.Add(1))
	var err error
	o.f, err = os.OpenFile(filepath.Join(s.dirs.records, o.object.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	o.z, err = zstd.NewWriter(io.MultiWriter(o.f, o.sum, &o.size), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		o.abandon()
		return nil, err
	}
	o.out = bufio.NewWriterSize(o.z, 128<<10)
	return o, nil
}

// add adds an event.
func (o *objectWriter) add(at int64, message []byte) error {
	if o.document >= documentEvents || o.docBytes >= documentBytes {
		o.endDocument()
	}
	o.line = o.line[:0]
	if o.document == 0 {
		head, err := json.Marshal([]string{o.object.Group, o.object.Name})
		if err != nil {
			return err
		}
		var names [2]json.RawMessage
		if err := json.Unmarshal(head, &names); err != nil {
			return err
		}
		o.line = fmt.Appendf(o.line, `{"messageType":"DATA_MESSAGE","owner":"","logGroup":%s,"logStream":"","subscriptionFilters":[%s],"logEvents":[`, names[0], names[1])
	} else {
		o.line = append(o.line, ',')
	}
	o.line = append(o.line, `{"id":"","timestamp":`...)
	o.line = strconv.AppendInt(o.line, at, 10)
	o.line = append(o.line, `,"message":`...)
	o.line = appendJSONText(o.line, message)
	o.line = append(o.line, '}')
	_, err := o.out.Write(o.line)
	if o.object.Events == 0 {
		o.object.First = at
	}
	o.object.Last = at // they come in order
	o.object.Events++
	o.document++
	o.docBytes += len(message)
	o.bytes += int64(len(message))
	return err
}

// appendJSONText appends a message, which is UTF-8, as JSON.
func appendJSONText(to, message []byte) []byte {
	for _, c := range message {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			text, err := json.Marshal(string(message))
			if err != nil { // a string has none
				text = []byte(`""`)
			}
			return append(to, text...)
		}
	}
	return append(append(append(to, '"'), message...), '"')
}

func (o *objectWriter) endDocument() {
	if o.document > 0 {
		o.out.WriteString("]}\n")
	}
	o.document, o.docBytes = 0, 0
}

// close ends the object, durably.
func (o *objectWriter) close() (Object, error) {
	o.endDocument()
	err := errors.Join(o.out.Flush(), o.z.Close())
	if err == nil {
		err = o.f.Sync()
	}
	if err = errors.Join(err, o.f.Close()); err == nil {
		err = durable.SyncDir(filepath.Dir(o.f.Name()))
	}
	if err != nil {
		os.Remove(o.f.Name())
		return Object{}, err
	}
	o.object.Size = int64(o.size)
	o.object.SHA256 = hex.EncodeToString(o.sum.Sum(nil))
	return o.object, nil
}

// abandon gives the object up.
func (o *objectWriter) abandon() {
	if o.z != nil {
		_ = o.z.Close() // its goroutines end
	}
	_ = o.f.Close()
	os.Remove(o.f.Name())
}

// writeObjects adds the rows that are records of the format of a number to the object that is written.
func (w *flushWriter) writeObjects(g *group, number int64) error {
	if number == 0 {
		return nil
	}
	for i := range w.rows.len() {
		if w.rows.form[i] != int32(number) {
			continue
		}
		if w.object == nil {
			var err error
			if w.object, err = w.store.createObject(g, number); err != nil {
				return err
			}
		}
		if err := w.object.add(w.rows.ts[i], w.rows.message[i]); err != nil {
			return err
		}
		if w.object.object.Events >= objectEvents || w.object.bytes >= objectBytes {
			if err := w.endObject(); err != nil {
				return err
			}
		}
	}
	return nil
}

// endObject ends the object that is written, if there is one.
func (w *flushWriter) endObject() error {
	if w.object == nil {
		return nil
	}
	o, err := w.object.close()
	w.object = nil
	if err == nil {
		w.objects = append(w.objects, o)
	}
	return err
}

// insertObjects notes objects.
func insertObjects(ctx context.Context, tx *sql.Tx, objects []Object) error {
	for _, o := range objects {
		_, err := tx.ExecContext(ctx, "INSERT INTO objects (name, grp, format, first, last, events, size, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			o.Name, o.Group, o.number, o.First, o.Last, o.Events, o.Size, o.SHA256)
		if err != nil {
			return err
		}
	}
	return nil
}

// Objects returns the objects that were not removed, by name.
func (s *Store) Objects(ctx context.Context) ([]Object, error) {
	var out []Object
	err := sqlitedb.EachRow(ctx, s.db, "SELECT name, grp, format, first, last, events, size, sha256 FROM objects ORDER BY name", func(r *sql.Rows) error {
		var o Object
		err := r.Scan(&o.Name, &o.Group, &o.number, &o.First, &o.Last, &o.Events, &o.Size, &o.SHA256)
		out = append(out, o)
		return err
	})
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range out {
		out[i].Format = s.formats[out[i].number-1].format
	}
	return out, err
}

// ErrChanged says that an object's bytes are not those that were written; ask with [errors.Is].
var ErrChanged = errors.New("its bytes are not those that were written")

// ReadObject returns the bytes of an object. Errors: ErrChanged, those of the disk.
func (s *Store) ReadObject(o Object) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.dirs.records, o.Name))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != o.SHA256 {
		return nil, fmt.Errorf("%s: %w", filepath.Join(s.dirs.records, o.Name), ErrChanged)
	}
	return text, nil
}

// RemoveObject removes an object, whose records the lake has for good.
func (s *Store) RemoveObject(ctx context.Context, name string) error {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	if _, err := s.db.ExecContext(ctx, "DELETE FROM objects WHERE name = ?", name); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dirs.records, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

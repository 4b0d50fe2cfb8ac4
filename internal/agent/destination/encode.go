package destination

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"weir/flowlog"
	"weir/internal/agent/config"
)

// MostObject is how many bytes an object has at most. Source: VPC user guide of 2023 and transit gateway guide, 75 MB; spec c.2. That it is of the bytes in the
// bucket, compressed, and of a million each, is a guess.
const MostObject = 75_000_000

// ErrTooLarge says that a batch's object has more than [MostObject] bytes: two of half of it each have not.
var ErrTooLarge = errors.New("an object may have 75 MB")

// Encode makes of a batch what is kept and delivered, by the flow log's destination. For S3 and folders it is the object: gzipped text with a header, or Parquet.
// For log groups and delivery streams it is a form of lines that [Destination] reads. The same batch has the same bytes, and batches of other records others, also
// where the format leaves out what tells them apart: what makes objects of them writes each once. The error is [ErrTooLarge], or says which value a line can't carry.
func Encode(l *config.FlowLog, b *flowlog.Batch) ([]byte, error) {
	switch l.Delivery.Type {
	case config.CloudWatchLogs, config.Firehose:
		return encodeLines(l, b)
	case config.Folder, config.S3:
	default:
		return nil, fmt.Errorf("there is no destination of type %s", l.Delivery.Type)
	}
	var out bytes.Buffer
	if err := encodeObject(&out, l, b); err != nil {
		return nil, err
	}
	if out.Len() > MostObject {
		return nil, fmt.Errorf("%d records: %w", b.Len(), ErrTooLarge)
	}
	return out.Bytes(), nil
}

// Encoded is what [Encode] returns, with how many records it has.
type Encoded struct {
	Data    []byte
	Records int
}

// EncodeAll is as [Encode], but where a batch is too large it is as many objects as it takes, in the order of the records.
func EncodeAll(l *config.FlowLog, b *flowlog.Batch) ([]Encoded, error) {
	return encodeAll(l, b, Encode)
}

// encodeAll halves a batch until encode takes it.
func encodeAll(l *config.FlowLog, b *flowlog.Batch, encode func(*config.FlowLog, *flowlog.Batch) ([]byte, error)) ([]Encoded, error) {
	data, err := encode(l, b)
	if err == nil {
		return []Encoded{{data, b.Len()}}, nil
	}
	if !errors.Is(err, ErrTooLarge) || b.Len() < 2 {
		return nil, err
	}
	halves := [2]*flowlog.Batch{flowlog.NewBatch(b.Kind()), flowlog.NewBatch(b.Kind())}
	for i := range b.Len() {
		halves[2*i/b.Len()].AppendFrom(b.At(i))
	}
	var out []Encoded
	for _, half := range halves {
		objects, err := encodeAll(l, half, encode)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

// encodeObject writes an object. What its records are in full, by a hash, is where readers pass over it: the name in the header of gzip, or the metadata of Parquet.
// Two windows of a format such as ${action} would have the same bytes otherwise, and the second would be taken for the first, written again.
func encodeObject(out *bytes.Buffer, l *config.FlowLog, b *flowlog.Batch) error {
	id := digest(b)
	if l.Parquet {
		return writeAll(flowlog.NewParquetWriter(out, l.Format, flowlog.KeyValue{Key: "weir.records", Value: id}), b)
	}
	zip := gzip.NewWriter(out)
	zip.Name = id + ".log" // a comment would do, but DuckDB reads no gzip that has one
	if err := writeAll(flowlog.NewTextWriter(zip, l.Format, true), b); err != nil {
		return err
	}
	return zip.Close()
}

// digest returns a hash of all fields of AWS's of a batch's records.
func digest(b *flowlog.Batch) string {
	f := flowlog.FormatOf(b)
	h := sha256.New()
	var line []byte
	for r := range b.Records() {
		line = append(flowlog.AppendText(line[:0], r, f), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// writeAll writes a batch and ends.
func writeAll(w flowlog.Writer, b *flowlog.Batch) error {
	if err := w.Write(b); err != nil {
		return err
	}
	return w.Close()
}

// count returns how many records an item's object has.
func (it *Item) count() (int, error) {
	if it.Records > 0 {
		return it.Records, nil
	}
	return recordsOf(it.FlowLog, it.Data)
}

// recordsOf returns how many records an object has.
func recordsOf(l *config.FlowLog, data []byte) (int, error) {
	if l.Parquet {
		return recordsOfParquet(data)
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("no object of text: %w", err)
	}
	lines := 0
	part := make([]byte, 64<<10)
	for {
		n, err := zip.Read(part)
		lines += bytes.Count(part[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return max(lines-1, 0), nil // but the header
		}
		if err != nil {
			return 0, fmt.Errorf("no object of text: %w", err)
		}
	}
}

func recordsOfParquet(data []byte) (n int, err error) {
	d, err := flowlog.NewDecoder(bytes.NewReader(data), flowlog.Options{})
	for err == nil {
		var b *flowlog.Batch
		if b, err = d.Next(); err == nil {
			n += b.Len()
			b.Release()
		}
	}
	if !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("no object of Parquet: %w", err)
	}
	return n, nil
}

package flowlog

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"
)

// mapCursor reads a map of text, in which weir keeps unknown fields.
type mapCursor struct {
	keys, values leafReader
}

func newMapCursor(keys, values parquet.Pages) *mapCursor {
	return &mapCursor{leafReader{pages: keys}, leafReader{pages: values}}
}

func (m *mapCursor) close() {
	m.keys.pages.Close()
	m.values.pages.Close()
}

// fill sets the unknown fields of n rows.
func (m *mapCursor) fill(b *Batch, n int, d *Decoder) error {
	for i := range n {
		for first := true; ; first = false {
			k, err := m.keys.peek()
			if err == io.EOF && !first {
				break
			}
			if err != nil {
				return errShortMap(err)
			}
			if !first && k.RepetitionLevel() == 0 {
				break // the next row's
			}
			m.keys.held = m.keys.held[1:]
			v, err := m.values.peek()
			if err != nil {
				return errShortMap(err)
			}
			m.values.held = m.values.held[1:]
			if k.IsNull() || v.IsNull() {
				continue
			}
			d.unknown(string(k.ByteArray()))
			b.At(i).SetUnknown(string(k.ByteArray()), string(v.ByteArray()))
		}
	}
	return nil
}

// errShortMap names an end of values before the end of rows.
func errShortMap(err error) error {
	if err == io.EOF {
		return errors.New("the column has fewer values than the row group has rows")
	}
	return err
}

// leafReader reads the values of a leaf column with their levels.
type leafReader struct {
	pages  parquet.Pages
	values parquet.ValueReader
	buf    [256]parquet.Value
	held   []parquet.Value
}

// peek returns the next value, or io.EOF.
func (l *leafReader) peek() (parquet.Value, error) {
	for len(l.held) == 0 {
		if l.values == nil {
			page, err := l.pages.ReadPage()
			if err != nil {
				return parquet.Value{}, err
			}
			l.values = page.Values()
		}
		n, err := l.values.ReadValues(l.buf[:])
		l.held = l.buf[:n]
		if err == io.EOF {
			l.values = nil
		} else if err != nil {
			return parquet.Value{}, err
		}
	}
	return l.held[0], nil
}

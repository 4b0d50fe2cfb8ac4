package flowlog

import (
	"errors"
	"fmt"
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

// fill sets the unknown fields of n rows. Rows that can't hold a field's value
// are put into bad.
func (m *mapCursor) fill(b *Batch, n int, bad map[int]*LineError, d *Decoder) error {
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
			name, value := string(k.ByteArray()), string(v.ByteArray())
			if err := b.At(i).setByName(name, value, d); err != nil && bad[i] == nil {
				bad[i] = &LineError{Field: CanonicalName(name), Text: value, Reason: err.Error()}
			}
		}
	}
	return nil
}

// setByName sets a field that stood among the unknown ones. The table may have
// learned it since the file was written.
func (r Record) setByName(name, value string, d *Decoder) error {
	f, known := Lookup(name)
	switch {
	case !known:
		d.unknown(CanonicalName(name))
		return r.setUnknown(CanonicalName(name), value)
	case f.Type == Map || !f.In(r.b.kind):
		return fmt.Errorf("no field of %s records", r.b.kind)
	}
	return r.parseText(f, value)
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

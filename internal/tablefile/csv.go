package tablefile

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"

	"weir/internal/athenasql/types"
)

// csvLine takes a line apart as OpenCSVSerde does: columns by their places, NULL where the line has fewer fields and in those of an empty line.
//
// Source: Athena User Guide, "Open CSV SerDe for processing CSV"; Trino, lib/trino-hive-formats, CsvDeserializer, which follows Hive's in what it makes of quotes within a field.
func (w *writer) csvLine(line []byte, l *Layout) error {
	columns := w.columns[:len(l.Columns)]
	at := 0
	add := func(field []byte) error {
		at++
		return columns[at-1].csv(at-1, field)
	}
	if len(line) > 0 {
		if err := csvFields(line, l, len(columns), add); err != nil {
			return err
		}
	}
	for _, c := range columns[at:] {
		c.null()
	}
	return nil
}

// csvFields calls add for each of the first most fields of a line. A last field whose quote does not end is none.
func csvFields(line []byte, l *Layout, most int, add func([]byte) error) error {
	var field []byte
	quoted, within := false, false
	done := 0
	for i := 0; i < len(line) && done < most; i++ {
		next := -1
		if i+1 < len(line) {
			next = int(line[i+1])
		}
		switch c := line[i]; {
		case c == l.Escape:
			if (quoted || within) && (next == int(l.Quote) || next == int(l.Escape)) {
				field = append(field, line[i+1])
				i++
			}
		case c == l.Quote && (quoted || within) && next == int(l.Quote):
			field = append(field, l.Quote)
			i++
			within = !within
		case c == l.Quote:
			if beyondThird(line[:i]) && line[i-1] != l.Separator && next >= 0 && next != int(l.Separator) {
				if len(field) > 0 && isBlank(field) {
					field = field[:0]
				} else {
					field = append(field, c)
				}
			}
			quoted, within = !quoted, !within
		case c == l.Separator && !quoted:
			if err := add(field); err != nil {
				return err
			}
			// The column keeps the bytes.
			field, within = nil, false
			done++
		default:
			field = append(field, c)
			within = true
		}
	}
	if done < most && !quoted {
		return add(field)
	}
	return nil
}

// beyondThird reports whether a place has more than two of Java's characters before it.
func beyondThird(before []byte) bool {
	n := 0
	for i := 0; i < len(before) && n <= 2; {
		r, size := utf8.DecodeRune(before[i:])
		i += size
		n++
		if r > 0xffff {
			n++
		}
	}
	return n > 2
}

// isBlank reports whether a text has only what Java's isWhitespace knows.
func isBlank(text []byte) bool {
	return bytes.IndexFunc(text, func(r rune) bool {
		switch {
		case r >= '\t' && r <= '\r', r >= 0x1c && r <= 0x1f:
			return false
		case r == 0xa0, r == 0x2007, r == 0x202f:
			return true // they keep words together
		}
		return !unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp)
	}) < 0
}

// csv appends a field. Texts stay as they are; dates are days and timestamps milliseconds since the epoch.
func (c *column) csv(i int, field []byte) error {
	ok := false
	switch c.Type.Kind {
	case types.Varchar:
		c.text(cutText(field, c.Type.Length))
		return nil
	case types.Date, types.Timestamp, types.Integer, types.BigInt:
		n, err := strconv.ParseInt(string(field), 10, 64)
		switch {
		case err != nil:
		case c.Type.Kind == types.Timestamp:
			if ok = n < 1<<50 && n > -1<<50; ok {
				c.longs = append(c.longs, n*1000)
				c.has()
			}
		case c.Type.Kind == types.Date:
			if ok = n == int64(int32(n)); ok {
				c.ints = append(c.ints, int32(n))
				c.has()
			}
		default:
			ok = c.integer(n)
		}
	default:
		ok = c.value(field)
	}
	if ok {
		return nil
	}
	return c.invalid(i, field)
}

package tablefile

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"weir/internal/athenasql/types"
)

// JSON says how lines that are objects of JSON become rows.
//
// Source: Athena User Guide, "Hive JSON SerDe" and "OpenX JSON SerDe"; Trino, lib/trino-hive-formats, JsonDeserializer and OpenXJsonDeserializer.
type JSON struct {
	// OpenX says that values are read as by org.openx.data.jsonserde.JsonSerDe, else as by org.apache.hive.hcatalog.data.JsonSerDe. The members below are of OpenX alone.
	OpenX bool
	// IgnoreMalformed makes a line that is no JSON a row of NULLs.
	IgnoreMalformed bool `json:",omitempty"`
	// CaseSensitive says that names are those of columns in the same case.
	CaseSensitive bool `json:",omitempty"`
	// Dots says that a name with dots is also that of the column with underscores in their place.
	Dots bool `json:",omitempty"`
	// Names are the names of columns that have another one in the objects.
	Names map[string]string `json:",omitempty"`
}

// jsonRows makes rows of lines.
type jsonRows struct {
	of     *JSON
	layout *Layout
	names  map[string][]int // columns by their names in objects
	dotted map[string][]int // and by their names with dots
	values []jsonValue
	byDots []jsonValue
}

func newJSONRows(l *Layout) *jsonRows {
	r := &jsonRows{
		of: l.JSON, layout: l, names: map[string][]int{}, dotted: map[string][]int{},
		values: make([]jsonValue, len(l.Columns)), byDots: make([]jsonValue, len(l.Columns)),
	}
	for i, c := range l.Columns {
		name := c.Name
		if n, ok := l.JSON.Names[c.Name]; ok {
			name = n
		}
		name = r.fold(name)
		r.names[name] = append(r.names[name], i)
		if l.JSON.Dots && strings.Contains(c.Name, "_") {
			r.dotted[r.fold(c.Name)] = append(r.dotted[r.fold(c.Name)], i)
		}
	}
	return r
}

// fold returns a name as names are compared.
func (r *jsonRows) fold(name string) string {
	if r.of.CaseSensitive {
		return name
	}
	return strings.ToLower(name)
}

// columnsOf returns the columns that a name is of.
func (r *jsonRows) columnsOf(name []byte) []int {
	if to := r.names[string(name)]; to != nil {
		return to
	}
	if !r.of.CaseSensitive {
		if to := r.names[string(bytes.ToLower(name))]; to != nil {
			return to
		}
	}
	if rest, ok := bytes.CutPrefix(name, []byte("_col")); ok && !r.of.OpenX {
		// Hive's names of columns without one (HIVE-6166).
		if i, err := strconv.ParseUint(string(rest), 10, 31); err == nil && int(i) < len(r.values) {
			return []int{int(i)}
		}
	}
	return nil
}

// line makes a line the next row.
func (r *jsonRows) line(line []byte, w *writer) error {
	line = bytes.TrimFunc(line, func(c rune) bool { return c <= ' ' })
	columns := w.columns[:len(r.values)]
	if r.of.OpenX && (len(line) == 0 || line[0] != '{' && line[0] != '[') {
		for _, c := range columns {
			c.null()
		}
		return nil
	}
	clear(r.values)
	clear(r.byDots)
	if err := r.read(line); err != nil {
		if e, ok := errors.AsType[*jsonError](err); !ok || !e.cut || !r.of.IgnoreMalformed {
			return r.malformed(err)
		}
		clear(r.values)
		clear(r.byDots)
	}
	for i, c := range columns {
		v := r.values[i]
		if v.kind == jsonMissing {
			v = r.byDots[i]
		}
		if err := r.add(c, i, v); err != nil {
			return err
		}
	}
	return nil
}

// malformed says that a line is no object of JSON, in Athena's words.
func (r *jsonRows) malformed(err error) error {
	hint := "a line is one object of JSON, without line ends in it"
	switch e, ok := errors.AsType[*jsonError](err); {
	case ok && e.text == behindObject:
		hint = "Athena would read the first object of the line alone: objects need a line end between them, which Firehose writes where its processor AppendDelimiterToRecord is on"
	case ok && r.of.OpenX && !e.cut:
		hint = "the SerDe takes more than JSON, such as comments and names without quotes, and weir JSON alone; 'ignore.malformed.json' passes over lines that end too early"
	}
	return &lineError{cursor: true, text: "Row is not a valid JSON Object - " + err.Error(), hint: hint}
}

const behindObject = "there is more behind the object"

// read takes a line apart.
func (r *jsonRows) read(line []byte) error {
	j := &jsonLine{text: line}
	err := j.object(func(name []byte) error {
		to := r.columnsOf(name)
		byDots := to == nil && r.of.Dots && bytes.IndexByte(name, '.') >= 0
		values := r.values
		if byDots {
			to, values = r.dotted[r.fold(strings.ReplaceAll(string(name), ".", "_"))], r.byDots
		}
		v, err := j.value()
		for _, i := range to {
			switch {
			case values[i].kind == jsonMissing:
				values[i] = v
			case !byDots: // of names with dots the first counts
				return duplicateKey(name)
			}
		}
		return err
	})
	if err == nil && (j.peek() != 0 || j.at < len(line)) {
		err = &jsonError{j.at, behindObject, false}
	}
	return err
}

// add appends a value to a column.
func (r *jsonRows) add(c *column, i int, v jsonValue) error {
	if v.kind == jsonMissing || v.kind == jsonNull {
		c.null()
		return nil
	}
	nested := v.kind == jsonObject || v.kind == jsonArray
	var ok bool
	switch {
	case !r.of.OpenX && nested:
		return c.reject(&lineError{
			text: "field " + strconv.Itoa(i) + " (" + c.Name + "): Invalid JSON: " + c.Type.String() + " value must be a scalar json value",
			hint: "the OpenX SerDe has such a value's JSON in a column of string",
		})
	case c.Type.Kind == types.Varchar && r.of.OpenX:
		text, err := v.openXText(!r.of.CaseSensitive)
		if err != nil {
			return r.malformed(err)
		}
		c.text(cutText(text, c.Type.Length))
		return nil
	case c.Type.Kind == types.Varchar:
		c.text(cutText(v.text, c.Type.Length))
		return nil
	case nested:
		return c.reject(&lineError{text: "field " + strconv.Itoa(i) + " (" + c.Name + "): JSON can not be coerced to a " + strings.ToUpper(c.Type.String())})
	case r.of.OpenX:
		ok = c.openX(v)
	default:
		ok = c.hcatalog(v)
	}
	if ok {
		return nil
	}
	return c.invalid(i, v.text)
}

// hcatalog appends a value as Hive's SerDe reads it. ok is false where it is none of the column's type; nothing is appended then.
func (c *column) hcatalog(v jsonValue) (ok bool) {
	switch c.Type.Kind {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		if v.kind != jsonNumber {
			return false
		}
		n, ok := truncated(v.text)
		return ok && c.integer(n)
	case types.Real, types.Double:
		return v.kind == jsonNumber && c.value(v.text)
	case types.Boolean:
		return c.boolean(v)
	}
	return c.value(v.text)
}

// boolean appends what Java's parseBoolean says of a text: all but true is false.
func (c *column) boolean(v jsonValue) bool {
	is, known := parseBool(v.text)
	c.bools = append(c.bools, is && known)
	c.has()
	return true
}

// openX appends a value as the OpenX SerDe reads it, which makes no difference between a text and the number that it is of.
func (c *column) openX(v jsonValue) (ok bool) {
	switch c.Type.Kind {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		n, ok := openXInt(v.text)
		return ok && c.integer(n)
	case types.Boolean:
		return c.boolean(v)
	case types.Date:
		if c.value(v.text) {
			return true
		}
		n, ok := hexOctal(v.text)
		if !ok || n != int64(int32(n)) {
			return false
		}
		c.ints = append(c.ints, int32(n))
		c.has()
		return true
	case types.Timestamp:
		micros, ok := openXTimestamp(v.text)
		if ok {
			c.longs = append(c.longs, micros)
			c.has()
		}
		return ok
	}
	return c.value(v.text)
}

// openXInt reads a whole number: decimal, hexadecimal with 0x, octal with 0, or a decimal whose fraction is cut off.
func openXInt(text []byte) (int64, bool) {
	if n, ok := hexOctal(text); ok {
		return n, true
	}
	return truncated(text)
}

// hexOctal reads a whole number: decimal, hexadecimal with 0x or octal with 0.
func hexOctal(b []byte) (int64, bool) {
	text, base := string(b), 10
	switch {
	case len(text) >= 3 && text[0] == '0' && text[1]|0x20 == 'x' && strings.IndexByte("0123456789abcdefABCDEF", text[2]) >= 0:
		text, base = text[2:], 16
	case len(text) >= 2 && text[0] == '0' && text[1] >= '0' && text[1] <= '8':
		text, base = text[1:], 8
	}
	n, err := strconv.ParseInt(text, base, 64)
	return n, err == nil
}

// openXTimestamp reads a time as microseconds since the epoch, rounded to Athena's milliseconds: a time of Hive's, one of ISO 8601 with a zone, or a number of seconds, of
// milliseconds where it has 13 characters or more.
func openXTimestamp(b []byte) (micros int64, ok bool) {
	text := string(b)
	if strings.IndexByte(text, ':') > 0 {
		for _, form := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700"} {
			if t, err := time.Parse(form, strings.ToUpper(text)); err == nil {
				return roundMillis(t.Unix()*1_000_000+int64(t.Nanosecond()/1000), int64(t.Nanosecond()%1000)), true
			}
		}
		return parseTimestamp(b)
	}
	if strings.Contains(text, ".") {
		whole, fraction, _ := strings.Cut(text, ".")
		if strings.Trim(fraction, "0123456789") != "" || strings.Trim(whole+fraction, "+-") == "" {
			return 0, false
		}
		n, ok := truncated([]byte(whole + (fraction + "000")[:3]))
		return n * 1000, ok && n < 1<<50 && n > -1<<50
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if len(text) < 13 {
		n *= 1000
	}
	return n * 1000, err == nil && n < 1<<50 && n > -1<<50
}

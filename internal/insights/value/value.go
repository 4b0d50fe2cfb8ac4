package value

import "math"

// Kind is the kind of a value.
type Kind uint8

// The kinds. A discovered field is a Text; one that looks like a number acts as one where a number
// is asked for. A Time is milliseconds since the epoch, which is its number; its text is its form in
// results.
const (
	AbsentKind Kind = iota
	BoolKind
	NumberKind
	TextKind
	TimeKind
	ListKind
	MapKind
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"absent", "boolean", "number", "text", "time", "list", "map"}[k]
}

// A Value is a value of a field or an expression. The zero Value is absent. Values are not changed
// once they are made.
type Value struct {
	kind   Kind
	number float64 // of a Number; 0 or 1 of a Bool; milliseconds of a Time
	text   string  // of a Text; of a Number how it is written in JSON, "" otherwise
	list   []Value
	keys   []string // of a Map, in the order of the document; list holds the values
}

// Absent is the absent value.
var Absent Value

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: BoolKind, number: 1}
	}
	return Value{kind: BoolKind}
}

// Number makes a number. What is not finite is absent.
func Number(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Absent
	}
	if f == 0 {
		f = 0 // no negative zero
	}
	return Value{kind: NumberKind, number: f}
}

// Text makes a text.
func Text(s string) Value { return Value{kind: TextKind, text: s} }

// Time makes a time of milliseconds since the epoch.
func Time(millis int64) Value { return Value{kind: TimeKind, number: float64(millis)} }

// List makes a list, which owns the elements from then on.
func List(elements []Value) Value { return Value{kind: ListKind, list: elements} }

// Map makes a map of keys, which are different, and as many values, in the order of the document. It
// owns both from then on.
func Map(keys []string, values []Value) Value {
	return Value{kind: MapKind, keys: keys, list: values}
}

// Kind returns the value's kind.
func (v Value) Kind() Kind { return v.kind }

// IsAbsent says that there is no value.
func (v Value) IsAbsent() bool { return v.kind == AbsentKind }

// IsStructured says that the value is a list or a map, which have no text and no number.
func (v Value) IsStructured() bool { return v.kind == ListKind || v.kind == MapKind }

// Text returns the value's text: of a boolean 1 or 0, of a number as [FormatNumber] writes it or as it was
// written in JSON, of a time as [FormatTime] writes it. Absent values, lists and maps have none.
func (v Value) Text() (string, bool) {
	switch v.kind {
	case TextKind:
		return v.text, true
	case NumberKind:
		if v.text != "" {
			return v.text, true
		}
		return FormatNumber(v.number), true
	case BoolKind:
		if v.number != 0 {
			return "1", true
		}
		return "0", true
	case TimeKind:
		return FormatTime(int64(v.number)), true
	}
	return "", false
}

// Number returns the value's number: of a boolean 1 or 0, of a time its milliseconds, of a text the
// number that all of it is.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case NumberKind, BoolKind, TimeKind:
		return v.number, true
	case TextKind:
		return ParseNumber(v.text)
	}
	return 0, false
}

// Millis returns the value as a time: the milliseconds of a time, or a number of milliseconds cut to a
// whole one.
func (v Value) Millis() (int64, bool) {
	f, ok := v.Number()
	if !ok || math.Abs(f) > maxMillis {
		return 0, false
	}
	return int64(math.Floor(f)), true
}

// maxMillis bounds times, so that calendar arithmetic can't overflow: some 270,000 years.
const maxMillis = 1 << 53

// String returns what results show: the text, of lists and maps their JSON, of what is absent nothing.
func (v Value) String() string {
	if v.IsStructured() {
		return string(appendJSON(nil, v))
	}
	s, _ := v.Text()
	return s
}

// Len returns how many elements a list or a map has, else 0.
func (v Value) Len() int { return len(v.list) }

// Index returns the element at a position of a list, from 0; what is not there is absent.
func (v Value) Index(i int) Value {
	if v.kind != ListKind || i < 0 || i >= len(v.list) {
		return Absent
	}
	return v.list[i]
}

// Elements returns the elements of a list, or the values of a map in the order of its keys. The caller must not
// change them.
func (v Value) Elements() []Value { return v.list }

// Keys returns the keys of a map in the order of the document. The caller must not change them.
func (v Value) Keys() []string { return v.keys }

// Get returns a map's value of a key; what is not there is absent.
func (v Value) Get(key string) Value {
	for i, k := range v.keys {
		if k == key {
			return v.list[i]
		}
	}
	return Absent
}

// Step returns what a part of a path leads to: a map's value of that key, or a list's element at that position.
func (v Value) Step(part string) Value {
	switch v.kind {
	case MapKind:
		return v.Get(part)
	case ListKind:
		if i, ok := position(part); ok {
			return v.Index(i)
		}
	}
	return Absent
}

// position reads a position in a list: digits.
func position(s string) (int, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

// True says whether the value as a condition is true: a boolean that is true, a number that is not 0 (a
// text that is one too), the text true in any case.
func (v Value) True() bool {
	if v.kind == TextKind && equalFold(v.text, "true") {
		return true
	}
	f, ok := v.Number()
	return ok && f != 0
}

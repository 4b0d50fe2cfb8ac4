package value

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

// A Value is a value of a field or an expression. The zero Value is absent. Values are not changed
// once they are made.
type Value struct {
	kind   Kind
	number float64 // of a Number; 0 or 1 of a Bool; milliseconds of a Time
	text   string
	list   []Value
	keys   []string // of a Map, in the order of the document; list holds the values
}

// Absent is the absent value.
var Absent Value

// Bool, Number, Text, Time, List and Map make values. A number that is not finite is absent.
func Bool(b bool) Value {
	if b {
		return Value{kind: BoolKind, number: 1}
	}
	return Value{kind: BoolKind}
}

// Text makes a text.
func Text(s string) Value { return Value{kind: TextKind, text: s} }

// Time makes a time of milliseconds since the epoch.
func Time(millis int64) Value { return Value{kind: TimeKind, number: float64(millis)} }

// Kind returns the value's kind.
func (v Value) Kind() Kind { return v.kind }

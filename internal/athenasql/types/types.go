package types

// Kind is the name of a type without its parameters.
type Kind int

// Kinds of types.
const (
	Unknown Kind = iota // of NULL
	Boolean
	TinyInt
	SmallInt
	Integer
	BigInt
	Real
	Double
	Decimal
	Varchar
	Char
	Varbinary
	JSON
	Date
	Time
	Timestamp
	TimestampTZ
	IntervalDay
	IntervalYear
	Array
	Map
	Row
	IPAddress
	UUID
	IPPrefix
	Function // of a lambda
)

// Type is a type of a value. Its zero value is Unknown.
type Type struct {
	Kind Kind
	// Length bounds Varchar and is the length of Char; 0 of a Varchar: none.
	Length int
	// Precision is of Decimal (1 to 38), and of Time, Timestamp and TimestampTZ (0 to 6); Scale is of Decimal.
	Precision, Scale int
	// Zone is of TimestampTZ: the zone in which its values are shown, "UTC" or an IANA name or an offset such as "+09:00".
	Zone string
	// Elems are the types of an Array's elements (one), a Map's keys and values (two), a Row's fields; Names are the names of a Row's
	// fields, "" where one has none.
	Elems []Type
	Names []string
}

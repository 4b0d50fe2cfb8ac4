// Package types is the types of Trino's SQL as Athena has them: names, coercions, and how values look in results.
//
// In DuckDB a value has the type that [Type.SQL] says: numbers, texts, dates, arrays (LIST), maps and rows (STRUCT) are DuckDB's own;
// a timestamp(p) is TIMESTAMP (microseconds, p is at most 6), a timestamp(p) with time zone TIMESTAMPTZ, whose zone is in the type, since
// DuckDB keeps none with the value: where two zones meet in one column the statement is refused. An ipaddress is a text of 32
// hexadecimal digits of its 16 bytes (IPv4 as ::ffff:a.b.c.d), so that order and equality are Trino's. Json is its text. An interval day to
// second is a BIGINT of milliseconds, an interval year to month an INTEGER of months.
//
// Source: Trino documentation, "Data types"; Athena User Guide, "Data types in Amazon Athena".
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

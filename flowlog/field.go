package flowlog

import (
	"fmt"
	"math"
	"strings"
)

// Kind is the kind of a record: what AWS calls a VPC flow log record and a
// transit gateway flow log record. The two have different fields and live in
// different tables.
type Kind uint8

// The two kinds of records.
const (
	KindVPC Kind = iota + 1
	KindTGW
)

// String returns "vpc" or "tgw".
func (k Kind) String() string {
	switch k {
	case KindVPC:
		return "vpc"
	case KindTGW:
		return "tgw"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Type is the type of a field's values, as AWS types them in Parquet.
type Type uint8

// The types of fields. Timestamp and Map occur only in weir's own fields.
const (
	Int32 Type = iota + 1
	Int64
	String
	// Timestamp is a moment in UTC. Batches hold it in seconds since the
	// epoch, Parquet in microseconds.
	Timestamp
	// Map holds the fields that the table does not know, as text by name.
	Map
)

// String returns the Parquet spelling of the type that AWS's documentation
// uses (INT_32, INT_64, STRING).
func (t Type) String() string {
	switch t {
	case Int32:
		return "INT_32"
	case Int64:
		return "INT_64"
	case String:
		return "STRING"
	case Timestamp:
		return "TIMESTAMP"
	case Map:
		return "MAP<STRING,STRING>"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// SQL returns the name of the SQL type that weir's tables use.
func (t Type) SQL() string {
	switch t {
	case Int32:
		return "INTEGER"
	case Int64:
		return "BIGINT"
	case String:
		return "VARCHAR"
	case Timestamp:
		return "TIMESTAMP"
	case Map:
		return "MAP(VARCHAR, VARCHAR)"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Of is what a field's value is of, which tells whether other records of the same
// traffic have it too.
type Of uint8

// What values are of.
const (
	// OfInterface: of the interface at which the record was made, or of its view:
	// times, and what is counted within them, differ with each one's intervals.
	OfInterface Of = iota
	// OfFlow: of the traffic. Records of the same packets at other interfaces agree,
	// but for a network address translation.
	OfFlow
	// OfLog: of the flow log or the object that delivered the record.
	OfLog
)

// Field describes one field. The zero values of the optional members mean
// that nothing special applies.
type Field struct {
	// ID is the field's place in [Fields].
	ID FieldID
	// Name is AWS's field id, with hyphens, as it stands in a LogFormat
	// (without "${}") and in the header of a text file.
	Name string
	// Column is the Parquet and SQL column: Name with underscores.
	Column string
	// Version is the flow log version that introduced the field; 0 for weir's
	// own fields.
	Version int
	// Type is the type of the values.
	Type Type
	// Min and Max bound the numbers that are accepted, both inclusive.
	Min, Max int64
	// Values lists the only text values that are accepted, where AWS's list is
	// closed; nil accepts any.
	Values []string
	// Addr says that the text is an IPv4 or IPv6 address.
	Addr bool
	// Epoch says that the number is a time in seconds since the epoch, UTC.
	Epoch bool
	// Traffic says that the field describes traffic, so that it is absent in
	// a NODATA or SKIPDATA record.
	Traffic bool
	// ZeroAbsent says that 0 stands for "not there" in Parquet, since 0 is no
	// value that AWS documents for the field.
	ZeroAbsent bool
	// Of is what the value is of.
	Of Of
	// Unit is the unit of a number, or what the text is an id of.
	Unit string
	// Meaning is one sentence for the documentation.
	Meaning string

	// Derived says that the lake makes the values out of the other records it
	// holds: no source has them, and they change with what else is taken.
	Derived bool

	vpc, tgw int  // 1-based position in AWS's table of that kind; 0: not in it
	only     Kind // the one kind that has the field, of weir's own; 0: both
}

// In reports whether records of kind k have the field. weir's own fields are
// in both kinds, but for those that are derived or about actions.
func (f *Field) In(k Kind) bool {
	if f.Version == 0 {
		return f.only == 0 || f.only == k
	}
	if k == KindTGW {
		return f.tgw > 0
	}
	return f.vpc > 0
}

// Own reports whether the field is weir's own and not AWS's.
func (f *Field) Own() bool { return f.Version == 0 }

// Numeric reports whether batches hold the field as numbers.
func (f *Field) Numeric() bool { return f.Type == Int32 || f.Type == Int64 || f.Type == Timestamp }

// named reports whether people choose the text, so that any word may stand there.
func (f *Field) named() bool { return f.Unit == "name" || f.Unit == "percent-encoded UTF-8" }

// FieldByID returns the description of id. It panics where id is not an id of
// [Fields].
func FieldByID(id FieldID) *Field { return &fields[id] }

// Fields returns the fields of one kind in AWS's order, weir's own last. The
// caller may keep and change the slice, but not what it points to.
func Fields(k Kind) []*Field {
	out := make([]*Field, 0, len(fields))
	for _, id := range order[k] {
		out = append(out, &fields[id])
	}
	return out
}

// Lookup finds a field by its name in any spelling that is seen in the wild:
// hyphens or underscores, any case. It reports false for a name that the table
// does not know.
func Lookup(name string) (*Field, bool) {
	id, ok := byName[name]
	if !ok {
		id, ok = byName[CanonicalName(name)]
	}
	if !ok {
		return nil, false
	}
	return &fields[id], true
}

// CanonicalName returns name in AWS's spelling of field ids: lower case,
// hyphens. Names of unknown fields are kept in this form.
func CanonicalName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// ColumnName returns the column spelling of a field name: lower case,
// underscores.
func ColumnName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "-", "_")
}

// NewestVersion is the newest version of VPC flow log records in the table.
const NewestVersion = 11

// tgwVersion is the version of transit gateway flow log records, which VPC flow
// log records never have.
const tgwVersion = 6

// order holds, per kind, the ids of its fields in AWS's order.
var order [KindTGW + 1][]FieldID

// byName finds a field by its hyphenated and by its column name.
var byName = map[string]FieldID{}

// init derives what the table does not spell out: ids, columns and orders. It
// panics on a table that contradicts itself, which every test would show.
func init() {
	var vpc, tgw []FieldID
	own := map[Kind][]FieldID{}
	for i := range fields {
		f := &fields[i]
		f.ID = FieldID(i)
		if f.Name == "" {
			panic(fmt.Sprintf("flowlog: field %d has no entry in the table", i))
		}
		f.Column = ColumnName(f.Name)
		switch {
		case f.Epoch:
			f.Max = millisecondsFrom - 1
		case f.Max == 0:
			f.Max = maxOf(f.Type)
		}
		byName[f.Name], byName[f.Column] = f.ID, f.ID
		if f.vpc > 0 {
			vpc = append(vpc, f.ID)
		}
		if f.tgw > 0 {
			tgw = append(tgw, f.ID)
		}
		for _, k := range []Kind{KindVPC, KindTGW} {
			if f.Own() && f.In(k) {
				own[k] = append(own[k], f.ID)
			}
		}
	}
	place := func(ids []FieldID, pos func(*Field) int) []FieldID {
		out := make([]FieldID, len(ids))
		for _, id := range ids {
			out[pos(&fields[id])-1] = id
		}
		return out
	}
	order[KindVPC] = append(place(vpc, func(f *Field) int { return f.vpc }), own[KindVPC]...)
	order[KindTGW] = append(place(tgw, func(f *Field) int { return f.tgw }), own[KindTGW]...)
}

// microseconds is how many microseconds, Parquet's unit of a Timestamp, are in a
// second, the batch's.
const microseconds = 1_000_000

// maxOf returns the largest number of a type.
func maxOf(t Type) int64 {
	switch t {
	case Int32:
		return math.MaxInt32
	case Timestamp:
		return math.MaxInt64 / microseconds
	default:
		return math.MaxInt64
	}
}

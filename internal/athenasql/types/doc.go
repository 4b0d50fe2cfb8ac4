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

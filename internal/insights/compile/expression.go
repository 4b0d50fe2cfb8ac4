package compile

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"weir/internal/insights/value"
)

// Kind is the kind of all values that an SQL expression has, NULL apart.
type Kind uint8

// The kinds.
const (
	// Absent: always NULL.
	Absent Kind = iota
	// Int is an integer type: a number.
	Int
	// Digits is an integer type too: the text of the number, as fields are texts.
	Digits
	// Float is DOUBLE, finite.
	Float
	// Bool is BOOLEAN.
	Bool
	// Text is VARCHAR: a text, which may look like a number.
	Text
	// Time is BIGINT: milliseconds since the epoch.
	Time
	// Tagged is VARCHAR: a letter and a text, as [Tag] writes it.
	Tagged
)

// An Expression is the SQL of an expression of a query. NULL is absent.
type Expression struct {
	SQL  string
	Kind Kind
	// Dash says that NULL is the text "-" instead: a field of a flow log record that the record's
	// LogFormat has. Kind is Digits or Text.
	Dash bool
	// Address says that SQL is a column of canonical addresses, against whose statistics a range can
	// be held.
	Address bool
	// Seconds is an integer in seconds, of which SQL is the milliseconds, for a Time that is whole seconds;
	// "" where there is none.
	Seconds string
	// Constant is its value where IsConstant.
	Constant   value.Value
	IsConstant bool
}

// absent is the expression that is always absent.
var absent = constant(value.Absent)

// constant returns a constant.
func constant(v value.Value) Expression {
	e := Expression{Constant: v, IsConstant: true}
	switch v.Kind() {
	case value.AbsentKind:
		e.SQL = "NULL"
	case value.BoolKind:
		e.Kind, e.SQL = Bool, strconv.FormatBool(v.True())
	case value.NumberKind:
		f, _ := v.Number()
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			e.Kind, e.SQL = Int, strconv.FormatInt(int64(f), 10)
			if f < 0 {
				e.SQL = "(" + e.SQL + ")"
			}
			break
		}
		e.Kind, e.SQL = Float, "CAST('"+strconv.FormatFloat(f, 'g', -1, 64)+"' AS DOUBLE)"
	case value.TextKind:
		s, _ := v.Text()
		e.Kind, e.SQL = Text, Quote(s)
	case value.TimeKind:
		f, _ := v.Number()
		e.Kind, e.SQL = Time, "CAST("+strconv.FormatInt(int64(f), 10)+" AS BIGINT)"
	}
	return e
}

// Quote returns a text as an SQL literal. DuckDB ends a query at NUL, so that one is written as chr(0).
func Quote(s string) string {
	q := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	if !strings.Contains(s, "\x00") {
		return q(s)
	}
	parts := strings.Split(s, "\x00")
	for i := range parts {
		parts[i] = q(parts[i])
	}
	return "(" + strings.Join(parts, " || chr(0) || ") + ")"
}

// present says that the expression is never absent.
func (e *Expression) present() bool { return e.Dash || e.IsConstant && e.Kind != Absent }

// isNumber says that every value is a number.
func (e *Expression) isNumber() bool {
	if e.IsConstant {
		_, ok := e.Constant.Number()
		return ok
	}
	switch e.Kind {
	case Int, Float, Bool, Time, Digits:
		return !e.Dash
	}
	return false
}

// text returns the SQL of the value's text.
func (e *Expression) text() string {
	if e.IsConstant {
		s, ok := e.Constant.Text()
		if !ok {
			return "CAST(NULL AS VARCHAR)"
		}
		return Quote(s)
	}
	s := e.SQL
	switch e.Kind {
	case Absent:
		return "CAST(NULL AS VARCHAR)"
	case Int, Digits:
		s = "CAST(" + s + " AS VARCHAR)"
	case Float:
		s = FnText + "(" + s + ")"
	case Bool:
		s = "CASE WHEN " + s + " THEN '1' WHEN NOT " + s + " THEN '0' END"
	case Time:
		s = "strftime(epoch_ms(" + s + "), '%Y-%m-%d %H:%M:%S.%g')"
	case Tagged:
		s = FnTaggedText + "(" + s + ")"
	}
	if e.Dash {
		s = "coalesce(" + s + ", '-')"
	}
	return s
}

// number returns the SQL of the value's number, an integer or DOUBLE, NULL where it is none.
func (e *Expression) number() string {
	if e.IsConstant {
		f, ok := e.Constant.Number()
		if !ok {
			return "CAST(NULL AS DOUBLE)"
		}
		c := constant(value.Number(f))
		return c.SQL
	}
	switch e.Kind {
	case Absent:
		return "CAST(NULL AS DOUBLE)"
	case Bool:
		return "CAST(" + e.SQL + " AS BIGINT)"
	case Text:
		return FnNumber + "(" + e.SQL + ")" // "-" is no number, and NULL is none
	case Tagged:
		return FnTaggedNumber + "(" + e.SQL + ")"
	}
	return e.SQL
}

// double returns the SQL of the value's number as DOUBLE.
func (e *Expression) double() string {
	if e.Kind == Float && !e.IsConstant {
		return e.SQL
	}
	return "CAST(" + e.number() + " AS DOUBLE)"
}

// tagged returns the SQL of the value with its kind.
func (e *Expression) tagged() string {
	if e.IsConstant {
		t, ok := Tag(e.Constant)
		if !ok {
			return "CAST(NULL AS VARCHAR)"
		}
		return Quote(t)
	}
	switch e.Kind {
	case Absent:
		return "CAST(NULL AS VARCHAR)"
	case Int:
		return "('n' || CAST(" + e.SQL + " AS VARCHAR))"
	case Float:
		return "('n' || " + FnText + "(" + e.SQL + "))"
	case Bool:
		return "CASE WHEN " + e.SQL + " THEN 'b1' WHEN NOT " + e.SQL + " THEN 'b0' END"
	case Time:
		return "('d' || CAST(" + e.SQL + " AS VARCHAR))"
	case Tagged:
		return e.SQL
	}
	return "('t' || " + e.text() + ")"
}

// Tag writes a value with its kind: n and a number, t and a text, b and 1 or 0, d and milliseconds.
// Absent values, lists and maps have no such form.
func Tag(v value.Value) (string, bool) {
	s, ok := v.Text()
	if !ok {
		return "", false
	}
	switch v.Kind() {
	case value.NumberKind:
		return "n" + s, true
	case value.BoolKind:
		return "b" + s, true
	case value.TimeKind:
		f, _ := v.Number()
		return "d" + strconv.FormatInt(int64(f), 10), true
	}
	return "t" + s, true
}

// Untag reads what [Tag] wrote; anything else is absent.
func Untag(s string) value.Value {
	if s == "" {
		return value.Absent
	}
	rest := s[1:]
	switch s[0] {
	case 't':
		return value.Text(rest)
	case 'b':
		return value.Bool(rest == "1")
	case 'n', 'd':
		f, err := strconv.ParseFloat(rest, 64)
		if err != nil {
			return value.Absent
		}
		switch {
		case s[0] == 'd':
			return value.Time(int64(f))
		case value.FormatNumber(f) != rest: // of a JSON document, whose numbers are as they are written there
			v, _ := value.ParseJSON(rest)
			return v
		}
		return value.Number(f)
	}
	return value.Absent
}

// Join returns the kind, and whether NULL is "-", of a column to which several sources give these
// expressions, and the SQL of each there.
func Join(list []Expression) (Expression, []string) {
	out := make([]string, len(list))
	seen, dashes, gaps := map[Kind]bool{}, 0, 0
	for i := range list {
		if list[i].Kind == Absent {
			gaps++
			continue
		}
		seen[list[i].Kind] = true
		if list[i].Dash {
			dashes++
		}
	}
	var kind Kind
	for k := range seen {
		kind = k
	}
	alike := len(seen) == 1 && (dashes == 0 || dashes == len(list)) && kind != Absent
	switch {
	case len(seen) == 0:
		return absent, out
	case alike:
		for i := range list {
			out[i] = list[i].SQL
			if list[i].Kind == Absent {
				out[i] = "NULL"
			}
		}
		return Expression{Kind: kind, Dash: dashes > 0}, out
	case !seen[Int] && !seen[Float] && !seen[Bool] && !seen[Time] && !seen[Tagged]:
		for i := range list {
			out[i] = list[i].text()
		}
		return Expression{Kind: Text}, out
	}
	for i := range list {
		out[i] = list[i].tagged()
	}
	return Expression{Kind: Tagged}, out
}

// Number returns a finite number as an SQL literal.
func Number(f float64) string {
	e := constant(value.Number(f))
	return e.SQL
}

// plain says that a text can stand in SQL.
func plain(s string) bool { return utf8.ValidString(s) }

// The functions that the SQL of plans calls.
const (
	FnNumber       = "weir_insights_number"        // (text): DOUBLE, NULL where it is no number
	FnText         = "weir_insights_text"          // (DOUBLE): text
	FnFinite       = "weir_insights_finite"        // (DOUBLE): itself, NULL where it is not finite
	FnKey          = "weir_insights_key"           // (text): what is in the natural order of texts
	FnTaggedText   = "weir_insights_tagged_text"   // (tagged): text
	FnTaggedNumber = "weir_insights_tagged_number" // (tagged): DOUBLE
	FnTaggedKey    = "weir_insights_tagged_key"    // (tagged): what is in the natural order
	FnTaggedTrue   = "weir_insights_tagged_true"   // (tagged): BOOLEAN
	FnCompare      = "weir_insights_compare"       // (operator, tagged, tagged): BOOLEAN
	FnCall         = "weir_insights_call"          // (function, tagged...): tagged; arguments may be NULL
	FnIs           = "weir_insights_is"            // (function, text, constant text or ''): BOOLEAN
	FnMatch        = "weir_insights_match"         // (text, regular expression): BOOLEAN
	FnGlob         = "weir_insights_glob"          // (text, glob, star): text
	FnCapture      = "weir_insights_capture"       // (text, regular expression, group): text
	FnJSON         = "weir_insights_json"          // (message, path): tagged
	FnPrefix       = "weir_insights_"
)

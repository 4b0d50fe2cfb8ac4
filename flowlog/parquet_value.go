package flowlog

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// number turns a value into a number of the field.
func (c *cursor) number(v parquet.Value) (int64, string, error) {
	f := c.col.field
	var n int64
	switch v.Kind() {
	case parquet.Int32:
		if n = int64(v.Int32()); c.col.form == formUnsigned {
			n = int64(uint32(v.Int32()))
		}
	case parquet.Int64:
		if n = v.Int64(); c.col.form == formUnsigned && n < 0 {
			s := strconv.FormatUint(uint64(n), 10)
			return 0, s, fmt.Errorf("%s is out of range (%d to %d)", s, f.Min, f.Max)
		}
	case parquet.Float, parquet.Double:
		x := v.Double()
		if v.Kind() == parquet.Float {
			x = float64(v.Float())
		}
		if math.IsNaN(x) {
			return Absent, "", nil
		}
		if x != math.Trunc(x) || math.Abs(x) > 1<<53 {
			return 0, v.String(), fmt.Errorf("%v is no whole number", x)
		}
		n = int64(x)
	default:
		s := withoutFraction(v.ByteArray())
		if len(s) == 0 || string(s) == "-" || isNothing(s) {
			return Absent, "", nil
		}
		if string(s) != "-1" {
			var err error
			if n, err = f.parseNum(s); err != nil {
				return 0, string(s), err
			}
			break
		}
		n = -1
	}
	if !c.exact && (n == -1 || n == 0 && f.ZeroAbsent) {
		return Absent, "", nil
	}
	if p := c.col.perSecond; p != 0 && n >= 0 {
		return n / p, "", f.checkRange(n / p)
	}
	n, err := f.checkNum(n)
	if err != nil {
		return 0, v.String(), err
	}
	return n, "", nil
}

// pageValues returns what gives the value at a place of a page's data.
func pageValues(kind parquet.Kind, data encoding.Values) func(int) parquet.Value {
	switch kind {
	case parquet.Boolean:
		v := data.Boolean()
		return func(i int) parquet.Value { return parquet.BooleanValue(v[i/8]>>(i%8)&1 != 0) }
	case parquet.Int32:
		v := data.Int32()
		return func(i int) parquet.Value { return parquet.Int32Value(v[i]) }
	case parquet.Int64:
		v := data.Int64()
		return func(i int) parquet.Value { return parquet.Int64Value(v[i]) }
	case parquet.Int96:
		v := data.Int96()
		return func(i int) parquet.Value { return parquet.Int96Value(v[i]) }
	case parquet.Float:
		v := data.Float()
		return func(i int) parquet.Value { return parquet.FloatValue(v[i]) }
	case parquet.Double:
		v := data.Double()
		return func(i int) parquet.Value { return parquet.DoubleValue(v[i]) }
	case parquet.ByteArray:
		v, offsets := data.ByteArray()
		return func(i int) parquet.Value { return parquet.ByteArrayValue(v[offsets[i]:offsets[i+1]]) }
	case parquet.FixedLenByteArray:
		v, size := data.FixedLenByteArray()
		return func(i int) parquet.Value { return parquet.FixedLenByteArrayValue(v[i*size : (i+1)*size]) }
	}
	panic(fmt.Sprintf("no values of type %s", kind))
}

// isNothing reports whether a text is a word that pandas and others write for "not
// there".
func isNothing(b []byte) bool {
	switch string(b) {
	case "None", "nan", "NaN", "<NA>", "NaT", "null", "NULL":
		return true
	}
	return false
}

// withoutFraction takes off the fraction of a whole number that was a
// floating-point number before it became text.
func withoutFraction(b []byte) []byte {
	whole, zeros, ok := bytes.Cut(b, []byte("."))
	if ok && len(whole) > 0 && len(zeros) > 0 && len(bytes.Trim(zeros, "0")) == 0 {
		return whole
	}
	return b
}

// accountID returns the account id that was written as a number: its zeros were
// lost. 0 and -1 stand for "not there".
func accountID(s string) (string, error) {
	if s == "0" || s == "-1" {
		return "", nil
	}
	if strings.Trim(s, "0123456789") != "" {
		return "", fmt.Errorf("%s is no account id", s)
	}
	if len(s) < 12 {
		s = "000000000000"[len(s):] + s
	}
	return s, nil
}

// valueForm says what the values of a column mean beside their physical type.
type valueForm uint8

const (
	formPlain    valueForm = iota
	formUnsigned           // integers without a sign
	formDecimal            // a whole number and the place of its point
	formDate               // days since the epoch
	formBytes              // bytes that are no text
)

// formOf returns the form of a column's values; scale is the number of a decimal's
// digits behind the point.
func formOf(t parquet.Type) (form valueForm, scale int) {
	var logical any
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.IntType:
		if !l.IsSigned {
			return formUnsigned, 0
		}
	case *format.DecimalType:
		return formDecimal, int(l.Scale)
	case *format.DateType:
		return formDate, 0
	case *format.StringType, *format.EnumType, *format.JsonType:
		return formPlain, 0
	}
	if t.Kind() == parquet.ByteArray {
		return formBytes, 0
	}
	return formPlain, 0
}

// isBytes reports whether a column's byte arrays are no text. In a known field of
// text they are: older writers do not mark it.
func (p *parquetColumn) isBytes() bool {
	return p.field == nil && (p.form == formBytes || p.form == formDecimal)
}

// text returns a value of a column that holds no text as text. NaN is what
// pandas writes for "not there".
func (p *parquetColumn) text(v parquet.Value) string {
	switch {
	case p.form == formDecimal:
		return decimalText(v, p.scale)
	case p.form == formDate:
		return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().Format(time.DateOnly)
	case p.form == formUnsigned && v.Kind() == parquet.Int32:
		return strconv.FormatUint(uint64(uint32(v.Int32())), 10)
	case p.form == formUnsigned:
		return strconv.FormatUint(uint64(v.Int64()), 10)
	}
	switch v.Kind() {
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	case parquet.Int96:
		return int96Time(v.Int96()).Format(time.RFC3339Nano)
	case parquet.Float, parquet.Double:
		x := v.Double()
		if v.Kind() == parquet.Float {
			x = float64(v.Float())
		}
		if math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'f', -1, 64)
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	default: // digests, UUIDs, other bytes
		return hex.EncodeToString(v.ByteArray())
	}
}

// decimalText returns a decimal with all its digits behind the point.
func decimalText(v parquet.Value, scale int) string {
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default: // two's complement, most significant byte first
		b := v.ByteArray()
		n.SetBytes(b)
		if len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	digits := new(big.Int).Abs(n).String()
	if scale > 0 {
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale+1-len(digits)) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// int96Time returns the time that an INT96 stands for: nanoseconds of the day,
// then the Julian day (apache/parquet-format, deprecated INT96 timestamps).
func int96Time(v deprecated.Int96) time.Time {
	const epoch = 2440588 // the Julian day of 1970-01-01
	days := int64(v[2]) - epoch
	return time.Unix(days*24*60*60, v.Int64()).UTC()
}

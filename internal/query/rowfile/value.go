package rowfile

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"weir/internal/query"
)

// Each calls do with each row until one is refused, and returns how many there were. The row is valid until
// do returns.
func Each(rows query.Rows, do func(row []any) error) (int64, error) {
	for n := int64(0); ; n++ {
		row, err := rows.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if err := do(row); err != nil {
			return n, err
		}
	}
}

// Text returns a value of a row as text; that of an absent one is empty, times are RFC 3339 in UTC.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case query.Decimal:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return string(AppendJSON(nil, v))
}

// AppendJSON appends a value of a row as JSON: integers and decimals as numbers, times in RFC
// 3339, absent as null. Numbers that JSON has no form for are null.
func AppendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case query.Decimal:
		return append(dst, v...)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(dst, "null"...)
		}
		b, _ := json.Marshal(v)
		return append(dst, b...)
	case time.Time:
		return strconv.AppendQuote(dst, v.UTC().Format(time.RFC3339Nano))
	case []any:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, x)
		}
		return append(dst, ']')
	case map[string]any:
		return appendObject(dst, v)
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = x
		}
		return appendObject(dst, m)
	}
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(fmt.Sprint(v))
	}
	return append(dst, b...)
}

// appendObject appends a map in the order of its keys.
func appendObject(dst []byte, m map[string]any) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSON(dst, k), ':')
		dst = AppendJSON(dst, m[k])
	}
	return append(dst, '}')
}

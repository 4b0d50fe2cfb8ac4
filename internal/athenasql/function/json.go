package function

import (
	"bytes"
	"encoding/json"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"weir/internal/athenasql/types"
	"weir/internal/memo"
)

var jsonFuncs = []Func{
	{Name: "json_parse", Page: "json", Forms: []Form{{Signature: "(varchar) -> json", SQL: "trino_json_parse($1)"}}},
	{Name: "json_format", Page: "json", Forms: []Form{{Signature: "(json) -> varchar", SQL: "$1"}}},
	{Name: "json_extract", Page: "json", Forms: []Form{
		{Signature: "(varchar, varchar) -> json", Make: ofPath("trino_json_extract($1, $2)")},
		{Signature: "(json, varchar) -> json", Make: ofPath("trino_json_extract($1, $2)")},
	}},
	{Name: "json_extract_scalar", Page: "json", Forms: []Form{
		{Signature: "(varchar, varchar) -> varchar", Make: ofPath("trino_json_scalar($1, $2)")},
		{Signature: "(json, varchar) -> varchar", Make: ofPath("trino_json_scalar($1, $2)")},
	}},
	{Name: "json_array_length", Page: "json", Forms: []Form{
		{Signature: "(varchar) -> bigint", SQL: "trino_json_size($1, '$', 'array')"},
		{Signature: "(json) -> bigint", SQL: "trino_json_size($1, '$', 'array')"},
	}},
	{Name: "json_size", Page: "json", Forms: []Form{
		{Signature: "(varchar, varchar) -> bigint", Make: ofPath("trino_json_size($1, $2, 'any')")},
		{Signature: "(json, varchar) -> bigint", Make: ofPath("trino_json_size($1, $2, 'any')")},
	}},
	{Name: "json_array_contains", Page: "json", Forms: append(contained("varchar"), contained("json")...)},
	{Name: "json_array_get", Page: "json", Refused: "its meaning is broken, Trino's documentation says; json_extract with a path such as '$[0]' is exact"},
	{Name: "is_json_scalar", Page: "json", Forms: []Form{
		{Signature: "(varchar) -> boolean", SQL: "trino_json_is_scalar($1)"},
		{Signature: "(json) -> boolean", SQL: "trino_json_is_scalar($1)"},
	}},
	{Name: "json_query", Page: "json", Refused: "SQL/JSON paths are not there; json_extract has Trino's simple paths"},
	{Name: "json_value", Page: "json", Refused: "SQL/JSON paths are not there; json_extract_scalar has Trino's simple paths"},
	{Name: "json_exists", Page: "json", Refused: "SQL/JSON paths are not there; json_extract(...) IS NOT NULL has Trino's simple paths"},
	{Name: "json_object", Page: "json", Refused: "it is a form of its own; CAST(map(...) AS json) makes an object"},
	{Name: "json_array", Page: "json", Refused: "it is a form of its own; CAST(ARRAY[...] AS json) makes an array"},
}

func contained(of string) []Form {
	return []Form{
		{Signature: "(" + of + ", boolean) -> boolean", SQL: "trino_json_contains($1, 'b', CAST($2 AS VARCHAR))"},
		{Signature: "(" + of + ", bigint) -> boolean", SQL: "trino_json_contains($1, 'i', CAST($2 AS VARCHAR))"},
		{Signature: "(" + of + ", double) -> boolean", SQL: "trino_json_contains($1, 'd', CAST($2 AS VARCHAR))"},
		{Signature: "(" + of + ", varchar) -> boolean", SQL: "trino_json_contains($1, 's', $2)"},
	}
}

// ofPath checks a constant path before the query runs.
func ofPath(sql string) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		if p := c.Args[1].Text; p != nil {
			if _, err := paths.Get(*p); err != nil {
				return "", invalid(c.Args[1].At, "%s", err.Error())
			}
		}
		return fill(sql, c)
	}
}

var paths = memo.Cache[[]string]{Make: parsePath}

// parsePath reads a path of keys and indexes: $.a.b[0]["c d"].
//
// Source: Trino's JsonPathTokenizer.
func parsePath(text string) ([]string, error) {
	bad := failed("Invalid JSON path: '%s'", text)
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, bad
	}
	out := []string{}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, `["`):
			var key strings.Builder
			i := 2
			for ; i < len(rest) && rest[i] != '"'; i++ {
				if rest[i] == '\\' {
					if i++; i == len(rest) || rest[i] != '"' && rest[i] != '\\' {
						return nil, bad
					}
				}
				key.WriteByte(rest[i])
			}
			if !strings.HasPrefix(rest[min(i, len(rest)):], `"]`) {
				return nil, bad
			}
			out, rest = append(out, key.String()), rest[i+2:]
		case rest[0] == '[':
			index, after, ok := strings.Cut(rest[1:], "]")
			if !ok || index == "" || strings.IndexFunc(index, func(r rune) bool { return !keyRune(r) }) >= 0 {
				return nil, bad
			}
			out, rest = append(out, index), after
		case rest[0] == '.':
			n := strings.IndexFunc(rest[1:], func(r rune) bool { return !keyRune(r) && !strings.ContainsRune(":$-/@|#", r) })
			if n < 0 {
				n = len(rest) - 1
			}
			if n == 0 {
				return nil, bad
			}
			out, rest = append(out, rest[1:1+n]), rest[1+n:]
		default:
			return nil, bad
		}
	}
	return out, nil
}

func keyRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

var jsonNatives = []Native{
	textNative("trino_json_parse", "VARCHAR", 1, func(s []string) (any, error) {
		v, err := readJSON(s[0])
		if err != nil {
			return nil, failed("Cannot convert value to JSON: '%s'", s[0])
		}
		return writeJSON(v, true), nil
	}),
	textNative("trino_json_extract", "VARCHAR", 2, func(s []string) (any, error) {
		v, ok, err := jsonAt(s[0], s[1])
		if err != nil || !ok {
			return nil, err
		}
		return writeJSON(v, false), nil
	}),
	textNative("trino_json_scalar", "VARCHAR", 2, func(s []string) (any, error) {
		v, ok, err := jsonAt(s[0], s[1])
		if err != nil || !ok {
			return nil, err
		}
		switch v := v.(type) {
		case string:
			return v, nil
		case json.Number:
			return v.String(), nil
		case bool:
			return strconv.FormatBool(v), nil
		}
		return nil, nil
	}),
	textNative("trino_json_size", "BIGINT", 3, func(s []string) (any, error) {
		v, ok, err := jsonAt(s[0], s[1])
		if err != nil || !ok {
			return nil, err
		}
		switch v := v.(type) {
		case []any:
			return int64(len(v)), nil
		case object:
			if s[2] == "any" {
				return int64(len(v)), nil
			}
		}
		if s[2] == "any" {
			return int64(0), nil
		}
		return nil, nil
	}),
	textNative("trino_json_is_scalar", "BOOLEAN", 1, func(s []string) (any, error) {
		v, err := readJSON(s[0])
		if err != nil {
			return nil, failed("Invalid JSON value: %s", s[0])
		}
		switch v.(type) {
		case []any, object:
			return false, nil
		}
		return true, nil
	}),
	textNative("trino_json_contains", "BOOLEAN", 3, func(s []string) (any, error) {
		v, err := readJSON(s[0])
		list, ok := v.([]any)
		if err != nil || !ok {
			return nil, nil
		}
		for _, e := range list {
			if jsonEquals(e, s[1], s[2]) {
				return true, nil
			}
		}
		return false, nil
	}),
}

func jsonEquals(v any, kind, want string) bool {
	switch v := v.(type) {
	case bool:
		return kind == "b" && strconv.FormatBool(v) == want
	case string:
		return kind == "s" && v == want
	case json.Number:
		whole := !strings.ContainsAny(v.String(), ".eE")
		switch {
		case kind == "i" && whole:
			n, err := strconv.ParseInt(v.String(), 10, 64)
			return err == nil && strconv.FormatInt(n, 10) == want
		case kind == "d" && !whole:
			a, err := v.Float64()
			b, err2 := strconv.ParseFloat(want, 64)
			return err == nil && err2 == nil && a == b
		}
	}
	return false
}

// jsonAt returns what stands at a path; false where there is nothing, or the text is no JSON.
func jsonAt(text, path string) (any, bool, error) {
	steps, err := paths.Get(path)
	if err != nil {
		return nil, false, err
	}
	v, err := readJSON(text)
	if err != nil {
		return nil, false, nil
	}
	for _, step := range steps {
		switch at := v.(type) {
		case object:
			found := false
			for _, m := range at {
				if found = m.key == step; found {
					v = m.value
					break
				}
			}
			if !found {
				return nil, false, nil
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false, nil
			}
			v = at[i]
		default:
			return nil, false, nil
		}
	}
	return v, true, nil
}

// object is the members of a JSON object in their order.
type object []member

type member struct {
	key   string
	value any
}

// readJSON reads one value: nil, bool, json.Number, string, []any or object.
func readJSON(s string) (any, error) {
	if !utf8.ValidString(s) || !json.Valid([]byte(s)) { // a decoder of tokens lets more pass
		return nil, io.ErrUnexpectedEOF
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	return readValue(d)
}

func readValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := readValue(d)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := d.Token()
		return out, err
	case json.Delim('{'):
		out := object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := readValue(d)
			if err != nil {
				return nil, err
			}
			out = append(out, member{key.(string), v})
		}
		_, err := d.Token()
		return out, err
	}
	return t, nil
}

// writeJSON writes a value as Jackson does for Trino: without spaces, doubles as Java shows them. In order are the keys of json_parse, of
// which the last of equal ones counts.
func writeJSON(v any, inOrder bool) string {
	var b bytes.Buffer
	writeValue(&b, v, inOrder)
	return b.String()
}

func writeValue(b *bytes.Buffer, v any, inOrder bool) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case json.Number:
		s := v.String()
		if f, err := v.Float64(); err == nil && strings.ContainsAny(s, ".eE") {
			s = types.Float(f, 64)
		}
		b.WriteString(s)
	case string:
		writeText(b, v)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeValue(b, e, inOrder)
		}
		b.WriteByte(']')
	case object:
		if inOrder {
			v = v.sorted()
		}
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, m.key)
			b.WriteByte(':')
			writeValue(b, m.value, inOrder)
		}
		b.WriteByte('}')
	}
}

func (o object) sorted() object {
	last := map[string]any{}
	for _, m := range o {
		last[m.key] = m.value
	}
	out := make(object, 0, len(last))
	for k, v := range last {
		out = append(out, member{k, v})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out
}

func writeText(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if r < 0x20 {
				b.WriteString(`\u00`)
				b.WriteString(strings.ToUpper(strconv.FormatInt(int64(r)+0x100, 16)[1:]))
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

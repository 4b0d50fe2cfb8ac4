package value

import (
	"encoding/json"
	"strings"
)

var jsonFuncs = []*Func{
	{
		Name: "jsonParse", Signature: "jsonParse(text)", Min: 1, Max: 1, Source: sourceJSON,
		Doc: "The map or the list that a text in JSON is; absent where it is neither.",
		Call: func(_ *Context, args []Value) Value {
			if args[0].IsStructured() {
				return args[0]
			}
			s, _ := args[0].Text()
			if v, ok := ParseJSON(s); ok && v.IsStructured() {
				return v
			}
			return Absent
		},
	},
	{
		Name: "jsonStringify", Signature: "jsonStringify(value)", Min: 1, Max: 1, Result: TextKind, Source: sourceJSON,
		Doc: "A map or a list as a text in JSON, keys in their order and numbers as they were written.",
		Call: func(_ *Context, args []Value) Value {
			if !args[0].IsStructured() {
				return Absent
			}
			return Text(args[0].String())
		},
	},
	{
		Name: "jsonArraySize", Signature: "jsonArraySize(list)", Min: 1, Max: 1, Result: NumberKind, Source: sourceJSON,
		Doc: "How many elements a list has, or the array that a text in JSON is.",
		Call: func(_ *Context, args []Value) Value {
			l, ok := asList(args[0])
			if !ok {
				return Absent
			}
			return Number(float64(l.Len()))
		},
	},
	{
		Name: "jsonArrayContains", Signature: "jsonArrayContains(list, value)", Min: 2, Max: 2, Result: BoolKind, Source: sourceJSON,
		Doc: "Whether a list, or the array that a text in JSON is, has an element that is equal to the value; false of what is neither.",
		Call: func(_ *Context, args []Value) Value {
			if args[0].IsAbsent() || args[1].IsAbsent() {
				return Absent
			}
			l, ok := asList(args[0])
			if !ok {
				return Bool(false)
			}
			for _, e := range l.Elements() {
				if Compare("=", e, args[1]).True() {
					return Bool(true)
				}
			}
			return Bool(false)
		},
	},
}

// asList returns a list, or the array that a text in JSON is.
func asList(v Value) (Value, bool) {
	if s, ok := v.Text(); ok {
		v, _ = ParseJSON(s)
	}
	return v, v.kind == ListKind
}

// ParseJSON reads a text that is one JSON document as a whole: objects are maps with their keys in order (of keys that are
// equal the last value counts), arrays lists, numbers keep the text that they are written as, null is absent. It reports false for
// what is no JSON.
func ParseJSON(s string) (Value, bool) {
	if !json.Valid([]byte(s)) {
		return Absent, false
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := decodeJSON(d)
	return v, err == nil
}

func decodeJSON(d *json.Decoder) (Value, error) {
	token, err := d.Token()
	if err != nil {
		return Absent, err
	}
	switch t := token.(type) {
	case bool:
		return Bool(t), nil
	case string:
		return Text(t), nil
	case json.Number:
		f, ok := ParseNumber(t.String())
		if !ok {
			return Text(t.String()), nil // beyond what a number can be
		}
		return Value{kind: NumberKind, number: f, text: t.String()}, nil
	case json.Delim:
		if t == '[' {
			return decodeList(d)
		}
		return decodeMap(d)
	}
	return Absent, nil
}

func decodeList(d *json.Decoder) (Value, error) {
	elements := []Value{}
	for d.More() {
		e, err := decodeJSON(d)
		if err != nil {
			return Absent, err
		}
		elements = append(elements, e)
	}
	_, err := d.Token()
	return List(elements), err
}

func decodeMap(d *json.Decoder) (Value, error) {
	var keys []string
	values := []Value{}
	place := map[string]int{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return Absent, err
		}
		key, _ := token.(string)
		v, err := decodeJSON(d)
		if err != nil {
			return Absent, err
		}
		if i, ok := place[key]; ok {
			values[i] = v
			continue
		}
		place[key] = len(keys)
		keys = append(keys, key)
		values = append(values, v)
	}
	_, err := d.Token()
	return Map(keys, values), err
}

// appendJSON writes a value as JSON without white space.
func appendJSON(b []byte, v Value) []byte {
	switch v.kind {
	case BoolKind:
		if v.number != 0 {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case NumberKind:
		s, _ := v.Text()
		return append(b, s...)
	case TextKind, TimeKind:
		s, _ := v.Text()
		return appendString(b, s)
	case ListKind:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case MapKind:
		b = append(b, '{')
		for i, k := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendJSON(b, v.list[i])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be encoded
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}

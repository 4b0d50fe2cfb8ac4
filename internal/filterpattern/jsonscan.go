package filterpattern

import (
	"encoding/json"
	"strings"
)

// kindOf says what a value of JSON is.
type kindOf int

const (
	absent kindOf = iota
	null
	boolean
	numeric
	textual
	container // an object or an array
)

// A jsonValue is a value and its text: decoded for strings, as it stands for numbers and booleans.
type jsonValue struct {
	kind kindOf
	text string
}

// each calls is with the values to which the steps lead from the value at i, until it says true; it reports
// whether it did. What is no JSON leads somewhere or nowhere, but ends.
func each(s string, i int, steps []step, is func(jsonValue) bool) bool {
	if len(steps) == 0 {
		return is(valueAt(s, i))
	}
	st, rest := steps[0], steps[1:]
	if i >= len(s) {
		return false
	}
	switch {
	case st.isIndex && s[i] == '[':
		n := 0
		hit := false
		members(s, i, func(_ string, at int) bool {
			if st.all || n == st.index {
				hit = each(s, at, rest, is)
			}
			n++
			return !hit && (st.all || n <= st.index)
		})
		return hit
	case !st.isIndex && s[i] == '{' && st.all:
		hit := false
		members(s, i, func(_ string, at int) bool {
			hit = each(s, at, rest, is)
			return !hit
		})
		return hit
	case !st.isIndex && s[i] == '{':
		last := -1 // of a name that stands twice the last counts, as JSON readers have it
		members(s, i, func(key string, at int) bool {
			if sameKey(key, st.name) {
				last = at
			}
			return true
		})
		return last >= 0 && each(s, last, rest, is)
	}
	return false
}

// members calls yield for each member of the object or array at i, with the key as it stands between its
// quotation marks and the place of the value, until it says false.
func members(s string, i int, yield func(key string, at int) bool) {
	object := s[i] == '{'
	for i++; ; i++ {
		i = skipSpace(s, i)
		key := ""
		if object {
			if i >= len(s) || s[i] != '"' {
				return
			}
			end := skipString(s, i)
			key = s[i+1 : max(i+1, end-1)]
			i = skipSpace(s, end)
			if i >= len(s) || s[i] != ':' {
				return
			}
			i = skipSpace(s, i+1)
		}
		if i >= len(s) || s[i] == ']' || s[i] == '}' || !yield(key, i) {
			return
		}
		i = skipSpace(s, skipValue(s, i))
		if i >= len(s) || s[i] != ',' {
			return
		}
	}
}

// valueAt returns the value at i.
func valueAt(s string, i int) jsonValue {
	if i >= len(s) {
		return jsonValue{}
	}
	raw := s[i:skipValue(s, i)]
	switch s[i] {
	case '{', '[':
		return jsonValue{kind: container}
	case '"':
		return jsonValue{textual, decode(raw)}
	case 't', 'f':
		return jsonValue{boolean, raw}
	case 'n':
		return jsonValue{kind: null}
	}
	return jsonValue{numeric, raw}
}

// sameKey reports whether a key as it stands is a name.
func sameKey(key, name string) bool {
	if strings.IndexByte(key, '\\') < 0 {
		return key == name
	}
	return decode(`"`+key+`"`) == name
}

// decode returns the text of a string with its quotation marks.
func decode(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1:max(1, len(raw)-1)]
	}
	var out string
	if json.Unmarshal([]byte(raw), &out) != nil {
		return ""
	}
	return out
}

// skipValue returns the place behind the value at i.
func skipValue(s string, i int) int {
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		for depth := 0; i < len(s); {
			switch s[i] {
			case '"':
				i = skipString(s, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' && !isSpace(s[i]) {
		i++
	}
	return i
}

// skipString returns the place behind the string that begins at i.
func skipString(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

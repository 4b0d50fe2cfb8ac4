package netmodel

import (
	"encoding"
	"reflect"
	"strings"
)

// Member is a member of a thing, for people.
type Member struct {
	Name   string
	Values []string // one for each element of a list
}

// Members returns the members of a thing of this package that are set, in their order.
func Members(thing any) []Member {
	var out []Member
	v := reflect.Indirect(reflect.ValueOf(thing))
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		if values := elementTexts(v.Field(i)); len(values) > 0 {
			out = append(out, Member{words(f.Name), values})
		}
	}
	return out
}

// Plain returns a value of this package as JSON is made of it: members have their names in
// lower case with underscores, traffic and addresses are texts, and what is not said, as an
// empty text or list, is not there.
func Plain(v any) any {
	if v == nil {
		return nil
	}
	return plain(reflect.ValueOf(v))
}

func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		out := []any{}
		for i := range v.Len() {
			out = append(out, plain(v.Index(i)))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			out[Text(key.Interface())] = plain(v.MapIndex(key))
		}
		return out
	case reflect.Struct:
		if _, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
			return Text(v.Interface())
		}
		if t, ok := reflect.TypeAssert[Traffic](v); ok {
			return t.String()
		}
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && !unsaid(v.Field(i)) {
				out[strings.ToLower(strings.ReplaceAll(words(f.Name), " ", "_"))] = plain(v.Field(i))
			}
		}
		return out
	}
	return v.Interface()
}

// unsaid reports whether a value says nothing. Numbers and booleans say something.
func unsaid(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.String, reflect.Pointer, reflect.Struct:
		return v.IsZero()
	default:
		return false
	}
}

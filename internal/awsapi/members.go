package awsapi

import (
	"iter"
	"reflect"
	"strings"
)

// members gives the members of an answer's structure by the names of their json tags, as encoding/json does: those of embedded
// structures among them, without those that are empty, or not set, and may be left out.
func members(v reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Anonymous {
				for name, e := range members(v.Field(i)) {
					if !yield(name, e) {
						return
					}
				}
				continue
			}
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if options == "omitempty" && empty(v.Field(i)) || options == "omitzero" && v.Field(i).IsZero() {
				continue
			}
			if !yield(name, v.Field(i)) {
				return
			}
		}
	}
}

// empty says what encoding/json leaves out as empty.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

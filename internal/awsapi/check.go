package awsapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// check notes what a member violates.
func (d *decoder) check(v reflect.Value, tag reflect.StructTag, path string) {
	if name := tag.Get("shape"); name != "" {
		for _, c := range d.violated(name, v) {
			d.violate(quoted(v), path, c)
		}
	}
	if name := tag.Get("keys"); name != "" {
		for _, key := range sortedKeys(v) {
			if c := d.violated(name, reflect.ValueOf(key)); c != nil {
				d.violate(quoted(v), path, "Map keys must satisfy constraint: ["+strings.Join(c, ", ")+"]")
				break
			}
		}
	}
	if name := tag.Get("each"); name != "" {
		d.checkEach(v, name, path)
	}
}

func (d *decoder) checkEach(v reflect.Value, name, path string) {
	if v.Kind() == reflect.Map {
		for _, key := range sortedKeys(v) {
			if c := d.violated(name, v.MapIndex(reflect.ValueOf(key))); c != nil {
				d.violate(quoted(v), path, "Map value must satisfy constraint: ["+strings.Join(c, ", ")+"]")
				return
			}
		}
		return
	}
	for i := range v.Len() {
		if c := d.violated(name, v.Index(i)); c != nil {
			d.violate(quoted(v), path, "Member must satisfy constraint: ["+strings.Join(c, ", ")+"]")
			return
		}
	}
}

func (d *decoder) violated(name string, v reflect.Value) []string {
	shape, ok := d.shapes[name]
	if !ok {
		panic("awsapi: no shape " + name)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return d.violated(name, v.Elem())
	case reflect.String:
		return shape.ofText(v.String())
	case reflect.Slice, reflect.Map:
		return shape.ofLength(int64(v.Len()))
	default:
		return shape.ofNumber(v.Int())
	}
}

func sortedKeys(v reflect.Value) []string {
	var keys []string
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return keys
}

// maxShown bounds how much of a bad value an error repeats.
const maxShown = 8 << 10

// quoted returns a value as AWS's validation errors show it.
func quoted(v reflect.Value) string {
	s := shown(v)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return "'" + s + "'"
}

func shown(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "null"
		}
		return shown(v.Elem())
	case reflect.String:
		return v.String()
	case reflect.Slice:
		parts := make([]string, 0, min(v.Len(), maxShown))
		for i := range min(v.Len(), maxShown) {
			parts = append(parts, shown(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Map:
		if v.IsNil() {
			return "null"
		}
		var parts []string
		for _, k := range sortedKeys(v) {
			parts = append(parts, k+"="+shown(v.MapIndex(reflect.ValueOf(k))))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Struct:
		var parts []string
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			parts = append(parts, name+"="+shown(v.Field(i)))
		}
		return v.Type().Name() + "(" + strings.Join(parts, ", ") + ")"
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return fmt.Sprint(v.Interface())
	}
}

package awsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Invalid says which members of a request violate what its service's model says.
type Invalid struct {
	// Violations are in AWS's words.
	Violations []string
}

// Error returns AWS's text for all of them.
func (e *Invalid) Error() string {
	word := " validation errors"
	if len(e.Violations) == 1 {
		word = " validation error"
	}
	return strconv.Itoa(len(e.Violations)) + word + " detected: " + strings.Join(e.Violations, "; ")
}

// maxViolations bounds an error's text: a list may have thousands of bad elements.
const maxViolations = 20

// Decode reads the JSON object body into in, a pointer to a struct whose fields have json tags, and
// checks what their tags demand (see [Shapes]). Members are told apart by case; those that the
// struct lacks are passed over, as AWS does; null is as absent. An empty body is {}.
//
// Errors: *Error (SerializationException) where a value is of another type, *Invalid where values
// violate their shapes.
func Decode(body []byte, in any, shapes Shapes) error {
	tree, err := parse(body)
	if err != nil {
		return err
	}
	return decodeTree(tree, in, decoder{shapes: shapes})
}

func decodeTree(tree map[string]any, in any, d decoder) error {
	if err := d.structure(tree, reflect.ValueOf(in).Elem(), ""); err != nil {
		return err
	}
	if len(d.violations) > 0 {
		return &Invalid{Violations: d.violations}
	}
	return nil
}

func parse(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, serialization("the body is not UTF-8")
	}
	if n := values(body); n > maxValues {
		return nil, serialization("the body has more than %d values", maxValues)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			return nil, serialization("the body is not JSON: %v, at byte %d", err, syntax.Offset)
		}
		return nil, serialization("the body is not JSON: it ends too early")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, serialization("the body is not JSON: there is more behind the object, at byte %d", dec.InputOffset())
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return nil, serialization("%s can not be converted to a structure", token(tree))
	}
	return object, nil
}

// maxValues bounds what a body becomes in memory: a value of three bytes takes some hundred. No request
// that is taken has as many.
const maxValues = 100_000

// values returns about how many values a JSON text has: those that are elements or members, and the lists and
// objects.
func values(body []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

type decoder struct {
	shapes Shapes
	// loose says that numbers and booleans may be texts.
	loose bool
	// small says that violations name members with a small first letter.
	small      bool
	violations []string
}

func (d *decoder) violate(value, path, constraint string) {
	if len(d.violations) < maxViolations {
		d.violations = append(d.violations, "Value "+value+" at '"+path+"' failed to satisfy constraint: "+constraint)
	}
}

func (d *decoder) structure(tree map[string]any, v reflect.Value, path string) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			if err := d.structure(tree, v.Field(i), path); err != nil {
				return err
			}
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		at := name
		if d.small {
			at = strings.ToLower(name[:1]) + name[1:]
		}
		if path != "" {
			at = path + "." + at
		}
		raw := tree[name]
		if raw == nil {
			if field.Tag.Get("required") == "true" {
				d.violate("null", at, "Member must not be null")
			}
			continue
		}
		if err := d.value(raw, v.Field(i), at); err != nil {
			return err
		}
		d.check(v.Field(i), field.Tag, at)
	}
	return nil
}

func (d *decoder) value(raw any, v reflect.Value, path string) error {
	if text, ok := raw.(string); ok && d.loose && v.Type() != reflect.TypeFor[Time]() {
		raw = untyped(text, v.Kind())
	}
	switch v.Type() {
	case reflect.TypeFor[Time]():
		return decodeTime(raw, v, path, d.loose)
	case reflect.TypeFor[Double]():
		if f, ok := special(raw); ok {
			v.SetFloat(f)
			return nil
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(raw, v.Elem(), path)
	case reflect.String:
		if s, ok := raw.(string); ok {
			v.SetString(s)
			return nil
		}
		return wrongType(raw, "String", path)
	case reflect.Bool:
		if b, ok := raw.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return wrongType(raw, "Boolean", path)
	case reflect.Int32, reflect.Int64:
		return integer(raw, v, path)
	case reflect.Float64:
		if n, ok := raw.(json.Number); ok {
			if f, err := n.Float64(); err == nil {
				v.SetFloat(f)
				return nil
			}
		}
		return wrongType(raw, "Double", path)
	case reflect.Slice:
		list, ok := raw.([]any)
		if !ok && d.loose && raw == "" { // as clients write a list without elements
			list, ok = []any{}, true
		}
		if !ok {
			return wrongType(raw, "list", path)
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, e := range list {
			if err := d.element(e, v.Index(i), path+"."+strconv.Itoa(i+1)+".member"); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		object, ok := raw.(map[string]any)
		if !ok {
			return wrongType(raw, "map", path)
		}
		v.Set(reflect.MakeMapWithSize(v.Type(), len(object)))
		for key, e := range object {
			value := reflect.New(v.Type().Elem()).Elem()
			if err := d.element(e, value, path+"."+key+".member"); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key), value)
		}
		return nil
	case reflect.Struct:
		object, ok := raw.(map[string]any)
		if !ok {
			return wrongType(raw, "structure", path)
		}
		return d.structure(object, v, path)
	}
	panic("awsapi: a request has a member of the kind " + v.Kind().String())
}

// untyped returns the value that a text stands for where a kind is wanted, else the text.
func untyped(text string, kind reflect.Kind) any {
	switch kind {
	case reflect.Bool:
		if text == "true" || text == "false" {
			return text == "true"
		}
	case reflect.Int32, reflect.Int64, reflect.Float64:
		if json.Valid([]byte(text)) && strings.ContainsRune("-0123456789", rune(text[0])) {
			return json.Number(text)
		}
	case reflect.Slice: // a form has no other way to say that a list is empty
		if text == "" {
			return []any{}
		}
	case reflect.Map:
		if text == "" {
			return map[string]any{}
		}
	}
	return text
}

func (d *decoder) element(raw any, v reflect.Value, path string) error {
	if raw == nil {
		d.violate("null", path, "Member must not be null")
		return nil
	}
	return d.value(raw, v, path)
}

func integer(raw any, v reflect.Value, path string) error {
	kind := "Long"
	if v.Kind() == reflect.Int32 {
		kind = "Integer"
	}
	n, ok := raw.(json.Number)
	if !ok {
		return wrongType(raw, kind, path)
	}
	i, err := n.Int64()
	if err != nil { // 1e3 and 1.0 are whole numbers too
		f, ferr := n.Float64()
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return serialization("%s is not a %s, at '%s'", n, kind, path)
		}
		i = int64(f)
	}
	if v.OverflowInt(i) {
		return serialization("%s is out of the range of a %s, at '%s'", n, kind, path)
	}
	v.SetInt(i)
	return nil
}

func wrongType(raw any, want, path string) *Error {
	return serialization("%s can not be converted to a %s, at '%s'", token(raw), want, path)
}

// token names what a JSON value begins with, as AWS's services do.
func token(raw any) string {
	switch v := raw.(type) {
	case string:
		return "STRING_VALUE"
	case json.Number:
		return "NUMBER_VALUE"
	case bool:
		if v {
			return "TRUE_VALUE"
		}
		return "FALSE_VALUE"
	case []any:
		return "START_ARRAY"
	case map[string]any:
		return "START_OBJECT"
	}
	return "VALUE_NULL"
}

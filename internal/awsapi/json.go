package awsapi

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// A jsonWriter writes answers as encoding/json does, but that a double has a point or an exponent: 30.0, not 30. Clients in
// languages that tell integers from doubles make an integer of the other.
//
// Source: recordings of AWS's answers in AWS JSON 1.0 (LocalStack, test_cloudwatch), in which each double is one.
type jsonWriter struct {
	b    bytes.Buffer
	leaf *json.Encoder // writes into b
}

// doubleJSON writes an answer.
func doubleJSON(out any) ([]byte, error) {
	w := &jsonWriter{}
	w.leaf = json.NewEncoder(&w.b)
	w.leaf.SetEscapeHTML(false)
	if err := w.value(reflect.ValueOf(out)); err != nil {
		return nil, err
	}
	return w.b.Bytes(), nil
}

func (w *jsonWriter) value(v reflect.Value) error {
	if v.Type().Implements(reflect.TypeFor[json.Marshaler]()) {
		return w.any(v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return w.value(v.Elem())
		}
	case reflect.Struct:
		separator := "{"
		for name, e := range members(v) {
			w.b.WriteString(separator)
			if err := w.member(name, e); err != nil {
				return err
			}
			separator = ","
		}
		w.b.WriteString(strings.TrimPrefix(separator, ",") + "}")
		return nil
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		w.b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				w.b.WriteByte(',')
			}
			if err := w.value(v.Index(i)); err != nil {
				return err
			}
		}
		w.b.WriteByte(']')
		return nil
	case reflect.Map:
		if v.IsNil() {
			break
		}
		separator := "{"
		for _, k := range sortedKeys(v) {
			w.b.WriteString(separator)
			if err := w.member(k, v.MapIndex(reflect.ValueOf(k))); err != nil {
				return err
			}
			separator = ","
		}
		w.b.WriteString(strings.TrimPrefix(separator, ",") + "}")
		return nil
	case reflect.Float64:
		w.double(v.Float())
		return nil
	}
	return w.any(v)
}

func (w *jsonWriter) member(name string, v reflect.Value) error {
	if err := w.any(reflect.ValueOf(name)); err != nil {
		return err
	}
	w.b.WriteByte(':')
	return w.value(v)
}

// double writes a number. Those that are none are texts, as Smithy's JSON has them.
func (w *jsonWriter) double(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.b.WriteString(`"` + specialText(f) + `"`)
		return
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) { // as encoding/json
		format = 'e'
	}
	text := strconv.FormatFloat(f, format, -1, 64)
	w.b.WriteString(text)
	if !strings.ContainsAny(text, ".e") {
		w.b.WriteString(".0")
	}
}

// any writes what encoding/json writes.
func (w *jsonWriter) any(v reflect.Value) error {
	err := w.leaf.Encode(v.Interface())
	w.b.Truncate(max(w.b.Len()-1, 0)) // the line's end
	return err
}

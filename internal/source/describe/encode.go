package describe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// encode returns an answer of the SDK as the AWS CLI prints it: members by AWS's names,
// which the SDK's fields have, without those that AWS did not send. Members are in the
// order of their names. Where beside is not "", it is a member more, whose text is subject.
func encode(answer any, beside, subject string) ([]byte, error) {
	v, err := plain(reflect.ValueOf(answer))
	if err != nil {
		return nil, err
	}
	if beside != "" {
		v.(map[string]any)[beside] = subject
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// plain returns a value as maps, lists and scalars; nil where AWS did not send it. In the
// SDK's types that is a nil pointer, list or map, or an enum's empty text.
func plain(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		if t, ok := reflect.TypeAssert[time.Time](v); ok {
			return cliTime(t), nil
		}
		return plainStruct(v)
	case reflect.Slice:
		if v.IsNil() {
			return nil, nil
		}
		list := make([]any, v.Len())
		for i := range list {
			item, err := plain(v.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	case reflect.Map:
		if v.IsNil() {
			return nil, nil
		}
		m := make(map[string]any, v.Len())
		for key, value := range v.Seq2() {
			item, err := plain(value)
			if err != nil {
				return nil, err
			}
			m[key.String()] = item
		}
		return m, nil
	case reflect.String:
		if v.Len() == 0 && v.Type() != reflect.TypeFor[string]() {
			return nil, nil
		}
		return v.String(), nil
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return v.Interface(), nil
	}
	return nil, fmt.Errorf("cannot write a %s as the AWS CLI does", v.Type())
}

func plainStruct(v reflect.Value) (any, error) {
	m := make(map[string]any, v.NumField())
	for field, value := range v.Fields() {
		if !field.IsExported() || field.Name == "ResultMetadata" {
			continue
		}
		item, err := plain(value)
		if err != nil {
			return nil, err
		}
		if item != nil {
			m[field.Name] = item
		}
	}
	return m, nil
}

// cliTime returns a time as version 2 of the AWS CLI prints it, in UTC: to the second, or
// to the microsecond where there is a part of one. (Version 1 prints what the service sent.)
func cliTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return t.Format("2006-01-02T15:04:05.000000+00:00")
}

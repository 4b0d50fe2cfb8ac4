package athenasql

import "reflect"

// Equal reports whether two trees are the same but for their places in the text, how names were written, and the texts that a CreateView, an
// Explain and a Prepare keep of what is in them.
func Equal(a, b Node) bool { return equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

// skipped are the fields that do not count.
var skipped = map[reflect.Type]string{
	reflect.TypeFor[CreateView](): "Text", reflect.TypeFor[Explain](): "Text", reflect.TypeFor[Prepare](): "Text",
}

func equal(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		return equalStruct(a, b)
	}
	return a.Equal(b)
}

func equalStruct(a, b reflect.Value) bool {
	switch a.Type() {
	case reflect.TypeFor[Span]():
		return true
	case reflect.TypeFor[Name]():
		return a.FieldByName("Text").String() == b.FieldByName("Text").String()
	}
	skip := skipped[a.Type()]
	for i := range a.NumField() {
		if a.Type().Field(i).Name != skip && !equal(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

package lab

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decode reads YAML, and refuses keys that there are not, and items of lists without a value. The error has the file's name and the place of each fault, in words of the file.
func decode(name string, data []byte, to any) error {
	err := yaml.Load(data, to, yaml.WithKnownFields())
	if err == nil {
		return yamlText{name, data}.checkItems()
	}
	return fmt.Errorf("%s: %s", name, strings.Join(faults(err, keysOf(reflect.TypeOf(to))), "; "))
}

// faults says what the YAML library does, in words of the file.
func faults(err error, keys map[string][]string) (out []string) {
	if errors.Is(err, io.EOF) || strings.Contains(err.Error(), "no documents in stream") {
		return []string{"an empty file"}
	}
	if several, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, one := range several.Errors {
			out = append(out, fault(one, keys))
		}
		return out
	}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		return []string{fault(one, keys)}
	}
	return []string{err.Error()}
}

// How the YAML library says that there is no such key, and that a value is of another kind.
var (
	noField = regexp.MustCompile(`^field (.*) not found in type (\S+)$`)
	noValue = regexp.MustCompile("^cannot construct !!(\\S+)(?: (`.*`))? into (\\S+)$")
)

// kinds name what a value was meant to be, by its type, and nodes what it is, by its tag.
var (
	kinds = map[string]string{"uint16": "a port from 0 to 65535", "int": "a number", "bool": "true or false", "string": "a text", "netip.Addr": "an IP address"}
	nodes = map[string]string{"map": "a mapping", "seq": "a list", "null": "no value"}
)

// fault says one of them.
func fault(e *yaml.LoadError, keys map[string][]string) string {
	text := strings.Join(strings.Fields(e.Message), " ")
	if m := noField.FindStringSubmatch(text); m != nil {
		text = "no key " + m[1]
		if all := keys[m[2]]; len(all) > 0 {
			text += "; there are " + strings.Join(all, ", ")
		}
	} else if m := noValue.FindStringSubmatch(text); m != nil {
		is, want := nodes[m[1]], kinds[m[3]]
		if is == "" {
			is = strings.Trim(m[2], "`")
		}
		if want == "" {
			want = "something else"
			if strings.HasPrefix(m[3], "map[") || keys[m[3]] != nil {
				want = "a mapping"
			} else if strings.HasPrefix(m[3], "[]") {
				want = "a list"
			}
		}
		text = fmt.Sprintf("%s where %s is expected", is, want)
	}
	if strings.Contains(text, "expected single document") {
		return "it has several documents, each behind a line ---, and takes one"
	}
	switch {
	case e.Mark.Line == 0:
		return text
	case e.Mark.Column == 0:
		return fmt.Sprintf("line %d: %s", e.Mark.Line, text)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Mark.Line, e.Mark.Column, text)
}

// keysOf returns the keys of all mappings that a type has in it, by the names of their types.
func keysOf(t reflect.Type) map[string][]string {
	out := map[string][]string{}
	var see func(t reflect.Type) []string
	see = func(t reflect.Type) (own []string) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			see(t.Elem())
		case reflect.Struct:
			if _, seen := out[t.String()]; seen {
				return out[t.String()]
			}
			out[t.String()] = nil
			for f := range t.Fields() {
				key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				inner := see(f.Type)
				if options == "inline" {
					own = append(own, inner...)
				} else if key != "" && key != "-" {
					own = append(own, key)
				}
			}
			if len(own) > 0 {
				out[t.String()] = own
			}
		default:
		}
		return own
	}
	see(t)
	return out
}

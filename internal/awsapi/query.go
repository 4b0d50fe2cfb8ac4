package awsapi

import (
	"bytes"
	"encoding/xml"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// queryProtocol is AWS Query: forms, answered by XML.
//
// Source: the Smithy specification, "AWS query protocol".
type queryProtocol struct{}

// tree reads a form: "A.member.2.B=x" is the member B of the second element of the list A.
func (queryProtocol) tree(body []byte) (map[string]any, bool, error) {
	root, err := formTree(body)
	for k, v := range root {
		root[k] = lists(v)
	}
	return root, true, err
}

// formTree reads a form whose names are paths: "A.2.B=x" is the member B of the member 2 of the member A.
func formTree(body []byte) (map[string]any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, serialization("the body is no form: %v", err)
	}
	if len(form) > maxValues {
		return nil, serialization("the body has more than %d values", maxValues)
	}
	root := map[string]any{}
	for key, values := range form {
		if key == "Action" || key == "Version" {
			continue
		}
		parts := strings.Split(key, ".")
		switch {
		case len(parts) > 32:
			return nil, serialization("the name of a member is too deep: %.100s", key)
		case !utf8.ValidString(key):
			return nil, serialization("the name %.100q is not UTF-8", key)
		case !utf8.ValidString(values[0]):
			return nil, serialization("the value of %.100s is not UTF-8", key)
		}
		at, last := root, parts[len(parts)-1]
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(map[string]any)
			if _, taken := at[part]; taken && !ok {
				return nil, serialization("%.100s is a value and a structure", key)
			}
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
		if _, taken := at[last]; taken {
			return nil, serialization("%.100s is a value and a structure", key)
		}
		at[last] = values[0]
	}
	return root, nil
}

// lists makes lists of the structures that have nothing but elements by number below "member", and maps of those that have keys and values below "entry".
func lists(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k, e := range object {
		object[k] = lists(e)
	}
	if entries, ok := object["entry"].(map[string]any); ok && len(object) == 1 {
		return mapOf(object, entries)
	}
	members, ok := object["member"].(map[string]any)
	if !ok || len(object) != 1 {
		return object
	}
	type element struct {
		at int
		v  any
	}
	var all []element
	for k, e := range members {
		n, err := strconv.Atoi(k)
		if err != nil || k != strconv.Itoa(n) { // 01 would have no place beside 1
			return object
		}
		all = append(all, element{n, e})
	}
	slices.SortFunc(all, func(a, b element) int { return a.at - b.at })
	list := make([]any, len(all))
	for i := range all {
		list[i] = all[i].v
	}
	return list
}

// mapOf makes a map of entries by number, each with a key of its own and a value, under the names that AWS's models have: "A.entry.1.key=k&A.entry.1.value=v", or with
// Name and Value. object is what else it is.
func mapOf(object, entries map[string]any) any {
	out := map[string]any{}
	for number, e := range entries {
		entry, ok := e.(map[string]any)
		if _, err := strconv.Atoi(number); err != nil || !ok {
			return object
		}
		key, named := entry["key"].(string)
		value := entry["value"]
		if !named {
			if key, named = entry["Name"].(string); !named {
				return object
			}
			value = entry["Value"]
		}
		if _, twice := out[key]; twice { // entries have no order that would say which counts
			return object
		}
		out[key] = value
	}
	return out
}

const xmlType = "text/xml"

func (queryProtocol) answer(w http.ResponseWriter, c *Call, out any) error {
	var b bytes.Buffer
	b.WriteString("<" + c.Operation + `Response xmlns="` + c.Service.Namespace + `">`)
	if out != nil {
		b.WriteString("<" + c.Operation + "Result>")
		writeXML(&b, "member", reflect.ValueOf(out))
		b.WriteString("</" + c.Operation + "Result>")
	}
	b.WriteString("<ResponseMetadata><RequestId>" + c.RequestID + "</RequestId></ResponseMetadata></" + c.Operation + "Response>")
	write(w, http.StatusOK, xmlType, b.Bytes())
	return nil
}

func (queryProtocol) fail(w http.ResponseWriter, c *Call, status int, e *Error) {
	var b bytes.Buffer
	b.WriteString("<ErrorResponse")
	if c.Service != nil {
		b.WriteString(` xmlns="` + c.Service.Namespace + `"`)
	}
	b.WriteString("><Error><Type>" + fault(status) + "</Type><Code>")
	_ = xml.EscapeText(&b, []byte(c.queryCode(e.Code))) // a buffer takes all
	b.WriteString("</Code>")
	if e.Message != "" {
		b.WriteString("<Message>")
		_ = xml.EscapeText(&b, []byte(e.Message))
		b.WriteString("</Message>")
	}
	b.WriteString("</Error><RequestId>" + c.RequestID + "</RequestId></ErrorResponse>")
	write(w, status, xmlType, b.Bytes())
}

// writeXML writes a value as AWS Query does, under the names of the json tags; elements of lists are named element.
func writeXML(b *bytes.Buffer, element string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			writeXML(b, element, v.Elem())
		}
	case reflect.Struct:
		for name, e := range members(v) {
			b.WriteString("<" + name + ">")
			writeXML(b, element, e)
			b.WriteString("</" + name + ">")
		}
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			b.WriteString("<entry><key>")
			_ = xml.EscapeText(b, []byte(k))
			b.WriteString("</key><value>")
			writeXML(b, element, v.MapIndex(reflect.ValueOf(k)))
			b.WriteString("</value></entry>")
		}
	case reflect.Slice:
		for i := range v.Len() {
			b.WriteString("<" + element + ">")
			writeXML(b, element, v.Index(i))
			b.WriteString("</" + element + ">")
		}
	case reflect.Float64:
		b.WriteString(Decimal(v.Float()))
	default:
		_ = xml.EscapeText(b, []byte(shown(v)))
	}
}

// Decimal writes a number as AWS's services do, which are Java's: 21.0, 1.0E7, NaN, Infinity.
//
// Source: Java SE API, Double.toString; 21.0 and 41.0 were recorded.
func Decimal(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return specialText(f)
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-3 && abs < 1e7 {
		text := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	n, _ := strconv.Atoi(exponent) // it was written so
	return digits + "E" + strconv.Itoa(n)
}

package contributor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A value is one of JSON that knows where it stands.
type value struct {
	offset int
	path   string
	// is is one of string, json.Number, bool, nil, []*value and []member.
	is any
}

// A member is one of an object.
type member struct {
	name   string
	offset int
	*value
}

// deepest is how deep values may lie in one another: a rule needs five.
const deepest = 20

// A placeReader reads JSON with places. package encoding/json reads the tokens.
type placeReader struct {
	text []byte
	d    *json.Decoder
}

// readJSON reads a text that is one value.
func readJSON(text []byte) (*value, *Error) {
	r := &placeReader{text: text, d: json.NewDecoder(bytes.NewReader(text))}
	r.d.UseNumber()
	v, err := r.value("", 0)
	if err != nil {
		return nil, err
	}
	if at := r.next(); at < len(text) {
		return nil, errorAt(text, at, "", "", "InvalidJSON: something stands behind the object")
	}
	return v, nil
}

// next returns where the next token begins.
func (r *placeReader) next() int {
	at := int(r.d.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

// token reads a token and says where it begins.
func (r *placeReader) token() (json.Token, int, *Error) {
	at := r.next()
	t, err := r.d.Token()
	if err == nil {
		return t, at, nil
	}
	what := err.Error()
	if se, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(at, min(int(se.Offset)-1, len(r.text)))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, what = len(r.text), "the text ends too early"
	}
	return nil, at, errorAt(r.text, at, "", "", "InvalidJSON: %s", what)
}

func (r *placeReader) value(path string, depth int) (*value, *Error) {
	t, at, err := r.token()
	if err != nil {
		return nil, err
	}
	v := &value{offset: at, path: path, is: t}
	switch {
	case depth > deepest:
		return nil, errorAt(r.text, at, path, "", "InvalidJSON: more than %d values lie in one another", deepest)
	case t == json.Delim('{'):
		v.is, err = r.members(path, depth)
	case t == json.Delim('['):
		v.is, err = r.elements(path, depth)
	}
	return v, err
}

// members reads an object of which the brace was read.
func (r *placeReader) members(path string, depth int) ([]member, *Error) {
	out := []member{}
	for r.d.More() {
		t, at, err := r.token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errorAt(r.text, at, path, "", "InvalidJSON: a member has no name")
		}
		if slices.ContainsFunc(out, func(m member) bool { return m.name == name }) {
			return nil, errorAt(r.text, at, path, "", "DuplicateKey at %s", join(path, name))
		}
		v, err := r.value(join(path, name), depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, member{name, at, v})
	}
	_, _, err := r.token()
	return out, err
}

// elements reads an array of which the bracket was read.
func (r *placeReader) elements(path string, depth int) ([]*value, *Error) {
	out := []*value{}
	for r.d.More() {
		v, err := r.value(path+"["+strconv.Itoa(len(out))+"]", depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, _, err := r.token()
	return out, err
}

// join returns the path of a member.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// errorAt makes an error with its place.
func errorAt(text []byte, offset int, path, hint, format string, args ...any) *Error {
	before := text[:offset]
	return &Error{
		Offset: offset, Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + offset - (bytes.LastIndexByte(before, '\n') + 1),
		Path: path, Message: fmt.Sprintf(format, args...), Hint: hint,
	}
}

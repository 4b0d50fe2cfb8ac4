package tablefile

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonKind is what a value of JSON is.
type jsonKind uint8

// Kinds of values. A jsonMissing is none: nothing had its name.
const (
	jsonMissing jsonKind = iota
	jsonNull
	jsonBool
	jsonNumber
	jsonString
	jsonObject
	jsonArray
)

// jsonValue is a value of a line. text is a string without its quotes and escapes, else the value as it is written; it may be part of the line.
type jsonValue struct {
	kind jsonKind
	text []byte
}

// jsonDepth is how deep values may lie within each other.
const jsonDepth = 500

// jsonError says where a line is no JSON, counted from 0. cut is set where the line ends too early: no reading of it, however loose, ends well.
type jsonError struct {
	at   int
	text string
	cut  bool
}

func (e *jsonError) Error() string { return fmt.Sprintf("%s at byte %d", e.text, e.at+1) }

// jsonLine reads values of a line (RFC 8259).
type jsonLine struct {
	text  []byte
	at    int
	depth int
}

// fail says what was looked for at the place where the line is read.
func (j *jsonLine) fail(expected string) error {
	if j.at >= len(j.text) {
		return &jsonError{len(j.text), "the line ends where " + expected + " is expected", true}
	}
	return &jsonError{j.at, expected + " is expected", false}
}

// peek returns the next byte behind blanks, 0 at the end.
func (j *jsonLine) peek() byte {
	for j.at < len(j.text) {
		switch c := j.text[j.at]; c {
		case ' ', '\t', '\n', '\r':
			j.at++
		default:
			return c
		}
	}
	return 0
}

// object reads an object and calls member for each of its names, which reads the value behind it. A name is valid until member returns.
func (j *jsonLine) object(member func(name []byte) error) error {
	if j.peek() != '{' {
		return j.fail("{")
	}
	j.at++
	if j.peek() == '}' {
		j.at++
		return nil
	}
	for {
		if j.peek() != '"' {
			return j.fail("the name of a member in quotes")
		}
		name, err := j.string()
		if err != nil {
			return err
		}
		if j.peek() != ':' {
			return j.fail(":")
		}
		j.at++
		if err := member(name); err != nil {
			return err
		}
		switch j.peek() {
		case ',':
			j.at++
		case '}':
			j.at++
			return nil
		default:
			return j.fail(", or }")
		}
	}
}

// array reads an array and calls element for each of its values, which reads it.
func (j *jsonLine) array(element func() error) error {
	j.at++
	if j.peek() == ']' {
		j.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch j.peek() {
		case ',':
			j.at++
		case ']':
			j.at++
			return nil
		default:
			return j.fail(", or ]")
		}
	}
}

// value reads a value, an object or array with all that is in it.
func (j *jsonLine) value() (jsonValue, error) {
	c := j.peek()
	begin := j.at
	v := jsonValue{}
	var err error
	switch {
	case c == '"':
		v.kind = jsonString
		v.text, err = j.string()
		return v, err
	case c == '{' || c == '[':
		if j.depth++; j.depth > jsonDepth {
			return v, &jsonError{j.at, fmt.Sprintf("values lie more than %d deep", jsonDepth), false}
		}
		defer func() { j.depth-- }()
		if c == '{' {
			v.kind = jsonObject
			err = j.object(func([]byte) error { return j.skip() })
		} else {
			v.kind = jsonArray
			err = j.array(j.skip)
		}
	case c == '-' || c >= '0' && c <= '9':
		v.kind = jsonNumber
		err = j.number()
	case c == 't':
		v.kind, err = jsonBool, j.word("true")
	case c == 'f':
		v.kind, err = jsonBool, j.word("false")
	case c == 'n':
		v.kind, err = jsonNull, j.word("null")
	default:
		err = j.fail("a value")
	}
	v.text = j.text[begin:j.at]
	return v, err
}

// skip reads a value for nobody.
func (j *jsonLine) skip() error {
	_, err := j.value()
	return err
}

// word reads a literal name.
func (j *jsonLine) word(w string) error {
	rest := j.text[j.at:]
	if !bytes.HasPrefix(rest, []byte(w)) {
		if bytes.HasPrefix([]byte(w), rest) {
			j.at = len(j.text)
		}
		return j.fail(w)
	}
	j.at += len(w)
	return nil
}

// digits reads digits, at least one.
func (j *jsonLine) digits() error {
	begin := j.at
	for j.at < len(j.text) && j.text[j.at] >= '0' && j.text[j.at] <= '9' {
		j.at++
	}
	if j.at == begin {
		return j.fail("a digit")
	}
	return nil
}

// is reads a byte where it is one of these.
func (j *jsonLine) is(of string) bool {
	if j.at < len(j.text) && bytes.IndexByte([]byte(of), j.text[j.at]) >= 0 {
		j.at++
		return true
	}
	return false
}

// number reads a number.
func (j *jsonLine) number() error {
	j.is("-")
	if !j.is("0") {
		if err := j.digits(); err != nil {
			return err
		}
	}
	if j.is(".") {
		if err := j.digits(); err != nil {
			return err
		}
	}
	if j.is("eE") {
		j.is("+-")
		return j.digits()
	}
	return nil
}

// string reads a string and returns it without quotes and escapes.
func (j *jsonLine) string() ([]byte, error) {
	j.at++
	begin := j.at
	for ; j.at < len(j.text); j.at++ {
		switch c := j.text[j.at]; {
		case c == '"':
			j.at++
			return j.text[begin : j.at-1], nil
		case c == '\\':
			return j.escaped(bytes.Clone(j.text[begin:j.at]))
		case c < ' ':
			return nil, j.fail("an escape of a control character")
		}
	}
	return nil, j.fail("the end of a string")
}

// escaped reads the rest of a string that has escapes.
func (j *jsonLine) escaped(out []byte) ([]byte, error) {
	for j.at < len(j.text) {
		switch c := j.text[j.at]; {
		case c == '"':
			j.at++
			return out, nil
		case c < ' ':
			return nil, j.fail("an escape of a control character")
		case c != '\\':
			out = append(out, c)
			j.at++
		default:
			j.at++
			r, err := j.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return nil, j.fail("the end of a string")
}

// escape reads what follows a backslash. A half of a surrogate pair alone is "?", as Java writes it.
func (j *jsonLine) escape() (rune, error) {
	const letters, means = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if j.at < len(j.text) {
		if i := bytes.IndexByte([]byte(letters), j.text[j.at]); i >= 0 {
			j.at++
			return rune(means[i]), nil
		}
	}
	if !j.is("u") {
		return 0, j.fail("an escape")
	}
	r, err := j.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	before := j.at
	if j.is(`\`) && j.is("u") {
		low, err := j.hex()
		if err != nil {
			return 0, err
		}
		if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
			return whole, nil
		}
	}
	j.at = before
	return '?', nil
}

// hex reads four hexadecimal digits.
func (j *jsonLine) hex() (rune, error) {
	var r rune
	for range 4 {
		c := byte(0)
		if j.at < len(j.text) {
			c = j.text[j.at]
		}
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, j.fail("a hexadecimal digit")
		}
		j.at++
	}
	return r, nil
}

package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// yamlFault is how the YAML library says what is wrong. Where it names two places, the second is where it could not go on.
var yamlFault = regexp.MustCompile(`^go-yaml load error in \w+ (?:\([^)]*\) )?at (?:L[0-9]+\.C[0-9]+-)?L([0-9]+)\.C([0-9]+): (.*)$`)

// fault returns what the YAML library says of a file, with its place.
func (r *reader) fault(err error, data []byte) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	out := &Error{File: r.file, Reason: "no YAML: " + text}
	if m := yamlFault.FindStringSubmatch(text); m != nil {
		out.Reason = "no YAML: " + m[3]
		out.Line, _ = strconv.Atoi(m[1]) // digits
		out.Column, _ = strconv.Atoi(m[2])
	} else if place, what := oddCharacter(data); what != "" {
		out.Place, out.Reason = place, "no YAML: "+what
	}
	return out
}

// oddCharacter returns the first character of a text that YAML does not have, and what it is, since the library does not say where it stands; "": there is none. Text in
// UTF-16, which the library reads, has zeros everywhere, and is not looked at.
//
// Source: YAML 1.2.2, 5.1.
func oddCharacter(data []byte) (at Place, what string) {
	if len(data) > 1 && (data[0] == 0xfe && data[1] == 0xff || data[0] == 0xff && data[1] == 0xfe) {
		return at, ""
	}
	at = Place{Line: 1, Column: 1}
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size == 1:
			return at, fmt.Sprintf("the byte %#02x is no UTF-8", data[0])
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c > '~' && c < 0xa0 && c != 0x85, c == 0xfffe, c == 0xffff:
			return at, fmt.Sprintf("the character %U is not allowed", c)
		case c == '\n':
			at = Place{at.Line + 1, 0}
		}
		at.Column++
		data = data[size:]
	}
	return Place{}, ""
}

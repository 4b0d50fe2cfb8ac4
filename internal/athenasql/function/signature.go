package function

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// signature is the text of a [Form] read.
type signature struct {
	params   []pattern
	variadic bool // the last parameter may stand any number of times, also not at all
	result   pattern
	// text is the parameters as an error shows them: "array(E), bigint".
	text string
}

// pattern is the type of a parameter or of a result.
type pattern struct {
	letter string     // "E": any type, the same wherever the letter stands; of "O" values have an order
	is     types.Type // without a letter; elems are the patterns of its elements
	open   bool       // any length, precision or zone
	lambda bool       // elems are its parameters and what its body gives
	elems  []pattern
}

// parseSignature reads a signature such as "(array(E), bigint) -> E". It panics where it is none: signatures are this room's own.
func parseSignature(text string) signature {
	open, result, ok := strings.Cut(text, ") -> ")
	if !ok || !strings.HasPrefix(open, "(") {
		panic("no signature: " + text)
	}
	s := signature{text: open[1:]}
	for _, p := range splitTypes(s.text) {
		if rest, ok := strings.CutSuffix(p, "..."); ok {
			p, s.variadic = rest, true
		}
		s.params = append(s.params, parsePattern(p))
	}
	s.result = parsePattern(result)
	return s
}

// splitTypes splits a list at the commas that are in no parentheses.
func splitTypes(list string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range list {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(list[from:i]))
				from = i + 1
			}
		}
	}
	if last := strings.TrimSpace(list[from:]); last != "" {
		out = append(out, last)
	}
	return out
}

// openKinds are the types whose parameters a signature leaves open.
var openKinds = map[string]types.Type{
	"varchar": {Kind: types.Varchar}, "char": {Kind: types.Char, Length: 1}, "decimal": {Kind: types.Decimal, Precision: 38},
	"time": {Kind: types.Time, Precision: 3}, "timestamp": {Kind: types.Timestamp, Precision: 3},
	"timestamp with time zone": {Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"},
}

func parsePattern(text string) pattern {
	if len(text) == 1 && text >= "A" && text <= "Z" {
		return pattern{letter: text}
	}
	if t, ok := openKinds[text]; ok {
		return pattern{is: t, open: true}
	}
	if name, list, ok := strings.Cut(text, "("); ok && (name == "array" || name == "map" || name == "row" || name == "function") {
		p := pattern{is: types.Type{Kind: map[string]types.Kind{"array": types.Array, "map": types.Map, "row": types.Row, "function": types.Function}[name]}}
		p.lambda = name == "function"
		for _, e := range splitTypes(strings.TrimSuffix(list, ")")) {
			p.elems = append(p.elems, parsePattern(e))
		}
		return p
	}
	name := athenasql.TypeName{Name: text}
	if head, rest, ok := strings.Cut(text, "("); ok {
		var n int
		digits, tail, _ := strings.Cut(rest, ")")
		if _, err := fmt.Sscan(digits, &n); err != nil {
			panic("no type of a signature: " + text)
		}
		name = athenasql.TypeName{Name: head + tail, Params: []int{n}}
	}
	t, err := types.FromName(name)
	if err != nil {
		panic("no type of a signature: " + text)
	}
	return pattern{is: t}
}

// letters are the types that letters stand for.
type letters map[string]types.Type

// match reports whether a value of a type can stand for the pattern, and sets letters. Without coerce types must be the same.
func (p pattern) match(t types.Type, l letters, coerce bool) bool {
	if p.letter != "" {
		bound, ok := l[p.letter]
		switch {
		case !ok:
			bound = t
		case coerce:
			if bound, ok = types.Common(bound, t); !ok {
				return false
			}
		case !bound.Equal(t):
			return false
		}
		l[p.letter] = bound
		return p.letter != "O" || bound.Orderable()
	}
	if t.Kind == types.Unknown && p.is.Kind != types.Unknown {
		if coerce {
			for _, e := range p.elems {
				if e.letter != "" {
					e.match(t, l, true)
				}
			}
		}
		return coerce
	}
	if t.Kind == p.is.Kind {
		if len(p.elems) > 0 {
			if len(t.Elems) != len(p.elems) {
				return false
			}
			for i, e := range p.elems {
				if !e.match(t.Elems[i], l, coerce) {
					return false
				}
			}
			return true
		}
		return p.open || p.is.Equal(t) || coerce && types.Coerces(t, p.is)
	}
	return coerce && len(p.elems) == 0 && types.Coerces(t, p.widened(t))
}

// widened is the pattern's type for a value of another type: a whole number as a decimal has its digits.
func (p pattern) widened(t types.Type) types.Type {
	if !p.open {
		return p.is
	}
	switch {
	case p.is.Kind == t.Kind:
		return t
	case p.is.Kind == types.Decimal && t.IsInteger():
		return t.AsDecimal()
	case p.is.Kind == types.Timestamp || p.is.Kind == types.TimestampTZ:
		w := p.is
		if w.Precision = t.Precision; t.Kind == types.Date {
			w.Precision = 0
		}
		return w
	case p.is.Kind == types.Varchar && t.Kind == types.Char:
		return types.Type{Kind: types.Varchar, Length: t.Length}
	}
	return p.is
}

// with returns the type that the pattern is for an argument of a type, which matches.
func (p pattern) with(l letters, t types.Type) types.Type {
	switch {
	case p.letter != "":
		return l[p.letter]
	case len(p.elems) > 0:
		out := types.Type{Kind: p.is.Kind}
		for i, e := range p.elems {
			elem := types.Type{}
			if i < len(t.Elems) {
				elem = t.Elems[i]
			}
			out.Elems = append(out.Elems, e.with(l, elem))
		}
		if out.Kind == types.Row {
			out.Names = make([]string, len(out.Elems))
		}
		return out
	case t.Kind == types.Unknown:
		return p.is
	}
	return p.widened(t)
}

package filterpattern

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// An item is what a space-delimited pattern has between commas: a name with or without conditions, an
// ellipsis, or nothing, which is a field without a name.
type item struct {
	name     string
	ellipsis bool
	// any are alternatives, of which each is conditions that must all hold.
	any [][]*condition
}

// items reads a space-delimited pattern; its bracket is next.
func (s *scanner) items() ([]item, *Error) {
	from := s.pos
	s.pos++
	var out []item
	ellipsis := false
	names := map[string]bool{}
	for {
		s.space()
		at := s.pos
		it, err := s.item()
		if err != nil {
			return nil, err
		}
		if it.ellipsis && ellipsis {
			return nil, errorAt(at, "", "Invalid filter pattern: ... may stand once")
		}
		if it.name != "" && names[it.name] {
			return nil, errorAt(at, "each field has a name of its own", "Invalid filter pattern: the field '%s' stands twice", it.name)
		}
		ellipsis = ellipsis || it.ellipsis
		names[it.name] = true
		out = append(out, it)
		s.space()
		if s.take(",") {
			continue
		}
		if s.take("]") {
			break
		}
		if s.pos == len(s.text) {
			return nil, errorAt(from, "", "If a filter pattern starts with '[' it must end with ']'")
		}
		return nil, badCharacter(s.text, s.pos)
	}
	s.space()
	if s.pos < len(s.text) {
		return nil, errorAt(s.pos, "", "If a filter pattern starts with '[' it must end with ']'")
	}
	return out, nil
}

// item reads what stands before the next comma.
func (s *scanner) item() (item, *Error) {
	switch c := s.peek(); {
	case s.take("..."):
		return item{ellipsis: true}, nil
	case c == ',' || c == ']' || c == 0:
		return item{}, nil
	case s.at("…"):
		return item{}, errorAt(s.pos, "write three dots: ...", "Invalid character(s) in term '…'")
	}
	it := item{name: s.run(isName)}
	if it.name == "" {
		e := badCharacter(s.text, s.pos)
		e.Hint = "a field has a name, and may have a condition behind it: status = 4*"
		return it, e
	}
	s.space()
	if c := s.peek(); c == ',' || c == ']' || c == 0 {
		return it, nil
	}
	all, err := s.conditions(it.name)
	it.any = all
	return it, err
}

// conditions reads the conditions of a field whose name was read; && binds tighter than ||.
func (s *scanner) conditions(name string) ([][]*condition, *Error) {
	var out [][]*condition
	var all []*condition
	for {
		s.space()
		c, err := s.condition()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		s.space()
		switch {
		case s.take("&&"):
		case s.take("||"):
			out, all = append(out, all), nil
		default:
			return append(out, all), nil
		}
		s.space()
		at := s.pos
		if again := s.run(isName); again != name {
			return nil, errorAt(at, "each field has its conditions behind its own name, between its commas",
				"Invalid filter pattern: expected the field '%s' again", name)
		}
	}
}

// holds reports whether the conditions of an item are true of a field's value.
func (it *item) holds(value string) bool {
	if it.any == nil {
		return true
	}
	return slices.ContainsFunc(it.any, func(all []*condition) bool {
		return !slices.ContainsFunc(all, func(c *condition) bool { return !c.holds(value) })
	})
}

// matchItems reports whether a message matches, and returns its fields, appended to a slice of length 0.
// Without an ellipsis there must be as many fields as items, but that a last item without a condition takes
// all that is left.
func matchItems(items []item, message string, fields []field) ([]field, bool) {
	gap := slices.IndexFunc(items, func(it item) bool { return it.ellipsis })
	switch {
	case isEverything(items):
		return splitFields(message, fields, math.MaxInt), true
	case gap < 0:
		most := len(items) + 1
		if takesRest(items) {
			most = len(items)
		}
		fields = splitFields(message, fields, most)
		if len(fields) != len(items) {
			return nil, false
		}
		if takesRest(items) {
			takeRest(message, &fields[len(fields)-1])
		}
		return fields, holdAll(items, message, fields)
	}
	fields = splitFields(message, fields, math.MaxInt)
	behind := len(items) - gap - 1
	if len(fields) < gap+behind {
		return nil, false
	}
	return fields, holdAll(items[:gap], message, fields) && holdAll(items[gap+1:], message, fields[len(fields)-behind:])
}

// isEverything reports whether the pattern is [], which matches all (AWS).
func isEverything(items []item) bool {
	return len(items) == 1 && items[0].name == "" && !items[0].ellipsis
}

// takesRest reports whether the last item of a pattern that has no ellipsis takes all that is left.
func takesRest(items []item) bool {
	return items[len(items)-1].any == nil
}

// takeRest extends a field to the end of the message, if there is more.
func takeRest(message string, f *field) {
	if end := len(strings.TrimRight(message, " \t\r\n")); end > f.end {
		*f = field{f.start, end, f.start, end}
	}
}

// holdAll reports whether the conditions of all items are true of the fields at their places.
func holdAll(items []item, message string, fields []field) bool {
	for i := range items {
		if !items[i].holds(message[fields[i].from:fields[i].to]) {
			return false
		}
	}
	return true
}

// extract returns the fields of a message that matches, by the names of items or, without one, by their
// place in the message, counted from 1.
func extract(items []item, message string, fields []field) []Extracted {
	gap := slices.IndexFunc(items, func(it item) bool { return it.ellipsis })
	out := make([]Extracted, len(fields))
	for i, f := range fields {
		name := ""
		switch fromEnd := len(fields) - i; {
		case isEverything(items):
		case gap < 0 || i < gap:
			name = items[i].name
		case fromEnd < len(items)-gap:
			name = items[len(items)-fromEnd].name
		}
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		out[i] = Extracted{"$" + name, message[f.from:f.to]}
	}
	return out
}

func printItems(items []item) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, it := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		if it.ellipsis {
			b.WriteString("...")
		}
		if it.any == nil {
			b.WriteString(it.name)
		}
		for j, all := range it.any {
			if j > 0 {
				b.WriteString(" || ")
			}
			for k, c := range all {
				if k > 0 {
					b.WriteString(" && ")
				}
				b.WriteString(it.name + " " + c.String())
			}
		}
	}
	b.WriteByte(']')
	return b.String()
}

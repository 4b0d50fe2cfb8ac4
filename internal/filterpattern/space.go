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

// shape is what is known of the items of a space-delimited pattern before any message.
type shape struct {
	gap   int // place of the ellipsis, -1 for none
	tests []placed
}

// placed is an item with conditions, and its place in the items.
type placed struct {
	place int
	item  *item
}

func shapeOf(items []item) shape {
	s := shape{gap: slices.IndexFunc(items, func(it item) bool { return it.ellipsis })}
	for i := range items {
		if items[i].any != nil {
			s.tests = append(s.tests, placed{i, &items[i]})
		}
	}
	return s
}

// matchItems reports whether a message matches, and returns the fields that the pattern takes, appended to a slice of length 0.
func (p *Pattern) matchItems(message string, fields []field) ([]field, bool) {
	most := math.MaxInt
	if p.counted() {
		most = len(p.items) + 1
	}
	fields = splitFields(message, fields, most)
	if !p.matchFields(message, fields) {
		return nil, false
	}
	fields = fields[:p.taken(len(fields))]
	if p.counted() && takesRest(p.items) {
		takeRest(message, &fields[len(fields)-1])
	}
	return fields, true
}

// counted reports whether the pattern says how many fields there are, but for the rest that its last item may take.
func (p *Pattern) counted() bool { return p.shape.gap < 0 && !isEverything(p.items) }

// taken returns how many of a message's fields the pattern takes: where the last item takes the rest, that is one.
func (p *Pattern) taken(fields int) int {
	if p.counted() {
		return len(p.items)
	}
	return fields
}

// matchFields reports whether a message with some fields matches; of more than one beyond the items it makes no
// difference which they are. Without an ellipsis there must be as many fields as items, but that a last item without a
// condition takes all that is left.
func (p *Pattern) matchFields(message string, fields []field) bool {
	moved := 0 // by how much fields lie behind their items, behind the ellipsis
	switch {
	case isEverything(p.items):
		return true
	case p.shape.gap >= 0:
		if moved = len(fields) - len(p.items); moved < -1 {
			return false
		}
	case len(fields) < len(p.items), len(fields) > len(p.items) && !takesRest(p.items):
		return false
	}
	for _, t := range p.shape.tests {
		at := t.place
		if p.shape.gap >= 0 && at > p.shape.gap {
			at += moved
		}
		if f := &fields[at]; !t.item.holds(message[f.from:f.to]) {
			return false
		}
	}
	return true
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

// nameAt returns the name of the field at a place of so many that the pattern takes, "" where it has none.
func (p *Pattern) nameAt(i, fields int) string {
	gap := p.shape.gap
	switch fromEnd := fields - i; {
	case isEverything(p.items):
	case gap < 0 || i < gap:
		return p.items[i].name
	case fromEnd < len(p.items)-gap:
		return p.items[len(p.items)-fromEnd].name
	}
	return ""
}

// extract returns the fields of a message that matches, by the names of items or, without one, by their
// place in the message, counted from 1.
func (p *Pattern) extract(message string, fields []field) []Extracted {
	out := make([]Extracted, len(fields))
	for i, f := range fields {
		name := p.nameAt(i, len(fields))
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		out[i] = Extracted{"$" + name, message[f.from:f.to]}
	}
	return out
}

// valueOf returns the value of a field by its name, or its number where no name stands at its place: what [Pattern.extract] has
// under this name first.
func (p *Pattern) valueOf(message string, fields []field, name string, number int) (string, bool) {
	n := p.taken(len(fields))
	for i := range n {
		if at := p.nameAt(i, n); at != name && (at != "" || i+1 != number) {
			continue
		}
		f := fields[i]
		if i == n-1 && p.counted() && takesRest(p.items) {
			takeRest(message, &f)
		}
		return message[f.from:f.to], true
	}
	return "", false
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

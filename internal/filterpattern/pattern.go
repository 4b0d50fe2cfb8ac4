package filterpattern

import "unicode/utf8"

// Limits of AWS.
const (
	// MaxLength is the greatest length of a pattern in characters.
	MaxLength = 1024
	// MaxRegexes is how many regular expressions a pattern may have.
	MaxRegexes = 2
)

// A Kind is the kind of a pattern.
type Kind int

// The kinds of patterns.
const (
	All            Kind = iota // an empty pattern, which matches all
	Terms                      // words and phrases
	SpaceDelimited             // [field, field = value]
	JSON                       // { $.selector = value }
)

// A Pattern is a filter pattern. It does not change and is safe for concurrent use.
type Pattern struct {
	kind    Kind
	terms   []term
	items   []item
	shape   shape // of items
	json    *jsonPattern
	regexes int
}

// An Extracted is a value that a pattern takes out of a message. Name begins with a dollar sign, as in
// AWS's extractedValues: $status_code, or $7 for the seventh field, which has no name.
type Extracted struct{ Name, Value string }

// Parse reads a pattern. Errors are of type *Error.
func Parse(text string) (*Pattern, error) {
	if !utf8.ValidString(text) {
		return nil, errorAt(0, "", "Invalid filter pattern: it is not UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > MaxLength {
		return nil, errorAt(0, "", "Invalid filter pattern: it has %d characters, %d are allowed", n, MaxLength)
	}
	s := &scanner{text: text}
	p := &Pattern{}
	s.space()
	var err *Error
	switch s.peek() {
	case 0:
		return p, nil
	case '{':
		p.kind = JSON
		p.json, err = s.json()
	case '[':
		p.kind = SpaceDelimited
		p.items, err = s.items()
		p.shape = shapeOf(p.items)
	default:
		p.kind = Terms
		p.terms, err = s.terms()
	}
	if err != nil {
		return nil, err
	}
	p.regexes = s.regexes
	return p, nil
}

// Kind returns the pattern's kind.
func (p *Pattern) Kind() Kind { return p.kind }

// Regexes returns how many regular expressions the pattern has: AWS takes 5 patterns with any for a log
// group.
func (p *Pattern) Regexes() int { return p.regexes }

// Matches reports whether a message matches.
func (p *Pattern) Matches(message string) bool {
	switch p.kind {
	case Terms:
		return matchTerms(p.terms, message)
	case SpaceDelimited:
		var buf [24]field
		_, ok := p.matchItems(message, buf[:0])
		return ok
	case JSON:
		return p.json.matches(message)
	}
	return true
}

// Match reports whether a message matches, and what the pattern takes out of it: the fields of a
// space-delimited pattern in their order, nothing for the other kinds.
func (p *Pattern) Match(message string) ([]Extracted, bool) {
	if p.kind != SpaceDelimited {
		return nil, p.Matches(message)
	}
	fields, ok := p.matchItems(message, nil)
	if !ok {
		return nil, false
	}
	return p.extract(message, fields), true
}

// String returns the pattern in one form: what it returns reads as the same pattern. It may be longer than
// what was read.
func (p *Pattern) String() string {
	switch p.kind {
	case Terms:
		return printTerms(p.terms)
	case SpaceDelimited:
		return printItems(p.items)
	case JSON:
		return p.json.String()
	}
	return ""
}

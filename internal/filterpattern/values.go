package filterpattern

import (
	"encoding/json"
	"slices"
)

// AppendFields appends the values of a message's first fields to values, at most most of them: they are split as space-delimited
// patterns split them, brackets and quotation marks around a field are left out. The values are parts of the message.
func AppendFields(values []string, message string, most int) []string {
	s := splitter{message: message}
	for i := 0; most > 0; most-- {
		f, ok := s.next(i)
		if !ok {
			break
		}
		values = append(values, message[f.from:f.to])
		i = f.end
	}
	return values
}

// A Selector leads to one value of an event that is JSON, as $.a.b[0] does. It does not change and is safe for concurrent use.
type Selector struct{ steps []step }

// ParseSelector reads a selector without wildcards. Errors are of type *Error.
func ParseSelector(text string) (*Selector, error) {
	s := &scanner{text: text}
	if s.peek() != '$' {
		return nil, errorAt(0, "a selector begins with $. : $.eventName", "Invalid selector '%s'", text)
	}
	steps, err := s.selector()
	switch {
	case err != nil:
		return nil, err
	case s.pos < len(text):
		return nil, badCharacter(text, s.pos)
	case slices.ContainsFunc(steps, func(st step) bool { return st.all }):
		return nil, errorAt(0, "name the element or the property", "Invalid selector '%s': a wildcard leads to no one value", text)
	}
	return &Selector{steps}, nil
}

// String returns the selector in one form: what it returns reads as the same selector.
func (s *Selector) String() string { return printSelector(s.steps) }

// Find returns the text of the value in a message: decoded for strings, as it stands for numbers and booleans. It reports false where
// there is none, or null, an object or an array. What is no JSON leads somewhere or nowhere: see [IsObject].
func (s *Selector) Find(message string) (string, bool) {
	root := objectAt(message)
	if root < 0 {
		return "", false
	}
	return textOf(message, root, s.steps)
}

// textOf returns the text of the value that steps without wildcards lead to from a root, as [Selector.Find] does.
func textOf(message string, root int, steps []step) (string, bool) {
	var v jsonValue
	each(message, root, steps, func(w jsonValue) bool { v = w; return true })
	return v.text, v.kind == textual || v.kind == numeric || v.kind == boolean
}

// IsObject reports whether a message is one JSON object with nothing but white space around it.
func IsObject(message string) bool {
	return objectAt(message) >= 0 && json.Valid([]byte(message))
}

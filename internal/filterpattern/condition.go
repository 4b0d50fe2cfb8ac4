package filterpattern

import (
	"cmp"
	"strings"
)

// An operator compares.
type operator string

// operators are tried in this order.
var operators = []operator{"!=", "<=", ">=", "=", "<", ">"}

// A condition is an operator and what stands on its right side: one of a text, a number or a regular
// expression.
type condition struct {
	op     operator
	value  string // as it stands without quotation marks, wildcards too
	quoted bool
	number *decimal
	whole  int64 // the number, where isWhole
	// isWhole says that the number is one of at most 18 digits and nothing else, as nearly all are.
	isWhole bool
	regex   *regex
	// match compares a text with value; it is nil for numbers and regular expressions.
	match func(string) bool
}

// condition reads an operator and a value.
func (s *scanner) condition() (*condition, *Error) {
	from := s.pos
	c := &condition{}
	for _, op := range operators {
		if s.take(string(op)) {
			c.op = op
			break
		}
	}
	if c.op == "" {
		return nil, errorAt(from, "", "Invalid filter pattern: expected =, !=, <, <=, > or >=")
	}
	if s.peek() == '=' || s.peek() == '!' {
		return nil, errorAt(from, "the operators are =, !=, <, <=, > and >=", "Invalid filter pattern: '%s%c' is no operator", c.op, s.peek())
	}
	s.space()
	if err := s.operand(c); err != nil {
		return nil, err
	}
	return c, nil
}

// operand reads what stands on the right side.
func (s *scanner) operand(c *condition) *Error {
	from := s.pos
	var err *Error
	switch s.peek() {
	case '%':
		if c.regex, err = s.regex(); err != nil {
			return err
		}
	case '"':
		c.quoted = true
		if c.value, err = s.quoted('"'); err != nil {
			return err
		}
		c.match = wildcard(c.value)
	default:
		c.value = s.run(isValue)
		if c.value == "" {
			return s.noValue()
		}
		if d, ok := parseDecimal(c.value); ok {
			c.number = &d
			c.whole, c.isWhole = digitsOnly(c.value)
		} else {
			c.match = wildcard(c.value)
		}
	}
	if c.number == nil && c.op != "=" && c.op != "!=" {
		return errorAt(from, "only = and != compare texts; a number stands without quotation marks", "Invalid filter pattern: %s compares numbers", c.op)
	}
	return nil
}

// noValue is the error where a value should stand.
func (s *scanner) noValue() *Error {
	switch s.peek() {
	case 0, ',', ']', '}', ')', '&', '|':
		return errorAt(s.pos, "", "Invalid filter pattern: a value is missing")
	}
	return badCharacter(s.text, s.pos)
}

// wildcard returns what compares a text with a value: an asterisk at its beginning or its end stands for
// any text; one in the middle is itself.
func wildcard(value string) func(string) bool {
	if strings.Trim(value, "*") == "" && value != "" {
		return func(string) bool { return true }
	}
	before, after := strings.HasPrefix(value, "*"), strings.HasSuffix(value, "*")
	text := value
	if before {
		text = text[1:]
	}
	if after {
		text = text[:len(text)-1]
	}
	switch {
	case before && after:
		return func(s string) bool { return strings.Contains(s, text) }
	case before:
		return func(s string) bool { return strings.HasSuffix(s, text) }
	case after:
		return func(s string) bool { return strings.HasPrefix(s, text) }
	}
	return func(s string) bool { return s == text }
}

// holds reports whether the condition is true of a text that is there.
func (c *condition) holds(s string) bool {
	if c.number == nil {
		equal := false
		if c.regex != nil {
			equal = c.regex.re.MatchString(s)
		} else {
			equal = c.match(s)
		}
		return equal == (c.op == "=")
	}
	if c.isWhole {
		if v, ok := digitsOnly(s); ok {
			return c.op.holds(cmp.Compare(v, c.whole))
		}
	}
	d, ok := parseDecimal(s)
	if !ok {
		return c.op == "!="
	}
	return c.op.holds(d.compare(*c.number))
}

// holds reports whether the operator is true of two numbers that compare as n says.
func (o operator) holds(n int) bool {
	switch o {
	case "=":
		return n == 0
	case "!=":
		return n != 0
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

func (c *condition) String() string {
	switch {
	case c.regex != nil:
		return string(c.op) + " %" + c.regex.text + "%"
	case c.quoted:
		return string(c.op) + " " + quote(c.value, '"')
	}
	return string(c.op) + " " + c.value
}

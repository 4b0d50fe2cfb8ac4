package filterpattern

import (
	"encoding/json"
	"slices"
	"strings"
)

// Limits on JSON patterns.
const (
	// maxWildcards is how many selectors of a pattern may have a wildcard (AWS).
	maxWildcards = 3
	// maxDepth is how deep parentheses may lie in one another.
	maxDepth = 100
)

// A jsonPattern is a condition on an event that is a JSON object.
type jsonPattern struct {
	root *node
	// selectors are all that the pattern has, each once.
	selectors [][]step
	names     []string // as they are printed
}

// A node is an expression: all or any of others, or a test of what a selector finds.
type node struct {
	op       nodeOp
	nodes    []*node
	selector int
	cond     *condition
}

type nodeOp string

const (
	opAnd       nodeOp = "&&"
	opOr        nodeOp = "||"
	opCompare   nodeOp = ""
	opNull      nodeOp = "IS NULL"
	opTrue      nodeOp = "IS TRUE"
	opFalse     nodeOp = "IS FALSE"
	opNotExists nodeOp = "NOT EXISTS"
)

// json reads a JSON pattern; its brace is next.
func (s *scanner) json() (*jsonPattern, *Error) {
	from := s.pos
	s.pos++
	p := &jsonPattern{}
	var err *Error
	if p.root, err = s.or(p, 0); err != nil {
		return nil, err
	}
	closed := s.take("}")
	s.space()
	switch {
	case closed && s.pos == len(s.text):
		return p, p.checkWildcards(from)
	case closed || s.pos == len(s.text):
		return nil, errorAt(s.pos, "", "If a filter pattern starts with '{' it must end with '}'")
	case s.at("&"), s.at("|"):
		return nil, errorAt(s.pos, "conditions are joined by && and ||", "Invalid filter pattern: expected && or ||")
	}
	return nil, badCharacter(s.text, s.pos)
}

// checkWildcards refuses a pattern with too many of them.
func (p *jsonPattern) checkWildcards(offset int) *Error {
	if n := p.root.wildcards(p.selectors); n > maxWildcards {
		return errorAt(offset, "", "Invalid filter pattern: it has %d selectors with a wildcard, %d are allowed", n, maxWildcards)
	}
	return nil
}

func (n *node) wildcards(selectors [][]step) int {
	sum := 0
	for _, m := range n.nodes {
		sum += m.wildcards(selectors)
	}
	if n.nodes == nil && slices.ContainsFunc(selectors[n.selector], func(st step) bool { return st.all }) {
		sum++
	}
	return sum
}

// or reads alternatives up to what closes them, and the space behind.
func (s *scanner) or(p *jsonPattern, depth int) (*node, *Error) {
	return s.list(opOr, func() (*node, *Error) {
		return s.list(opAnd, func() (*node, *Error) { return s.primary(p, depth) })
	})
}

// list reads what an operator joins. Lists of the same operator in it become part of it.
func (s *scanner) list(op nodeOp, next func() (*node, *Error)) (*node, *Error) {
	out := &node{op: op}
	for {
		n, err := next()
		if err != nil {
			return nil, err
		}
		if n.op == op {
			out.nodes = append(out.nodes, n.nodes...)
		} else {
			out.nodes = append(out.nodes, n)
		}
		s.space()
		if !s.take(string(op)) {
			break
		}
	}
	if len(out.nodes) == 1 {
		return out.nodes[0], nil
	}
	return out, nil
}

// primary reads a condition, or an expression in parentheses.
func (s *scanner) primary(p *jsonPattern, depth int) (*node, *Error) {
	s.space()
	at := s.pos
	switch {
	case s.take("("):
		if depth == maxDepth {
			return nil, errorAt(at, "", "Invalid filter pattern: more than %d parentheses lie in one another", maxDepth)
		}
		n, err := s.or(p, depth+1)
		if err == nil && !s.take(")") {
			err = errorAt(at, "", "Invalid filter pattern: a parenthesis is not closed")
		}
		return n, err
	case s.at("$"):
		steps, err := s.selector()
		if err != nil {
			return nil, err
		}
		return s.test(&node{selector: p.add(steps)})
	case s.pos == len(s.text), s.at("}"), s.at(")"), s.at("&&"), s.at("||"):
		return nil, errorAt(at, "a condition is a selector, an operator and a value: $.eventName = Delete*", "Invalid filter pattern: a condition is missing")
	}
	e := badCharacter(s.text, at)
	e.Hint = "a selector begins with $. : $.eventName"
	return nil, e
}

// add returns the number of a selector.
func (p *jsonPattern) add(steps []step) int {
	name := printSelector(steps)
	if i := slices.Index(p.names, name); i >= 0 {
		return i
	}
	p.selectors, p.names = append(p.selectors, steps), append(p.names, name)
	return len(p.names) - 1
}

// test reads what stands behind a selector.
func (s *scanner) test(n *node) (*node, *Error) {
	s.space()
	at := s.pos
	switch {
	case s.word("IS"):
		s.space()
		switch {
		case s.word("NULL"):
			n.op = opNull
		case s.word("TRUE"):
			n.op = opTrue
		case s.word("FALSE"):
			n.op = opFalse
		default:
			return nil, errorAt(s.pos, "IS NOT does not exist: see NOT EXISTS and !=", "Invalid filter pattern: expected NULL, TRUE or FALSE")
		}
	case s.word("NOT"):
		s.space()
		if !s.word("EXISTS") {
			return nil, errorAt(s.pos, "", "Invalid filter pattern: expected EXISTS")
		}
		n.op = opNotExists
	case s.word("EXISTS"):
		return nil, errorAt(at, "write = *, which any text and number matches", "Invalid filter pattern: EXISTS stands behind NOT only")
	default:
		cond, err := s.condition()
		if err != nil {
			return nil, err
		}
		n.cond = cond
	}
	return n, nil
}

func (p *jsonPattern) String() string { return "{ " + p.print(p.root) + " }" }

func (p *jsonPattern) print(n *node) string {
	switch n.op {
	case opAnd, opOr:
		parts := make([]string, len(n.nodes))
		for i, m := range n.nodes {
			parts[i] = p.print(m)
			if m.op == opOr {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, " "+string(n.op)+" ")
	case opCompare:
		return p.names[n.selector] + " " + n.cond.String()
	}
	return p.names[n.selector] + " " + string(n.op)
}

// matches reports whether a message is a JSON object of which the pattern is true.
func (p *jsonPattern) matches(message string) bool {
	root := objectAt(message)
	if root < 0 {
		return false
	}
	var buf [8]found
	e := evaluation{p: p, text: message, root: root}
	if len(p.selectors) <= len(buf) {
		e.cache = buf[:len(p.selectors)]
	} else {
		e.cache = make([]found, len(p.selectors))
	}
	// Most events do not match, and reading on in what is no JSON does no harm: so whether it is JSON is
	// asked last.
	return e.holds(p.root) && json.Valid([]byte(message))
}

// objectAt returns where a message's object begins, -1 where the message does not look like one.
func objectAt(message string) int {
	i := skipSpace(message, 0)
	if i == len(message) || message[i] != '{' {
		return -1
	}
	return i
}

// An evaluation is of one pattern and one message.
type evaluation struct {
	p *jsonPattern
	// numbers has the places of the pattern's selectors in cache; nil: they are the same.
	numbers []int
	text    string
	root    int
	cache   []found
}

// found is what a selector without a wildcard leads to.
type found struct {
	known bool
	value jsonValue
}

func (e *evaluation) holds(n *node) bool {
	switch n.op {
	case opAnd:
		return !slices.ContainsFunc(n.nodes, func(m *node) bool { return !e.holds(m) })
	case opOr:
		return slices.ContainsFunc(n.nodes, e.holds)
	case opNotExists:
		return !e.any(n.selector, func(jsonValue) bool { return true })
	}
	return e.any(n.selector, n.test)
}

// any reports whether something is true of any value that a selector leads to.
func (e *evaluation) any(selector int, is func(jsonValue) bool) bool {
	steps := e.p.selectors[selector]
	if slices.ContainsFunc(steps, func(st step) bool { return st.all }) {
		return each(e.text, e.root, steps, is)
	}
	at := selector
	if e.numbers != nil {
		at = e.numbers[selector]
	}
	f := &e.cache[at]
	if !f.known {
		f.known = true
		each(e.text, e.root, steps, func(v jsonValue) bool { f.value = v; return true })
	}
	return f.value.kind != absent && is(f.value)
}

// test reports whether a node's condition is true of a value. Objects, arrays and null compare with
// nothing.
func (n *node) test(v jsonValue) bool {
	switch n.op {
	case opNull:
		return v.kind == null
	case opTrue, opFalse:
		return v.kind == boolean && (v.text == "true") == (n.op == opTrue)
	}
	return v.kind != null && v.kind != container && n.cond.holds(v.text)
}

package filterpattern

import (
	"strconv"
	"strings"
)

// A step leads from a value of JSON into it: to a property, to an element, or to all of either.
type step struct {
	name    string
	index   int
	isIndex bool // else it is a property
	all     bool
}

// selector reads a selector; its dollar sign is next.
func (s *scanner) selector() ([]step, *Error) {
	from := s.pos
	s.pos++
	var steps []step
	wild := 0
	for {
		at := s.pos
		var st step
		var err *Error
		switch {
		case s.at(".['"), s.at("['"):
			s.take(".")
			s.pos++
			st, err = s.quotedStep()
		case s.take("."):
			st, err = s.nameStep()
		case s.at("["):
			if len(steps) == 0 {
				return nil, errorAt(at, "an event is an object: $.name[0]", "Invalid filter pattern: an index must follow a property")
			}
			s.pos++
			st, err = s.indexStep()
		default:
			if len(steps) == 0 {
				return nil, errorAt(from, "a selector names a property: $.eventName", "Invalid filter pattern: expected a selector")
			}
			return steps, nil
		}
		if err != nil {
			return nil, err
		}
		if st.all {
			if wild++; wild > 1 {
				return nil, errorAt(at, "", "Invalid filter pattern: a selector may have one wildcard")
			}
		}
		steps = append(steps, st)
	}
}

// nameStep reads a property behind a dot.
func (s *scanner) nameStep() (step, *Error) {
	if s.take("*") {
		return step{all: true}, nil
	}
	name := s.run(isName)
	if name != "" && (s.pos == len(s.text) || strings.IndexByte(".[ \t\r\n=!<>)}&|", s.peek()) >= 0) {
		return step{name: name}, nil
	}
	if s.pos == len(s.text) {
		return step{}, errorAt(s.pos, "", "Invalid filter pattern: a property's name is missing")
	}
	e := badCharacter(s.text, s.pos)
	e.Hint = "names of other characters than letters, digits, - and _ stand in $.['brackets and quotes']"
	return step{}, e
}

// quotedStep reads a property in brackets, of which the opening one was read.
func (s *scanner) quotedStep() (step, *Error) {
	name, err := s.quoted('\'')
	if err == nil && !s.take("]") {
		err = errorAt(s.pos, "", "Invalid filter pattern: expected ]")
	}
	return step{name: name}, err
}

// indexStep reads an index, of which the bracket was read.
func (s *scanner) indexStep() (step, *Error) {
	st := step{isIndex: true}
	at := s.pos
	if s.take("*") {
		st.all = true
	} else {
		digits := s.run(func(c byte) bool { return c >= '0' && c <= '9' })
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil {
			return st, errorAt(at, "an index is a number from 0 or *", "Invalid filter pattern: expected an index")
		}
		st.index = int(n)
	}
	if !s.take("]") {
		return st, errorAt(s.pos, "", "Invalid filter pattern: expected ]")
	}
	return st, nil
}

func printSelector(steps []step) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, st := range steps {
		switch {
		case st.isIndex && st.all:
			b.WriteString("[*]")
		case st.isIndex:
			b.WriteString("[" + strconv.Itoa(st.index) + "]")
		case st.all:
			b.WriteString(".*")
		case st.name != "" && strings.IndexFunc(st.name, func(r rune) bool { return r >= 0x80 || !isName(byte(r)) }) < 0:
			b.WriteString("." + st.name)
		default:
			b.WriteString(".[" + quote(st.name, '\'') + "]")
		}
	}
	return b.String()
}

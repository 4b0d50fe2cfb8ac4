package function

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"weir/internal/memo"
)

// javaRegex returns a pattern of Java as RE2 reads it. What RE2 has not is refused: looking ahead and behind, references to groups,
// possessive quantifiers, classes within classes. The error has the place in the pattern, in characters from 1.
//
// Source: Trino documentation, "Regular expression functions" (Java's pattern syntax with exceptions); Java's Pattern.
func javaRegex(pattern string) (string, error) {
	r := regexReader{text: pattern}
	for r.at < len(r.text) {
		var err error
		switch c := r.text[r.at]; c {
		case '\\':
			err = r.escape(false)
		case '[':
			err = r.class()
		case '(':
			err = r.group()
		case '*', '+', '?', '}':
			r.take(1)
			if r.at < len(r.text) && r.text[r.at] == '+' && (c != '}' || r.braces) {
				err = r.refuse("a possessive quantifier")
			} else if r.at < len(r.text) && r.text[r.at] == '?' {
				r.take(1)
				if r.at < len(r.text) && r.text[r.at] == '+' {
					err = r.refuse("a possessive quantifier")
				}
			}
			r.braces = false
		case '{':
			r.braces = true
			r.take(1)
		default:
			r.take(1)
		}
		if err != nil {
			return "", err
		}
	}
	return r.out.String(), nil
}

type regexReader struct {
	text   string
	at     int
	out    strings.Builder
	braces bool // { was read, and } not yet
}

func (r *regexReader) take(n int) {
	n = min(n, len(r.text)-r.at)
	r.out.WriteString(r.text[r.at : r.at+n])
	r.at += n
}

func (r *regexReader) refuse(what string) error {
	return fmt.Errorf("%s is not supported in a regular expression: %q, character %d", what, r.text, len([]rune(r.text[:r.at]))+1)
}

// group reads what begins with an opening parenthesis.
func (r *regexReader) group() error {
	rest := r.text[r.at:]
	for _, no := range []struct{ begin, what string }{
		{"(?=", "looking ahead"}, {"(?!", "looking ahead"}, {"(?<=", "looking behind"}, {"(?<!", "looking behind"}, {"(?>", "an independent group"},
	} {
		if strings.HasPrefix(rest, no.begin) {
			return r.refuse(no.what)
		}
	}
	if !strings.HasPrefix(rest, "(?") {
		r.take(1)
		return nil
	}
	if strings.HasPrefix(rest, "(?<") {
		r.out.WriteString("(?P<")
		r.at += len("(?<")
		return nil
	}
	for i := 2; i < len(rest); i++ {
		switch c := rest[i]; c {
		case ':', ')':
			r.take(i + 1)
			return nil
		case 'i', 'm', 's', '-':
		default:
			return r.refuse(fmt.Sprintf("the flag %c", c))
		}
	}
	return r.refuse("a group without an end")
}

// class reads a class in brackets.
func (r *regexReader) class() error {
	r.take(1)
	if strings.HasPrefix(r.text[r.at:], "^") {
		r.take(1)
	}
	for first := true; r.at < len(r.text); first = false {
		switch rest := r.text[r.at:]; {
		case rest[0] == ']' && !first:
			r.take(1)
			return nil
		case rest[0] == ']':
			return r.refuse("] as the first of a class")
		case rest[0] == '[':
			return r.refuse("a class within a class")
		case strings.HasPrefix(rest, "&&"):
			return r.refuse("&& in a class")
		case rest[0] == '\\':
			if err := r.escape(true); err != nil {
				return err
			}
		default:
			r.take(1)
		}
	}
	return r.refuse("a class without an end")
}

// posix are the classes that Java names \p{Alpha}, as RE2 names them within brackets.
var posix = map[string]string{
	"Lower": "[:lower:]", "Upper": "[:upper:]", "Alpha": "[:alpha:]", "Digit": "[:digit:]", "Alnum": "[:alnum:]", "Punct": "[:punct:]",
	"Graph": "[:graph:]", "Print": "[:print:]", "Blank": "[:blank:]", "Cntrl": "[:cntrl:]", "XDigit": "[:xdigit:]", "Space": `\t\n\x0B\f\r `, "ASCII": `\x00-\x7F`,
}

// escape reads what begins with a backslash.
func (r *regexReader) escape(class bool) error {
	rest := r.text[r.at:]
	if len(rest) < 2 {
		return r.refuse("a backslash at the end")
	}
	set := func(s string) {
		if class {
			r.out.WriteString(s)
		} else {
			r.out.WriteString("[" + s + "]")
		}
		r.at += 2
	}
	switch c := rest[1]; {
	case c == 'Q':
		n := strings.Index(rest, `\E`)
		if class {
			return r.refuse(`\Q in a class`)
		}
		if n < 0 {
			n = len(rest)
		}
		r.out.WriteString(regexp.QuoteMeta(rest[2:n]))
		r.at += min(n+2, len(rest))
	case c == 's':
		set(`\t\n\x0B\f\r `)
	case c == 'S' && !class:
		r.out.WriteString(`[^\t\n\x0B\f\r ]`)
		r.at += 2
	case c == 'h':
		set(` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`)
	case c == 'e':
		r.out.WriteString(`\x1b`)
		r.at += 2
	case c == 'u' && len(rest) >= 6:
		r.out.WriteString(`\x{` + rest[2:6] + "}")
		r.at += 6
	case c == 'p' || c == 'P':
		return r.property(class)
	case strings.IndexByte("dDwWtnrfaxvz0", c) >= 0 || (c == 'b' || c == 'B' || c == 'A') && !class:
		if c == 'v' || c == '0' || c == 'z' && class {
			return r.refuse(rest[:2])
		}
		r.take(2)
	case c >= '1' && c <= '9', c == 'k':
		return r.refuse("a reference to a group")
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return r.refuse(rest[:2])
	default:
		n := 2
		for n < len(rest) && rest[n]&0xC0 == 0x80 {
			n++
		}
		r.out.WriteString(regexp.QuoteMeta(rest[1:n]))
		if strings.IndexByte("-&~", c) >= 0 && class {
			s := r.out.String()
			r.out.Reset()
			r.out.WriteString(s[:len(s)-1] + `\` + rest[1:2])
		}
		r.at += n
	}
	return nil
}

// property reads \p{...}.
func (r *regexReader) property(class bool) error {
	rest := r.text[r.at:]
	if len(rest) < 3 {
		return r.refuse(`\p without a name`)
	}
	name, n := rest[2:3], 3
	if strings.HasPrefix(rest[2:], "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return r.refuse(`\p without an end`)
		}
		name, n = rest[3:end], end+1
	}
	if of, ok := posix[name]; ok {
		switch {
		case rest[1] == 'p' && class:
			r.out.WriteString(of)
		case class:
			return r.refuse(rest[:n] + " in a class")
		case rest[1] == 'p':
			r.out.WriteString("[" + of + "]")
		default:
			r.out.WriteString("[^" + of + "]")
		}
		r.at += n
		return nil
	}
	name = strings.TrimPrefix(name, "Is")
	if _, err := syntax.Parse(`\p{`+name+`}`, syntax.Perl); err != nil {
		return r.refuse(rest[:n])
	}
	r.out.WriteString(`\` + rest[1:2] + "{" + name + "}")
	r.at += n
	return nil
}

// regex is a compiled pattern.
type regex struct {
	*regexp.Regexp
	text string // of RE2
	// empty says that the pattern may match no characters at all.
	empty bool
	// context says that what stands before a place matters.
	context bool
	tree    *syntax.Regexp
}

// takesPart reports whether a group is part of each match.
func (r regex) takesPart(group int) bool { return group == 0 || takesPart(r.tree, group) }

func takesPart(re *syntax.Regexp, group int) bool {
	switch re.Op {
	case syntax.OpCapture:
		return re.Cap == group || takesPart(re.Sub[0], group)
	case syntax.OpConcat, syntax.OpPlus:
		return slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return takesPart(s, group) })
	case syntax.OpRepeat:
		return re.Min > 0 && takesPart(re.Sub[0], group)
	}
	return false
}

// JavaRegex returns a regular expression of Java as one of package regexp. What that has not is refused, with its place in the pattern.
func JavaRegex(pattern string) (string, error) {
	r, err := compileRegex(pattern)
	return r.text, err
}

// compileRegex compiles a pattern of Java. Those that were compiled lately are kept.
func compileRegex(pattern string) (regex, error) { return regexes.Get(pattern) }

var regexes = memo.Cache[regex]{Make: func(pattern string) (regex, error) {
	text, err := javaRegex(pattern)
	if err != nil {
		return regex{}, err
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return regex{}, fmt.Errorf("the regular expression %q: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return regex{}, err
	}
	return regex{Regexp: re, text: text, empty: mayBeEmpty(tree), context: hasContext(tree), tree: tree}, nil
}}

func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return !mayBeEmpty(s) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, mayBeEmpty)
	}
	return true
}

func hasContext(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, hasContext)
}

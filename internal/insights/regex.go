package insights

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	"weir/internal/insights/value"
)

// regex reads a regular expression between slashes and checks it.
func (p *parser) regex() string {
	p.try(wantRegex, "")
	if !p.tok.isSign("/") {
		hint := ""
		if p.tok.kind == stringToken {
			hint = "behind =~ stands a regular expression between slashes; a part of a text is asked for by like"
		}
		p.unexpected(hint)
	}
	p.tok = p.lexer.regex(p.tok)
	t := p.advance()
	if p.tok.kind == nameToken && p.tok.Start == t.End {
		fail(p.tok.Span, "flags can't stand behind a regular expression", "they stand in it: /(?i).../ is of any case")
	}
	checkRegex(t.text, func(from, to int) Span { return regexPlace(p.lexer.text, t.Span, from, to) })
	return t.text
}

// regexPlace returns the place in the query of a part of a regular expression: a slash in it is written
// with a backslash before.
func regexPlace(text string, whole Span, from, to int) Span {
	at := whole.Start + 1
	place := Span{whole.Start, whole.End}
	for n := 0; n <= to; n++ {
		if n == from {
			place.Start = at
		}
		if n == to {
			place.End = at
			break
		}
		if strings.HasPrefix(text[at:], `\/`) {
			at++
		} else if text[at] == '\\' && n+1 < to { // a pair: its second byte is no escape
			at++
			n++
			if n == from {
				place.Start = at
			}
		}
		at++
	}
	return place
}

// maxRegex is how large a regular expression may be with its repetitions written out: the time that
// matching takes grows with it. AWS names no limit.
const maxRegex = 10_000

// checkRegex fails where a regular expression is none that RE2 knows. The place of a part of it is told
// by a function.
//
// Source: AWS names RE2 for regexReplace and says nothing of the others; RE2 is what takes a time that
// grows with the text alone.
func checkRegex(text string, place func(from, to int) Span) {
	re, err := syntax.Parse(value.RegexText(text), syntax.Perl)
	if err == nil {
		if regexSize(re) > maxRegex {
			failf(place(0, len(text)), fmt.Sprintf("at most %d with all repetitions written out", maxRegex), "the regular expression is too large")
		}
		return
	}
	var se *syntax.Error
	if !errors.As(err, &se) {
		fail(place(0, len(text)), err.Error(), "")
		return
	}
	from := strings.Index(text, se.Expr)
	to := from + len(se.Expr)
	if from < 0 || se.Expr == "" {
		from, to = 0, len(text)
	}
	message, hint := regexFault(se)
	fail(place(from, to), message, hint)
}

// regexSize returns how large a regular expression is with its repetitions written out, roughly.
func regexSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)/2
	for _, sub := range re.Sub {
		size += regexSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}

// regexFault says what is wrong with a regular expression.
func regexFault(se *syntax.Error) (message, hint string) {
	switch {
	case strings.HasPrefix(se.Expr, "(?=") || strings.HasPrefix(se.Expr, "(?!") || strings.HasPrefix(se.Expr, "(?<=") || strings.HasPrefix(se.Expr, "(?<!"):
		return "look-around is not possible in regular expressions here", "they are RE2's; ask for what must not be there by another condition with not like"
	case se.Code == syntax.ErrInvalidEscape && len(se.Expr) == 2 && '1' <= se.Expr[1] && se.Expr[1] <= '9', strings.HasPrefix(se.Expr, "(?P="), se.Expr == `\k`:
		return "back-references are not possible in regular expressions here", "they are RE2's"
	case strings.HasPrefix(se.Expr, "(?>"):
		return "atomic groups are not possible in regular expressions here", "they are RE2's; an ordinary group finds the same texts or more"
	case se.Code == syntax.ErrLarge, se.Code == syntax.ErrInvalidRepeatSize:
		return "the regular expression repeats too often", "at most 1000 repetitions, and so many in all"
	case se.Code == syntax.ErrInvalidRepeatOp:
		return fmt.Sprintf("%q repeats what repeats already", se.Expr), "possessive repetitions are not possible: regular expressions are RE2's"
	}
	return fmt.Sprintf("the regular expression has a fault: %s: %q", se.Code, se.Expr), "regular expressions are RE2's"
}

// groupNames returns the names of the groups that capture, in order; a group without has "".
func groupNames(text string) []string {
	re, err := value.CompileRegex(text)
	if err != nil {
		return nil
	}
	return value.GroupNames(re)[1:]
}

package filterpattern

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// What a regular expression may have, beside letters, digits and the space that AWS's own samples have.
const (
	regexSymbols   = ":_#=@/;,- "
	regexOperators = `^$?[]{}|\*+.`
	regexClasses   = "dDsSwW"
)

// maxInstructions bounds what a regular expression costs for each byte of an event. Without repetitions, no
// pattern comes near it.
const maxInstructions = 1100

// compileRegex compiles a regular expression of AWS's dialect, which is a part of RE2's: what is not in it
// is refused. The offset is where the text stands in the pattern.
func compileRegex(text string, offset int) (*regex, *Error) {
	if text == "" {
		return nil, errorAt(offset, "", "Invalid filter pattern: a regular expression is empty")
	}
	if err := checkRegex(text, offset); err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		what := err.Error()
		if se, ok := errors.AsType[*syntax.Error](err); ok {
			what = se.Code.String() + ": " + se.Expr
		}
		return nil, errorAt(offset, "", "Invalid filter pattern: the regular expression is wrong: %s", what)
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(prog.Inst) > maxInstructions {
		return nil, errorAt(offset, "repeat less: {1,100}", "Invalid filter pattern: the regular expression is too large")
	}
	return &regex{text: text, re: regexp.MustCompile(text)}, nil
}

// checkRegex goes through a regular expression and refuses what AWS's dialect has not, and what RE2 would
// read in another way.
func checkRegex(text string, offset int) *Error {
	class := -1 // where the open character class began
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			n, err := checkEscape(text, i, offset)
			if err != nil {
				return err
			}
			i += n
		case !isAlnum(c) && strings.IndexByte(regexSymbols, c) < 0 && strings.IndexByte(regexOperators, c) < 0:
			e := badCharacter(text, i)
			e.Offset += offset
			e.Hint = `any character can be written by its code: \x28 is (`
			if c >= 0x80 {
				e.Hint = "only ASCII is supported in regular expressions"
			}
			return e
		case class >= 0:
			switch c {
			case '[':
				return errorAt(offset+i, `write \[`, "Invalid filter pattern: a character class may not have another one in it")
			case ']':
				class = -1
			}
		case c == '[':
			class = i
			if i+1 < len(text) && text[i+1] == '^' {
				i++
			}
			if i+1 < len(text) && text[i+1] == ']' {
				return errorAt(offset+i, `write \]`, "Invalid filter pattern: a character class is empty")
			}
		case c == '{' && !repeats.MatchString(text[i:]):
			return errorAt(offset+i, `write \{, or {2,3} behind what is repeated`, "Invalid filter pattern: { repeats nothing")
		}
	}
	if class >= 0 {
		return errorAt(offset+class, `write \[`, "Invalid filter pattern: a character class is not closed")
	}
	return nil
}

// repeats is what { may begin.
var repeats = regexp.MustCompile(`^\{[0-9]+(,[0-9]*)?\}`)

// checkEscape checks what stands behind a backslash at i, and returns how many bytes it has.
func checkEscape(text string, i, offset int) (int, *Error) {
	if i+1 == len(text) {
		return 0, errorAt(offset+i, `write \\`, `Invalid filter pattern: nothing stands behind \`)
	}
	c := text[i+1]
	switch {
	case strings.IndexByte(regexClasses, c) >= 0, strings.IndexByte(regexOperators, c) >= 0:
		return 1, nil
	case c == 'x' && i+3 < len(text) && strings.IndexByte("01234567", text[i+2]) >= 0 && isHex(text[i+3]):
		return 3, nil
	case c != ' ' && strings.IndexByte(regexSymbols, c) >= 0:
		return 1, nil
	}
	e := badCharacter(text, i+1)
	e.Offset += offset
	e.Hint = `behind \ stand d, D, s, S, w, W, a symbol, or x and two digits of an ASCII code: \x28`
	return 0, e
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

package value

import (
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds the texts that functions make longer, so that a few of them in each other can't fill the memory: 16 times the
// longest event. What would be longer is absent.
const maxText = 16 << 20

// maxMatches bounds the matches of a regular expression that are replaced in a text: as many as the longest event has
// characters.
const maxMatches = 1<<20 + 1

var stringFuncs = []*Func{
	{
		Name: "isempty", Signature: "isempty(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceString,
		Doc: "1 where the value is absent or an empty text, else 0.",
		Call: func(_ *Context, args []Value) Value {
			s, ok := args[0].Text()
			return oneOrZero(args[0].IsAbsent() || ok && s == "")
		},
	},
	{
		Name: "isblank", Signature: "isblank(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceString,
		Doc: "1 where the value is absent or a text of nothing but white space, else 0.",
		Call: func(_ *Context, args []Value) Value {
			s, ok := args[0].Text()
			return oneOrZero(args[0].IsAbsent() || ok && strings.TrimSpace(s) == "")
		},
	},
	{
		Name: "concat", Signature: "concat(text, ...)", Min: 1, Max: -1, Result: TextKind, Source: sourceString,
		Doc: "The texts one behind the other.",
		Call: ofTexts(func(s []string) Value {
			n := 0
			for _, part := range s {
				n += len(part)
			}
			if n > maxText {
				return Absent
			}
			return Text(strings.Join(s, ""))
		}),
	},
	{
		Name: "ltrim", Signature: "ltrim(text[, chars])", Min: 1, Max: 2, Result: TextKind, Source: sourceString,
		Doc:  "The text without white space, or without any of the characters given, at its beginning.",
		Call: trim(strings.TrimLeftFunc),
	},
	{
		Name: "rtrim", Signature: "rtrim(text[, chars])", Min: 1, Max: 2, Result: TextKind, Source: sourceString,
		Doc:  "The text without white space, or without any of the characters given, at its end.",
		Call: trim(strings.TrimRightFunc),
	},
	{
		Name: "trim", Signature: "trim(text[, chars])", Min: 1, Max: 2, Result: TextKind, Source: sourceString,
		Doc:  "The text without white space, or without any of the characters given, at both ends.",
		Call: trim(strings.TrimFunc),
	},
	{
		Name: "strlen", Signature: "strlen(text)", Min: 1, Max: 1, Result: NumberKind, Source: sourceString,
		Doc:  "How many code points the text has.",
		Call: ofText(func(s string) Value { return Number(float64(utf8.RuneCountInString(s))) }),
	},
	{
		Name: "toupper", Signature: "toupper(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString,
		Doc:  "The text in upper case.",
		Call: ofText(func(s string) Value { return Text(strings.ToUpper(s)) }),
	},
	{
		Name: "tolower", Signature: "tolower(text)", Min: 1, Max: 1, Result: TextKind, Source: sourceString,
		Doc:  "The text in lower case.",
		Call: ofText(func(s string) Value { return Text(strings.ToLower(s)) }),
	},
	{
		Name: "substr", Signature: "substr(text, from[, length])", Min: 2, Max: 3, Result: TextKind, Source: sourceString,
		Doc:  "The code points of the text from a place on, which counts from 0, to the end or so many. What is negative counts as 0.",
		Call: substr,
	},
	{
		Name: "replace", Signature: "replace(text, search, replacement)", Min: 3, Max: 3, Result: TextKind, Source: sourceString,
		Doc: "The text with another in place of each that is found; the text itself where an empty one is searched.",
		Call: ofTexts(func(s []string) Value {
			if s[1] == "" {
				return Text(s[0])
			}
			if len(s[0])+strings.Count(s[0], s[1])*(len(s[2])-len(s[1])) > maxText {
				return Absent
			}
			return Text(strings.ReplaceAll(s[0], s[1], s[2]))
		}),
	},
	{
		Name: "regexReplace", Signature: "regexReplace(text, regex, replacement)", Min: 3, Max: 3, Params: []Param{AnyParam, RegexParam},
		Result: TextKind, Source: sourceString + "; RE2's replacements",
		Doc:   `The text with a replacement for each match of a regular expression; \1 to \9 in it are groups, \0 is the match, \\ a backslash.`,
		Check: checkRegexReplace,
		Call:  ofTexts(regexReplace),
	},
	{
		Name: "strcontains", Signature: "strcontains(text, search[, ignoreCase])", Min: 2, Max: 3, Result: NumberKind, Source: sourceString,
		Doc: "1 where the text contains another, in any case where the third argument is true, else 0.",
		Call: func(_ *Context, args []Value) Value {
			s, ok := texts(args[:2])
			if !ok {
				return oneOrZero(false)
			}
			if len(args) > 2 && args[2].True() {
				s[0], s[1] = strings.ToLower(s[0]), strings.ToLower(s[1])
			}
			return oneOrZero(strings.Contains(s[0], s[1]))
		},
	},
	{
		Name: "startsWith", Signature: "startsWith(text, prefix)", Min: 2, Max: 2, Result: NumberKind, Source: sourceString,
		Doc:  "1 where the text begins with another, else 0.",
		Call: test(strings.HasPrefix),
	},
	{
		Name: "endsWith", Signature: "endsWith(text, suffix)", Min: 2, Max: 2, Result: NumberKind, Source: sourceString,
		Doc:  "1 where the text ends with another, else 0.",
		Call: test(strings.HasSuffix),
	},
	{
		Name: "split", Signature: "split(text, separator)", Min: 2, Max: 2, Result: ListKind, Source: sourceString,
		Doc: "The list of the texts between separators; of its code points where the separator is empty.",
		Call: ofTexts(func(s []string) Value {
			var elements []Value
			for part := range strings.SplitSeq(s[0], s[1]) {
				elements = append(elements, Text(part))
			}
			return List(elements)
		}),
	},
}

func oneOrZero(b bool) Value {
	if b {
		return Number(1)
	}
	return Number(0)
}

// test makes a function of two texts that gives 1 or 0, 0 where one has no text.
func test(f func(s, t string) bool) func(*Context, []Value) Value {
	return func(_ *Context, args []Value) Value {
		s, ok := texts(args)
		return oneOrZero(ok && f(s[0], s[1]))
	}
}

func trim(f func(string, func(rune) bool) string) func(*Context, []Value) Value {
	return ofTexts(func(s []string) Value {
		if len(s) == 1 {
			return Text(f(s[0], unicode.IsSpace))
		}
		return Text(f(s[0], func(r rune) bool { return strings.ContainsRune(s[1], r) }))
	})
}

func substr(_ *Context, args []Value) Value {
	s, ok := args[0].Text()
	n, nok := numbers(args[1:])
	if !ok || !nok {
		return Absent
	}
	runes := []rune(s)
	count := func(f float64) int { return int(min(max(0, math.Trunc(f)), float64(len(runes)))) }
	runes = runes[count(n[0]):]
	if len(n) > 1 {
		runes = runes[:count(n[1])]
	}
	return Text(string(runes))
}

func checkRegexReplace(args []*Value) error {
	groups := 9
	if s, ok := constant(args, 1); ok {
		re, err := CompileRegex(s)
		if err != nil {
			return argError(1, "the syntax is RE2's: no look-around, no back-references", "%s", err)
		}
		groups = re.NumSubexp()
	}
	if s, ok := constant(args, 2); ok {
		for i := 0; i < len(s); i++ {
			if s[i] != '\\' {
				continue
			}
			i++
			switch {
			case i == len(s) || s[i] != '\\' && !isDigit(s[i]):
				return argError(2, `\\ stands for a backslash`, `a backslash in a replacement must be before a digit or another one`)
			case s[i] != '\\' && int(s[i]-'0') > groups:
				return argError(2, "", `the regular expression has no group %c`, s[i])
			}
		}
	}
	return nil
}

func regexReplace(s []string) Value {
	re, err := CompileRegex(s[1])
	if err != nil {
		return Absent
	}
	var out []byte
	last := 0
	matches := re.FindAllStringSubmatchIndex(s[0], maxMatches+1)
	if len(matches) > maxMatches {
		return Absent
	}
	for _, m := range matches {
		out = append(out, s[0][last:m[0]]...)
		if out, err = expand(out, re, s[2], s[0], m); err != nil || len(out) > maxText {
			return Absent
		}
		last = m[1]
	}
	return Text(string(append(out, s[0][last:]...)))
}

// expand appends a replacement with the groups of a match in it.
func expand(out []byte, re *regexp.Regexp, replacement, s string, m []int) ([]byte, error) {
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' {
			out = append(out, c)
			continue
		}
		i++
		if i == len(replacement) || replacement[i] != '\\' && (!isDigit(replacement[i]) || int(replacement[i]-'0') > re.NumSubexp()) {
			return nil, argError(2, "", "the replacement is none")
		}
		if replacement[i] == '\\' {
			out = append(out, '\\')
			continue
		}
		if g := 2 * int(replacement[i]-'0'); m[g] >= 0 {
			out = append(out, s[m[g]:m[g+1]]...)
		}
	}
	return out, nil
}

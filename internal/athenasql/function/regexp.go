package function

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"weir/internal/athenasql"
)

var regexpFuncs = []Func{
	{Name: "regexp_like", Page: "regexp", Forms: []Form{{Signature: "(varchar, varchar) -> boolean", Make: func(c *Call) (string, error) {
		if p := c.Args[1].Text; p != nil {
			re, err := compileRegex(*p)
			if err != nil {
				return "", badPattern(c, err)
			}
			return "regexp_matches(" + c.Args[0].SQL + ", " + quote(re.text) + ")", nil
		}
		return fill("trino_regexp_like($1, $2)", c)
	}}}},
	{Name: "regexp_extract", Page: "regexp", Forms: []Form{
		{Signature: "(varchar, varchar) -> varchar", Make: extract},
		{Signature: "(varchar, varchar, bigint) -> varchar", Make: extract},
	}},
	{Name: "regexp_extract_all", Page: "regexp", Forms: []Form{
		{Signature: "(varchar, varchar) -> array(varchar)", Make: ofPattern(nullable("trino_regexp_extract_all($1, $2, 0)"), true)},
		{Signature: "(varchar, varchar, bigint) -> array(varchar)", Make: ofPattern(nullable("trino_regexp_extract_all($1, $2, $3)"), true)},
	}},
	{Name: "regexp_replace", Page: "regexp", Forms: []Form{
		{Signature: "(varchar, varchar) -> varchar", Make: replacing},
		{Signature: "(varchar, varchar, varchar) -> varchar", Make: replacing},
		{Signature: "(varchar, varchar, function(array(varchar), varchar)) -> varchar", Make: func(c *Call) (string, error) {
			return "", refuse(c, "regexp_replace with a lambda is not supported")
		}},
	}},
	{Name: "regexp_split", Page: "regexp", Forms: []Form{{Signature: "(varchar, varchar) -> array(varchar)", Make: ofPattern("trino_regexp_split($1, $2)", true)}}},
	{Name: "regexp_count", Page: "regexp", Forms: []Form{{Signature: "(varchar, varchar) -> bigint", Make: ofPattern("trino_regexp_count($1, $2)", true)}}},
	{Name: "regexp_position", Page: "regexp", Forms: []Form{
		{Signature: "(varchar, varchar) -> integer", Make: ofPattern("CAST(trino_regexp_position($1, $2, 1, 1) AS INTEGER)", true)},
		{Signature: "(varchar, varchar, bigint) -> integer", Make: ofPattern("CAST(trino_regexp_position($1, $2, $3, 1) AS INTEGER)", true)},
		{Signature: "(varchar, varchar, bigint, bigint) -> integer", Make: ofPattern("CAST(trino_regexp_position($1, $2, $3, $4) AS INTEGER)", true)},
	}},
}

// extract is DuckDB's function where the pattern and the group are constant: it is faster than Go's. It has ” where there is no match, or where the group
// has no part in it.
func extract(c *Call) (string, error) {
	group, zero := "0", int64(0)
	n := &zero
	if len(c.Args) > 2 {
		group, n = c.Args[2].SQL, c.Args[2].Int
	}
	native, err := ofPattern("trino_regexp_extract($1, $2, "+group+")", false)(c)
	if err != nil || c.Args[1].Text == nil || n == nil || *n < 0 || *n > 9 || repeatable(c, 0) != nil {
		return native, err
	}
	re, err := compileRegex(*c.Args[1].Text)
	if err != nil || !re.takesPart(int(*n)) {
		return native, err
	}
	s, p := c.Args[0].SQL, quote(re.text)
	return fmt.Sprintf("CASE WHEN regexp_matches(%s, %s) THEN regexp_extract(%s, %s, %d) END", s, p, s, p, *n), nil
}

// replacing is DuckDB's function where the pattern and the replacement are constant.
func replacing(c *Call) (string, error) {
	none := ""
	with, sql := &none, "''"
	if len(c.Args) > 2 {
		with, sql = c.Args[2].Text, c.Args[2].SQL
	}
	native, err := ofPattern("trino_regexp_replace($1, $2, "+sql+")", with == nil || *with != "")(c)
	if err != nil || c.Args[1].Text == nil || with == nil {
		return native, err
	}
	re, err := compileRegex(*c.Args[1].Text)
	if err != nil {
		return "", badPattern(c, err)
	}
	var b strings.Builder
	err = expand(*with, re, func(text string) { b.WriteString(strings.ReplaceAll(text, `\`, `\\`)) }, func(n int) { fmt.Fprintf(&b, `\%d`, n) })
	switch {
	case err != nil:
		return "", invalid(c.Args[2].At, "%s", message(err))
	case re.NumSubexp() > 9:
		return native, nil
	}
	return "regexp_replace(" + c.Args[0].SQL + ", " + quote(re.text) + ", " + quote(b.String()) + ", 'g')", nil
}

// groupMissing stands in a native's list for a group that is not part of a match: NULL in Trino, which a native's list can't hold. It is no
// character of any text.
const groupMissing = "\U0010ffff"

// nullable is a list whose elements may be NULL.
func nullable(list string) string {
	return "list_transform(" + list + ", lambda weir_e: nullif(weir_e, " + quote(groupMissing) + "))"
}

// ofPattern checks a constant pattern before the query runs. A pattern that may match no characters is refused where several says that all
// matches count: Java finds empty ones right behind others, RE2 does not.
func ofPattern(sql string, several bool) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		if p := c.Args[1].Text; p != nil {
			re, err := compileRegex(*p)
			if err != nil {
				return "", badPattern(c, err)
			}
			if several && re.empty {
				return "", badPattern(c, emptyMatch)
			}
		}
		return fill(sql, c)
	}
}

var emptyMatch = failed("a pattern that may match no characters is not supported in this function")

func badPattern(c *Call, err error) error {
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		return athenasql.Errorf(athenasql.CodeNotSupported, c.Args[1].At, "%s", e.Message)
	}
	return athenasql.Errorf(athenasql.CodeInvalidArgument, c.Args[1].At, "%s", err.Error())
}

// patternOf compiles the pattern of a row.
func patternOf(s string, several bool) (regex, error) {
	re, err := compileRegex(s)
	if err != nil {
		return re, failed("%s", err.Error())
	}
	if several && re.empty {
		return re, emptyMatch
	}
	return re, nil
}

var regexpNatives = []Native{
	textNative("trino_regexp_like", "BOOLEAN", 2, func(s []string) (any, error) {
		re, err := patternOf(s[1], false)
		if err != nil {
			return nil, err
		}
		return re.MatchString(s[0]), nil
	}),
	{Name: "trino_regexp_extract", Args: []string{"VARCHAR", "VARCHAR", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		re, n, err := groupOf(a, false)
		if err != nil {
			return nil, err
		}
		s := a[0].(string)
		m := re.FindStringSubmatchIndex(s)
		if m == nil || m[2*n] < 0 {
			return nil, nil
		}
		return s[m[2*n]:m[2*n+1]], nil
	}},
	{Name: "trino_regexp_extract_all", Args: []string{"VARCHAR", "VARCHAR", "BIGINT"}, Result: "VARCHAR[]", Do: func(a []any) (any, error) {
		re, n, err := groupOf(a, true)
		if err != nil {
			return nil, err
		}
		s, out := a[0].(string), []string{}
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			if m[2*n] < 0 {
				out = append(out, groupMissing)
				continue
			}
			out = append(out, s[m[2*n]:m[2*n+1]])
		}
		return out, nil
	}},
	textNative("trino_regexp_replace", "VARCHAR", 3, func(s []string) (any, error) {
		re, err := patternOf(s[1], s[2] != "")
		if err != nil {
			return nil, err
		}
		return replaceAll(re, s[0], s[2])
	}),
	textNative("trino_regexp_split", "VARCHAR[]", 2, func(s []string) (any, error) {
		re, err := patternOf(s[1], true)
		if err != nil {
			return nil, err
		}
		return re.Split(s[0], -1), nil
	}),
	textNative("trino_regexp_count", "BIGINT", 2, func(s []string) (any, error) {
		re, err := patternOf(s[1], true)
		if err != nil {
			return nil, err
		}
		return int64(len(re.FindAllStringIndex(s[0], -1))), nil
	}),
	{Name: "trino_regexp_position", Args: []string{"VARCHAR", "VARCHAR", "BIGINT", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		s, start, nth := a[0].(string), a[2].(int64), a[3].(int64)
		re, err := patternOf(a[1].(string), true)
		switch {
		case err != nil:
			return nil, err
		case start < 1:
			return nil, failed("start position cannot be smaller than 1")
		case nth < 1:
			return nil, failed("occurrence cannot be smaller than 1")
		}
		if start > 1 && re.context {
			return nil, athenasql.Errorf(athenasql.CodeNotSupported, athenasql.Span{}, "a start position is not supported with a pattern that has ^ or \\b")
		}
		runes := []rune(s)
		if start > int64(len(runes)) {
			return int64(-1), nil
		}
		rest := string(runes[start-1:])
		for _, m := range re.FindAllStringIndex(rest, -1) {
			if nth--; nth == 0 {
				return start + int64(utf8.RuneCountInString(rest[:m[0]])), nil
			}
		}
		return int64(-1), nil
	}},
}

func groupOf(a []any, several bool) (regex, int, error) {
	re, err := patternOf(a[1].(string), several)
	n := a[2].(int64)
	switch {
	case err != nil:
	case n < 0:
		err = failed("Group cannot be negative")
	case n > int64(re.NumSubexp()):
		err = failed("Pattern has %d groups. Cannot access group %d", re.NumSubexp(), n)
	}
	return re, int(n), err
}

// replaceAll replaces matches, with $1 and ${name} for groups, as Java's Matcher does.
func replaceAll(re regex, s, with string) (any, error) {
	var out strings.Builder
	at := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(s[at:m[0]])
		at = m[1]
		err := expand(with, re, func(text string) { out.WriteString(text) }, func(n int) {
			if m[2*n] >= 0 {
				out.WriteString(s[m[2*n]:m[2*n+1]])
			}
		})
		if err != nil {
			return nil, err
		}
	}
	out.WriteString(s[at:])
	return out.String(), nil
}

// expand reads a replacement: texts, and numbers of groups.
func expand(with string, re regex, text func(string), group func(int)) error {
	for i := 0; i < len(with); i++ {
		switch c := with[i]; {
		case c == '\\':
			if i++; i == len(with) {
				return failed("character to be escaped is missing in the replacement")
			}
			text(with[i : i+1])
		case c == '$' && strings.HasPrefix(with[i+1:], "{"):
			name, _, ok := strings.Cut(with[i+2:], "}")
			n := re.SubexpIndex(name)
			if !ok || n < 0 {
				return failed("No group with name {%s}", name)
			}
			group(n)
			i += len(name) + 2
		case c == '$':
			n, digits := groupNumber(with[i+1:], re.NumSubexp())
			switch {
			case digits == 0:
				return failed("Illegal replacement sequence: %s", with)
			case n > re.NumSubexp():
				return failed("Illegal replacement sequence: unknown group %d", n)
			}
			group(n)
			i += digits
		default:
			text(with[i : i+1])
		}
	}
	return nil
}

// groupNumber reads as many digits as there is a group for.
func groupNumber(s string, groups int) (n, digits int) {
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		next, err := strconv.Atoi(s[:digits+1])
		if err != nil || digits > 0 && next > groups {
			break
		}
		n, digits = next, digits+1
	}
	return n, digits
}

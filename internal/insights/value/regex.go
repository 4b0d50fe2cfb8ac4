package value

import (
	"regexp"
	"slices"
	"strings"
)

// atName stands in a regular expression for the @ that a group's name begins with, which RE2 does not allow.
const atName = "weir_at_sign_"

// RegexText returns a regular expression of a query as package regexp reads it: names of groups may begin with @, as
// those of fields do. AWS shows no such name, but queries in use have them.
func RegexText(text string) string {
	if !strings.Contains(text, "<@") {
		return text
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(text); {
		n := 1
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, `\Q`):
			if n = strings.Index(rest, `\E`); n < 0 {
				n = len(rest)
			}
		case rest[0] == '\\':
			n = min(2, len(rest))
		case class:
			class = rest[0] != ']'
		case rest[0] == '[':
			class = true
			if n = len("["); strings.HasPrefix(rest, "[^") {
				n = len("[^")
			}
			if strings.HasPrefix(rest[n:], "]") { // the first one is a character
				n++
			}
		case strings.HasPrefix(rest, "(?<@") && !strings.HasPrefix(rest, "(?<@>"), strings.HasPrefix(rest, "(?P<@") && !strings.HasPrefix(rest, "(?P<@>"):
			n = strings.IndexByte(rest, '@') + 1
			b.WriteString(rest[:n-1] + atName)
			i += n
			continue
		}
		b.WriteString(text[i : i+n])
		i += n
	}
	return b.String()
}

// GroupNames returns the names of the groups of a regular expression that [CompileRegex] compiled, the whole match's
// first; "" where a group has none.
func GroupNames(re *regexp.Regexp) []string {
	names := slices.Clone(re.SubexpNames())
	for i, name := range names {
		if rest, ok := strings.CutPrefix(name, atName); ok {
			names[i] = "@" + rest
		}
	}
	return names
}

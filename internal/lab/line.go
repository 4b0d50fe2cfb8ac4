package lab

import (
	"regexp"
	"strings"
)

// Line is what asks a question again, as a shell takes it: with what it needs of the environment, and in one line where a question can be written so.
func (a *Asked) Line() string {
	var out []string
	for _, v := range a.Environment {
		name, value, _ := strings.Cut(v, "=")
		out = append(out, name+"="+shellWord(value))
	}
	for _, w := range a.Command {
		out = append(out, shellWord(oneLine(w)))
	}
	return strings.Join(out, " ")
}

// plainWord is what shells take as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@+=:,./-]+$`)

// shellWord writes a word as POSIX's shells take it. Between double quotes an interactive bash takes an exclamation mark for a command of before.
func shellWord(w string) string {
	switch {
	case plainWord.MatchString(w):
		return w
	case strings.Contains(w, "!"):
		return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return `"` + strings.NewReplacer(`"`, `\"`, "$", `\$`, "`", "\\`", `\`, `\\`).Replace(w) + `"`
}

// oneLine writes a query in one line, but for what is in quotes. One with a comment or a regular expression, whose ends only its own language knows, stays as it is.
func oneLine(text string) string {
	var b strings.Builder
	quote, blank := rune(0), false
	var before rune
	for _, r := range strings.TrimSpace(text) {
		if quote == 0 {
			if r == '#' || r == '/' || r == '-' && before == '-' {
				return text
			}
			if strings.ContainsRune(" \t\r\n", r) {
				blank, before = true, r
				continue
			}
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			if strings.ContainsRune("'\"`", r) {
				quote = r
			}
		} else if r == quote {
			quote = 0
		}
		b.WriteRune(r)
		before = r
	}
	if quote != 0 { // it is not ended, so that it is none
		return text
	}
	return b.String()
}

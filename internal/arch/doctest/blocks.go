package doctest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A block is a fenced block of a Markdown file that this package runs.
type block struct {
	kind string // "sh", "console" or "file"
	name string // the file's name, where kind is "file"
	text string
	line int // of its first line, 1-based
}

// reason matches the comment that says why a block is not run.
var reason = regexp.MustCompile(`^<!-- no-test: .{5,} -->$`)

// parse returns the blocks of a Markdown file that are to be run. It fails at a
// block that does not end, and at one that is not run for no given reason.
func parse(markdown string) ([]block, error) {
	var out []block
	lines := strings.Split(markdown, "\n")
	before := "" // the last line that is not blank
	for i := 0; i < len(lines); i++ {
		info, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			if strings.TrimSpace(lines[i]) != "" {
				before = lines[i]
			}
			continue
		}
		first := i + 1
		end := slices.Index(lines[first:], "```")
		if end < 0 {
			return nil, fmt.Errorf("line %d: the block does not end", i+1)
		}
		i = first + end
		b := block{text: strings.Join(lines[first:i], "\n") + "\n", line: first + 1}
		words := strings.Fields(info)
		switch {
		case len(words) == 2 && strings.HasPrefix(words[1], "file="):
			b.kind, b.name = "file", strings.TrimPrefix(words[1], "file=")
		case len(words) == 0 || words[0] != "sh" && words[0] != "console":
			continue
		case len(words) == 1:
			b.kind = words[0]
		case slices.Equal(words[1:], []string{"no-test"}):
			if !reason.MatchString(before) {
				return nil, fmt.Errorf("line %d: the line before does not say why the block is not run: <!-- no-test: ... -->", first)
			}
			continue
		default:
			return nil, fmt.Errorf("line %d: the block is marked %q", first, strings.Join(words[1:], " "))
		}
		out = append(out, b)
	}
	return out, nil
}

// A command is a command of a console block and what it must do.
type command struct {
	text string
	want []string // what it prints, "..." for any lines
	exit int
	line int
}

// exitLine matches the last line of a command that does not succeed.
var exitLine = regexp.MustCompile(`^\[exit (\d+)\]$`)

// commands reads a console block.
func commands(b block) ([]command, error) {
	var out []command
	for i, l := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
		if text, ok := strings.CutPrefix(l, "$ "); ok {
			out = append(out, command{text: text, line: b.line + i})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("line %d: a console block begins with \"$ \" and a command", b.line+i)
		}
		c := &out[len(out)-1]
		if m := exitLine.FindStringSubmatch(l); m != nil {
			code, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", b.line+i, err)
			}
			c.exit = code
			continue
		}
		c.want = append(c.want, l)
	}
	return out, nil
}

// like reports whether lines are as wanted, where "..." stands for any lines.
func like(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] != "..." {
		return len(got) > 0 && want[0] == got[0] && like(want[1:], got[1:])
	}
	for skip := range len(got) + 1 {
		if like(want[1:], got[skip:]) {
			return true
		}
	}
	return false
}

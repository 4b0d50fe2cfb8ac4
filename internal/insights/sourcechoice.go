package insights

import (
	"slices"
	"strings"
)

// A SourceGroup is what SOURCE's functions look at of a log group.
type SourceGroup struct {
	Name, Account string
	Class         string // "": STANDARD
	Tags          map[string]string
	DataSources   []string // such as amazon_vpc.flow
}

// ByName reports whether SOURCE names the log groups: they are Groups then. Else its functions choose them.
func (s *Source) ByName() bool { return s.LogGroups == nil && s.DataSources == nil && s.Tags == nil }

// Chooses reports whether the functions of SOURCE choose a log group: all that are there must.
//
// Source: AWS, "SOURCE". What it leaves open: without logGroups any class will do, and a tag that is asked for must be
// there, for what is not its value too.
func (s *Source) Chooses(g SourceGroup) bool {
	if s.ByName() || s.LogGroups != nil && !s.LogGroups.chooses(g) {
		return false
	}
	if s.DataSources != nil && !slices.ContainsFunc(s.DataSources, func(d string) bool { return slices.Contains(g.DataSources, d) }) {
		return false
	}
	for _, t := range s.Tags {
		if v, ok := g.Tags[t.Key]; !ok || !t.chooses(v) {
			return false
		}
	}
	return true
}

func (l *SourceLogGroups) chooses(g SourceGroup) bool {
	class := g.Class
	if class == "" {
		class = "STANDARD"
	}
	classes := l.Classes
	if classes == nil {
		classes = []string{"STANDARD"}
	}
	return slices.Contains(classes, class) &&
		(l.Accounts == nil || slices.Contains(l.Accounts, g.Account)) &&
		(l.NamePrefixes == nil || slices.ContainsFunc(l.NamePrefixes, func(p string) bool { return strings.HasPrefix(g.Name, p) }))
}

// chooses reports whether one of the values is that of a tag; any is where there are none.
func (t *SourceTag) chooses(tag string) bool {
	return len(t.Values) == 0 || slices.ContainsFunc(t.Values, func(v string) bool {
		if other, ok := strings.CutPrefix(v, "!"); ok {
			return !matchStars(other, tag)
		}
		return matchStars(v, tag)
	})
}

// matchStars reports whether a text is a pattern, in which * stands for anything.
func matchStars(pattern, text string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	if !more {
		return text == pattern
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, last)
}

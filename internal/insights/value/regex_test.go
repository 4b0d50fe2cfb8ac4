package value

import (
	"slices"
	"testing"
)

func TestRegexNames(t *testing.T) {
	for _, tt := range []struct {
		text, matches string
		names         []string // the whole match's apart
	}{
		{`(?<@who>\w+)=(?<what>\w+)`, "a=b", []string{"@who", "what"}},
		{`(?P<@who>\w+)(x)?`, "a", []string{"@who", ""}},
		{`[(?<@a>](?<@b>x)`, "@x", []string{"@b"}},
		{`[]@(?<@a>]{2}(?<@b>x)`, "]<x", []string{"@b"}},
		{`[^]\]](?<@b>x)`, "<x", []string{"@b"}},
		{`\(?<@(?<@b>x)`, "<@x", []string{"@b"}},
		{`\Q(?<@a>\E(?<@b>x)`, "(?<@a>x", []string{"@b"}},
		{`\Q(?<@a>`, "(?<@a>", nil},
	} {
		re, err := CompileRegex(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := GroupNames(re)[1:]; !slices.Equal(got, tt.names) {
			t.Errorf("%s: names %q, want %q", tt.text, got, tt.names)
		}
		if re.FindString(tt.matches) != tt.matches {
			t.Errorf("%s does not match all of %q", tt.text, tt.matches)
		}
	}
	for _, text := range []string{`(?<@>x)`, `(?<@a-b>x)`, `(?<@`, `[(?<@a>x)`} {
		if _, err := CompileRegex(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

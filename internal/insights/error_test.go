package insights_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// TestErrorPlaces shows faults in their lines.
func TestErrorPlaces(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{
			"at the end", "fields a |\n  filter",
			"line 2, column 9: expected an expression, found the end\n  filter\n        ^\n",
		},
		{
			"behind tabs and other letters", "fields `é`\r\n\t| filter `ü` ~ 1\r\n| limit 1",
			"line 2, column 15: \"~\" can't stand here\n\t| filter `ü` ~ 1\n\t             ^\n" +
				"names with other characters than letters, digits, _, @ and . stand in backticks, texts in quotes\n",
		},
		{
			"over two lines", "filter a in ('x',\n'y')",
			"line 1, column 14: a list of values stands in brackets\nfilter a in ('x',\n             ^^^\n" +
				"in [\"a\", \"b\"]; in parentheses stands a query\n",
		},
		{
			"in a long line", "fields " + strings.Repeat("abcdefghi, ", 20) + "+, " + strings.Repeat("b, ", 60) + "c",
			"line 1, column 228: expected an expression, found \"+\"\n..." + strings.Repeat("abcdefghi, ", 20)[220-67:] + "+, " + strings.Repeat("b, ", 60)[:65] + "...\n" +
				strings.Repeat(" ", 70) + "^\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := insights.ParseQuery(tt.text)
			if err == nil {
				t.Fatal("it was read")
			}
			if diff := cmp.Diff(tt.want, report(err, tt.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestErrorCharacters compares offsets in characters.
func TestErrorCharacters(t *testing.T) {
	text := "fields `é€` | nonsense a"
	_, err := insights.ParseQuery(text)
	var e *insights.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if start, end := e.Characters(text); start != 14 || end != 22 {
		t.Errorf("characters %d to %d, want 14 to 22", start, end)
	}
}

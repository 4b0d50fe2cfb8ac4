package insightstest

import (
	"fmt"
	"testing"
)

// runScript runs a script on an engine, and returns what was wrong.
func runScript(t testing.TB, script string, engine Engine) []error {
	cases, err := parseScript(script)
	if err != nil {
		return []error{err}
	}
	var wrong []error
	for _, c := range cases {
		got, err := c.ask(t, engine)
		if err := c.check(got, err); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %s: %w", c.Line, c.Text, err))
		}
	}
	return wrong
}

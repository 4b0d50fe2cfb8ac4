package athenasql

import (
	"strings"
	"testing"
)

// TestErrors holds what is said of what is wrong: the error, and the hint behind a bar.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want, hint string }{
		{"SELECT foo(DISTINCT ,1)", "SYNTAX_ERROR: line 1:21: mismatched input ','. Expecting: <expression>", ""},
		{"SELECT grouping(a+2) FROM x", "SYNTAX_ERROR: line 1:18: mismatched input '+'. Expecting: ')', ',', '.'", ""},
		{"SELECT end\nFROM t", "SYNTAX_ERROR: line 1:8: mismatched input 'end'. Expecting: '*', 'DISTINCT', <expression>", `END is a reserved word: as a name it stands in double quotes, "end"`},
		{"SELECT a, FROM t", "SYNTAX_ERROR: line 1:11: mismatched input 'FROM'. Expecting: '*', <expression>", "a comma too many stands before"},
		{"SELECT a FROM `t`", "SYNTAX_ERROR: line 1:15: backquoted identifiers are not supported; use double quotes to quote identifiers", `write "t"`},
		{"SELECT a FROM t LIMIT 10 OFFSET 5", "SYNTAX_ERROR: line 1:26: mismatched input 'OFFSET'. Expecting: <EOF>", "OFFSET stands before LIMIT: OFFSET n LIMIT m"},
		{"SELECT a FROM 2020_logs", "SYNTAX_ERROR: line 1:15: identifiers must not start with a digit; surround the identifier with double quotes", `write "2020_logs"`},
		{"SELECT now() - INTERVAL 7 DAY", "SYNTAX_ERROR: line 1:25: mismatched input '7'. Expecting: '+', '-', <string>", "the number stands in quotes: INTERVAL '7' DAY"},
		{"SELECT 1;\nSELECT 2", "SYNTAX_ERROR: line 1:9: Only one sql statement is allowed. Got: SELECT 1;\nSELECT 2", "run the statements one after the other"},
		{"fields @timestamp | limit 5", "SYNTAX_ERROR: line 1:1: mismatched input 'fields'. Expecting: <query>", insightsHint},
		{"COPY t TO 'x'", "NOT_SUPPORTED: line 1:1: COPY is not supported", "UNLOAD writes the rows of a query to a folder"},
		{"WITH RECURSIVE a AS (SELECT 1) SELECT 1", "NOT_SUPPORTED: line 1:6: WITH RECURSIVE is not supported", ""},
		{"SELECT 'a", "SYNTAX_ERROR: line 1:8: the text that begins here has no end", "write ' behind it; inside, a quote is written twice"},
		{strings.Repeat("(", 5000), "SYNTAX_ERROR: line 1:301: the statement is nested too deep: at most 300 levels", ""},
	} {
		_, err := Parse(c.text)
		if err == nil {
			t.Errorf("%s: no error", c.text)
			continue
		}
		if e := err.(*Error); e.Error() != c.want || e.Hint != c.hint {
			t.Errorf("%s\n got %s | %s\nwant %s | %s", c.text, e, e.Hint, c.want, c.hint)
		}
	}
}

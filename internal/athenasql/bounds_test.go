package athenasql

import (
	"strings"
	"testing"
)

// TestBounds reads what is as long and as deep as can be: it is read, or refused with its place, and no stack ends.
func TestBounds(t *testing.T) {
	long := func(head, part, tail string) string {
		return head + strings.Repeat(part, (MaxText-len(head)-len(tail))/len(part)) + tail
	}
	for _, c := range []struct{ name, text, err string }{
		{"a chain", "SELECT a FROM t WHERE a = 0" + strings.Repeat(" OR a = 1", MaxChain), ""},
		{"a longer chain", "SELECT a FROM t WHERE a = 0" + strings.Repeat(" OR a = 1", MaxChain+1), "more than 10000 operators follow each other"},
		{"additions", long("SELECT 1", "+1", ""), "more than 10000 operators follow each other"},
		{"subscripts", long("SELECT a", "[1]", ""), "more than 10000 operators follow each other"},
		{"unions", long("SELECT 1", " UNION SELECT 1", ""), "more than 10000 operators follow each other"},
		{"joins", long("SELECT 1 FROM a", ",a CROSS JOIN b", ""), ""},
		{"a list", long("SELECT a IN (1", ",1", ")"), ""},
		{"parentheses", "SELECT " + strings.Repeat("(", 400) + "1" + strings.Repeat(")", 400), "nested too deep"},
		{"fewer parentheses", "SELECT " + strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100), ""},
		{"open parentheses", long("", "(", ""), "nested too deep"},
		{"relations", long("SELECT 1 FROM ", "(", ""), "nested too deep"},
		{"subqueries", long("", "SELECT * FROM (", ""), "nested too deep"},
		{"NOT", long("SELECT ", "NOT ", "a"), "nested too deep"},
		{"minus", long("SELECT ", "- ", "a"), "nested too deep"},
		{"lambdas", long("SELECT ", "x->", "x"), "nested too deep"},
		{"cases", long("SELECT ", "CASE ", "x"), "nested too deep"},
		{"calls", long("SELECT ", "f(", "x"), "nested too deep"},
		{"arrays", long("SELECT ", "ARRAY[", "x"), "nested too deep"},
		{"types", long("SELECT CAST(a AS ", "array(", "x"), "nested too deep"},
		{"types behind", long("SELECT CAST(a AS int", " ARRAY", ")"), "nested too deep"},
		{"joins on the right", long("SELECT 1 FROM a", " JOIN b", ""), "nested too deep"},
		{"types of Hive", long("CREATE EXTERNAL TABLE t (a ", "array<", ""), "nested too deep"},
		{"EXPLAIN", long("", "EXPLAIN ", ""), "within another statement"},
		{"a text too long", strings.Repeat(" ", MaxText) + "x", "a statement has at most 262144 bytes"},
		{"no UTF-8", "SELECT '\xff'", "the text is not UTF-8"},
		{"NUL", "SELECT 1\x00", "the text has a NUL character in it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.text)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("the error is %v, want %q", err, c.err)
			case c.err == "":
				printed := Print(s)
				if len(printed) > MaxText {
					return // it has more spaces
				}
				again, err := Parse(printed)
				if err != nil || !Equal(s, again) {
					t.Fatalf("printed it reads otherwise: %v", err)
				}
			case err.(*Error).Line == 0:
				t.Fatal("the error has no place")
			}
		})
	}
}

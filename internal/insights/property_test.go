package insights_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// speaker makes random expressions.
type speaker struct{ *rand.Rand }

func choose[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func (s speaker) expr(depth int) insights.Expr {
	if depth == 0 {
		return s.leaf()
	}
	switch s.IntN(8) {
	case 0:
		return &insights.Unary{Op: choose(s.Rand, "not", "-"), X: s.expr(depth - 1)}
	case 1, 2, 3:
		op := choose(s.Rand, "^", "*", "/", "%", "+", "-", "=", "!=", "<", "<=", ">", ">=", "and", "or")
		return &insights.Binary{Op: op, X: s.expr(depth - 1), Y: s.expr(depth - 1)}
	case 4:
		return &insights.Like{X: s.expr(depth - 1), Not: s.IntN(2) == 0, Regex: s.IntN(2) == 0, Text: choose(s.Rand, "a", `\d`, "/", `\\`, `x\.y/`)}
	case 5:
		in := &insights.In{X: s.expr(depth - 1), Not: s.IntN(2) == 0}
		for range 1 + s.IntN(3) {
			in.List = append(in.List, s.expr(depth-1))
		}
		return in
	case 6:
		name := choose(s.Rand, "strlen", "concat", "if", "unknown")
		call := &insights.Call{Func: name, Text: name}
		for range s.IntN(3) {
			call.Args = append(call.Args, s.expr(depth-1))
		}
		return call
	}
	x := s.expr(depth - 1)
	switch x.(type) {
	case *insights.Number, *insights.String, *insights.Bool: // they have no elements
		return x
	}
	if _, ok := x.(*insights.Field); !ok && s.IntN(2) == 0 { // behind a field a key is part of it
		return &insights.Index{X: x, Key: choose(s.Rand, "a", "b c", "a.b", "0")}
	}
	return &insights.Index{X: x, Key: choose(s.Rand, "0", "17"), Position: true}
}

func (s speaker) leaf() insights.Expr {
	switch s.IntN(4) {
	case 0:
		n := choose(s.Rand, "0", "1.5", "2e3", ".25")
		f, _ := strconv.ParseFloat(n, 64)
		return &insights.Number{Value: f, Text: n}
	case 1:
		return &insights.String{Value: choose(s.Rand, "", `"`, `\`, "a\nb", `\d`, "é", "/", "#", "'|'")}
	case 2:
		return &insights.Bool{Value: s.IntN(2) == 0}
	}
	return &insights.Field{Parts: choose(s.Rand,
		[]insights.FieldPart{{Name: "a"}},
		[]insights.FieldPart{{Name: "@message"}},
		[]insights.FieldPart{{Name: "m"}, {Name: "0"}, {Name: "x y", Quoted: true}},
		[]insights.FieldPart{{Name: "and", Quoted: true}},
		[]insights.FieldPart{{Name: "a.b", Quoted: true}, {Name: "c"}},
	)}
}

// TestExpressionsPrintBack checks that what is printed of any expression reads as the same one.
func TestExpressionsPrintBack(t *testing.T) {
	seed := rand.Uint64()
	s := speaker{rand.New(rand.NewPCG(seed, 0))}
	for range 3000 {
		x := s.expr(1 + s.IntN(4))
		q, err := insights.ParseQuery("filter " + x.String())
		if err != nil {
			t.Fatalf("seed %d: %s\n%s", seed, x, report(err, "filter "+x.String()))
		}
		if diff := cmp.Diff(x, q.Commands[0].(*insights.Filter).Where, same); diff != "" {
			t.Fatalf("seed %d: %s is read as another expression (-made +read):\n%s", seed, x, diff)
		}
	}
}

// TestPrecedence checks that an expression without parentheses is read as AWS's order of operators, which the page of
// the language lists, has it.
func TestPrecedence(t *testing.T) {
	levels := [][]string{{"^"}, {"*", "/", "%"}, {"+", "-"}, {"=", "!=", "<", ">="}, {"and"}, {"or"}}
	for i, high := range levels {
		for _, low := range levels[i+1:] {
			for _, h := range high {
				for _, l := range low {
					for text, want := range map[string]string{
						"a " + h + " b " + l + " c": "(a " + h + " b) " + l + " c",
						"a " + l + " b " + h + " c": "a " + l + " (b " + h + " c)",
					} {
						if got, want := parsedExpr(t, text), parsedExpr(t, want); !cmp.Equal(got, want, same) {
							t.Errorf("%s is not read as %s", text, want)
						}
					}
				}
			}
		}
	}
}

func parsedExpr(t *testing.T, text string) insights.Expr {
	t.Helper()
	q, err := insights.ParseQuery("filter " + text)
	if err != nil {
		t.Fatal(report(err, "filter "+text))
	}
	return q.Commands[0].(*insights.Filter).Where
}

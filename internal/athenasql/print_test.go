package athenasql

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered gives the parameters of a tree their numbers, in the order of the text.
func numbered(s Statement) {
	n := 0
	Walk(s, func(n2 Node) bool {
		if p, ok := n2.(*Parameter); ok {
			p.Index, n = n, n+1
		}
		return true
	})
}

// TestPrintReadsBack prints random trees and reads them.
func TestPrintReadsBack(t *testing.T) {
	for seed := range uint64(4000) {
		want := newRandom(seed).statement()
		numbered(want)
		text := Print(want)
		got, err := Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if !Equal(want, got) {
			t.Fatalf("seed %d: another tree\n%s\n%s", seed, text, Print(got))
		}
		if diff := cmp.Diff(text, Print(got)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		checkSpans(t, fmt.Sprint(seed), text, got)
	}
}

// checkSpans reads the text of each expression of a query alone: its place is right where that makes the same tree.
func checkSpans(t *testing.T, name, text string, s Statement) {
	t.Helper()
	if _, ok := s.(*Query); !ok {
		return
	}
	Walk(s, func(n Node) bool {
		at := n.Position()
		if at.Start < 0 || at.End > len(text) || at.End < at.Start {
			t.Errorf("%s: %T has no place in the text: %v", name, n, at)
			return false
		}
		e, ok := n.(Expr)
		if !ok || at.Start == at.End || hasParameter(e) {
			return true
		}
		if c, ok := n.(*Call); ok && c.Name.Parts[0].Text == "normalize" {
			return false // its form is a word, and a String in the tree
		}
		alone, err := ParseExpr(text[at.Start:at.End])
		if err != nil || !Equal(e, alone) {
			t.Errorf("%s: %T stands at %q (%v), want %q", name, n, text[at.Start:at.End], err, PrintExpr(e))
			return false
		}
		return true
	})
}

// hasParameter reports whether a parameter is in an expression: alone it has another number.
func hasParameter(e Expr) bool {
	found := false
	Walk(e, func(n Node) bool {
		_, ok := n.(*Parameter)
		found = found || ok
		return true
	})
	return found
}

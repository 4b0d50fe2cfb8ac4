package insights

import (
	"slices"
	"strings"
)

// A scope is what names mean at a place of a query.
type scope struct {
	// closed says that names are all that there are: behind stats, pattern and countFrequent. Else events
	// may have any field.
	closed bool
	names  map[string]bool
	// columns are those of the last stats.
	columns []column
	// stats is the last stats; nil where there is none, or where something else made rows since.
	stats *Stats
}

// A column is a column of stats and the expression that it is.
type column struct {
	name string
	expr Expr
}

// add adds names.
func (s *scope) add(names ...string) {
	if s.names == nil {
		s.names = map[string]bool{}
	}
	for _, n := range names {
		s.names[n] = true
	}
}

// reset makes a scope in which only some names are known.
func (s *scope) reset(names ...string) {
	*s = scope{closed: true}
	s.add(names...)
}

// open makes a scope in which any name may be known.
func (s *scope) open() { *s = scope{} }

// knows reports whether a field can be there: its name, or what its path begins with.
func (s *scope) knows(f *Field) bool {
	if !s.closed {
		return true
	}
	for n := range f.Parts {
		if s.names[joinParts(f.Parts[:n+1])] {
			return true
		}
	}
	return false
}

// column returns the column that an expression is, or "".
func (s *scope) column(x Expr) string {
	for _, c := range s.columns {
		if sameExpr(c.expr, x) {
			return c.name
		}
	}
	return ""
}

// list returns the known names for a person.
func (s *scope) list() string {
	names := make([]string, 0, len(s.names))
	for n := range s.names {
		names = append(names, quoteName(n))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// sameExpr reports whether two expressions are the same, however they are written.
func sameExpr(x, y Expr) bool {
	switch x := x.(type) {
	case *Number:
		y, ok := y.(*Number)
		return ok && x.Value == y.Value
	case *String:
		y, ok := y.(*String)
		return ok && x.Value == y.Value
	case *Bool:
		y, ok := y.(*Bool)
		return ok && x.Value == y.Value
	case *Period:
		y, ok := y.(*Period)
		return ok && x.N == y.N && x.Unit == y.Unit
	case *Field:
		y, ok := y.(*Field)
		return ok && slices.Equal(x.Parts, y.Parts)
	case *Call:
		y, ok := y.(*Call)
		return ok && x.Func == y.Func && slices.EqualFunc(x.Args, y.Args, sameExpr)
	case *Regex:
		y, ok := y.(*Regex)
		return ok && x.Text == y.Text
	case *Unary:
		y, ok := y.(*Unary)
		return ok && x.Op == y.Op && sameExpr(x.X, y.X)
	case *Binary:
		y, ok := y.(*Binary)
		return ok && x.Op == y.Op && sameExpr(x.X, y.X) && sameExpr(x.Y, y.Y)
	case *Like:
		y, ok := y.(*Like)
		return ok && x.Not == y.Not && x.Regex == y.Regex && x.Text == y.Text && sameExpr(x.X, y.X)
	case *In:
		y, ok := y.(*In)
		return ok && x.Not == y.Not && x.Query == nil && y.Query == nil && sameExpr(x.X, y.X) && slices.EqualFunc(x.List, y.List, sameExpr)
	case *Index:
		y, ok := y.(*Index)
		return ok && x.Key == y.Key && x.Position == y.Position && sameExpr(x.X, y.X)
	}
	return false
}

package compile

import (
	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// Whether an address is one of the internet is asked in Athena by `NOT contains('10.0.0.0/8', x) AND NOT contains('172.16.0.0/12', x) AND ...`. Each is a call
// of a function in Go, ten of them took six times as long as one: those of the same address are said by one call.

// networks returns the SQL that takes the place of terms of a chain by their number, "" for those that another one says too: of OR those that are contains of a
// constant network and the same address, of AND those that are its denial.
func (e *env) networks(operator string, terms []athenasql.Expr) map[int]string {
	var out map[int]string
	for i := range terms {
		address, network, ok := inNetwork(operator, terms[i])
		if _, done := out[i]; !ok || done {
			continue
		}
		at, list := []int{i}, []string{network}
		for j := i + 1; j < len(terms); j++ {
			if other, n, ok := inNetwork(operator, terms[j]); ok && athenasql.Equal(address, other) {
				at, list = append(at, j), append(list, n)
			}
		}
		if len(at) == 1 {
			continue
		}
		v := e.expr(address)
		if v.typ.Kind != types.IPAddress {
			continue
		}
		sql, ok := function.InNetworks(v.sql, list)
		if !ok {
			continue
		}
		if operator == "AND" {
			sql = "(NOT " + sql + ")"
		}
		if out == nil {
			out = map[int]string{}
		}
		for _, n := range at {
			out[n] = ""
		}
		out[i] = sql
	}
	return out
}

// inNetwork reads a term of OR that is contains of a constant network, or of AND that is NOT of it.
func inNetwork(operator string, term athenasql.Expr) (address athenasql.Expr, network string, ok bool) {
	if operator == "AND" {
		not, is := term.(*athenasql.Unary)
		if !is || not.Operator != "NOT" {
			return nil, "", false
		}
		term = not.Of
	}
	call, is := term.(*athenasql.Call)
	if !is || len(call.Args) != 2 || len(call.Name.Parts) != 1 || call.Name.Parts[0].Text != "contains" || call.Over != nil || call.Filter != nil {
		return nil, "", false
	}
	text, is := call.Args[0].(*athenasql.String)
	if !is {
		return nil, "", false
	}
	return call.Args[1], text.Value, true
}

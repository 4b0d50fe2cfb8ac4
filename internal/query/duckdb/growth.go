package duckdb

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Functions that make a large value of a small argument get by the memory limit:
// DuckDB does not count what one call builds, and does not end it in between. So
// the gate wants to see how large the value will be.

// mostGrowth is the largest number of such a call, and what the calls of one query
// may make of a value together: a call can take what another one has made. DuckDB
// computes 2,048 rows at a time, so that this is some hundred megabytes at most.
const mostGrowth = 10_000

// grower is a function whose argument says how large its value is.
type grower struct {
	arg  int  // the argument's place
	sets bool // the size is the argument, and not a multiple of what is given
}

var growers = map[string]grower{
	"repeat":       {arg: 1},
	"list_resize":  {arg: 1},
	"array_resize": {arg: 1},
	"lpad":         {arg: 1, sets: true},
	"rpad":         {arg: 1, sets: true},
	"bitstring":    {arg: 1, sets: true},
}

// checkGrowth refuses a call of a function that may make too large a value.
func (g *gate) checkGrowth(name string, node map[string]any) error {
	args, _ := node["children"].([]any)
	switch name {
	case "range", "generate_series":
		n, ok := rangeLength(args, name == "generate_series")
		if !ok || n > mostGrowth {
			return g.refuse(place(node), fmt.Sprintf("%s needs whole numbers here, written out, and makes lists of at most %d", name, mostGrowth),
				"in FROM it makes any number of rows: SELECT * FROM "+name+"(...)")
		}
		return g.grow(node, n)
	case "printf", "format":
		n, ok := formatWidth(name, args)
		if !ok || n > mostGrowth {
			return g.refuse(place(node), fmt.Sprintf("%s needs its text written out, with widths of at most %d", name, mostGrowth), "lpad and rpad fill texts too")
		}
		return g.widen(node, n)
	}
	by, ok := growers[name]
	if !ok || len(args) <= by.arg {
		return nil // of others, or a call that DuckDB refuses
	}
	n, ok := integer(args[by.arg])
	if !ok || n > mostGrowth {
		return g.refuse(place(node), fmt.Sprintf("%s needs a whole number here, written out and at most %d", name, mostGrowth),
			"bar(x, min, max, width) draws a bar of a number")
	}
	if by.sets {
		return g.widen(node, n)
	}
	if text, ok := constantOf(args[0])["value"].(string); ok {
		n *= int64(max(1, len(text)))
	}
	return g.grow(node, n)
}

// grow notes that a value becomes n times as large.
func (g *gate) grow(node map[string]any, n int64) error {
	g.grown *= max(1, n)
	return g.checkTotal(node)
}

// widen notes that a value becomes n long.
func (g *gate) widen(node map[string]any, n int64) error {
	g.widest = max(g.widest, n)
	return g.checkTotal(node)
}

func (g *gate) checkTotal(node map[string]any) error {
	if g.grown <= mostGrowth/g.widest {
		return nil
	}
	return g.refuse(place(node), fmt.Sprintf("the query could make a value of more than %d elements", mostGrowth),
		"the numbers of repeat, range, lpad and their like count together")
}

// constantOf returns the value of a node that is a constant, a cast taken off; nil
// for any other.
func constantOf(node any) map[string]any {
	n, _ := node.(map[string]any)
	if n["type"] == "OPERATOR_CAST" {
		n, _ = n["child"].(map[string]any)
	}
	if n["type"] != "VALUE_CONSTANT" {
		return nil
	}
	v, _ := n["value"].(map[string]any)
	return v
}

// integer returns the value of a node that is a whole number, written out.
func integer(node any) (int64, bool) {
	v := constantOf(node)
	typ, _ := v["type"].(map[string]any)
	if typ["id"] != "INTEGER" && typ["id"] != "BIGINT" {
		return 0, false // a decimal's value is without its point
	}
	n, ok := v["value"].(float64)
	return int64(n), ok && math.Abs(n) < 1<<53
}

// rangeLength returns how long a list of range is; inclusive says that its end
// belongs to it.
func rangeLength(args []any, inclusive bool) (int64, bool) {
	var n []int64
	for _, a := range args {
		i, ok := integer(a)
		if !ok {
			return 0, false // times are no less dense than numbers
		}
		n = append(n, i)
	}
	from, to, step := int64(0), int64(0), int64(1)
	switch len(n) {
	case 1:
		to = n[0]
	case 2:
		from, to = n[0], n[1]
	case 3:
		from, to, step = n[0], n[1], n[2]
	}
	if step == 0 || (to < from) != (step < 0) {
		return 0, true
	}
	length := (to - from) / step
	if inclusive || (to-from)%step != 0 {
		length++
	}
	return length, true
}

// placeholder is a place of a format text that a value is written to, up to the
// letter or brace that ends it.
var placeholder = map[string]*regexp.Regexp{
	"printf": regexp.MustCompile(`%[^a-zA-Z%]*`),
	"format": regexp.MustCompile(`\{[^}]*`),
}

var digits = regexp.MustCompile(`[0-9]+`)

// formatWidth returns the largest width in the text of printf or format.
func formatWidth(name string, args []any) (int64, bool) {
	if len(args) == 0 {
		return 0, true
	}
	text, ok := constantOf(args[0])["value"].(string)
	if !ok {
		return 0, false
	}
	widest := int64(1)
	for _, p := range placeholder[name].FindAllString(text, -1) {
		if strings.ContainsAny(p[1:], "*{") {
			return 0, false // the width is an argument
		}
		for _, d := range digits.FindAllString(p, -1) {
			n, err := strconv.ParseInt(d, 10, 64)
			if err != nil {
				return 0, false
			}
			widest = max(widest, n)
		}
	}
	return widest, true
}

package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// numeric reads [">", 0, "<=", 100] and the like: one comparison, or a range with its lower end first.
func (r *policyReader) numeric(tok json.Token) (filterRule, error) {
	if tok != json.Delim('[') {
		return nil, r.fail("Value of numeric must be an array.")
	}
	tok, err := r.next()
	if err != nil {
		return nil, err
	}
	operator, ok := tok.(string)
	if !ok {
		return nil, r.fail("Invalid member in numeric match: " + fmt.Sprint(tok))
	}
	compare, known := comparisons[operator]
	if !known {
		return nil, r.fail("Unrecognized numeric range operator: " + operator)
	}
	bound, err := r.bound(operator)
	if err != nil {
		return nil, err
	}
	rule := comparing(compare, bound)
	if tok, err = r.next(); err != nil {
		return nil, err
	}
	if tok == json.Delim(']') {
		return rule, nil
	}
	if operator == "=" || operator == "<" || operator == "<=" {
		return nil, r.fail("Too many elements in numeric expression")
	}
	return r.upper(tok, rule, bound)
}

// upper reads the second half of a range; tok is its first token.
func (r *policyReader) upper(tok json.Token, lower filterRule, bottom float64) (filterRule, error) {
	operator, ok := tok.(string)
	if !ok {
		return nil, r.fail("Bad value in numeric range: " + fmt.Sprint(tok))
	}
	if operator != "<" && operator != "<=" {
		return nil, r.fail("Bad numeric range operator: " + operator)
	}
	top, err := r.bound(operator)
	if err != nil {
		return nil, err
	}
	if bottom >= top {
		return nil, r.fail("Bottom must be less than top")
	}
	if tok, err = r.next(); err != nil {
		return nil, err
	}
	if tok != json.Delim(']') {
		return nil, r.fail("Too many terms in numeric range expression")
	}
	upper := comparing(comparisons[operator], top)
	return func(v any) bool { return lower(v) && upper(v) }, nil
}

// bound reads the number behind an operator.
func (r *policyReader) bound(operator string) (float64, error) {
	if operator == "=" {
		operator = "equals"
	}
	tok, err := r.next()
	if err != nil {
		return 0, err
	}
	n, ok := tok.(json.Number)
	if !ok {
		return 0, r.fail("Value of " + operator + " must be numeric")
	}
	return r.number(n)
}

var comparisons = map[string]func(v, bound float64) bool{
	"=":  func(v, bound float64) bool { return v == bound },
	"<":  func(v, bound float64) bool { return v < bound },
	"<=": func(v, bound float64) bool { return v <= bound },
	">":  func(v, bound float64) bool { return v > bound },
	">=": func(v, bound float64) bool { return v >= bound },
}

func comparing(compare func(v, bound float64) bool, bound float64) filterRule {
	return func(v any) bool {
		f, ok := v.(float64)
		return ok && compare(f, bound)
	}
}

// anythingBut reads a string or number, a list of either, or {"prefix": ...}. It matches strings and numbers that are none of these.
func (r *policyReader) anythingBut(tok json.Token) (filterRule, error) {
	const wrong = "Value of anything-but must be an array or single string/number value."
	var but []any
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' {
			return r.anythingButPrefix()
		}
		for r.dec.More() {
			tok, err := r.next()
			if err != nil {
				return nil, err
			}
			if but, err = r.another(but, tok, "Inside anything but list, start|null|boolean is not supported."); err != nil {
				return nil, err
			}
		}
		if _, err := r.next(); err != nil {
			return nil, err
		}
		if len(but) == 0 {
			return nil, r.fail("Empty arrays are not allowed")
		}
	default:
		var err error
		if but, err = r.another(but, tok, wrong); err != nil {
			return nil, err
		}
	}
	return func(v any) bool { return isTextOrNumber(v) && !slices.Contains(but, v) }, nil
}

func isTextOrNumber(v any) bool {
	switch v.(type) {
	case string, float64:
		return true
	}
	return false
}

// another adds a value of anything-but, which must be of the type of those before.
func (r *policyReader) another(but []any, tok json.Token, wrong string) ([]any, error) {
	v, err := r.plain(tok)
	if err != nil {
		return nil, err
	}
	if !isTextOrNumber(v) {
		return nil, r.fail(wrong)
	}
	if len(but) > 0 && fmt.Sprintf("%T", but[0]) != fmt.Sprintf("%T", v) {
		return nil, r.fail("Inside anything but list, either all values are number or string, mixed type is not supported")
	}
	return append(but, v), nil
}

func (r *policyReader) anythingButPrefix() (filterRule, error) {
	tok, err := r.next()
	if err != nil {
		return nil, err
	}
	if operator, _ := tok.(string); operator != "prefix" {
		return nil, r.fail("Unsupported anything-but pattern: " + fmt.Sprint(tok))
	}
	if tok, err = r.next(); err != nil {
		return nil, err
	}
	prefix, err := ofText("prefix", strings.HasPrefix)(r, tok)
	if err != nil {
		return nil, err
	}
	if tok, err = r.next(); err != nil {
		return nil, err
	}
	if tok != json.Delim('}') {
		return nil, r.fail("Only one key allowed in match expression")
	}
	return func(v any) bool {
		_, ok := v.(string)
		return ok && !prefix(v)
	}, nil
}

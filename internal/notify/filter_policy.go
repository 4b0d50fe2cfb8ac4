package notify

import (
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// A filterPolicy says which messages a subscription gets.
//
// Source: AWS, Amazon SNS Developer Guide, "Amazon SNS subscription filter policies"; recordings of AWS for the words of errors, and how nested arrays match.
type filterPolicy struct {
	scope string
	root  *filterNode
}

// A filterNode is an object of a policy: all of its fields match, and of each list of alternatives one.
type filterNode struct {
	fields []filterField
	or     [][]*filterNode
}

// A filterField is a key with rules, one of which matches, or with an object.
type filterField struct {
	key   string
	rules []filterRule
	node  *filterNode
}

// A filterRule says whether it matches a value: a string, float64, bool or nil for null; absent is what has no value.
type filterRule func(v any) bool

// absent stands for a key that is not there.
type absent struct{}

// The bounds of a policy.
//
// Source: AWS, Amazon SNS Developer Guide, "Filter policy constraints".
const (
	maxPolicySize   = 256 << 10
	maxPolicyKeys   = 5
	maxCombinations = 150
	maxPolicyNumber = 1e9
	maxPolicyDepth  = 32 // ours: deeper ones have too many combinations anyway
)

// parseFilterPolicy reads a policy for a scope. Errors have their place in the text.
func parseFilterPolicy(text, scope string) (*filterPolicy, error) {
	if len(text) > maxPolicySize {
		return nil, badf("FilterPolicy: Filter policy has %d bytes, and can not have more than %d", len(text), maxPolicySize)
	}
	r := &policyReader{text: text, dec: json.NewDecoder(strings.NewReader(text))}
	r.dec.UseNumber()
	tok, err := r.next()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return nil, r.fail("Filter policy must be a JSON object")
	}
	root, err := r.object()
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, r.fail("failed to parse JSON. There is more behind the object")
	}
	if scope == scopeAttributes && r.nested {
		return nil, badAttribute("Filter policy scope MessageAttributes does not support nested filter policy")
	}
	if root.keys() > maxPolicyKeys {
		return nil, badf("FilterPolicy: Filter policy can not have more than %d keys", maxPolicyKeys)
	}
	if root.combinations(1) > maxCombinations {
		return nil, badf("FilterPolicy: Filter policy is too complex")
	}
	if scope == scopeBody {
		root = root.dotted()
	}
	return &filterPolicy{scope, root}, nil
}

// keys counts the keys at the top, those of alternatives among them.
func (n *filterNode) keys() int {
	seen := map[string]bool{}
	var count func(n *filterNode)
	count = func(n *filterNode) {
		for _, f := range n.fields {
			seen[f.key] = true
		}
		for _, alternatives := range n.or {
			for _, a := range alternatives {
				count(a)
			}
		}
	}
	count(n)
	return len(seen)
}

// combinations multiplies the numbers of values, each times how deep it lies; of alternatives it takes the sum.
func (n *filterNode) combinations(depth int) float64 {
	total := 1.0
	for _, f := range n.fields {
		if f.node != nil {
			total *= f.node.combinations(depth + 1)
		} else {
			total *= float64(len(f.rules) * depth)
		}
	}
	for _, alternatives := range n.or {
		sum := 0.0
		for _, a := range alternatives {
			sum += a.combinations(depth)
		}
		total *= sum
	}
	return total
}

// dotted makes an object of each part of a key with dots: to SNS "a.b" is b in a.
func (n *filterNode) dotted() *filterNode {
	out := &filterNode{}
	for _, f := range n.fields {
		at, parts := out, strings.Split(f.key, ".")
		for _, part := range parts[:len(parts)-1] {
			at = at.within(part)
		}
		last := parts[len(parts)-1]
		if f.node == nil {
			at.fields = append(at.fields, filterField{key: last, rules: f.rules})
			continue
		}
		sub, inner := at.within(last), f.node.dotted()
		sub.fields, sub.or = append(sub.fields, inner.fields...), append(sub.or, inner.or...)
	}
	for _, alternatives := range n.or {
		list := make([]*filterNode, len(alternatives))
		for i, a := range alternatives {
			list[i] = a.dotted()
		}
		out.or = append(out.or, list)
	}
	return out
}

// within returns the object of a key, which it makes where it is not there.
func (n *filterNode) within(key string) *filterNode {
	for _, f := range n.fields {
		if f.key == key && f.node != nil {
			return f.node
		}
	}
	node := &filterNode{}
	n.fields = append(n.fields, filterField{key: key, node: node})
	return node
}

// policyReader reads the tokens of a policy.
type policyReader struct {
	text   string
	dec    *json.Decoder
	at     int // where the last token begins
	level  int // how many objects are open
	nested bool
}

func (r *policyReader) next() (json.Token, error) {
	r.at = int(r.dec.InputOffset())
	for r.at < len(r.text) && strings.ContainsRune(" \t\r\n,:", rune(r.text[r.at])) {
		r.at++
	}
	tok, err := r.dec.Token()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, r.fail("failed to parse JSON. It ends too early")
	}
	if err != nil {
		return nil, r.fail("failed to parse JSON. " + err.Error())
	}
	return tok, nil
}

// fail makes an error at the last token.
func (r *policyReader) fail(text string) error {
	before := r.text[:min(r.at, len(r.text))]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return badf("FilterPolicy: %s\n at [line: %d, column: %d]", text, line, column)
}

// object reads what stands behind "{".
func (r *policyReader) object() (*filterNode, error) {
	if r.level++; r.level > maxPolicyDepth {
		return nil, r.fail("Filter policy is nested too deep")
	}
	defer func() { r.level-- }()
	node, seen := &filterNode{}, map[string]bool{}
	for r.dec.More() {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		key, _ := tok.(string) // the decoder takes nothing else
		if seen[key] {
			return nil, r.fail("the key \"" + key + "\" is there twice")
		}
		seen[key] = true
		if tok, err = r.next(); err != nil {
			return nil, err
		}
		if err := r.field(node, key, tok); err != nil {
			return nil, err
		}
	}
	if _, err := r.next(); err != nil {
		return nil, err
	}
	if len(node.fields) == 0 && len(node.or) == 0 {
		return nil, r.fail("Empty objects are not allowed")
	}
	return node, nil
}

func (r *policyReader) field(node *filterNode, key string, tok json.Token) error {
	switch {
	case key == "$or":
		if tok != json.Delim('[') {
			return r.fail("\"$or\" must be an array of at least two objects")
		}
		alternatives, err := r.alternatives()
		node.or = append(node.or, alternatives)
		return err
	case tok == json.Delim('['):
		rules, err := r.rules()
		node.fields = append(node.fields, filterField{key: key, rules: rules})
		return err
	case tok == json.Delim('{'):
		r.nested = true
		inner, err := r.object()
		node.fields = append(node.fields, filterField{key: key, node: inner})
		return err
	}
	return r.fail("\"" + key + "\" must be an object or an array")
}

func (r *policyReader) alternatives() ([]*filterNode, error) {
	var out []*filterNode
	for r.dec.More() {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		if tok != json.Delim('{') {
			return nil, r.fail("\"$or\" must be an array of at least two objects")
		}
		node, err := r.object()
		if err != nil {
			return nil, err
		}
		out = append(out, node)
	}
	if _, err := r.next(); err != nil {
		return nil, err
	}
	if len(out) < 2 {
		return nil, r.fail("\"$or\" must be an array of at least two objects")
	}
	return out, nil
}

// rules reads what stands behind "[".
func (r *policyReader) rules() ([]filterRule, error) {
	var out []filterRule
	for r.dec.More() {
		tok, err := r.next()
		if err != nil {
			return nil, err
		}
		rule, err := r.rule(tok)
		if err != nil {
			return nil, err
		}
		out = append(out, rule)
	}
	if _, err := r.next(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, r.fail("Empty arrays are not allowed")
	}
	return out, nil
}

func (r *policyReader) rule(tok json.Token) (filterRule, error) {
	switch tok {
	case json.Delim('{'):
		return r.expression()
	case json.Delim('['):
		return nil, r.fail("Match value must be String, number, true, false, or null")
	}
	want, err := r.plain(tok)
	return func(v any) bool { return v == want }, err
}

// plain returns the value of a token that is no delimiter: numbers as float64.
func (r *policyReader) plain(tok json.Token) (any, error) {
	if n, ok := tok.(json.Number); ok {
		return r.number(n)
	}
	return tok, nil
}

// number reads a number that SNS compares exactly: at most 1e9 to both sides, with at most five digits behind the point.
func (r *policyReader) number(n json.Number) (float64, error) {
	f, err := n.Float64()
	if err != nil || f < -maxPolicyNumber || f > maxPolicyNumber {
		return 0, r.fail("Value must be between -1.0E9 and 1.0E9, inclusive")
	}
	if _, digits, _ := strings.Cut(strconv.FormatFloat(f, 'f', -1, 64), "."); len(digits) > 5 {
		return 0, r.fail("A number has at most five digits behind the point")
	}
	return f, nil
}

// expression reads {"operator": ...} behind "{".
func (r *policyReader) expression() (filterRule, error) {
	if !r.dec.More() {
		_, _ = r.next()
		return nil, r.fail("Empty match expressions are not allowed")
	}
	tok, err := r.next()
	if err != nil {
		return nil, err
	}
	operator, _ := tok.(string)
	read, known := operators[operator]
	if !known {
		return nil, r.fail("Unrecognized match type " + operator)
	}
	if tok, err = r.next(); err != nil {
		return nil, err
	}
	rule, err := read(r, tok)
	if err != nil {
		return nil, err
	}
	if r.dec.More() {
		if _, err := r.next(); err != nil {
			return nil, err
		}
		return nil, r.fail("Only one key allowed in match expression")
	}
	_, err = r.next()
	return rule, err
}

// operators read what stands behind the name of an operator; tok is its first token.
var operators = map[string]func(r *policyReader, tok json.Token) (filterRule, error){
	"prefix":             ofText("prefix", strings.HasPrefix),
	"suffix":             ofText("suffix", strings.HasSuffix),
	"equals-ignore-case": ofText("equals-ignore-case", strings.EqualFold),
	"cidr":               (*policyReader).cidr,
	"exists":             (*policyReader).exists,
	"numeric":            (*policyReader).numeric,
	"anything-but":       (*policyReader).anythingBut,
}

func ofText(name string, matches func(v, want string) bool) func(*policyReader, json.Token) (filterRule, error) {
	return func(r *policyReader, tok json.Token) (filterRule, error) {
		want, ok := tok.(string)
		if !ok {
			return nil, r.fail(name + " match pattern must be a string")
		}
		return func(v any) bool {
			text, ok := v.(string)
			return ok && matches(text, want)
		}, nil
	}
}

func (r *policyReader) cidr(tok json.Token) (filterRule, error) {
	text, ok := tok.(string)
	if !ok {
		return nil, r.fail("prefix match pattern must be a string") // AWS's rule engine says so of cidr too
	}
	if strings.Count(text, "/") != 1 {
		return nil, r.fail("Malformed CIDR, one '/' required: " + text)
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, r.fail("Malformed CIDR, an address or a number of bits that is none: " + text)
	}
	return func(v any) bool {
		text, _ := v.(string)
		a, err := netip.ParseAddr(text)
		return err == nil && network.Contains(a)
	}, nil
}

func (r *policyReader) exists(tok json.Token) (filterRule, error) {
	want, ok := tok.(bool)
	if !ok {
		return nil, r.fail("exists match pattern must be either true or false.")
	}
	return func(v any) bool {
		if _, missing := v.(absent); missing {
			return !want
		}
		return want && v != nil && v != ""
	}, nil
}

package notify

import (
	"encoding/json"
	"slices"
	"strings"
)

// matches says whether a subscription with a policy gets a message; text is what it would get.
func (p *filterPolicy) matches(m *Message, text string) bool {
	if p.scope == scopeAttributes {
		return p.root.matches(attributeValues(m.Attributes))
	}
	v, ok := jsonValue(text)
	if !ok {
		return false
	}
	body, ok := v.(map[string]any)
	return ok && p.root.matches(undotted(body))
}

// attributeValues returns the values of a message's attributes. Those of Binary are passed over, as SNS does, and so is a String.Array that is no JSON
// array.
func attributeValues(attributes map[string]Attribute) map[string]any {
	out := map[string]any{}
	for name, a := range attributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		switch {
		case a.DataType == "String.Array":
			if v, ok := jsonValue(a.Value); ok {
				if list, ok := v.([]any); ok {
					out[name] = list
				}
			}
		case kind == "Number":
			if v, ok := jsonValue(strings.TrimSpace(a.Value)); ok {
				if f, ok := v.(float64); ok {
					out[name] = f
				}
			}
		case kind == "String":
			out[name] = a.Value
		}
	}
	return out
}

// jsonValue reads one JSON value that is the whole text, false where it is not.
func jsonValue(text string) (any, bool) {
	var v any
	return v, json.Unmarshal([]byte(text), &v) == nil
}

// undotted makes an object of each part of a key with dots, as [filterNode.dotted] does of a policy's.
func undotted(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = undotted(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			parts := strings.Split(key, ".")
			e = undotted(e)
			for i := len(parts) - 1; i > 0; i-- {
				e = map[string]any{parts[i]: e}
			}
			out[parts[0]] = merged(out, parts[0], e)
		}
		return out
	}
	return v
}

// merged returns a value together with the one that a key has already: objects become one, else either counts.
func merged(in map[string]any, key string, v any) any {
	have, ok := in[key]
	if !ok {
		return v
	}
	a, isObject := have.(map[string]any)
	b, areBoth := v.(map[string]any)
	if !isObject || !areBoth {
		return []any{have, v}
	}
	for k, e := range b {
		a[k] = merged(a, k, e)
	}
	return a
}

// matches says whether a value matches an object of a policy: an array does where one of its elements does.
func (n *filterNode) matches(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, n.matches) || len(v) == 0 && n.matches(map[string]any{})
	case map[string]any:
		return n.matchesObject(v)
	}
	return n.matchesObject(nil) // a plain value has no keys
}

func (n *filterNode) matchesObject(object map[string]any) bool {
	for _, f := range n.fields {
		v, ok := object[f.key]
		switch {
		case f.node != nil && !ok:
			v = map[string]any{}
		case !ok:
			v = absent{}
		}
		if f.node != nil && !f.node.matches(v) || f.node == nil && !f.matches(v) {
			return false
		}
	}
	for _, alternatives := range n.or {
		if !slices.ContainsFunc(alternatives, func(a *filterNode) bool { return a.matchesObject(object) }) {
			return false
		}
	}
	return true
}

// matches says whether one of the rules matches a value, or an element of an array.
func (f *filterField) matches(v any) bool {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return f.matches(absent{})
		}
		return slices.ContainsFunc(v, f.matches)
	case map[string]any:
		return false // it has keys, and no value
	}
	return slices.ContainsFunc(f.rules, func(rule filterRule) bool { return rule(v) })
}

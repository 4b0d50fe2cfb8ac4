package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader reads the nodes of a file.
type reader struct{ file string }

// bad returns an error at a node.
func (r *reader) bad(n *yaml.Node, format string, args ...any) error {
	return &Error{r.file, placeOf(n), fmt.Sprintf(format, args...)}
}

func placeOf(n *yaml.Node) Place { return Place{n.Line, n.Column} }

// root returns what the one document of a file is.
func (r *reader) root(data []byte) (*yaml.Node, error) {
	l, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, r.fault(err, data)
	}
	var doc, more yaml.Node
	switch err := l.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, &Error{File: r.file, Reason: "an empty file"}
	case err != nil:
		return nil, r.fault(err, data)
	}
	switch err := l.Load(&more); {
	case err == nil:
		return nil, r.bad(&more, "a second document where one is expected")
	case !errors.Is(err, io.EOF):
		return nil, r.fault(err, data)
	}
	root := &doc
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	return root, nil
}

// kind names what a node is.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "no value"
	}
	return strconv.Quote(n.Value)
}

// pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs returns what a mapping holds, each key once.
func (r *reader) pairs(n *yaml.Node, what string) ([]pair, error) {
	if n.Kind != yaml.MappingNode {
		return nil, r.bad(n, "%s where %s is expected", kind(n), what)
	}
	seen := map[string]int{}
	var out []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch was, twice := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!null" || k.Value == "":
			return nil, r.bad(k, "%s where a key is expected", kind(k))
		case k.Tag == "!!merge":
			return nil, r.bad(k, "merge keys (<<) are not supported: write it out")
		case v.Kind == yaml.AliasNode:
			return nil, r.bad(v, "aliases (*%s) are not supported: write it out", v.Value)
		case twice:
			return nil, r.bad(k, "%s is there before, in line %d", k.Value, was)
		}
		seen[k.Value] = k.Line
		out = append(out, pair{k, v})
	}
	return out, nil
}

// keyed is a key that a mapping may have, and what reads its value.
type keyed struct {
	key  string
	need bool
	read func(*yaml.Node) error
}

// mapping reads a mapping of some keys.
func (r *reader) mapping(n *yaml.Node, what string, keys ...keyed) error {
	all, err := r.pairs(n, what)
	if err != nil {
		return err
	}
	said := map[string]bool{}
	for _, p := range all {
		i := slices.IndexFunc(keys, func(k keyed) bool { return k.key == p.key.Value })
		if i < 0 {
			names := make([]string, len(keys))
			for i, k := range keys {
				names[i] = k.key
			}
			return r.bad(p.key, "no key %s; there are %s", p.key.Value, strings.Join(names, ", "))
		}
		if err := keys[i].read(p.value); err != nil {
			return err
		}
		said[p.key.Value] = true
	}
	for _, k := range keys {
		if k.need && !said[k.key] {
			return r.bad(n, "no %s", k.key)
		}
	}
	return nil
}

// list calls read for each element of a list.
func (r *reader) list(n *yaml.Node, read func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return r.bad(n, "%s where a list is expected", kind(n))
	}
	for _, e := range n.Content {
		if err := read(e); err != nil {
			return err
		}
	}
	return nil
}

// text reads a text that is not empty. It may look like a number, as an account does.
func (r *reader) text(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
			return r.bad(n, "%s where a text is expected", kind(n))
		}
		*to = n.Value
		return nil
	}
}

// matching reads a text of a form, which what says.
func (r *reader) matching(to *string, form *regexp.Regexp, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := r.text(to)(n); err != nil {
			return err
		}
		if !form.MatchString(*to) {
			return r.bad(n, "%q is no %s", *to, what)
		}
		return nil
	}
}

// oneOf reads one of some texts.
func (r *reader) oneOf(to *string, words ...string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if err := r.text(to)(n); err != nil {
			return err
		}
		if !slices.Contains(words, *to) {
			return r.bad(n, "%q is none of %s", *to, strings.Join(words, ", "))
		}
		return nil
	}
}

// truth reads true or false.
func (r *reader) truth(to *bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		b, err := strconv.ParseBool(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || err != nil {
			return r.bad(n, "%s is neither true nor false", kind(n))
		}
		*to = b
		return nil
	}
}

// number reads a number from 1 to most.
func (r *reader) number(to *int64, most int64) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || err != nil || v < 1 || v > most {
			return r.bad(n, "%s is no number from 1 to %d", kind(n), most)
		}
		*to = v
		return nil
	}
}

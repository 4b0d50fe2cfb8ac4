package lab

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A yamlText is a file of YAML that was read, of several documents the first that has what is looked for.
type yamlText struct {
	name string
	data []byte
}

// place returns where in the file something stands, as "NAME: line 3, column 5": keys of mappings, and numbers of items or what they have (item), lead to it. Where they lead to nothing, it is what they lead to last, and
// the file alone where that is nothing, or where who made it has no text of it.
func (d yamlText) place(path ...any) string {
	line, column, most := 0, 0, -1
	for _, root := range d.roots() {
		if at, n := walk(root, path); at != nil && n > most {
			line, column, most = at.Line, at.Column, n
		}
	}
	if line == 0 {
		return d.name
	}
	return fmt.Sprintf("%s: line %d, column %d", d.name, line, column)
}

// An item is the first one of a list that has a text, or as a mapping has it at a key.
type item struct{ key, text string }

// among returns it; nil: there is none.
func (i item) among(list *yaml.Node) *yaml.Node {
	for _, n := range list.Content {
		if i.key == "" && n.Value == i.text {
			return n
		}
		for j := 0; i.key != "" && n.Kind == yaml.MappingNode && j+1 < len(n.Content); j += 2 {
			if n.Content[j].Value == i.key && n.Content[j+1].Value == i.text {
				return n
			}
		}
	}
	return nil
}

// roots are the documents of a file, as far as they can be read.
func (d yamlText) roots() (out []*yaml.Node) {
	l, err := yaml.NewLoader(bytes.NewReader(d.data))
	for err == nil {
		n := &yaml.Node{}
		if err = l.Load(n); err == nil && len(n.Content) == 1 {
			out = append(out, n.Content[0])
		}
	}
	return out
}

// walk goes along a path as far as it leads, and returns what is there, of a mapping's value its key, and how many steps that were. Nil: none.
func walk(n *yaml.Node, path []any) (at *yaml.Node, steps int) {
	for _, step := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		next := (*yaml.Node)(nil)
		switch key := step.(type) {
		case int:
			if n.Kind == yaml.SequenceNode && key < len(n.Content) {
				at, next = n.Content[key], n.Content[key]
			}
		case item:
			if n.Kind == yaml.SequenceNode {
				next = key.among(n)
			}
			if next != nil {
				at = next
			}
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					at, next = n.Content[i], n.Content[i+1]
				}
			}
		}
		if next == nil {
			break
		}
		n, steps = next, steps+1
	}
	return at, steps
}

// checkItems refuses items of lists that have no value: who reads them would leave them out.
func (d yamlText) checkItems() error {
	var faults []string
	var see func(n *yaml.Node)
	see = func(n *yaml.Node) {
		for _, inner := range n.Content { // what an alias stands for is seen where it is
			if n.Kind == yaml.SequenceNode && inner.Kind == yaml.ScalarNode && inner.ShortTag() == "!!null" {
				faults = append(faults, fmt.Sprintf("line %d, column %d: no value where an item of a list is expected", inner.Line, inner.Column))
			}
			see(inner)
		}
	}
	for _, root := range d.roots() {
		see(root)
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", d.name, strings.Join(faults, "; "))
}

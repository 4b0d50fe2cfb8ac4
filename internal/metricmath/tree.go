package metricmath

import (
	"strconv"
	"strings"
)

// A node is a part of an expression that was read. String writes it so that reading gives the same.
type node interface {
	String() string
	// at is the place in the expression's text, in bytes.
	at() int
}

type place int

func (p place) at() int { return int(p) }

type (
	numberNode struct {
		place
		value float64
	}
	textNode struct {
		place
		text string
	}
	// A nameNode is the id of a query.
	nameNode struct {
		place
		id string
	}
	// A wordNode is a word in capitals that is no function's call: REPEAT, or AVG in SORT.
	wordNode struct {
		place
		word string
	}
	arrayNode struct {
		place
		elements []node
	}
	minusNode struct {
		place
		of node
	}
	// An operatorNode has its operator as AWS's first form: AND for &&.
	operatorNode struct {
		place
		operator    string
		left, right node
	}
	callNode struct {
		place
		name      string
		arguments []node
	}
)

func (n *numberNode) String() string { return strconv.FormatFloat(n.value, 'f', -1, 64) }
func (n *nameNode) String() string   { return n.id }
func (n *wordNode) String() string   { return n.word }
func (n *arrayNode) String() string  { return "[" + written(n.elements) + "]" }
func (n *minusNode) String() string  { return "(-" + n.of.String() + ")" }
func (n *callNode) String() string   { return n.name + "(" + written(n.arguments) + ")" }

func (n *operatorNode) String() string {
	return "(" + n.left.String() + " " + n.operator + " " + n.right.String() + ")"
}

func (n *textNode) String() string {
	if strings.Contains(n.text, `"`) {
		return "'" + n.text + "'" // an apostrophe in it has a backslash
	}
	return `"` + n.text + `"`
}

func written(nodes []node) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = n.String()
	}
	return strings.Join(parts, ", ")
}

// walk calls f for a node and all below it.
func walk(n node, f func(node)) {
	f(n)
	switch n := n.(type) {
	case *arrayNode:
		for _, e := range n.elements {
			walk(e, f)
		}
	case *minusNode:
		walk(n.of, f)
	case *operatorNode:
		walk(n.left, f)
		walk(n.right, f)
	case *callNode:
		for _, e := range n.arguments {
			walk(e, f)
		}
	}
}

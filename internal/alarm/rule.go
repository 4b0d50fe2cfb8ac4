package alarm

import (
	"slices"
	"strings"
)

// The limits of rules.
//
// Source: AWS, CloudWatch API Reference, PutCompositeAlarm.
const (
	maxRule     = 10240
	maxChildren = 100
	maxElements = 500
)

// A Rule is the rule of a composite alarm: states of other alarms, with AND, OR, NOT, AT_LEAST and parentheses.
type Rule struct {
	root     ruleNode
	children []string
}

// Alarms returns the alarms that the rule names, as it names them: names or ARNs; each once, in their order.
func (r *Rule) Alarms() []string { return slices.Clone(r.children) }

// holds evaluates the rule: state tells the state of an alarm by its name.
func (r *Rule) holds(state func(name string) State) bool { return r.root.holds(state) }

// NameOf returns the name in the ARN of an alarm, and what is no ARN as it is.
func NameOf(nameOrARN string) string {
	parts := strings.SplitN(nameOrARN, ":", 7)
	if len(parts) == 7 && parts[0] == "arn" && parts[2] == "cloudwatch" && parts[5] == "alarm" && parts[6] != "" {
		return parts[6]
	}
	return nameOrARN
}

// A ruleNode is a part of a rule that is true or false.
type ruleNode interface {
	holds(state func(name string) State) bool
}

type (
	// inState is ALARM("name") and its like.
	inState struct {
		name  string
		state State
	}
	constant bool
	not      struct{ of ruleNode }
	and      []ruleNode
	or       []ruleNode
	// atLeast is AT_LEAST(least, state, (names)); least is a number of alarms, or a part of them in percent.
	atLeast struct {
		least   int
		percent bool
		state   State
		// other says that it is NOT state.
		other bool
		names []string
	}
)

func (n inState) holds(state func(string) State) bool { return state(n.name) == n.state }

func (n constant) holds(func(string) State) bool { return bool(n) }

func (n not) holds(state func(string) State) bool { return !n.of.holds(state) }

func (n and) holds(state func(string) State) bool {
	return !slices.ContainsFunc(n, func(part ruleNode) bool { return !part.holds(state) })
}

func (n or) holds(state func(string) State) bool {
	return slices.ContainsFunc(n, func(part ruleNode) bool { return part.holds(state) })
}

func (n atLeast) holds(state func(string) State) bool {
	found := 0
	for _, name := range n.names {
		if (state(name) == n.state) != n.other {
			found++
		}
	}
	if n.percent {
		return found*100 >= n.least*len(n.names)
	}
	return found >= n.least
}

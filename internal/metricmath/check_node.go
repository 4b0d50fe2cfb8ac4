package metricmath

import (
	"errors"
	"math"
	"slices"
	"strings"
)

// node tells what a part of an expression gives, and keeps it.
func (c *checker) node(n node) (kindOf, error) {
	k, err := c.inferNode(n)
	if err == nil {
		c.nodes[n] = k
	}
	return k, err
}

func (c *checker) inferNode(n node) (kindOf, error) {
	switch n := n.(type) {
	case *numberNode:
		return kindOf{kind: scalar}, nil
	case *textNode:
		return kindOf{kind: text}, nil
	case *wordNode:
		return kindOf{kind: word}, nil
	case *nameNode:
		return c.name(n)
	case *arrayNode:
		return c.array(n)
	case *minusNode:
		k, err := c.node(n.of)
		if err == nil && k.kind > array {
			err = wrong(n.at(), "", "Unsupported operand type for -: '%s'", k.kind)
		}
		return k, err
	case *operatorNode:
		return c.operator(n)
	}
	return c.function(n.(*callNode))
}

func (c *checker) name(n *nameNode) (kindOf, error) {
	i, ok := c.index[n.id]
	if !ok {
		hint := ""
		if up := strings.ToUpper(n.id); functions[up] != nil || slices.Contains(fillFillers, up) {
			hint = "write " + up + " in capitals"
		}
		return kindOf{}, wrong(n.at(), hint, "Undefined variable '%s'", n.id)
	}
	if err := c.infer(i); err != nil {
		return kindOf{}, err
	}
	return c.kinds[i], nil
}

func (c *checker) array(n *arrayNode) (kindOf, error) {
	if len(n.elements) == 0 {
		return kindOf{}, wrong(n.at(), "", "The array is empty")
	}
	out := kindOf{kind: array}
	for _, e := range n.elements {
		k, err := c.node(e)
		if err != nil {
			return k, err
		}
		if k.kind != series && k.kind != array {
			return k, wrong(e.at(), "TIME_SERIES makes a time series of a number", "An array has time series; this is '%s'", k.kind)
		}
		out.periods = union(out.periods, k.periods)
	}
	return out, nil
}

// operator tells what an operator gives. Arithmetic takes an array on one side; comparisons and AND and OR take none.
//
// Source: AWS, CloudWatch User Guide, "Basic arithmetic functions" and "Comparison and logical operators".
func (c *checker) operator(n *operatorNode) (kindOf, error) {
	l, err := c.node(n.left)
	if err != nil {
		return l, err
	}
	r, err := c.node(n.right)
	if err != nil {
		return r, err
	}
	out := kindOf{kind: max(l.kind, r.kind), periods: union(l.periods, r.periods)}
	arithmetic := slices.Contains([]string{"+", "-", "*", "/", "^"}, n.operator)
	if out.kind > array || !arithmetic && out.kind == array || l.kind == array && r.kind == array {
		return out, wrong(n.at(), "", "Unsupported operand type(s) for %s: '%s' and '%s'", n.operator, l.kind, r.kind)
	}
	if l.kind >= series && r.kind >= series {
		return out, c.onePeriod(n, out.periods)
	}
	return out, nil
}

// onePeriod refuses time series of different periods that meet: AWS does not say what their result is.
func (c *checker) onePeriod(n node, periods []int) error {
	if len(periods) > 1 {
		return wrong(n.at(), "give them one Period", "Time series of different periods can not be combined: %s", seconds(periods))
	}
	return nil
}

func (c *checker) function(n *callNode) (kindOf, error) {
	f := functions[n.name]
	if f == nil {
		return kindOf{}, wrong(n.at(), "", "Function '%s' not found", n.name)
	}
	if f.refused != "" {
		return kindOf{}, wrong(n.at(), "", "Function '%s' is not supported: %s", n.name, f.refused)
	}
	var given []kind
	var out kindOf
	for i, a := range n.arguments {
		k, err := c.node(a)
		if err != nil {
			return k, err
		}
		given = append(given, k.kind)
		if k.kind == series || k.kind == array {
			out.periods = union(out.periods, k.periods)
		}
		if w, ok := a.(*wordNode); ok && f.words[i] != nil && !slices.Contains(f.words[i], w.word) {
			return k, wrong(a.at(), "", "Unknown word '%s': one of %s is expected", w.word, strings.Join(f.words[i], ", "))
		}
	}
	i := slices.IndexFunc(f.forms, func(x form) bool { return slices.Equal(x.in, given) })
	if i < 0 {
		return out, wrong(n.at(), "it takes "+formsText(f.forms), "Invalid arguments for function '%s': %s", n.name, kindsText(given))
	}
	out.kind = f.forms[i].out
	if !f.separately {
		if err := c.onePeriod(n, out.periods); err != nil {
			return out, err
		}
	}
	if f.check != nil {
		if err := f.check(c, n); err != nil {
			return out, err
		}
	}
	switch n.name {
	case "METRICS":
		for _, j := range c.metrics(n) {
			out.periods = union(out.periods, c.kinds[j].periods)
		}
	case "SEARCH":
		out.periods = []int{c.searches[n].stat.Period}
	case "TIME_SERIES", "INSIGHT_RULE_METRIC":
		out.periods = []int{c.own[c.at]}
	}
	if out.kind == scalar {
		out.periods = nil
	}
	return out, nil
}

func formsText(forms []form) string {
	texts := make([]string, len(forms))
	for i, f := range forms {
		texts[i], _, _ = strings.Cut(f.String(), " ->")
	}
	return strings.Join(texts, " or ")
}

func kindsText(kinds []kind) string {
	text, _, _ := strings.Cut(form{in: kinds}.String(), " ->")
	return text
}

// checkPeriod holds PERIOD to the metrics of the request.
//
// Source: AWS, CloudWatch User Guide: "Valid input is metrics, not the results of other expressions".
func checkPeriod(c *checker, n *callNode) error {
	if name, ok := n.arguments[0].(*nameNode); ok && c.queries[c.index[name.id]].Stat != nil {
		return nil
	}
	return wrong(n.arguments[0].at(), "give it the Id of a metric", "PERIOD takes metrics, not the results of expressions")
}

func checkMetrics(c *checker, n *callNode) error {
	if len(c.metrics(n)) == 0 {
		return wrong(n.at(), "the Ids of metrics are searched, those of expressions are not", "METRICS finds no metric in the request")
	}
	return nil
}

func checkOwnPeriod(c *checker, n *callNode) error {
	if c.own[c.at] == 0 {
		return wrong(n.at(), "give the query a Period", "%s has no period", n.name)
	}
	return nil
}

// insightMetrics are the metrics of a rule of Contributor Insights.
//
// Source: AWS, CloudWatch User Guide, "Graphing metrics generated by rules"; the last is weir's own.
var insightMetrics = []string{"UniqueContributors", "MaxContributorValue", "SampleCount", "Sum", "Minimum", "Maximum", "Average", "NewContributors"}

func checkInsightRule(c *checker, n *callNode) error {
	if m := n.arguments[1].(*textNode); !slices.Contains(insightMetrics, m.text) {
		return wrong(m.at(), "", "Unknown metric '%s' of a rule: one of %s is expected", m.text, strings.Join(insightMetrics, ", "))
	}
	return checkOwnPeriod(c, n)
}

func checkSearch(c *checker, n *callNode) error {
	own := c.own[c.at]
	if len(n.arguments) == 3 {
		p, ok := n.arguments[2].(*numberNode)
		if !ok || p.value != math.Trunc(p.value) || p.value > 1<<31 {
			return wrong(n.arguments[2].at(), "such as 300", "The period of SEARCH is not a whole number")
		}
		own = int(p.value)
		if err := checkPeriodLength(p.at(), own); err != nil {
			return err
		}
	} else if err := checkOwnPeriod(c, n); err != nil {
		return err
	}
	stat := n.arguments[1].(*textNode)
	if err := checkStat(stat.at(), stat.text); err != nil {
		return err
	}
	t := n.arguments[0].(*textNode)
	s, err := parseSearch(t.text)
	if err != nil {
		if e := new(Error); errors.As(err, &e) {
			e.Offset += t.at() + 1 // behind the quote
		}
		return err
	}
	s.stat = Stat{Stat: stat.text, Period: own}
	c.searches[n] = s
	return nil
}

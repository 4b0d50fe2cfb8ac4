package metricmath

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"weir/internal/metricstore"
)

// maxQueries is how many queries a request may have.
//
// Source: AWS, CloudWatch API Reference, GetMetricData.
const maxQueries = 500

// idForm is the form of an id.
//
// Source: AWS, CloudWatch API Reference, MetricDataQuery.
var idForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// Check says what is wrong with queries: an *Error. It finds all that does not depend on data: what an expression gives, a
// series or several, is known from its text.
func Check(queries []Query) error {
	_, err := check(queries)
	return err
}

// CheckWatched says what is wrong with queries that an alarm shall watch: one of them returns data, and it gives one time series. All
// are of one period, which is how long a datapoint of the alarm is.
//
// Source: AWS, CloudWatch API Reference, PutMetricAlarm; User Guide, SEARCH in "Using math expressions with CloudWatch metrics".
func CheckWatched(queries []Query) error {
	c, err := check(queries)
	if err != nil {
		return err
	}
	watched := -1
	for i, q := range queries {
		if q.ReturnData {
			if watched >= 0 {
				return wrong(-1, "set ReturnData to false in the others", "More than one query returns data: %s and %s", queries[watched].ID, q.ID)
			}
			watched = i
		}
	}
	if watched < 0 {
		return wrong(-1, "set ReturnData to true in the query to watch", "No query returns data")
	}
	for i := range queries {
		if n := c.call(i, "SEARCH"); n != nil {
			return c.in(i, wrong(n.at(), "name the metrics", "SEARCH is not supported in alarms"))
		}
	}
	if c.kinds[watched].kind != series {
		return c.in(watched, wrong(-1, "FIRST, SUM and others make one of them", "An alarm watches one time series; this gives several"))
	}
	var periods []int
	for _, k := range c.kinds {
		periods = union(periods, k.periods)
	}
	if len(periods) > 1 {
		return wrong(-1, "give them one Period", "The metrics of an alarm have different periods: %s", seconds(periods))
	}
	return nil
}

// A checker has read queries, and what is known of them.
type checker struct {
	queries []Query
	index   map[string]int
	trees   []node // nil for a metric
	// kinds are what queries give; of an expression in progress it is not set.
	kinds []kindOf
	state []int
	// own are the periods of expressions where they have none of their metrics, 0 where that is open.
	own      []int
	nodes    map[node]kindOf
	searches map[node]*search
	// at is the query that is being looked at.
	at int
}

const (
	notYet = iota
	inProgress
	done
)

func check(queries []Query) (*checker, error) {
	n := len(queries)
	if n == 0 || n > maxQueries {
		return nil, wrong(-1, "", "There are %d queries: 1 to %d are taken", n, maxQueries)
	}
	c := &checker{
		queries: queries, index: map[string]int{}, trees: make([]node, n), kinds: make([]kindOf, n), state: make([]int, n), own: make([]int, n),
		nodes: map[node]kindOf{}, searches: map[node]*search{},
	}
	for i, q := range queries {
		if err := c.query(i, q); err != nil {
			return nil, c.in(i, err)
		}
	}
	for i := range queries {
		if err := c.infer(i); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// in adds the query's id to an error that has none.
func (c *checker) in(i int, err error) error {
	if wrong := new(Error); errors.As(err, &wrong) && wrong.ID == "" {
		wrong.ID = c.queries[i].ID
	}
	return err
}

// query reads a query by itself.
func (c *checker) query(i int, q Query) error {
	if !idForm.MatchString(q.ID) {
		return wrong(-1, "", "The Id %q does not begin with a small letter followed by letters, digits and underscores", q.ID)
	}
	if other, ok := c.index[q.ID]; ok {
		return wrong(-1, "", "The Id is there twice, in the queries %d and %d", other+1, i+1)
	}
	c.index[q.ID] = i
	if (q.Stat == nil) == (q.Expression == "") {
		return wrong(-1, "", "A query has either MetricStat or Expression")
	}
	if q.Period != 0 {
		if err := checkPeriodLength(-1, q.Period); err != nil {
			return err
		}
	}
	if err := checkLabel(q.Label); err != nil {
		return err
	}
	if q.Stat == nil {
		var err error
		c.trees[i], err = parse(q.Expression)
		return err
	}
	if err := checkPeriodLength(-1, q.Stat.Period); err != nil {
		return err
	}
	c.kinds[i], c.state[i] = kindOf{series, []int{q.Stat.Period}}, done
	return checkStat(-1, q.Stat.Stat)
}

// checkPeriodLength refuses, at a place, a period that CloudWatch has not.
//
// Source: AWS, CloudWatch API Reference, MetricStat.
func checkPeriodLength(offset, period int) error {
	if !metricstore.IsPeriod(period) {
		return wrong(offset, "", "The period %d is not 1, 5, 10, 20, 30 or a multiple of 60 seconds", period)
	}
	return nil
}

// checkStat refuses, at a place, a statistic that CloudWatch has not.
func checkStat(offset int, stat string) error {
	_, err := metricstore.ParseStatistic(stat)
	if invalid := new(metricstore.InvalidError); errors.As(err, &invalid) {
		return wrong(offset, "", "%s", invalid.Message)
	}
	return err
}

// infer tells what a query gives.
func (c *checker) infer(i int) error {
	switch c.state[i] {
	case done:
		return nil
	case inProgress:
		return c.in(i, wrong(-1, "", "The expression refers to itself: %s", c.cycle(i)))
	}
	c.state[i] = inProgress
	if err := c.ownPeriod(i); err != nil {
		return c.in(i, err)
	}
	before := c.at
	c.at = i
	k, err := c.node(c.trees[i])
	c.at = before
	if err != nil {
		return c.in(i, err)
	}
	if k.kind > array {
		return c.in(i, wrong(c.trees[i].at(), "", "An expression gives a time series or an array of time series; this is '%s'", k.kind))
	}
	if k.kind == scalar {
		return c.in(i, wrong(-1, "TIME_SERIES makes a time series of a number", "The result is a number, and must be a time series or an array of time series"))
	}
	c.kinds[i], c.state[i] = k, done
	return nil
}

// cycle writes the way from a query back to itself.
func (c *checker) cycle(i int) string {
	path := []string{c.queries[i].ID}
	for at := i; ; {
		next := -1
		walk(c.trees[at], func(n node) {
			if name, ok := n.(*nameNode); ok && next < 0 {
				if j, ok := c.index[name.id]; ok && c.state[j] == inProgress {
					next = j
				}
			}
		})
		at = next
		path = append(path, c.queries[at].ID)
		if at == i || len(path) > len(c.queries) {
			return strings.Join(path, " -> ")
		}
	}
}

// ownPeriod tells the period of what has none of its own in an expression, such as TIME_SERIES(5): that of the query, else the
// one that all metrics have that it names, else the one that all metrics of the request have.
func (c *checker) ownPeriod(i int) error {
	var periods, named []int
	var err error
	walk(c.trees[i], func(n node) {
		if err != nil {
			return
		}
		switch n := n.(type) {
		case *nameNode:
			j, ok := c.index[n.id]
			if !ok {
				return // it is found missing with its place
			}
			if err = c.infer(j); err == nil {
				named = union(named, c.kinds[j].periods)
			}
		case *callNode:
			switch {
			case n.name == "METRICS":
				for _, j := range c.metrics(n) {
					named = union(named, c.kinds[j].periods)
				}
			case n.name == "SEARCH" && len(n.arguments) == 3:
				if p, ok := n.arguments[2].(*numberNode); ok {
					periods = union(periods, []int{int(p.value)})
				}
			}
		}
	})
	if err != nil {
		return err
	}
	if p := c.queries[i].Period; p != 0 {
		if len(named) > 0 && !slices.Equal(named, []int{p}) {
			return wrong(-1, "leave Period out, or give the metrics the same", "The Period %d of the expression is not that of its metrics, %s", p, seconds(named))
		}
		c.own[i] = p
		return nil
	}
	if periods = union(periods, named); len(periods) == 0 {
		for j, q := range c.queries {
			if q.Stat != nil {
				periods = union(periods, c.kinds[j].periods)
			}
		}
	}
	if len(periods) == 1 {
		c.own[i] = periods[0]
	}
	return nil
}

func seconds(periods []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(periods), " ", ", "), "[]") + " seconds"
}

// metrics returns which queries METRICS means: metrics whose id contains its text.
func (c *checker) metrics(n *callNode) []int {
	part := ""
	if len(n.arguments) == 1 {
		if t, ok := n.arguments[0].(*textNode); ok {
			part = t.text
		}
	}
	var out []int
	for i, q := range c.queries {
		if q.Stat != nil && strings.Contains(q.ID, part) {
			out = append(out, i)
		}
	}
	return out
}

// call returns the first call of a function in a query, nil for none.
func (c *checker) call(i int, name string) *callNode {
	var found *callNode
	if c.trees[i] != nil {
		walk(c.trees[i], func(n node) {
			if call, ok := n.(*callNode); ok && call.name == name && found == nil {
				found = call
			}
		})
	}
	return found
}

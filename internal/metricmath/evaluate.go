package metricmath

import (
	"context"
	"fmt"
)

const (
	// maxPoints is how many points a time series that has one at each period may have: as many as GetMetricData gives.
	maxPoints = 100_800
	// maxWork bounds the points that come about while a request is evaluated.
	maxWork = 20_000_000
	// maxSeries is how many time series an array may have.
	//
	// Source: AWS, CloudWatch User Guide, "CloudWatch search expression syntax".
	maxSeries = 500
)

// Evaluate returns what the queries that return data give from the time from up to to, in seconds since the epoch, in their
// order; a query that gives an array has a Series for each of its time series. Periods begin at from, rounded down to the minute, or to
// the period where that is shorter. Series may share memory: the caller does not change their points.
//
// Errors: an *Error where the queries are wrong, else what the source returned.
func Evaluate(ctx context.Context, src Source, queries []Query, from, to int64) ([]Series, error) {
	return evaluate(ctx, src, queries, from, to, maxWork)
}

func evaluate(ctx context.Context, src Source, queries []Query, from, to int64, work int) ([]Series, error) {
	c, err := check(queries)
	if err != nil {
		return nil, err
	}
	e := &evaluator{checker: c, ctx: ctx, src: src, from: from, to: to, work: work, values: make([]*value, len(queries)), labels: c.defaultLabels()}
	var out []Series
	for i, q := range queries {
		if !q.ReturnData {
			continue
		}
		v, err := e.query(i)
		if err != nil {
			return nil, err
		}
		for _, s := range v.series {
			s.ID = q.ID
			if q.Stat == nil {
				s.Label = e.resultLabel(q, v.kind, s)
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// A value is what a part of an expression gives: a number (NaN is none), one time series, or several.
type value struct {
	kind   kind
	number float64
	series []Series
}

func number(f float64) value { return value{kind: scalar, number: f} }

// timeSeries makes a value of a time series.
func timeSeries(s Series) value { return value{kind: series, series: []Series{s}} }

type evaluator struct {
	*checker
	ctx      context.Context //nolint:containedctx // one evaluation
	src      Source
	from, to int64
	// values are those of queries that were evaluated.
	values []*value
	labels []string
	// work is how many points may come about still.
	work int
}

// query evaluates a query once.
func (e *evaluator) query(i int) (*value, error) {
	if e.values[i] != nil {
		return e.values[i], nil
	}
	var v value
	var err error
	if q := e.queries[i]; q.Stat != nil {
		var s Series
		if s, err = e.metric(q.Stat); err == nil {
			s.Label = expanded(q.Label, e.labels[i], s)
			v = timeSeries(s)
		}
	} else {
		before := e.at
		e.at = i
		v, err = e.node(e.trees[i])
		e.at = before
	}
	if err != nil {
		return nil, e.in(i, err)
	}
	e.values[i] = &v
	return &v, nil
}

// metric asks the source for the points of a metric.
func (e *evaluator) metric(stat *Stat) (Series, error) {
	if err := e.ctx.Err(); err != nil {
		return Series{}, err
	}
	s, err := e.src.Series(e.ctx, stat, rounded(e.from, stat.Period), e.to)
	if err != nil {
		return s, err
	}
	if len(s.Times) != len(s.Values) {
		panic(fmt.Sprintf("metricmath: a source has %d times and %d values", len(s.Times), len(s.Values)))
	}
	s.Period, s.of = stat.Period, stat
	return s, e.spend(len(s.Values))
}

func (e *evaluator) spend(points int) error {
	if e.work -= points; e.work < 0 {
		return wrong(-1, "ask for a shorter time, a longer Period or fewer metrics", "More than %d data points are needed", maxWork)
	}
	return nil
}

// within fails where an array in the making has more points than may come about still. [evaluator.node] takes them off once it is made; that is
// too late where many sparse time series become dense ones.
func (e *evaluator) within(points int) error {
	if points > e.work {
		return e.spend(points)
	}
	return nil
}

// node evaluates a part of an expression.
func (e *evaluator) node(n node) (value, error) {
	if name, ok := n.(*nameNode); ok {
		v, err := e.query(e.index[name.id])
		if err != nil {
			return value{}, err
		}
		return *v, nil
	}
	v, err := e.computed(n)
	if err != nil {
		return v, err
	}
	if len(v.series) > maxSeries {
		return v, wrong(n.at(), "", "The array has %d time series: at most %d are taken", len(v.series), maxSeries)
	}
	points := 1
	for _, s := range v.series {
		points += len(s.Values)
	}
	if err := e.spend(points); err != nil {
		return v, err
	}
	return v, e.ctx.Err()
}

func (e *evaluator) computed(n node) (value, error) {
	switch n := n.(type) {
	case *numberNode:
		return number(n.value), nil
	case *textNode, *wordNode:
		return value{kind: e.nodes[n].kind}, nil
	case *arrayNode:
		in, err := e.all(n.elements)
		out := value{kind: array}
		for _, v := range in {
			out.series = append(out.series, v.series...)
		}
		return out, err
	case *minusNode:
		v, err := e.node(n.of)
		if err != nil {
			return v, err
		}
		return e.operate(func(_, y float64) float64 { return -y }, number(0), v)
	case *operatorNode:
		in, err := e.all([]node{n.left, n.right})
		if err != nil {
			return value{}, err
		}
		return e.operate(operators[n.operator], in[0], in[1])
	}
	call := n.(*callNode)
	in, err := e.all(call.arguments)
	if err != nil {
		return value{}, err
	}
	return functions[call.name].eval(e, call, in)
}

func (e *evaluator) all(nodes []node) ([]value, error) {
	out := make([]value, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = e.node(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// periodOf returns the period that all time series of a part have.
func (e *evaluator) periodOf(n node) int { return e.nodes[n].periods[0] }

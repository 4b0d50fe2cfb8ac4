package monitoring

import (
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// metricDataQuery is AWS's MetricDataQuery.
type metricDataQuery struct {
	ID         string      `json:"Id" required:"true" shape:"name"`
	MetricStat *metricStat `json:"MetricStat,omitzero"`
	Expression string      `json:"Expression,omitempty" shape:"expression"`
	Label      string      `json:"Label,omitempty"`
	ReturnData *bool       `json:"ReturnData,omitzero"`
	Period     int32       `json:"Period,omitempty" shape:"atLeast1"`
	Account    string      `json:"AccountId,omitempty" shape:"name"`
}

// metricStat is AWS's MetricStat.
type metricStat struct {
	Metric metric `json:"Metric" required:"true"`
	Period int32  `json:"Period" required:"true" shape:"atLeast1"`
	Stat   string `json:"Stat" required:"true"`
	Unit   string `json:"Unit,omitempty" shape:"unit"`
}

// queries returns the queries that a request has in a member. Those of other accounts are refused.
func (a *API) queries(member string, list []metricDataQuery) ([]metricmath.Query, error) {
	var out []metricmath.Query
	for i := range list {
		q := &list[i]
		switch {
		case q.MetricStat != nil && q.Expression != "":
			return nil, validation("The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and you have specified both.")
		case q.MetricStat == nil && q.Expression == "":
			return nil, validation("The parameter %s.member.%d.MetricStat is required.\n", member, i+1) // AWS's end of line
		case q.Account != "" && q.Account != a.Account:
			return nil, validation("The query %s is of the account %s: this server has metrics of its own account alone, which is %s.", q.ID, q.Account, a.Account)
		}
		query := metricmath.Query{
			ID: q.ID, Expression: q.Expression, Label: q.Label, ReturnData: q.ReturnData == nil || *q.ReturnData, Period: int(q.Period), Account: q.Account,
		}
		if s := q.MetricStat; s != nil {
			m, err := identity(s.Metric)
			if err != nil {
				return nil, err
			}
			query.Stat = &metricmath.Stat{Metric: m, Period: int(s.Period), Stat: s.Stat, Unit: s.Unit}
		}
		out = append(out, query)
	}
	return out, nil
}

// identity returns a metric as the store has it. One with a dimension twice is refused.
func identity(of metric) (metricstore.Metric, error) {
	m := stored(of)
	for i := 1; i < len(m.Dimensions); i++ {
		if m.Dimensions[i].Name == m.Dimensions[i-1].Name {
			return m, validation("The dimension %s is there twice.", m.Dimensions[i].Name)
		}
	}
	return m, nil
}

// shownQueries returns queries as they were given, but that it is said whether they return data.
func shownQueries(queries []metricmath.Query) []metricDataQuery {
	var out []metricDataQuery
	for _, q := range queries {
		shown := metricDataQuery{ID: q.ID, Expression: q.Expression, Label: q.Label, ReturnData: &q.ReturnData, Period: int32(q.Period), Account: q.Account}
		if q.Stat != nil {
			shown.MetricStat = &metricStat{Metric: shownMetric(q.Stat.Metric), Period: int32(q.Stat.Period), Stat: q.Stat.Stat, Unit: q.Stat.Unit}
		}
		out = append(out, shown)
	}
	return out
}

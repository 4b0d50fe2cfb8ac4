package app

import (
	"fmt"
	"slices"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
)

// nameNotes tells of fields that a query asks for in another spelling than that of flow logs, and that it
// does not make itself: no record has them, on AWS either.
func nameNotes(q *insights.Query) []string {
	made := map[string]bool{}
	add := func(items []insights.Item) {
		for i := range items {
			if _, isField := items[i].Expr.(*insights.Field); !isField || items[i].Aliased {
				made[items[i].Name] = true
			}
		}
	}
	for _, c := range q.Commands {
		switch c := c.(type) {
		case *insights.Fields:
			add(c.Items)
		case *insights.Display:
			add(c.Items)
		case *insights.Stats:
			add(c.Aggs)
			add(c.By)
		case *insights.Parse:
			for _, name := range c.Names() {
				made[name] = true
			}
		case *insights.Filter, *insights.Sort, *insights.Limit, *insights.Dedup:
		default: // it may make any
			return nil
		}
	}
	var out, told []string
	q.Walk(func(x insights.Expr) {
		f, ok := x.(*insights.Field)
		if !ok || made[f.Name()] || slices.Contains(told, f.Name()) {
			return
		}
		if _, exact := discover.LookupFlow(f.Name(), false); exact {
			return
		}
		if id, ok := discover.LookupFlow(f.Name(), true); ok {
			told = append(told, f.Name())
			out = append(out, fmt.Sprintf("no record of a flow log has a field %s: it is %s, as on AWS; --any-case finds it by any spelling", f.Name(), discover.FlowName(flowlog.FieldByID(id).Name)))
		}
	})
	return out
}

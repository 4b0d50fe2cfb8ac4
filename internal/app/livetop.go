package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/contributor"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// LiveTopRequest asks who contributed most in the last minutes.
type LiveTopRequest struct {
	// Rule is the name of a rule of Contributor Insights, or of a ready rule; "" asks by Fields and By.
	Rule string
	// Fields are fields of flow logs by AWS's names, and By one of LiveTopMeasures.
	Fields []string
	By     string
	// Group is the log group whose events are looked at; "" means FlowLogsGroup.
	Group string
	// Since is how far back; 0 is five minutes, and the time by which events come late.
	Since time.Duration
	// N is how many are shown, at most 100.
	N   int
	Now time.Time
	// Data is the data directory, whose definition tells the interfaces of NAT gateways.
	Data string
}

// LiveTopMeasures are what a live list counts by.
var LiveTopMeasures = []string{"bytes", "packets", "records", "rejects"}

// LiveTopReport is who contributed most.
type LiveTopReport struct {
	// Of says what was looked at: a rule, or the events of a log group.
	Of string
	// Query is what was asked of the events; "" where a rule that is kept was.
	Query string
	// Keys are the names of what tells contributors apart, By is what they are ranked by: one of LiveTopMeasures, or what a rule counts.
	Keys []string
	By   string
	// From and To bound the time.
	From, To time.Time
	Rows     []LiveTopRow
	// Contributors is how many there are, More says that there are more; Total is what all of them contributed.
	Contributors int64
	More         bool
	Total        float64
}

// LiveTopRow is a contributor.
type LiveTopRow struct {
	Keys  []string
	Value float64
}

const (
	// liveMinutes is how far back a live list looks, and liveMost how many contributors are counted one by one.
	liveMinutes = 5 * time.Minute
	liveMost    = 10_000
)

// LiveTop says who contributed most in the last minutes. A rule that is kept has it counted already. Others are counted for each answer anew, from the events
// of those minutes: no rule is made, and nothing is estimated (docs/decisions/0040-contributor-insights.md).
func LiveTop(ctx context.Context, s Service, r LiveTopRequest) (*LiveTopReport, error) {
	if r.N < 1 || r.N > 100 {
		return nil, &UsageError{Message: fmt.Sprintf("%d contributors can't be shown: from 1 to 100 can", r.N)}
	}
	if r.Rule != "" {
		out, err := liveRule(ctx, s, &r)
		switch code, _, _ := APIError(err); {
		case code == "ResourceNotFoundException": // it may be a ready rule
		case err == nil && r.Group != "":
			return nil, &UsageError{Message: "the rule " + r.Rule + " is kept, and names its log groups itself", Hint: "leave --group out"}
		default:
			return out, err
		}
	}
	r.Group = cmp.Or(r.Group, FlowLogsGroup)
	q, err := r.query(ctx)
	if err != nil {
		return nil, err
	}
	return q.run(ctx, s, &r)
}

// since returns how far back it is looked.
func (r *LiveTopRequest) since(late time.Duration) time.Duration {
	return cmp.Or(r.Since, liveMinutes+late)
}

// A liveQuery is a question about events.
type liveQuery struct {
	keys    []flowlog.FieldID
	by      string
	refused bool
	// interfaces are those that it is about, where ofInterfaces says so.
	interfaces   []string
	ofInterfaces bool
}

// query returns the question of a ready rule, or that of fields.
func (r *LiveTopRequest) query(ctx context.Context) (*liveQuery, error) {
	if r.Rule != "" {
		return r.ready(ctx)
	}
	if !slices.Contains(LiveTopMeasures, r.By) {
		return nil, &UsageError{Message: fmt.Sprintf("cannot count by %q", r.By), Hint: "it is one of " + strings.Join(LiveTopMeasures, ", ")}
	}
	q := &liveQuery{by: r.By, refused: r.By == "rejects"}
	for _, name := range r.Fields {
		f, known := flowlog.Lookup(name)
		if !known {
			return nil, &UsageError{Message: "no field " + name + " of a flow log", Hint: "a live list has the fields that are in records; 'weir fields' lists them, and 'weir top' without --live knows names too"}
		}
		q.keys = append(q.keys, f.ID)
	}
	return q, nil
}

// ready returns the question of a ready rule.
func (r *LiveTopRequest) ready(ctx context.Context) (*liveQuery, error) {
	var names []string
	for _, rule := range contributor.ReadyRules() {
		names = append(names, rule.Name)
		if rule.Name != r.Rule {
			continue
		}
		q := &liveQuery{keys: rule.Keys(), by: "records", refused: rule.OfRefused(), ofInterfaces: rule.OfInterfaces}
		if f, sums := rule.Sums(); sums {
			q.by = flowlog.FieldByID(f).Name
		} else if q.refused {
			q.by = "rejects"
		}
		if !q.ofInterfaces {
			return q, nil
		}
		var err error
		if q.interfaces, err = natInterfaces(ctx, r.Data, r.Now); err != nil {
			return nil, err
		}
		return q, nil
	}
	return nil, &UsageError{Message: "there is no rule " + r.Rule, Hint: "ready rules are " + strings.Join(names, ", ")}
}

// natInterfaces returns the network interfaces of NAT gateways by the definition in force.
func natInterfaces(ctx context.Context, data string, at time.Time) ([]string, error) {
	const how = "weir network import DIR takes what 'aws ec2 describe-*' prints"
	d, err := NetworkAt(ctx, data, at)
	if errors.Is(err, versions.ErrNone) {
		return nil, &UsageError{Message: "which interfaces are of NAT gateways is not known: no definition of the network was imported", Hint: how}
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, g := range d.NATGateways {
		for _, a := range g.Addresses {
			if a.Interface != "" {
				out = append(out, a.Interface)
			}
		}
	}
	for id, n := range d.Interfaces {
		if n.Role == netmodel.RoleNATGateway {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, &UsageError{Message: "the definition of the network has no interface of a NAT gateway", Hint: how}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// filter returns the commands that choose records.
func (q *liveQuery) filter() string {
	var parts []string
	for _, k := range q.keys { // records without traffic have "-"
		name := discover.FlowName(flowlog.FieldByID(k).Name)
		parts = append(parts, "ispresent("+name+")", name+` != "-"`)
	}
	if q.refused {
		parts = append(parts, `action = "REJECT"`)
	}
	if q.ofInterfaces {
		parts = append(parts, `interfaceId in ["`+strings.Join(q.interfaces, `", "`)+`"]`)
	}
	return "filter " + strings.Join(parts, " and ")
}

// measure returns what is computed of records.
func (q *liveQuery) measure() string {
	if q.by == "bytes" || q.by == "packets" {
		return "sum(" + q.by + ") as value"
	}
	return "count(*) as value"
}

// run asks the events of a log group.
func (q *liveQuery) run(ctx context.Context, s Service, r *LiveTopRequest) (*LiveTopReport, error) {
	groups, err := s.LogGroups(ctx)
	if err != nil {
		return nil, err
	}
	late := time.Duration(0)
	for i := range groups {
		if groups[i].Name == r.Group {
			late = groups[i].Lateness
		}
	}
	out := &LiveTopReport{Of: "the events of " + r.Group, By: q.by, From: r.Now.Add(-r.since(late)), To: r.Now}
	var names []string
	for _, k := range q.keys {
		out.Keys = append(out.Keys, flowlog.FieldByID(k).Name)
		names = append(names, discover.FlowName(flowlog.FieldByID(k).Name))
	}
	list := strings.Join(names, ", ")
	out.Query = fmt.Sprintf("%s | stats %s by %s | sort value desc, %s", q.filter(), q.measure(), list, list)
	rows, err := q.ask(ctx, s, r, out, fmt.Sprintf("%s | limit %d", out.Query, liveMost))
	if err != nil {
		return nil, err
	}
	out.Contributors = int64(len(rows))
	for i, row := range rows {
		n, _ := row[len(names)].Number()
		out.Total += n
		if i < r.N {
			keys := make([]string, len(names))
			for k := range names {
				keys[k] = row[k].String()
			}
			out.Rows = append(out.Rows, LiveTopRow{keys, n})
		}
	}
	if len(rows) == liveMost { // there may be more: all are summed
		out.More = true
		all, err := q.ask(ctx, s, r, out, q.filter()+" | stats "+q.measure())
		if err != nil {
			return nil, err
		}
		if len(all) == 1 {
			out.Total, _ = all[0][0].Number()
		}
	}
	return out, nil
}

// ask runs a query over the time of a report.
func (q *liveQuery) ask(ctx context.Context, s Service, r *LiveTopRequest, of *LiveTopReport, text string) ([][]value.Value, error) {
	result, err := s.LogsQuery(ctx, LogsQuery{Text: text, Groups: []string{r.Group}, Start: of.From.UnixMilli(), End: of.To.UnixMilli()})
	if err != nil {
		return nil, err
	}
	return result.Rows, nil
}

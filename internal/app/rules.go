package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/hygiene"
	"weir/internal/netmodel"
	"weir/internal/query"
	"weir/internal/versions"
)

// RulesRequest asks what used the rules of security groups and the entries of network ACLs.
type RulesRequest struct {
	// Data is the data directory, for the imported definitions.
	Data  string
	Scope query.Scope
	// Coverage is the share of the hours of a rule's interfaces, of 0 to 1, that must be
	// covered for it to be called unused.
	Coverage float64
	// Only are ids of groups and network ACLs and names of rules that are told of; none: all.
	Only []string
	// Tighten asks for proposals in place of the rules of Only, of so many rules at most. Learn
	// is the share of the time, of 0 to 1, that is learnt from; the rest is replayed.
	Tighten   bool
	MostRules int
	Learn     float64
}

// RulesReport says what used rules.
type RulesReport struct {
	// From and To bound the time that is looked at: what was asked for, or from the first
	// record, until the last one.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Cut is where what is learnt from ends; nil where nothing is proposed.
	Cut *time.Time `json:"cut,omitempty"`
	// Rules are by object, direction and the definition's order. Of proposals they are none.
	Rules []hygiene.Rule `json:"rules"`
	// Remove are commands that remove what is unused, by the rule's name.
	Remove    map[string]string  `json:"remove,omitempty"`
	Proposals []hygiene.Proposal `json:"proposals,omitempty"`
	Counts    hygiene.Counts     `json:"counts"`
	Untold    UntoldRecords      `json:"untold"`
	// Definitions counts those that were in force, one after the other.
	Definitions int `json:"definitions"`
	// Doubts are why definitions may have been others.
	Doubts []string `json:"doubts,omitempty"`
}

// Month is how long rules should be looked at: some are for a job of each month.
const Month = 31 * 24 * time.Hour

// ErrUnknownRule says that a definition has no rule, group or network ACL of an id.
var ErrUnknownRule = errors.New("the definition that is in force at the end of the time has no such rule, security group or network ACL")

// Rules tells what used the rules of the definition that is in force at the end of the time,
// and proposes narrower ones. It fails with [versions.ErrNone] where nothing was imported, and
// with [ErrUnknownRule].
func Rules(ctx context.Context, s Service, req RulesRequest, progress func(Progress)) (*RulesReport, error) {
	untold, err := CountUntold(ctx, s, req.Scope)
	if err != nil {
		return nil, err
	}
	out := &RulesReport{From: req.Scope.From, To: req.Scope.To, Rules: []hygiene.Rule{}, Untold: untold}
	if untold.First == 0 {
		return nil, &UsageError{Message: "there are no records of that time", Hint: "'weir open' takes them in, and 'weir lake status' says what there is"}
	}
	first, last := time.Unix(untold.First, 0).UTC(), time.Unix(untold.Last+1, 0).UTC()
	if out.From.IsZero() {
		out.From = first
	}
	if out.To.IsZero() || out.To.After(last) {
		out.To = last
	}
	r := rulesWork{ctx: ctx, s: s, req: req, out: out}
	if err := r.definitions(); err != nil {
		return nil, err
	}
	return out, r.tell(progress)
}

// rulesWork is the work on a request.
type rulesWork struct {
	ctx   context.Context
	s     Service
	req   RulesRequest
	out   *RulesReport
	spans []rulesSpan
}

// rulesSpan is a span of time with the definition that was in force.
type rulesSpan struct {
	from, to time.Time
	network  *netmodel.Network
	replayed bool
}

// maxDefinitions bounds how many definitions are looked at.
const maxDefinitions = 500

// definitions finds what was in force, and cuts the time where it changed.
func (r *rulesWork) definitions() error {
	store, err := versions.Open(r.ctx, r.req.Data)
	if err != nil {
		return err
	}
	defer store.Close()
	times, err := changeTimes(r.ctx, store, r.out.From, r.out.To)
	if err != nil {
		return err
	}
	if len(times) > maxDefinitions {
		return &UsageError{Message: fmt.Sprintf("the definition changed %d times in that time, and %d are looked at", len(times)-1, maxDefinitions), Hint: "ask for a shorter time"}
	}
	r.out.Definitions = len(times)
	if r.req.Tighten {
		cut := r.out.From.Add(time.Duration(float64(r.out.To.Sub(r.out.From)) * r.req.Learn)).Truncate(time.Second)
		r.out.Cut = &cut
		if cut.After(r.out.From) {
			times = append(times, cut)
		}
		slices.SortFunc(times, time.Time.Compare)
		times = slices.CompactFunc(times, time.Time.Equal)
	}
	doubts := map[string]bool{}
	for i, from := range times {
		d, err := store.At(r.ctx, from)
		if err != nil {
			return err
		}
		span := rulesSpan{from: from, to: r.out.To, network: d.Network, replayed: r.out.Cut != nil && !from.Before(*r.out.Cut)}
		if i+1 < len(times) {
			span.to = times[i+1]
		}
		r.spans = append(r.spans, span)
		checked := CheckedDefinition{d.At, d.InForce}
		for _, doubt := range checked.Doubts() {
			if !doubts[doubt] {
				doubts[doubt] = true
				r.out.Doubts = append(r.out.Doubts, doubt)
			}
		}
	}
	return nil
}

// changeTimes returns the times from which on another definition is in force, the beginning of
// the range first.
func changeTimes(ctx context.Context, store *versions.Store, from, to time.Time) ([]time.Time, error) {
	list, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	times := []time.Time{from}
	add := func(t time.Time) {
		if t.After(from) && t.Before(to) {
			times = append(times, t.UTC())
		}
	}
	asked := []time.Time{from}
	for _, v := range list {
		add(v.Since)
		asked = append(asked, v.Since, v.Until)
	}
	slices.SortFunc(asked, time.Time.Compare)
	for _, t := range slices.CompactFunc(asked, time.Time.Equal) {
		if t.Before(from) || !t.Before(to) {
			continue
		}
		d, err := store.At(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, in := range d.InForce {
			for i := range in.Moments {
				if !strings.HasPrefix(in.Moments[i].ID, "rtb-") { // no route decides about rules
					add(in.Moments[i].At)
				}
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal), nil
}

// tell finds the uses, and tells of them.
func (r *rulesWork) tell(progress func(Progress)) error {
	last := r.spans[len(r.spans)-1].network
	log, err := r.logged(last)
	if err != nil {
		return err
	}
	u := hygiene.NewUses(last, log)
	all := u.Rules(1)
	wanted := map[string]bool{}
	for _, id := range r.req.Only {
		found := false
		for i := range all {
			if all[i].Name == id || all[i].Object == id {
				wanted[all[i].Name], found = true, true
			}
		}
		if !found && last.SecurityGroups[id] == nil && last.NetworkACLs[id] == nil {
			return fmt.Errorf("%s: %w", id, ErrUnknownRule)
		}
	}
	for name := range wanted {
		if r.req.Tighten {
			u.Follow(name)
		}
	}
	if err := r.uses(u, progress); err != nil {
		return err
	}
	r.out.Counts = u.Counts()
	if r.req.Tighten {
		return r.propose(u, all, wanted)
	}
	r.out.Remove = map[string]string{}
	for _, rule := range u.Rules(r.req.Coverage) {
		if len(r.req.Only) > 0 && !wanted[rule.Name] {
			continue
		}
		r.out.Rules = append(r.out.Rules, rule)
		if rule.Verdict == hygiene.Unused {
			r.out.Remove[rule.Name] = u.RevokeCLI(rule.Name)
		}
	}
	return nil
}

// propose makes the proposals.
func (r *rulesWork) propose(u *hygiene.Uses, all []hygiene.Rule, wanted map[string]bool) error {
	for i := range all {
		if !wanted[all[i].Name] {
			continue
		}
		p, err := u.Tighten(all[i].Name, r.req.MostRules, r.req.Coverage)
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].Name, err)
		}
		r.out.Proposals = append(r.out.Proposals, p)
	}
	return nil
}

// uses adds the connections of all spans.
func (r *rulesWork) uses(u *hygiene.Uses, progress func(Progress)) error {
	var ports []int
	for i := range r.spans {
		ports = append(ports, hygiene.ClientBorders(r.spans[i].network)...)
	}
	for i := range r.spans {
		span := &r.spans[i]
		if progress != nil {
			progress(Progress{Done: i, Total: len(r.spans)})
		}
		u.Span(span.network, span.from.Unix(), span.to.Unix(), span.replayed)
		scope := r.req.Scope
		scope.From, scope.To = span.from, span.to
		err := EachConnectionGroup(r.ctx, r.s, ConnectionsRequest{Scope: scope, ClientPorts: ports}, func(g *ConnectionGroup) error {
			c := usedBy(g)
			u.Add(&c)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// usedBy returns connections as uses of rules are told of them.
func usedBy(g *ConnectionGroup) hygiene.Connection {
	c := hygiene.Connection{
		Interface: g.Interface, Inbound: g.Inbound, Protocol: g.Protocol, Far: g.Far, Port: g.Port, ClientFrom: g.ClientFrom, ClientTo: g.ClientTo,
		Connections: g.Connections, Guessed: g.Guessed, Requests: g.RequestsAccepted, Replies: g.RepliesAccepted,
		Bytes: g.Bytes, First: g.First, Last: g.Last,
	}
	if g.RequestsAccepted+g.RepliesAccepted > 0 {
		c.Passed = g.Connections - g.Refused - g.OtherOnly
		if g.RequestsAccepted == 0 {
			c.Passed -= g.ReplyRefused
		}
		c.Passed = max(c.Passed, 1)
	}
	if g.RequestsRejected > 0 {
		c.RequestDenied = max(g.Refused, 1)
	}
	if g.RepliesRejected > 0 {
		c.ReplyDenied = max(g.ReplyRefused, 1)
	}
	return c
}

// ruleHoursSQL asks what hours of which interfaces there are records of.
const ruleHoursSQL = `
SELECT interface_id, coalesce(weir_flow_log_id, ''), start // 3600 * 3600 AS hour, bool_or(coalesce(weir_would_action, action) = 'ACCEPT'), bool_or(coalesce(weir_would_action, action) = 'REJECT'),
	bool_or(log_status = 'NODATA'), bool_or(log_status = 'SKIPDATA'),
	bool_or(action IS NOT NULL AND (weir_repeat IS NULL OR weir_repeat <> 'flow-log') AND NOT coalesce(%s, FALSE))
FROM vpc_flow_logs WHERE interface_id IS NOT NULL AND start IS NOT NULL GROUP BY 1, 2, 3`

// logged finds what hours of which interfaces there are records of.
func (r *rulesWork) logged(n *netmodel.Network) (*hygiene.Log, error) {
	log := hygiene.NewLog(r.out.From, r.out.To)
	for id, l := range n.FlowLogs {
		if l.Status == "ACTIVE" && !l.Transit() {
			log.Declare(id, map[string]hygiene.Seen{"ALL": hygiene.Accepts | hygiene.Rejects, "ACCEPT": hygiene.Accepts, "REJECT": hygiene.Rejects}[l.Traffic])
		}
	}
	scope := r.req.Scope
	scope.From, scope.To = r.out.From, r.out.To
	err := eachSQLRow(r.ctx, r.s, SQLRequest{SQL: fmt.Sprintf(ruleHoursSQL, tellable), Scope: scope}, func(row []any) error {
		var seen hygiene.Seen
		for i, bit := range []hygiene.Seen{hygiene.Accepts, hygiene.Rejects, hygiene.NoData, hygiene.SkipData, hygiene.Undecided} {
			if is, _ := row[3+i].(bool); is {
				seen |= bit
			}
		}
		log.Add(valueText(row[0]), valueText(row[1]), integer(row[2]), seen)
		return nil
	})
	return log, err
}

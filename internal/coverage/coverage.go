package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/netmodel"
)

// Traffic types and delivery states as EC2 writes them.
const (
	all    = "ALL"
	accept = "ACCEPT"
	reject = "REJECT"
	failed = "FAILED"
)

// Of says what the flow logs of a definition cover.
func Of(loaded *netmodel.Loaded) Report {
	a := newAnalysis(loaded)
	a.resources()
	covers := map[string]int{}
	for i := range a.rows {
		a.judge(&a.rows[i])
		for _, id := range a.rows[i].FlowLogs {
			covers[id]++
		}
	}
	out := Report{FlowLogs: []FlowLog{}, Resources: a.rows, Unanswered: a.unanswered(), Mend: a.mend(), Replace: a.replace()}
	for _, l := range a.sorted {
		f := a.describe(l)
		f.Covers = covers[l.ID]
		out.FlowLogs = append(out.FlowLogs, f)
	}
	return out
}

// analysis is what is found out of a definition.
type analysis struct {
	*netmodel.Loaded
	sorted   []*netmodel.FlowLog            // by id
	of       map[string][]*netmodel.FlowLog // by resource
	formats  map[string]flowlog.Format      // by flow log, where its format is known
	settings map[string]string              // by flow log
	likes    map[likeKey]*netmodel.FlowLog  // those that were looked for
	answers  []netmodel.Answer              // of describe-flow-logs
	owned    bool                           // the input says owners
	rows     []Resource
}

func newAnalysis(loaded *netmodel.Loaded) *analysis {
	a := &analysis{
		Loaded: loaded, of: map[string][]*netmodel.FlowLog{}, formats: map[string]flowlog.Format{}, settings: map[string]string{},
		likes: map[likeKey]*netmodel.FlowLog{}, rows: []Resource{},
	}
	for _, id := range slices.Sorted(maps.Keys(loaded.FlowLogs)) {
		l := loaded.FlowLogs[id]
		a.sorted = append(a.sorted, l)
		a.of[l.Resource] = append(a.of[l.Resource], l)
		a.settings[id] = settings(l)
		if f, err := formatOf(l); err == nil && f.Len() > 0 {
			a.formats[id] = f
		}
	}
	for _, answer := range loaded.Answers {
		if answer.Key == "flowlogs" {
			a.answers = append(a.answers, answer)
		}
	}
	for _, v := range loaded.VPCs {
		a.owned = a.owned || v.Account != ""
	}
	for _, v := range loaded.Subnets {
		a.owned = a.owned || v.Account != ""
	}
	for _, v := range loaded.Interfaces {
		a.owned = a.owned || v.Account != ""
	}
	return a
}

// formatOf returns the fields of a flow log's records; none where the input does not say.
func formatOf(l *netmodel.FlowLog) (flowlog.Format, error) {
	if l.Format == "" {
		return flowlog.Format{}, nil
	}
	f, err := flowlog.ParseLogFormat(l.Format)
	if err != nil {
		return f, err
	}
	return f.As(kindOf(l))
}

func kindOf(l *netmodel.FlowLog) flowlog.Kind {
	if l.Transit() {
		return flowlog.KindTGW
	}
	return flowlog.KindVPC
}

// resources lists what can be covered.
func (a *analysis) resources() {
	filled := map[string]bool{} // VPCs and subnets that have rows
	for _, i := range a.Interfaces {
		a.rows = append(a.rows, Resource{
			ID: i.ID, Type: NetworkInterface, Account: i.Account, Region: cmp.Or(i.Region, a.regionOf(i.VPC)), VPC: i.VPC, Subnet: i.Subnet, Role: i.Role,
		})
		filled[i.VPC], filled[i.Subnet] = true, true
	}
	for _, s := range a.Subnets {
		if !filled[s.VPC] { // a VPC with ENIs may have empty subnets
			a.rows = append(a.rows, Resource{ID: s.ID, Type: Subnet, Account: s.Account, Region: cmp.Or(s.Region, a.regionOf(s.VPC)), VPC: s.VPC, Subnet: s.ID})
		}
	}
	for _, s := range a.Subnets {
		filled[s.VPC] = true
	}
	for _, v := range a.VPCs {
		if !filled[v.ID] {
			a.rows = append(a.rows, Resource{ID: v.ID, Type: VPC, Account: v.Account, Region: v.Region, VPC: v.ID})
		}
	}
	for _, g := range a.NATGateways {
		if g.Availability == "regional" && g.State != "deleted" && g.State != "deleting" && g.State != "failed" {
			a.rows = append(a.rows, Resource{
				ID: g.ID, Type: RegionalNATGateway, Account: a.vpcOwner(g.VPC, ""), Region: cmp.Or(g.Region, a.regionOf(g.VPC)), VPC: g.VPC,
				Role: netmodel.RoleNATGateway,
			})
		}
	}
	a.transitGateways()
	slices.SortFunc(a.rows, func(x, y Resource) int {
		return cmp.Or(cmp.Compare(slices.Index(rowOrder, x.Type), slices.Index(rowOrder, y.Type)), cmp.Compare(x.ID, y.ID))
	})
}

// rowOrder are the types of resources in the order of a report.
var rowOrder = []ResourceType{NetworkInterface, Subnet, VPC, RegionalNATGateway, TransitGatewayAttachment, TransitGateway}

// transitGateways lists attachments, and transit gateways without any. What passes a Connect
// attachment is recorded at the one that carries it.
//
// Source: Transit Gateway guide, "Transit Gateway Flow Logs limitations".
func (a *analysis) transitGateways() {
	filled := map[string]bool{}
	for _, t := range a.TransitGatewayAttachments {
		if t.Kind == "connect" || t.State != "" && t.State != "available" && t.State != "modifying" {
			continue
		}
		row := Resource{ID: t.ID, Type: TransitGatewayAttachment, Region: t.Region, gateway: t.TransitGateway}
		if g := a.TransitGateways[t.TransitGateway]; g != nil {
			row.Account, row.Region = g.Account, cmp.Or(g.Region, t.Region)
		}
		filled[t.TransitGateway] = true
		a.rows = append(a.rows, row)
		// A peering has the same id at both transit gateways.
		if far := t.SeenFrom(t.Far.TransitGateway); far != t && (far.State == "" || far.State == "available" || far.State == "modifying") {
			row := Resource{ID: t.ID, Type: TransitGatewayAttachment, gateway: far.TransitGateway}
			if g := a.TransitGateways[far.TransitGateway]; g != nil {
				row.Account, row.Region = g.Account, g.Region
			}
			filled[far.TransitGateway] = true
			a.rows = append(a.rows, row)
		}
	}
	for _, g := range a.TransitGateways {
		if !filled[g.ID] && g.State != "deleted" && g.State != "deleting" {
			a.rows = append(a.rows, Resource{ID: g.ID, Type: TransitGateway, Account: g.Account, Region: g.Region, gateway: g.ID})
		}
	}
}

func (a *analysis) regionOf(vpc string) string {
	if v := a.VPCs[vpc]; v != nil {
		return v.Region
	}
	return ""
}

// vpcOwner returns the account that owns a VPC with its subnets; "" where the input does not
// say.
func (a *analysis) vpcOwner(vpc, subnet string) string {
	if v := a.VPCs[vpc]; v != nil && v.Account != "" {
		return v.Account
	}
	if s := a.Subnets[subnet]; s != nil {
		return s.Account
	}
	return ""
}

// covering returns the flow logs that cover a resource.
func (a *analysis) covering(r *Resource) []*netmodel.FlowLog {
	var out []*netmodel.FlowLog
	seen := map[string]bool{"": true}
	for _, id := range []string{r.ID, r.Subnet, r.VPC, r.gateway} {
		// Whether a VPC's flow log covers its regional NAT gateways AWS does not say.
		if seen[id] || r.Type == RegionalNATGateway && id != r.ID {
			continue
		}
		seen[id] = true
		for _, l := range a.of[id] {
			// The sides of a peering between regions have one id.
			if r.Type == TransitGatewayAttachment && r.Region != "" && l.Region != "" && l.Region != r.Region {
				continue
			}
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(x, y *netmodel.FlowLog) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// records reports whether a flow log records an action.
func records(l *netmodel.FlowLog, action string) bool {
	return active(l) && (l.Transit() || l.Traffic == all || l.Traffic == action)
}

// active reports whether a flow log is at work.
//
// Source: EC2 API reference, FlowLog: ACTIVE is the only state.
func active(l *netmodel.FlowLog) bool { return l.Status == "" || l.Status == "ACTIVE" }

// judge says what is recorded of a resource.
func (a *analysis) judge(r *Resource) {
	delivered, recorded := map[string][]string{}, map[string]bool{}
	var failing []string
	for _, l := range a.covering(r) {
		r.FlowLogs = append(r.FlowLogs, l.ID)
		for _, action := range []string{accept, reject} {
			if !records(l, action) {
				continue
			}
			recorded[action] = true
			if l.DeliveryStatus == failed {
				failing = append(failing, l.ID)
			} else {
				delivered[action] = append(delivered[action], l.ID)
			}
		}
	}
	for _, action := range []string{accept, reject} {
		if by := delivered[action]; len(by) > 1 {
			r.Twice = append(r.Twice, action)
		}
	}
	has := map[string]bool{accept: len(delivered[accept]) > 0, reject: len(delivered[reject]) > 0}
	if has[accept] && has[reject] {
		r.State = Covered
		return
	}
	if unseen := a.unseen(r); len(unseen) > 0 {
		r.State, r.Why = CannotSee, unseen
		return
	}
	switch {
	case recorded[accept] && recorded[reject]:
		r.State, r.Why = Failed, []string{strings.Join(slices.Compact(failing), " and ") + " can't deliver"}
	case has[accept]:
		r.State, r.Why = AcceptOnly, []string{"what is refused is not recorded"}
	case has[reject]:
		r.State, r.Why = RejectOnly, []string{"what is accepted is not recorded"}
	case len(failing) > 0:
		r.State, r.Why = Failed, []string{strings.Join(slices.Compact(failing), " and ") + " can't deliver, and records a part only"}
	default:
		r.State, r.Why = None, []string{"no flow log covers it"}
	}
}

// describe says how a flow log does.
func (a *analysis) describe(l *netmodel.FlowLog) FlowLog {
	out := FlowLog{
		ID: l.ID, Name: l.Name, Account: a.account(l), Region: l.Region, Resource: l.Resource, Type: typeOf(l.Resource), Traffic: l.Traffic,
		DestinationType: destinationType(l), Destination: cmp.Or(l.Destination, l.LogGroup), Interval: l.Interval,
		Delivery: l.DeliveryStatus, Error: l.DeliveryError,
	}
	kind, _ := a.Kind(l.Resource)
	out.Missing = kind == ""
	if f, ok := a.formats[l.ID]; ok {
		out.Fields, out.Version = f.Len(), f.RecordVersion()
	}
	if l.DeliveryStatus == failed {
		out.Causes = causes(l)
	}
	if !active(l) {
		out.Problems = append(out.Problems, fmt.Sprintf("its state is %s, not ACTIVE: it counts as not there", l.Status))
	}
	if !l.Transit() && l.Traffic != all && l.Traffic != accept && l.Traffic != reject {
		out.Problems = append(out.Problems, fmt.Sprintf("its traffic type %q is none that is known: it counts as recording nothing", l.Traffic))
	}
	if out.Type == "" {
		out.Problems = append(out.Problems, l.Resource+" is no resource that is known")
	}
	if _, err := formatOf(l); err != nil {
		out.Problems = append(out.Problems, "its fields are not known: "+strings.TrimPrefix(err.Error(), "flowlog: "))
	}
	return out
}

// typeOf returns what an id is one of; "" of others.
func typeOf(id string) ResourceType {
	for _, t := range []struct {
		prefix string
		of     ResourceType
	}{
		{"vpc-", VPC},
		{"subnet-", Subnet},
		{"eni-", NetworkInterface},
		{"tgw-attach-", TransitGatewayAttachment},
		{"tgw-", TransitGateway},
		{"nat-", RegionalNATGateway},
	} {
		if strings.HasPrefix(id, t.prefix) {
			return t.of
		}
	}
	return ""
}

// account returns the owner of what a flow log is of; "" where the input does not say.
func (a *analysis) account(l *netmodel.FlowLog) string {
	switch id := l.Resource; {
	case a.VPCs[id] != nil:
		return a.VPCs[id].Account
	case a.Subnets[id] != nil:
		return a.Subnets[id].Account
	case a.Interfaces[id] != nil:
		return a.Interfaces[id].Account
	case a.NATGateways[id] != nil:
		return a.vpcOwner(a.NATGateways[id].VPC, "")
	case a.TransitGateways[id] != nil:
		return a.TransitGateways[id].Account
	case a.TransitGatewayAttachments[id] != nil:
		if g := a.TransitGateways[a.TransitGatewayAttachments[id].TransitGateway]; g != nil {
			return g.Account
		}
	}
	return ""
}

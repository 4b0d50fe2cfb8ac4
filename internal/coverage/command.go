package coverage

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/netmodel"
)

// Command is a call of the AWS CLI.
type Command struct {
	Account string `json:"account,omitempty"` // whose login it needs; "" where the input does not say
	Region  string `json:"region,omitempty"`
	// Like is the flow log whose destination and fields it takes; "" where there is none.
	Like string `json:"like,omitempty"`
	// Needs are the words of the command that somebody has to put in, with what they stand
	// for; none: it is complete.
	Needs []string `json:"needs,omitempty"`
	// Command is the command for a POSIX shell, on one line.
	Command string `json:"command"`

	args []string
}

// Lines returns the command for a POSIX shell with each flag on a line of its own.
func (c *Command) Lines() []string {
	var out []string
	line := ""
	for _, arg := range c.args {
		if strings.HasPrefix(arg, "--") {
			out, line = append(out, line), " "
		}
		line = strings.TrimLeft(line+" "+quote(arg), " ")
	}
	out = append(out, line)
	for i := range out {
		if i > 0 {
			out[i] = "  " + out[i]
		}
		if i < len(out)-1 {
			out[i] += " \\"
		}
	}
	return out
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// quote writes a word for a POSIX shell.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// finish sets the command's text.
func (c *Command) finish(args []string) {
	c.args = args
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = quote(arg)
	}
	c.Command = strings.Join(words, " ")
}

// Limits of CreateFlowLogs.
//
// Source: EC2 API reference, CreateFlowLogs, ResourceId.N.
const (
	mostResources = 300
	mostTransit   = 25
)

// gap is what a flow log has to be made for.
type gap struct {
	of              string // id
	kind            ResourceType
	traffic         string // "" of transit gateways
	account, region string
	like            *netmodel.FlowLog // nil: there is none
}

// mend returns the commands that make the flow logs that are missing. They record nothing
// that is recorded already.
func (a *analysis) mend() []Command {
	vpcs, gateways := map[string][]*Resource{}, map[string][]*Resource{}
	var gaps []gap
	for i := range a.rows {
		switch r := &a.rows[i]; {
		case r.Type == RegionalNATGateway:
			if need := r.need(); need != "" {
				gaps = append(gaps, a.gap(r.ID, r.Type, need, r.Account, r))
			}
		case r.gateway != "":
			gateways[r.gateway] = append(gateways[r.gateway], r)
		default:
			vpcs[r.VPC] = append(vpcs[r.VPC], r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(vpcs)) {
		gaps = append(gaps, a.vpcGaps(id, vpcs[id])...)
	}
	for _, id := range slices.Sorted(maps.Keys(gateways)) {
		gaps = append(gaps, a.gatewayGaps(id, gateways[id])...)
	}
	return commands(gaps)
}

// need returns what a flow log has to record that a resource lacks; "" where none is needed,
// or known to be.
func (r *Resource) need() string {
	return map[State]string{None: all, AcceptOnly: reject, RejectOnly: accept}[r.State]
}

// needOf returns what all of the resources need; "" where it is not the same.
func needOf(rows []*Resource) string {
	need := rows[0].need()
	for _, r := range rows {
		if r.need() != need {
			return ""
		}
	}
	return need
}

func (a *analysis) gap(id string, kind ResourceType, traffic, account string, r *Resource) gap {
	by := likeKey{account, r.Region, cmp.Or(r.gateway, r.VPC), r.gateway != ""}
	like, ok := a.likes[by]
	if !ok {
		like = a.like(by)
		a.likes[by] = like
	}
	return gap{id, kind, traffic, account, r.Region, like}
}

// likeKey is what decides about which flow log another one should be like: an account, a
// region, and a VPC or transit gateway.
type likeKey struct {
	account, region, within string
	transit                 bool
}

// vpcGaps returns what a VPC lacks: one flow log of it where all its resources lack the same,
// so that ENIs to come are covered too, else of subnets where all within one do, else of each.
func (a *analysis) vpcGaps(vpc string, rows []*Resource) []gap {
	if need := needOf(rows); need != "" && vpc != "" {
		return []gap{a.gap(vpc, VPC, need, a.vpcOwner(vpc, rows[0].Subnet), rows[0])}
	}
	subnets := map[string][]*Resource{}
	for _, r := range rows {
		subnets[r.Subnet] = append(subnets[r.Subnet], r)
	}
	var out []gap
	for _, id := range slices.Sorted(maps.Keys(subnets)) {
		within := subnets[id]
		if need := needOf(within); need != "" && id != "" {
			out = append(out, a.gap(id, Subnet, need, a.vpcOwner(vpc, id), within[0]))
			continue
		}
		for _, r := range within {
			if need := r.need(); need != "" {
				out = append(out, a.gap(r.ID, r.Type, need, r.Account, r))
			}
		}
	}
	return out
}

// gatewayGaps returns what a transit gateway lacks.
func (a *analysis) gatewayGaps(id string, rows []*Resource) []gap {
	if needOf(rows) != "" {
		return []gap{a.gap(id, TransitGateway, "", rows[0].Account, rows[0])}
	}
	var out []gap
	for _, r := range rows {
		if r.need() != "" {
			out = append(out, a.gap(r.ID, r.Type, "", r.Account, r))
		}
	}
	return out
}

// like returns the flow log that another one should be like: one of the same account and
// region that delivers, of the same VPC or transit gateway before others, with the
// destination and fields that most have; nil where there is none.
func (a *analysis) like(by likeKey) *netmodel.FlowLog {
	same := map[string]int{} // by settings
	for _, l := range a.sorted {
		if l.DeliveryStatus != failed {
			same[a.settings[l.ID]]++
		}
	}
	var best *netmodel.FlowLog
	var bestNear bool
	var bestSame int
	for _, l := range a.sorted {
		if l.Transit() != by.transit || l.DeliveryStatus == failed || !active(l) || a.account(l) != by.account || l.Region != by.region || !complete(l) {
			continue
		}
		near, n := slices.Contains(a.places(l.Resource), by.within), same[a.settings[l.ID]]
		if best == nil || near && !bestNear || near == bestNear && n > bestSame {
			best, bestNear, bestSame = l, near, n
		}
	}
	return best
}

// places returns the VPC or transit gateway that a flow log's resource is in.
func (a *analysis) places(id string) []string {
	out := []string{id}
	if s := a.Subnets[id]; s != nil {
		out = append(out, s.VPC)
	}
	if i := a.Interfaces[id]; i != nil {
		out = append(out, i.VPC)
	}
	if g := a.NATGateways[id]; g != nil {
		out = append(out, g.VPC)
	}
	if t := a.TransitGatewayAttachments[id]; t != nil {
		out = append(out, t.TransitGateway)
		if far := t.Far.TransitGateway; far != "" {
			out = append(out, far)
		}
	}
	return out
}

// complete reports whether the input says where a flow log goes.
func complete(l *netmodel.FlowLog) bool {
	return destinationType(l) != "" && (l.Destination != "" || l.LogGroup != "")
}

// settings writes a flow log without what it is of, and what became of it: flow logs with the
// same text differ in nothing else.
func settings(l *netmodel.FlowLog) string {
	s := *l
	s.ID, s.Name, s.Resource, s.Traffic, s.Status, s.DeliveryStatus, s.DeliveryError, s.Region = "", "", "", "", "", "", "", ""
	return fmt.Sprintf("%#v", s)
}

// commands makes commands of gaps: one for all that differ in the resource alone, as far as
// a call takes so many.
func commands(gaps []gap) []Command {
	out := []Command{}
	for len(gaps) > 0 {
		first := gaps[0]
		most := mostResources
		if first.kind == TransitGateway || first.kind == TransitGatewayAttachment {
			most = mostTransit
		}
		var ids []string
		var rest []gap
		for _, g := range gaps {
			same := g
			same.of = first.of
			if same == first && len(ids) < most {
				ids = append(ids, g.of)
			} else {
				rest = append(rest, g)
			}
		}
		out = append(out, create(first, ids, ""))
		gaps = rest
	}
	return out
}

// Words that stand for what nobody said.
const (
	aBucket = "BUCKET"
	aRole   = "ROLE-ARN"
	someTag = "TAG-KEY"
)

// create returns the command that makes flow logs like another one. A format that is not ""
// takes the place of that one's.
func create(g gap, ids []string, format string) Command {
	c := Command{Account: g.account, Region: g.region}
	args := []string{"aws", "ec2", "create-flow-logs"}
	if g.region != "" {
		args = append(args, "--region", g.region)
	}
	args = append(args, "--resource-type", string(g.kind), "--resource-ids")
	args = append(args, ids...)
	if g.traffic != "" {
		args = append(args, "--traffic-type", g.traffic)
	}
	transit := g.kind == TransitGateway || g.kind == TransitGatewayAttachment
	l := g.like
	if l == nil {
		kind := flowlog.KindVPC
		if transit {
			kind = flowlog.KindTGW
		}
		l = &netmodel.FlowLog{DestinationType: toS3, Destination: "arn:" + partition(g.region) + ":s3:::" + aBucket, Interval: 60, Format: fuller(flowlog.DefaultFormat(kind)).String()}
		c.Needs = append(c.Needs, aBucket+": the bucket that takes the records; its policy must let delivery.logs.amazonaws.com write")
	} else {
		c.Like = l.ID
	}
	args = append(args, destination(l, &c)...)
	interval := l.Interval
	if transit {
		interval = 60 // no other is taken
	}
	if interval > 0 {
		args = append(args, "--max-aggregation-interval", strconv.Itoa(interval))
	}
	if format = cmp.Or(format, l.Format); format != "" {
		args = append(args, "--log-format", format)
	}
	c.finish(append(args, tagFields(l, format, &c)...))
	return c
}

// destination returns the flags that say where a flow log goes.
//
// Source: EC2 API reference, CreateFlowLogs: a log group is named or has an ARN, which may not
// end in ":*"; a role is for CloudWatch Logs and for Firehose in another account, and is
// refused for S3.
func destination(l *netmodel.FlowLog, c *Command) []string {
	kind := destinationType(l)
	out := []string{"--log-destination-type", kind}
	if kind == toLogs && l.LogGroup != "" {
		out = append(out, "--log-group-name", l.LogGroup)
	} else {
		out = append(out, "--log-destination", strings.TrimSuffix(l.Destination, ":*"))
	}
	role := l.DeliveryRole
	if kind == toLogs && role == "" {
		role = aRole
		c.Needs = append(c.Needs, aRole+": the role that lets vpc-flow-logs.amazonaws.com write to the log group")
	}
	if kind != toS3 && role != "" {
		out = append(out, "--deliver-logs-permission-arn", role)
	}
	if kind != toS3 && l.CrossAccountRole != "" {
		out = append(out, "--deliver-cross-account-role", l.CrossAccountRole)
	}
	if kind == toS3 && (l.HivePartitions || l.HourlyPartitions || l.FileFormat != "" && l.FileFormat != "plain-text") {
		out = append(out, "--destination-options", fmt.Sprintf("FileFormat=%s,HiveCompatiblePartitions=%t,PerHourPartition=%t",
			cmp.Or(l.FileFormat, "plain-text"), l.HivePartitions, l.HourlyPartitions))
	}
	return out
}

// tagFields returns the flag that says which tags go into the fields for tags, where the
// format has any.
func tagFields(l *netmodel.FlowLog, format string, c *Command) []string {
	if !strings.Contains(format, "-tag}") && !strings.Contains(format, "-tag-2}") {
		return nil
	}
	fields := l.TagFields
	if len(fields) == 0 {
		for _, of := range []struct{ field, resource string }{{"instance-tag", "instance"}, {"interface-tag", "network-interface"}, {"asg-tag", "auto-scaling-group"}} {
			if strings.Contains(format, "${"+of.field) {
				fields = append(fields, netmodel.TagFields{ResourceType: of.resource, Keys: []string{someTag}})
			}
		}
		c.Needs = append(c.Needs, someTag+": the keys of the tags that the records have, one or two of each kind of resource")
	}
	out := []string{"--tag-field-specifications"}
	for _, f := range fields {
		if slices.ContainsFunc(f.Keys, func(key string) bool { return !plainKey.MatchString(key) }) {
			// The short form has signs of its own.
			text, err := json.Marshal(map[string]any{"ResourceType": f.ResourceType, "TagKeys": f.Keys})
			if err != nil {
				panic(err) // texts
			}
			out = append(out, string(text))
			continue
		}
		out = append(out, "ResourceType="+f.ResourceType+",TagKeys="+strings.Join(f.Keys, ","))
	}
	return out
}

// plainKey is a tag's key that the AWS CLI's short form takes as it is.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_./:+@-]+$`)

// partition returns the part of ARNs that says which AWS a region is of.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// fuller returns a format with all fields that need no other permission and no tag behind its
// own: those of ECS need ecs:List*, those of tags their keys.
func fuller(f flowlog.Format) flowlog.Format {
	var more []string
	for _, field := range flowlog.Fields(f.Kind()) {
		extra := strings.HasPrefix(field.Name, "ecs-") || strings.HasSuffix(field.Name, "-tag") || strings.HasSuffix(field.Name, "-tag-2")
		if !field.Own() && !extra && !f.Has(field.ID) {
			more = append(more, field.Name)
		}
	}
	g, err := f.With(more...)
	if err != nil {
		panic(err) // fields that are not there, each once
	}
	return g
}

// replace returns the commands that put flow logs with more fields in place of those that
// lack some: another one, and then the end of the first.
func (a *analysis) replace() []Command {
	type group struct {
		gap
		format   string
		ids, end []string
	}
	type key struct {
		kind                               ResourceType
		traffic, account, region, settings string
	}
	var groups []*group
	open := map[key]*group{}
	for _, l := range a.sorted {
		f, ok := a.formats[l.ID]
		if !ok || !active(l) || l.DeliveryStatus == failed || !complete(l) || typeOf(l.Resource) == "" {
			continue
		}
		more := fuller(f)
		if more.Len() == f.Len() {
			continue
		}
		k := key{typeOf(l.Resource), l.Traffic, a.account(l), l.Region, a.settings[l.ID]}
		most := mostResources
		if l.Transit() {
			k.traffic, most = "", mostTransit
		}
		g := open[k]
		if g == nil || len(g.ids) == most {
			g = &group{gap: gap{kind: k.kind, traffic: k.traffic, account: k.account, region: k.region, like: l}, format: more.String()}
			groups, open[k] = append(groups, g), g
		}
		if !slices.Contains(g.ids, l.Resource) {
			g.ids = append(g.ids, l.Resource)
		}
		g.end = append(g.end, l.ID)
	}
	out := []Command{}
	for _, g := range groups {
		out = append(out, create(g.gap, g.ids, g.format))
		end := Command{Account: g.account, Region: g.region}
		args := []string{"aws", "ec2", "delete-flow-logs"}
		if g.region != "" {
			args = append(args, "--region", g.region)
		}
		end.finish(append(append(args, "--flow-log-ids"), g.end...))
		out = append(out, end)
	}
	return out
}

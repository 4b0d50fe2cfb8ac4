package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

// maxScanTargets bounds for how many targets of a finding the definition is asked.
const maxScanTargets = 1000

// rules asks the definitions that were in force what decides about the findings, and what
// would stop what was let in.
func (w *scan) rules() error {
	at := w.req.Scope.To
	if at.IsZero() {
		at = time.Now()
	}
	definitions := moments{ctx: w.ctx, data: w.req.Data}
	d, err := definitions.at(at.Unix())
	if errors.Is(err, versions.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	w.name(d.Network)
	scanners := map[netip.Addr]bool{}
	for i := range w.report.Found {
		for _, t := range w.report.Found[i].Targets {
			scanners[t.Source] = true
		}
	}
	for i := range w.report.Found {
		if i == maxRules {
			w.report.Unasked = len(w.report.Found) - i
			break
		}
		f := &w.report.Found[i]
		kept, err := definitions.at(newestSeen(f))
		if err != nil {
			return err
		}
		r := scanRules{w: w, f: f, scanners: scanners, network: kept.Network, policy: policy.New(kept.Network)}
		r.decide()
		r.f.Doubts = r.doubts(kept)
		if err := r.stops(); err != nil {
			return err
		}
	}
	return nil
}

// name enters the names of the ENIs that have the addresses of findings.
func (w *scan) name(n *netmodel.Network) {
	w.report.Names = map[string]string{}
	enter := func(a netip.Addr) {
		if !a.IsValid() {
			return
		}
		if list := n.At(a); len(list) == 1 && list[0].Name != "" {
			w.report.Names[a.String()] = list[0].Name
		}
	}
	for i := range w.report.Found {
		f := &w.report.Found[i]
		enter(f.Source)
		for _, t := range f.Targets[:min(len(f.Targets), maxTargets)] {
			enter(t.Host)
		}
	}
}

// newestSeen returns when the newest attempt was seen that was accepted, of all if none was.
func newestSeen(f *Scan) int64 {
	newest := [2]int64{}
	for _, t := range f.Targets {
		i := 0
		if t.Accepted() > 0 {
			i = 1
		}
		newest[i] = max(newest[i], t.Seen.End)
	}
	if newest[1] > 0 {
		return newest[1]
	}
	return newest[0]
}

// scanRules is the work on a finding.
type scanRules struct {
	w        *scan
	f        *Scan
	scanners map[netip.Addr]bool
	network  *netmodel.Network
	policy   *policy.Definition

	ids  map[string]bool // of what decides
	let  []letIn
	acls []string // that were asked about what is let in, in order
	own  []string // ENIs that the attempts come from
}

// letIn is a target that the definition lets the source reach.
type letIn struct {
	target *diagnose.Target
	eni    string
	packet policy.Packet
	rules  []string
}

// at returns the ENI that decides about a source's packets to a host, and the packet: the
// host's where the definition has it, else the source's own.
func (r *scanRules) at(source, host netip.Addr, s diagnose.Service, client int, seen string) (*netmodel.Interface, policy.Packet, netmodel.Direction, bool) {
	p := policy.Packet{Src: source, Dst: host, Protocol: s.Protocol, SrcPort: uint16(max(client, 0)), DstPort: uint16(s.Port)}
	way, end := netmodel.Ingress, &p.Dst
	list := r.network.At(host)
	if len(list) == 0 {
		way, end = netmodel.Egress, &p.Src
		list = r.network.At(source)
	}
	if i := slices.IndexFunc(list, func(i *netmodel.Interface) bool { return i.ID == seen }); i >= 0 {
		list = list[i : i+1]
	} else if i := r.network.Interfaces[seen]; i != nil && len(list) > 1 {
		list = slices.DeleteFunc(list, func(o *netmodel.Interface) bool { return o.VPC != i.VPC })
	}
	if len(list) != 1 || p.Check() != nil {
		return nil, p, way, false
	}
	for private, public := range list[0].Public {
		if public == *end {
			*end = private
		}
	}
	return list[0], p, way, p.Check() == nil
}

// decide finds what decides about the targets.
func (r *scanRules) decide() {
	r.ids = map[string]bool{}
	for i := range r.f.Targets[:min(len(r.f.Targets), maxScanTargets)] {
		t := &r.f.Targets[i]
		eni, p, way, ok := r.at(t.Source, t.Host, t.Service, t.Seen.ClientPort, t.Seen.Interface)
		if !ok {
			continue
		}
		at, err := r.policy.At(eni.ID)
		if err != nil {
			r.f.Doubts = append(r.f.Doubts, err.Error())
			continue
		}
		decision := at.Decide(&p, way)
		v := decision.Verdict()
		r.enter(eni)
		r.add(t, eni.ID, way, &v, decision.Entry())
		switch {
		case v.Action != policy.Accept || t.Accepted() == 0:
		case way == netmodel.Egress:
			r.own = append(r.own, eni.ID)
		default:
			r.let = append(r.let, letIn{t, eni.ID, p, v.Rules})
			if decision.Entry() != "" {
				r.acls = append(r.acls, r.network.Subnets[eni.Subnet].NetworkACL)
			}
			for _, i := range r.network.At(t.Source) {
				r.own = append(r.own, i.ID)
			}
		}
	}
	for _, list := range []*[]string{&r.acls, &r.own, &r.f.Doubts} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortStableFunc(r.f.Rules, func(a, b ScanRule) int {
		return strings.Compare(a.Action, b.Action) // ACCEPT first
	})
}

// enter enters what decides at an ENI.
func (r *scanRules) enter(eni *netmodel.Interface) {
	r.ids[eni.ID] = true
	for _, g := range eni.Groups {
		r.ids[g] = true
		if of := r.network.SecurityGroups[g]; of != nil {
			for _, rule := range slices.Concat(of.Ingress, of.Egress) {
				r.ids[rule.Peer.Group], r.ids[rule.Peer.PrefixList] = true, true
			}
		}
	}
	r.ids[r.network.Subnets[eni.Subnet].NetworkACL], r.ids[eni.Subnet] = true, true
	delete(r.ids, "")
}

// add adds what decides about a target.
func (r *scanRules) add(t *diagnose.Target, eni string, way netmodel.Direction, v *policy.Verdict, entry string) {
	rules := v.Rules
	if len(rules) == 0 {
		rules = []string{v.Rule}
		if strings.HasSuffix(v.Rule, ":implicit-deny") {
			rules = []string{strings.Join(v.Groups, ",") + strings.TrimPrefix(v.Rule, "sg")}
		}
	}
	at := slices.IndexFunc(r.f.Rules, func(o ScanRule) bool {
		return o.Action == string(v.Action) && slices.Equal(o.Rules, rules) && o.Entry == entry && o.Direction == string(way)
	})
	if at < 0 {
		at = len(r.f.Rules)
		r.f.Rules = append(r.f.Rules, ScanRule{Action: string(v.Action), Direction: string(way), Rules: rules, Entry: entry})
	}
	rule := &r.f.Rules[at]
	if !slices.Contains(rule.Interfaces, eni) {
		rule.Interfaces = append(rule.Interfaces, eni)
	}
	rule.Attempts += t.Attempts
	if v.Action == policy.Accept {
		rule.Against += t.Refused
	} else {
		rule.Against += t.Accepted()
	}
}

// doubts says why the definition may have been another.
func (r *scanRules) doubts(kept *versions.Definition) []string {
	ids := make([]string, 0, len(r.ids))
	for id := range r.ids {
		ids = append(ids, id)
	}
	d := CheckedDefinition{At: kept.At}
	for _, v := range kept.Holding(ids...) {
		v.Changed = slices.DeleteFunc(slices.Clone(v.Changed), func(id string) bool { return !r.ids[id] })
		d.Versions = append(d.Versions, v)
	}
	return append(r.f.Doubts, d.Doubts()...)
}

// stops finds what would stop what was let in.
func (r *scanRules) stops() error {
	if len(r.own) > 0 {
		r.f.Stops = append(r.f.Stops, ScanStop{Stop: diagnose.Stop{
			Says: "it comes from your own " + Several(r.own) + ": look at that host first, and give its ENI a security group without rules until it is clean",
		}})
	}
	if len(r.let) == 0 {
		return nil
	}
	if r.f.Source.IsValid() && len(r.acls) > 0 {
		if err := r.deny(); err != nil {
			return err
		}
	}
	// A scan passes by what is open; of a login service that is tried by force it is the fault.
	if !slices.Contains(r.f.Kinds, diagnose.BruteForce) && !slices.Contains(r.f.Kinds, diagnose.Distributed) {
		return nil
	}
	return r.narrow()
}

// deny finds the entries of network ACLs that would stop it.
func (r *scanRules) deny() error {
	of := r.let[0].target.Service
	traffic := netmodel.Traffic{Protocol: of.Protocol, From: uint16(of.Port), To: uint16(of.Port)}
	for _, l := range r.let {
		if l.target.Service != of {
			traffic.From, traffic.To = 0, 65535
		}
		if l.target.Protocol != of.Protocol {
			traffic = netmodel.Traffic{Protocol: netmodel.AllProtocols, From: 0, To: 65535}
			break
		}
	}
	var stop diagnose.Stop
	with := r.network
	for _, id := range r.acls {
		s, next, err := diagnose.Deny(with, id, netip.PrefixFrom(r.f.Source, r.f.Source.BitLen()), traffic)
		if err != nil {
			r.f.Doubts = append(r.f.Doubts, err.Error())
			continue
		}
		with = next
		stop = bothStops(stop, s)
	}
	if stop.Says == "" {
		return nil
	}
	others, err := r.w.users("source = "+sqlText(r.f.Source.String()), sqlText(r.f.Source.String()))
	if err != nil {
		return err
	}
	ours := map[diagnose.Target]bool{}
	for _, t := range r.f.Targets {
		ours[diagnose.Target{Source: t.Source, Host: t.Host, Service: t.Service}] = true
	}
	others = slices.DeleteFunc(others, func(u user) bool {
		return ours[diagnose.Target{Source: u.source, Host: u.host, Service: u.Service}]
	})
	r.stop(stop, with, others)
	return nil
}

// bothStops puts two changes together.
func bothStops(a, b diagnose.Stop) diagnose.Stop {
	if a.Says == "" {
		return b
	}
	return diagnose.Stop{Says: a.Says + "; " + b.Says, CLI: a.CLI + "\n" + b.CLI, Terraform: a.Terraform + "\n" + b.Terraform}
}

// maxKept bounds the sources for which narrower rules are proposed.
const maxKept = 20

// narrow finds how the rules of groups that let it in can be narrowed to who else uses them.
func (r *scanRules) narrow() error {
	var rules []diagnose.GroupRuleOf
	var hosts []string
	for id, g := range r.network.SecurityGroups {
		before := len(rules)
		for i := range g.Ingress {
			rule := &g.Ingress[i]
			name := g.RuleName(netmodel.Ingress, rule)
			if slices.ContainsFunc(r.let, func(l letIn) bool { return slices.Contains(l.rules, name) }) {
				rules = append(rules, diagnose.GroupRuleOf{Group: id, Rule: rule})
			}
		}
		for _, i := range r.network.Interfaces {
			if len(rules) > before && slices.Contains(i.Groups, id) {
				for _, a := range i.Addresses {
					hosts = append(hosts, sqlText(a.String()))
				}
			}
		}
	}
	if len(rules) == 0 {
		return nil
	}
	slices.SortFunc(rules, func(a, b diagnose.GroupRuleOf) int {
		return strings.Compare(r.network.SecurityGroups[a.Group].RuleName(netmodel.Ingress, a.Rule), r.network.SecurityGroups[b.Group].RuleName(netmodel.Ingress, b.Rule))
	})
	stop, with, err := diagnose.Narrow(r.network, rules, nil)
	if err != nil {
		r.f.Doubts = append(r.f.Doubts, err.Error())
		return nil
	}
	others, err := r.w.users("host IN ("+strings.Join(hosts, ", ")+")"+ofRules(rules), hosts...)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(u user) bool { return r.scanners[u.source] })
	var keep []netip.Prefix
	for _, u := range r.stopped(with, others) {
		if p := netip.PrefixFrom(u.source, u.source.BitLen()); !slices.Contains(keep, p) {
			keep = append(keep, p)
		}
	}
	switch {
	case len(keep) > maxKept:
		r.f.Stops = append(r.f.Stops, ScanStop{Sources: len(keep), Stop: diagnose.Stop{
			Says: fmt.Sprintf("%s can't be narrowed to who else uses it: %d other sources were answered", namesOf(r.network, rules), len(keep)),
		}})
		return nil
	case len(keep) > 0:
		if stop, with, err = diagnose.Narrow(r.network, rules, keep); err != nil {
			return err
		}
		stop.Says += ", who were answered too, and are over no threshold"
	}
	r.stop(stop, with, others)
	return nil
}

// ofRules is the condition that a service is one of rules' for TCP and UDP alone, "" where
// others are among them.
func ofRules(rules []diagnose.GroupRuleOf) string {
	var or []string
	for _, r := range rules {
		t := r.Rule.Traffic
		if t.Protocol != netmodel.TCP && t.Protocol != netmodel.UDP {
			return ""
		}
		or = append(or, fmt.Sprintf("protocol = %d AND port BETWEEN %d AND %d", t.Protocol, t.From, t.To))
	}
	return " AND (" + strings.Join(or, " OR ") + ")"
}

// namesOf names rules.
func namesOf(n *netmodel.Network, rules []diagnose.GroupRuleOf) string {
	var names []string
	for _, r := range rules {
		names = append(names, n.SecurityGroups[r.Group].RuleName(netmodel.Ingress, r.Rule))
	}
	return strings.Join(names, ", ")
}

// stop adds a change, unless it stops nothing.
func (r *scanRules) stop(s diagnose.Stop, with *netmodel.Network, others []user) {
	after := policy.New(with)
	left := int64(0)
	for _, l := range r.let {
		at, err := after.At(l.eni)
		if err != nil || at.Decide(&l.packet, netmodel.Ingress).Action == policy.Accept {
			left += l.target.Attempts
		}
	}
	total := int64(0)
	for _, l := range r.let {
		total += l.target.Attempts
	}
	if left == total {
		return
	}
	if left > 0 {
		s.Says += fmt.Sprintf(", which leaves %d of %d attempts", left, total)
	}
	out := ScanStop{Stop: s}
	for _, u := range r.stopped(with, others) {
		out.Connections += u.connections
		name := u.source.String()
		if i := slices.IndexFunc(out.Else, func(e ScanElse) bool { return e.Source == name }); i >= 0 {
			out.Else[i].Connections += u.connections
		} else {
			out.Else = append(out.Else, ScanElse{name, u.connections})
		}
	}
	slices.SortStableFunc(out.Else, func(a, b ScanElse) int { return int(b.Connections - a.Connections) })
	out.Sources = len(out.Else)
	out.Else = out.Else[:min(len(out.Else), 10)]
	r.f.Stops = append(r.f.Stops, out)
}

// stopped returns those who are let in now and would not be with a change.
func (r *scanRules) stopped(with *netmodel.Network, others []user) []user {
	after := policy.New(with)
	return slices.DeleteFunc(slices.Clone(others), func(u user) bool {
		eni, p, way, ok := r.at(u.source, u.host, u.Service, u.client, "")
		if !ok || way != netmodel.Ingress {
			return true
		}
		was, err := r.policy.At(eni.ID)
		if err != nil || was.Decide(&p, way).Action != policy.Accept {
			return true
		}
		is, err := after.At(eni.ID)
		return err != nil || is.Decide(&p, way).Action == policy.Accept
	})
}

// user is somebody who used a service, and was answered.
type user struct {
	source, host netip.Addr
	diagnose.Service
	client      int
	connections int64
}

// users returns who used what a condition says, and was answered by more than RST. One end of
// what it is about is among addresses, in SQL.
func (w *scan) users(where string, among ...string) ([]user, error) {
	list, err := w.attempts(where, among...)
	if err != nil {
		return nil, err
	}
	type key struct {
		source, host netip.Addr
		diagnose.Service
	}
	at := map[key]int{}
	var out []user
	for i := range list {
		a := &list[i]
		if a.Answered == 0 {
			continue
		}
		k := key{a.Source, a.Host, a.Service}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, user{a.Source, a.Host, a.Service, a.ClientPort, 0})
		}
		out[n].connections += a.Answered
	}
	slices.SortFunc(out, func(a, b user) int {
		return cmp.Or(cmp.Compare(b.connections, a.connections), a.source.Compare(b.source), a.host.Compare(b.host), cmp.Compare(a.Port, b.Port))
	})
	return out, nil
}

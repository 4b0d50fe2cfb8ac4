package app

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

// maxRules bounds for how many connections the definition is asked.
const maxRules = 20

// rule asks the definition that was in force what it says of the record that tells of
// refused connections.
func (w *why) rule(c *WhyConnections) error {
	f := &c.Findings[c.Finding]
	req, ok := w.checkOf(f, c)
	if !ok {
		return nil
	}
	kept, err := w.at(f.Proof.Last)
	if err != nil {
		return err
	}
	c.Rule = &WhyRule{Refusals: []WhyRefusal{}}
	c.Rule.follow(kept, req)
	if c.Outcome == diagnose.Refused && !slices.ContainsFunc(c.Rule.Refusals, func(r WhyRefusal) bool { return r.Step.Interface == f.Interface && filters(&r.Step) }) {
		c.Rule.alone(kept, f, c)
	}
	return nil
}

// filters reports whether a step is of what makes records say REJECT. Routes and gateways do
// not.
func filters(s *policy.Step) bool {
	return s.Stage == policy.NetworkACL || s.Stage == policy.SecurityGroup || s.Stage == policy.BlockPublicAccess
}

// alone asks the ENI that refused by its record, where the way to it or from it is not known or
// ends before: what it decides depends on nothing else.
func (out *WhyRule) alone(kept *versions.Definition, f *diagnose.Finding, c *WhyConnections) {
	src, dst, client, ok := proofEnds(f)
	if !ok || f.Side != diagnose.Source && f.Side != diagnose.Destination {
		return
	}
	at, err := policy.New(kept.Network).At(f.Interface)
	if err != nil {
		return
	}
	p, way := policy.Packet{Src: src, Dst: dst, Protocol: c.Protocol, SrcPort: client, DstPort: uint16(max(c.Port, 0))}, netmodel.Ingress
	if f.Side == diagnose.Source {
		way = netmodel.Egress
	}
	switch c.Protocol {
	case netmodel.ICMP:
		p.Type = 8
	case netmodel.ICMPv6:
		p.Type = 128
	}
	if p.Check() != nil {
		return
	}
	v := at.Decide(&p, way).Verdict()
	if v.Action != policy.Reject {
		return
	}
	refusal := WhyRefusal{Way: diagnose.Request, Step: policy.Step{Interface: f.Interface, Direction: way, Src: src, Dst: dst, Verdict: v}}
	if fix, _, err := fixOf(kept.Network, &refusal, &CheckReport{Protocol: c.Protocol, DstPort: p.DstPort}); err == nil {
		refusal.Fix = &fix
	}
	out.Agrees = true
	out.Refusals = append([]WhyRefusal{refusal}, out.Refusals...)
	out.Says = "whether it passes then is not known: " + out.Says
}

// proofEnds returns the addresses of the packets of a finding's proof, as of a request, and the
// port that they come from.
func proofEnds(f *diagnose.Finding) (src, dst netip.Addr, client uint16, ok bool) {
	field := strings.Fields(f.Proof.Sample)
	if len(field) != 14 || f.Proof.Way != diagnose.Request {
		return src, dst, 0, false
	}
	src, err1 := netip.ParseAddr(field[3])
	dst, err2 := netip.ParseAddr(field[4])
	port, err3 := strconv.ParseUint(cmp.Or(strings.TrimPrefix(field[5], "-"), "0"), 10, 16)
	return src, dst, uint16(port), errors.Join(err1, err2, err3) == nil
}

// follow follows the connection of a request, and mends what refuses it.
func (out *WhyRule) follow(kept *versions.Definition, req CheckRequest) {
	loaded := kept.Loaded
	for range maxRefusals {
		r, err := checkLoaded(loaded, kept, req)
		if r.Definition != nil && len(out.Refusals) == 0 {
			out.Doubts = r.Definition.Doubts()
		}
		refusal, refuses := refusalOf(&r)
		if !refuses {
			out.Says = verdictOf(&r, err, len(out.Refusals) > 0)
			return
		}
		out.Agrees = out.Agrees || filters(&refusal.Step)
		fix, with, err := fixOf(loaded.Network, &refusal, &r)
		out.Refusals = append(out.Refusals, refusal)
		if err != nil {
			out.Says = err.Error()
			return
		}
		out.Refusals[len(out.Refusals)-1].Fix = &fix
		loaded.Network = with
	}
	out.Says = "more refuses it"
}

// maxRefusals bounds how many decisions are mended: a way between two VPCs has sixteen.
const maxRefusals = 20

// refusalOf returns the first decision of a check that refuses.
func refusalOf(r *CheckReport) (WhyRefusal, bool) {
	for _, way := range []struct {
		name  diagnose.Way
		steps []policy.Step
	}{{diagnose.Request, r.Forward}, {diagnose.Reply, r.Reply}} {
		for _, step := range way.steps {
			if step.Action == policy.Reject {
				return WhyRefusal{Way: way.name, Step: step}, true
			}
		}
	}
	return WhyRefusal{}, false
}

// verdictOf says what a check that finds no refusal says.
func verdictOf(r *CheckReport, err error, mended bool) string {
	switch {
	case err != nil && mended:
		return "what becomes of it with that the definition does not tell: " + err.Error()
	case err != nil:
		return "the definition does not tell: " + err.Error()
	case r.Action == policy.Reject:
		return "no target of the load balancer is reached"
	case mended && len(r.Reply) > 0:
		return "with that it is accepted, and so is its reply"
	case mended:
		return "with that it is accepted"
	}
	return "the definition accepts it: it is another than the one that decided, or the packets came after the end of their connection"
}

// fixOf returns the fix of a refusal, and the network with it. It fails where no rule mends it.
func fixOf(n *netmodel.Network, refusal *WhyRefusal, r *CheckReport) (diagnose.Fix, *netmodel.Network, error) {
	step := &refusal.Step
	of := diagnose.Refusal{Direction: step.Direction, Groups: step.Groups, Src: step.Src, Dst: step.Dst, Traffic: netmodel.Traffic{Protocol: r.Protocol, Code: -1}}
	reply := refusal.Way == diagnose.Reply
	switch r.Protocol {
	case netmodel.TCP, netmodel.UDP:
		of.Traffic = netmodel.Traffic{Protocol: r.Protocol, From: r.DstPort, To: r.DstPort}
		if reply {
			of.Traffic.From, of.Traffic.To = diagnose.ReplyPorts[0], diagnose.ReplyPorts[1]
		}
	case netmodel.ICMP:
		if of.Traffic.Type = 8; reply {
			of.Traffic.Type = 0
		}
	case netmodel.ICMPv6:
		if of.Traffic.Type = 128; reply {
			of.Traffic.Type = 129
		}
	default:
		of.Traffic.Code = 0
	}
	switch step.Stage {
	case policy.SecurityGroup:
		of.Control = diagnose.SecurityGroup
	case policy.NetworkACL:
		of.Control = diagnose.NetworkACL
		of.NetworkACL, _, _ = strings.Cut(step.Rule, ":")
	default:
		return diagnose.Fix{}, nil, errors.New("no rule mends that")
	}
	return diagnose.FixOf(n, &of)
}

// checkOf returns the request for the connection that a finding's proof is of: where that is at
// a NAT gateway, the whole way from the client on.
func (w *why) checkOf(f *diagnose.Finding, c *WhyConnections) (CheckRequest, bool) {
	req, ok := checkOf(f, c)
	if !ok {
		return req, ok
	}
	if f.Leg == diagnose.NoLeg {
		if id := w.sender(req.From, f, c); id != "" {
			req.From = id
		}
		return req, true
	}
	client, far := &w.report.Src, &w.report.Dst
	if c.Backwards {
		client, far = far, client
	}
	if len(client.Interfaces) == 0 || len(far.Addresses) == 0 {
		return req, false
	}
	req.From, req.To = client.Interfaces[0], far.Addresses[0].String()
	if f.Leg == diagnose.Outside && req.SourcePort > 0 {
		req.SourcePort = clientPort
	}
	return req, true
}

// sender returns the ENI with an address that sent what a finding is about, where several of the
// definition have it, as VPCs may have the same networks: the one whose records show that it
// sent, else the one in the VPC of the finding's interface; "" where neither tells.
func (w *why) sender(from string, f *diagnose.Finding, c *WhyConnections) string {
	a, err := netip.ParseAddr(from)
	if err != nil || w.network == nil {
		return ""
	}
	list := w.network.At(a)
	if len(list) < 2 {
		return ""
	}
	sent := slices.DeleteFunc(slices.Clone(list), func(i *netmodel.Interface) bool {
		return !slices.ContainsFunc(c.Findings, func(o diagnose.Finding) bool { return o.Interface == i.ID && o.Side == diagnose.Source })
	})
	if len(sent) == 1 {
		return sent[0].ID
	}
	at := w.network.Interfaces[f.Interface]
	if at == nil {
		return ""
	}
	near := slices.DeleteFunc(list, func(i *netmodel.Interface) bool { return i.VPC != at.VPC })
	if len(near) == 1 {
		return near[0].ID
	}
	return ""
}

// checkOf is [why.checkOf] as the proof alone tells.
func checkOf(f *diagnose.Finding, c *WhyConnections) (CheckRequest, bool) {
	if f.Proof == nil {
		return CheckRequest{}, false
	}
	field := strings.Fields(f.Proof.Sample)
	if len(field) != 14 {
		return CheckRequest{}, false
	}
	src, dst, client := field[3], field[4], field[5]
	if f.Proof.Way == diagnose.Reply {
		src, dst, client = field[4], field[3], field[6]
	}
	req := CheckRequest{From: src, To: dst}
	// The interface is one of the ends, by whatever address the packets have.
	switch f.Side {
	case diagnose.Source:
		req.From = f.Interface
	case diagnose.Destination:
		req.To = dst
	}
	switch {
	case c.Port >= 0:
		name, ok := flowlog.ProtocolName(int64(c.Protocol))
		port, err := strconv.ParseUint(client, 10, 16)
		if !ok || err != nil {
			return req, false
		}
		req.Traffic, req.SourcePort = strconv.Itoa(c.Port)+"/"+name, uint16(port)
	case c.Protocol == netmodel.ICMP:
		req.Traffic = "icmp"
	case c.Protocol == netmodel.ICMPv6:
		req.Traffic = "icmpv6"
	default:
		req.Traffic = strconv.Itoa(c.Protocol)
	}
	return req, true
}

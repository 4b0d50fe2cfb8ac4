package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

// CheckRequest asks what becomes of a connection.
type CheckRequest struct {
	NetworkSource
	// Strict refuses where it is not sure that all that the verdict depends on was as the
	// definition says: before the first import, and between two that differ.
	Strict bool
	// From and To are the ends: addresses, ids of ENIs, or "internet".
	From, To string
	// Via is the id of the virtual private gateway or transit gateway attachment behind which
	// From is, where it is in no VPC and not of the internet; "": the only one that there is.
	Via string
	// Traffic is a port and protocol as "443/tcp" or "53/udp", "icmp" or "icmpv6" for an
	// echo request, or the name or number of a protocol without ports.
	Traffic string
	// SourcePort is the port that the connection comes from.
	SourcePort uint16
}

// CheckReport says what becomes of a connection.
type CheckReport struct {
	policy.Path
	Src      netip.Addr `json:"srcaddr"`
	Dst      netip.Addr `json:"dstaddr"`
	SrcPort  uint16     `json:"srcport,omitempty"`
	DstPort  uint16     `json:"dstport,omitempty"`
	Protocol int        `json:"protocol"`
	// Definition says which of the imported versions decided; nil: files did.
	Definition *CheckedDefinition `json:"definition,omitempty"`
	// Problems are files that could not be taken, or are a part of an answer.
	Problems []string `json:"problems,omitempty"`
	// Missing is what the definition refers to and does not hold, and Touched those of it that
	// are about something on the path.
	Missing []string `json:"missing,omitempty"`
	Touched []string `json:"-"`
	// Unknown are members of answers that weir does not know: what they say was not considered.
	Unknown []string `json:"unknown,omitempty"`
}

// Check tells what the route tables, gateways, security groups and network ACLs of a
// definition do with a connection, and with what load balancers make of it. It fails where the definition does not hold what leads it
// on, with what is known of its way in the report, and with [ErrUnsure] where it is to be
// strict.
func Check(ctx context.Context, req CheckRequest) (CheckReport, error) {
	if _, err := readTraffic(req.Traffic); err != nil {
		return CheckReport{}, err
	}
	loaded, kept, err := req.load(ctx)
	if err != nil {
		return CheckReport{}, err
	}
	return checkLoaded(loaded, kept, req)
}

// checkLoaded is Check with a definition that was loaded; kept is nil where it was not imported.
func checkLoaded(loaded netmodel.Loaded, kept *versions.Definition, req CheckRequest) (CheckReport, error) {
	p, err := readTraffic(req.Traffic)
	if err != nil {
		return CheckReport{}, err
	}
	out := CheckReport{Missing: loaded.Missing(), Unknown: loaded.Unknown}
	for _, problem := range loaded.Problems {
		out.Problems = append(out.Problems, "left out: "+problem.String())
	}
	for _, file := range loaded.Partial {
		out.Problems = append(out.Problems, "a part: the answer in "+file+" has another page")
	}
	d := policy.New(loaded.Network)
	e, err := findEnds(d, loaded.Network, &req)
	if err == nil {
		p.Src, p.Dst = e.src, e.dst
		if p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP {
			p.SrcPort = req.SourcePort
		}
		out.Src, out.Dst, out.SrcPort, out.DstPort, out.Protocol = p.Src, p.Dst, p.SrcPort, p.DstPort, p.Protocol
		out.Path, err = d.Path(e.from, e.to, &p)
		if e.anywhere.IsValid() {
			out.Notes = append(out.Notes, fmt.Sprintf("%s stands for the internet: no rule and no route names it", e.anywhere))
		}
	}
	passed := passes(loaded.Network, &out)
	out.Touched = about(out.Missing, passed)
	if kept != nil {
		out.Definition = checked(kept, depends(loaded.Network, &out, e.from, e.to, req.From, req.To))
		if doubts := out.Definition.Doubts(); req.Strict && len(doubts) > 0 {
			return out, fmt.Errorf("%w: %s", ErrUnsure, strings.Join(doubts, "; "))
		}
	}
	balanced := slices.ContainsFunc(out.Legs, func(l policy.Leg) bool { return l.From == out.To })
	if steps := slices.Concat(out.Forward, out.Reply); err != nil && len(steps) > 0 && !balanced {
		last := steps[len(steps)-1]
		err = fmt.Errorf("%w; the %s came as far as %s", err, wayOf(&out), cmp.Or(last.Rule, last.Gateway, last.Interface))
	}
	if err != nil && len(out.Problems) > 0 {
		err = fmt.Errorf("%w (%s)", err, strings.Join(out.Problems, "; "))
	}
	return out, err
}

// ErrUnsure says that nobody knows what was in force.
var ErrUnsure = errors.New("it is not sure what was in force")

// wayOf says what a path that is not known to its end is of.
func wayOf(r *CheckReport) string {
	if len(r.Reply) > 0 {
		return "reply"
	}
	return "packet"
}

// passes returns the ids of the things that a path passes.
func passes(n *netmodel.Network, r *CheckReport) map[string]bool {
	ids := map[string]bool{}
	add := func(id string) {
		ids[id] = true
		if s := n.Subnets[id]; s != nil {
			ids[s.VPC] = true
		}
	}
	steps := slices.Concat(r.Forward, r.Reply)
	for _, l := range r.Legs {
		steps = append(append(steps, l.Forward...), l.Reply...)
		add(l.LoadBalancer)
		add(l.TargetGroup)
	}
	for _, s := range steps {
		table, _, _ := strings.Cut(s.Rule, ":")
		for _, id := range append([]string{s.Interface, s.Subnet, s.TransitGateway, s.Gateway, table}, s.Groups...) {
			add(id)
		}
		if i := n.Interfaces[s.Interface]; i != nil {
			for _, id := range i.Groups {
				add(id)
			}
		}
	}
	delete(ids, "")
	return ids
}

// about returns those of texts that name one of the things.
func about(texts []string, ids map[string]bool) []string {
	var out []string
	for _, text := range texts {
		if slices.ContainsFunc(strings.Fields(text), func(word string) bool { return ids[strings.Trim(word, ",")] }) {
			out = append(out, text)
		}
	}
	return out
}

// ErrTraffic says that a text names no traffic.
var ErrTraffic = errors.New("no traffic")

// readTraffic reads a CheckRequest's traffic into a packet.
func readTraffic(text string) (policy.Packet, error) {
	bad := fmt.Errorf("%w: %q is not as 443/tcp, 53/udp, icmp, icmpv6, or a protocol without ports such as esp or 47", ErrTraffic, text)
	port, name, ported := strings.Cut(text, "/")
	if !ported {
		name = port
	}
	protocol, err := strconv.Atoi(name)
	if n, ok := flowlog.ProtocolNumber(name); ok {
		protocol, err = int(n), nil
	}
	if err != nil || protocol < 0 || protocol > 255 {
		return policy.Packet{}, bad
	}
	p := policy.Packet{Protocol: protocol}
	if protocol == netmodel.TCP || protocol == netmodel.UDP {
		n, err := strconv.ParseUint(port, 10, 16)
		p.DstPort = uint16(n)
		if err != nil || !ported {
			return p, bad
		}
		return p, nil
	}
	if ported {
		return p, bad
	}
	switch protocol { // an echo request
	case netmodel.ICMP:
		p.Type = 8
	case netmodel.ICMPv6:
		p.Type = 128
	}
	return p, nil
}

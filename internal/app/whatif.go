package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/query"
	"weir/internal/whatif"
)

// WhatIfRequest asks which connections of a time range a changed definition would decide about
// otherwise.
type WhatIfRequest struct {
	// NetworkSource is the definition before.
	NetworkSource
	// Changed are files and folders of what is changed: they need not describe all.
	Changed []string
	// Edits are made then.
	Edits []netmodel.Edit
	Scope query.Scope
	// Samples is of how many flips a record is looked up.
	Samples int
}

// WhatIfReport says what would flip. What of it counts connections is as [whatif.Report] has it.
type WhatIfReport struct {
	whatif.Report
	// Flips are those of the report, with the names of their interfaces and records.
	Flips []WhatIfFlip `json:"flips"`
	// Guessed are those of Connections of which it is guessed from ports who began.
	Guessed int64 `json:"guessed"`
	// Records are those of the time range that tell of no connection.
	Records UntoldRecords `json:"records"`
	// Definition says which of the imported versions is the one before; nil: files are.
	Definition *CheckedDefinition `json:"definition,omitempty"`
	// Changes are what differs between the two definitions.
	Changes []netmodel.Change `json:"changes"`
	// Problems are files of the definition before that could not be taken, or are a part of an answer, and
	// Unknown the members of answers of both that weir does not know.
	Problems []string `json:"problems,omitempty"`
	Unknown  []string `json:"unknown,omitempty"`
}

// WhatIfFlip is a flip with what people want to see of it.
type WhatIfFlip struct {
	whatif.Flip
	// Name is the interface's, "" where the definition has none.
	Name string `json:"name,omitempty"`
	// Sample is a record of it, in AWS's default format; "" where none was looked up.
	Sample string `json:"sample,omitempty"`
}

// Any reports whether anything flips, or may.
func (r *WhatIfReport) Any() bool { return len(r.Totals) > 0 }

// WhatIf replays the connections of a time range. It fails with [versions.ErrNone] where nothing
// was imported and no files are named, and where a file of what is changed can't be taken whole.
func WhatIf(ctx context.Context, s Service, req WhatIfRequest, progress func(Progress)) (*WhatIfReport, error) {
	if len(req.Changed)+len(req.Edits) == 0 {
		return nil, &UsageError{Message: "nothing is changed", Hint: "name files of a changed definition, or changes by --revoke, --authorize, --add-entry, --delete-entry, --replace-entry"}
	}
	loaded, kept, err := req.load(ctx)
	if err != nil {
		return nil, err
	}
	out := &WhatIfReport{Unknown: loaded.Unknown}
	for _, p := range loaded.Problems {
		out.Problems = append(out.Problems, "left out: "+p.String())
	}
	for _, file := range loaded.Partial {
		out.Problems = append(out.Problems, "a part: the answer in "+file+" has another page")
	}
	if kept != nil {
		out.Definition = &CheckedDefinition{kept.At, kept.InForce}
	}
	changed, unknown, err := req.changed(loaded.Network)
	if err != nil {
		return nil, err
	}
	out.Unknown = append(out.Unknown, unknown...)
	out.Changes = netmodel.Diff(loaded.Network, changed)
	if out.Records, err = CountUntold(ctx, s, req.Scope); err != nil {
		return nil, err
	}
	replay := whatif.New(loaded.Network, changed)
	done := int64(0)
	groups := ConnectionsRequest{Scope: req.Scope, ClientPorts: slices.Concat(ReplyBorders(loaded.Network), ReplyBorders(changed))}
	err = EachConnectionGroup(ctx, s, groups, func(g *ConnectionGroup) error {
		c := connectionsOf(g)
		replay.Add(&c)
		out.Guessed += g.Guessed
		done += g.RequestsAccepted + g.RequestsRejected + g.RepliesAccepted + g.RepliesRejected + g.Other + g.Stray
		if progress != nil {
			progress(Progress{Done: int(done), Total: int(out.Records.Records)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Report = replay.Report()
	return out, out.sample(ctx, s, req, loaded.Network)
}

// ReplyBorders returns the ports at which an entry of some network ACL begins or ends, for
// [ConnectionsRequest.ClientPorts].
func ReplyBorders(n *netmodel.Network) []int {
	var out []int
	for _, a := range n.NetworkACLs {
		for _, e := range slices.Concat(a.Ingress, a.Egress) {
			if e.Protocol == netmodel.TCP || e.Protocol == netmodel.UDP {
				out = append(out, int(e.From), int(e.To)+1)
			}
		}
	}
	return bucketBorders(out)
}

// connectionsOf returns a group as it is replayed.
func connectionsOf(g *ConnectionGroup) whatif.Connections {
	return whatif.Connections{
		Interface: g.Interface, Inbound: g.Inbound, Protocol: g.Protocol, Far: g.Far, Own: g.Own, Port: g.Port, Client: g.SampleClient, Either: g.Guessed == g.Connections && (g.Port < 0 || g.Connections == 1),
		Answered: g.Accepted - g.Unanswered, Unanswered: g.Unanswered, Refused: g.Refused, ReplyRefused: g.ReplyRefused,
		Mixed: g.Connections - g.Accepted - g.Refused - g.ReplyRefused - g.OtherOnly, Other: g.OtherOnly,
		Bytes: g.Bytes, First: g.First, Last: g.Last,
	}
}

// changed returns the changed definition, and the members of its files that weir does not know.
func (r *WhatIfRequest) changed(base *netmodel.Network) (*netmodel.Network, []string, error) {
	out := base
	var unknown []string
	if len(r.Changed) > 0 {
		part, err := netmodel.Load(r.Changed...)
		if err != nil {
			return nil, nil, err
		}
		if err := whole(&part); err != nil {
			return nil, nil, err
		}
		out, unknown = base.Overlaid(part.Network), part.Unknown
	}
	out, err := out.Edited(r.Edits)
	if err != nil {
		return nil, nil, &UsageError{Message: err.Error()}
	}
	return out, unknown, nil
}

// partOfOthers are types of Terraform's resources that say something of a thing that may be in
// no module of the plan.
var partOfOthers = []string{"aws_security_group_rule", "aws_vpc_security_group_", "aws_network_acl_", "aws_ec2_managed_prefix_list_entry", "aws_network_interface_sg_attachment"}

// whole fails where something of a changed definition was left out: what it would break can't be
// said.
func whole(part *netmodel.Loaded) error {
	for _, p := range part.Problems {
		return fmt.Errorf("the changed definition can't be taken whole: %s", p)
	}
	for _, file := range part.Partial {
		return fmt.Errorf("the changed definition is not whole: the answer in %s has another page", file)
	}
	for _, text := range part.Unused {
		if strings.HasSuffix(text, "which is not in the state)") && slices.ContainsFunc(partOfOthers, func(of string) bool { return strings.Contains(text, of) }) {
			return &UsageError{
				Message: "the changed definition says only a part of something: " + text,
				Hint:    "name what is changed by --revoke, --authorize, --add-entry, --delete-entry and --replace-entry instead",
			}
		}
	}
	return nil
}

// sample adds names, and a record to the flips of which there are to be some.
func (r *WhatIfReport) sample(ctx context.Context, s Service, req WhatIfRequest, n *netmodel.Network) error {
	flips := r.Report.Flips
	r.Report.Flips, r.Flips = nil, make([]WhatIfFlip, len(flips))
	var groups []ConnectionGroup
	for i := range flips {
		r.Flips[i].Flip = flips[i]
		if eni := n.Interfaces[flips[i].Interface]; eni != nil {
			r.Flips[i].Name = eni.Name
		}
		if c := &flips[i].Newest; i < req.Samples {
			groups = append(groups, ConnectionGroup{
				Interface: c.Interface, Inbound: c.Inbound, Protocol: c.Protocol, Far: c.Far, Own: c.Own, Port: c.Port, SampleClient: c.Client, Last: c.Last,
			})
		}
	}
	texts, err := SampleRecords(ctx, s, req.Scope, groups)
	for i := range texts {
		r.Flips[i].Sample = texts[i]
	}
	return err
}

package app

import (
	"context"
	"errors"
	"slices"

	"weir/internal/coverage"
	"weir/internal/netmodel"
)

// FlowLogsRequest asks what flow logs cover of a network.
type FlowLogsRequest struct {
	NetworkSource
	// Account and Region say whom and where the answers in files were asked for; "" where they
	// say it themselves.
	Account, Region string
}

// FlowLogsReport says what flow logs cover of a network.
type FlowLogsReport struct {
	coverage.Report
	// Definition says which of the imported versions it is of; nil: of files.
	Definition *CheckedDefinition `json:"definition,omitempty"`
	// Problems are files that could not be taken, Partial files whose answer has another page,
	// and Unknown the members of answers that this weir does not know.
	Problems []string `json:"problems,omitempty"`
	Partial  []string `json:"partial,omitempty"`
	Unknown  []string `json:"unknown,omitempty"`
}

// FlowLogs tells what flow logs cover of a definition. It fails with a [*netmodel.PlaceError]
// where it is not clear whose answers files hold.
func FlowLogs(ctx context.Context, req FlowLogsRequest) (FlowLogsReport, error) {
	var out FlowLogsReport
	var loaded netmodel.Loaded
	if len(req.Network) > 0 {
		var err error
		if loaded, err = loadAsked(&req); err != nil {
			return out, err
		}
	} else {
		d, err := NetworkAt(ctx, req.Data, req.At)
		if err != nil {
			return out, err
		}
		loaded, out.Definition = d.Loaded, &CheckedDefinition{d.At, d.InForce}
	}
	out.Report = coverage.Of(&loaded)
	out.Partial, out.Unknown = loaded.Partial, loaded.Unknown
	for _, p := range loaded.Problems {
		out.Problems = append(out.Problems, p.String())
	}
	return out, nil
}

// loadAsked loads a definition from files whose answers say, or of which it can be told, whom
// they were asked of.
func loadAsked(req *FlowLogsRequest) (netmodel.Loaded, error) {
	docs, err := netmodel.ReadDocuments(req.Network...)
	if err != nil {
		return netmodel.Loaded{}, err
	}
	for i := range docs {
		docs[i].Account, docs[i].Region = req.Account, req.Region
	}
	all, err := netmodel.LoadDocuments(docs)
	if err != nil {
		return all, err
	}
	docs = slices.DeleteFunc(docs, func(d netmodel.Document) bool {
		return slices.ContainsFunc(all.Problems, func(p netmodel.Problem) bool { return p.File == d.Name })
	})
	parts, err := splitAsked(all.Network, docs)
	if err != nil {
		return all, err
	}
	if docs, err = netmodel.Combine(parts); err != nil {
		return all, err
	}
	for i := range docs {
		if docs[i].Account == nobody {
			docs[i].Account = ""
		}
		if docs[i].Region == nowhere {
			docs[i].Region = ""
		}
	}
	loaded, err := netmodel.LoadDocuments(docs)
	loaded.Problems = append(all.Problems, loaded.Problems...)
	return loaded, err
}

// Place names for what no document says.
const (
	nobody  = "nobody"
	nowhere = "nowhere"
)

// splitAsked sorts documents by whom they were asked of. Where no document says any account,
// or any region, they are of one that has no name: old answers do not have owners.
func splitAsked(n *netmodel.Network, docs []netmodel.Document) ([]netmodel.Part, error) {
	parts, err := netmodel.Split(docs, nil)
	place, ok := errors.AsType[*netmodel.PlaceError](err)
	if !ok {
		return parts, err
	}
	accounts, regions := saysPlaces(n)
	named := slices.Clone(docs)
	for i := range named {
		if place.Account && !accounts && named[i].Account == "" {
			named[i].Account = nobody
		}
		if place.Region && !regions && named[i].Region == "" {
			named[i].Region = nowhere
		}
	}
	if slices.EqualFunc(docs, named, func(a, b netmodel.Document) bool { return a.Account == b.Account && a.Region == b.Region }) {
		return nil, err
	}
	parts, again := splitAsked(n, named)
	if again != nil {
		return nil, err // the first says what is not clear without names that nobody gave
	}
	return parts, nil
}

// saysPlaces reports whether a definition says an owner, and a region.
func saysPlaces(n *netmodel.Network) (account, region bool) {
	look := func(a, r string) { account, region = account || a != "", region || r != "" }
	for _, v := range n.VPCs {
		look(v.Account, v.Region)
	}
	for _, v := range n.Subnets {
		look(v.Account, v.Region)
	}
	for _, v := range n.Interfaces {
		look(v.Account, v.Region)
	}
	for _, v := range n.SecurityGroups {
		look(v.Account, v.Region)
	}
	for _, v := range n.TransitGateways {
		look(v.Account, v.Region)
	}
	return account, region
}

package agent

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"

	"weir/internal/agent/config"
	"weir/internal/aggregate"
	"weir/internal/capture"
	"weir/internal/capture/ebpf"
	"weir/internal/ipranges"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// network is a definition, with what has been found of its interfaces.
type network struct {
	*netmodel.Network
	definition *policy.Definition
	known      map[string]*aggregate.Interface
	attached   map[string]*aggregate.Attachment
	// documents are what it was read from.
	documents []netmodel.Document
	// unknown are members of AWS's answers that this agent does not know: what they say is not considered.
	unknown []string
	// service tells the service of AWS that has an address; nil: the config names no file that does.
	service func(netip.Addr) string
}

// loadNetwork loads the definition of a config.
func loadNetwork(c *config.Config) (*network, error) {
	documents, err := netmodel.ReadDocuments(c.Network...)
	if err != nil {
		return nil, err
	}
	return networkOfDocuments(c, documents)
}

// networkOfDocuments returns the definition that documents have.
func networkOfDocuments(c *config.Config, documents []netmodel.Document) (*network, error) {
	loaded, err := netmodel.LoadDocuments(documents)
	if err == nil {
		err = whole(&loaded)
	}
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(c, loaded.Network)
	if err == nil {
		n.documents, n.unknown = documents, loaded.Unknown
	}
	return n, err
}

// whole fails where a part of a definition was not taken, or is not there: an agent that decides by a part of the rules decides wrongly.
func whole(loaded *netmodel.Loaded) error {
	switch {
	case len(loaded.Problems) > 0:
		return fmt.Errorf("cannot read the network definition: %s", loaded.Problems[0])
	case len(loaded.Partial) > 0:
		return fmt.Errorf("the network definition is not whole: the answer in %s has another page; without --max-items and --no-paginate the AWS CLI gets all", loaded.Partial[0])
	}
	return nil
}

// sayUnknown says what of a definition is not considered.
func (n *network) sayUnknown(log *slog.Logger) {
	if len(n.unknown) > 0 {
		log.Warn("the definition has members that this agent does not know; they are not considered", "members", n.unknown)
	}
}

// newNetwork returns a definition with what else a config tells of networks.
func newNetwork(c *config.Config, n *netmodel.Network) (*network, error) {
	out := &network{Network: n, definition: policy.New(n), known: map[string]*aggregate.Interface{}, attached: map[string]*aggregate.Attachment{}}
	if c.IPRanges != "" {
		text, err := os.ReadFile(c.IPRanges)
		if err != nil {
			return nil, fmt.Errorf("cannot read the networks of AWS: %w", err)
		}
		ranges, err := ipranges.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("cannot read the networks of AWS: %s: %w", c.IPRanges, err)
		}
		out.service = ranges.Service
	}
	return out, nil
}

// about returns what records tell of an interface.
func (n *network) about(id string) *aggregate.Interface {
	a, ok := n.known[id]
	if !ok {
		a = capture.About(n.definition, n.Network, id, n.service)
		n.known[id] = a
	}
	return a
}

// policyOf returns what is done at an interface. In modes count and observe nothing decides, and the policy says only what flow logs leave out.
func (n *network) policyOf(id, mode string) (ebpf.Interface, error) {
	out := ebpf.Interface{ID: id, Mode: modes[mode]}
	if n.TransitGatewayAttachments[id] != nil {
		return out, n.attachable(id)
	}
	eni := n.Interfaces[id]
	if eni == nil {
		return out, fmt.Errorf("there is no network interface %s in the definition", id)
	}
	at, err := n.definition.At(id)
	if err != nil {
		return out, err
	}
	out.Policy, out.Timeouts = at, capture.Timeouts(eni.ConnectionTracking)
	return out, nil
}

// modes are what is done at an interface, by name.
var modes = map[string]ebpf.Mode{"count": ebpf.Count, "shadow": ebpf.Shadow, "enforce": ebpf.Enforce, observing: ebpf.Observe}

// settle looks for what a config names, and completes its flow logs: account and region are those of the resource where nobody says.
func settle(c *config.Config, n *network) error {
	for i := range c.Interfaces {
		in := &c.Interfaces[i]
		var err error
		switch {
		case in.Attachment != "":
			err = n.attachable(in.Attachment)
		case in.ENI != "":
			_, err = n.policyOf(in.ENI, in.Mode)
		}
		if err != nil {
			return c.Errorf(in.Place, "%s", err)
		}
	}
	for i := range c.FlowLogs {
		l := &c.FlowLogs[i]
		account, region, err := n.ownerOf(l)
		if err != nil {
			return c.Errorf(l.Place, "%s: %s", l.ID, err)
		}
		for _, of := range []struct {
			what string
			to   *string
			is   string
		}{{"account", &l.Account, account}, {"region", &l.Region, region}} {
			if *of.to == "" {
				*of.to = of.is
			}
			if *of.to == "" {
				return c.Errorf(l.Place, "%s: the definition does not say the %s of %s, which keys of objects have: say %s", l.ID, of.what, l.Resource, of.what)
			}
		}
	}
	return nil
}

// ownerOf returns whose the resource of a flow log is, and where.
func (n *network) ownerOf(l *config.FlowLog) (account, region string, err error) {
	id := l.Resource
	switch {
	case l.OfTransit():
		return n.gatewayOwner(id)
	case n.VPCs[id] != nil:
		return n.VPCs[id].Account, n.VPCs[id].Region, nil
	case n.Subnets[id] != nil:
		return n.Subnets[id].Account, n.Subnets[id].Region, nil
	case n.Interfaces[id] != nil:
		return n.Interfaces[id].Account, n.Interfaces[id].Region, nil
	case n.TransitGateways[id] != nil, n.TransitGatewayAttachments[id] != nil:
		return "", "", fmt.Errorf("flow logs of transit gateways and attachments know them by ids that begin with tgw-, and %s does not", id)
	case n.NATGateways[id] != nil:
		return "", "", notOf(n.NATGateways[id])
	}
	return "", "", fmt.Errorf("there is no VPC, subnet or network interface %s in the definition", id)
}

// notOf says that there is no flow log of a NAT gateway, and what to name in its place.
func notOf(g *netmodel.NATGateway) error {
	for _, a := range g.Addresses {
		if a.Interface != "" {
			return fmt.Errorf("agents make no flow logs of NAT gateways: say %s, the network interface of %s, as the resource", a.Interface, g.ID)
		}
	}
	return fmt.Errorf("agents make no flow logs of NAT gateways, and no host has an interface of %s: say the VPC, subnet or network interface that sends by it as the resource", g.ID)
}

// covers reports whether a flow log is of an interface.
func (n *network) covers(l *config.FlowLog, id string) bool {
	if l.OfTransit() {
		a := n.TransitGatewayAttachments[id]
		return a != nil && (l.Resource == id || l.Resource == a.TransitGateway)
	}
	eni := n.Interfaces[id]
	return eni != nil && (l.Resource == id || l.Resource == eni.Subnet || l.Resource == eni.VPC)
}

package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

// CheckRequest asks what rules decide of a connection.
type CheckRequest struct {
	// Network are the files and folders of the network's definition. Where there are none,
	// it is the one of the data directory Data that was in force at At.
	Network []string
	Data    string
	At      time.Time
	// Strict refuses where it is not sure what was in force: before the first import, and
	// between two that differ.
	Strict bool
	// From and To are the ends: private addresses, IPv6 addresses, or ids of ENIs.
	From, To string
	// Traffic is a port and protocol as "443/tcp" or "53/udp", "icmp" or "icmpv6" for an
	// echo request, or the name or number of a protocol without ports.
	Traffic string
	// SourcePort is the port that the connection comes from.
	SourcePort uint16
}

// CheckReport says what rules decide of a connection.
type CheckReport struct {
	policy.Path
	Src      netip.Addr `json:"srcaddr"`
	Dst      netip.Addr `json:"dstaddr"`
	SrcPort  uint16     `json:"srcport,omitempty"`
	DstPort  uint16     `json:"dstport,omitempty"`
	Protocol int        `json:"protocol"`
	// Definition says which of the imported versions decided; nil: files did.
	Definition *CheckedDefinition `json:"definition,omitempty"`
	// Problems are files that could not be taken, and Missing what the definition refers to
	// and does not hold.
	Problems []string `json:"problems,omitempty"`
	Missing  []string `json:"missing,omitempty"`
}

// Check tells what the security groups and network ACLs of a definition decide of a
// connection between two ENIs of one VPC. It fails where an end is no ENI, or is one of
// several with the same address, and with [ErrUnsure] where it is to be strict.
func Check(ctx context.Context, req CheckRequest) (CheckReport, error) {
	p, err := readTraffic(req.Traffic)
	if err != nil {
		return CheckReport{}, err
	}
	loaded, kept, err := loadFor(ctx, &req)
	if err != nil {
		return CheckReport{}, err
	}
	from, to, err := ends(loaded.Network, req.From, req.To)
	if err != nil {
		return CheckReport{}, err
	}
	if p.Src, p.Dst, err = addresses(req, from, to); err != nil {
		return CheckReport{}, err
	}
	if p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP {
		p.SrcPort = req.SourcePort
	}
	out := CheckReport{Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort, Protocol: p.Protocol, Missing: loaded.Missing()}
	for _, problem := range loaded.Problems {
		out.Problems = append(out.Problems, problem.String())
	}
	if kept != nil {
		out.Definition = checked(kept, from, to)
		if doubts := out.Definition.Doubts(); req.Strict && len(doubts) > 0 {
			return out, fmt.Errorf("%w: %s", ErrUnsure, strings.Join(doubts, "; "))
		}
	}
	out.Path, err = policy.New(loaded.Network).Path(from.ID, to.ID, &p)
	if errors.Is(err, policy.ErrNoPath) {
		err = fmt.Errorf("%w; routes, gateways and peering are not read yet", err)
	}
	if err != nil && len(out.Problems) > 0 {
		err = fmt.Errorf("%w (left out: %s)", err, strings.Join(out.Problems, "; "))
	}
	return out, err
}

// ErrUnsure says that nobody knows what was in force.
var ErrUnsure = errors.New("it is not sure what was in force")

// loadFor loads the definition that a request names: from files, or what was imported, which
// it returns too.
func loadFor(ctx context.Context, req *CheckRequest) (netmodel.Loaded, *versions.Definition, error) {
	if len(req.Network) > 0 {
		loaded, err := netmodel.Load(req.Network...)
		return loaded, nil, err
	}
	d, err := NetworkAt(ctx, req.Data, req.At)
	return netmodel.Loaded{Network: d.Network, Problems: d.Problems}, &d, err
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

// ends finds the ENIs that a request names. Where an address is that of several, the
// other end tells the VPC.
func ends(n *netmodel.Network, from, to string) (*netmodel.Interface, *netmodel.Interface, error) {
	froms, err := interfaces(n, from)
	if err != nil {
		return nil, nil, err
	}
	tos, err := interfaces(n, to)
	if err != nil {
		return nil, nil, err
	}
	type pair struct{ from, to *netmodel.Interface }
	var pairs []pair
	for _, f := range froms {
		for _, t := range tos {
			if f.VPC == t.VPC {
				pairs = append(pairs, pair{f, t})
			}
		}
	}
	switch {
	case len(pairs) == 1:
		return pairs[0].from, pairs[0].to, nil
	case len(froms) == 1 && len(tos) == 1:
		return froms[0], tos[0], nil // of different VPCs
	}
	return nil, nil, fmt.Errorf("%s is %s and %s is %s: name the ENIs", from, idsOf(froms), to, idsOf(tos))
}

func idsOf(list []*netmodel.Interface) string {
	var ids []string
	for _, i := range list {
		ids = append(ids, i.ID+" in "+i.VPC)
	}
	return strings.Join(ids, " or ")
}

// interfaces returns the ENIs that a text names.
func interfaces(n *netmodel.Network, text string) ([]*netmodel.Interface, error) {
	if i := n.Interfaces[text]; i != nil {
		return []*netmodel.Interface{i}, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an address nor an ENI of the definition", text)
	}
	list := n.At(addr)
	if len(list) == 0 {
		return nil, fmt.Errorf("no ENI of the definition has %s; what leaves the VPC goes by routes, which are not read yet", text)
	}
	for _, i := range list {
		if !i.Has(addr) {
			return nil, fmt.Errorf("%s is the public address of %s: traffic to it leaves the VPC, by routes that are not read yet; name its private address", text, i.ID)
		}
	}
	return list, nil
}

// addresses returns the addresses of a packet between two ENIs: those that were given, or
// the ENIs' first ones of a family that both have.
func addresses(req CheckRequest, from, to *netmodel.Interface) (src, dst netip.Addr, err error) {
	src, srcErr := netip.ParseAddr(req.From)
	dst, dstErr := netip.ParseAddr(req.To)
	first := func(i *netmodel.Interface, like netip.Addr) netip.Addr {
		at := slices.IndexFunc(i.Addresses, func(a netip.Addr) bool { return !like.IsValid() || a.Is4() == like.Is4() })
		if at < 0 {
			return netip.Addr{}
		}
		return i.Addresses[at]
	}
	switch {
	case srcErr != nil && dstErr != nil:
		src = first(from, netip.Addr{})
		dst = first(to, src)
	case srcErr != nil:
		src = first(from, dst)
	case dstErr != nil:
		dst = first(to, src)
	}
	if !src.IsValid() || !dst.IsValid() {
		return src, dst, fmt.Errorf("%s and %s have no addresses of the same family", from.ID, to.ID)
	}
	return src, dst, nil
}

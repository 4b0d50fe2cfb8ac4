package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// checkRouted compares which end reaches which other one, over IPv4 and IPv6, with what package policy says of the network where no rule refuses anything: a connection to a port at which nobody listens is
// refused by a host, and by nothing else.
func checkRouted(ctx context.Context, d *Definition) error {
	opened := policy.New(opened(d.Network))
	names := slices.Sorted(maps.Keys(d.Hosts))
	names = slices.DeleteFunc(append(names, slices.Sorted(maps.Keys(d.Internet))...), func(name string) bool { return name == "nat" }) // which drops what comes unasked
	var wg sync.WaitGroup
	ended := make(chan error, 2*len(names)*len(names))
	compared := map[string]int{}
	for _, from := range names {
		for _, to := range names {
			for _, six := range []bool{false, true} {
				s := Step{From: from, To: to, TCP: 81, IPv6: six}
				want, err := d.routed(opened, s)
				if errors.Is(err, ErrScenario) || errors.Is(err, policy.ErrNoPath) { // an end has no such address, or AWS does not say
					continue
				}
				if err != nil {
					return fmt.Errorf("%s: %w", s, err)
				}
				compared[want]++
				wg.Go(func() {
					s.Then = want
					if became, err := d.send(ctx, s); err != nil || became != want {
						ended <- fmt.Errorf("%s: %s, and not %s: %w", s, became, want, err)
					}
				})
			}
		}
	}
	wg.Wait()
	close(ended)
	var errs []error
	for err := range ended {
		errs = append(errs, err)
	}
	if compared[Refused] < 15 || compared[Nothing] < 15 {
		errs = append(errs, fmt.Errorf("compared %v", compared))
	}
	return errors.Join(errs...)
}

// routed says what has to become of a step by what package policy says.
func (d *Definition) routed(opened *policy.Definition, s Step) (string, error) {
	_, out := d.Internet[s.From]
	_, far := d.Internet[s.To]
	if s.From == s.To || out && far {
		return "", ErrScenario
	}
	e, err := d.endsOf(s)
	if err != nil {
		return "", err
	}
	from := policy.Internet
	if !out {
		from = d.Hosts[s.From].ENI
	}
	path, err := opened.Path(from, "", &policy.Packet{Src: e.from, Dst: e.to, Protocol: netmodel.TCP, SrcPort: 50000, DstPort: s.TCP, Flags: policy.SYN})
	switch {
	case err != nil:
		return "", err
	case path.Action == policy.Accept:
		return Refused, nil
	}
	return Nothing, nil
}

// opened returns a network in which no rule refuses anything.
func opened(n *netmodel.Network) *netmodel.Network {
	out := *n
	out.SecurityGroups, out.NetworkACLs = map[string]*netmodel.SecurityGroup{}, map[string]*netmodel.NetworkACL{}
	var rules []netmodel.GroupRule
	var entries []netmodel.ACLEntry
	for i, all := range []string{"0.0.0.0/0", "::/0"} {
		traffic, cidr := netmodel.Traffic{Protocol: netmodel.AllProtocols, To: 65535, Type: -1, Code: -1}, netip.MustParsePrefix(all)
		rules = append(rules, netmodel.GroupRule{Traffic: traffic, Peer: netmodel.Peer{CIDR: cidr}})
		entries = append(entries, netmodel.ACLEntry{Number: i + 1, Allow: true, Traffic: traffic, CIDR: cidr})
	}
	for id, g := range n.SecurityGroups {
		open := *g
		open.Ingress, open.Egress = rules, rules
		out.SecurityGroups[id] = &open
	}
	for id, a := range n.NetworkACLs {
		open := *a
		open.Ingress, open.Egress = entries, entries
		out.NetworkACLs[id] = &open
	}
	return &out
}

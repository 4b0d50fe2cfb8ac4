package app

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/synth"
)

// TestFixesMend mends whatever refuses connections of a network, one refusal after the other:
// then it is accepted, or what refuses is no rule. Taking one of the changes away again, it is
// refused.
func TestFixesMend(t *testing.T) {
	made, err := synth.NewNetwork(synth.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := made.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	loaded, err := netmodel.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ids := slices.Sorted(maps.Keys(loaded.Interfaces))
	rng := rand.New(rand.NewPCG(1, 2))
	counts := map[string]int{}
	for range 400 {
		a, b := loaded.Interfaces[ids[rng.IntN(len(ids))]], loaded.Interfaces[ids[rng.IntN(len(ids))]]
		traffic := []string{"22/tcp", "443/tcp", "5432/tcp", "53/udp", "icmp", "47"}[rng.IntN(6)]
		if a == b || len(a.Addresses) == 0 || len(b.Addresses) == 0 {
			continue
		}
		req := CheckRequest{From: a.ID, To: addressOf(b, a.Addresses[0]), Traffic: traffic, SourcePort: uint16(1024 + rng.IntN(60_000))}
		if req.To == "" {
			continue
		}
		var networks []*netmodel.Network
		now := loaded
		outcome := "too many"
		for range maxRefusals {
			r, err := checkLoaded(now, nil, req)
			refusal, refuses := refusalOf(&r)
			if !refuses {
				outcome = "accepted"
				if err != nil || r.Action != policy.Accept {
					outcome = "unknown"
				}
				break
			}
			_, with, err := fixOf(now.Network, &refusal, &r)
			if err != nil {
				outcome = "no rule"
				if refusal.Step.Stage == policy.NetworkACL || refusal.Step.Stage == policy.SecurityGroup {
					t.Errorf("%s to %s %s: %s: %v", req.From, req.To, traffic, refusal.Step.Why, err)
				}
				break
			}
			networks = append(networks, now.Network)
			now.Network = with
		}
		counts[outcome]++
		counts[fmt.Sprint(len(networks))]++
		if outcome == "accepted" && len(networks) > 0 {
			// All changes but the last one leave it refused.
			before := now
			before.Network = networks[len(networks)-1]
			if r, err := checkLoaded(before, nil, req); err == nil && r.Action == policy.Accept {
				t.Errorf("%s to %s %s: the last change is not needed", req.From, req.To, traffic)
			}
		}
	}
	t.Log(counts)
	if counts["accepted"] < 100 || counts["too many"] > 0 || counts["1"] < 10 || counts["2"] < 10 {
		t.Errorf("%v", counts)
	}
}

// addressOf returns an address of an ENI of a family, or "".
func addressOf(i *netmodel.Interface, family netip.Addr) string {
	for _, a := range i.Addresses {
		if a.Is4() == family.Is4() {
			return a.String()
		}
	}
	return ""
}

// TestSender tells apart ENIs of VPCs with the same networks.
func TestSender(t *testing.T) {
	eni := func(id, vpc, address string) *netmodel.Interface {
		return &netmodel.Interface{ID: id, VPC: vpc, Addresses: []netip.Addr{netip.MustParseAddr(address)}}
	}
	w := why{network: &netmodel.Network{Interfaces: map[string]*netmodel.Interface{
		"eni-a": eni("eni-a", "vpc-1", "10.0.0.1"), "eni-b": eni("eni-b", "vpc-2", "10.0.0.1"),
		"eni-c": eni("eni-c", "vpc-2", "10.0.0.2"), "eni-d": eni("eni-d", "vpc-3", "10.0.0.3"),
	}}}
	finding := func(id string, side diagnose.Side) diagnose.Finding {
		return diagnose.Finding{Interface: id, Side: side}
	}
	for name, tt := range map[string]struct {
		from     string
		findings []diagnose.Finding
		want     string
	}{
		"records show it":        {"10.0.0.1", []diagnose.Finding{finding("eni-c", diagnose.Destination), finding("eni-a", diagnose.Source)}, "eni-a"},
		"the VPC tells":          {"10.0.0.1", []diagnose.Finding{finding("eni-c", diagnose.Destination)}, "eni-b"},
		"both sent":              {"10.0.0.1", []diagnose.Finding{finding("eni-d", diagnose.Destination), finding("eni-a", diagnose.Source), finding("eni-b", diagnose.Source)}, ""},
		"neither tells":          {"10.0.0.1", []diagnose.Finding{finding("eni-d", diagnose.Destination)}, ""},
		"an ENI nobody knows":    {"10.0.0.1", []diagnose.Finding{finding("eni-9", diagnose.Destination)}, ""},
		"one alone has it":       {"10.0.0.2", []diagnose.Finding{finding("eni-a", diagnose.Destination)}, ""},
		"an id, not an address":  {"eni-a", []diagnose.Finding{finding("eni-a", diagnose.Source)}, ""},
		"an address of nobody's": {"192.0.2.1", []diagnose.Finding{finding("eni-c", diagnose.Destination)}, ""},
	} {
		c := WhyConnections{Findings: tt.findings}
		if got := w.sender(tt.from, &tt.findings[0], &c); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

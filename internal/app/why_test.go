package app

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

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

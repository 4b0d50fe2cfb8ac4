package pair_test

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/internal/pair"
	"weir/internal/sharedtest"
)

// TestOwnersSum changes what is told: where the answers of an hour change, the sum does.
func TestOwnersSum(t *testing.T) {
	changed, same := 0, 0
	for seed := range sharedtest.Rounds(uint64(300)) {
		r := rand.New(rand.NewPCG(seed, 5))
		const hours = 2
		var records []rec
		for _, one := range random(r, hours) {
			if one.hour() == begin {
				records = append(records, one)
			}
		}
		if len(records) == 0 {
			continue
		}
		h := pair.NewHour(begin, len(records))
		h.Add(batch(t, records))
		open := h.Open()
		a, b := pair.NewOwners(randomOwners(r, hours)), pair.NewOwners(randomOwners(r, hours))
		answers := func(o *pair.Owners) []answer { return find(t, begin, records, nil, nil, true, len(records), o) }
		switch equal := slices.Equal(answers(a), answers(b)); {
		case equal:
			same++
		case a.Sum(open) == b.Sum(open):
			t.Fatalf("seed %d: the answers change, the sum does not", seed)
		default:
			changed++
		}
	}
	if (changed < 20 || same < 20) && !testing.Short() {
		t.Errorf("%d changed, %d did not", changed, same)
	}
}

// TestOwnersSumOfOthers tells more of what does not count for an hour: the sum stays.
func TestOwnersSumOfOthers(t *testing.T) {
	addr := netip.MustParseAddr
	one := rec{iface: "eni-1", src: "10.0.0.1", dst: "10.0.0.2", protocol: 1, action: "ACCEPT", start: begin + 1, end: begin + 30}
	two := one
	two.iface, two.dst = "eni-2", "10.0.0.3"
	more := two
	more.dst = "10.0.0.4"
	h := pair.NewHour(begin, 3)
	h.Add(batch(t, []rec{one, two, more}))
	open := h.Open()
	if len(open) != 1 {
		t.Fatalf("%d interfaces are open, want the one with a single peer", len(open))
	}
	base := pair.Own{Interface: "eni-1", From: math.MinInt64, To: math.MaxInt64, Addresses: []netip.Addr{addr("10.0.0.1"), addr("2001:db8::1")}}
	sum := pair.NewOwners([]pair.Own{base}).Sum(open)
	if sum == 0 {
		t.Fatal("no sum")
	}
	turned := base
	turned.Addresses = []netip.Addr{addr("2001:db8::1"), addr("10.0.0.1")}
	other := pair.Own{Interface: "eni-2", From: math.MinInt64, To: math.MaxInt64, Addresses: []netip.Addr{addr("10.0.0.1")}}
	for name, list := range map[string][]pair.Own{
		"the order of addresses": {turned}, "what the records tell": {base, other},
	} {
		if got := pair.NewOwners(list).Sum(open); got != sum {
			t.Errorf("%s changes the sum", name)
		}
	}
	within := base
	within.To = begin + 1800
	if pair.NewOwners([]pair.Own{within}).Sum(open) == sum {
		t.Error("half of the time has the sum of all")
	}
	var no *pair.Owners
	if no.Sum(open) != 0 || pair.NewOwners(nil).Sum(open) != 0 || !no.Empty() {
		t.Error("nothing has a sum")
	}
}

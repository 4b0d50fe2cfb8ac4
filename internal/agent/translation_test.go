package agent

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/device"
	"weir/internal/aggregate"
)

// TestTranslated has the interfaces behind which something may be, by table b.6 of the specification: an interface of AWS's own has what is in the packets on both sides, and
// the other end of a pair is outside of the interface.
func TestTranslated(t *testing.T) {
	n := networkOf(t)
	n.Interfaces["eni-2"].Type = "nat_gateway"
	n.Interfaces["eni-4"].Type = "transit_gateway"
	a := &agent{network: n, counted: NewCounters(), attached: map[place]*Match{
		{index: 1}: {Interface: "eni-1"}, {index: 2}: {Interface: "eni-2"}, {index: 3}: {Interface: "eni-3", Flipped: true}, {index: 4}: {Interface: "eni-4"},
		{index: 5}: {Device: device.Device{Name: "eth9"}}, {7, 1}: {Device: device.Device{Cookie: 7}, Interface: "eni-3"},
	}}
	a.beginRead()
	a.translated.behind(&aggregate.Flow{Interface: "eni-1", Protocol: 6}, 0) // nobody asks
	a.translated = &translation{counted: a.counted, current: true}
	a.beginRead()
	if diff := cmp.Diff([]string{"eni-1"}, slices.Sorted(maps.Keys(a.translated.at))); diff != "" {
		t.Error(diff)
	}
	a.translated.current = true // and the kernel tells nothing
	for _, protocol := range []uint8{1, 6, 17, 58} {
		for _, id := range []string{"eni-1", "eni-2"} {
			f := aggregate.Flow{Interface: id, Protocol: protocol, Dst: netip.MustParseAddr("10.0.1.10")}
			if a.translated.behind(&f, 0); f.Behind.IsValid() {
				t.Errorf("%+v", f)
			}
		}
	}
	if diff := cmp.Diff(map[string]float64{"unknown": 2}, a.counted.values[translations]); diff != "" {
		t.Errorf("flows of TCP and UDP at eni-1 alone are asked for: %s", diff)
	}
	a.translated.restart()
	if err := a.translated.close(); err != nil {
		t.Error(err)
	}
}

package packet_test

import (
	"testing"

	"weir/internal/capture/capturetest"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
)

// TestFragmentsFold compares which flow each later fragment of the captures is counted under with a model that remembers
// every first fragment for ever. It holds what the page docs/reference/packet-truth.md says about orphans.
func TestFragmentsFold(t *testing.T) {
	later, orphans, early := 0, 0, 0
	for _, c := range capturetest.Captures(t) {
		if c.Later == 0 {
			continue
		}
		got, want, fold := capturetest.Sums{}, capturetest.Sums{}, capturetest.NewFold()
		d, p := packet.NewDissector(), packet.Packet{}
		c.Read(t, func(f *packetfile.Frame) {
			out := d.Dissect(f.Link, f.Data, f.Length, f.Time, &p)
			if !out.Counts() {
				return
			}
			is, known := fold.Add(&p, f.Time)
			if p.Fragment == packet.LaterFragment && known != (out == packet.OK) {
				t.Errorf("%s: a later fragment of %v is %v, and its first was seen: %v", c.Name, is, out, known)
			}
			want.Add(is, capturetest.Of(&p, f.Time))
			p.Fragment = packet.Whole
			got.Add(capturetest.FlowOf(&p, packet.OK), capturetest.Of(&p, f.Time))
		})
		if lines := got.Differences(want); len(lines) > 0 {
			t.Errorf("%s: %v", c.Name, lines)
		}
		later, orphans, early = later+fold.Later, orphans+fold.Orphans, early+fold.Early
	}
	if later != 9857 || orphans != 61 || early != 0 {
		t.Errorf("%d later fragments, %d of them orphans; the first of %d came behind: want 9857, 61, 0", later, orphans, early)
	}
}

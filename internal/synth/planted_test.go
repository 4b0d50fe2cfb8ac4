package synth

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// aclNames returns the ids of the network ACLs by subnet, as the documents say.
func aclNames(t *testing.T, n Network) map[string]string {
	t.Helper()
	var lists struct {
		NetworkAcls []struct {
			ID           string `json:"NetworkAclId"`
			Associations []aclAssociation
		}
	}
	find(t, n.Documents, "describe-network-acls", &lists)
	out := map[string]string{}
	for _, a := range lists.NetworkAcls {
		for _, s := range a.Associations {
			out[s.SubnetID] = a.ID
		}
	}
	return out
}

// denying returns the number of the entry that denies a packet, "" where one allows it.
func (def definition) denying(eni string, p packet, egress bool) string {
	if def.aclAllows(eni, p, egress) {
		return ""
	}
	// Without the entries from one on, nothing but the last ones denies: the first for which
	// that makes a difference is the one.
	entries := slices.Clone(def.acls[def.enis[eni].subnet])
	slices.SortFunc(entries, func(a, b aclEntry) int { return a.RuleNumber - b.RuleNumber })
	all := aclEntry{CidrBlock: "0.0.0.0/0", Egress: egress, Protocol: "-1", RuleAction: "allow", RuleNumber: 1 << 20}
	for n, e := range entries {
		short := definition{def.enis, def.byAddr, def.groups, map[string][]aclEntry{def.enis[eni].subnet: append(slices.Clip(entries[:n+1]), all)}}
		if !short.aclAllows(eni, p, egress) {
			if e.RuleNumber > 32766 {
				return "*"
			}
			return strconv.Itoa(e.RuleNumber)
		}
	}
	return "*"
}

// TestRefusals compares what was planted with what the documents say of each REJECT record.
func TestRefusals(t *testing.T) {
	for seed := range sharedtest.Rounds(uint64(3)) {
		c := small()
		c.Seed, c.Records, c.Format = seed, 60_000, wide(t)
		g, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		n := g.Network()
		before, after, acls := read(t, n, n.Before), read(t, n, n.Documents), aclNames(t, n)
		want := map[string]int{}
		each(t, c, func(_ Object, r flowlog.Record) {
			if text(r, flowlog.Action) != "REJECT" {
				return
			}
			id, p, def := text(r, flowlog.InterfaceID), packetOf(r), before
			if num(r, flowlog.Start) >= n.Changed.Unix() {
				def = after
			}
			way := text(r, flowlog.FlowDirection)
			egress := way == "egress"
			group := def.groupsPass(id, p, egress, kindOf(r, p))
			entry := def.denying(id, p, egress)
			cause := "stray "
			switch {
			case entry != "" && (!egress || group):
				cause = "nacl " + acls[def.enis[id].subnet] + ":" + way + ":" + entry
			case !group:
				cause = "sg " + strings.Join(slices.Sorted(slices.Values(def.enis[id].groups)), ",") + ":" + way + ":implicit-deny"
			}
			want[fmt.Sprint(id, p.src, p.dst, p.srcPort, p.dstPort, p.protocol, num(r, flowlog.Start), num(r, flowlog.End), cause)]++
		})
		got, stages := map[string]int{}, map[string]bool{}
		for i := range g.Slots() {
			list, err := g.Refusals(i)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				got[fmt.Sprint(f.Interface, f.Src, f.Dst, int(f.SrcPort), int(f.DstPort), int(f.Protocol), f.Start, f.End, f.Stage+" "+f.Rule)]++
				stages[f.Stage] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d (-documents +plan):\n%s", seed, diff)
		}
		if diff := cmp.Diff([]string{"nacl", "sg", "stray"}, slices.Sorted(maps.Keys(stages))); diff != "" {
			t.Errorf("seed %d: stages (-want +got):\n%s", seed, diff)
		}
	}
	g, err := New(small())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Refusals(g.Slots()); err == nil {
		t.Error("a slot that is not there has refusals")
	}
}

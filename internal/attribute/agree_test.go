package attribute_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/attribute"
	"weir/internal/attribute/truth"
	"weir/internal/netmodel"
	"weir/internal/pair"
	"weir/internal/policy"
)

// asked is what package policy says about a record's packets, each asked about by itself.
type asked struct {
	way         netmodel.Direction
	ahead, back policy.Verdict // the packet, and the one that it may answer, as first ones
	flags       int64          // of TCP; -1 where they are not known
	tcp         bool
}

// ask asks policy about a record.
func ask(t *testing.T, at *policy.Interface, own []netip.Addr, r flowlog.Record) asked {
	t.Helper()
	field := func(id, instead flowlog.FieldID) netip.Addr {
		if a, ok := r.Addr(id); ok {
			return a
		}
		a, _ := r.Addr(instead)
		return a
	}
	num := func(id flowlog.FieldID) int64 { n, _ := r.Int(id); return n }
	p := policy.Packet{
		Src: field(flowlog.PktSrcAddr, flowlog.SrcAddr), Dst: field(flowlog.PktDstAddr, flowlog.DstAddr), Protocol: int(num(flowlog.Protocol)),
		SrcPort: uint16(num(flowlog.SrcPort)), DstPort: uint16(num(flowlog.DstPort)),
	}
	out := asked{way: netmodel.Ingress, tcp: p.Protocol == netmodel.TCP, flags: -1}
	if src, _ := r.Addr(flowlog.SrcAddr); slices.Contains(own, src) {
		out.way = netmodel.Egress
	}
	if f, ok := r.Int(flowlog.TCPFlags); ok && out.tcp {
		out.flags = f
	}
	back, before := p, netmodel.Egress
	back.Src, back.Dst, back.SrcPort, back.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	if out.way == netmodel.Egress {
		before = netmodel.Ingress
	}
	for _, q := range []*policy.Packet{&p, &back} {
		if err := q.Check(); err != nil {
			t.Fatal(err)
		}
	}
	out.ahead, out.back = at.Decide(&p, out.way).Verdict(), at.Decide(&back, before).Verdict()
	return out
}

// expected is what is to be told by that, as attribution, stage and rules in order; several where
// it depends on other records which it is. entry is the network ACL's that policy names nowhere.
func (a asked) expected(accepted bool, entry string, groups []string) []string {
	say := func(words ...string) string {
		return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
	}
	none := strings.Join(groups, ",") + ":" + string(a.way) + ":implicit-deny"
	stage := "sg"
	if a.flags >= 0 && a.flags&2 == 0 {
		stage = "stray"
	}
	ahead, opens := a.ahead, a.flags >= 0 && a.flags&18 == 2
	switch {
	case ahead.Stage == policy.Bypass && len(groups) > 0 && accepted && entry == "":
		return []string{"exact"}
	case !accepted && ahead.Action == policy.Accept && stage == "stray":
		return []string{"contradiction stray"}
	case !accepted && ahead.Action == policy.Accept:
		return []string{"contradiction"}
	case !accepted && ahead.Stage == policy.NetworkACL:
		return []string{say("exact", "nacl", ahead.Rule)}
	case !accepted: // by the groups: what goes out may be a reply, for the network ACL
		out := []string{say("exact", stage, none)}
		if a.way == netmodel.Egress && !opens && entry != "" {
			list := []string{entry, none}
			slices.Sort(list)
			out = append(out, say("ambiguous", strings.Join(list, " ")), say("exact", "nacl", entry))
		}
		return out
	}
	var rules, replies []string
	if ahead.Action == policy.Accept {
		rules = ahead.Rules
	}
	if a.back.Action == policy.Accept {
		replies = a.back.Rules
	}
	told := func(rules []string) string {
		rules = slices.Compact(slices.Sorted(slices.Values(rules)))
		attribution := "ambiguous"
		switch {
		case ahead.Stage == policy.NetworkACL && ahead.Action == policy.Reject:
			return "contradiction"
		case len(groups) == 0:
			return say("exact", entry)
		case len(rules) == 0:
			return "contradiction"
		case len(rules) == 1:
			attribution = "exact"
		}
		if entry != "" {
			rules = slices.Sorted(slices.Values(append(rules, entry)))
		}
		return say(attribution, strings.Join(rules, " "))
	}
	switch {
	case opens:
		return []string{told(rules)}
	case a.flags >= 0 && a.flags&18 == 18:
		return []string{told(replies), told(slices.Concat(rules, replies))}
	case a.flags >= 0:
		return []string{told(rules), told(slices.Concat(rules, replies))}
	}
	return []string{told(slices.Concat(rules, replies))}
}

func decider(t *testing.T, n *netmodel.Network, id string) *policy.Interface {
	t.Helper()
	at, err := policy.New(n).At(id)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// bare returns a network in which an ENI has no groups, so that policy names the network ACL's
// entry also of what is accepted.
func bare(n *netmodel.Network, eni *netmodel.Interface) *netmodel.Network {
	out := *n
	without := *eni
	without.Groups, without.Type = nil, "nat_gateway"
	out.Interfaces = map[string]*netmodel.Interface{eni.ID: &without}
	return &out
}

// TestAgreement compares what is told of records at once with what policy says of each by
// itself, on random networks and flows. What of a list is short because it may not be a reply is
// left open where other records decide that. ICMP, whose types records do not have, is left out.
func TestAgreement(t *testing.T) {
	compared := map[string]int{}
	for seed := range uint64(20) {
		w := truth.New(1<<50 + seed)
		n := w.Versions[0].Network // always in force: what was recorded under another one counts too
		batches, hours := map[int64]*flowlog.Batch{}, map[int64][]pair.Rows{}
		for i := range w.Records {
			r := &w.Records[i]
			at := r.End / 3600 * 3600
			if batches[at] == nil {
				batches[at] = flowlog.NewBatch(flowlog.KindVPC)
			}
			if err := w.Append(batches[at], r); err != nil {
				t.Fatal(err)
			}
		}
		for at, b := range batches {
			all := make([]uint32, b.Len())
			for i := range all {
				all[i] = uint32(i)
			}
			hours[at] = []pair.Rows{{Batch: b, At: all}}
		}
		deciding := map[string][2]*policy.Interface{} // by ENI: with its groups, without any
		for id, eni := range n.Interfaces {
			deciding[id] = [2]*policy.Interface{decider(t, n, id), decider(t, bare(n, eni), id)}
		}
		tellHours(t, planted{n, n, 1 << 60}, n, hours, func(r flowlog.Record, told attribute.Told) {
			protocol, traffic := r.Int(flowlog.Protocol)
			if !traffic || protocol == netmodel.ICMP || protocol == netmodel.ICMPv6 || told.Attribution == "unknown" {
				return
			}
			id, _ := r.Text(flowlog.InterfaceID)
			action, _ := r.Text(flowlog.Action)
			eni := n.Interfaces[id]
			a := ask(t, deciding[id][0], eni.Addresses, r)
			groups := slices.Sorted(slices.Values(eni.Groups))
			want := a.expected(action == "ACCEPT", ask(t, deciding[id][1], eni.Addresses, r).ahead.Rule, groups)
			if !slices.Contains(want, short(told)) {
				line := flowlog.AppendText(nil, r, flowlog.FormatOf(batches[w.From]))
				t.Fatalf("seed %d: %s\n%+v\ntold %q, want one of %q", seed, line, a, short(told), want)
			}
			compared[action+" "+told.Attribution]++
		})
	}
	for _, what := range []string{"ACCEPT exact", "ACCEPT ambiguous", "ACCEPT contradiction", "REJECT exact", "REJECT ambiguous", "REJECT contradiction"} {
		if compared[what] < 20 {
			t.Errorf("%s: %d were compared", what, compared[what])
		}
	}
}

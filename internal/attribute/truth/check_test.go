package truth_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/attribute"
	"weir/internal/attribute/truth"
	"weir/internal/netmodel"
	"weir/internal/pair"
)

// given is what a world's definition is known by: its versions, or a part of them.
type given struct {
	name  string
	spans []attribute.Span
	force []attribute.InForce
	// true says that it is the definition that decided, at all times and whole.
	true bool
}

func (g *given) Spans() []attribute.Span { return g.spans }

func (g *given) Load(_ context.Context, span int) (attribute.InForce, error) {
	return g.force[span], nil
}

func (g *given) add(from int64, n *netmodel.Network, unsure map[string]bool) {
	f := attribute.InForce{Network: n, Ruleset: func(string) string { return "1" }}
	if unsure != nil {
		f.Unsure = func(id string) bool { return unsure[id] }
	}
	g.spans = append(g.spans, attribute.Span{From: from, Sum: uint64(len(g.spans) + 1)})
	g.force = append(g.force, f)
}

const ever = -1 << 63

// wholly is all versions, at their times.
func wholly(w *truth.World) *given {
	g := &given{name: "each change known", true: true}
	for i, v := range w.Versions {
		from := v.From
		if i == 0 {
			from = ever
		}
		g.add(from, v.Network, nil)
	}
	return g
}

// imported is the first and the last version only, and which things differ between them. What
// changed and changed back no import shows, and no attribution can be right about it: it is among
// what differs too.
func imported(w *truth.World) *given {
	g := &given{name: "imports before and after", true: len(w.Versions) == 1}
	before, after := w.Versions[0].Network, w.Versions[len(w.Versions)-1].Network
	unsure := map[string]bool{}
	for _, v := range w.Versions[1:] {
		differ(before.Interfaces, v.Network.Interfaces, unsure)
		differ(before.SecurityGroups, v.Network.SecurityGroups, unsure)
		differ(before.NetworkACLs, v.Network.NetworkACLs, unsure)
		differ(before.PrefixLists, v.Network.PrefixLists, unsure)
	}
	g.add(ever, before, nil)
	g.add(w.From-3600, before, unsure)
	g.add(w.To+3600, after, nil)
	return g
}

func differ[T any](a, b map[string]*T, ids map[string]bool) {
	for id := range a {
		if !reflect.DeepEqual(a[id], b[id]) {
			ids[id] = true
		}
	}
}

// partly is all versions without some things: what is left out is what n says.
func partly(w *truth.World, pick int) *given {
	g := &given{}
	for i, v := range w.Versions {
		from := v.From
		if i == 0 {
			from = ever
		}
		n := *v.Network
		drop := func(id string) bool { return id[len(id)-1] == byte('2'+pick/4%4) }
		switch pick % 4 {
		case 0:
			g.name, n.SecurityGroups = "groups missing", without(n.SecurityGroups, drop)
		case 1:
			g.name, n.Interfaces = "ENIs missing", without(n.Interfaces, drop)
		case 2:
			g.name, n.PrefixLists = "prefix lists missing", without(n.PrefixLists, func(string) bool { return true })
		case 3:
			g.name, n.NetworkACLs = "network ACLs missing", without(n.NetworkACLs, func(id string) bool { return id[len(id)-1] == byte('0'+pick/4%3) })
		}
		g.add(from, &n, nil)
	}
	return g
}

func without[T any](m map[string]*T, drop func(string) bool) map[string]*T {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(id string, _ *T) bool { return drop(id) })
	return m
}

// tell lets package attribute tell of a world's records, hour by hour as the lake does.
func tell(t testing.TB, w *truth.World, g *given) []attribute.Told {
	t.Helper()
	rules := attribute.New(g)
	byHour := map[int64][]int{}
	for i := range w.Records {
		hour := w.Records[i].End / 3600 * 3600
		byHour[hour] = append(byHour[hour], i)
	}
	rows := map[int64][]pair.Rows{}
	for hour, places := range byHour {
		for some := range slices.Chunk(places, 1000) {
			b := flowlog.NewBatch(flowlog.KindVPC)
			for _, i := range some {
				if err := w.Append(b, &w.Records[i]); err != nil {
					t.Fatal(err)
				}
			}
			rows[hour] = append(rows[hour], pair.Rows{Batch: b})
		}
	}
	edge := func(hour int64, s pair.Side) *pair.Edge { return pair.EdgeOf(hour, s, slices.Values(rows[hour])) }
	var own []pair.Own
	for _, i := range w.Versions[0].Network.Interfaces {
		own = append(own, pair.Own{Interface: i.ID, From: ever, To: 1<<63 - 1, Addresses: i.Addresses})
	}
	owners := pair.NewOwners(own)
	out := make([]attribute.Told, len(w.Records))
	for hour, places := range byHour {
		h := pair.NewHour(hour, len(places))
		for _, r := range rows[hour] {
			h.Add(r)
		}
		for range h.Passes() {
			for _, r := range rows[hour] {
				h.Again(r)
			}
		}
		if h.Own(owners) {
			for _, r := range rows[hour] {
				h.Decide(r)
			}
		}
		found := h.Find(edge(hour-3600, pair.Tail), edge(hour+3600, pair.Head), w.Whole)
		of, told, err := rules.Tell(context.Background(), hour, rows[hour], found)
		if err != nil {
			t.Fatal(err)
		}
		for n, i := range places {
			if of[n] != 0 {
				out[i] = told[of[n]-1]
			}
		}
	}
	return out
}

// mistake says what is wrong with what is told of a record, "" for nothing.
func mistake(w *truth.World, g *given, r *truth.Record, told attribute.Told) string {
	if r.Status != "OK" {
		if told != (attribute.Told{}) {
			return "something is told of a record without traffic"
		}
		return ""
	}
	listed := strings.Fields(told.Rule + " " + told.Allow)
	for _, v := range r.Truths {
		wants, explained := rulesOf(&v)
		switch told.Attribution {
		case "exact":
			if !explained {
				return "exact, but no rule explains a packet"
			}
			if !slices.ContainsFunc(wants, func(want []string) bool { return slices.Equal(want, listed) }) {
				return "exact, but other rules decided"
			}
			if stage := stageOf(w, r, &v); told.Stage != stage {
				return "exact, but the stage is " + stage
			}
		case "ambiguous":
			if !explained {
				continue
			}
			if !slices.ContainsFunc(wants, func(want []string) bool {
				missing := slices.DeleteFunc(slices.Clone(want), func(rule string) bool { return slices.Contains(listed, rule) })
				groups := slices.DeleteFunc(slices.Clone(want), func(rule string) bool { return rule == v.Entry })
				return len(missing) == 0 || !g.true && !slices.Contains(missing, v.Entry) && len(missing) < len(groups)
			}) {
				return "ambiguous, but what decided is not among the rules"
			}
		case "contradiction", "unknown":
		default:
			return "attribution " + told.Attribution
		}
	}
	if told.Attribution == "contradiction" && g.true && !slices.ContainsFunc(r.Truths, func(v truth.Verdict) bool { _, explained := rulesOf(&v); return !explained }) {
		return "contradiction, but the rules explain each packet"
	}
	return ""
}

// rulesOf returns the rules that may be told of a packet, one list or another, and whether any
// explain it.
func rulesOf(v *truth.Verdict) (lists [][]string, explained bool) {
	if !v.Accept {
		return [][]string{{v.Rule}}, v.Stage != "late"
	}
	for _, groups := range [][]string{v.Groups, v.Asked} {
		if len(groups) == 0 && len(lists) > 0 {
			continue
		}
		list := slices.Clone(groups)
		if v.Entry != "" {
			list = append(list, v.Entry)
		}
		slices.Sort(list)
		lists = append(lists, list)
	}
	return lists, !v.Gone
}

// stageOf returns the stage as the column has it: what the groups refused of TCP, and has no SYN
// in the record, is stray.
func stageOf(w *truth.World, r *truth.Record, v *truth.Verdict) string {
	if v.Stage == "sg" && r.Protocol == netmodel.TCP && w.Fields >= 3 && r.Flags&2 == 0 {
		return "stray"
	}
	return v.Stage
}

// cause says why something is not exact.
func cause(w *truth.World, g *given, r *truth.Record, told attribute.Told) string {
	unexplained := slices.ContainsFunc(r.Truths, func(v truth.Verdict) bool { _, ok := rulesOf(&v); return !ok })
	several := slices.ContainsFunc(r.Truths, func(v truth.Verdict) bool { return len(v.Groups) > 1 })
	changed := slices.ContainsFunc(w.Versions, func(v truth.Version) bool { return r.Start-60 < v.From && v.From <= r.End+60 })
	switch {
	case told.Attribution == "unknown" && told.Ruleset == "":
		return "which way the packets went, or the ENI"
	case told.Attribution == "contradiction" && unexplained && !r.Accept:
		return "after its connection"
	case told.Attribution == "contradiction" && unexplained:
		return "its rule is gone"
	case !g.true:
		return "definition: " + g.name
	case several:
		return "several rules allow"
	case changed:
		return "a change within 60 s"
	case len(r.Truths) > 1:
		return "packets of different rules in one record"
	case r.Protocol == netmodel.ICMP || r.Protocol == netmodel.ICMPv6:
		return "ICMP types are not recorded"
	case r.Protocol == netmodel.TCP && w.Fields == 2:
		return "no tcp-flags"
	case r.Protocol == netmodel.TCP && r.Flags&2 == 0:
		return "no SYN in the record"
	case r.Protocol != netmodel.TCP:
		return "UDP and others: either side may begin"
	}
	return "other"
}

// tally counts what was told.
type tally struct {
	of     map[[2]string]int
	causes map[[3]string]int
	n      int
}

func (c *tally) world(t testing.TB, seed uint64) {
	w := truth.New(seed)
	for _, g := range []*given{wholly(w), imported(w), partly(w, int(seed))} {
		told := tell(t, w, g)
		for i := range w.Records {
			r := &w.Records[i]
			if wrong := mistake(w, g, r, told[i]); wrong != "" {
				t.Errorf("seed %d, %s: %s\nrecord %+v\ntold %+v", seed, g.name, wrong, *r, told[i])
			}
			if r.Status != "OK" {
				continue
			}
			c.n++
			action := "REJECT"
			if r.Accept {
				action = "ACCEPT"
			}
			c.of[[2]string{action, told[i].Attribution}]++
			if told[i].Attribution != "exact" {
				c.causes[[3]string{action, told[i].Attribution, cause(w, g, r, told[i])}]++
			}
		}
	}
}

// table prints the shares as markdown.
func (c *tally) table() string {
	var out strings.Builder
	fmt.Fprintf(&out, "| action | attribution | cause | verdicts | share |\n| --- | --- | --- | --: | --: |\n")
	row := func(action, attribution, why string, n int) {
		fmt.Fprintf(&out, "| %s | %s | %s | %d | %.2f %% |\n", action, attribution, why, n, 100*float64(n)/float64(c.n))
	}
	for _, key := range slices.SortedFunc(maps.Keys(c.of), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		row(key[0], key[1], "", c.of[key])
		for _, of := range slices.SortedFunc(maps.Keys(c.causes), func(a, b [3]string) int { return c.causes[b] - c.causes[a] }) {
			if of[0] == key[0] && of[1] == key[1] {
				row(of[0], of[1], of[2], c.causes[of])
			}
		}
	}
	return out.String()
}

// TestExact plays worlds, and compares what is told of their records with what decided. With
// -verdicts it goes on to so many, and prints the shares: make truth.
func TestExact(t *testing.T) {
	c := tally{of: map[[2]string]int{}, causes: map[[3]string]int{}}
	for seed := uint64(0); c.n < *verdicts; seed++ {
		if c.world(t, seed); t.Failed() {
			t.FailNow()
		}
	}
	for _, key := range [][2]string{
		{"ACCEPT", "exact"},
		{"ACCEPT", "ambiguous"},
		{"ACCEPT", "unknown"},
		{"REJECT", "exact"},
		{"REJECT", "ambiguous"},
		{"REJECT", "contradiction"},
		{"REJECT", "unknown"},
	} {
		if c.of[key] == 0 {
			t.Errorf("no %s record was told to be %s", key[0], key[1])
		}
	}
	if *verdicts > short {
		fmt.Printf("%d verdicts\n\n%s", c.n, c.table())
	}
}

// short is how many verdicts a test run compares.
const short = 60_000

var verdicts = flag.Int("verdicts", short, "how many verdicts TestExact compares")

// FuzzExact looks for a world of which something wrong is told.
func FuzzExact(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) {
		c := tally{of: map[[2]string]int{}, causes: map[[3]string]int{}}
		c.world(t, seed)
	})
}

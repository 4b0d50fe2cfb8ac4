package app

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/query"
)

// rawRecord is a record as a test writes it.
type rawRecord struct {
	eni, src, dst, pktSrc, pktDst     string
	srcPort, dstPort, protocol, flags int
	packets, bytes, start, end        int64
	action, reason, direction         string
}

const rawHeader = "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags pkt-srcaddr pkt-dstaddr flow-direction reject-reason"

func (r *rawRecord) String() string {
	flags := "-"
	if r.flags >= 0 {
		flags = fmt.Sprint(r.flags)
	}
	return fmt.Sprintf("8 %s %s %s %d %d %d %d %d %d %d %s OK %s %s %s %s %s", r.eni, r.src, r.dst, r.srcPort, r.dstPort, r.protocol, r.packets, r.bytes,
		r.start, r.end, r.action, flags, r.pktSrc, r.pktDst, r.direction, r.reason)
}

// lakeOf returns a service over records.
func lakeOf(t *testing.T, header string, lines []string) *Local {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "one.log"), header+"\n"+strings.Join(lines, "\n")+"\n", time.Hour)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	report, err := s.Open(t.Context(), OpenRequest{Sources: []string{dir}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Intake.BadLines > 0 || report.Intake.Records != int64(len(lines)) {
		t.Fatalf("%+v", report.Intake)
	}
	return s
}

// randomRecords returns records of few ends, so that many are of one connection.
func randomRecords(rng *rand.Rand, n int) []rawRecord {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	out := make([]rawRecord, n)
	for i := range out {
		ports := []int{22, 53, 123, 443, 1024, 1025, 40000, 40001, 61000, 65535}
		r := rawRecord{
			eni: pick("eni-1", "eni-2", "eni-3"), protocol: []int{1, 6, 6, 6, 17, 47}[rng.IntN(6)], flags: -1,
			packets: rng.Int64N(9) + 1, bytes: rng.Int64N(999), action: pick("ACCEPT", "ACCEPT", "REJECT"), reason: "-", direction: pick("ingress", "egress"),
			start: 1_700_000_000 + rng.Int64N(3600),
		}
		r.end = r.start + rng.Int64N(60)
		if r.eni == "eni-3" {
			r.action = "REJECT" // its flow log has no others
		}
		own, far := "10.0.0."+r.eni[4:], pick("10.0.0.9", "192.0.2.1")
		pktOwn, pktFar := pick(own, own, "10.0.0.77"), far
		a, b := ports[rng.IntN(len(ports))], ports[rng.IntN(len(ports))]
		switch r.protocol {
		case 6:
			r.flags = []int{-1, 0, 1, 2, 3, 4, 18, 19}[rng.IntN(8)]
		case 1, 47:
			a, b = 0, 0
		}
		if r.action == "REJECT" && rng.IntN(9) == 0 {
			r.reason = "BPA"
		}
		r.src, r.dst, r.pktSrc, r.pktDst, r.srcPort, r.dstPort = own, far, pktOwn, pktFar, a, b
		if r.direction == "ingress" {
			r.src, r.dst, r.pktSrc, r.pktDst, r.srcPort, r.dstPort = far, own, pktFar, pktOwn, b, a
		}
		out[i] = r
	}
	return out
}

// groupsOf is EachConnectionGroup written as one would with maps.
func groupsOf(records []rawRecord, borders []int) []ConnectionGroup {
	type key struct {
		eni, own, far              string
		protocol, ownPort, farPort int
	}
	flows := map[key][]rawRecord{}
	for _, r := range records {
		k := key{r.eni, r.pktSrc, r.pktDst, r.protocol, r.srcPort, r.dstPort}
		if r.direction == "ingress" {
			k.own, k.far, k.ownPort, k.farPort = k.far, k.own, k.farPort, k.ownPort
		}
		if r.protocol == 1 || r.protocol == 47 {
			k.ownPort, k.farPort = -1, -1
		}
		flows[k] = append(flows[k], r)
	}
	accepts := map[string]bool{}
	for _, r := range records {
		accepts[r.eni] = accepts[r.eni] || r.action == "ACCEPT"
	}
	type groupKey struct {
		eni, own, far          string
		inbound                bool
		protocol, port, bucket int
	}
	groups := map[groupKey]*ConnectionGroup{}
	for k, list := range flows {
		slices.SortFunc(list, func(a, b rawRecord) int {
			return cmp.Or(cmp.Compare(a.start, b.start), -strings.Compare(a.direction, b.direction))
		})
		in := 0
		for _, r := range list {
			if r.protocol != 6 || r.flags < 2 || r.flags == 4 {
				continue
			}
			if (r.flags < 16) == (r.direction == "ingress") {
				in++
			} else {
				in--
			}
		}
		inbound := in > 0
		if in == 0 {
			if inbound = k.ownPort < k.farPort; k.ownPort == k.farPort {
				inbound = list[0].direction == "ingress"
			}
			alone := accepts[k.eni] && !slices.ContainsFunc(list, func(r rawRecord) bool {
				return r.action == "ACCEPT" || r.reason != "-" || r.flags >= 0 && r.flags&2 == 0 && r.protocol == 6 || r.direction != list[0].direction
			})
			if alone {
				inbound = list[0].direction == "ingress"
			}
		}
		port, client := k.ownPort, k.farPort
		if !inbound {
			port, client = client, port
		}
		bucket, from, to := -1, -1, -1
		if port >= 0 {
			bucket, from, to = 0, 0, 65535
			for _, b := range borders {
				if client >= b {
					bucket, from = bucket+1, b
				} else {
					to = b - 1
					break
				}
			}
		}
		gk := groupKey{k.eni, k.own, k.far, inbound, k.protocol, port, bucket}
		g := groups[gk]
		if g == nil {
			g = &ConnectionGroup{
				Interface: k.eni, Inbound: inbound, Protocol: k.protocol, Far: netip.MustParseAddr(k.far), Own: netip.MustParseAddr(k.own), Port: port, ClientFrom: from, ClientTo: to,
				First: list[0].start,
			}
			groups[gk] = g
		}
		g.Connections++
		if in == 0 {
			g.Guessed++
		}
		g.First = min(g.First, list[0].start)
		became := map[string]int64{}
		for _, r := range list {
			g.Bytes, g.Packets = g.Bytes+r.bytes, g.Packets+r.packets
			g.Last = max(g.Last, r.end)
			what := r.action + " reply"
			if (r.direction == "ingress") == inbound {
				what = r.action + " request"
			}
			if r.action == "REJECT" && r.protocol == 6 && r.flags >= 0 && r.flags&2 == 0 {
				what = "stray"
			}
			if r.reason != "-" {
				what = "other"
			}
			became[what]++
		}
		g.RequestsAccepted += became["ACCEPT request"]
		g.RequestsRejected += became["REJECT request"]
		g.RepliesAccepted += became["ACCEPT reply"]
		g.RepliesRejected += became["REJECT reply"]
		g.Other += became["other"]
		g.Stray += became["stray"]
		delete(became, "other")
		delete(became, "stray")
		saw := func(list ...string) bool {
			return len(became) > 0 && !slices.ContainsFunc(slices.Collect(func(yield func(string) bool) {
				for k := range became {
					if !yield(k) {
						return
					}
				}
			}), func(k string) bool { return !slices.Contains(list, k) })
		}
		switch {
		case len(became) == 0:
			g.OtherOnly++
		case saw("ACCEPT request", "ACCEPT reply"):
			g.Accepted++
			if became["ACCEPT reply"] == 0 {
				g.Unanswered++
			}
		case saw("REJECT request"):
			g.Refused++
		case saw("REJECT reply", "ACCEPT request"):
			g.ReplyRefused++
		}
	}
	out := make([]ConnectionGroup, 0, len(groups))
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, compareGroups)
	return out
}

func compareGroups(a, b ConnectionGroup) int { return strings.Compare(groupName(&a), groupName(&b)) }

func groupName(g *ConnectionGroup) string {
	return fmt.Sprint(g.Interface, g.Inbound, g.Protocol, g.Far, g.Own, g.Port, g.ClientFrom)
}

func allGroups(t *testing.T, s Service, req ConnectionsRequest) []ConnectionGroup {
	t.Helper()
	var out []ConnectionGroup
	if err := EachConnectionGroup(t.Context(), s, req, func(g *ConnectionGroup) error { out = append(out, *g); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, compareGroups)
	return out
}

// TestConnectionGroups compares with groups that are found record by record, and looks up a
// record of each.
func TestConnectionGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		records := randomRecords(rng, 3000)
		lines := make([]string, len(records))
		for i := range records {
			lines[i] = records[i].String()
		}
		s := lakeOf(t, rawHeader, lines)
		borders := []int{0, 1024, 40001, 1024, 65536}
		got := allGroups(t, s, ConnectionsRequest{ClientPorts: borders})
		want := groupsOf(records, []int{1024, 40001})
		options := []gocmp.Option{cmpopts.IgnoreFields(ConnectionGroup{}, "SampleClient"), gocmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
		if diff := gocmp.Diff(want, got, options...); diff != "" {
			t.Fatalf("(-want +got):\n%.3000s", diff)
		}
		samples, err := SampleRecords(t.Context(), s, query.Scope{}, got[:50])
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range samples {
			f := strings.Fields(text)
			if len(f) != 14 || f[2] != got[i].Interface || f[7] != fmt.Sprint(got[i].Protocol) || f[11] != fmt.Sprint(got[i].Last) {
				t.Errorf("%+v: sample %q", got[i], text)
			}
		}
		untold, err := CountUntold(t.Context(), s, query.Scope{})
		if err != nil || untold.Records != int64(len(records)) || untold.Undecided+untold.Regional+untold.Incomplete > 0 {
			t.Errorf("%+v, %v", untold, err)
		}
	}
}

// TestUntoldRecords counts records that tell of no connection.
func TestUntoldRecords(t *testing.T) {
	s := lakeOf(t, "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status", []string{
		"5 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1700000000 1700000010 ACCEPT OK",
		"5 eni-1 10.0.0.1 10.0.0.9 40000 443 6 1 40 1700000000 1700000010 ACCEPT OK",
		"5 - 10.0.0.1 10.0.0.2 40000 443 6 1 40 1700000000 1700000010 ACCEPT OK",
		"5 eni-1 10.0.0.1 10.0.0.2 - 443 6 1 40 1700000000 1700000010 ACCEPT OK",
		"5 eni-1 - - - - - - - 1700000000 1700000060 - SKIPDATA",
		"5 eni-2 10.0.0.3 10.0.0.4 40000 443 6 1 40 1700000000 1700000010 ACCEPT OK",
		"5 eni-2 10.0.0.4 10.0.0.3 443 40000 6 1 40 1700000000 1700000010 ACCEPT OK",
	})
	got, err := CountUntold(t.Context(), s, query.Scope{})
	want := UntoldRecords{Records: 6, Undecided: 2, Regional: 1, Incomplete: 1, Skipped: 1, First: 1700000000, Last: 1700000060}
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
	if n := len(allGroups(t, s, ConnectionsRequest{})); n != 2 {
		t.Errorf("%d groups", n)
	}
}

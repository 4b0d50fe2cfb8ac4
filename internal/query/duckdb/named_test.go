package duckdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/query/memory"
)

const namedFrom = 1772409600 // 2026-03-02T00:00:00Z, of the records below

// randomNames returns what is known of a few ENIs in two VPCs with the same addresses: spans of
// which each has another name, with gaps between some. An address may be at two ENIs of a VPC.
func randomNames(r *rand.Rand, most int) []query.InterfaceSpan {
	var out []query.InterfaceSpan
	for eni := range 6 {
		from := int64(math.MinInt64)
		for n := range 1 + r.IntN(most) {
			s := query.InterfaceSpan{
				ID: fmt.Sprintf("eni-%d", eni), From: from, To: namedFrom + int64(n*r.IntN(20_000)+1), VPC: fmt.Sprintf("vpc-%d", eni%2),
				Name: []string{"", "web", "db", fmt.Sprintf("a rather long name %d", r.IntN(3))}[r.IntN(4)], Role: "instance", State: "unchanged",
				Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(8))})},
			}
			if s.To <= s.From {
				continue
			}
			if r.IntN(5) == 0 {
				s.Addresses = append(s.Addresses, netip.MustParseAddr("2001:db8::1"))
				s.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.4/31"), netip.MustParsePrefix("2001:db8:1::/80")}
			}
			if r.IntN(3) == 0 {
				s.To = math.MaxInt64
			}
			out = append(out, s)
			if s.To == math.MaxInt64 {
				break
			}
			from = s.To + int64(r.IntN(2)*r.IntN(5000))
		}
	}
	return out
}

// namedRecords returns records of ENIs, of which some are not known, between addresses.
func namedRecords(t *testing.T, r *rand.Rand) []*flowlog.Batch {
	t.Helper()
	var out []*flowlog.Batch
	for range 3 {
		b := flowlog.NewBatch(flowlog.KindVPC)
		for range 100 {
			rec := b.Append()
			start := namedFrom + r.Int64N(60_000)
			if r.IntN(20) > 0 {
				rec.SetInt(flowlog.Start, start)
				rec.SetInt(flowlog.End, start+60)
			}
			rec.SetInt(flowlog.WeirHour, start/3600*3600)
			if r.IntN(9) > 0 {
				rec.SetInt(flowlog.Bytes, r.Int64N(10_000))
				rec.SetInt(flowlog.Packets, 1+r.Int64N(10))
			}
			for _, f := range []struct {
				id   flowlog.FieldID
				some [4]int64
			}{{flowlog.SrcPort, [4]int64{22, 443, 514, 40000}}, {flowlog.DstPort, [4]int64{53, 443, 0, 514}}, {flowlog.Protocol, [4]int64{6, 17, 1, 132}}} {
				if r.IntN(10) > 0 {
					rec.SetInt(f.id, f.some[r.IntN(4)])
				}
			}
			for _, f := range []struct {
				id   flowlog.FieldID
				text string
			}{
				{flowlog.InterfaceID, fmt.Sprintf("eni-%d", r.IntN(7))},
				{flowlog.SrcAddr, fmt.Sprintf("10.0.0.%d", r.IntN(9))},
				{flowlog.DstAddr, []string{"2001:db8::1", "2001:db8:0::1", "2001:db8:1::9", "10.0.0.5", "8.8.8.8"}[r.IntN(5)]},
			} {
				if r.IntN(15) == 0 {
					continue
				}
				if err := rec.SetText(f.id, f.text); err != nil {
					t.Fatal(err)
				}
			}
		}
		out = append(out, b)
	}
	return out
}

// plainNames returns the columns of names by looking through all spans.
func plainNames(spans []query.InterfaceSpan, id any, at int64, src, dst any) []any {
	var recorder *query.InterfaceSpan
	for i, s := range spans {
		if s.ID == id && s.From <= at && at < s.To {
			recorder = &spans[i]
		}
	}
	holder := func(addr any) *query.InterfaceSpan {
		text, ok := addr.(string)
		if !ok || recorder == nil {
			return nil
		}
		a := netip.MustParseAddr(text)
		var found []*query.InterfaceSpan
		for i, s := range spans {
			if s.VPC != recorder.VPC || at < s.From || at >= s.To {
				continue
			}
			if slices.Contains(s.Addresses, a) || slices.ContainsFunc(s.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
				found = append(found, &spans[i])
			}
		}
		if len(found) != 1 {
			return nil
		}
		return found[0]
	}
	var out []any
	add := func(s *query.InterfaceSpan, values func(s *query.InterfaceSpan) []string) {
		for _, v := range values(orEmpty(s)) {
			if v == "" {
				out = append(out, nil)
			} else {
				out = append(out, v)
			}
		}
	}
	add(recorder, func(s *query.InterfaceSpan) []string {
		return []string{s.Name, s.Role, s.Resource, s.Instance, s.Subnet, s.VPC, s.AZ, s.State}
	})
	for _, addr := range []any{src, dst} {
		add(holder(addr), func(s *query.InterfaceSpan) []string { return []string{s.ID, s.Name, s.Role} })
	}
	for _, addr := range []any{src, dst} {
		service, region := "", ""
		if text, ok := addr.(string); ok {
			service, region = someRanges(netip.MustParseAddr(text))
		}
		for _, v := range []string{service, region} {
			if v == "" {
				out = append(out, nil)
			} else {
				out = append(out, v)
			}
		}
	}
	return out
}

// someRanges says that some addresses are AWS's.
func someRanges(a netip.Addr) (service, region string) {
	switch {
	case a == netip.MustParseAddr("8.8.8.8"):
		return "EC2,S3", ""
	case a.Is6() || a == netip.MustParseAddr("10.0.0.3"):
		return "S3", "us-east-1"
	}
	return "", ""
}

// someCountries says which country some addresses are in.
func someCountries(a netip.Addr) string {
	switch {
	case a == netip.MustParseAddr("8.8.8.8"):
		return "US"
	case a.Is4() && a.As4()[3]%2 == 1:
		return "DE"
	}
	return ""
}

// plainOthers returns the countries of addresses, and the names of ports, which are srcport,
// dstport and protocol.
func plainOthers(src, dst any, ports []any) []any {
	var out []any
	add := func(text string) {
		if text == "" {
			out = append(out, nil)
		} else {
			out = append(out, text)
		}
	}
	for _, addr := range []any{src, dst} {
		country := ""
		if text, ok := addr.(string); ok {
			country = someCountries(netip.MustParseAddr(text))
		}
		add(country)
	}
	for _, port := range ports[:2] {
		add(map[string]string{
			"22 6": "ssh", "22 17": "ssh", "22 132": "ssh", "443 6": "https", "443 17": "https", "443 132": "https", "514 6": "shell", "514 17": "syslog",
			"53 6": "dns", "53 17": "dns",
		}[fmt.Sprintf("%v %v", port, ports[2])])
	}
	return out
}

// orEmpty returns the span, or an empty one for none.
func orEmpty(s *query.InterfaceSpan) *query.InterfaceSpan {
	if s == nil {
		return &query.InterfaceSpan{}
	}
	return s
}

// sorted returns rows as texts in order.
func sorted(rows [][]any) []string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%#v", r))
	}
	slices.Sort(out)
	return out
}

// TestNamed compares the columns of names with those of a look through all spans, of the
// reference engine and of a join with the table of interfaces, on random definitions: of few
// changes, which the view tells apart itself, and of many.
func TestNamed(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 7))
		e := newEngine(t, namedRecords(t, rand.New(rand.NewPCG(seed, 8))))
		spans := randomNames(r, 1+2*int(seed))
		names := query.NewNames(slices.Clone(spans), someRanges).With(someRanges, someCountries)
		e.names = func(context.Context, query.NameSource) (*query.Names, error) { return names, nil }
		reference := memory.New(namedRecords(t, rand.New(rand.NewPCG(seed, 8)))...) // the lake takes records over
		reference.Name(names)
		for _, scope := range []query.Scope{{}, {From: time.Unix(namedFrom+3000, 0), To: time.Unix(namedFrom+9000, 0)}, {Interfaces: []string{"eni-1"}}} {
			rows, err := e.RunSQL(t.Context(), `SELECT interface_id, coalesce("start", CAST(epoch(weir_hour) AS BIGINT)), srcaddr, dstaddr,
				interface_name, interface_role, interface_resource, interface_instance, interface_subnet, interface_vpc, interface_az, interface_state,
				src_interface, src_name, src_role, dst_interface, dst_name, dst_role,
				src_service, src_region, dst_service, dst_region, src_country, dst_country, src_port_name, dst_port_name, srcport, dstport, protocol FROM named_vpc_flow_logs`, scope, query.Limits{})
			told := all(t, rows, err)
			var want [][]any
			for _, row := range told {
				want = append(want, slices.Concat(row[:4], plainNames(spans, row[0], row[1].(int64), row[2], row[3]), plainOthers(row[2], row[3], row[26:]), row[26:]))
			}
			if diff := cmp.Diff(sorted(want), sorted(told)); diff != "" || len(told) == 0 && len(scope.Interfaces) == 0 {
				t.Fatalf("seed %d, %+v: %d rows (-plain +told):\n%s", seed, scope, len(told), diff)
			}
			p := query.Plan{Kind: flowlog.KindVPC, Named: true, Scope: scope}
			rows, err = e.Run(t.Context(), p, query.Limits{})
			got := all(t, rows, err)
			rows, err = reference.Run(t.Context(), p, query.Limits{})
			if diff := cmp.Diff(sorted(all(t, rows, err)), sorted(got)); diff != "" {
				t.Fatalf("seed %d, %+v (-reference +got):\n%s", seed, scope, diff)
			}
			rows, err = e.RunSQL(t.Context(), `SELECT count(*) FROM named_vpc_flow_logs r LEFT JOIN network_interfaces i ON r.interface_id = i.interface_id AND
				coalesce(r.start, epoch(r.weir_hour)) >= coalesce(i.valid_from, 0) AND (coalesce(r.start, epoch(r.weir_hour)) < i.valid_to OR i.valid_to IS NULL)
				WHERE r.interface_name IS DISTINCT FROM i.interface_name OR r.interface_vpc IS DISTINCT FROM i.interface_vpc`, scope, query.Limits{})
			if n := all(t, rows, err); n[0][0] != int64(0) {
				t.Errorf("seed %d, %+v: %v rows differ from the join", seed, scope, n[0][0])
			}
		}
	}
}

// TestNamedPlans compares plans that choose and group by names with the reference engine.
func TestNamedPlans(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	e := newEngine(t, namedRecords(t, rand.New(rand.NewPCG(3, 4))))
	names := query.NewNames(randomNames(r, 4), nil).With(someRanges, someCountries)
	e.names = func(context.Context, query.NameSource) (*query.Names, error) { return names, nil }
	reference := memory.New(namedRecords(t, rand.New(rand.NewPCG(3, 4)))...)
	reference.Name(names)
	for _, c := range query.NameColumns() {
		ref := &query.Ref{Name: c.String()}
		present := &query.Call{Func: query.Not, Args: []query.Expr{&query.Call{Func: query.IsAbsent, Args: []query.Expr{ref}}}}
		for _, stages := range [][]query.Stage{
			{&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref}}, Aggs: []query.Agg{{Name: "n", Func: query.CountRows}}}},
			{&query.Filter{Where: present}, &query.Aggregate{Aggs: []query.Agg{{Name: "n", Func: query.CountRows}}}},
			{&query.Filter{Where: &query.Call{Func: query.Eq, Args: []query.Expr{ref, &query.Literal{Value: "web"}}}}},
			{&query.Filter{Where: &query.Call{Func: query.Contains, Args: []query.Expr{ref, &query.Literal{Value: "a"}}}}, &query.Project{Columns: []query.Named{{Name: "low", Expr: &query.Call{Func: query.Lower, Args: []query.Expr{ref}}}}}},
		} {
			p := query.Plan{Kind: flowlog.KindVPC, Named: true, Stages: stages}
			rows, err := reference.Run(t.Context(), p, query.Limits{})
			want := sorted(all(t, rows, err))
			rows, err = e.Run(t.Context(), p, query.Limits{})
			if diff := cmp.Diff(want, sorted(all(t, rows, err))); diff != "" {
				t.Errorf("%s (-reference +got):\n%s", c, diff)
			}
		}
	}
}

// TestNamedRolled answers plans by names of interfaces from rollups where these change at whole
// minutes, or not among the records, and from the records elsewhere, as the reference does.
func TestNamedRolled(t *testing.T) {
	ref := func(c query.NameColumn) query.Expr { return &query.Ref{Name: c.String()} }
	aggs := []query.Agg{
		{Name: "n", Func: query.CountRows},
		{Name: "b", Func: query.Sum, Arg: &query.Ref{Name: "bytes"}, Where: &query.Call{Func: query.IsAbsent, Args: []query.Expr{&query.Ref{Name: "weir_repeat"}}}},
		{Name: "s", Func: query.CountDistinct, Arg: ref(query.InterfaceState)},
	}
	minute := &query.Call{Func: query.Bin, Args: []query.Expr{query.RecordTime(), &query.Literal{Value: int64(600)}}}
	plans := map[string][]query.Stage{
		"by name":          {&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref(query.InterfaceName)}}, Aggs: aggs}},
		"by name and time": {&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref(query.InterfaceName)}, {Name: "t", Expr: minute}}, Aggs: aggs[:2]}},
		"one name": {
			&query.Filter{Where: &query.Call{Func: query.Eq, Args: []query.Expr{ref(query.InterfaceName), &query.Literal{Value: "web"}}}},
			&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref(query.InterfaceVPC)}, {Name: "y", Expr: &query.Ref{Name: "interface_id"}}}, Aggs: aggs},
		},
		"by country": {
			&query.Filter{Where: &query.Call{Func: query.Eq, Args: []query.Expr{&query.Ref{Name: "action"}, &query.Literal{Value: "ACCEPT"}}}},
			&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref(query.SrcCountry)}, {Name: "y", Expr: ref(query.SrcRegion)}}, Aggs: aggs[:1]},
		},
		"of an address": {&query.Aggregate{By: []query.Named{{Name: "x", Expr: ref(query.SrcName)}}, Aggs: aggs[:1]}},
	}
	rolled, plain := 0, 0
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 31))
		batches := func() []*flowlog.Batch { return namedRecords(t, rand.New(rand.NewPCG(seed, 32))) }
		e, err := Open(t.Context(), newLakeWith(t, batches(), lake.Options{RollupRecords: 1}), Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		spans := randomNames(r, 1+2*int(seed))
		whole := seed%2 == 0
		for i := range spans {
			for _, at := range []*int64{&spans[i].From, &spans[i].To} {
				if whole && *at != math.MinInt64 && *at != math.MaxInt64 {
					*at = *at / 60 * 60
				}
			}
		}
		spans = slices.DeleteFunc(spans, func(s query.InterfaceSpan) bool { return s.From == s.To })
		names := query.NewNames(spans, someRanges).With(someRanges, someCountries)
		e.names = func(context.Context, query.NameSource) (*query.Names, error) { return names, nil }
		reference := memory.New(batches()...)
		reference.Name(names)
		for name, stages := range plans {
			for _, scope := range []query.Scope{{}, {From: time.Unix(namedFrom+3000, 0), To: time.Unix(namedFrom+30_000, 0)}, {From: time.Unix(namedFrom+3, 0)}} {
				p := query.Plan{Kind: flowlog.KindVPC, Named: true, Scope: scope, Stages: stages}
				rows, err := reference.Run(t.Context(), p, query.Limits{})
				want := sorted(all(t, rows, err))
				rows, err = e.Run(t.Context(), p, query.Limits{})
				if diff := cmp.Diff(want, sorted(all(t, rows, err))); diff != "" {
					t.Errorf("seed %d, %s, %+v (-reference +got):\n%s", seed, name, scope, diff)
				}
				cost, err := e.Explain(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				fromRollups := slices.ContainsFunc(cost.Files, func(f query.FileCost) bool { return strings.HasPrefix(f.Path, "rollups") })
				can := name != "of an address" && scope.From.Unix()%60 != 3 && (name != "by country" || scope.IsZero())
				if fromRollups && !can || !fromRollups && can && (whole || name == "by country") {
					t.Errorf("seed %d, %s, %+v: from rollups is %v", seed, name, scope, fromRollups)
				}
				if fromRollups {
					rolled++
				} else if can {
					plain++
				}
			}
		}
	}
	if rolled < 30 || plain < 10 {
		t.Errorf("%d were answered from rollups, and %d not for the names", rolled, plain)
	}
}

// TestNamedGate checks what passes of names, where there are some, and what is said where there
// are none.
func TestNamedGate(t *testing.T) {
	e := newEngine(t, someRecords(t))
	const question = "SELECT interface_name FROM named_vpc_flow_logs"
	none := func() {
		t.Helper()
		for _, q := range []string{question, "SELECT count(*) FROM network_interfaces"} {
			_, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
			at, ok := errors.AsType[*query.TextError](err)
			if !ok || at.Offset != strings.Index(q, "FROM ")+5 || !strings.Contains(at.Hint, "weir network import") {
				t.Errorf("%s: %v", q, err)
			}
		}
		absent := &query.Call{Func: query.IsAbsent, Args: []query.Expr{&query.Ref{Name: "src_name"}}}
		p := query.Plan{Kind: flowlog.KindVPC, Named: true, Stages: []query.Stage{&query.Filter{Where: absent}}}
		if _, err := e.Run(t.Context(), p, query.Limits{}); !errors.Is(err, query.ErrRefused) || !errors.Is(err, query.ErrNoNames) {
			t.Errorf("a plan: %v", err)
		}
	}
	none()
	e.names = func(context.Context, query.NameSource) (*query.Names, error) { return nil, query.ErrNoNames }
	none()
	for _, q := range []string{"SELECT country(srcaddr) FROM vpc_flow_logs", "SELECT interface_id, Country('1.1.1.1') FROM tgw_flow_logs WHERE false"} {
		e.names = func(context.Context, query.NameSource) (*query.Names, error) { return query.NewNames(nil, nil), nil }
		_, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		at, ok := errors.AsType[*query.TextError](err)
		if !ok || at.Offset != strings.Index(strings.ToLower(q), "country") || !strings.Contains(at.Hint, "weir enrich import") {
			t.Errorf("%s: %v", q, err)
		}
	}
	names := query.NewNames([]query.InterfaceSpan{{ID: "eni-1", From: math.MinInt64, To: math.MaxInt64, Name: "web"}}, nil)
	e.names = func(context.Context, query.NameSource) (*query.Names, error) { return names, nil }
	for q, want := range map[string]string{
		"SELECT count(*) FROM named_vpc_flow_logs WHERE interface_name = 'web'":                               "[2]",
		"SELECT n.INTERFACE_NAME FROM Named_VPC_Flow_Logs n WHERE srcaddr = '10.0.0.1'":                       "[web]",
		"SELECT interface_name FROM network_interfaces":                                                       "[web]",
		"SELECT assumed FROM network_interfaces":                                                              "[false]",
		"SELECT any_value(interface_name) FROM vpc_flow_logs JOIN network_interfaces USING (interface_id)":    "[web]",
		"SELECT count(*) FROM vpc_flow_logs a, named_vpc_flow_logs b WHERE a.interface_id = b.interface_id":   "[6]",
		"WITH x AS (SELECT * FROM named_vpc_flow_logs) SELECT count(interface_name) FROM x":                   "[2]",
		"SELECT count(*) FROM (SELECT DISTINCT interface_name FROM named_vpc_flow_logs)":                      "[2]",
		"SELECT count(COLUMNS('interface_name')) FROM named_vpc_flow_logs":                                    "[2]",
		"SELECT port_name(443, 6) FROM network_interfaces":                                                    "[https]",
		"SELECT interface_name FROM named_vpc_flow_logs ORDER BY bytes DESC NULLS LAST, interface_id LIMIT 1": "[<nil>]",
	} {
		rows, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		if got := all(t, rows, err); len(got) != 1 || fmt.Sprint(got[0]) != want {
			t.Errorf("%s: %v, want %s", q, got, want)
		}
	}
	for _, q := range []string{
		"SELECT weir_interface('eni-1', 1, 1, 0)",
		"SELECT weir_range('10.0.0.1', 1, 15)",
		"SELECT src_service FROM named_vpc_flow_logs",
		"SELECT * FROM named_vpc_flow_logs WHERE src_service = 'S3'",
		"SELECT weir_holder('10.0.0.1', 'eni-1', 1, 1, 0) FROM named_vpc_flow_logs",
		"SELECT * FROM temp.main.network_interfaces",
		"SELECT * FROM named_tgw_flow_logs",
		"SELECT interface_name FROM vpc_flow_logs",
		"SELECT nothing FROM named_vpc_flow_logs",
	} {
		rows, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		if _, ok := errors.AsType[*query.TextError](err); !ok {
			t.Errorf("%s: %v", q, err)
		}
		if err == nil {
			rows.Close()
		}
	}
	n := 0
	e.sessions.Range(func(any, any) bool { n++; return true })
	if n != 0 {
		t.Errorf("%d sessions still hold names", n)
	}
}

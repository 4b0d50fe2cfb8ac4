package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/memory"
)

// at returns a test time as the API writes it.
func at(seconds int) json.Number { return json.Number(strconv.Itoa(t0 + seconds)) }

// list returns a JSON list of numbers.
func list(numbers ...int) []any {
	out := make([]any, len(numbers))
	for i, n := range numbers {
		out[i] = num(n)
	}
	return out
}

func num(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func TestSeries(t *testing.T) {
	type sums struct {
		Key    any
		Total  json.Number
		Values []any
	}
	type answer struct {
		Step   int
		Times  []json.Number
		Series []sums
		Other  *sums
		Total  json.Number
	}
	h := New(testDeps(t))
	minutes := []json.Number{at(0), at(60), at(120), at(180), at(240), at(300)}
	for _, tc := range []struct {
		name   string
		params map[string]string
		want   answer
	}{
		{
			"the largest and the rest",
			map[string]string{"by": "srcaddr", "limit": "2", "step": "60"},
			answer{
				Step: 60, Times: minutes, Total: num(6960),
				Series: []sums{
					{"10.0.0.2", num(5000), list(5000, 0, 0, 0, 0, 0)},
					{"10.0.0.1", num(1060), list(1000, 60, 0, 0, 0, 0)},
				},
				Other: &sums{nil, num(900), list(0, 500, 0, 0, 0, 400)},
			},
		},
		{
			"a number as key, and no rest",
			map[string]string{"by": "protocol", "measure": "packets", "limit": "8", "step": "60", "to": at(180).String()},
			answer{
				Step: 60, Times: minutes[:3], Total: num(40),
				Series: []sums{
					{num(6), num(34), list(30, 1, 3)},
					{num(17), num(6), list(0, 6, 0)},
				},
			},
		},
		{
			"absent is a value",
			map[string]string{"by": "action", "measure": "records", "step": "60"},
			answer{
				Step: 60, Times: minutes, Total: num(9),
				Series: []sums{
					{"ACCEPT", num(6), list(2, 3, 0, 0, 0, 1)},
					{"REJECT", num(2), list(0, 1, 1, 0, 0, 0)},
					{nil, num(1), list(0, 0, 0, 1, 0, 0)},
				},
			},
		},
		{
			"absent among the rest",
			map[string]string{"by": "action", "measure": "records", "limit": "1", "step": "600"},
			answer{
				Step: 600, Times: minutes[:1], Total: num(9),
				Series: []sums{{"ACCEPT", num(6), list(6)}},
				Other:  &sums{nil, num(3), list(3)},
			},
		},
		{
			"an unknown field",
			map[string]string{"by": "my-field", "step": "600", "limit": "1"},
			answer{
				Step: 600, Times: minutes[:1], Total: num(6960),
				Series: []sums{{"blue", num(5000), list(5000)}},
				Other:  &sums{nil, num(1960), list(1960)},
			},
		},
		{
			"without a field",
			map[string]string{"step": "60", "where": "dstport = 443"},
			answer{
				Step: 60, Times: minutes, Total: num(1400),
				Series: []sums{{nil, num(1400), list(1000, 0, 0, 0, 0, 400)}},
			},
		},
		{
			"bounds within buckets",
			map[string]string{"from": at(30).String(), "to": "2026-01-01T00:01:31Z", "step": "60"},
			answer{
				Step: 60, Times: minutes[:2], Total: num(5560),
				Series: []sums{{nil, num(5560), list(5000, 560)}},
			},
		},
		{
			"the other kind",
			map[string]string{"kind": "tgw", "by": "tgw_id", "step": "60"},
			answer{
				Step: 60, Times: minutes[:1], Total: num(700),
				Series: []sums{{"tgw-1", num(700), list(700)}},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got answer
			read(t, h, "series", tc.params, &got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTotals(t *testing.T) {
	type action struct {
		Action                  any
		Bytes, Packets, Records json.Number
		Values                  []any
	}
	type answer struct {
		All     map[string]json.Number
		Actions []action
	}
	h := New(testDeps(t))
	for _, tc := range []struct {
		name   string
		params map[string]string
		want   answer
	}{
		{
			"all",
			map[string]string{"step": "120", "measure": "packets"},
			answer{
				All: map[string]json.Number{"bytes": num(6960), "packets": num(44), "records": num(9)},
				Actions: []action{
					{"ACCEPT", num(6900), num(40), num(6), list(36, 0, 4)},
					{"REJECT", num(60), num(4), num(2), list(1, 3, 0)},
					{nil, num(0), num(0), num(1), list(0, 0, 0)},
				},
			},
		},
		{
			"only what occurs",
			map[string]string{"step": "120", "where": "dstport = 22"},
			answer{
				All:     map[string]json.Number{"bytes": num(60), "packets": num(1), "records": num(1)},
				Actions: []action{{"REJECT", num(60), num(1), num(1), list(60, 0, 0)}},
			},
		},
		{
			"a transit gateway has no actions",
			map[string]string{"kind": "tgw", "step": "60"},
			answer{
				All:     map[string]json.Number{"bytes": num(700), "packets": num(7), "records": num(1)},
				Actions: []action{{nil, num(700), num(7), num(1), list(700)}},
			},
		},
		{
			"nothing",
			map[string]string{"from": at(100_000).String(), "to": at(100_060).String()},
			answer{All: map[string]json.Number{"bytes": num(0), "packets": num(0), "records": num(0)}, Actions: []action{}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got answer
			read(t, h, "totals", tc.params, &got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTop(t *testing.T) {
	type row struct {
		Key                     any
		Bytes, Packets, Records json.Number
	}
	type answer struct {
		Rows []row
		All  row
		More bool
	}
	h := New(testDeps(t))
	for _, tc := range []struct {
		name   string
		params map[string]string
		want   answer
	}{
		{
			"by bytes",
			map[string]string{"by": "srcaddr", "limit": "2"},
			answer{
				Rows: []row{{"10.0.0.2", num(5000), num(20), num(1)}, {"10.0.0.1", num(1060), num(11), num(2)}},
				All:  row{nil, num(6960), num(44), num(9)}, More: true,
			},
		},
		{
			"equal sums are ordered by the key, absent last",
			map[string]string{"by": "dstport", "measure": "records", "where": "interface_id = eni-1"},
			answer{
				Rows: []row{
					{num(22), num(60), num(1), num(1)},
					{num(443), num(1000), num(10), num(1)},
					{num(40000), num(5000), num(20), num(1)},
				},
				All: row{nil, num(6060), num(31), num(3)},
			},
		},
		{
			"refused, one without bytes",
			map[string]string{"by": "srcaddr", "refused": "true"},
			answer{
				Rows: []row{{"10.0.0.1", num(60), num(1), num(1)}, {"192.0.2.7", num(0), num(3), num(1)}},
				All:  row{nil, num(60), num(4), num(2)},
			},
		},
		{
			"a name in AWS's spelling",
			map[string]string{"by": "interface-id", "limit": "1", "measure": "packets"},
			answer{
				Rows: []row{{"eni-1", num(6060), num(31), num(3)}},
				All:  row{nil, num(6960), num(44), num(9)}, More: true,
			},
		},
		{
			"a time as key",
			map[string]string{"by": "weir_hour", "limit": "1"},
			answer{
				Rows: []row{{at(0), num(6560), num(40), num(8)}},
				All:  row{nil, num(6960), num(44), num(9)}, More: true,
			},
		},
		{
			"nothing",
			map[string]string{"by": "srcaddr", "where": "dstport = 1"},
			answer{Rows: []row{}, All: row{nil, num(0), num(0), num(0)}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got answer
			read(t, h, "top", tc.params, &got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAddsUp groups by every field of both kinds: the series, with the rest, must
// add up to the totals in each bucket, and the rows of top to its sum.
func TestAddsUp(t *testing.T) {
	h := New(testDeps(t))
	for _, kind := range []string{"vpc", "tgw"} {
		var fields struct{ Fields []struct{ Name, Type string } }
		read(t, h, "fields", map[string]string{"kind": kind}, &fields)
		for _, f := range fields.Fields {
			if f.Type == "map" {
				continue
			}
			for _, measure := range []string{"bytes", "packets", "records"} {
				params := map[string]string{"kind": kind, "by": f.Name, "measure": measure, "limit": "2", "step": "60"}
				var series seriesAnswer
				var totals totalsAnswer
				read(t, h, "series", params, &series)
				read(t, h, "totals", params, &totals)
				got, want := make([]integer, len(series.Times)), make([]integer, len(totals.Times))
				for _, s := range series.Series {
					addTo(got, s.Values)
				}
				if series.Other != nil {
					addTo(got, series.Other.Values)
				}
				for _, a := range totals.Actions {
					addTo(want, a.Values)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s by %s: series and totals differ, -totals +series:\n%s", measure, f.Name, diff)
				}
				params["limit"] = "1000"
				var top topAnswer
				read(t, h, "top", params, &top)
				var sum counts
				for _, r := range top.Rows {
					sum, _ = sum.plus(r.counts)
				}
				if diff := cmp.Diff(top.All, sum); diff != "" {
					t.Errorf("%s by %s: the rows of top do not add up, -all +rows:\n%s", measure, f.Name, diff)
				}
			}
		}
	}
}

func addTo(sums, values []integer) {
	for i, v := range values {
		sums[i] += v
	}
}

func TestRecords(t *testing.T) {
	h := New(testDeps(t))
	type answer struct {
		Rows []map[string]any
		Next string
	}
	var all answer
	read(t, h, "records", map[string]string{"where": "srcaddr = 10.0.0.1 and dstport = 443"}, &all)
	want := answer{Rows: []map[string]any{{
		"version": num(2), "account_id": "111111111111", "interface_id": "eni-1", "srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2",
		"srcport": num(40000), "dstport": num(443), "protocol": num(6), "packets": num(10), "bytes": num(1000), "start": at(0),
		"end": at(50), "action": "ACCEPT", "log_status": "OK", "weir_hour": at(0), "weir_object": "a",
		"weir_unknown": map[string]any{"my-field": "red"},
	}}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("one record, -want +got:\n%s", diff)
	}
	_, body := get(t, h, "/api/v1/records?limit=1")
	if want := `{"rows":[{"version":2,"account_id":"111111111111","interface_id":"eni-3","srcaddr":"10.0.0.9",`; !strings.HasPrefix(body, want) {
		t.Errorf("the newest record is %s, want the one without start at its hour, in the table's order", body)
	}
}

// TestRecordPages goes through all records with every size of pages: each must come
// once, newest first, also those of one second.
func TestRecordPages(t *testing.T) {
	h := New(testDeps(t))
	want := []json.Number{
		num(7000), "", num(6000), num(5000), num(5001), num(5002), num(40001), num(443), num(40000),
	}
	for size := 1; size <= 10; size++ {
		var got []json.Number
		params := map[string]string{"limit": strconv.Itoa(size)}
		for pages := 0; ; pages++ {
			if pages > 10 {
				t.Fatalf("size %d: no end of pages", size)
			}
			var page struct {
				Rows []struct{ Srcport json.Number }
				Next string
			}
			read(t, h, "records", params, &page)
			if len(page.Rows) > size {
				t.Errorf("size %d: a page has %d records", size, len(page.Rows))
			}
			for _, r := range page.Rows {
				got = append(got, r.Srcport)
			}
			if page.Next == "" {
				break
			}
			params["after"] = page.Next
		}
		// The order within a second is by the fields; srcaddr decides here, and
		// "10." comes before "2001:".
		want[3], want[4], want[5] = num(5001), num(5002), num(5000)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("size %d: -want +got:\n%s", size, diff)
		}
	}
}

func TestFields(t *testing.T) {
	var got fieldsAnswer
	read(t, New(testDeps(t)), "fields", nil, &got)
	byName := map[string]fieldAnswer{}
	for _, f := range got.Fields {
		byName[f.Name] = f
	}
	if want := len(flowlog.Fields(flowlog.KindVPC)) + 4 + 2 + 1; len(byName) != want {
		t.Errorf("%d fields, want those of the table, of the networks of AWS and of ports, and one unknown: %d", len(byName), want)
	}
	if got.Fields[0].Name != "version" || got.Fields[len(got.Fields)-1].Name != "my-field" {
		t.Errorf("order: %s first and %s last", got.Fields[0].Name, got.Fields[len(got.Fields)-1].Name)
	}
	for name, want := range map[string]fieldAnswer{
		"srcaddr":   {Type: "text", Origin: "aws", Version: 2, Address: true},
		"end":       {Type: "integer", Origin: "aws", Version: 2, Epoch: true},
		"weir_hour": {Type: "time", Origin: "weir"},
		"my-field":  {Type: "text", Origin: "unknown"},

		"dst_region":    {Type: "text", Origin: "name"},
		"src_port_name": {Type: "text", Origin: "name"},
	} {
		f := byName[name]
		f = fieldAnswer{Type: f.Type, Origin: f.Origin, Version: f.Version, Address: f.Address, Epoch: f.Epoch}
		if diff := cmp.Diff(want, f); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if name := byName["dstport"].Names["443"]; name != "https" {
		t.Errorf("port 443 is called %q", name)
	}
}

// TestNames lists the names that can be told, and no other.
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		kind  string
		known query.NameSource
		want  int
	}{
		{"vpc", query.FromRegistry, 2},
		{"vpc", query.FromAll, len(query.NameColumns())},
		{"vpc", query.FromDefinition | query.FromRegistry, 16},
		{"vpc", query.FromCountries, 2},
		{"tgw", query.FromAll, 2},
	} {
		d := testDeps(t)
		d.Names = func(context.Context) (query.NameSource, error) { return tt.known, nil }
		var got fieldsAnswer
		read(t, New(d), "fields", map[string]string{"kind": tt.kind}, &got)
		n := 0
		for _, f := range got.Fields {
			c, ok := query.LookupName(f.Name)
			if ok != (f.Origin == "name") || ok && (c.From()&tt.known == 0 || f.Meaning != c.Meaning()) {
				t.Errorf("%s, %b: %+v", tt.kind, tt.known, f)
			}
			if ok {
				n++
			}
		}
		if n != tt.want {
			t.Errorf("%s, %b: %d names, want %d", tt.kind, tt.known, n, tt.want)
		}
	}
	d := testDeps(t)
	d.Names = func(context.Context) (query.NameSource, error) { return 0, errors.New("no disk") }
	if status, _ := get(t, New(d), "/api/v1/fields"); status != http.StatusInternalServerError {
		t.Errorf("where it can't be known: %d", status)
	}
}

func TestStatus(t *testing.T) {
	_, got := get(t, New(testDeps(t)), "/api/v1/status")
	want := fmt.Sprintf(`{"version":"v1.2.3","now":%d,"user":null,"tables":[`+
		`{"kind":"vpc","records":9,"objects":2,"bytes":4096,"oldest":%d,"newest":%d},`+
		`{"kind":"tgw","records":1,"objects":1,"bytes":512,"oldest":%d,"newest":%d}]}`+"\n", t0+480, t0, t0+300, t0, t0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCounting asks for sums of traffic that was recorded at both ends, twice, and on
// its way.
func TestCounting(t *testing.T) {
	d := testDeps(t)
	d.Engine = memory.New(batches(t, `version interface-id srcaddr dstaddr protocol packets bytes start end action log-status weir-hour weir-flow-log-id weir-repeat
2 eni-1 10.0.0.1 10.0.0.2 6 10 1000 1767225600 1767225650 ACCEPT OK 1767225600 fl-1 -
2 eni-1 10.0.0.1 10.0.0.2 6 10 1000 1767225600 1767225650 ACCEPT OK 1767225600 fl-2 flow-log
2 eni-2 10.0.0.1 10.0.0.2 6 10 1001 1767225600 1767225650 ACCEPT OK 1767225600 fl-1 receiver
2 eni-3 10.0.0.1 10.0.0.9 6 10 1002 1767225600 1767225650 ACCEPT OK 1767225600 fl-1 leg
`)...)
	h := New(d)
	type answer struct {
		Counting string
		Total    int64
		All      struct{ Bytes, Records int64 }
		Repeats  []struct {
			Why     string
			Records int64
		}
		Rows []json.RawMessage
	}
	for _, tt := range []struct {
		params   map[string]string
		counting string
		bytes    int64
		repeats  int
	}{
		{map[string]string{"by": "srcaddr"}, "once", 1000, 3},
		{map[string]string{"by": "srcaddr", "where": "srcaddr = 10.0.0.1 and action = ACCEPT"}, "once", 1000, 3},
		{map[string]string{"by": "srcaddr", "where": "srcaddr = 10.0.0.1 and bytes > 1000"}, "per interface", 2003, 2},
		{map[string]string{"by": "srcaddr", "where": "interface-id in (eni-1, eni-2)"}, "per interface", 2001, 2},
		{map[string]string{"by": "srcaddr", "where": "weir-flow-log-id = fl-2"}, "every record", 1000, 0},
		{map[string]string{"by": "srcaddr", "every": "true"}, "every record", 4003, 0},
	} {
		for _, name := range []string{"series", "top", "totals"} {
			params := maps.Clone(tt.params)
			if name == "totals" {
				delete(params, "by")
			}
			var got answer
			read(t, h, name, params, &got)
			if got.Counting != tt.counting || max(got.Total, got.All.Bytes) != tt.bytes || name == "totals" && len(got.Repeats) != tt.repeats {
				t.Errorf("%s %v: %+v", name, params, got)
			}
		}
	}
	var records answer
	read(t, h, "records", nil, &records)
	if len(records.Rows) != 4 {
		t.Errorf("%d records", len(records.Rows))
	}
	var byInterface answer
	read(t, h, "top", map[string]string{"by": "interface_id"}, &byInterface)
	if byInterface.Counting != "per interface" || len(byInterface.Rows) != 3 {
		t.Errorf("%+v", byInterface)
	}
	if status, body := get(t, h, "/api/v1/totals?every=perhaps"); status != http.StatusBadRequest || !strings.Contains(body, "neither true nor false") {
		t.Errorf("%d: %s", status, body)
	}
}

// TestEmptyLake asks everything of a lake that holds nothing.
func TestEmptyLake(t *testing.T) {
	d := testDeps(t)
	d.Engine = memory.New()
	d.Status = func(context.Context) (Status, error) { return Status{}, nil }
	h := New(d)
	for name, want := range map[string]string{
		"status":         `{"version":"v1.2.3","now":1767226080,"user":null,"tables":[{"kind":"vpc","records":0,"objects":0,"bytes":0,"oldest":null,"newest":null},{"kind":"tgw","records":0,"objects":0,"bytes":0,"oldest":null,"newest":null}]}`,
		"series?by=type": `{"measure":"bytes","by":"type","from":0,"to":0,"step":60,"times":[],"series":[],"other":null,"total":0,"counting":"once"}`,
		"totals":         `{"measure":"bytes","from":0,"to":0,"step":60,"times":[],"all":{"bytes":0,"packets":0,"records":0},"actions":[],"counting":"once","repeats":[]}`,
		"top?by=srcaddr": `{"by":"srcaddr","measure":"bytes","rows":[],"all":{"bytes":0,"packets":0,"records":0},"more":false,"counting":"once"}`,
		"records":        `{"rows":[],"next":""}`,
	} {
		status, got := get(t, h, "/api/v1/"+name)
		if status != http.StatusOK || got != want+"\n" {
			t.Errorf("%s: %d %s, want %s", name, status, got, want)
		}
	}
}

func TestLargeNumbers(t *testing.T) {
	d := testDeps(t)
	d.Engine = memory.New(batches(t, `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 9007199254740993 1767225600 1767225650 ACCEPT OK
2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 9007199254740992 1767225660 1767225690 ACCEPT OK
`)...)
	_, body := get(t, New(d), "/api/v1/series?step=600")
	if want := `"total":"18014398509481985"`; !strings.Contains(body, want) {
		t.Errorf("answer %s has no %s", body, want)
	}
	_, body = get(t, New(d), "/api/v1/records")
	for _, want := range []string{`"bytes":"9007199254740993"`, `"bytes":9007199254740992,`} {
		if !strings.Contains(body, want) {
			t.Errorf("answer %s has no %s", body, want)
		}
	}
}

// TestFarMoments asks up to the first and last moments that are taken.
func TestFarMoments(t *testing.T) {
	h := New(testDeps(t))
	for _, target := range []string{
		"totals?from=0&to=253402300799", "totals?from=1970-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "series?from=0&by=srcaddr",
		"totals?from=0&to=253402300799&step=253402300799", "records?from=0&to=253402300799", "top?by=srcaddr&to=253402300799&refused=false",
	} {
		if status, body := get(t, h, "/api/v1/"+target); status != http.StatusOK {
			t.Errorf("%s: status %d: %s", target, status, body)
		}
	}
}

func TestProblems(t *testing.T) {
	h := New(testDeps(t))
	for _, tc := range []struct {
		name, target string
		status       int
		param        string
		offset       any // nil: not one place
	}{
		{"filter", "series?where=dstport+%3D+x", 400, "where", num(10)},
		{"filter's field", "top?by=srcaddr&where=nofield+%3D+1", 400, "where", num(0)},
		{"long filter", "totals?where=" + strings.Repeat("x", maxFilter+1), 400, "where", nil},
		{"kind", "records?kind=elb", 400, "kind", nil},
		{"from", "records?from=yesterday", 400, "from", nil},
		{"to", "records?to=2026-13-01T00:00:00Z", 400, "to", nil},
		{"range", "records?from=10&to=10", 400, "to", nil},
		{"latest number", "totals?to=9223372036854775807", 400, "to", nil},
		{"earliest number", "series?from=-9223372036854775808", 400, "from", nil},
		{"before 1970", "totals?from=-1", 400, "from", nil},
		{"before 1970 in RFC 3339", "totals?from=1969-12-31T23:59:59Z", 400, "from", nil},
		{"behind 9999", "totals?to=253402300800", 400, "to", nil},
		{"behind 9999 in RFC 3339", "totals?to=9999-12-31T23:59:59-01:00", 400, "to", nil},
		{"all of time", "totals?from=0&to=253402300799&step=1", 400, "step", nil},
		{"widest step", "totals?from=0&to=253402300799&step=9223372036854775807", 400, "step", nil},
		{"neither true nor false", "top?by=srcaddr&refused=x", 400, "refused", nil},
		{"zone", "records?tz=Mars/Base", 400, "tz", nil},
		{"measure", "totals?measure=colour", 400, "measure", nil},
		{"step", "totals?step=0", 400, "step", nil},
		{"too many buckets", "totals?step=1&from=0&to=100000", 400, "step", nil},
		{"no such field", "series?by=nofield", 400, "by", nil},
		{"a field of the other kind", "series?kind=tgw&by=action", 400, "by", nil},
		{"the map", "series?by=weir_unknown", 400, "by", nil},
		{"no field", "top", 400, "by", nil},
		{"refused by a transit gateway", "top?kind=tgw&by=srcaddr&refused=true", 400, "refused", nil},
		{"limit", "top?by=srcaddr&limit=1001", 400, "limit", nil},
		{"limit of series", "series?by=srcaddr&limit=0", 400, "limit", nil},
		{"place", "records?after=17", 400, "after", nil},
		{"far place", "records?after=17.99999999", 400, "after", nil},
		{"place of completion", "complete?text=a&offset=2", 400, "offset", nil},
		{"address", "records?where=%zz", 400, "", nil},
		{"no such read", "secrets", 404, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, body := get(t, h, "/api/v1/"+tc.target)
			var got struct {
				Error struct {
					Message, Param string
					Hint           *string
					Offset         any
					Length         *int
				}
			}
			decoder := json.NewDecoder(strings.NewReader(body))
			decoder.UseNumber()
			if err := decoder.Decode(&got); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if status != tc.status || got.Error.Param != tc.param || got.Error.Offset != tc.offset ||
				got.Error.Message == "" || got.Error.Hint == nil || got.Error.Length == nil {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	h := New(testDeps(t))
	for where, want := range map[string]string{
		"":             `{"problem":null}`,
		"dstport = 22": `{"problem":null}`,
	} {
		if status, got := get(t, h, "/api/v1/check?where="+strings.ReplaceAll(where, " ", "+")); status != 200 || got != want+"\n" {
			t.Errorf("%q: %d %s, want %s", where, status, got, want)
		}
	}
	var got struct{ Problem *problem }
	read(t, h, "check", map[string]string{"where": "dstport = x"}, &got)
	if p := got.Problem; p == nil || p.Param != "where" || p.Offset == nil || *p.Offset != 10 {
		t.Errorf("problem %+v", got.Problem)
	}
}

func TestComplete(t *testing.T) {
	h := New(testDeps(t))
	for _, tc := range []struct {
		name, text string
		offset     string
		want       completion // the first one; the zero value: none
	}{
		{"a field", "dstport = 1 and srcad", "21", completion{Text: "srcaddr", Offset: 16, Length: 5, Kind: "field"}},
		{"within a word", "srcad = 10.0.0.1", "3", completion{Text: "srcaddr", Offset: 0, Length: 5, Kind: "field"}},
		{"an operator", "bytes ", "6", completion{Text: "=", Offset: 6, Kind: "operator"}},
		{"a value", "action = R", "10", completion{Text: "REJECT", Offset: 9, Length: 1, Kind: "value"}},
		{"an unknown field", "(my-f", "5", completion{Text: "my-field", Offset: 1, Length: 4, Kind: "field"}},
		{"an unknown field as value", "vpc-id = my-f", "13", completion{}},
		{"nothing", "dstport = 1 and zzz", "19", completion{}},
	} {
		var got completeAnswer
		read(t, h, "complete", map[string]string{"text": tc.text, "offset": tc.offset}, &got)
		var first completion
		if len(got.Items) > 0 {
			first = got.Items[0]
			first.Detail = ""
		}
		if diff := cmp.Diff(tc.want, first); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.name, diff)
		}
	}
}

// TestLimits lets the engine end queries by its limits.
func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		status int
	}{
		{"rows", fmt.Errorf("%w: too many rows", query.ErrLimit), http.StatusServiceUnavailable},
		{"refused", fmt.Errorf("%w: no such column", query.ErrRefused), http.StatusBadRequest},
		{"broken", errors.New("the disk is gone"), http.StatusInternalServerError},
	} {
		d := testDeps(t)
		var mu sync.Mutex // totals are asked for in two queries at once
		var limits query.Limits
		d.Engine = engineFunc(func(_ context.Context, _ query.Plan, l query.Limits) (query.Rows, error) {
			mu.Lock()
			defer mu.Unlock()
			limits = l
			return nil, tc.err
		})
		status, body := get(t, New(d), "/api/v1/totals")
		if status != tc.status || !strings.Contains(body, tc.err.Error()) {
			t.Errorf("%s: status %d: %s", tc.name, status, body)
		}
		if limits.Timeout <= 0 || limits.MaxRows <= 0 {
			t.Errorf("%s: the query ran without limits: %+v", tc.name, limits)
		}
	}
}

// staleRows are rows that rest on hours that are stale.
type staleRows struct{ query.Rows }

func (staleRows) Stale() query.Stale { return query.Stale{Hours: 2, Of: 5} }

// TestNote asks an engine whose rows rest on stale hours, and one whose rows do not: each answer
// of records says it.
func TestNote(t *testing.T) {
	const note = "2 of 5 hours in the answer are attributed by older definitions"
	d := testDeps(t)
	of := d.Engine
	stale := testDeps(t)
	stale.Engine = engineFunc(func(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
		rows, err := of.Run(ctx, p, l)
		return staleRows{rows}, err
	})
	for _, path := range []string{"totals", "top?by=srcaddr", "series?by=action", "series", "records"} {
		if status, body := get(t, New(stale), "/api/v1/"+path); status != http.StatusOK || !strings.Contains(body, `"note":"`+note) {
			t.Errorf("%s: status %d: %s", path, status, body)
		}
		if status, body := get(t, New(d), "/api/v1/"+path); status != http.StatusOK || strings.Contains(body, "note") {
			t.Errorf("%s: status %d: %s", path, status, body)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := testDeps(t)
		d.Engine = engineFunc(func(ctx context.Context, _ query.Plan, _ query.Limits) (query.Rows, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
		if status, body := get(t, New(d), "/api/v1/top?by=srcaddr"); status != http.StatusGatewayTimeout {
			t.Errorf("status %d: %s", status, body)
		}
	})
}

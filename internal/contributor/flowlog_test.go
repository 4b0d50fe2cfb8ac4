package contributor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// flowRule is the beginning of a rule for flow logs.
const flowRule = `{"Schema":{"Name":"WeirLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"FlowLog",`

// weirSamples are rules that only weir's own schema has.
var weirSamples = []string{
	flowRule + `"Contribution":{"Keys":["srcaddr"],"DistinctOf":["dstaddr","srcport"],"Direction":"ingress","Filters":[{"Match":"dstport","EqualTo":22},{"Match":"protocol","EqualTo":6},
		{"Match":"srcaddr","NotInNetworks":["10.0.0.0/8","fc00::/7"]},{"Match":"tcp-flags","BitsSet":2},{"Match":"tcp-flags","BitsClear":16}]},"AggregateOn":"Distinct"}`,
	flowRule + `"Contribution":{"Keys":["interface-id"],"ValueOf":"bytes","Direction":"egress","Filters":[{"Match":"dstaddr","InNetworks":["192.0.2.0/24"]}]},"AggregateOn":"Sum"}`,
	flowRule + `"Contribution":{"Keys":["dst-country"],"Filters":[{"Match":"dst-service","In":["S3","EC2,S3"]},{"Match":"src-country","IsPresent":false}]},"AggregateOn":"Count"}`,
	`{"Schema":{"Name":"WeirLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"JSON","Contribution":{"Keys":["$.ip"],"DistinctOf":["$.user"]},"AggregateOn":"Distinct"}`,
}

func TestWeirRules(t *testing.T) {
	for _, definition := range weirSamples {
		if r := parse(t, definition); r.Schema() != "WeirLogRule/1" || len(r.KeyLabels()) != 1 {
			t.Errorf("%s: %q", r.Schema(), r.KeyLabels())
		}
		// What AWS's rules have not got is refused in them.
		_, err := ParseRule([]byte(strings.Replace(definition, WeirSchema, CloudWatchSchema, 1)))
		if err == nil {
			t.Errorf("AWS's schema takes %s", definition)
		}
	}
	count := func(contribution string) string {
		return flowRule + `"Contribution":` + contribution + `,"AggregateOn":"Count"}`
	}
	filter := func(f string) string { return count(`{"Keys":["srcaddr"],"Filters":[` + f + `]}`) }
	for _, c := range []struct{ definition, want string }{
		{count(`{"Keys":["srcAddr"]}`), `InvalidValue at Contribution.Keys[0]: "srcAddr" is no field of flow logs`},
		{count(`{"Keys":["weir-direction"]}`), `InvalidValue at Contribution.Keys[0]: "weir-direction" is no field of flow logs`},
		{count(`{"Keys":["4"]}`), `InvalidValue at Contribution.Keys[0]: "4" is no field of flow logs`},
		{
			flowRule + `"Fields":{"4":"srcaddr"},"Contribution":{"Keys":["srcaddr"]},"AggregateOn":"Count"}`,
			`InvalidValue at Fields: Fields are for LogFormat CLF; FlowLog has the names of flow logs: srcaddr`,
		},
		{count(`{"Keys":["srcaddr"],"DistinctOf":["dstport"]}`), `InvalidValue at Contribution.DistinctOf: DistinctOf is for AggregateOn Distinct`},
		{count(`{"Keys":["srcaddr"],"Direction":"in"}`), `InvalidValue at Contribution.Direction: Direction is one of ingress, egress`},
		{flowRule + `"Contribution":{"Keys":["srcaddr"]},"AggregateOn":"Distinct"}`, `MissingKey at Contribution.DistinctOf`},
		{flowRule + `"Contribution":{"Keys":["srcaddr"],"DistinctOf":[]},"AggregateOn":"Distinct"}`, `InvalidValue at Contribution.DistinctOf: the array is empty`},
		{flowRule + `"Contribution":{"Keys":["srcaddr"],"ValueOf":"bytes","DistinctOf":["dstport"]},"AggregateOn":"Distinct"}`, `InvalidValue at Contribution.ValueOf: ValueOf is for AggregateOn Sum`},
		{flowRule + `"Contribution":{"Keys":["srcaddr"],"ValueOf":"action"},"AggregateOn":"Sum"}`, `InvalidValue at Contribution.ValueOf: ValueOf is summed up, and action is no number`},
		{filter(`{"Match":"action","EqualTo":1}`), `InvalidValue at Contribution.Filters[0].EqualTo: EqualTo compares numbers, and action is none`},
		{filter(`{"Match":"srcaddr","InNetworks":["10.0.0.1"]}`), `InvalidValue at Contribution.Filters[0].InNetworks[0]: a network such as 10.0.0.0/8 or 2001:db8::/32 is expected`},
		{filter(`{"Match":"srcaddr","InNetworks":["10.0.0.1/8"]}`), `InvalidValue at Contribution.Filters[0].InNetworks[0]: 10.0.0.1/8 has bits behind its prefix: the network is 10.0.0.0/8`},
		{filter(`{"Match":"tcp-flags","BitsSet":0}`), `InvalidValue at Contribution.Filters[0].BitsSet: an integer from 1 to 4294967295 is expected`},
		{filter(`{"Match":"tcp-flags","BitsClear":1.5}`), `InvalidValue at Contribution.Filters[0].BitsClear: an integer from 1 to 4294967295 is expected`},
		{filter(`{"Match":"tcp-flags","BitsClear":"1"}`), `InvalidValue at Contribution.Filters[0].BitsClear: an integer from 1 to 4294967295 is expected`},
		{clf + `"Contribution":{"Keys":["4"],"Direction":"ingress"},"AggregateOn":"Count"}`, `UnknownKey at Contribution.Direction: the members here are Keys, ValueOf, Filters, AggregateOn`},
		{
			strings.Replace(clf, CloudWatchSchema, WeirSchema, 1) + `"Contribution":{"Keys":["4"],"Direction":"ingress"},"AggregateOn":"Count"}`,
			`InvalidValue at Contribution.Direction: Direction is for LogFormat FlowLog`,
		},
	} {
		_, err := ParseRule([]byte(c.definition))
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: %v", c.definition, err)
			continue
		}
		got := e.Message
		if e.Hint != "" {
			got += ": " + e.Hint
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.definition, got, c.want)
		}
	}
}

// owned are the addresses of interfaces.
type owned map[string]string

func (o owned) Owns(networkInterface string, a netip.Addr, _ int64) (own, told bool) {
	address, told := o[networkInterface]
	return address == a.String(), told
}

// TestFlowLogFilters tells which records contribute, in formats that have fields in other places.
func TestFlowLogFilters(t *testing.T) {
	const (
		short = "${dstaddr} ${srcaddr} ${interface-id} ${tcp-flags} ${dstport}"
		full  = "${version} ${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${tcp-flags} ${flow-direction}"
	)
	rule := func(contribution string) string {
		return flowRule + `"Contribution":{"Keys":["srcaddr"],` + contribution + `},"AggregateOn":"Count"}`
	}
	ingressRule, egressRule := rule(`"Direction":"ingress"`), rule(`"Direction":"egress"`)
	syn := rule(`"Filters":[{"Match":"tcp-flags","BitsSet":2},{"Match":"tcp-flags","BitsClear":16}]`)
	in := rule(`"Filters":[{"Match":"srcaddr","InNetworks":["10.0.0.0/8","2001:db8::/32"]}]`)
	notIn := rule(`"Filters":[{"Match":"srcaddr","NotInNetworks":["10.0.0.0/8","2001:db8::/32"]}]`)
	for _, c := range []struct {
		rule, format, message string
		want                  bool
	}{
		{ingressRule, full, "5 eni-1 10.0.0.9 10.0.0.1 22 2 ingress", true},
		{ingressRule, full, "5 eni-1 10.0.0.9 10.0.0.1 22 2 egress", false},
		{ingressRule, full, "5 eni-1 10.0.0.9 10.0.0.1 22 2 -", true},  // the address is its own
		{ingressRule, full, "5 eni-1 10.0.0.1 10.0.0.9 22 2 -", false}, // and there it is not
		{ingressRule, short, "10.0.0.1 10.0.0.9 eni-1 2 22", true},
		{ingressRule, short, "10.0.0.9 10.0.0.1 eni-1 2 22", false},
		{ingressRule, short, "10.0.0.9 10.0.0.1 eni-2 2 22", true}, // nobody knows
		{ingressRule, short, "- - eni-1 2 22", true},
		{ingressRule, "${srcaddr}", "10.0.0.9", true},
		{egressRule, short, "10.0.0.9 10.0.0.1 eni-1 2 22", true},
		{egressRule, short, "10.0.0.1 10.0.0.9 eni-1 2 22", false},
		{egressRule, full, "5 eni-1 10.0.0.9 10.0.0.1 22 2 egress", true},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 2 22", true},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 3 22", true},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 18 22", false},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 19 22", false},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 0 22", false},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 - 22", false},
		{syn, short, "10.0.0.9 10.0.0.1 eni-1 -2 22", false},
		{syn, "${srcaddr}", "10.0.0.9", false}, // the field is not there
		{syn, "", "10.0.0.9 10.0.0.1 eni-1 2 22", false},
		{in, short, "192.0.2.1 10.255.0.1 eni-1 2 22", true},
		{in, short, "192.0.2.1 2001:db8::1 eni-1 2 22", true},
		{in, short, "192.0.2.1 ::ffff:10.0.0.1 eni-1 2 22", true},
		{in, short, "192.0.2.1 11.0.0.1 eni-1 2 22", false},
		{in, short, "192.0.2.1 - eni-1 2 22", false},
		{notIn, short, "192.0.2.1 11.0.0.1 eni-1 2 22", true},
		{notIn, short, "192.0.2.1 10.255.0.1 eni-1 2 22", false},
		{notIn, short, "192.0.2.1 - eni-1 2 22", false},
	} {
		contributes := parse(t, c.rule).Contributes(c.format, owned{"eni-1": "10.0.0.1"}, Names{})
		if got := contributes(c.message, 0); got != c.want {
			t.Errorf("%s counts %q of %s: %v", c.rule, c.message, c.format, got)
		}
	}
}

// TestDistinct counts a source's ports: over the minute, over five of them, and over the time of a report, which is not the sum.
func TestDistinct(t *testing.T) {
	c := newClock()
	s := open(t, t.TempDir(), Options{Now: c.now, Owners: func(context.Context) (Owners, error) { return owned{"eni-1": "10.0.0.1"}, nil }})
	put(t, s, "ports", flowRule+`"Contribution":{"Keys":["srcaddr"],"DistinctOf":["dstaddr","dstport"],"Direction":"ingress"},"AggregateOn":"Distinct"}`)
	formats := []string{"${interface-id} ${srcaddr} ${dstaddr} ${dstport}", "${dstport} ${dstaddr} ${srcaddr} ${interface-id}"}
	line := func(format int, src, dst string, port int) string {
		if format == 1 {
			return fmt.Sprintf("%d %s %s eni-1", port, dst, src)
		}
		return fmt.Sprintf("eni-1 %s %s %d", src, dst, port)
	}
	for minute := range int64(5) {
		for format, logFormat := range formats {
			b := Batch{Group: "g", Format: logFormat}
			for port := range 10 {
				for _, message := range []string{
					line(format, "192.0.2.1", "10.0.0.1", 100+port), line(format, "192.0.2.2", "10.0.0.1", int(minute)), line(format, "10.0.0.1", "192.0.2.1", port),
				} {
					b.Events = append(b.Events, Event{hourStart*1000 + minute*60_000, c.t.UnixMilli(), message})
				}
			}
			if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
				t.Fatal(err)
			}
			if minute%2 == 0 {
				commit(t, s)
			}
		}
	}
	for _, test := range []struct {
		period int64
		want   string
	}{
		{60, "10+10+10+10+10=10 1+1+1+1+1=5 of 15 Distinct, 11 11 11 11 11"},
		{300, "10=10 5=5 of 15 Distinct, 15"},
	} {
		r := report(t, s, "ports", func(r *ReportRequest) {
			r.From, r.To, r.Period, r.Metrics = hourStart, hourStart+300, test.period, []string{Sum, MaxContributorValue}
		})
		var got strings.Builder
		for _, contributor := range r.Contributors {
			var parts []string
			for _, d := range contributor.Datapoints {
				parts = append(parts, fmt.Sprint(d.Value))
			}
			fmt.Fprintf(&got, "%s=%v ", strings.Join(parts, "+"), contributor.Value)
		}
		fmt.Fprintf(&got, "of %v %s,", r.AggregateValue, r.AggregationStatistic)
		for _, d := range r.Datapoints {
			fmt.Fprint(&got, " ", d.Sum)
		}
		if diff := cmp.Diff(test.want, got.String()); diff != "" {
			t.Error(diff)
		}
	}
	for _, metric := range []string{Minimum, Maximum, Average} {
		_, err := s.Report(t.Context(), ReportRequest{Name: "ports", From: hourStart, To: hourStart + 60, Period: 60, Metrics: []string{metric}})
		if _, ok := errors.AsType[*InvalidError](err); !ok {
			t.Errorf("%s: %v", metric, err)
		}
	}
	f, err := flowlog.ParseLogFormat("${srcaddr} ${dstaddr}")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := s.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := rules[0].Rule.Fits(f); err == nil || err.Error() != "the log group's LogFormat has no field dstport" {
		t.Errorf("it fits: %v", err)
	}
}

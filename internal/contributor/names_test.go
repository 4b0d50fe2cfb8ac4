package contributor

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// someNames know one country and one service, and count how often they are asked.
func someNames(asked *int) Names {
	of := func(networks map[string]string) func(netip.Addr) string {
		return func(a netip.Addr) string {
			*asked++
			for network, name := range networks {
				if netip.MustParsePrefix(network).Contains(a) {
					return name
				}
			}
			return ""
		}
	}
	return Names{Country: of(map[string]string{"192.0.2.0/24": "NO", "198.51.100.0/24": "SE", "2001:db8::/32": "NO"}), Service: of(map[string]string{"192.0.2.0/25": "EC2,S3"})}
}

func TestNames(t *testing.T) {
	const format = "${srcaddr} ${dstaddr} ${dstport}"
	for _, c := range []struct {
		contribution string
		want         map[string]string // the contributor by the record, "" for none
	}{
		{
			`{"Keys":["dst-country"]}`,
			map[string]string{
				"10.0.0.1 192.0.2.1 22": "NO", "10.0.0.1 198.51.100.1 22": "SE", "10.0.0.1 2001:db8::1 22": "NO", "10.0.0.1 ::ffff:192.0.2.1 22": "NO",
				"192.0.2.1 10.0.0.1 22": "", "- - -": "", "10.0.0.1": "",
			},
		},
		{`{"Keys":["src-country","dstport"]}`, map[string]string{"192.0.2.1 10.0.0.1 22": "NO+22", "10.0.0.1 192.0.2.1 22": ""}},
		{`{"Keys":["srcaddr"],"Filters":[{"Match":"dst-country","IsPresent":false}]}`, map[string]string{"10.0.0.1 192.0.2.1 22": "", "10.0.0.1 11.0.0.1 22": "10.0.0.1"}},
		{`{"Keys":["srcaddr"],"Filters":[{"Match":"dst-country","NotIn":["SE"]}]}`, map[string]string{"1 192.0.2.1 22": "1", "1 198.51.100.1 22": "", "1 11.0.0.1 22": ""}},
		{`{"Keys":["dst-service","srcaddr"],"Filters":[{"Match":"dst-country","In":["NO"]}]}`, map[string]string{"1 192.0.2.1 22": "EC2,S3+1", "1 192.0.2.200 22": ""}},
		{`{"Keys":["dst-country","src-country","dst-service","dstaddr"]}`, map[string]string{"198.51.100.1 192.0.2.1 22": "NO+SE+EC2,S3+192.0.2.1"}},
	} {
		asked := 0
		of := parse(t, flowRule+`"Contribution":`+c.contribution+`,"AggregateOn":"Count"}`).ContributorOf(format, nil, someNames(&asked))
		for record, want := range c.want {
			if got := strings.Join(of(record, 0), "+"); got != want {
				t.Errorf("%s: %q is of %q, want %q", c.contribution, record, got, want)
			}
		}
	}
	// Nobody asks about records that something else keeps out.
	asked := 0
	of := parse(t, flowRule+`"Contribution":{"Keys":["dst-country"],"Direction":"egress","Filters":[{"Match":"src-country","IsPresent":false},{"Match":"dstport","EqualTo":22}]},"AggregateOn":"Count"}`).
		ContributorOf("${interface-id} ${srcaddr} ${dstaddr} ${dstport}", owned{"eni-1": "10.0.0.1"}, someNames(&asked))
	for _, record := range []string{"eni-1 10.0.0.1 192.0.2.1 23", "eni-1 192.0.2.1 10.0.0.1 22"} {
		if of(record, 0) != nil || asked > 0 {
			t.Errorf("%q counts, or names were looked up %d times", record, asked)
		}
	}
	if got := of("eni-1 10.0.0.1 192.0.2.1 22", 0); !cmp.Equal(got, []string{"NO"}) || asked != 2 {
		t.Errorf("it is of %q, and names were looked up %d times", got, asked)
	}
}

func TestNamesRefused(t *testing.T) {
	for contribution, want := range map[string]string{
		`{"Keys":["dst-country"],"ValueOf":"src-country"}`:                                         "ValueOf is summed up, and src-country is no number",
		`{"Keys":["dst-country"],"Filters":[{"Match":"src-country","EqualTo":1}]}`:                 "EqualTo compares numbers, and src-country is none",
		`{"Keys":["dst-country"],"Filters":[{"Match":"src-country","InNetworks":["10.0.0.0/8"]}]}`: "InNetworks is about addresses, and src-country is none",
		`{"Keys":["dst-aws-service"]}`:                                                             `"dst-aws-service" is no field of flow logs`,
	} {
		_, err := ParseRule([]byte(flowRule + `"Contribution":` + contribution + `,"AggregateOn":"Sum"}`))
		e, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(e.Hint, want) {
			t.Errorf("%s: %v", contribution, err)
		}
	}
	f, err := flowlog.ParseLogFormat("${srcaddr} ${bytes}")
	if err != nil {
		t.Fatal(err)
	}
	err = parse(t, flowRule+`"Contribution":{"Keys":["dst-country"]},"AggregateOn":"Count"}`).Fits(f)
	if err == nil || err.Error() != "the log group's LogFormat has no field dstaddr, which dst-country is of" {
		t.Errorf("without dstaddr: %v", err)
	}
}

// TestNamesMissing refuses a rule whose list was never imported, and says so where it is gone when records come.
func TestNamesMissing(t *testing.T) {
	asked := 0
	var known Names
	s := open(t, t.TempDir(), Options{Now: newClock().now, Names: func(_ context.Context, countries, services bool) (Names, error) {
		if !countries && !services {
			t.Error("nothing is asked for")
		}
		return known, nil
	}})
	country := flowRule + `"Contribution":{"Keys":["dstaddr"],"Filters":[{"Match":"dst-country","IsPresent":false}]},"AggregateOn":"Count"}`
	service := flowRule + `"Contribution":{"Keys":["dst-service"]},"AggregateOn":"Count"}`
	for definition, want := range map[string]string{country: "weir enrich import FILE", service: "weir enrich update"} {
		err := s.Put(t.Context(), PutRequest{Name: "rule", Definition: definition})
		if _, ok := errors.AsType[*InvalidError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("what was never imported: %v", err)
		}
	}
	known = someNames(&asked)
	put(t, s, "rule", country)
	put(t, s, "service", service)
	come := func() {
		b := Batch{Group: "g", Format: "${dstaddr} ${bytes}", Events: []Event{{hourStart * 1000, hourStart * 1000, "11.0.0.1 5"}}}
		if err := s.Add(t.Context(), "r", nil, []Batch{b}); err != nil {
			t.Fatal(err)
		}
	}
	come()
	known.Country = nil
	come()
	r := report(t, s, "rule")
	if list(r) != "11.0.0.1=1" || len(r.Unfit) != 1 || !strings.Contains(r.Unfit[0].Reason, "weir enrich import FILE") {
		t.Errorf("without the list %s counts, and %+v do not fit", list(r), r.Unfit)
	}
	if r := report(t, s, "service"); len(r.Unfit) > 0 {
		t.Errorf("the other rule does not fit: %+v", r.Unfit)
	}
	known = someNames(&asked)
	come()
	if r := report(t, s, "rule"); list(r) != "11.0.0.1=2" || len(r.Unfit) > 0 {
		t.Errorf("with the list again %s counts, and %+v do not fit", list(r), r.Unfit)
	}
}

package ipranges

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const some = `{"syncToken": "1", "createDate": "2026-03-02-10-15-03", "prefixes": [
	{"ip_prefix": "52.94.0.0/16", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"},
	{"ip_prefix": "52.94.0.0/22", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"},
	{"ip_prefix": "52.94.0.0/22", "region": "us-east-1", "service": "DYNAMODB", "network_border_group": "us-east-1"},
	{"ip_prefix": "52.94.1.0/24", "region": "us-west-2", "service": "EC2", "network_border_group": "us-west-2-lax-1"},
	{"ip_prefix": "13.32.0.0/15", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
	{"ip_prefix": "3.0.0.0/24", "region": "us-east-1", "service": "A", "network_border_group": "x"},
	{"ip_prefix": "3.0.0.0/24", "region": "us-east-2", "service": "B", "network_border_group": "x"}
], "ipv6_prefixes": [{"ipv6_prefix": "2600:1f18::/33", "region": "us-east-1", "service": "S3", "network_border_group": "us-east-1"}]}`

func TestOf(t *testing.T) {
	r, err := Parse([]byte(some))
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 6 || r.CreateDate != "2026-03-02-10-15-03" {
		t.Errorf("%d networks of %s", r.Len(), r.CreateDate)
	}
	for _, tt := range []struct{ addr, service, region string }{
		{"52.94.200.1", "AMAZON", "us-east-1"},
		{"52.94.0.7", "DYNAMODB", "us-east-1"},
		{"52.94.1.7", "DYNAMODB,EC2", "us-west-2"},
		{"::ffff:52.94.1.7", "DYNAMODB,EC2", "us-west-2"},
		{"13.33.255.255", "CLOUDFRONT", "GLOBAL"},
		{"3.0.0.1", "A,B", ""},
		{"13.34.0.0", "", ""},
		{"10.0.0.1", "", ""},
		{"2600:1f18::1", "S3", "us-east-1"},
		{"2600:1f18:8000::1", "", ""},
	} {
		if service, region := r.Of(netip.MustParseAddr(tt.addr)); service != tt.service || region != tt.region {
			t.Errorf("%s: %q in %q, want %q in %q", tt.addr, service, region, tt.service, tt.region)
		}
	}
	if service, _ := r.Of(netip.Addr{}); service != "" {
		t.Errorf("no address: %q", service)
	}
}

// TestService has what flow logs name.
func TestService(t *testing.T) {
	r, err := Parse([]byte(some))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"52.94.200.1": "AMAZON", "52.94.0.7": "DYNAMODB", "52.94.1.7": "", "10.0.0.1": "", "2600:1f18::1": "S3"} {
		if got := r.Service(netip.MustParseAddr(at)); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	entry := func(kind, prefix, region, service string) string {
		key := strings.TrimSuffix(kind, "es")
		if key == "prefix" {
			key = "ip_prefix"
		}
		return `{"` + kind + `": [{"` + key + `": "` + prefix + `", "region": "` + region + `", "service": "` + service + `"}]}`
	}
	for _, tt := range []struct{ text, want string }{
		{"", "no ip-ranges.json"},
		{`{"prefixes": [}`, "no ip-ranges.json: byte 15"},
		{`[]`, "no ip-ranges.json"},
		{`{}`, "it has neither prefixes nor ipv6_prefixes"},
		{entry("prefixes", "10.0.0", "r", "S"), `prefixes[0]: "10.0.0" is no CIDR`},
		{entry("prefixes", "10.0.0.1/8", "r", "S"), "prefixes[0]: 10.0.0.1/8 has bits beyond its prefix"},
		{entry("prefixes", "2001:db8::/32", "r", "S"), "prefixes[0]: 2001:db8::/32 is of the other family"},
		{entry("ipv6_prefixes", "10.0.0.0/8", "r", "S"), "ipv6_prefixes[0]: 10.0.0.0/8 is of the other family"},
		{entry("prefixes", "10.0.0.0/8", "", "S"), "prefixes[0]: 10.0.0.0/8 has no service or no region"},
	} {
		if _, err := Parse([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
}

// FuzzParse holds what is told of the first and the last address of each network against a look
// through all.
func FuzzParse(f *testing.F) {
	f.Add([]byte(some))
	f.Add([]byte(`{"prefixes": [{"ip_prefix": "0.0.0.0/0", "region": "r", "service": "AMAZON"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		for p := range r.networks {
			service, _ := r.Of(p.Addr())
			told := strings.Split(service, ",")
			for q, entries := range r.networks {
				for _, e := range entries {
					if q.Contains(p.Addr()) && e.service != amazon && !slices.Contains(told, e.service) && !strings.Contains(e.service, ",") {
						t.Errorf("%s is of %s, and told as %s", p.Addr(), e.service, service)
					}
				}
			}
			if service == "" {
				t.Errorf("%s is of nothing", p)
			}
		}
	})
}

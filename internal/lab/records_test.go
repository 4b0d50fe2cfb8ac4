package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecordsOf looks at the conditions of steps; TestLab of package cli asks them.
func TestRecordsOf(t *testing.T) {
	d := defaultLab(t)
	pairs := func(a, b, what string) string {
		return "((srcaddr IN " + a + " AND dstaddr IN " + b + " OR srcaddr IN " + b + " AND dstaddr IN " + a +
			" OR pkt_srcaddr IN " + a + " AND pkt_dstaddr IN " + b + " OR pkt_srcaddr IN " + b + " AND pkt_dstaddr IN " + a + ")" + what + ")"
	}
	for _, tc := range []struct {
		name string
		step Step
		want string
	}{
		{"from the internet, by the private address", Step{From: "client", To: "web-a", TCP: 22}, pairs("('203.0.113.10')", "('10.0.1.10')", " AND (protocol = 6) IS NOT FALSE AND 22 IN (srcport, dstport)")},
		{"to the internet, also as a NAT gateway", Step{From: "app-a", To: "site", TCP: 443}, pairs("('10.0.2.10', '10.0.1.5')", "('203.0.113.80')", " AND (protocol = 6) IS NOT FALSE AND 443 IN (srcport, dstport)")},
		{"UDP", Step{From: "web-a", To: "web-b", UDP: 53}, pairs("('10.0.1.10')", "('10.0.3.10')", " AND (protocol = 17) IS NOT FALSE AND 53 IN (srcport, dstport)")},
		{"a ping", Step{From: "web-a", To: "web-b", Ping: true}, pairs("('10.0.1.10')", "('10.0.3.10')", " AND (protocol IN (1, 58)) IS NOT FALSE")},
		{"a protocol", Step{From: "shop-a", To: "cache", Speech: Speech{Redis: 6379}}, pairs("('10.0.2.81')", "('10.0.2.83')", " AND (protocol = 6) IS NOT FALSE AND 6379 IN (srcport, dstport)")},
		{"of no host", Step{From: "web-a", To: "nobody", TCP: 80}, ""},
	} {
		if diff := cmp.Diff(tc.want, d.recordsOf(tc.step, "srcaddr dstaddr", "pkt_srcaddr pkt_dstaddr")); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	for six, want := range map[bool]string{false: "'10.0.3.10'", true: "'2001:db8:1:3::10'"} {
		if diff := cmp.Diff([]string{want}, d.recordedAs("web-b", six)); diff != "" {
			t.Error(diff)
		}
	}
}

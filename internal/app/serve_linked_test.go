package app

import (
	"crypto/tls"
	"net"
	"net/netip"
	"testing"
)

// TestLinked: links of messages have a URL that somebody can reach, or there is none.
func TestLinked(t *testing.T) {
	for _, c := range []struct {
		at    string
		tls   bool
		names []string
		want  string
	}{
		{"127.0.0.1:8787", false, []string{"weir.example.net"}, "http://127.0.0.1:8787"},
		{"192.0.2.7:8787", true, nil, "https://192.0.2.7:8787"},
		{"[2001:db8::7]:8787", true, nil, "https://[2001:db8::7]:8787"},
		{"0.0.0.0:8787", true, nil, ""},
		{"[::]:8787", true, nil, ""},
		{"[::]:8787", true, []string{"weir.example.net", "other.example.net"}, "https://weir.example.net:8787"},
		{"0.0.0.0:443", true, []string{"2001:db8::7"}, "https://[2001:db8::7]:443"},
	} {
		a := &access{}
		if c.tls {
			a.tls = &tls.Config{MinVersion: tls.VersionTLS13}
		}
		if got := a.linked(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.at)), c.names); got != c.want {
			t.Errorf("%s with %q: %q, want %q", c.at, c.names, got, c.want)
		}
	}
}

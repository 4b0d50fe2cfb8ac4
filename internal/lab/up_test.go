package lab

import (
	"errors"
	"strings"
	"testing"
)

// TestOptions refuses options that a lab is never ready with, before anything is made.
func TestOptions(t *testing.T) {
	for _, tc := range []struct{ dir, listen, want string }{
		{"/lab", "127.0.0.1:8787", ""},
		{"/lab", "127.0.0.9:80", ""},
		{"/lab", "0.0.0.0:80", "weir serve without TLS listens at loopback addresses alone"},
		{"/lab", "192.0.2.1:80", "weir serve without TLS listens at loopback addresses alone"},
		{"/" + strings.Repeat("d", mostDir-1), "127.0.0.1:8787", ""},
		{"lab", "127.0.0.1:8787", "lab is no absolute path"},
		{"/" + strings.Repeat("d", mostDir), "127.0.0.1:8787", "the name of its folder has 93 bytes, and 92 at most"},
		{"/lab", "127.0.0.1:0", "it takes an IPv4 address and a port"}, // which nobody would know
		{"/lab", "[::1]:8787", "it takes an IPv4 address and a port"},  // which the agent has no way to
		{"/lab", ":8787", "it takes an IPv4 address and a port"},
		{"/lab", "8787", "it takes an IPv4 address and a port"},
	} {
		err := (&Options{Dir: tc.dir, Listen: tc.listen}).check()
		if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s %s: %v, want %s", tc.dir, tc.listen, err, tc.want)
		}
	}
}

package agent

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/agent/config"
)

// TestServices has a file that says whose addresses are, and one that is none.
func TestServices(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := &config.Config{Network: []string{file("net.yaml", definition)}}
	ranges := file("ranges.json", `{"prefixes": [{"ip_prefix": "52.95.128.0/21", "region": "ap-southeast-2", "service": "S3"}]}`)
	for _, tc := range []struct{ file, want, fails string }{
		{"", "", ""},
		{ranges, "S3", ""},
		{file("none.json", "{}"), "", "none.json: no ip-ranges.json"},
		{filepath.Join(dir, "missing.json"), "", "cannot read the networks of AWS: open"},
	} {
		c.IPRanges = tc.file
		n, err := loadNetwork(c)
		if err != nil || tc.fails != "" {
			if tc.fails == "" || err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: %v", tc.file, err)
			}
			continue
		}
		service := n.about("eni-1").Service
		if (service == nil) != (tc.want == "") || service != nil && service(netip.MustParseAddr("52.95.128.179")) != tc.want {
			t.Errorf("%s: another service than %q", tc.file, tc.want)
		}
	}
}

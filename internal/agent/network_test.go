package agent

import (
	"fmt"
	"log/slog"
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

// TestLoadNetwork has files of AWS's answers: with a page alone they are refused, since rules may be missing, and members that nobody knows are told.
func TestLoadNetwork(t *testing.T) {
	const vpc = `{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"%s}]%s}`
	for name, tc := range map[string]struct{ member, page, refused, unknown string }{
		"whole":            {"", "", "", ""},
		"a page":           {"", `, "NextToken": "x"`, "vpcs.json has another page", ""},
		"a member of 2030": {`, "Colour": "red"`, "", "", "Vpcs[].Colour"},
		"of another type":  {`, "Tags": 7`, "", "Vpcs[0].Tags: number where", ""},
	} {
		file := filepath.Join(t.TempDir(), "vpcs.json")
		if err := os.WriteFile(file, fmt.Appendf(nil, vpc, tc.member, tc.page), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := loadNetwork(&config.Config{Network: []string{file}})
		if tc.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var log strings.Builder
		n.sayUnknown(slog.New(slog.NewTextHandler(&log, nil)))
		if (log.Len() > 0) != (tc.unknown != "") || !strings.Contains(log.String(), tc.unknown) {
			t.Errorf("%s: %s", name, log.String())
		}
	}
}

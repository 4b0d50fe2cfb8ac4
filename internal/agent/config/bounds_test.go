package config

import (
	"strings"
	"testing"
)

// TestBounds says how much may wait: what nobody says does not cut what somebody does.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		text         string
		spool, state int64
		want         string // in the error
	}{
		{"", DefaultSpoolBytes, DefaultStateBytes, ""},
		{"spool-bytes: 1\n", 1, DefaultStateBytes, ""},
		{"spool-bytes: 10000000000\n", 10_000_000_000, 10_000_000_000, ""},
		{"state-bytes: 67108864\n", DefaultSpoolBytes, leastState, ""},
		{"state-bytes: 1099511627776\nspool-bytes: 1099511627776\n", mostSpool, mostSpool, ""},
		{"state-bytes: 67108863\n", 0, 0, "a.yaml:4:14: state-bytes has to be 67108864 at least"},
		{"state-bytes: 1 GB\n", 0, 0, "a.yaml:4:14: "},
		{"state-bytes: 100000000\nspool-bytes: 100000001\n", 0, 0, "a.yaml:5:14: spool-bytes, of each flow log, is more than state-bytes"},
	} {
		got, err := Read("a.yaml", []byte("network: net.yaml\ninterfaces: []\nflow-logs: {}\n"+c.text))
		switch {
		case c.want != "":
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%q: %v, want %s", c.text, err, c.want)
			}
		case err != nil || got.SpoolBytes != c.spool || got.StateBytes != c.state:
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

package flowlog_test

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/flowlog"
)

// TestPortName checks names against IANA's registry, and what people call a few ports.
func TestPortName(t *testing.T) {
	for _, tt := range []struct {
		port, protocol int64
		want           string
	}{
		{22, 6, "ssh"},
		{443, 6, "https"},
		{443, 17, "https"},
		{443, 132, "https"},
		{514, 6, "shell"},
		{514, 17, "syslog"},
		{53, 6, "dns"},
		{53, 17, "dns"},
		{67, 6, "bootps"},
		{67, 17, "dhcp"},
		{512, 6, "exec"},
		{512, 17, "comsat"},
		{465, 6, "submissions"},
		{465, 17, "igmpv3lite"},
		{80, 132, "http"},
		{21, 33, ""},
		{9, 33, "discard"},
		{1023, 6, ""},
		{1521, 6, "oracle"},
		{1521, 17, ""},
		{4789, 17, "vxlan"},
		{4789, 6, ""},
		{6081, 17, "geneve"},
		{5439, 6, "redshift"},
		{0, 6, ""},
		{0, 1, ""},
		{8, 1, ""},
		{443, 1, ""},
		{443, 0, ""},
		{443, -1, ""},
		{-1, 6, ""},
		{65535, 6, ""},
		{65536, 6, ""},
		{443 + 65536, 6, ""},
		{32768, 6, ""},
		{49152, 17, ""},
	} {
		if got, ok := flowlog.PortName(tt.port, tt.protocol); got != tt.want || ok != (tt.want != "") {
			t.Errorf("PortName(%d, %d) = %q, %v, want %q", tt.port, tt.protocol, got, ok, tt.want)
		}
	}
}

// TestPortNamesAgree checks that a port is called by one name: that of Services, by which
// filters find it, but with protocols whose port is another service's.
func TestPortNamesAgree(t *testing.T) {
	others := []string{"67/6 bootps", "445/17 microsoft-ds", "465/17 igmpv3lite", "514/6 shell", "1433/17 ms-sql-s", "5900/17 rfb", "5985/17 wsman"}
	var found []string
	seen := map[int64]bool{}
	for _, s := range flowlog.Services() {
		if seen[s.Number] {
			continue
		}
		seen[s.Number] = true
		agree := false
		for _, protocol := range []int64{6, 17, 33, 132} {
			switch name, ok := flowlog.PortName(s.Number, protocol); {
			case name == s.Name:
				agree = true
			case ok:
				found = append(found, strconv.FormatInt(s.Number, 10)+"/"+strconv.FormatInt(protocol, 10)+" "+name)
			}
		}
		if !agree {
			t.Errorf("port %d is %s, and has no such name", s.Number, s.Name)
		}
	}
	if slices.Sort(found); !slices.Equal(found, slices.Sorted(slices.Values(others))) {
		t.Errorf("other names: %q", found)
	}
}

// TestPortsFile checks that each line of the registry's names is in order, and has known
// protocols.
func TestPortsFile(t *testing.T) {
	f, err := os.Open("ports.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last, n := int64(0), 0
	seen := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		words := strings.Fields(lines.Text())
		port, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil || port < last || port < 1 || port > 65535 || len(words) < 3 || words[1] != strings.ToLower(words[1]) {
			t.Errorf("%q", lines.Text())
			continue
		}
		last = port
		n++
		for _, protocol := range words[2:] {
			if !slices.Contains([]string{"tcp", "udp", "dccp", "sctp"}, protocol) || seen[words[0]+protocol] {
				t.Errorf("%q: protocol %s", lines.Text(), protocol)
			}
			seen[words[0]+protocol] = true
		}
	}
	if n < 700 {
		t.Errorf("%d lines", n)
	}
}

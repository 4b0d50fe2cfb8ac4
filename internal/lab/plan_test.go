package lab

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// TestPlan has what the default lab is built of: each subnet's routes, the gateways' translation, and nothing of the host.
func TestPlan(t *testing.T) {
	p, err := planOf(defaultLab(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"vpc", "internet", "app-a", "db-b", "idle", "nat", "web-a", "web-b"}; !slices.Equal(p.names, want) {
		t.Errorf("%v", p.names)
	}
	var routes []string
	for _, line := range p.batches[router] {
		if strings.Contains(line, "1000") { // app-a's table and rule
			routes = append(routes, line)
		}
	}
	if diff := cmp.Diff([]string{
		"rule add priority 1000 iif eni-app-a lookup 1000",
		"route add table 1000 blackhole default metric 4000",
		"route add table 1000 0.0.0.0/0 via 10.0.1.5 dev eni-nat onlink",
		"route add table 1000 blackhole 10.0.0.0/16",
		"route add table 1000 10.0.2.10/32 dev eni-app-a",
		"route add table 1000 10.0.4.10/32 dev eni-db-b",
		"route add table 1000 10.0.4.20/32 dev eni-idle",
		"route add table 1000 10.0.1.5/32 dev eni-nat",
		"route add table 1000 10.0.1.10/32 dev eni-web-a",
		"route add table 1000 10.0.3.10/32 dev eni-web-b",
	}, ordered(routes)); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"route add table 1003 0.0.0.0/0 via 169.254.77.2 dev internet", "addr add 10.0.2.1/32 dev eni-app-a"} {
		if !slices.Contains(p.batches[router], line) {
			t.Errorf("no %q in %q", line, p.batches[router])
		}
	}
	for _, of := range []struct{ name, want string }{
		{router, `dnat to ip daddr map { 198.51.100.5 : 10.0.1.5, 198.51.100.10 : 10.0.1.10, 198.51.100.20 : 10.0.3.10 }`},
		{router, `snat to ip saddr map { 10.0.1.5 : 198.51.100.5, 10.0.1.10 : 198.51.100.10, 10.0.3.10 : 198.51.100.20 }`},
		{"nat", `oifname "eth0" ip saddr != 10.0.1.5 masquerade`},
	} {
		if !strings.Contains(p.nft[of.name], of.want) {
			t.Errorf("%s: no %q in %s", of.name, of.want, p.nft[of.name])
		}
	}
	if len(p.nft) != 2 || p.sysctls["nat"]["ipv4/ip_forward"] != "1" || p.sysctls["web-a"]["ipv4/ip_forward"] != "0" {
		t.Errorf("%v %v", p.nft, p.sysctls)
	}
}

// ordered has the lines of the local route, which may be before or behind others, behind them.
func ordered(lines []string) []string {
	local := func(line string) int {
		if strings.HasSuffix(line, "10.0.0.0/16") || strings.Contains(line, "/32 dev") {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(lines, func(a, b string) int { return local(a) - local(b) })
	return lines
}

// TestNoInternetGateway lets nothing in or out where the VPC has none.
func TestNoInternetGateway(t *testing.T) {
	d := defaultLab(t)
	d.Network.InternetGateways["igw-lab"].VPC = ""
	p, err := planOf(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.nft[router]; strings.Contains(got, "nat hook") || !strings.Contains(got, `oifname "internet" drop`) {
		t.Error(got)
	}
}

// TestAgentConfig has the agent read the config that it gets.
func TestAgentConfig(t *testing.T) {
	d := defaultLab(t)
	for _, tc := range []struct {
		every float64
		want  float64
	}{{0, 60}, {10, 10}} {
		s := &state{Every: seconds(tc.every)}
		c, err := config.Read("/lab/agent.yaml", agentConfig(d, s))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Interfaces) != 6 || c.Interfaces[0].Mode != "enforce" || c.Pin != "" || c.FlowLogs[0].Interval != seconds(tc.want) || c.FlowLogs[0].Destination != "/lab/records" || c.State != "/lab/agent" {
			t.Errorf("%+v", c)
		}
	}
}

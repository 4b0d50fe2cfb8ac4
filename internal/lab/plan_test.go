package lab

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// TestPlan has what the default lab is built of: each subnet's routes, the gateways' translation, and nothing of the host.
func TestPlan(t *testing.T) {
	p, err := planOf(defaultLab(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"vpc", "internet", "vpc-partner", "vpc-shared", "tgw", "alb", "app-a", "cache", "db-b", "files", "idle", "nat", "partner", "rds", "redshift", "shop-a", "shop-b", "web-a", "web-b", "workspace"}; !slices.Equal(p.names, want) {
		t.Errorf("%v", p.names)
	}
	var routes []string
	for _, line := range p.batches[router] {
		if strings.Contains(line, "1001") { // app-a's table and rule
			routes = append(routes, line)
		}
	}
	if diff := cmp.Diff([]string{
		"rule add priority 1001 iif eni-app-a lookup 1001",
		"route add table 1001 blackhole default metric 4000",
		"route add table 1001 0.0.0.0/0 via 10.0.1.5 dev eni-nat onlink",
		"route add table 1001 10.1.0.0/16 via 169.254.78.2 dev tgw",
		"route add table 1001 10.2.0.0/16 via 169.254.79.2 dev pcx-vpc-partner",
		"route add table 1001 blackhole 10.0.0.0/16",
		"route add table 1001 10.0.1.80/32 dev eni-alb",
		"route add table 1001 10.0.2.10/32 dev eni-app-a",
		"route add table 1001 10.0.2.83/32 dev eni-cache",
		"route add table 1001 10.0.4.10/32 dev eni-db-b",
		"route add table 1001 10.0.4.20/32 dev eni-idle",
		"route add table 1001 10.0.1.5/32 dev eni-nat",
		"route add table 1001 10.0.2.82/32 dev eni-rds",
		"route add table 1001 10.0.4.84/32 dev eni-redshift",
		"route add table 1001 10.0.2.81/32 dev eni-shop-a",
		"route add table 1001 10.0.4.81/32 dev eni-shop-b",
		"route add table 1001 10.0.1.10/32 dev eni-web-a",
		"route add table 1001 10.0.3.10/32 dev eni-web-b",
		"route add table 1001 10.0.4.85/32 dev eni-workspace",
	}, ordered(routes)); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"route add table 1012 0.0.0.0/0 via 169.254.77.2 dev internet", "addr add 10.0.2.1/32 dev eni-app-a"} {
		if !slices.Contains(p.batches[router], line) {
			t.Errorf("no %q in %q", line, p.batches[router])
		}
	}
	for _, of := range []struct{ name, want string }{
		{router, `dnat to ip daddr map { 198.51.100.80 : 10.0.1.80, 198.51.100.5 : 10.0.1.5, 198.51.100.10 : 10.0.1.10, 198.51.100.20 : 10.0.3.10 }`},
		{router, `snat to ip saddr map { 10.0.1.80 : 198.51.100.80, 10.0.1.5 : 198.51.100.5, 10.0.1.10 : 198.51.100.10, 10.0.3.10 : 198.51.100.20 }`},
		{"nat", `oifname "eth0" ip saddr != 10.0.1.5 masquerade`},
	} {
		if !strings.Contains(p.nft[of.name], of.want) {
			t.Errorf("%s: no %q in %s", of.name, of.want, p.nft[of.name])
		}
	}
	if len(p.nft) != 5 || p.sysctls["nat"]["ipv4/ip_forward"] != "1" || p.sysctls["web-a"]["ipv4/ip_forward"] != "0" {
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
		if len(c.Interfaces) != 15 || c.Interfaces[0].Mode != "enforce" || c.Pin != "" || c.FlowLogs[0].Interval != seconds(tc.want) || c.FlowLogs[0].Destination != "/lab/records" || c.State != "/lab/agent" {
			t.Errorf("%+v", c)
		}
	}
}

// TestTransitAgentConfig has the agent read the config that the transit gateway's gets.
func TestTransitAgentConfig(t *testing.T) {
	d := defaultLab(t)
	for _, tc := range []struct {
		every float64
		want  float64
	}{{0, 60}, {10, 10}} {
		c, err := config.Read("/lab/agent-tgw.yaml", transitAgentConfig(d, &state{Every: seconds(tc.every)}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, in := range c.Interfaces {
			got = append(got, in.Device+" "+in.Attachment)
		}
		if diff := cmp.Diff([]string{"tgw-vpc tgw-attach-lab", "tgw-vpc-partner tgw-attach-partner", "tgw-vpc-shared tgw-attach-shared"}, got); diff != "" {
			t.Error(diff)
		}
		if l := c.FlowLogs[0]; len(c.FlowLogs) != 1 || l.Resource != "tgw-lab" || l.Interval != seconds(tc.want) || l.Destination != "/lab/records-tgw" || c.State != "/lab/agent-tgw" {
			t.Errorf("%+v", c)
		}
	}
}

// TestAgentOfVPCs has one agent enforce in all VPCs, each with a flow log.
func TestAgentOfVPCs(t *testing.T) {
	c, err := config.Read("/lab/agent.yaml", agentConfig(defaultLab(t), &state{}))
	if err != nil {
		t.Fatal(err)
	}
	netns := map[string]string{}
	for _, in := range c.Interfaces {
		netns[in.ENI] = in.Netns
	}
	if netns["eni-web-a"] != "" || netns["eni-files"] != "weir-lab-vpc-shared" || netns["eni-partner"] != "weir-lab-vpc-partner" {
		t.Errorf("%v", netns)
	}
	var of []string
	for _, l := range c.FlowLogs {
		of = append(of, l.ID+" "+l.Resource)
	}
	if diff := cmp.Diff([]string{"fl-lab vpc-lab", "fl-lab2 vpc-partner", "fl-lab3 vpc-shared", "fl-labgroup vpc-lab"}, of); diff != "" {
		t.Error(diff)
	}
}

// TestTransitPlan has what comes by each attachment go by the route table that it is associated with, and by no route be lost, not dropped.
func TestTransitPlan(t *testing.T) {
	d := defaultLab(t)
	table := d.Network.TransitGatewayRouteTables["tgw-rtb-lab"]
	cidr := netip.MustParsePrefix
	table.Routes = append(table.Routes, // static ones are taken before those that are propagated
		netmodel.TransitGatewayRoute{CIDR: cidr("10.1.0.0/16"), Type: "static", State: "active", Attachments: []string{"tgw-attach-partner"}},
		netmodel.TransitGatewayRoute{CIDR: cidr("10.9.0.0/16"), Type: "static", State: "blackhole"},
		netmodel.TransitGatewayRoute{CIDR: cidr("10.8.0.0/16"), Type: "static", State: "deleting", Attachments: []string{"tgw-attach-lab"}})
	p, err := planOf(d)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range p.batches[transit] {
		if strings.HasPrefix(line, "r") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff([]string{
		"rule add priority 1000 iif tgw-vpc lookup 1000",
		"rule add priority 1000 iif tgw-vpc-partner lookup 1000",
		"rule add priority 1000 iif tgw-vpc-shared lookup 1000",
		"route add table 1000 10.0.0.0/16 via 169.254.78.1 dev tgw-vpc",
		"route add table 1000 10.1.0.0/16 via 169.254.78.5 dev tgw-vpc-partner",
		"route add table 1000 blackhole 10.9.0.0/16",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestZones has nothing go to the transit gateway from an Availability Zone in which the attachment has no subnet.
func TestZones(t *testing.T) {
	d := defaultLab(t)
	d.Network.TransitGatewayAttachments["tgw-attach-lab"].Subnets = []string{"subnet-tgw-b"}
	p, err := planOf(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"route add table 1001 blackhole 10.1.0.0/16", "route add table 1003 10.1.0.0/16 via 169.254.78.2 dev tgw"} { // app-a in a, db-b in b
		if !slices.Contains(p.batches[router], line) {
			t.Errorf("no %q in %q", line, p.batches[router])
		}
	}
}

// TestPeeringDown drops what is routed to a peering connection that is not active.
func TestPeeringDown(t *testing.T) {
	d := defaultLab(t)
	d.Network.PeeringConnections["pcx-partner"].Status = "deleted"
	p, err := planOf(d)
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{router: "route add table 1001 blackhole 10.2.0.0/16", "vpc-partner": "route add table 1007 blackhole 10.0.0.0/16"} {
		if !slices.Contains(p.batches[name], line) {
			t.Errorf("no %q in %q", line, p.batches[name])
		}
	}
}

// TestNoIPv6 has nothing of IPv6 in a lab without it: a kernel may have none.
func TestNoIPv6(t *testing.T) {
	d := defaultLab(t)
	for _, i := range d.Network.Interfaces {
		i.Addresses = slices.DeleteFunc(i.Addresses, netip.Addr.Is6)
	}
	p, err := planOf(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range p.names {
		if strings.Contains(p.nft[name], "ip6") || len(p.sixes[name]) > 0 || p.sysctls[name]["ipv6/conf/all/forwarding"] != "" {
			t.Errorf("%s: %q %s", name, p.sixes[name], p.nft[name])
		}
	}
}

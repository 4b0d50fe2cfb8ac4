package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/telemetry"
)

// agentListen is the agent's loopback address in the router's namespace, where nobody else is.
const agentListen = "127.0.0.1:8788"

// fields are those of the lab's flow log: AWS's that an agent knows, and what weir says of the rules.
var fields = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
	"vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "flow-direction",
	"weir-reject-stage", "weir-reject-rule", "weir-allow-rules",
}

// agentConfig returns the config of the lab's agent, which enforces at the host's end of each interface and has one flow log of the VPC.
func agentConfig(d *Definition, s *state) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `network: %s
listen: %s
socket: agent.sock
attachments: attachments.json
state: %s
pin: none
mode: enforce
connections: 65536
rejects: 65536
interfaces:
`, networkFile, agentListen, agentFolder)
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		netns := ""
		if name := d.routerOf(host); name != router {
			netns = fmt.Sprintf("netns: %s%s, ", Prefix, name)
		}
		fmt.Fprintf(&b, "  - {%sdevice: %s, eni: %q, flipped: true}\n", netns, deviceOf(host), d.Hosts[host].ENI)
	}
	b.WriteString("flow-logs:\n")
	for i, vpc := range d.vpcs() {
		id := "fl-lab"
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		fmt.Fprintf(&b, `  %s:
    resource: %q
    traffic: ALL
    destination: %s
    interval: 60
    format: ${%s}
`, id, vpc, recordsFolder, strings.Join(fields, "} ${"))
		if s.Every > 0 {
			fmt.Fprintf(&b, "    close-every: %d\n", int(s.Every.Seconds()))
		}
	}
	b.WriteString(deliveries(d, s))
	return []byte(b.String())
}

// RunAgent runs a lab's agent until ctx is done, in the network namespace that it is called in: that of the VPCs, or of the transit gateway. It says what it does on log.
func RunAgent(ctx context.Context, dir string, ofTransit bool, version string, log io.Writer) error {
	name := filepath.Join(dir, agentFile)
	if ofTransit {
		name = filepath.Join(dir, transitAgentFile)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	c, err := config.Read(name, data)
	if err != nil {
		return err
	}
	o := agent.Options{Config: unplaced(c), Log: telemetry.NewLog(log, slog.LevelInfo), Clock: agent.SystemClock(), Version: version}
	if ofTransit { // which no scenario changes
		return agent.Run(ctx, o)
	}
	offers := make(chan agent.Offer)
	stop, err := listenAt(ctx, filepath.Join(dir, agentSocket), reloads(name, offers))
	if err != nil {
		return err
	}
	o.Policies = offers
	return errors.Join(agent.Run(ctx, o), stop())
}

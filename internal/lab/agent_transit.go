package lab

import (
	"fmt"
	"os"
	"strings"
)

// The names of what the transit gateway's agent has: its process, and in the lab's folder its config, its state and where it delivers.
const (
	transitRole          = "agent-tgw"
	transitAgentFile     = "agent-tgw.yaml"
	transitAgentFolder   = "agent-tgw"
	transitRecordsFolder = "records-tgw"
)

// transitAgentConfig returns the config of the agent in the transit gateway's namespace. It is an agent of its own, since one tells what a router loses in its own namespace alone. It has
// one flow log of the transit gateway, with AWS's default format.
func transitAgentConfig(d *Definition, s *state) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `network: %s
listen: %s
socket: agent-tgw.sock
attachments: attachments-tgw.json
state: %s
pin: none
connections: 16384
rejects: 16384
interfaces:
`, networkFile, agentListen, transitAgentFolder)
	for _, vpc := range d.attached() {
		fmt.Fprintf(&b, "  - {device: %s, attachment: %q, flipped: false}\n", d.attachmentDevice(vpc), d.attachment(vpc).ID)
	}
	fmt.Fprintf(&b, `flow-logs:
  fl-labtgw:
    resource: %q
    destination: %s
    interval: 60
`, d.Transit, transitRecordsFolder)
	if s.Every > 0 {
		fmt.Fprintf(&b, "    close-every: %d\n", int(s.Every.Seconds()))
	}
	return []byte(b.String())
}

// writeTransitAgent writes what the transit gateway's agent needs, where there is a transit gateway.
func writeTransitAgent(d *Definition, s *state) error {
	if d.Transit == "" {
		return nil
	}
	if err := os.Mkdir(s.path(transitRecordsFolder), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.path(transitAgentFile), transitAgentConfig(d, s), 0o644)
}

// startTransitAgent starts the transit gateway's agent; nil: there is none.
func startTransitAgent(d *Definition, s *state) (*child, error) {
	if d.Transit == "" {
		return nil, nil //nolint:nilnil // no transit gateway is no failure
	}
	return start(s, transitRole, Prefix+transit, "lab", "agent", "--tgw", "--dir", s.Dir)
}

// recordsFolders are where agents deliver.
func (d *Definition) recordsFolders(s *state) []string {
	out := []string{s.path(recordsFolder)}
	if d.Transit != "" {
		out = append(out, s.path(transitRecordsFolder))
	}
	return out
}

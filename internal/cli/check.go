package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/policy"
	"weir/internal/versions"
)

func (c *cli) checkCommand() *cobra.Command {
	var req app.CheckRequest
	var at string
	zone := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "check --from ADDR|ENI --to ADDR|ENI --port PORT/PROTOCOL",
		Short: "Say which rules allow or refuse a connection",
		Long: `Says what security groups and network ACLs decide of a connection between two ENIs of
one VPC, and of its replies: each decision on the way, with the rule. The network's
definition is what was imported by 'weir network import' and was in force at the time of
--at; where imports do not tell that for sure, it is said, and --strict refuses. Or it is
that of --network: what 'aws ec2 describe-vpcs', describe-subnets,
describe-network-interfaces, describe-security-groups, describe-security-group-rules (for
the ids of rules), describe-network-acls and describe-prefix-lists print as JSON, in any
files.

Within a subnet no network ACL is asked. Security groups remember connections, so that
they let replies pass; network ACLs do not. What leaves the VPC is refused: routes are
not read yet.

A connection that is refused, or whose replies are, gives exit code 4.`,
		Example: `  weir check --from 10.0.10.11 --to 10.0.40.11 --port 5432/tcp --at 2026-03-01T06:00:00Z
  weir check --network net --from 10.0.10.11 --to 10.0.40.11 --port 5432/tcp
  weir check --network net --from eni-0a1b2c3d4e5f60718 --to 10.0.40.11 --port 53/udp
  weir check --network net --from 10.0.10.11 --to 10.0.40.11 --port icmp --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, needed := range []struct {
				flag string
				has  bool
			}{{"from", req.From != ""}, {"to", req.To != ""}, {"port", req.Traffic != ""}} {
				if !needed.has {
					return usage(fmt.Errorf("--%s is needed", needed.flag))
				}
			}
			if len(req.Network) > 0 && (at != "" || req.Strict) {
				return usage(errors.New("--at and --strict are about what was imported: they exclude --network"))
			}
			var err error
			if req.At, err = zone.moment("--at", at, time.Now()); err != nil {
				return err
			}
			req.Data = c.data
			r, err := app.Check(cmd.Context(), req)
			if errors.Is(err, versions.ErrNone) {
				return hint(err, "weir network import DIR takes what 'aws ec2 describe-*' prints", "--network DIR asks files that are not imported")
			}
			if errors.Is(err, app.ErrTraffic) {
				return usage(fmt.Errorf("--port: %w", err))
			}
			if err != nil {
				return err
			}
			if r.Action == policy.Reject {
				c.code = exitFindings
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printCheck(&r)
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&req.Network, "network", nil, "the network's definition is in `DIR` or a file, and not what was imported; may be given several times")
	fl.StringVar(&at, "at", "", "by what was in force at `TIME`: RFC 3339, a date, or epoch seconds (default: now)")
	fl.BoolVar(&req.Strict, "strict", false, "refuse where imports do not tell for sure what was in force")
	zone.addZone(cmd)
	fl.StringVar(&req.From, "from", "", "the connection begins at `ADDR`, or an ENI's id")
	fl.StringVar(&req.To, "to", "", "it goes to `ADDR`, or an ENI's id")
	fl.StringVar(&req.Traffic, "port", "", "`PORT` and protocol: 443/tcp, 53/udp, icmp, icmpv6, or a protocol without ports")
	fl.Uint16Var(&req.SourcePort, "source-port", 50000, "the connection comes from this `PORT`, to which replies go")
	complete(cmd, "port", "22/tcp", "443/tcp", "3389/tcp", "53/udp", "icmp")
	completeNothing(cmd, "from", "to", "source-port", "at")
	return cmd
}

// printCheck prints each decision.
func (c *cli) printCheck(r *app.CheckReport) error {
	for _, problem := range r.Problems {
		fmt.Fprintln(people{c.err}, "left out:", problem)
	}
	for _, missing := range r.Missing {
		fmt.Fprintln(people{c.err}, "missing:", missing)
	}
	if r.Definition != nil {
		c.few("dated: ", r.Definition.Moments())
		for _, doubt := range r.Definition.Doubts() {
			fmt.Fprintln(people{c.err}, "not sure:", doubt)
		}
	}
	protocol, ok := flowlog.ProtocolName(int64(r.Protocol))
	if !ok {
		protocol = "protocol " + strconv.Itoa(r.Protocol)
	}
	from, to := r.Src.String(), r.Dst.String()
	if r.SrcPort > 0 {
		from, to = fmt.Sprintf("%s port %d", from, r.SrcPort), fmt.Sprintf("%s port %d", to, r.DstPort)
	}
	fmt.Fprintf(people{c.out}, "%s  %s from %s to %s\n\n", r.Action, protocol, from, to)
	ways := []struct {
		name  string
		steps []policy.Step
	}{{"packet", r.Forward}, {"reply", r.Reply}}
	t := newTable(c.out, []tableColumn{{}, {head: "ENI"}, {head: "DIRECTION"}, {head: "DECIDES"}, {head: "ACTION"}, {head: "RULE"}, {head: "ALSO ALLOWED BY"}})
	for _, way := range ways {
		for _, s := range way.steps {
			rule, also := s.Rule, ""
			if rule == "" {
				rule = s.Why // nothing filters it
			}
			if len(s.Rules) > 1 {
				also = strings.Join(s.Rules[1:], ", ")
			}
			if err := t.add([]string{way.name, s.Interface, string(s.Direction), strings.ReplaceAll(string(s.Stage), "-", " "), string(s.Action), rule, also}); err != nil {
				return err
			}
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, way := range ways {
		for _, s := range way.steps {
			if s.Action == policy.Reject {
				fmt.Fprintf(people{c.out}, "\nthe %s is refused: %s\n", way.name, s.Why)
			}
		}
	}
	return nil
}

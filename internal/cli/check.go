package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/policy"
	"weir/internal/versions"
)

func (c *cli) checkCommand() *cobra.Command {
	var req app.CheckRequest
	var definition definitionFlags
	cmd := &cobra.Command{
		Use:   "check --from END --to END --port PORT/PROTOCOL",
		Short: "Say which way a connection takes, and what refuses it",
		Long: `Says what becomes of a connection, and of its replies: each route, gateway, security group
and network ACL on the way, in order, with the rule that decides. "No route" is an answer.

An end is an ENI's id, an address, or "internet". Addresses that no ENI has are of the
internet if they are public, else of other networks, which a virtual private gateway or an
attachment of a transit gateway leads to: --via says which, where there are several.
"internet" is an address that no rule and no route names; where rules tell parts of the
internet apart, name an address.

The network's definition is what was imported by 'weir network import' and was in force at
the time of --at; where imports do not tell for sure what the answer depends on, it is said,
and --strict refuses.
Or it is that of --network: what 'aws ec2 describe-vpcs', describe-subnets,
describe-network-interfaces, describe-security-groups, describe-security-group-rules (for
the ids of rules), describe-network-acls, describe-route-tables and the describe-* of gateways
and endpoints print as JSON, in any files (of transit gateways also
describe-transit-gateway-vpc-attachments, describe-transit-gateway-attachments and
search-transit-gateway-routes); or YAML that people write; or what 'terraform show -json'
prints. What leads the connection on and is not there is not assumed:
the check fails, and names it.

What arrives at a load balancer is followed to its targets, if 'aws elb describe-load-balancers'
or elbv2 describe-load-balancers, describe-listeners, describe-rules, describe-target-groups,
describe-target-health and describe-target-group-attributes are there: each connection that
it makes, or passes on with the client's address, and each health check is a leg of its own.
One target must be reached.

Of 'aws ec2 describe-vpc-endpoint-service-configurations' it takes which appliances are behind
a Gateway Load Balancer endpoint, and looks at what these are sent (UDP port 6081).
That appliances behind a Gateway Load Balancer endpoint, and firewalls of AWS Network Firewall,
let the connection pass is assumed, and said. What other appliances do with it is not known.

Within a subnet no network ACL is asked. Security groups remember connections, so that
they let replies pass; network ACLs do not.

A connection that is refused, or whose replies are, or that no target of the load balancer
gets, gives exit code 4.`,
		Example: `  weir check --from 10.0.10.11 --to 10.0.40.11 --port 5432/tcp --at 2026-03-01T06:00:00Z
  weir check --network net --from 10.0.10.11 --to 10.0.40.11 --port 5432/tcp
  weir check --network net --from eni-0a1b2c3d4e5f60718 --to internet --port 443/tcp
  weir check --network net --from 198.51.100.7 --to 10.0.1.10 --port 443/tcp
  weir check --network net --from 192.168.7.1 --via vgw-0a1b2c3d4e5f60718 --to 10.0.10.11 --port 22/tcp
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
			if len(definition.network) > 0 && (definition.at != "" || req.Strict) {
				return usage(errors.New("--at and --strict are about what was imported: they exclude --network"))
			}
			var err error
			if req.NetworkSource, err = definition.source(c.data); err != nil {
				return err
			}
			r, err := app.Check(cmd.Context(), req)
			if errors.Is(err, versions.ErrNone) {
				return hintImport(err)
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
	definition.add(cmd)
	fl.BoolVar(&req.Strict, "strict", false, "refuse where imports do not tell for sure what the answer depends on")
	fl.StringVar(&req.From, "from", "", "the connection begins at `END`: an address, an ENI's id, or internet")
	fl.StringVar(&req.To, "to", "", "it goes to `END`: an address, an ENI's id, or internet")
	fl.StringVar(&req.Via, "via", "", "it comes from another network by `GATEWAY`: a virtual private gateway or transit gateway attachment")
	fl.StringVar(&req.Traffic, "port", "", "`PORT` and protocol: 443/tcp, 53/udp, icmp, icmpv6, or a protocol without ports")
	fl.Uint16Var(&req.SourcePort, "source-port", 50000, "the connection comes from this `PORT`, to which replies go")
	complete(cmd, "port", "22/tcp", "443/tcp", "3389/tcp", "53/udp", "icmp")
	completeNothing(cmd, "from", "to", "via", "source-port")
	return cmd
}

// printCheck prints each step of the way.
func (c *cli) printCheck(r *app.CheckReport) error {
	c.remarkCheck(r)
	protocol, ok := flowlog.ProtocolName(int64(r.Protocol))
	if !ok {
		protocol = "protocol " + strconv.Itoa(r.Protocol)
	}
	from, to := r.Src.String(), r.Dst.String()
	if r.SrcPort > 0 {
		from, to = fmt.Sprintf("%s port %d", from, r.SrcPort), fmt.Sprintf("%s port %d", to, r.DstPort)
	}
	fmt.Fprintf(people{c.out}, "%s  %s from %s to %s\n\n", r.Action, protocol, from, to)
	ways := []wayOf{{"packet", r.Forward}, {"reply", r.Reply}}
	if err := c.printSteps(ways); err != nil {
		return err
	}
	refused := false
	for _, way := range ways {
		for _, s := range way.steps {
			if s.Action == policy.Reject {
				refused = true
				fmt.Fprintf(people{c.out}, "\nthe %s is refused: %s\n", way.name, s.Why)
			}
		}
	}
	if err := c.printLegs(r.Legs); err != nil {
		return err
	}
	if r.Action == policy.Reject && !refused {
		fmt.Fprintln(people{c.out}, "\nno target of the load balancer can be reached")
	}
	notes := slices.Clone(r.Notes)
	for _, l := range r.Legs {
		for _, note := range l.Notes {
			if text := l.Target + ": " + note; !slices.Contains(notes, text) {
				notes = append(notes, text)
			}
		}
	}
	for i, note := range notes {
		if i == 0 {
			fmt.Fprintln(people{c.out})
		}
		fmt.Fprintln(people{c.out}, "note:", note)
	}
	return nil
}

// wayOf is the steps of one way, with its name.
type wayOf struct {
	name  string
	steps []policy.Step
}

// printSteps prints ways as a table.
func (c *cli) printSteps(ways []wayOf) error {
	t := newTable(c.out, []tableColumn{{}, {head: "AT"}, {head: "DIRECTION"}, {head: "DECIDES"}, {head: "ACTION"}, {head: "RULE"}, {head: "ALSO ALLOWED BY"}})
	for _, way := range ways {
		for _, s := range way.steps {
			if err := t.add(stepRow(way.name, &s)); err != nil {
				return err
			}
		}
	}
	return t.flush()
}

// printLegs prints what load balancers make of a connection: each leg in a line, then the
// steps of all.
func (c *cli) printLegs(legs []policy.Leg) error {
	if len(legs) == 0 {
		return nil
	}
	fmt.Fprint(people{c.out}, "\nwhat load balancers make of it:\n\n")
	t := newTable(c.out, []tableColumn{
		{head: "LEG"}, {head: "TARGET"}, {head: "TARGET GROUP"}, {head: "STATE"}, {head: "CARRIES"}, {head: "FROM"}, {head: "TO"}, {head: "ACTION"}, {head: "WHY"},
	})
	var ways []wayOf
	for i, l := range legs {
		leg := strconv.Itoa(i + 1)
		ways = append(ways, wayOf{leg + " packet", l.Forward}, wayOf{leg + " reply", l.Reply})
		if err := t.add(append([]string{leg}, legRow(&l)...)); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if !slices.ContainsFunc(ways, func(w wayOf) bool { return len(w.steps) > 0 }) {
		return nil
	}
	fmt.Fprintln(people{c.out})
	return c.printSteps(ways)
}

// legRow returns the cells of a leg.
func legRow(l *policy.Leg) []string {
	group, from, to, action := l.TargetGroup, "", "", string(l.Action)
	if parts := strings.Split(group, "/"); len(parts) == 3 {
		group = parts[1] // its name
	}
	if l.Src.IsValid() {
		from = l.Src.String()
	}
	if l.Dst.IsValid() {
		name, _ := flowlog.ProtocolName(int64(l.Protocol))
		to = fmt.Sprintf("%s port %d/%s", l.Dst, l.DstPort, name)
	}
	if action == "" {
		action = "unknown"
	}
	return []string{l.Target, group, l.State, string(l.Purpose), from, to, action, l.Why}
}

// stepRow returns the cells of a step.
func stepRow(way string, s *policy.Step) []string {
	at, rule, also := s.Interface, s.Rule, ""
	for _, id := range []string{s.Subnet, s.TransitGateway, s.Gateway} {
		if at == "" {
			at = id
		}
	}
	switch {
	case s.Stage == policy.Route && s.Rule != "" && s.Gateway != "":
		rule += " to " + s.Gateway
	case rule == "":
		rule = s.Why // of a gateway, or nothing filters it
	}
	if len(s.Rules) > 1 {
		also = strings.Join(s.Rules[1:], ", ")
	}
	return []string{way, at, string(s.Direction), strings.ReplaceAll(string(s.Stage), "-", " "), string(s.Action), rule, also}
}

// remarkCheck says what of the definition could not be taken, and what it lacks of what is
// on the way.
func (c *cli) remarkCheck(r *app.CheckReport) {
	for _, problem := range r.Problems {
		fmt.Fprintln(people{c.err}, problem)
	}
	if r.Definition != nil {
		c.few("dated: ", r.Definition.Moments())
		for _, doubt := range r.Definition.Doubts() {
			fmt.Fprintln(people{c.err}, "not sure:", doubt)
		}
	}
	if c.quiet {
		return
	}
	for _, missing := range r.Touched {
		fmt.Fprintln(people{c.err}, "missing:", missing)
	}
	if more := len(r.Missing) - len(r.Touched); more > 0 {
		fmt.Fprintf(people{c.err}, "missing: %s besides, about nothing on this way (--json names all)\n", plural(int64(more), "thing"))
	}
	if n := len(r.Unknown); n > 0 {
		fmt.Fprintf(people{c.err}, "not considered: %s of the input that weir does not know (--json names all)\n", plural(int64(n), "member"))
	}
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/coverage"
	"weir/internal/versions"
)

func (c *cli) networkFlowLogsCommand() *cobra.Command {
	var req app.FlowLogsRequest
	var each, fields bool
	var definition definitionFlags
	cmd := &cobra.Command{
		Use:   "flowlogs",
		Short: "Say what flow logs cover, what they can't answer, and how to mend it",
		Long: `Says which ENIs, regional NAT gateways and transit gateway attachments are covered by which
flow log, of themselves, their subnet, VPC or transit gateway, and by none:

  covered      what is accepted and what is refused is recorded
  accept-only  just what is accepted; reject-only: just what is refused
  failed       flow logs cover it, and AWS can't deliver what they record
  none         no flow log covers it
  cannot-see   there may be flow logs that the input can't show: those of a VPC or subnet
               that another account shares, of a participant's ENI, of an account or region
               that nobody asked describe-flow-logs of, or on a page that was not read

Of an ENI that several flow logs record it says so: records are then delivered and paid for
twice (weir counts them once). Then come AWS's errors of delivery with their usual causes,
the questions that can't be answered for want of fields, and the 'aws ec2
create-flow-logs' commands that mend what is missing, with destination and fields as the
other flow logs of the account and region have them; they record nothing twice. A flow log
can't be changed: --fields prints the commands that put another one with more fields in its
place. ENIs of instances on Nitro have records of 60 seconds or less whatever the interval.

The definition is what was imported by 'weir network import' and was in force at the time of
--at, or with --network what 'aws ec2 describe-flow-logs', describe-network-interfaces,
describe-subnets, describe-vpcs, describe-nat-gateways, describe-transit-gateways and
describe-transit-gateway-attachments print as JSON, in any files. Whose answers these are is
found as by 'weir network import'; --account and --region say it.

Something that is not recorded, or a flow log that fails, gives exit code 4; without any,
something that can't be seen gives 3, as do files that could not be taken and answers that
are cut off (they have a NextToken).`,
		Example: `  weir network flowlogs
  weir network flowlogs --at 2026-03-01
  weir network flowlogs --network net --account 111122223333
  weir network flowlogs --network net --fields
  weir network flowlogs --json | jq -r '.resources[] | select(.state == "none").resource'
  weir network flowlogs --json | jq -r '.mend[].command'`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(definition.network) == 0 && (req.Account != "" || req.Region != ""):
				return usage(errors.New("--account and --region are about files: they need --network"))
			case req.Account != "" && !accountID.MatchString(req.Account):
				return usage(fmt.Errorf("--account: %q is no account of 12 digits", req.Account))
			case req.Region != "" && !regionName.MatchString(req.Region):
				return usage(fmt.Errorf("--region: %q is no region such as us-east-1", req.Region))
			}
			var err error
			if req.NetworkSource, err = definition.source(c.data); err != nil {
				return err
			}
			r, err := app.FlowLogs(cmd.Context(), req)
			if errors.Is(err, versions.ErrNone) {
				return hintImport(err)
			}
			if err != nil {
				return err
			}
			return c.showFlowLogs(&r, each, fields)
		},
	}
	fl := cmd.Flags()
	definition.add(cmd)
	fl.StringVar(&req.Account, "account", "", "with --network: the answers are those of `ACCOUNT`")
	fl.StringVar(&req.Region, "region", "", "with --network: they are of `REGION`")
	fl.BoolVar(&each, "each", false, "give each resource a row of its own, as --json does")
	fl.BoolVar(&fields, "fields", false, "print the commands that put flow logs with more fields in place of those that lack some")
	completeNothing(cmd, "account", "region")
	return cmd
}

// showFlowLogs prints a report, and sets the exit code.
func (c *cli) showFlowLogs(r *app.FlowLogsReport, each, fields bool) error {
	c.sayPartial(r.Partial)
	if len(r.Problems) > 0 || r.Unseen() {
		c.code = exitPartial
	}
	if r.Amiss() {
		c.code = exitFindings
	}
	if c.json {
		return c.printJSON(r)
	}
	for _, problem := range r.Problems {
		fmt.Fprintln(people{c.err}, "left out:", problem)
	}
	c.noteUnknown(r.Unknown)
	if r.Definition != nil {
		for _, doubt := range r.Definition.Doubts() {
			fmt.Fprintln(people{c.err}, "not sure:", doubt)
		}
	}
	if err := c.printFlowLogs(r); err != nil {
		return err
	}
	if err := c.printCovered(r, each); err != nil {
		return err
	}
	if err := c.printUnanswered(r); err != nil {
		return err
	}
	c.printCommands("to mend what is missing:", r.Mend)
	if fields {
		c.printCommands("for more fields, once the new flow log delivers:", r.Replace)
	}
	fmt.Fprintln(c.out, sumUp(r))
	return nil
}

// printFlowLogs prints the flow logs, and below them what is wrong with some.
func (c *cli) printFlowLogs(r *app.FlowLogsReport) error {
	if len(r.FlowLogs) == 0 {
		return nil
	}
	t := newTable(c.out, []tableColumn{
		{head: "FLOW LOG"},
		{head: "OF"},
		{head: "RECORDS"},
		{head: "INTERVAL", right: true},
		{head: "FIELDS", right: true},
		{head: "VERSION", right: true},
		{head: "DESTINATION"},
		{head: "DELIVERY"},
		{head: "COVERS", right: true},
	})
	for i := range r.FlowLogs {
		l := &r.FlowLogs[i]
		interval, traffic := "", l.Traffic
		if traffic == "" && (l.Type == coverage.TransitGateway || l.Type == coverage.TransitGatewayAttachment) {
			traffic = "ALL" // they have no other
		}
		if l.Interval > 0 {
			interval = strconv.Itoa(l.Interval) + " s"
		}
		row := []string{
			l.ID, l.Resource, traffic, interval, some(l.Fields), some(l.Version),
			strings.TrimSpace(l.DestinationType + " " + l.Destination), l.Delivery, strconv.Itoa(l.Covers),
		}
		if err := t.add(row); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	for i := range r.FlowLogs {
		l := &r.FlowLogs[i]
		if l.Missing {
			fmt.Fprintf(people{c.out}, "%s: %s is not in the input\n\n", l.ID, l.Resource)
		}
		for _, p := range l.Problems {
			fmt.Fprintf(people{c.out}, "%s: %s\n\n", l.ID, p)
		}
		if l.Delivery != "FAILED" {
			continue
		}
		fmt.Fprintf(people{c.out}, "%s can't be delivered: %s\n", l.ID, cmp.Or(l.Error, "AWS does not say why"))
		for _, cause := range l.Causes {
			fmt.Fprintf(people{c.out}, "  - %s (%s)\n", cause.Cause, cause.Source)
		}
		fmt.Fprintln(c.out)
	}
	return nil
}

// printCovered prints what is recorded of each resource, the worst first: those of a VPC of
// which the same is to be said in one row, or each in its own.
func (c *cli) printCovered(r *app.FlowLogsReport, each bool) error {
	if len(r.Resources) == 0 {
		return nil
	}
	type row struct{ state, kind, vpc, flowLogs, why string }
	ids := map[row][]string{}
	var rows []row
	for _, s := range coverage.States {
		for i := range r.Resources {
			v := &r.Resources[i]
			if v.State != s {
				continue
			}
			why := slices.Clone(v.Why)
			if len(v.Twice) > 0 {
				why = append(why, strings.Join(v.Twice, " and ")+" is recorded by more than one")
			}
			key := row{string(s), noun(v.Type), v.VPC, strings.Join(v.FlowLogs, ", "), strings.Join(why, "; ")}
			if ids[key] == nil {
				rows = append(rows, key)
			}
			ids[key] = append(ids[key], v.ID)
		}
	}
	t := newTable(c.out, []tableColumn{{head: "STATE"}, {head: "COUNT", right: true}, {head: "KIND"}, {head: "IDS"}, {head: "VPC"}, {head: "FLOW LOGS"}, {head: "WHY"}})
	for _, key := range rows {
		size := len(ids[key])
		if each {
			size = 1
		}
		for some := range slices.Chunk(ids[key], size) {
			if err := t.add([]string{key.state, strconv.Itoa(len(some)), key.kind, app.Several(some), key.vpc, key.flowLogs, key.why}); err != nil {
				return err
			}
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	return nil
}

// printUnanswered prints what can't be answered.
func (c *cli) printUnanswered(r *app.FlowLogsReport) error {
	if len(r.Unanswered) == 0 {
		return nil
	}
	t := newTable(c.out, []tableColumn{{head: "FIELDS THAT ARE MISSING"}, {head: "SO IT CAN'T BE SAID"}, {head: "IN"}, {head: "SOURCE"}})
	for _, u := range r.Unanswered {
		if err := t.add([]string{app.Several(u.Fields), u.Question, app.Several(u.FlowLogs), u.Source}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	return nil
}

// printCommands prints commands as a script.
func (c *cli) printCommands(head string, list []coverage.Command) {
	if len(list) == 0 {
		return
	}
	out := people{c.out}
	fmt.Fprintf(out, "# %s\n", head)
	for i := range list {
		k := &list[i]
		var notes []string
		if k.Account != "" {
			notes = append(notes, "as account "+k.Account)
		}
		if k.Like != "" {
			notes = append(notes, "as "+k.Like+" has it")
		}
		notes = append(notes, k.Needs...)
		for _, note := range notes {
			fmt.Fprintf(out, "# %s\n", note)
		}
		for _, line := range k.Lines() {
			fmt.Fprintln(out, line)
		}
	}
	fmt.Fprintln(c.out)
}

// sumUp counts what is covered and what is not.
func sumUp(r *app.FlowLogsReport) string {
	states, kinds := map[coverage.State]int{}, map[string]int{}
	twice, fail := 0, 0
	for i := range r.Resources {
		v := &r.Resources[i]
		states[v.State]++
		kinds[noun(v.Type)]++
		if len(v.Twice) > 0 {
			twice++
		}
	}
	for i := range r.FlowLogs {
		if r.FlowLogs[i].Delivery == "FAILED" {
			fail++
		}
	}
	var of, parts []string
	for _, kind := range []string{"ENI", "subnet", "VPC", "regional NAT gateway", "transit gateway attachment", "transit gateway"} {
		if n := kinds[kind]; n > 0 {
			of = append(of, plural(int64(n), kind))
		}
	}
	for _, s := range slices.Backward(coverage.States) {
		if states[s] > 0 {
			parts = append(parts, number(int64(states[s]))+" "+string(s))
		}
	}
	if twice > 0 {
		parts = append(parts, number(int64(twice))+" recorded twice")
	}
	if fail > 0 {
		parts = append(parts, plural(int64(fail), "flow log")+" failed")
	}
	if len(of) == 0 {
		return "nothing that flow logs could cover is in the input"
	}
	return strings.Join(of, ", ") + ": " + strings.Join(parts, ", ")
}

// noun names a resource's type.
func noun(t coverage.ResourceType) string {
	switch t {
	case coverage.NetworkInterface:
		return "ENI"
	case coverage.Subnet:
		return "subnet"
	case coverage.RegionalNATGateway:
		return "regional NAT gateway"
	case coverage.TransitGatewayAttachment:
		return "transit gateway attachment"
	case coverage.TransitGateway:
		return "transit gateway"
	}
	return string(t)
}

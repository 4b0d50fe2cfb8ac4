package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/hygiene"
	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/versions"
)

func (c *cli) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Find rules that nothing uses, and narrower ones in place of wide ones",
		Long: `Tells what used the rules of security groups and the entries of network ACLs, by the connections
that flow logs show and the network's definition that was in force ('weir network import').
Nothing is changed.

A rule of a security group is used by connections that it allows and that were accepted; each
rule that would allow one is used, and SOLE counts those that no other rule of the interface's
groups allows. An entry of a network ACL is used by the requests and replies that it decides
about; one that denies by what was refused.`,
		Example: `  weir rules hits
  weir rules unused --since 90d
  weir rules tighten sg-0123456789abcdef0`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.rulesHitsCommand(), c.rulesUnusedCommand(), c.rulesTightenCommand())
	return cmd
}

// rulesFlags are the flags of all commands about rules.
type rulesFlags struct {
	scopeFlags
	coverage int
}

func (f *rulesFlags) add(cmd *cobra.Command) {
	f.scopeFlags.add(cmd)
	cmd.Flags().IntVar(&f.coverage, "coverage", 95, "call a rule unused where `PERCENT` of the hours of its interfaces are covered by records, and each is in some")
	completeNothing(cmd, "coverage")
}

// ask asks about rules.
func (c *cli) askRules(cmd *cobra.Command, f *rulesFlags, req app.RulesRequest) (*app.RulesReport, *time.Location, error) {
	if f.coverage < 1 || f.coverage > 100 {
		return nil, nil, usage(fmt.Errorf("--coverage: %d is not between 1 and 100", f.coverage))
	}
	req.Data, req.Coverage = c.data, float64(f.coverage)/100
	var err error
	if req.Scope, err = f.scope(time.Now()); err != nil {
		return nil, nil, err
	}
	zone, err := f.zone()
	if err != nil {
		return nil, nil, err
	}
	s, err := c.reader(cmd.Context())
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	p := c.progress("looking at connections")
	p.unit = "span"
	defer p.end()
	r, err := app.Rules(cmd.Context(), s, req, p.show)
	switch {
	case errors.Is(err, versions.ErrNone):
		return nil, nil, hint(err, takeDefinition)
	case errors.Is(err, app.ErrUnknownRule), errors.Is(err, hygiene.ErrEntry):
		return nil, nil, hint(usage(err), "'weir rules hits' lists all of them")
	}
	return r, zone, err
}

func (c *cli) rulesHitsCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "hits [ID...]",
		Short: "Say what used each rule",
		Long: `Says of each rule of security groups and each entry of network ACLs how many connections used it, how
many of them no other rule allows (SOLE), their bytes, when the last one was, at how many of its
interfaces, and in how many of their hours a use would have been seen (COVERED). IDs are those of
groups, network ACLs and rules.`,
		Example: `  weir rules hits
  weir rules hits sg-0123456789abcdef0 --since 7d
  weir rules hits --json | jq -r '.rules[] | select(.sole > 0) | .rule'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, zone, err := c.askRules(cmd, &f, app.RulesRequest{Only: args})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printHits(r, zone)
		},
	}
	f.add(cmd)
	return cmd
}

func (c *cli) rulesUnusedCommand() *cobra.Command {
	var f rulesFlags
	commands := false
	cmd := &cobra.Command{
		Use:   "unused [ID...]",
		Short: "Find rules that nothing uses, where the records would show it",
		Long: `Lists the rules that no connection of the time used, and those of which that can't be said, with
the reason and what would tell it: interfaces without records, lost ones (SKIPDATA), flow
logs that show one action only, traffic that AWS does not record, rules for a type of ICMP, which
records do not carry, connections of which nobody knows who began them, or which no rule
explains.

All that is called unused can be removed together: no connection of the time needs it. What
comes once a year is not seen in a month.

Unused rules give exit code 4.`,
		Example: `  weir rules unused --since 90d
  weir rules unused sg-0123456789abcdef0
  weir rules unused --since 90d --commands > remove.sh`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, zone, err := c.askRules(cmd, &f, app.RulesRequest{Only: args})
			if err != nil {
				return err
			}
			for i := range r.Rules {
				if r.Rules[i].Verdict == hygiene.Unused {
					c.code = exitFindings
				}
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printUnused(r, zone, commands)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&commands, "commands", false, "print the commands of the AWS CLI that remove what is unused, and nothing else")
	return cmd
}

func (c *cli) rulesTightenCommand() *cobra.Command {
	var f rulesFlags
	var req app.RulesRequest
	learn := 0
	cmd := &cobra.Command{
		Use:   "tighten ID...",
		Short: "Propose the narrowest rules that do in place of wide ones",
		Long: `Proposes, for rules of security groups, or all rules of a group, the narrowest rules that allow what
used them: ports as they were called, networks with the fewest addresses, or a group that all
peers in the VPC carry. They are made of the first part of the time (--learn), and tried with the
rest: what would be refused there is told. ICMP's "fragmentation needed" stays, since path MTU
discovery needs it. Nothing is changed: what is printed are the commands of the AWS CLI and the
resources of Terraform.

Where the replay refuses something, the exit code is 4.`,
		Example: `  weir rules tighten sgr-0123456789abcdef0
  weir rules tighten sg-0123456789abcdef0 --since 90d --max-rules 3
  weir rules tighten sg-0123456789abcdef0 --json | jq -r '.proposals[].terraform'`,
		Args: func(cmd *cobra.Command, args []string) error {
			return needArgs(1, -1, "a security group or a rule of one")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if learn < 1 || learn > 100 {
				return usage(fmt.Errorf("--learn: %d is not between 1 and 100", learn))
			}
			if req.MostRules < 1 || req.MostRules > 60 {
				return usage(fmt.Errorf("--max-rules: %d is not between 1 and 60", req.MostRules))
			}
			req.Only, req.Tighten, req.Learn = args, true, float64(learn)/100
			r, zone, err := c.askRules(cmd, &f, req)
			if err != nil {
				return err
			}
			for i := range r.Proposals {
				if r.Proposals[i].ReplayDenied > 0 {
					c.code = exitFindings
				}
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printProposals(r, zone)
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&req.MostRules, "max-rules", 10, "propose so many rules, `N`, in place of one at most: more have fewer addresses too many")
	cmd.Flags().IntVar(&learn, "learn", 75, "learn from the first `PERCENT` of the time, and replay the rest")
	completeNothing(cmd, "max-rules", "learn")
	return cmd
}

// sayRules says which time and which definitions answers are of.
func (c *cli) sayRules(r *app.RulesReport, zone *time.Location) {
	out := people{c.out}
	fmt.Fprintf(out, "\ntime        %s to %s, %s\n", showTime(r.From, zone), showTime(r.To, zone), length(r.To.Sub(r.From)))
	line := plural(r.Counts.Connections, "connection")
	if r.Counts.Guessed > 0 {
		line += fmt.Sprintf(", of %s of which it is a guess who began", number(r.Counts.Guessed))
	}
	fmt.Fprintln(out, "looked at  ", line)
	if r.Counts.Unexplained > 0 {
		fmt.Fprintf(out, "            %s were accepted, and no rule of the definition allows them\n", number(r.Counts.Unexplained))
	}
	if r.Counts.Refused > 0 {
		fmt.Fprintf(out, "            %s were refused, and no rule of the definition refuses them\n", number(r.Counts.Refused))
	}
	if r.Counts.Unknown > 0 {
		fmt.Fprintf(out, "            %s at interfaces about which the definition does not decide\n", number(r.Counts.Unknown))
	}
	if n := r.Untold.Undecided + r.Untold.Regional + r.Untold.Incomplete; n > 0 {
		fmt.Fprintf(out, "            %s of no connection: no direction, interface, port or time is known\n", plural(n, "record"))
	}
	if span := r.To.Sub(r.From); span < app.Month {
		fmt.Fprintf(out, "warning     %s are less than a month: a rule may be for a job that comes once in one\n", length(span))
	}
	for _, d := range r.Doubts {
		fmt.Fprintln(out, "not sure   ", d)
	}
}

// objectName names a group or network ACL.
func objectName(r *hygiene.Rule) string {
	if r.ObjectName == "" {
		return r.Object
	}
	return r.ObjectName
}

// ruleText is a rule as a cell: what of its name does not say it.
func ruleText(r *hygiene.Rule) string {
	if r.Control == policy.NetworkACL {
		return r.Text
	}
	return map[netmodel.Direction]string{netmodel.Ingress: "from ", netmodel.Egress: "to "}[r.Direction] + peerFirst(r.Text)
}

// peerFirst turns "tcp:443 10.0.0.0/8" into "10.0.0.0/8 tcp:443".
func peerFirst(text string) string {
	traffic, rest, _ := strings.Cut(text, " ")
	peer, description, described := strings.Cut(rest, " ")
	if described {
		return peer + " " + traffic + " " + description
	}
	return peer + " " + traffic
}

// covered says how many hours of a rule's interfaces are covered.
func covered(h *hygiene.Hours) string {
	if h.All() == 0 {
		return "-"
	}
	return fmt.Sprintf("%s of %s h", number(h.Covered()), number(h.All()))
}

// printHits prints what used each rule.
func (c *cli) printHits(r *app.RulesReport, zone *time.Location) error {
	t := newTable(c.out, []tableColumn{{head: "RULE"}, {head: "OF"}, {head: "ALLOWS"}, {head: "CONNECTIONS", right: true}, {head: "SOLE", right: true}, {head: "BYTES", right: true}, {head: "GUESSED", right: true}, {head: "LAST"}, {head: "AT", right: true}, {head: "COVERED", right: true}})
	for i := range r.Rules {
		rule := &r.Rules[i]
		last := "-"
		if rule.Last > 0 {
			last = showTime(time.Unix(rule.Last, 0), zone)
		}
		guessed := "-"
		if rule.Guessed > 0 {
			guessed = strconv.FormatInt(100*rule.Guessed/rule.Connections, 10) + "%"
		}
		if err := t.add([]string{
			rule.Name, objectName(rule), ruleText(rule), number(rule.Connections), number(rule.Sole), size(rule.Bytes), guessed, last,
			fmt.Sprintf("%d of %d", rule.UsedAt, rule.Interfaces), covered(&rule.Hours),
		}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	c.sayRules(r, zone)
	return nil
}

// printUnused prints what is unused, and what can't be judged by its reasons.
func (c *cli) printUnused(r *app.RulesReport, zone *time.Location, commands bool) error {
	counts := map[hygiene.Verdict]int64{}
	t := newTable(c.out, []tableColumn{{head: "UNUSED"}, {head: "OF"}, {head: "ALLOWS"}, {head: "KNOWN SINCE"}, {head: "INTERFACES", right: true}, {head: "COVERED", right: true}})
	others := newTable(c.out, []tableColumn{{head: "NOT JUDGED"}, {head: "OF"}, {head: "ALLOWS"}, {head: "REASON"}, {head: "WHY"}})
	for i := range r.Rules {
		rule := &r.Rules[i]
		counts[rule.Verdict]++
		var err error
		switch rule.Verdict {
		case hygiene.Unused:
			if commands {
				fmt.Fprintln(people{c.out}, r.Remove[rule.Name])
				continue
			}
			err = t.add([]string{rule.Name, objectName(rule), ruleText(rule), showTime(time.Unix(rule.Since, 0), zone), number(int64(rule.Interfaces)), covered(&rule.Hours)})
		case hygiene.NotJudged:
			err = others.add([]string{rule.Name, objectName(rule), ruleText(rule), string(rule.Reason), rule.Why})
		}
		if err != nil {
			return err
		}
	}
	if commands {
		return nil
	}
	if counts[hygiene.Unused] > 0 {
		if err := t.flush(); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	if counts[hygiene.NotJudged] > 0 {
		if err := others.flush(); err != nil {
			return err
		}
		for _, enable := range enables(r.Rules) {
			fmt.Fprintln(people{c.out}, "to judge more:", enable)
		}
		fmt.Fprintln(c.out)
	}
	fmt.Fprintf(c.out, "%s: %s unused, %s used, %s not judged\n", plural(int64(len(r.Rules)), "rule"), number(counts[hygiene.Unused]), number(counts[hygiene.Used]), number(counts[hygiene.NotJudged]))
	c.sayRules(r, zone)
	return nil
}

// enables returns what would tell more of rules, each once.
func enables(rules []hygiene.Rule) []string {
	var out []string
	seen := map[string]bool{"": true}
	for i := range rules {
		if text := rules[i].Enable; !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

// printProposals prints what would do in place of rules.
func (c *cli) printProposals(r *app.RulesReport, zone *time.Location) error {
	out := people{c.out}
	for i := range r.Proposals {
		p := &r.Proposals[i]
		fmt.Fprintf(out, "%s of %s (%s) %s\n", p.Rule.Name, p.Rule.Object, objectName(&p.Rule), ruleText(&p.Rule))
		fmt.Fprintf(out, "  used by   %s, %s of them by it alone\n", plural(p.Learnt+p.Replayed, "connection"), number(p.Rule.Sole))
		if len(p.Rules) == 0 {
			fmt.Fprintf(out, "  stays     %s\n\n", p.Why)
			continue
		}
		for n, text := range p.Texts {
			fmt.Fprintf(out, "  %-9s %s\n", map[bool]string{true: "instead"}[n == 0], map[netmodel.Direction]string{netmodel.Ingress: "from ", netmodel.Egress: "to "}[p.Rule.Direction]+peerFirst(text))
		}
		for _, note := range p.Notes {
			fmt.Fprintln(out, "  note     ", note)
		}
		fmt.Fprintf(out, "  allows    %s of what it did\n", shareText(p.Share))
		fmt.Fprintf(out, "  learnt    %s, %s refused\n", plural(p.Learnt, "connection"), number(p.LearntDenied))
		fmt.Fprintf(out, "  replayed  %s, %s refused\n", plural(p.Replayed, "connection"), number(p.ReplayDenied))
		for _, d := range p.Denied {
			fmt.Fprintf(out, "  refused   %s, %s, last %s\n", demandText(&d), plural(d.Sole, "connection"), showTime(time.Unix(d.Last, 0), zone))
		}
		for _, line := range p.CLI {
			fmt.Fprintln(out, "  $", line)
		}
		fmt.Fprintln(out)
		for line := range strings.Lines(p.Terraform) {
			fmt.Fprintln(out, strings.TrimRight("  "+line, " \n"))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "learnt until %s\n", showTime(*r.Cut, zone))
	c.sayRules(r, zone)
	return nil
}

// demandText says what is demanded of a rule.
func demandText(d *hygiene.Demand) string {
	traffic := netmodel.Traffic{Protocol: d.Protocol, Type: -1, Code: -1}
	if d.From >= 0 {
		traffic.From, traffic.To = uint16(d.From), uint16(d.To)
	}
	return d.Far.String() + " " + traffic.String()
}

// shareText returns a share in words.
func shareText(share float64) string {
	if share > 0 && share < 0.0001 {
		return "less than 0.01%"
	}
	return strconv.FormatFloat(100*share, 'f', 2, 64) + "%"
}

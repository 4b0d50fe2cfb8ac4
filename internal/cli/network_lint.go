package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/policy"
	"weir/internal/versions"
)

func (c *cli) networkLintCommand() *cobra.Command {
	var req app.LintRequest
	var severity string
	var definition definitionFlags
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find rules that do nothing, block replies, or let everybody in",
		Long: `Says what can be proven against the security groups and network ACLs of the definition that
was imported by 'weir network import' and was in force at the time of --at, or of that of
--network: what 'aws ec2 describe-vpcs', describe-subnets, describe-network-interfaces,
describe-security-groups, describe-security-group-rules (for the ids of rules),
describe-network-acls and describe-prefix-lists print as JSON, in any files; or YAML that
people write; or what 'terraform show -json' prints.

Findings are high (lets in whoever wants), medium (does something else than it says) or
low (does nothing, or depends on what clients do):

` + lintKinds() + `
Routes are not looked at. The members of a group, and the entries of a prefix list that is
not in the input, may be any addresses.

Findings give exit code 4; without any, files that could not be taken, and answers that are
cut off (they have a NextToken), give 3.`,
		Example: `  weir network lint
  weir network lint --network net
  weir network lint --network net --severity medium
  weir network lint --network net --json | jq -r '.findings[].kind' | sort | uniq -c`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if req.NetworkSource, err = definition.source(c.data); err != nil {
				return err
			}
			req.Severity = policy.Severity(severity)
			r, err := app.Lint(cmd.Context(), req)
			if errors.Is(err, versions.ErrNone) {
				return hintImport(err)
			}
			if errors.Is(err, app.ErrSeverity) {
				return usage(fmt.Errorf("--severity: %w", err))
			}
			if err != nil {
				return err
			}
			c.sayPartial(r.Partial)
			switch {
			case len(r.Findings) > 0:
				c.code = exitFindings
			case len(r.Problems) > 0:
				c.code = exitPartial
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printLint(&r)
		},
	}
	definition.add(cmd)
	cmd.Flags().StringVar(&severity, "severity", string(policy.Low), "show findings of this `SEVERITY` or a higher one: high, medium, low")
	complete(cmd, "severity", string(policy.High), string(policy.Medium), string(policy.Low))
	return cmd
}

// lintKinds lists the kinds of findings, for the help.
func lintKinds() string {
	var b strings.Builder
	for _, k := range policy.Kinds {
		fmt.Fprintf(&b, "  %-29s %s\n", k.Kind, k.Means)
	}
	return b.String()
}

// printLint prints the findings, and how many there are.
func (c *cli) printLint(r *app.LintReport) error {
	for _, problem := range r.Problems {
		fmt.Fprintln(people{c.err}, "left out:", problem)
	}
	for _, missing := range r.Missing {
		fmt.Fprintln(people{c.err}, "missing:", missing)
	}
	c.noteUnknown(r.Unknown)
	if r.Definition != nil {
		for _, doubt := range r.Definition.Doubts() {
			fmt.Fprintln(people{c.err}, "not sure:", doubt)
		}
	}
	counts := map[policy.Severity]int{}
	if len(r.Findings) > 0 {
		t := newTable(c.out, []tableColumn{{head: "SEVERITY"}, {head: "KIND"}, {head: "OBJECT"}, {head: "NAME"}, {head: "REASON"}})
		for i := range r.Findings {
			f := &r.Findings[i]
			counts[f.Severity]++
			if err := t.add([]string{string(f.Severity), string(f.Kind), f.Object, f.Name, f.Reason}); err != nil {
				return err
			}
		}
		if err := t.flush(); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	var each []string
	for _, s := range policy.Severities {
		if counts[s] > 0 {
			each = append(each, number(int64(counts[s]))+" "+string(s))
		}
	}
	line := fmt.Sprintf("%s in %s and %s", plural(int64(len(r.Findings)), "finding"), plural(int64(r.SecurityGroups), "security group"), plural(int64(r.NetworkACLs), "network ACL"))
	if len(each) > 0 {
		line += ": " + strings.Join(each, ", ")
	}
	fmt.Fprintln(c.out, line)
	return nil
}

package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/lab"
)

func (c *cli) labRun(dir labDir) *cobra.Command {
	var every bool
	var pages string
	times := 1
	cmd := &cobra.Command{
		Use:   "run SCENARIO|FILE... | --all",
		Short: "Send the traffic of scenarios, and compare what the records say",
		Long: `Sends the traffic of scenarios, waits until the windows with it are over, asks each one's
questions, and compares the answers with those expected. The exit code is 4 where one differs.
Alarms take the rest of their minute. What the lab lacks something for is not run, which is said.

A name that ends in .yaml is the file of a scenario of your own; docs/howto/build-a-lab.md says
what one has. It is not begun where a host is not of the lab.

--pages writes a page of each scenario, in Markdown, with the records of its traffic.`,
		Example: `  sudo weir lab run inbound-reject-by-group
  sudo weir lab run ./mine.yaml
  sudo weir lab run --all --json
  sudo weir lab run --all --times 3
  sudo weir lab run --all --pages pages`,
		ValidArgsFunction: func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			if strings.ContainsAny(begun, "./") {
				return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
			}
			var names []string
			all, err := lab.Scenarios()
			for _, s := range all {
				names = append(names, s.Name+"\t"+s.Shows)
			}
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if every == (len(args) > 0) {
				return hint(usage(fmt.Errorf("it takes names of scenarios, files of your own, or --all")), "'weir lab scenarios' lists them")
			}
			if times < 1 || times > 1 && pages != "" {
				return usage(fmt.Errorf("--times takes a number from 1, and pages are of one time"))
			}
			all, err := lab.Scenarios()
			if err == nil && !every {
				all, err = lab.Choose(all, args)
			}
			if err != nil {
				return labHint(err)
			}
			at, err := dir()
			if err != nil {
				return err
			}
			program, err := lab.Self()
			if err != nil {
				return err
			}
			var results []lab.Result
			for i := range times {
				if times > 1 {
					c.note("time %d of %d", i+1, times)
				}
				some, err := lab.Run(cmd.Context(), at, all, time.Now, program, c.note)
				if err != nil {
					return labHint(err)
				}
				results = append(results, some...)
			}
			if slices.ContainsFunc(results, func(r lab.Result) bool { return !r.OK && r.NotRun == "" }) {
				c.code = exitFindings
			}
			if err := c.showResults(results); err != nil {
				return err
			}
			if times > 1 && !c.json {
				return c.showTimes(results, times)
			}
			if pages != "" {
				return writePages(cmd.Context(), at, pages, results, program)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&every, "all", false, "all scenarios")
	cmd.Flags().IntVar(&times, "times", times, "run them this `NUMBER` of times, one after the other, with a table at the end")
	cmd.Flags().StringVar(&pages, "pages", "", "write a page of each scenario into the folder `DIR`")
	completeDir(cmd, "pages")
	completeNothing(cmd, "times")
	return cmd
}

func (c *cli) labScenarios() *cobra.Command {
	return &cobra.Command{
		Use:     "scenarios",
		Short:   "List the scenarios",
		Long:    "Lists the scenarios with what they show, and the statements of weir's document (D1 to D23) that this is.",
		Example: "  weir lab scenarios\n  weir lab scenarios --json",
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := lab.Scenarios()
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(all)
			}
			for _, s := range all {
				if _, err := fmt.Fprintf(c.out, "%s (%s)\n  %s\n", s.Name, strings.Join(s.Statements, ", "), s.Shows); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// showResults prints what became of scenarios.
func (c *cli) showResults(all []lab.Result) error {
	if c.json {
		return c.printJSON(all)
	}
	var b strings.Builder
	good, without := 0, 0
	for i := range all {
		r := &all[i]
		mark := "FAILED"
		switch {
		case r.OK:
			mark = "ok"
			good++
		case r.NotRun != "":
			mark = "-"
			without++
		}
		fmt.Fprintf(&b, "%-6s %s\n  %s\n", mark, r.Name, r.Shows)
		if r.NotRun != "" {
			fmt.Fprintf(&b, "  not run: %s\n", r.NotRun)
			continue
		}
		for j, step := range r.Traffic {
			text := step.String()
			if j >= len(r.Became) {
				text += ": not done"
			} else if step.Then != "" {
				text += ": " + r.Became[j]
			}
			fmt.Fprintf(&b, "  %s\n", text)
		}
		if !r.OK {
			fmt.Fprintf(&b, "  %s\n", r.Why)
		}
		for j := range r.Asked {
			writeAsked(&b, &r.Asked[j])
		}
	}
	fmt.Fprintf(&b, "%d of %d scenarios are as expected", good, len(all))
	if without > 0 {
		fmt.Fprintf(&b, ", and %d were not run: 'sudo weir lab doctor' says what is missing", without)
	}
	b.WriteByte('\n')
	_, err := c.out.Write([]byte(b.String()))
	return err
}

// writeAsked writes what was answered to a question.
func writeAsked(b *strings.Builder, a *lab.Asked) {
	for _, row := range a.Rows {
		fmt.Fprintf(b, "  | %s\n", strings.Join(row, " "))
	}
	if !a.OK && len(a.Answer) > 0 {
		b.WriteString("  expected:\n")
	}
	for _, row := range a.Answer {
		if !a.OK {
			fmt.Fprintf(b, "  > %s\n", strings.Join(row, " "))
		}
	}
	for line := range strings.Lines(a.Said + a.Chart) {
		fmt.Fprintf(b, "  | %s\n", strings.TrimRight(line, "\n"))
	}
	for _, text := range a.Lacks {
		fmt.Fprintf(b, "  expected: %s\n", text)
	}
	for _, text := range a.Has {
		fmt.Fprintf(b, "  not expected: %s\n", text)
	}
	fmt.Fprintf(b, "  ask again: %s\n", a.Line())
}

// linesOf says how AWS's clients reach a lab. The secret is in the file, and in JSON.
func linesOf(a *lab.AWS) string {
	s3 := "not there: 'weir lab up' found no versitygw"
	if a.S3 != "" {
		s3 = fmt.Sprintf("%s, bucket %s", a.S3, a.Bucket)
	}
	return fmt.Sprintf("AWS API:  %s, log group %s, keys in %s\nS3:       %s\nmessages: %s, which 'weir lab messages' shows\n", a.Endpoint, a.LogGroup, a.CredentialsFile, s3, a.Receiver)
}

// showLab prints what there is of a lab.
func (c *cli) showLab(s *lab.Status) error {
	if c.json {
		return c.printJSON(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "lab: %s\n", s.State)
	if s.Why != "" {
		fmt.Fprintf(&b, "     %s; 'weir lab down' takes away what there is of it\n", s.Why)
	}
	if s.Changed {
		b.WriteString("     changed by a run that was killed; the next 'weir lab run' takes it back\n")
	}
	if s.State == lab.StateDown || len(s.Hosts) == 0 {
		_, err := c.out.Write([]byte(b.String()))
		return err
	}
	var rows [][]string
	dash := func(text string) string {
		if text == "" {
			return "-"
		}
		return text
	}
	for _, h := range s.Hosts {
		var ports []string
		for _, p := range h.Serves {
			ports = append(ports, strconv.Itoa(int(p)))
		}
		for _, p := range h.ServesUDP {
			ports = append(ports, strconv.Itoa(int(p))+"/udp")
		}
		ports = append(ports, softwareOf(&h)...)
		rows = append(rows, []string{h.Name, h.Address, dash(h.Public), dash(h.ENI), dash(h.Subnet), dash(h.AZ), dash(strings.Join(ports, ",")), dash(strings.Join(h.Further, ","))})
	}
	fmt.Fprintf(&b, "console:  %s\nrecords:  %s\nask:      sudo weir query --data %s '...'\n%s%s\n", s.URL, s.Records, s.Data, linesOf(s.AWS), simpleHosts(s))
	if _, err := c.out.Write([]byte(b.String())); err != nil {
		return err
	}
	return printTable(c.out, []tableColumn{{head: "HOST"}, {head: "ADDRESS"}, {head: "PUBLIC"}, {head: "INTERFACE"}, {head: "SUBNET"}, {head: "AZ"}, {head: "SERVES"}, {head: "FURTHER ADDRESSES"}}, rows)
}

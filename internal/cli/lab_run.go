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
	cmd := &cobra.Command{
		Use:   "run SCENARIO... | --all",
		Short: "Send the traffic of scenarios, and compare what the records say",
		Long: `Sends the traffic of scenarios, waits until the windows with it are over, asks each one's
question, and compares the answer with the one expected. The exit code is 4 where one differs.`,
		Example: `  sudo weir lab run inbound-reject-by-group
  sudo weir lab run --all --json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
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
				return usage(fmt.Errorf("it takes names of scenarios or --all"))
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
			results, err := lab.Run(cmd.Context(), at, all, time.Now, program)
			if err != nil {
				return labHint(err)
			}
			if slices.ContainsFunc(results, func(r lab.Result) bool { return !r.OK }) {
				c.code = exitFindings
			}
			return c.showResults(results)
		},
	}
	cmd.Flags().BoolVar(&every, "all", false, "all scenarios")
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
	good := 0
	for i := range all {
		r := &all[i]
		mark := "FAILED"
		if r.OK {
			mark = "ok"
			good++
		}
		fmt.Fprintf(&b, "%-6s %s\n  %s\n", mark, r.Name, r.Shows)
		for j, step := range r.Traffic {
			text := step.String()
			if step.Then != "" {
				text += ": " + r.Became[j]
			}
			fmt.Fprintf(&b, "  %s\n", text)
		}
		for _, row := range r.Rows {
			fmt.Fprintf(&b, "  | %s\n", strings.Join(row, " "))
		}
		if !r.OK {
			fmt.Fprintf(&b, "  %s; expected:\n", r.Why)
			for _, row := range r.Answer {
				fmt.Fprintf(&b, "  > %s\n", strings.Join(row, " "))
			}
		}
		fmt.Fprintf(&b, "  ask again: %s\n", commandLine(r.Command))
	}
	fmt.Fprintf(&b, "%d of %d scenarios are as expected\n", good, len(all))
	_, err := c.out.Write([]byte(b.String()))
	return err
}

// commandLine writes a command as a shell takes it, in one line.
func commandLine(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		w = strings.Join(strings.Fields(w), " ")
		if strings.ContainsAny(w, " '%()*\"") {
			w = `"` + strings.NewReplacer(`"`, `\"`, "$", `\$`, "`", "\\`", `\`, `\\`).Replace(w) + `"`
		}
		out[i] = w
	}
	return strings.Join(out, " ")
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
		rows = append(rows, []string{h.Name, h.Address, dash(h.Public), dash(h.ENI), dash(h.Subnet), dash(h.AZ), dash(strings.Join(ports, ","))})
	}
	fmt.Fprintf(&b, "console:  %s\nrecords:  %s\nask:      sudo weir query --data %s '...'\n\n", s.URL, s.Records, s.Data)
	if _, err := c.out.Write([]byte(b.String())); err != nil {
		return err
	}
	return printTable(c.out, []tableColumn{{head: "HOST"}, {head: "ADDRESS"}, {head: "PUBLIC"}, {head: "INTERFACE"}, {head: "SUBNET"}, {head: "AZ"}, {head: "SERVES"}}, rows)
}

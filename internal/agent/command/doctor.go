package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/agent/config"
)

func (c *command) doctorCommand() *cobra.Command {
	var fix bool
	var address, capture string
	cmd := &cobra.Command{
		Use:   "doctor [flags]",
		Short: "Say whether this host and this user can count, and what to do",
		Long: `Looks for what an agent needs: the kernel, the rights, and whether the kernel takes the
program and lets it be put at a device, which is tried at the loopback device for a moment,
whether the host's own firewall can be observed, which only mode observe and the fields of lost
packets of transit gateways need, and whether a packet socket gets what passes there.
"missing" is what it can't do without, counting as the config's "capture" says, and the exit
code is 1 then. Where an agent runs, it names other BPF programs that run before weir's at its
devices.

--fix, as root, mounts the BPF file system at /sys/fs/bpf where it is not, also after a
reboot: systemd does that at each boot, and without it a line of /etc/fstab does.`,
		Example: `  sudo weir-agent doctor
  sudo weir-agent doctor --fix
  weir-agent doctor --capture packet
  weir-agent doctor --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), address, capture, fix) },
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "mend what can be mended, as root")
	cmd.Flags().StringVar(&address, "address", config.DefaultListen.String(), "`ADDRESS` of an agent, as its config's listen")
	cmd.Flags().StringVar(&capture, "capture", config.Captures[0], "`WAY` to count: "+strings.Join(config.Captures, ", "))
	if err := cmd.RegisterFlagCompletionFunc("capture", cobra.FixedCompletions(config.Captures, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag is there
	}
	return cmd
}

// doctor examines the host, and an agent that runs.
func (c *command) doctor(ctx context.Context, address, capture string, fix bool) error {
	if !slices.Contains(config.Captures, capture) {
		return usageError{fmt.Errorf("--capture %s is none of %s", capture, strings.Join(config.Captures, ", "))}
	}
	var found []agent.Finding
	var failed error
	if fix {
		found, failed = agent.Fix(capture)
	} else {
		found = agent.Examine(capture)
	}
	s, err := askStatus(ctx, address)
	if _, ok := errors.AsType[usageError](err); ok {
		return err
	}
	if err == nil { // else there is none to ask
		found = append(found, s.Examine()...)
	}
	if !agent.Works(found) {
		c.code = exitFailed
	}
	if c.json {
		return errors.Join(c.printJSON(found), failed)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Name, firstLine(f.Found))
		if f.Did != "" {
			fmt.Fprintf(w, "\t\tdone: %s\n", f.Did)
		}
		if f.Do != "" {
			fmt.Fprintf(w, "\t\tto do: %s\n", f.Do)
		}
	}
	return errors.Join(w.Flush(), failed)
}

// firstLine returns the first line of a text: what the kernel says of a program may be long.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

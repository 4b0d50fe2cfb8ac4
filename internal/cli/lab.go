package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/lab"
)

// hasty are how long windows of a lab may be.
var hasty = []string{"5s", "10s", "15s", "20s", "30s", "60s"}

// labCommand is weir lab.
func (c *cli) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Build a VPC out of network namespaces, and see what flow logs say of its traffic",
		Long: `Builds a VPC on this machine: hosts in network namespaces, with security groups, network
ACLs, route tables, an internet gateway, an egress-only one, a NAT gateway and an internet;
and two further VPCs behind a transit gateway and a peering connection. An agent enforces the
rules at each network interface and writes flow logs, another one writes those of the transit
gateway, and 'weir serve' takes them beside it.
Scenarios send traffic, and ask what the records say of it.

Nothing outside of the namespaces weir-lab-* and of the lab's folder is changed, and 'weir
lab down' takes all of it away. It takes root, Linux, ip (iproute2) and nft (nftables); 'weir
lab doctor' says what is missing. There is one lab on a machine at a time.`,
		Example: `  sudo weir lab up --interval 10s
  sudo weir lab run --all
  sudo weir lab shell web-a
  sudo weir query --data /var/lib/weir-lab/data "SELECT srcaddr, dstaddr, dstport, weir_reject_rule FROM vpc_flow_logs WHERE action = 'REJECT'"
  sudo weir lab down`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	dir := cmd.PersistentFlags().String("dir", lab.DefaultDir, "folder `DIR` of the lab, which is removed with it")
	completeDir(cmd, "dir")
	at := func() (string, error) {
		folder, err := lab.Folder(*dir)
		return folder, labHint(err)
	}
	cmd.AddCommand(c.labUp(at), c.labDown(at), c.labStatus(at), c.labRun(at), c.labScenarios(), c.labShell(at), c.labAgent(at), c.labHosts(at), c.labDoctor(), c.labMessages(at))
	return cmd
}

// labDir returns the folder of the lab.
type labDir func() (string, error)

func (c *cli) labUp(dir labDir) *cobra.Command {
	var o lab.Options
	var interval string
	wait := true
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Build the lab, and wait until all of it answers",
		Long: `Builds the lab and waits until all hosts, the agent and 'weir serve' answer. Where that
fails, what was made is taken away again. --json has the endpoints and the credentials of AWS's
clients; 'weir lab status --json' has them too.

Windows are over after AWS's minute, or after --interval: AWS has no windows that are
shorter, they are for those who do not want to wait.

The flow logs deliver to a folder, to a log group of the lab's 'weir serve', and to S3 where
versitygw is in PATH or VERSITYGW names it. An access key for AWS's clients is made.

A definition of your own is a file as the default one, which is lab.yaml in the lab's folder,
beside a network as docs/reference/network-yaml.md has it. What a lab can't build is refused.`,
		Example: `  sudo weir lab up
  sudo weir lab up --interval 10s --listen 127.0.0.1:9000
  sudo weir lab up --wait --json > lab.json
  sudo weir lab up --definition ./mine/lab.yaml --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			every, err := time.ParseDuration(interval)
			if err != nil || !contains(hasty, every) {
				return usage(fmt.Errorf("--interval %s is none of %s", interval, strings.Join(hasty, ", ")))
			}
			if !wait {
				return usage(fmt.Errorf("--wait=false: a lab that does not answer yet is none"))
			}
			if every < time.Minute {
				o.Every = every
			}
			if o.Dir, err = dir(); err != nil {
				return err
			}
			if o.Program, err = lab.Self(); err != nil {
				return err
			}
			o.Now = time.Now
			c.note("building a lab in %s", o.Dir)
			s, err := lab.Up(cmd.Context(), o)
			if err == nil {
				return c.showLab(s)
			}
			if err = labHint(err); len(hintsOf(err)) == 0 {
				err = hint(err, "'sudo weir lab doctor' says what a lab lacks on this machine, and 'doctor --install' installs it")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&interval, "interval", "60s", "`TIME` after which windows are over: "+strings.Join(hasty, ", "))
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8787", "`ADDRESS` of the lab's weir serve")
	cmd.Flags().StringVar(&o.Definition, "definition", "", "`FILE` of a definition in place of the default one")
	cmd.Flags().BoolVar(&wait, "wait", wait, "wait until all of it answers, as it always does")
	complete(cmd, "interval", hasty...)
	completeNothing(cmd, "listen")
	return cmd
}

// contains reports whether a duration is one of some texts.
func contains(words []string, d time.Duration) bool {
	for _, w := range words {
		if is, err := time.ParseDuration(w); err == nil && is == d {
			return true
		}
	}
	return false
}

func (c *cli) labDown(dir labDir) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Take away all that the lab has made",
		Long: `Ends the lab's processes, and who runs scenarios in it, and removes its namespaces and its
folder with all records. It does so too for a lab that was built halfway, and does nothing where
there is none.`,
		Example: "  sudo weir lab down",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			r, err := lab.Down(cmd.Context(), at)
			if err != nil {
				return labHint(err)
			}
			if c.json {
				return c.printJSON(r)
			}
			if r.Processes == 0 && len(r.Namespaces) == 0 && !r.Dir {
				_, err = fmt.Fprintln(c.out, "there was no lab")
				return err
			}
			_, err = fmt.Fprintf(c.out, "removed %d processes, %d namespaces and %s\n", r.Processes, len(r.Namespaces), at)
			return err
		},
	}
}

func (c *cli) labStatus(dir labDir) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show the lab: its hosts, and where it can be asked",
		Long:    "Shows whether a lab is up, its hosts with their addresses, and where it can be asked.",
		Example: "  sudo weir lab status\n  sudo weir lab status --json",
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			s, err := lab.Look(at)
			if err != nil {
				return labHint(err)
			}
			return c.showLab(s)
		},
	}
}

func (c *cli) labShell(dir labDir) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shell HOST [COMMAND...]",
		Short: "Run a shell, or a command, as a host of the lab",
		Long: `Runs a shell in the network namespace of a host, or as an end in the internet, with its
address; or in the namespace "internet", which sends by the address of its link, in "vpc",
which has the router with the host's ends of all network interfaces, or in another VPC's
router or "tgw". What stands behind HOST is the command's. The exit code is the command's,
too. What still runs there is ended by 'weir lab down'.`,
		Example: `  sudo weir lab shell web-a
  sudo weir lab shell client curl -m 2 http://198.51.100.10/     # web-a
  sudo weir lab shell client -- bash -c 'head -n 1 < /dev/tcp/198.51.100.10/80'
  sudo weir lab shell app-a -- curl -m 2 telnet://203.0.113.80:25`,
		Args:              needArgs(1, -1, "the host"),
		ValidArgsFunction: completeHost(dir),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			program := args[1:]
			if len(program) > 0 && program[0] == "--" { // as of ssh, what is behind the host is the command's, so that it takes no dashes
				program = program[1:]
			}
			if len(program) == 0 {
				program = []string{shellOf(os.Getenv("SHELL"))}
				if isTerminal(c.err) {
					c.note("a shell on %s; exit ends it", args[0])
				}
			}
			argv, env, err := lab.Shell(cmd.Context(), at, args[0], program)
			if err != nil {
				return labHint(err)
			}
			return replace(argv, env)
		},
	}
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// shellOf returns a user's shell.
func shellOf(shell string) string {
	if shell == "" {
		return "/bin/sh"
	}
	return shell
}

// completeHost completes names of hosts.
func completeHost(dir labDir) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		at, err := dir()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		s, err := lab.Look(at)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := s.Namespaces
		if len(names) == 0 { // no lab is up: these are in each
			names = []string{"internet", "vpc"}
		}
		for _, h := range s.Hosts {
			names = append(names, h.Name+"\t"+h.Address)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// labHint adds what mends an error of a lab.
func labHint(err error) error {
	switch {
	case errors.Is(err, os.ErrPermission) && os.Geteuid() != 0:
		return hint(err, "run it as root: sudo weir lab ...")
	case errors.Is(err, lab.ErrListen):
		return hint(err, "--listen 127.0.0.1:9000 takes another address")
	case errors.Is(err, lab.ErrFolder):
		return hint(usage(err), "--dir DIR takes a folder, or what is not there yet")
	case errors.Is(err, lab.ErrNoLab):
		return hint(err, "--dir DIR names that of 'weir lab up'; nothing was removed")
	case errors.Is(err, lab.ErrFiles):
		return hint(err, "--dir DIR takes a folder that is empty, or not there")
	case errors.Is(err, lab.ErrSpace):
		return hint(err, "--dir DIR takes a folder elsewhere")
	case errors.Is(err, lab.ErrUp):
		return hint(err, "'weir lab status' shows it", "'weir lab down' takes it away")
	case errors.Is(err, lab.ErrHalfBuilt):
		return hint(err, "'weir lab down' takes away what there is of it")
	case errors.Is(err, lab.ErrElsewhere):
		return hint(err, "--dir names it")
	case errors.Is(err, lab.ErrBuilding):
		return hint(err, "do it again when that is over: 'weir lab status' shows what there is")
	case errors.Is(err, lab.ErrRunning):
		return hint(err, "run them when those are over", "'weir lab down' ends them with the lab")
	case errors.Is(err, lab.ErrDown):
		return hint(err, "'weir lab up' builds one")
	case errors.Is(err, lab.ErrNoScenario):
		return hint(usage(err), "'weir lab scenarios' says what each shows", "one of your own is a file whose name ends in .yaml")
	case errors.Is(err, lab.ErrScenario):
		return hint(usage(err), "docs/howto/build-a-lab.md says what a scenario has")
	case errors.Is(err, lab.ErrDefinition):
		return hint(usage(err), "docs/howto/build-a-lab.md and docs/reference/network-yaml.md say what a definition has")
	case errors.Is(err, lab.ErrNoHost):
		return usage(err)
	}
	return err
}

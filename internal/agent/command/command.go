package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"weir/internal/agent/config"
	"weir/internal/agent/joined"
)

// version is weir's version.
const version = "0.1.0"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// exitCodes is the help's paragraph on exit codes.
const exitCodes = "Exit codes: 0 ok, 1 failed, 2 wrong usage (of a flag, of the config)."

// command is what the commands share.
type command struct {
	in       io.Reader // nil: the process's
	out, err io.Writer
	json     bool
	code     int // exit code of a command that ended well but not all is well
}

// Main runs weir-agent with the process's arguments and ends it.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := (&command{out: os.Stdout, err: os.Stderr}).run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// usageError is an error in how a command was called.
type usageError struct{ error }

// Unwrap returns the error itself.
func (u usageError) Unwrap() error { return u.error }

// run runs one command and returns the exit code.
func (c *command) run(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return c.code
	}
	fmt.Fprintf(c.err, "weir-agent: %s\n", err)
	var wrong usageError
	var file *config.Error
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintf(c.err, "hint: '%s --help' shows how it is called\n", cmd.CommandPath())
		return exitUsage
	case errors.As(err, &file):
		return exitUsage
	case errors.Is(err, errNoAgent):
		fmt.Fprintln(c.err, "hint: 'weir-agent run' or 'systemctl start weir-agent' starts one")
	case errors.Is(err, joined.ErrNotJoined):
		fmt.Fprintln(c.err, "hint: 'weir agent token create' at the server makes a token to join with")
	case errors.Is(err, os.ErrPermission):
		fmt.Fprintln(c.err, "hint: 'weir-agent doctor' says what is missing, and what to do")
	}
	return exitFailed
}

// root returns the command tree.
func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "weir-agent",
		Short: "VPC Flow Logs of this host's network devices",
		Long: `weir-agent counts what passes network devices, in the kernel where it can, decides of each
packet as the network ACLs and security groups of a definition do, and writes flow logs as AWS has
them.`,
		Example: `  weir-agent doctor
  weir-agent devices --config agent.yaml
  weir-agent run --config agent.yaml
  weir-agent attach eth1 --eni eni-0123456789abcdef0
  weir-agent join --server https://weir.example.net:8789 --token-file token`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %s", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("weir-agent {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON where text for people is the default")
	root.AddCommand(c.runCommand(), c.joinCommand(), c.devicesCommand(), c.attachCommand(), c.detachCommand(), c.statusCommand(), c.dropCommand(), c.doctorCommand())
	for _, cmd := range append(root.Commands(), root) {
		cmd.Long += "\n\n" + exitCodes
	}
	return root
}

// noArgs refuses arguments.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%q is too much: it takes no arguments", args[0])}
	}
	return nil
}

// configFlag adds --config.
func configFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVarP(to, "config", "c", "/etc/weir/agent.yaml", "config `FILE`, in YAML")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml"); err != nil {
		panic(err) // the flag is there
	}
}

// readConfig reads a config. What is relative in it is of the file's folder, wherever another agent runs that delivers what this one leaves.
func readConfig(name string) (*config.Config, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("cannot find the config: %w", err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the config: %w; --config FILE names another", err)
	}
	return config.Read(name, data)
}

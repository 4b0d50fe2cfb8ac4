package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

// version is weir's version.
const version = "0.1.0"

// Exit codes.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitPartial  = 3
	exitFindings = 4
)

// exitCodes is the help's paragraph on exit codes.
const exitCodes = `Exit codes: 0 ok, 1 failed, 2 wrong usage (of a flag, a filter, a query), 3 partial
(some objects or lines could not be taken), 4 findings.`

// cli is what the commands share.
type cli struct {
	in       io.Reader
	out, err io.Writer
	data     string
	json     bool
	quiet    bool
	code     int // exit code of a command that ended well but not all is well
	// flushAge is after how long a server's log events go into files; 0 means its own time.
	flushAge time.Duration
}

// Main runs weir with the process's arguments and ends it.
func Main() {
	(&cli{in: os.Stdin, out: os.Stdout, err: os.Stderr}).main()
}

// main runs the process's arguments and ends it.
func (c *cli) main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := c.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run runs one command and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	out := &output{w: c.out}
	if !isTerminal(c.out) { // a terminal is known by its file, and is not full
		c.out = out
	}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil && out.err != nil {
		err = fmt.Errorf("cannot write the answer: %w", out.err)
	}
	if err == nil {
		return c.code
	}
	return c.report(ctx, cmd, err)
}

// root returns the command tree.
func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "weir",
		Short: "VPC Flow Logs on your own machine: take them in, ask who talked to whom",
		Long: `weir takes AWS VPC flow logs as they lie in S3 or in a folder, keeps them as an
Apache Iceberg lake on this machine, and answers questions about them in seconds.`,
		Example: `  weir open s3://my-bucket/AWSLogs --from 2026-03-02 --region us-east-1
  weir open ./AWSLogs
  weir top srcaddr --where 'action = REJECT'
  weir query 'SELECT dstport, count(*) FROM vpc_flow_logs GROUP BY 1 ORDER BY 2 DESC LIMIT 10'
  weir serve`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
		Args:          subcommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("weir {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&c.data, "data", "", "data directory `DIR` (default: $WEIR_DATA, else "+shortHome(defaultData())+")")
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON where text for people is the default")
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "no progress and no remarks on stderr")
	completeDir(root, "data")
	root.PersistentPreRun = func(*cobra.Command, []string) { c.setData() }
	root.AddCommand(c.openCommand(), c.networkCommand(), c.enrichCommand(), c.checkCommand(),
		c.whyCommand(), c.natCommand(), c.scanCommand(), c.whatifCommand(), c.rulesCommand(),
		c.catCommand(), c.replayCommand(), c.queryCommand(), c.topCommand(), c.fieldsCommand(),
		c.logsCommand(),
		c.lakeCommand(), c.serveCommand(), c.userCommand(), c.synthCommand(), c.manCommand())
	root.AddCommand(c.keysCommand(), c.agentCommand())
	root.AddCommand(c.athenaCommand())
	root.AddCommand(c.metricsCommand(), c.alarmCommand(), c.notifyCommand(), c.apiCommand())
	root.AddCommand(c.watchCommand(), c.labCommand())
	addExitCodes(root)
	return root
}

// addExitCodes adds the exit codes to the help of a command and of those below.
func addExitCodes(cmd *cobra.Command) {
	cmd.Long += "\n\n" + exitCodes
	for _, sub := range cmd.Commands() {
		addExitCodes(sub)
	}
}

// setData settles the data directory.
func (c *cli) setData() {
	if c.data == "" {
		c.data = os.Getenv("WEIR_DATA")
	}
	if c.data == "" {
		c.data = defaultData()
	}
}

// defaultData returns the user's data directory.
func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "weir")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "weir-data"
	}
	return filepath.Join(home, ".local", "share", "weir")
}

// shortHome writes the user's home as ~, so that help texts are the same
// everywhere.
func shortHome(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" || home == "/" {
		return path
	}
	if rel, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rel) {
		return filepath.Join("~", rel)
	}
	return path
}

// reader returns a service for reading: the server's where one holds the data
// directory, else one in this process.
func (c *cli) reader(ctx context.Context) (app.Service, error) { return c.service(ctx, true) }

// writer returns a service for writing.
func (c *cli) writer(ctx context.Context) (app.Service, error) { return c.service(ctx, false) }

func (c *cli) service(ctx context.Context, readOnly bool) (app.Service, error) {
	remote, err := app.Dial(ctx, c.data, version)
	if err == nil {
		return remote, nil
	}
	if !errors.Is(err, app.ErrNoServer) {
		return nil, err
	}
	return app.OpenLocal(ctx, app.LocalOptions{Data: c.data, ReadOnly: readOnly})
}

// subcommand is the check of a command that only groups others: what stands behind
// it is one that does not exist.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usage(fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()))
	for distance := 1; distance <= 2; distance++ { // the nearest first
		cmd.SuggestionsMinimumDistance = distance
		if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
			return hint(err, fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), like[0]))
		}
	}
	return err
}

// flagError says what is wrong with a flag. Flags behind a mistyped command are
// not what is wrong.
func flagError(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return subcommand(cmd, cmd.Flags().Args())
	}
	return usage(err)
}

// rejectArgs is a command's check that it has no arguments.
func rejectArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("unexpected argument %q", args[0]))
	}
	return nil
}

// needArgs returns a command's check that it has from least to most arguments;
// most < 0 is any number.
func needArgs(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(fmt.Errorf("%s is missing", what))
		case most >= 0 && len(args) > most:
			return usage(fmt.Errorf("unexpected argument %q", args[most]))
		}
		return nil
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/deliver"
	"weir/internal/lake"
	"weir/internal/telemetry"
)

func (c *cli) serveCommand() *cobra.Command {
	o := app.ServeOptions{Version: version}
	var retention, memory string
	var sinks []string
	var messages notifyFlags
	follow := openFlags{scope: scopeFlags{tz: "Local"}}
	cmd := &cobra.Command{
		Use:   "serve [flags] [--follow SOURCE...]",
		Short: "Serve the console, and keep the lake",
		Long:  serveHelp,
		Example: `  weir serve
  weir serve --listen 127.0.0.1:9000 --retention 90d
  weir serve --sink refused=/var/lib/refused --sink siem=https://siem.example.net/logs
  weir serve --athena-output /var/lib/results --athena-output s3://my-results/athena
  weir serve --notify-allow 127.0.0.1 --smtp mail.example.net:587 --smtp-from weir@example.net
  weir serve --agent-listen 0.0.0.0:8789
  weir serve --follow s3://my-bucket/AWSLogs --region us-east-1
  weir serve --follow s3://my-bucket --queue https://sqs.us-east-1.amazonaws.com/111122223333/flow-logs
  weir serve --listen 0.0.0.0:8787 --tls-cert cert.pem --tls-key key.pem --host weir.example.net`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case follow.follow:
				return needArgs(1, -1, "the source to follow")(cmd, args)
			case len(args) > 0:
				return hint(rejectArgs(cmd, args), "'weir serve --follow "+args[0]+"' takes what comes to it")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if follow.follow {
				r, err := follow.request(args)
				if err != nil {
					return err
				}
				o.Follow = &r
				o.Every, o.Queue = follow.how.every, follow.how.queue
			} else if err := only(cmd, followOnly); err != nil {
				return err
			}
			if len(follow.regions) > 0 {
				o.Region = follow.regions[0]
			}
			if retention != "" {
				var err error
				if o.Retention, err = parseAge(retention); err != nil {
					return usage(fmt.Errorf("--retention: %w", err))
				}
			}
			if memory != "" {
				var err error
				if o.MemoryBytes, err = parseSize(memory); err != nil {
					return usage(fmt.Errorf("--memory: %w", err))
				}
			}
			var err error
			if o.Sinks, err = readSinks(sinks); err != nil {
				return usage(fmt.Errorf("--sink: %w", err))
			}
			if o.Notify, err = messages.read(cmd.Context(), cmd); err != nil {
				return err
			}
			return c.serve(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8787", "`ADDRESS` of the console")
	f.StringVar(&o.TLSCert, "tls-cert", "", "PEM `FILE` of the certificate")
	f.StringVar(&o.TLSKey, "tls-key", "", "PEM `FILE` of the certificate's key")
	f.StringVar(&o.Agents.Listen, "agent-listen", "", "`ADDRESS` at which agents that joined are answered, over HTTPS: 0.0.0.0:8789")
	f.StringVar(&o.Agents.TLSCert, "agent-tls-cert", "", "PEM `FILE` of the certificate for agents (default: one that is made once)")
	f.StringVar(&o.Agents.TLSKey, "agent-tls-key", "", "PEM `FILE` of the key of --agent-tls-cert")
	f.StringSliceVar(&o.Hosts, "host", nil, "further `NAME` under which the console is reached")
	f.StringArrayVar(&sinks, "sink", nil, "`NAME=TARGET` of subscription filters, a folder or an http(s) URL; may be given several times")
	f.StringArrayVar(&o.AthenaOutput.Places, "athena-output", nil, "`PLACE` where results and UNLOAD of Athena may be written, a folder or s3://BUCKET/PREFIX; may be given several times")
	f.StringVar(&o.AthenaOutput.S3.EndpointURL, "athena-endpoint-url", "", "`URL` of a service that speaks as S3 does, for places of --athena-output")
	f.StringVar(&o.Account, "account", app.DefaultAccount, "`ACCOUNT` of this server in the ARNs of its log groups")
	f.StringVar(&retention, "retention", "", "remove records older than `AGE`: 90d")
	f.StringVar(&memory, "memory", "", "`SIZE` of the memory for queries (default 1GiB)")
	completeNothing(cmd, "listen", "agent-listen", "host", "account", "sink", "retention", "memory", "athena-output", "athena-endpoint-url")
	f.StringVar(&follow.scope.since, "since", "", "at the start, records of the last `TIME`: 30m, 24h, 7d (default: the newest 24 hours)")
	f.StringVar(&follow.scope.from, "from", "", "at the start, records whose start is at or after `TIME`")
	completeNothing(cmd, "since", "from")
	messages.add(cmd)
	follow.add(cmd)
	f.Lookup("follow").Usage = "take what comes to the sources"
	f.Lookup("region").Usage = "`REGION` of this server in the ARNs of its log groups (default us-east-1); with --follow, take objects of it, by their keys"
	return cmd
}

// serveHelp explains the server in its command's help.
const serveHelp = `Holds the data directory and serves the console at http://127.0.0.1:8787/, with
/healthz and /metrics beside it. Other weir commands on the same data directory ask
this server while it runs, so that they see what it sees.

AWS's clients find the API of CloudWatch Logs at the same address, with keys that
'weir keys create' makes: aws logs start-query --endpoint-url http://127.0.0.1:8787
Subscription filters deliver to the sinks of --sink, by the ARN
arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME.

The API of Athena is there too: aws athena start-query-execution. Results are kept
by the server; where a client names an OutputLocation, they and what UNLOAD writes go
there if it lies below a place of --athena-output.

So are those of CloudWatch and SNS: metrics, alarms, Contributor Insights and topics.
While the server runs it counts what comes, evaluates alarms, and sends messages to the
subscribers of topics: http and https, and email with --smtp; slack, teams, webhook, and
command with --notify-command; sns with --notify-aws. Receivers at addresses that are
private or of this machine need --notify-allow.

With --agent-listen the agents of other hosts that joined ('weir agent token create') are
answered there: they capture what CreateFlowLogs asks for, by the network definition that
was imported last.

An address that other machines can reach needs TLS (--tls-cert, --tls-key) and a login
(weir user add NAME).

With --follow the server itself takes what comes to the sources, as 'weir open --follow'
does, so that one process is enough: first what 'weir open' would take, then what is
new. What fails is said in the log, stands in 'weir lake status', and is tried again.`

// readSinks reads sinks, whose names differ.
func readSinks(texts []string) (app.Sinks, error) {
	sinks := app.Sinks{}
	for _, text := range texts {
		name, sink, err := deliver.ParseSink(text)
		if err == nil && sinks.Has(name) {
			err = fmt.Errorf("there are two sinks of the name %s", name)
		}
		if err != nil {
			return nil, err
		}
		sinks[name] = sink
	}
	return sinks, nil
}

// followOnly are the flags of weir serve that are for --follow.
var followOnly = []string{
	"since", "from", "all", "log-owner", "log-format", "flow-logs", "describe-flow-logs", "workers", "every", "queue",
	"profile", "endpoint-url", "path-style", "bucket-region", "no-sign-request", "requester-pays",
}

// only fails where a flag was given that is for --follow.
func only(cmd *cobra.Command, flags []string) error {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return usage(fmt.Errorf("--%s is for --follow", name))
		}
	}
	return nil
}

// serve serves until it is ended.
func (c *cli) serve(ctx context.Context, o app.ServeOptions) error {
	level := slog.LevelInfo
	if c.quiet {
		level = slog.LevelWarn
	}
	o.Data, o.FlushAge, o.Log = c.data, c.flushAge, telemetry.NewLog(c.err, level)
	o.Ready = func(url string) { fmt.Fprintf(c.out, "weir is at %s (end with Ctrl-C)\n", url) }
	o.Agents.Ready = func(url string) { fmt.Fprintf(c.out, "agents are answered at %s\n", url) }
	err := app.Serve(ctx, o)
	switch {
	case errors.Is(err, lake.ErrLocked):
		return hint(err, "another 'weir serve' or an import holds this data directory; --data names another")
	case errors.Is(err, syscall.EADDRINUSE):
		return hint(err, "--listen 127.0.0.1:0 takes a free port")
	}
	return err
}

func (c *cli) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Say who may log in to the console",
		Long: `Keeps the list of those who may log in to the console, in DATA/secrets/users. A server
that only this machine can reach needs no login; any other asks for one.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "add NAME",
		Short:   "Add a user, or give one a new password",
		Long:    "Adds a user of the console, or gives one a new password. The password is asked for, or\nread from stdin. DATA/secrets/users holds a hash of it.",
		Example: "  weir user add alice\n  pwgen 20 1 | weir user add alice",
		Args:    needArgs(1, 1, "the name"),
		RunE:    func(_ *cobra.Command, args []string) error { return c.userAdd(args[0]) },
	}, &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a user",
		Long:    "Removes a user of the console. A running server lets the name in no more.",
		Example: "  weir user remove alice",
		Args:    needArgs(1, 1, "the name"),
		RunE:    func(_ *cobra.Command, args []string) error { return app.RemoveUser(c.data, args[0]) },
	}, &cobra.Command{
		Use:     "list",
		Short:   "List the users",
		Long:    "Lists those who may log in to the console, one name a line.",
		Example: "  weir user list --json",
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			names, err := app.Users(c.data)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(orEmpty(names))
			}
			for _, n := range names {
				fmt.Fprintln(c.out, n)
			}
			return nil
		},
	})
	return cmd
}

// userAdd asks for a password and adds a user.
func (c *cli) userAdd(name string) error {
	password, err := c.readPassword()
	if err != nil {
		return err
	}
	if err := app.AddUser(c.data, name, password); err != nil {
		return err
	}
	c.note("%s can log in", name)
	return nil
}

package command

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/telemetry"
)

func (c *command) runCommand() *cobra.Command {
	var file string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "run [flags]",
		Short: "Count and write flow logs until a signal comes",
		Long: `Counts what passes the devices that the config names, and writes the flow logs that it
declares. Devices that come later are found within seconds, and those that go are let go.

In mode shadow, the default, everything passes: action is ACCEPT, and weir-would-action
says what the rules would do. In mode enforce what they refuse is dropped, and action is
REJECT; in mode count nothing is decided. In mode observe what the host's own firewall
(nftables, iptables) drops has action REJECT, and weir-reject-rule the hook. Weir's own
fields are in records whose format names them.

Packets are counted by BPF. Where that may not be loaded, "capture: packet" in the config
counts what packet sockets get, with CAP_NET_RAW alone, in modes count and shadow; "auto"
does so where there is no BPF.

Where the config names a server that the agent joined ('weir-agent join'), the server says
the network and the flow logs; the policy that was last in force is kept, and goes on
without the server, also after a restart. Before the first policy nothing is counted.

Credentials of AWS are those that AWS's tools find: the environment, ~/.aws, the instance's
role. AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS and AWS_ENDPOINT_URL_FIREHOSE say
services that are not AWS's, such as the log groups of 'weir serve'.

SIGHUP reads the network's definition again: it is in force for all packets at once, and
connections that are open stay so. One that can't be read, or by which nothing can be decided
at a device that is counted, is not taken.

What was counted is kept in the config's "state" before it is given up in the kernel, and is
delivered when the destination takes it, by this agent or one after it. With "pin", the
default, the kernel goes on counting and deciding when the agent ends or is killed, and the
next agent goes on from there. SIGTERM and SIGINT deliver what they can in 10 s and end.

Health (/healthz), Prometheus metrics (/metrics) and status (/status) are at the config's
"listen", 127.0.0.1:8788 if it says nothing. All that the config may say is in
docs/reference/agent-yaml.md.`,
		Example: `  weir-agent run --config agent.yaml
  AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://127.0.0.1:8787 weir-agent run --config agent.yaml
  curl -s http://127.0.0.1:8788/metrics
  systemctl reload weir-agent    # the definition has changed`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runAgent(cmd.Context(), file, verbose) },
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log each object")
	return cmd
}

// runAgent runs an agent until a signal comes.
func (c *command) runAgent(ctx context.Context, file string, verbose bool) error {
	conf, err := readConfig(file)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	signals, reload := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			select {
			case <-ctx.Done():
				return
			case reload <- struct{}{}:
			}
		}
	}()
	o := agent.Options{Config: conf, Log: telemetry.NewLog(c.err, level), Clock: agent.SystemClock(), Reload: reload, Version: version, Socket: defaultSocket()}
	if conf.Server != "" {
		return runJoined(ctx, o)
	}
	return agent.Run(ctx, o)
}

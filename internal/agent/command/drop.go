package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/agent/config"
)

// dropFor is how long an agent may take to give up what waits: some gigabytes.
const dropFor = time.Hour

func (c *command) dropCommand() *cobra.Command {
	var file, socket string
	var yes bool
	cmd := &cobra.Command{
		Use:   "drop FLOW-LOG [flags]",
		Short: "Give up what waits of a flow log that was taken out",
		Long: `Gives up what waits to be delivered of a flow log that is not in the config any more, or that
the server has deleted: else it is tried for ever, also where the destination is gone for
good. It says how much that is and asks first. What is given up is gone, and is in no SKIPDATA;
weir-agent status and the metric weir_agent_dropped_records_total go on telling of it.

A flow log that is still made is refused: take it out of the config and start the agent again,
or delete it at the server. Of other flow logs nothing is given up, nor what comes after the
question. What is being delivered at the moment is cut: its destination may have it all the
same.

The agent that runs is asked at its Unix socket, which its user and root alone may use. Where
none runs, what waits is given up in the config's "state". What that agent had counted and is in
no record yet is written when one starts: of a flow log that was taken out meanwhile it waits
then, and can be given up too.

The agent that answers at the config's socket, or the default one, has to have the config's
state; --socket names any.`,
		Example: `  sudo weir-agent drop fl-0123456789abcdef0
  sudo weir-agent drop fl-0123456789abcdef0 --yes --json
  sudo weir-agent drop fl-0123456789abcdef0 --config agent.yaml    # no agent runs`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError{errors.New("it takes one FLOW-LOG")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.drop(cmd.Context(), args[0], file, socket, yes, cmd.InOrStdin())
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
			conf, _ := readConfig(file) // without one it is the default socket
			at := socketOf(socket, conf)
			var all agent.Leftovers
			if len(args) == 0 && ask(cmd.Context(), at, http.MethodGet, "/leftovers", nil, &all) == nil {
				for i := range all.Leftovers {
					out = append(out, all.Leftovers[i].FlowLog)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&socket, "socket", "", "Unix socket of the agent: `FILE`; that of the config if nothing is said, or "+defaultSocket())
	if err := cmd.MarkFlagFilename("socket"); err != nil {
		panic(err) // the flag is there
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// left is where something of flow logs waits that were taken out.
type left interface {
	Leftovers(ctx context.Context, flowLog string) (*agent.Leftovers, error)
	Drop(ctx context.Context, flowLog string, through int64, at time.Time) (agent.Dropped, error)
	Close() error
}

// running is an agent that runs, by its socket.
type running struct{ socket string }

// Leftovers asks what waits of a flow log.
func (r running) Leftovers(ctx context.Context, flowLog string) (*agent.Leftovers, error) {
	out := &agent.Leftovers{}
	return out, ask(ctx, r.socket, http.MethodGet, "/leftovers?"+url.Values{"flow_log": {flowLog}}.Encode(), nil, out)
}

// Drop has it given up; the time is the agent's.
func (r running) Drop(ctx context.Context, flowLog string, through int64, _ time.Time) (out agent.Dropped, err error) {
	which := url.Values{"flow_log": {flowLog}, "through": {strconv.FormatInt(through, 10)}}
	return out, askFor(ctx, dropFor, r.socket, http.MethodDelete, "/leftovers?"+which.Encode(), nil, &out)
}

// Close has nothing to close.
func (running) Close() error { return nil }

// find looks where a flow log's records wait, and what: at the agent that answers at the socket, if it is the config's, or else in the config's state.
func (c *command) find(ctx context.Context, flowLog, file, socket string) (left, *agent.Leftover, error) {
	conf, unread := readConfig(file)
	at := socketOf(socket, conf)
	found, err := running{at}.Leftovers(ctx, flowLog)
	switch {
	case err == nil && (socket != "" || unread != nil || found.State == conf.State):
		return one(running{at}, found, flowLog)
	case err == nil: // another agent has the default socket
		err = fmt.Errorf("the agent at %s has its state in %s, and the config says %s", at, found.State, conf.State)
	case !errors.Is(err, errNoAgent):
		return nil, nil, err
	case unread != nil:
		return nil, nil, fmt.Errorf("%w; and what waits where no agent runs is not known: %w", err, unread)
	}
	policy, unread := c.keptPolicy(conf)
	if unread != nil {
		return nil, nil, fmt.Errorf("%w; and which flow logs there are is not known: %w", err, unread)
	}
	s, opened := agent.OpenStopped(ctx, conf, policy)
	if errors.Is(opened, agent.ErrRuns) {
		return nil, nil, fmt.Errorf("%w, and does not answer at %s: --socket FILE says where it does", opened, at)
	}
	if opened != nil {
		return nil, nil, opened
	}
	found, err = s.Leftovers(ctx, flowLog)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return one(s, found, flowLog)
}

// one returns the leftover of a flow log, with where it is.
func one(at left, found *agent.Leftovers, flowLog string) (left, *agent.Leftover, error) {
	for i := range found.Leftovers {
		if l := &found.Leftovers[i]; l.FlowLog == flowLog && l.Items > 0 {
			return at, l, nil
		}
	}
	return nil, nil, errors.Join(fmt.Errorf("nothing waits of %s any more", flowLog), at.Close())
}

// socketOf returns the socket of the agent: the one that is said, or the config's, or the default one.
func socketOf(said string, conf *config.Config) string {
	if said == "" && conf != nil {
		said = conf.Socket
	}
	return cmp.Or(said, defaultSocket())
}

// drop gives up what waits of a flow log, once somebody has said yes.
func (c *command) drop(ctx context.Context, flowLog, file, socket string, yes bool, in io.Reader) (err error) {
	where, l, err := c.find(ctx, flowLog, file, socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, where.Close()) }()
	if !yes {
		to := ""
		if len(l.Destinations) > 0 {
			to = " for " + strings.Join(l.Destinations, ", ")
		}
		fmt.Fprintf(c.err, "%s was taken out, and of it wait%s: %s\ngive that up for good? [y/N] ", flowLog, to, l.Amount.String())
		said, err := bufio.NewReader(io.LimitReader(in, 64)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("cannot read the answer, and gave up nothing: %w", err)
		}
		if said = strings.ToLower(strings.TrimSpace(said)); said != "y" && said != "yes" {
			return errors.New("nobody said yes, and nothing was given up; --yes gives it up without asking")
		}
	}
	d, err := where.Drop(ctx, flowLog, l.Through, time.Now())
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(d)
	}
	fmt.Fprintf(c.out, "gave up of %s: %s\n", d.FlowLog, d.Amount.String())
	return nil
}

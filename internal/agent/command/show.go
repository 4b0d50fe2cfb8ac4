package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/agent/config"
)

func (c *command) devicesCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "devices [flags]",
		Short: "Show which devices of this host are which network interfaces to a config",
		Long: `Reads a config and the network's definition as run does, and shows what the devices of
this host are to it: which network interface, in which mode, and which are refused, and
why. Nothing is counted, and no rights are needed but to look into other network namespaces
and behind pairs, which takes root. Where the config names a server, the policy that was last
in force says the network.`,
		Example: `  weir-agent devices --config agent.yaml
  weir-agent devices --config agent.yaml --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			conf, err := readConfig(file)
			if err != nil {
				return err
			}
			policy, err := c.keptPolicy(conf)
			if err != nil {
				return err
			}
			found, err := agent.Devices(conf, policy)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(found)
			}
			return c.printDevices(found)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// printDevices prints what devices are.
func (c *command) printDevices(found []agent.Match) error {
	if len(found) == 0 {
		fmt.Fprintln(c.out, "no device of this host is one that the config is about")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tSTATE\tINTERFACE\tMODE\tFLIPPED")
	for i := range found {
		m := &found[i]
		id := m.Interface
		if id == "" {
			id = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\n", m.Label(), m.State(), id, cmp.Or(m.Mode, "-"), m.Flipped)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range found {
		m := &found[i]
		if m.Refused != "" {
			fmt.Fprintf(c.out, "%s: %s\n", m.Label(), m.Refused)
		}
		if m.Attached {
			fmt.Fprintf(c.out, "%s: by weir-agent attach\n", m.Label())
		}
		for _, b := range m.Before {
			fmt.Fprintf(c.out, "%s: another BPF program runs before weir's at %s: what it accepts, drops or sends elsewhere is in no record\n", m.Label(), b)
		}
	}
	return nil
}

// printJSON prints a value as JSON.
func (c *command) printJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (c *command) statusCommand() *cobra.Command {
	var address string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "status [flags]",
		Short: "Show what an agent that runs here counts and has written",
		Long: `Asks an agent that runs on this host which devices it counts, by its config or by weir-agent
attach, what its flow logs have delivered since it began, what waits, and what does not work.
The exit code is 1 where something does not.`,
		Example: `  weir-agent status
  weir-agent status --wait 10s    # until an agent that was just started counts
  weir-agent status --address 127.0.0.1:9000 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.status(cmd.Context(), address, wait) },
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait `TIME` for an agent to answer")
	cmd.Flags().StringVar(&address, "address", config.DefaultListen.String(), "`ADDRESS` of the agent, as its config's listen")
	return cmd
}

// mostStatus bounds an agent's answer, in bytes.
const mostStatus = 16 << 20

// askEvery is how often an agent is asked that does not answer yet.
const askEvery = 100 * time.Millisecond

// status asks an agent, and prints what it says.
func (c *command) status(ctx context.Context, address string, wait time.Duration) error {
	s, err := askStatus(ctx, address)
	for end := time.Now().Add(wait); errors.Is(err, errNoAgent) && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return err
		case <-time.After(askEvery):
		}
		s, err = askStatus(ctx, address)
	}
	if err != nil {
		return err
	}
	if len(s.Troubles) > 0 {
		c.code = exitFailed
	}
	if c.json {
		return c.printJSON(s)
	}
	fmt.Fprintf(c.out, "capture: %s\n", s.Capture.By)
	if s.Capture.Why != "" {
		fmt.Fprintf(c.out, "BPF can't be had: %s\n", firstLine(s.Capture.Why))
	}
	if err := c.printDevices(s.Devices); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nFLOW LOG\tRESOURCE\tRECORDS\tOBJECTS\tWAITING\tDELIVERY\tDESTINATION")
	for _, l := range slices.Concat(s.FlowLogs, s.TakenOut) {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", l.ID, cmp.Or(l.Resource, "-"), l.Records, l.Objects, l.Waiting, l.Delivery, cmp.Or(l.Destination, "-"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, l := range slices.Concat(s.FlowLogs, s.TakenOut) {
		if l.Error != "" {
			fmt.Fprintf(c.out, "%s: %s\n", l.ID, l.Error)
		}
		if l.GivenUp > 0 {
			fmt.Fprintf(c.out, "%s: %d records were given up since the agent began: more waited than spool-bytes or state-bytes of the config\n", l.ID, l.GivenUp)
		}
	}
	for _, l := range s.TakenOut {
		fmt.Fprintf(c.out, "%s: it was taken out, and is delivered to its end; weir-agent drop %s gives up what waits\n", l.ID, l.ID)
	}
	for i := range s.Dropped {
		d := &s.Dropped[i]
		fmt.Fprintf(c.out, "%s: given up by weir-agent drop at %s: %s\n", d.FlowLog, d.At.Format(time.RFC3339), d.Amount.String())
	}
	fmt.Fprintf(c.out, "state: %d of %d bytes\n", s.State.Bytes, s.State.Bound)
	if s.Server != nil {
		fmt.Fprintln(c.out, s.Server.Line(time.Now()))
	}
	for _, t := range s.Troubles {
		fmt.Fprintf(c.out, "trouble: %s\n", t)
	}
	return nil
}

// askStatus asks an agent for its status.
func askStatus(ctx context.Context, address string) (*agent.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/status", http.NoBody)
	if err != nil {
		return nil, usageError{err}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w at %s: %w", errNoAgent, address, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("what answers at %s is no agent: %s", address, answer.Status)
	}
	s := &agent.Status{}
	if err := json.NewDecoder(io.LimitReader(answer.Body, mostStatus)).Decode(s); err != nil {
		return nil, fmt.Errorf("what answers at %s is no agent: %w", address, err)
	}
	return s, nil
}

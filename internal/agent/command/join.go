package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/agent/joined"
	"weir/internal/agentapi"
	"weir/internal/telemetry"
)

func (c *command) joinCommand() *cobra.Command {
	r := joined.Request{Version: version, Now: time.Now}
	var token, tokenFile string
	cmd := &cobra.Command{
		Use:   "join --server URL --token-file FILE [flags]",
		Short: "Join a weir server, which says the network and the flow logs from then on",
		Long: `Joins a server with a token that 'weir agent token create' made there, and keeps what it
needs to ask it in a folder for this user alone. The token knows the key of the server's
certificate: where something else answers, nothing is sent to it. The token is not kept.

The agent's config then has the server's address, in "server", and neither "network" nor
"flow-logs". A join that did not come to its end can be made again with the same token. An
agent that runs joins another server when it is started again.`,
		Example: `  weir-agent join --server https://weir.example.net:8789 --token-file /run/token
  ssh weir weir agent token create -q | weir-agent join --server https://weir:8789 --token-file -
  weir-agent join --server https://10.0.0.5:8789 --token weir-join.... --name web-1`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.Server == "" {
				return usageError{errors.New("--server says which server: https://HOST:PORT")}
			}
			text, err := readToken(cmd.InOrStdin(), token, tokenFile)
			if err != nil {
				return err
			}
			if r.Token, err = agentapi.ParseToken(text); err != nil {
				return usageError{err}
			}
			if _, err := agentapi.ParseServer(r.Server); err != nil {
				return usageError{err}
			}
			return c.join(cmd.Context(), &r)
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.Server, "server", "", "`URL` of the server's --agent-listen, https://HOST:PORT")
	f.StringVar(&token, "token", "", "the `TOKEN`, which others on this host can see meanwhile: a file is better")
	f.StringVar(&tokenFile, "token-file", "", "`FILE` with the token; - is stdin")
	name, _ := os.Hostname() // without one the name has to be said
	f.StringVar(&r.Name, "name", name, "`NAME` of the agent in lists of the server")
	f.StringVar(&r.State, "state", config.DefaultState, "`FOLDER` of what is kept, as the config's state")
	if err := errors.Join(cmd.MarkFlagFilename("token-file"), cmd.MarkFlagDirname("state")); err != nil {
		panic(err) // the flags are there
	}
	return cmd
}

// readToken reads the token from where it is said to be.
func readToken(in io.Reader, token, file string) (string, error) {
	switch {
	case (token == "") == (file == ""):
		return "", usageError{errors.New("one of --token and --token-file says the token")}
	case token != "":
		return token, nil
	case file != "-":
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("cannot read the token: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, 4096))
	if err != nil {
		return "", fmt.Errorf("cannot read the token: %w", err)
	}
	return string(text), nil
}

// join joins a server, and says what to do then.
func (c *command) join(ctx context.Context, r *joined.Request) error {
	i, err := joined.Join(ctx, r)
	if err != nil {
		if !joined.Final(err) {
			err = fmt.Errorf("%w (the same token does for another try)", err)
		}
		return err
	}
	if c.json {
		return c.printJSON(map[string]string{"server": i.Server, "id": i.ID, "name": i.Name, "state": r.State})
	}
	fmt.Fprintf(c.out, "joined %s as %s\n", i.Server, i.Name)
	fmt.Fprintf(c.out, "the config needs: server: %s\n", i.Server)
	if r.State != config.DefaultState {
		fmt.Fprintf(c.out, "and: state: %s\n", r.State)
	}
	return nil
}

// openJoined reads what the agent has of its server.
func openJoined(o *agent.Options) (*joined.Agent, error) {
	return joined.Open(joined.Options{Config: o.Config, Version: version, Log: o.Log, Now: time.Now})
}

// runJoined runs an agent by what its server says.
func runJoined(ctx context.Context, o agent.Options) error {
	a, err := openJoined(&o)
	if err != nil {
		return err
	}
	if o.Policy, err = a.First(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // it was ended while it waited
		}
		return err
	}
	o.Policies, o.Server, o.Report = a.Offers(), a.Status, a.Report
	following, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(following) }()
	err = agent.Run(ctx, o)
	stop()
	<-ended
	return err
}

// keptPolicy returns the policy that was last in force, nil where the config has no server.
func (c *command) keptPolicy(conf *config.Config) (*agent.Policy, error) {
	if conf.Server == "" {
		return nil, nil
	}
	a, err := openJoined(&agent.Options{Config: conf, Log: telemetry.NewLog(c.err, 0)})
	if err != nil {
		return nil, err
	}
	if a.Kept() == nil {
		return nil, errors.New("there is no policy of the server yet: 'weir-agent run' gets it")
	}
	return a.Kept(), nil
}

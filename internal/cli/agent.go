package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
)

func (c *cli) agentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Say which hosts' agents belong to this server, and how they are",
		Long: `Keeps which agents (weir-agent, on other hosts) may ask this server what to capture. Agents
join with a token; 'weir serve --agent-listen ADDRESS' answers them: they get the network
definition that 'weir network import' took, and the flow logs that CreateFlowLogs made.
What they say of deliveries is in DescribeFlowLogs.

All of it is in DATA/agents.db, without a secret: of tokens and agents there are hashes
alone. A running server sees each change at the next request.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	token := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke tokens with which agents join",
		Long:  "Makes, lists and revokes tokens with which agents join this server.",
		Args:  subcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	token.AddCommand(c.agentTokenCreateCommand(), c.agentTokenListCommand(), c.agentTokenRevokeCommand())
	cmd.AddCommand(token, c.agentListCommand(), c.agentRemoveCommand())
	return cmd
}

// withAgents calls do with the store of agents.
func (c *cli) withAgents(ctx context.Context, do func(*agentstore.Store) error) error {
	s, err := agentstore.Open(ctx, c.data, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	err = do(s)
	if e, ok := errors.AsType[*agentstore.Error](err); ok {
		if err = usage(e); e.Hint != "" {
			err = hint(err, e.Hint)
		}
	}
	return err
}

func (c *cli) agentTokenCreateCommand() *cobra.Command {
	var expires, comment string
	var joins int
	cmd := &cobra.Command{
		Use:   "create [flags]",
		Short: "Make a token and show it, once",
		Long: `Makes a token with which an agent, or several, can join this server, and prints it. It is not
shown again, and kept nowhere: DATA/agents.db has a hash of it. The token has the SHA-256 of
the public key of the server's certificate, so that agents talk to no other server.

The certificate is made with the first token, in DATA/secrets/agents.pem, and stays. Who
gives 'weir serve' another one (--agent-tls-cert) starts it first.`,
		Example: `  weir agent token create
  weir agent token create --joins 20 --expires 2h --comment "web servers"
  weir agent token create -q | ssh web-1 weir-agent join --server https://weir:8789 --token-file -`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lasts, err := parseAge(expires)
			if err != nil {
				return usage(fmt.Errorf("--expires: %w", err))
			}
			return c.withAgents(cmd.Context(), func(s *agentstore.Store) error {
				pin, err := c.agentPin(cmd.Context(), s)
				if err != nil {
					return err
				}
				secret, t, err := s.CreateToken(cmd.Context(), pin, comment, joins, lasts)
				if err != nil {
					return err
				}
				return c.showAgentToken(secret, &t)
			})
		},
	}
	cmd.Flags().StringVar(&expires, "expires", "24h", "`AGE` after which it lets no agent in any more: 30m, 24h, 7d")
	cmd.Flags().IntVar(&joins, "joins", 1, "`N` agents that it lets in")
	cmd.Flags().StringVar(&comment, "comment", "", "`TEXT` that the list shows")
	completeNothing(cmd, "expires", "joins", "comment")
	return cmd
}

// agentPin returns the pin of the certificate that agents know the server by: the one that a server noted, else of the one that is made.
func (c *cli) agentPin(ctx context.Context, s *agentstore.Store) (agentapi.Pin, error) {
	pin, ok, err := s.Pin(ctx)
	if err != nil || ok {
		return pin, err
	}
	cert, err := agentstore.Certificate(c.data, time.Now())
	if err != nil {
		return pin, err
	}
	pin = agentapi.PinOf(cert.Leaf)
	return pin, s.Know(ctx, pin)
}

// showAgentToken prints a new token.
func (c *cli) showAgentToken(secret *agentapi.Token, t *agentstore.Token) error {
	if c.json {
		return c.printJSON(struct {
			agentstore.Token
			Secret string `json:"token"`
		}{*t, secret.String()})
	}
	fmt.Fprintln(c.out, secret)
	c.note("token %s lets %s join until %s; it is not shown again", t.ID, plural(int64(t.Joins), "agent"), showTime(t.Expires, time.Local))
	return nil
}

func (c *cli) agentTokenListCommand() *cobra.Command {
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the tokens",
		Long:    "Lists the tokens without their secrets. Those that let nobody in any more are shown for 30 days.",
		Example: "  weir agent token list --json",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			return c.withAgents(cmd.Context(), func(s *agentstore.Store) error {
				list, err := s.Tokens(cmd.Context())
				if err != nil {
					return err
				}
				return c.printAgentTokens(list, zone)
			})
		},
	}
	shown.addZone(cmd)
	return cmd
}

// printAgentTokens prints a list of tokens.
func (c *cli) printAgentTokens(list []agentstore.Token, zone *time.Location) error {
	now := time.Now()
	if c.json {
		type listed struct {
			agentstore.Token
			State string `json:"state"`
		}
		out := []listed{}
		for _, t := range list {
			out = append(out, listed{t, t.State(now)})
		}
		return c.printJSON(out)
	}
	var rows [][]string
	for _, t := range list {
		rows = append(rows, []string{t.ID, t.State(now), strconv.Itoa(t.Used) + " of " + strconv.Itoa(t.Joins), showTime(t.Created, zone), showTime(t.Expires, zone), t.Comment})
	}
	if len(rows) == 0 {
		return nil
	}
	return printTable(c.out, []tableColumn{{head: "ID"}, {head: "STATE"}, {head: "JOINED"}, {head: "CREATED"}, {head: "EXPIRES"}, {head: "COMMENT"}}, rows)
}

func (c *cli) agentTokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "Have a token let no agent in any more",
		Long:    "Has a token let no agent in any more. Agents that joined with it stay; 'weir agent remove' removes them.",
		Example: "  weir agent token revoke 0123456789abcdef",
		Args:    needArgs(1, 1, "the id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withAgents(cmd.Context(), func(s *agentstore.Store) error {
				if err := s.RevokeToken(cmd.Context(), args[0]); err != nil {
					return err
				}
				c.note("token %s lets no agent in any more", args[0])
				return nil
			})
		},
		ValidArgsFunction: c.completeAgents(func(ctx context.Context, s *agentstore.Store) (out []string) {
			list, _ := s.Tokens(ctx) // completion offers what it can
			for _, t := range list {
				if t.State(time.Now()) == "valid" {
					out = append(out, t.ID+"\t"+t.Comment)
				}
			}
			return out
		}),
	}
}

// completeAgents offers what the store has, for the first argument.
func (c *cli) completeAgents(of func(context.Context, *agentstore.Store) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
		c.setData()
		if _, err := os.Stat(c.data); err == nil && len(args) == 0 { // a completion makes no data directory
			_ = c.withAgents(cmd.Context(), func(s *agentstore.Store) error { out = of(cmd.Context(), s); return nil })
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *cli) agentRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME|ID",
		Short: "Have the server not know an agent any more",
		Long: `Removes an agent: the server does not answer it any more, and its deliveries do not count any
more. The agent itself goes on with the last policy, and says that the server does not know
it, until it is stopped or joins again.`,
		Example: "  weir agent remove web-1",
		Args:    needArgs(1, 1, "the name or id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withAgents(cmd.Context(), func(s *agentstore.Store) error {
				if err := s.Remove(cmd.Context(), args[0]); err != nil {
					return err
				}
				c.note("agent %s is removed", args[0])
				return nil
			})
		},
		ValidArgsFunction: c.completeAgents(func(ctx context.Context, s *agentstore.Store) (out []string) {
			list, _ := s.Agents(ctx) // completion offers what it can
			for i := range list {
				out = append(out, list[i].Name+"\t"+list[i].ID)
			}
			return out
		}),
	}
}

// policyText says which policy is in force at an agent.
func policyText(r *agentapi.Report) string {
	switch {
	case r == nil:
		return "-"
	case r.Refused != nil:
		return fmt.Sprintf("%d, refuses %d", r.Generation, r.Refused.Generation)
	}
	return strconv.FormatInt(r.Generation, 10)
}

// interfacesText names the network interfaces that an agent records, and counts devices that it does not.
func interfacesText(r *agentapi.Report) string {
	var ids []string
	refused := 0
	for _, d := range r.Devices {
		switch d.State {
		case "recorded":
			ids = append(ids, d.Interface)
		case "refused":
			refused++
		}
	}
	out := strings.Join(ids, " ")
	if refused > 0 {
		out = strings.TrimSpace(fmt.Sprintf("%s (%s refused)", out, plural(int64(refused), "device")))
	}
	return out
}

package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/accesskey"
)

func (c *cli) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Say which AWS clients may call the API",
		Long: `Keeps the access keys with which AWS's clients sign requests to weir, in
DATA/secrets/keys. Without a key there is no API. A running server sees each change at
the next request.

The file has the secrets as they are: a signature of AWS can only be verified by who
has the secret itself. It is for its owner alone, and one that others can read is not
used.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.keysCreateCommand(), c.keysListCommand(), c.keysRevokeCommand())
	return cmd
}

func (c *cli) keysCreateCommand() *cobra.Command {
	var allow []string
	var comment string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an access key and show its secret, once",
		Long: `Makes an access key and prints it as the environment variables that AWS's clients read.
The secret is not shown again; DATA/secrets/keys has it.

--allow takes patterns of actions, SERVICE:ACTION, as IAM writes them: * stands for any
letters, ? for one, and case does not matter. Services are ` + strings.Join(accesskey.Services, ", ") + `.`,
		Example: `  weir keys create grafana --allow 'logs:Get*,logs:StartQuery,logs:StopQuery,logs:Describe*'
  weir keys create agents --allow logs:PutLogEvents --allow 'logs:Create*' > agents.env
  weir keys create admin --comment 'laptop of the operators'`,
		Args: needArgs(1, 1, "the name"),
		RunE: func(_ *cobra.Command, args []string) error {
			k, err := accesskey.Create(c.data, args[0], comment, allow, time.Now())
			if err != nil {
				return keyError(err)
			}
			return c.showKey(k)
		},
	}
	cmd.Flags().StringSliceVar(&allow, "allow", []string{"*"}, "`ACTIONS` that the key may call, such as logs:* (more by commas, or again)")
	cmd.Flags().StringVar(&comment, "comment", "", "`TEXT` that the list shows")
	var patterns []string
	for _, s := range accesskey.Services {
		patterns = append(patterns, s+":*")
	}
	complete(cmd, "allow", patterns...)
	completeNothing(cmd, "comment")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// showKey prints a new key with its secret.
func (c *cli) showKey(k accesskey.Key) error {
	if c.json {
		return c.printJSON(k)
	}
	fmt.Fprintf(c.out, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", k.ID, k.Secret)
	c.note("key %s may call %s; its secret is not shown again", k.Name, strings.Join(k.Allow, ", "))
	return nil
}

func (c *cli) keysListCommand() *cobra.Command {
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the access keys",
		Long:    "Lists the access keys without their secrets, and when each was last used, to the minute.",
		Example: "  weir keys list --json",
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			list, bad := accesskey.List(c.data)
			if bad != nil && list == nil {
				return keyError(bad)
			}
			if err := c.printKeys(list, zone); err != nil {
				return err
			}
			if bad != nil { // the keys that are right are shown all the same
				return keyError(bad)
			}
			return nil
		},
	}
	shown.addZone(cmd)
	return cmd
}

// printKeys prints a list of keys.
func (c *cli) printKeys(list []accesskey.Listed, zone *time.Location) error {
	if c.json {
		return c.printJSON(orEmpty(list))
	}
	var rows [][]string
	for _, k := range list {
		used := "never"
		if k.LastUsed != nil {
			used = showTime(*k.LastUsed, zone)
		}
		rows = append(rows, []string{k.Name, k.ID, strings.Join(k.Allow, " "), showTime(k.Created, zone), used, k.Comment})
	}
	if len(rows) == 0 {
		return nil
	}
	return printTable(c.out, []tableColumn{
		{head: "NAME"}, {head: "ID"}, {head: "MAY CALL"}, {head: "CREATED"}, {head: "LAST USED"}, {head: "COMMENT"},
	}, rows)
}

func (c *cli) keysRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME|ID",
		Short:   "Take an access key away",
		Long:    "Takes an access key away. A running server refuses it from the next request on.",
		Example: "  weir keys revoke grafana",
		Args:    needArgs(1, 1, "the name or id"),
		RunE: func(_ *cobra.Command, args []string) error {
			k, err := accesskey.Revoke(c.data, args[0])
			if err != nil {
				return keyError(err)
			}
			c.note("key %s (%s) is revoked", k.Name, k.ID)
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			c.setData()
			var out []string
			if len(args) == 0 {
				list, _ := accesskey.List(c.data) // completion offers what it can
				for _, k := range list {
					out = append(out, k.Name+"\t"+k.ID)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// keyError marks what was wrong with what was asked for.
func keyError(err error) error {
	e, ok := errors.AsType[*accesskey.Error](err)
	if !ok {
		return err
	}
	err = usage(err)
	if e.Hint != "" {
		err = hint(err, e.Hint)
	}
	return err
}

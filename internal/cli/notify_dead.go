package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) notifyDeadLettersCommand() *cobra.Command {
	var f scopeFlags
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "List the messages that a subscriber did not get",
		Long: `Lists the messages that could not be delivered in the last 14 days, the newest first: who did
not get them, why, and when that was given up. 'weir notify redrive' delivers them again.
JSON has their texts too.`,
		Example: `  weir notify dead-letters
  weir notify dead-letters --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := f.zone()
			if err != nil {
				return err
			}
			return c.deadLetters(cmd.Context(), zone)
		},
	}
	f.addZone(cmd)
	return cmd
}

// deadLetter is a dead letter in JSON.
type deadLetter struct {
	ID           int64     `json:"id"`
	Topic        string    `json:"topic_arn"`
	Subscription string    `json:"subscription_arn"`
	Protocol     string    `json:"protocol"`
	Endpoint     string    `json:"endpoint"`
	Message      string    `json:"message_id"`
	Subject      string    `json:"subject,omitempty"`
	Text         string    `json:"text"`
	Attempts     int       `json:"attempts"`
	Reason       string    `json:"reason"`
	Published    time.Time `json:"published"`
	Died         time.Time `json:"died"`
}

// deadLetters lists dead letters.
func (c *cli) deadLetters(ctx context.Context, zone *time.Location) error {
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.DeadLetters(ctx)
	if err != nil {
		return err
	}
	if c.json {
		out := []deadLetter{}
		for i := range list {
			d := &list[i]
			out = append(out, deadLetter{
				d.ID, d.TopicARN, d.SubscriptionARN, d.Protocol, d.Endpoint, d.MessageID, d.Subject, d.Text, d.Attempts, d.Reason,
				time.UnixMilli(d.Published).UTC(), time.UnixMilli(d.Died).UTC(),
			})
		}
		return c.printJSON(out)
	}
	if len(list) == 0 {
		c.note("there are no dead letters")
		return nil
	}
	var rows [][]string
	for i := range list {
		d := &list[i]
		rows = append(rows, []string{
			strconv.FormatInt(d.ID, 10), showTime(time.UnixMilli(d.Died), zone), app.TopicName(d.TopicARN), d.Protocol + " " + d.Endpoint, d.Subject,
			number(int64(d.Attempts)), d.Reason,
		})
	}
	return printTable(c.out, []tableColumn{
		{head: "ID", right: true}, {head: "GIVEN UP"}, {head: "TOPIC"}, {head: "SUBSCRIBER"}, {head: "SUBJECT"}, {head: "ATTEMPTS", right: true}, {head: "REASON"},
	}, rows)
}

func (c *cli) notifyRedriveCommand() *cobra.Command {
	return c.deadLetterCommand("redrive", "Deliver dead letters again", `Delivers dead letters again, under the ids that they had, with all retries. Where no server runs,
the next one does it.`, "delivered again", false)
}

func (c *cli) notifyDropCommand() *cobra.Command {
	return c.deadLetterCommand("drop", "Remove dead letters", "Removes dead letters for good. They are kept for 14 days otherwise.", "removed", true)
}

// deadLetterCommand returns a command that changes dead letters.
func (c *cli) deadLetterCommand(name, short, long, done string, drop bool) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     name + " ID...|--all",
		Short:   short,
		Long:    long,
		Example: fmt.Sprintf("  weir notify %[1]s 17\n  weir notify %[1]s --all", name),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			c.setData()
			s, err := c.watched(cmd.Context())
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			defer s.Close()
			list, _ := s.DeadLetters(cmd.Context()) // completion says nothing of errors
			var out []string
			for i := range list {
				out = append(out, cobra.CompletionWithDesc(strconv.FormatInt(list[i].ID, 10), list[i].Endpoint+" "+list[i].Subject))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage(errors.New("name dead letters by their ids, or all by --all"))
			}
			var ids []int64
			for _, arg := range args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil {
					return hint(usage(fmt.Errorf("%q is no id of a dead letter", arg)), "'weir notify dead-letters' shows them")
				}
				ids = append(ids, id)
			}
			return c.changeDeadLetters(cmd.Context(), ids, all, drop, done)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all dead letters")
	return cmd
}

// changeDeadLetters delivers dead letters again, or removes them.
func (c *cli) changeDeadLetters(ctx context.Context, ids []int64, all, drop bool, done string) error {
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if all {
		list, err := s.DeadLetters(ctx)
		if err != nil {
			return err
		}
		for i := range list {
			ids = append(ids, list[i].ID)
		}
	}
	for _, id := range ids {
		if err := s.ChangeDeadLetter(ctx, app.DeadLetterChange{ID: id, Drop: drop}); err != nil {
			return err
		}
	}
	verb := "is"
	if len(ids) != 1 {
		verb = "are"
	}
	c.note("%s %s %s", plural(int64(len(ids)), "dead letter"), verb, done)
	return nil
}

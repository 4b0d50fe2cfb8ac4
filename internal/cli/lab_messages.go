package cli

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/lab"
)

// labMessages shows what the lab's receiver got.
func (c *cli) labMessages(dir labDir) *cobra.Command {
	var from string
	var rows bool
	cmd := &cobra.Command{
		Use:   "messages [ALARM]",
		Short: "Show the messages that came to the lab's receiver",
		Long: `Shows the messages that came to the lab's receiver, which a topic of the lab's 'weir serve' may
have for a subscriber of the protocol webhook; 'weir lab status' has its URL. What is of no
alarm, such as what 'weir notify test' sends, has its first line in place of a reason. The source is the one that has most of the log events behind the alarm; --json has all, and
the text that people are told.`,
		Example: `  sudo weir notify subscribe woken webhook http://127.0.0.1:41234/ --data /var/lib/weir-lab/data
  sudo weir notify test woken --data /var/lib/weir-lab/data
  sudo weir lab messages
  sudo weir lab messages ssh --json`,
		Args:              needArgs(0, 1, "the alarm"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			begin := time.Time{}
			if from != "" {
				if begin, err = parseTime(from, time.Local); err != nil {
					return usage(fmt.Errorf("--from: %w", err))
				}
			}
			all, err := lab.Messages(at, begin)
			if err != nil {
				return labHint(err)
			}
			if len(args) > 0 {
				all = slices.DeleteFunc(all, func(m lab.Message) bool { return m.Alarm != args[0] })
			}
			return c.showMessages(all, rows)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "messages that came at or after `TIME`: RFC 3339, a date, or epoch seconds")
	cmd.Flags().BoolVar(&rows, "csv", false, "print alarm, state and source as CSV")
	completeNothing(cmd, "from")
	return cmd
}

// showMessages prints messages.
func (c *cli) showMessages(all []lab.Message, asCSV bool) error {
	if c.json && !asCSV {
		return c.printJSON(all)
	}
	var rows [][]string
	for _, m := range all {
		source := "-"
		if len(m.Sources) > 0 {
			source = m.Sources[0].Address
		}
		why := m.Reason
		if m.Alarm == "" {
			why, _, _ = strings.Cut(strings.TrimSpace(m.Text), "\n")
		}
		rows = append(rows, []string{cmp.Or(m.Alarm, "-"), cmp.Or(m.State, "-"), source, showTime(m.At, time.Local), why})
	}
	if asCSV {
		w := csv.NewWriter(c.out)
		if err := w.Write([]string{"alarm", "state", "source"}); err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.Write(r[:3]); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if len(rows) == 0 {
		c.note("no message has come")
		return nil
	}
	return printTable(c.out, []tableColumn{{head: "ALARM"}, {head: "STATE"}, {head: "SOURCE"}, {head: "CAME"}, {head: "WHY"}}, rows)
}

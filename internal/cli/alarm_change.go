package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) alarmSilenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "silence NAME TIME|off",
		Short: "Hold the messages of an alarm back for a while",
		Long: `Holds the actions of an alarm back for a time from now, such as 2h or 3d, or with "off" no
longer. The alarm is evaluated all the same, and what is held back is in its history. It is
not made up for: an alarm that is still in ALARM when the silence ends sends nothing until
its state changes again.`,
		Example: `  weir alarm silence ssh 2h
  weir alarm silence ssh off`,
		Args: needArgs(2, 2, "the alarm, or for how long"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"1h", "8h", "off"}, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeAlarm(1)(cmd, args, text)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r := app.SilenceRequest{Name: args[0], Until: time.UnixMilli(0)}
			if args[1] != "off" {
				d, err := parseAge(args[1])
				if err != nil {
					return usage(fmt.Errorf("%w, nor off", err))
				}
				r.Until = time.Now().Add(d)
			}
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.SilenceAlarm(cmd.Context(), r); err != nil {
				return err
			}
			if args[1] == "off" {
				c.note("%s is silent no more", r.Name)
			} else {
				c.note("%s is silent until %s", r.Name, showTime(r.Until, time.Local))
			}
			return nil
		},
	}
}

func (c *cli) alarmPutCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "put JSON|@FILE|-",
		Short: "Make an alarm, or change it",
		Long: `Makes an alarm, or changes the one of its name, of the JSON of PutMetricAlarm, as
'aws cloudwatch put-metric-alarm --cli-input-json' takes it; with AlarmRule that of
PutCompositeAlarm, and with ScheduledQueryConfiguration that of PutLogAlarm.`,
		Example: `  weir alarm put '{"AlarmName": "ssh", "Namespace": "mine", "MetricName": "ssh", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
    "Threshold": 20, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:woken"]}'
  weir alarm put @alarm.json`,
		Args: needArgs(1, 1, "the alarm"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := c.textOf("alarm", args[0])
			if err != nil {
				return err
			}
			var in members
			if err := json.Unmarshal([]byte(text), &in); err != nil {
				return hint(usage(fmt.Errorf("the alarm is no JSON object: %w", err)), "'weir alarm put --help' shows one")
			}
			operation := "PutMetricAlarm"
			if in["AlarmRule"] != nil {
				operation = "PutCompositeAlarm"
			}
			if in["ScheduledQueryConfiguration"] != nil {
				operation = "PutLogAlarm"
			}
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if _, err := callAPI[members](cmd.Context(), s, "monitoring", operation, in); err != nil {
				return err
			}
			c.note("the alarm %v is there; 'weir alarm test' says what it would have done", in["AlarmName"])
			return nil
		},
	}
}

func (c *cli) alarmDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME...",
		Short:             "Remove alarms",
		Long:              "Removes alarms. Their history stays for 30 days.",
		Example:           "  weir alarm delete ssh rdp",
		Args:              needArgs(1, -1, "the alarm"),
		ValidArgsFunction: c.completeAlarm(-1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			for _, name := range args { // AWS passes over those that are not there
				if _, err := describeAlarm(cmd.Context(), s, name); err != nil {
					return err
				}
			}
			_, err = callAPI[members](cmd.Context(), s, "monitoring", "DeleteAlarms", members{"AlarmNames": args})
			return err
		},
	}
}

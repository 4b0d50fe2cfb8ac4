package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/detection"
)

func (c *cli) watchAddCommand() *cobra.Command {
	var group, rule, metric string
	var notify []string
	var dryRun bool
	values := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "add DETECTION",
		Short: "Make a detection, and say who is told",
		Long: `Makes a detection for a log group: its rules, alarms and topic, whatever of them is not
there or is otherwise. Doing it again changes nothing; with other numbers it changes just
those. 'weir watch detections DETECTION' says what it counts and what the numbers mean.

--notify takes, as often as it is given:
  arn:aws:sns:...   a topic that is there
  mailto:ADDRESS    e-mail, once it is confirmed
  https://...       an endpoint of SNS's messages, once it is confirmed; also http://
  slack:URL, teams:URL, webhook:URL
  command:NAME      a command that 'weir serve --notify-command' names
Without it those are told who are told already; where there are none, alarms change their
states and nobody is told.

--rule makes a detection of your own, under a name of your own: the definition of a rule of
Contributor Insights, as PutInsightRule takes it, and an alarm on one of its metrics.
docs/reference/weir-log-rules.md says what rules for flow logs have beside AWS's.

A LogFormat without a field that the detection needs is refused. --dry-run prints what would
be made, where nothing of it is there, as commands of the AWS CLI, or with --json as JSON.`,
		Example: `  weir watch add ssh-bruteforce --notify mailto:soc@example.com
  weir watch add rdp-bruteforce --threshold 100 --period 60s --notify slack:https://hooks.slack.com/services/T0/B0/x
  weir watch add large-egress --threshold 5GB --period 1h --group prod-flow-logs --notify command:page
  weir watch add loss --dry-run
  weir watch add ssh-allowed --rule ssh-allowed.json --threshold 1 --period 60s --notify mailto:soc@example.com`,
		Args:              needArgs(1, 1, "the detection"),
		ValidArgsFunction: completeDetection,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := app.DetectionRequest{Name: args[0], Group: group, Data: c.data, Now: time.Now(), Values: map[string]float64{}}
			d, err := c.detectionOf(&r, rule, metric)
			if err != nil {
				return err
			}
			for name, text := range values {
				if !cmd.Flags().Changed(name) {
					continue
				}
				v, err := parseValue(d, name, *text)
				if err != nil {
					return usage(fmt.Errorf("--%s: %w", name, err))
				}
				r.Values[name] = v
			}
			for _, text := range notify {
				t, err := detection.ParseTarget(text)
				if err != nil {
					return usage(fmt.Errorf("--notify: %w", err))
				}
				r.Targets = append(r.Targets, t)
			}
			return c.watchAdd(cmd, &r, dryRun)
		},
	}
	f := cmd.Flags()
	c.groupFlag(cmd, &group)
	f.StringArrayVar(&notify, "notify", nil, "`TARGET` that is told; may be given several times")
	f.StringVar(&rule, "rule", "", "`FILE` with the definition of a rule; - is stdin")
	f.StringVar(&metric, "metric", "", "`METRIC` of --rule that the alarm watches: "+strings.Join(detection.Metrics, ", ")+" (default "+detection.Metrics[0]+")")
	complete(cmd, "metric", detection.Metrics...)
	f.BoolVar(&dryRun, "dry-run", false, "print what would be made, and make nothing")
	for _, v := range []struct{ name, usage string }{
		{detection.Threshold, "`N` from which on the alarm goes off; bytes may be written as 5GB"},
		{detection.Period, "`TIME` in which is counted, in whole minutes: 60s, 5m, 1h"},
		{detection.Times, "`N` times as much as before, for reject-spike"},
	} {
		values[v.name] = f.String(v.name, "", v.usage+" (default: the detection's)")
	}
	completeNothing(cmd, "notify", detection.Threshold, detection.Period, detection.Times)
	return cmd
}

// detectionOf returns the detection that is asked for, and reads the rule of one of somebody's own.
func (c *cli) detectionOf(r *app.DetectionRequest, file, metric string) (*detection.Detection, error) {
	r.Metric = metric
	if file == "" {
		d, ok := detection.ByName(r.Name)
		switch {
		case !ok:
			return nil, hint(asFlags(app.NoDetection(r.Name)), "--rule FILE makes one of your own")
		case metric != "":
			return nil, usage(errors.New("--metric is for --rule"))
		}
		return d, nil
	}
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(c.in)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the rule: %w", err)
	}
	if r.Rule = strings.TrimSpace(string(text)); r.Rule == "" {
		return nil, usage(errors.New("--rule: there is nothing in it"))
	}
	return detection.Own(r.Name), nil
}

// parseValue reads the value of a parameter.
func parseValue(d *detection.Detection, name, text string) (float64, error) {
	p := d.Parameter(name)
	if p == nil {
		return 0, fmt.Errorf("%s takes none", d.Name)
	}
	switch p.Unit {
	case detection.Seconds:
		v, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%q is no time such as 60s, 5m or 1h", text)
		}
		return v.Seconds(), nil
	case detection.Bytes:
		v, err := parseSize(text)
		return float64(v), err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return v, nil
}

func (c *cli) watchAdd(cmd *cobra.Command, r *app.DetectionRequest, dryRun bool) error {
	ctx := cmd.Context()
	s, err := c.writer(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if dryRun {
		p, err := app.PlanDetection(ctx, s, r)
		if err != nil {
			return asFlags(err)
		}
		if c.json {
			return c.printJSON(p)
		}
		for _, call := range p.Calls() {
			if _, err := fmt.Fprintln(people{c.out}, call); err != nil {
				return err
			}
		}
		return nil
	}
	made, err := app.AddDetection(ctx, s, r)
	if err != nil {
		return asFlags(err)
	}
	if err := c.printMade(made); err != nil {
		return err
	}
	if len(made.Actions) == 0 {
		c.note("nobody is told: --notify says who is")
	}
	for _, t := range r.Targets {
		if t.Protocol == "email" || t.Protocol == "http" || t.Protocol == "https" {
			c.note("%s is told once it has confirmed; 'weir watch show %s' says whether it has", t, made.Detection)
		}
	}
	if _, remote := s.(*app.Remote); !remote {
		c.note("'weir serve' counts and tells: it does not run")
	}
	return nil
}

// asFlags marks an error in what was asked for as one of the command line.
func asFlags(err error) error {
	if _, ok := errors.AsType[*app.UsageError](err); ok {
		return usage(err)
	}
	return err
}

// printMade prints what became of the parts of a detection.
func (c *cli) printMade(m *app.DetectionMade) error {
	if c.json {
		return c.printJSON(m)
	}
	out := people{c.out}
	for _, p := range m.Parts {
		if _, err := fmt.Fprintf(out, "%-9s %s %s\n", p.Done, p.Kind, p.Name); err != nil {
			return err
		}
	}
	return nil
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) apiCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "api SERVICE OPERATION [JSON|@FILE|-]",
		Short: "Carry out an operation of AWS, as a client does",
		Long: `Carries out an operation of a service of AWS as a request of a client does, without a key
and a signature, and prints the answer. What is asked is a JSON object with the names that
AWS's API has, as 'aws ... --cli-input-json' takes it; times are seconds since the epoch. A
name that the operation has not got is refused.
Services are logs, cloudwatch (or monitoring, as it is on the wire), sns and athena. Without a
server, what it changes is in the data directory, and 'weir serve' carries on with it.`,
		Example: `  weir api monitoring DescribeAlarms
  weir api logs PutMetricFilter '{"logGroupName": "/weir/flow-logs", "filterName": "ssh", "filterPattern": "[..., dstport = 22, protocol, packets, bytes, start, end, action = REJECT, status]",
    "metricTransformations": [{"metricName": "ssh", "metricNamespace": "mine", "metricValue": "1"}]}'
  weir api monitoring PutMetricAlarm @alarm.json
  weir api sns CreateTopic '{"Name": "woken"}'`,
		Args: needArgs(2, 3, "the service and the operation"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return apiServices, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(apiServices, args[0]) { // those of EC2 and STS have other names on the wire than in the API
				return hint(usage(fmt.Errorf("there is no service %q", args[0])), "services are "+strings.Join(apiServices, ", "))
			}
			service := args[0]
			if service == "cloudwatch" { // as AWS's CLI calls it
				service = "monitoring"
			}
			in := "{}"
			if len(args) == 3 {
				var err error
				if in, err = c.textOf("request", args[2]); err != nil {
					return err
				}
			}
			var object map[string]any
			if err := json.Unmarshal([]byte(in), &object); err != nil {
				return hint(usage(fmt.Errorf("what is asked is no JSON object: %w", err)), `such as '{"Name": "woken"}'`)
			}
			open := c.writer
			if asks.MatchString(args[1]) { // it makes no data directory
				open = c.watched
			}
			s, err := open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			out, err := s.CallAPI(cmd.Context(), service, args[1], []byte(in))
			if err != nil {
				return apiError(err)
			}
			var b bytes.Buffer
			if err := json.Indent(&b, out, "", "  "); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, b.String())
			return err
		},
	}
}

// asks matches the names of operations that change nothing.
var asks = regexp.MustCompile(`^(Describe|Get|List|Filter)`)

// apiServices are the services whose operations can be carried out.
var apiServices = []string{"logs", "cloudwatch", "monitoring", "sns", "athena"}

// watched returns a service that has what watches: the server's, or one that holds the data directory meanwhile. It makes no data directory.
func (c *cli) watched(ctx context.Context) (app.Service, error) {
	if !app.HasLogStore(c.data) {
		s, err := c.reader(ctx) // says that there is no lake
		if err != nil {
			return nil, err
		}
		if _, served := s.(*app.Remote); served {
			return s, nil
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
	return c.writer(ctx)
}

// server returns the server that holds the data directory.
func (c *cli) server(ctx context.Context, what string) (app.Service, error) {
	s, err := app.Dial(ctx, c.data, version)
	if errors.Is(err, app.ErrNoServer) {
		return nil, hint(fmt.Errorf("no server runs on %s, and %s", c.data, what), "weir serve --data "+c.data)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// callAPI carries out an operation of AWS and reads its answer.
func callAPI[Out any](ctx context.Context, s app.Service, service, operation string, in any) (*Out, error) {
	out := new(Out)
	return out, apiError(app.CallOperation(ctx, s, service, operation, in, out))
}

// eachPage carries out an operation of AWS until its answer has no further page.
func eachPage[Page any](ctx context.Context, s app.Service, service, operation string, in members, do func(*Page) error) error {
	return apiError(app.EachPage(ctx, s, service, operation, in, do))
}

// apiError returns an error of an operation of AWS as commands show it: what a client would be told is wrong usage.
func apiError(err error) error {
	code, text, ok := app.APIError(err)
	switch {
	case !ok:
		return err
	case text == "":
		return usage(errors.New(code))
	}
	return usage(fmt.Errorf("%s: %s", code, text))
}

// members are those of a JSON object.
type members = map[string]any

// epoch is a time in the JSON of AWS's API: seconds since the epoch, with a fraction.
type epoch float64

// time returns the time; the zero time for 0.
func (e epoch) time() time.Time {
	if e == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(float64(e)*1000 + 0.5))
}

// epochOf returns a time as AWS's API has it.
func epochOf(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

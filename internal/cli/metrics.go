package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) metricsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Show metrics: of flow logs, of metric filters, and those that clients put",
		Long: `Metrics are those of CloudWatch. weir counts flow logs itself, in the namespace
` + app.FlowLogsNamespace + `; metric filters make others of log events, and clients put theirs.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.metricsListCommand(), c.metricsGetCommand())
	return cmd
}

// A shownMetric is a metric as ListMetrics shows it.
type shownMetric struct {
	Namespace  string `json:"Namespace"`
	MetricName string
	Dimensions []metricDimension
}

// metricDimension is a dimension of a metric.
type metricDimension struct{ Name, Value string }

// dimensions writes the dimensions of a metric as the arguments of weir metrics get.
func (m *shownMetric) dimensions() string {
	out := make([]string, len(m.Dimensions))
	for i, d := range m.Dimensions {
		out[i] = d.Name + "=" + d.Value
	}
	return strings.Join(out, " ")
}

// listMetrics returns the metrics that a request is for.
func listMetrics(ctx context.Context, s app.Service, in members) ([]shownMetric, error) {
	var out []shownMetric
	type answer struct{ Metrics []shownMetric }
	err := eachPage(ctx, s, "monitoring", "ListMetrics", in, func(page *answer) error {
		out = append(out, page.Metrics...)
		return nil
	})
	return out, err
}

// metricRequest returns the members of a request that name a metric: a namespace, a name, and dimensions as NAME=VALUE.
func metricRequest(args []string) (members, error) {
	in := members{}
	if len(args) > 0 {
		in["Namespace"] = args[0]
	}
	if len(args) > 1 {
		in["MetricName"] = args[1]
	}
	if len(args) > 2 {
		dimensions := []members{}
		for _, arg := range args[2:] {
			name, value, ok := strings.Cut(arg, "=")
			if !ok || name == "" || value == "" {
				return nil, hint(usage(fmt.Errorf("%q is no dimension", arg)), "such as InterfaceId=eni-0a1b2c3d")
			}
			dimensions = append(dimensions, members{"Name": name, "Value": value})
		}
		in["Dimensions"] = dimensions
	}
	return in, nil
}

// completeMetric completes namespaces, then names, then dimensions.
func (c *cli) completeMetric(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	c.setData()
	in, err := metricRequest(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	s, err := c.watched(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer s.Close()
	list, _ := listMetrics(cmd.Context(), s, in) // completion says nothing of errors
	var out []string
	for i := range list {
		m := &list[i]
		switch len(args) {
		case 0:
			out = append(out, m.Namespace)
		case 1:
			out = append(out, m.MetricName)
		default:
			for _, d := range m.Dimensions {
				if text := d.Name + "=" + d.Value; !slices.Contains(args[2:], text) {
					out = append(out, text)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp
}

func (c *cli) metricsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list [NAMESPACE [NAME [DIMENSION=VALUE]...]]",
		Short: "List metrics",
		Long: `Lists the metrics that had data in the last two weeks: all, those of a namespace, of a name,
or with some dimensions. ListMetrics of AWS says which these are.`,
		Example: `  weir metrics list
  weir metrics list ` + app.FlowLogsNamespace + ` Bytes`,
		Args:              needArgs(0, -1, ""),
		ValidArgsFunction: c.completeMetric,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := metricRequest(args)
			if err != nil {
				return err
			}
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := listMetrics(cmd.Context(), s, in)
			if err != nil {
				return err
			}
			if c.json {
				type metric struct {
					Namespace  string            `json:"namespace"`
					Name       string            `json:"name"`
					Dimensions map[string]string `json:"dimensions"`
				}
				out := []metric{}
				for _, m := range list {
					one := metric{m.Namespace, m.MetricName, map[string]string{}}
					for _, d := range m.Dimensions {
						one.Dimensions[d.Name] = d.Value
					}
					out = append(out, one)
				}
				return c.printJSON(out)
			}
			if len(list) == 0 {
				c.note("there are no such metrics")
				return nil
			}
			var rows [][]string
			for i := range list {
				m := &list[i]
				rows = append(rows, []string{m.Namespace, m.MetricName, m.dimensions()})
			}
			return printTable(c.out, []tableColumn{{head: "NAMESPACE"}, {head: "NAME"}, {head: "DIMENSIONS"}}, rows)
		},
	}
}

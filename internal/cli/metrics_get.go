package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/query"
)

// metricsSince is how far back values are shown where nothing says it.
const metricsSince = time.Hour

// metricsFlags are those of weir metrics get.
type metricsFlags struct {
	scope                    scopeFlags
	stat, unit, expr, format string
	period                   time.Duration
	chart                    string
}

func (c *cli) metricsGetCommand() *cobra.Command {
	var f metricsFlags
	cmd := &cobra.Command{
		Use:   "get NAMESPACE NAME [DIMENSION=VALUE]...",
		Short: "Show the values of a metric",
		Long: `Shows a statistic of a metric for each period of the last hour, or of --since, --from and
--to: of the metric with just these dimensions, as CloudWatch has it. --expr shows an
expression of metric math instead, which has the metric as m, and can do without one:
  weir metrics get --expr 'SUM(SEARCH(...))'
Periods without data have no row.

` + chartHelp,
		Example: `  weir metrics get ` + app.FlowLogsNamespace + ` Rejects InterfaceId=eni-0a1b2c3d --since 3h
  weir metrics get mine ssh --stat p99 --period 5m --format csv
  weir metrics get mine ssh --expr 'RATE(m) * 60' --chart line`,
		Args:              needArgs(0, -1, ""),
		ValidArgsFunction: c.completeMetric,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"stat", "unit"} {
				if len(args) == 0 && f.expr != "" && cmd.Flags().Changed(name) {
					return hint(usage(fmt.Errorf("--%s is of a metric, and none is named", name)), "SEARCH of an expression names a statistic itself")
				}
			}
			return c.metricsGet(cmd.Context(), args, &f)
		},
	}
	f.scope.addTimes(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.stat, "stat", "Sum", "`STATISTIC`: SampleCount, Sum, Average, Minimum, Maximum, a percentile such as p99")
	fl.DurationVar(&f.period, "period", time.Minute, "`LENGTH` of a period")
	fl.StringVar(&f.unit, "unit", "", "only data of the `UNIT`")
	fl.StringVar(&f.expr, "expr", "", "show an `EXPRESSION` of metric math, in which the metric is m")
	fl.StringVar(&f.format, "format", "", "`FORM` of the values: "+strings.Join(logsForms, ", ")+" (default table; json with --json)")
	addChart(cmd, &f.chart)
	complete(cmd, "stat", "SampleCount", "Sum", "Average", "Minimum", "Maximum", "p50", "p90", "p99")
	complete(cmd, "format", logsForms...)
	complete(cmd, "period", "10s", "1m", "5m", "1h")
	completeNothing(cmd, "unit", "expr")
	return cmd
}

// queries returns the queries of GetMetricData.
func (f *metricsFlags) queries(args []string) ([]members, error) {
	switch {
	case f.period%time.Second != 0 || f.period <= 0:
		return nil, usage(errors.New("--period must be whole seconds"))
	case len(args) == 1 || len(args) == 0 && f.expr == "":
		return nil, hint(usage(errors.New("the namespace and the name of the metric are missing")), "'weir metrics list' shows metrics", "--expr can do without one")
	}
	period := int64(f.period / time.Second)
	var out []members
	if len(args) > 0 {
		metric, err := metricRequest(args)
		if err != nil {
			return nil, err
		}
		stat := members{"Metric": metric, "Period": period, "Stat": f.stat}
		if f.unit != "" {
			stat["Unit"] = f.unit
		}
		out = append(out, members{"Id": "m", "MetricStat": stat, "ReturnData": f.expr == ""})
	}
	if f.expr != "" {
		out = append(out, members{"Id": "e", "Expression": f.expr, "Period": period})
	}
	return out, nil
}

// A metricSeries is a result of GetMetricData.
type metricSeries struct {
	ID         string `json:"Id"`
	Label      string
	Timestamps []epoch
	Values     []float64
}

// metricData returns what queries give.
func metricData(ctx context.Context, s app.Service, in members) ([]*metricSeries, error) {
	var out []*metricSeries
	at := map[string]*metricSeries{}
	type answer struct{ MetricDataResults []metricSeries }
	err := eachPage(ctx, s, "monitoring", "GetMetricData", in, func(page *answer) error {
		for i := range page.MetricDataResults {
			r := &page.MetricDataResults[i]
			key := r.ID + "\x00" + r.Label
			if at[key] == nil {
				at[key] = &metricSeries{ID: r.ID, Label: r.Label}
				out = append(out, at[key])
			}
			at[key].Timestamps, at[key].Values = append(at[key].Timestamps, r.Timestamps...), append(at[key].Values, r.Values...)
		}
		return nil
	})
	return out, err
}

// metricsGet shows the values of a metric.
func (c *cli) metricsGet(ctx context.Context, args []string, f *metricsFlags) error {
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	form, err := c.logsForm(f.format)
	if err != nil {
		return err
	}
	if err := c.checkChart(f.chart, form); err != nil {
		return err
	}
	now := time.Now()
	scope, err := f.scope.scope(now)
	if err != nil {
		return err
	}
	if scope.To.IsZero() {
		scope.To = now
	}
	if scope.From.IsZero() {
		scope.From = scope.To.Add(-metricsSince)
	}
	queries, err := f.queries(args)
	if err != nil {
		return err
	}
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	series, err := metricData(ctx, s, members{"MetricDataQueries": queries, "StartTime": epochOf(scope.From), "EndTime": epochOf(scope.To), "ScanBy": "TimestampAscending"})
	if err != nil {
		return err
	}
	rows := &listed{columns: []query.Column{{Name: "time", Type: query.Time}}}
	if len(series) > 1 {
		rows.columns = append(rows.columns, query.Column{Name: "label", Type: query.Text})
	}
	name := "value"
	if len(args) > 1 && f.expr == "" && !strings.EqualFold(f.stat, "SampleCount") {
		name = args[1] // bytes are shown as such
	}
	rows.columns = append(rows.columns, query.Column{Name: name, Type: query.Float})
	for _, one := range series {
		for i, at := range one.Timestamps {
			row := []any{at.time()}
			if len(series) > 1 {
				row = append(row, one.Label)
			}
			rows.rows = append(rows.rows, append(row, wholeNumber(one.Values[i])))
		}
	}
	if len(rows.rows) == 0 {
		c.note("no data from %s to %s", showTime(scope.From, zone), showTime(scope.To, zone))
	}
	_, err = c.printAnswer(rows, form, f.chart, zone)
	return err
}

// wholeNumber returns a number as an integer where it is one, so that it is shown with all its digits.
func wholeNumber(v float64) any {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return int64(v)
	}
	return v
}

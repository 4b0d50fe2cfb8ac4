package app

import (
	"cmp"
	"context"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/flowlog"
	"weir/internal/metricstore"
	"weir/internal/query"
)

// FlowLogsNamespace is the namespace of weir's own metrics of flow logs.
const FlowLogsNamespace = "Weir/FlowLogs"

// Dimensions of weir's own metrics: each metric has one of them.
const (
	dimensionInterface = "InterfaceId"
	dimensionVPC       = "VpcId"
	dimensionPortClass = "PortClass"
)

const (
	// mostInterfaces and mostVPCs are how many interfaces and VPCs have series of their own on a day (UTC, by the clock); those that come
	// then are counted together, as otherSeries.
	mostInterfaces = 1000
	mostVPCs       = 100
	otherSeries    = "other"
	// flowMetricsBack is how far back records are counted: as long as points of a minute are kept.
	flowMetricsBack = 15 * 24 * time.Hour
)

// portClasses are classes of ports. A record is of the class of its destination port; where that has none, of its source port, since a
// reply comes from the port of the service.
var portClasses = []struct {
	name  string
	ports []int64
}{
	{"SSH", []int64{22}},
	{"RDP", []int64{3389}},
	{"DNS", []int64{53}},
	{"HTTP", []int64{80, 443, 8080, 8443}},
	{"Database", []int64{1433, 1521, 3306, 5432, 5439, 6379, 27017}},
}

// classOf returns the class of a record's ports.
func classOf(dst, src string) string {
	for _, port := range []string{dst, src} {
		n, err := strconv.ParseInt(port, 10, 64)
		for _, c := range portClasses {
			if err == nil && slices.Contains(c.ports, n) {
				return c.name
			}
		}
	}
	return otherClass
}

// otherClass is the class of all other ports, and of what has none.
const otherClass = "Other"

// flowMetrics counts bytes, packets, records and rejects of VPC flow logs, minute by minute, by interface, VPC and class of port, as records are
// delivered. NODATA and SKIPDATA are no flows. A record counts in the minute of its start.
type flowMetrics struct {
	day              int64 // since the epoch
	interfaces, vpcs map[string]bool
}

// flowSeries is which interfaces and VPCs have series of their own on a day.
type flowSeries struct {
	Day        int64    `json:"day"`
	Interfaces []string `json:"interfaces,omitempty"`
	VPCs       []string `json:"vpcs,omitempty"`
}

// begin goes on with the series of a position.
func (m *flowMetrics) begin(s flowSeries) {
	m.day, m.interfaces, m.vpcs = s.Day, map[string]bool{}, map[string]bool{}
	for _, id := range s.Interfaces {
		m.interfaces[id] = true
	}
	for _, id := range s.VPCs {
		m.vpcs[id] = true
	}
}

func (m *flowMetrics) series() flowSeries {
	return flowSeries{m.day, slices.Sorted(maps.Keys(m.interfaces)), slices.Sorted(maps.Keys(m.vpcs))}
}

// longestID is how long ids are that have series of their own, in bytes.
const longestID = 255

// seriesOf returns the value of a dimension: the id, or otherSeries where there are too many, or where it can be that of no dimension: a file may say anything.
func seriesOf(known map[string]bool, id string, most int) string {
	if !known[id] {
		if len(known) >= most || len(id) > longestID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
			return otherSeries
		}
		known[id] = true
	}
	return id
}

// seriesMinute is a series and a minute.
type seriesMinute struct {
	dimension, value string
	minute           int64 // seconds since the epoch
}

// flowSum is what records add to a series in a minute.
type flowSum struct {
	records, rejects float64
	bytes, packets   metricstore.Statistics
}

// vpcOf returns the VPC of records of a minute, in seconds since the epoch: that of vpc-id, where they have one, else that of their interface by the definition in force then; ""
// where nobody tells it.
func vpcOf(told *query.Names, vpc, eni string, minute int64) string {
	if vpc != "" || eni == "" {
		return vpc
	}
	return told.VPC(eni, minute, minute+60)
}

// count counts the records of objects.
func (m *flowMetrics) count(ctx context.Context, groups *LakeGroups, names *names, part objectsPart, now time.Time) ([]metricstore.Datum, error) {
	oldest := now.Add(-flowMetricsBack).Unix()
	if part.to <= oldest {
		return nil, nil
	}
	if day := floorSeconds(now.UnixMilli()) / 86400; day != m.day {
		m.begin(flowSeries{Day: day})
	}
	told, err := names.get(ctx, query.FromDefinition)
	if err != nil {
		return nil, err
	}
	sums := map[seriesMinute]*flowSum{}
	err = groups.each(ctx, query.Plan{Kind: flowlog.KindVPC}, func(row []any) error {
		f := readFlowRow(row)
		add := func(dimension, value string) {
			key := seriesMinute{dimension, value, f.minute}
			if sums[key] == nil {
				sums[key] = &flowSum{}
			}
			sums[key].add(&f)
		}
		if f.eni != "" {
			add(dimensionInterface, seriesOf(m.interfaces, f.eni, mostInterfaces))
		}
		if vpc := vpcOf(told, f.vpc, f.eni, f.minute); vpc != "" {
			add(dimensionVPC, seriesOf(m.vpcs, vpc, mostVPCs))
		}
		add(dimensionPortClass, f.class)
		return nil
	}, &query.Filter{Where: flowWhere(part, oldest)}, flowAggregate())
	if err != nil {
		return nil, err
	}
	return flowData(sums, part.backfilled), nil
}

// flowWhere is the condition of the records that count.
func flowWhere(part objectsPart, oldest int64) query.Expr {
	status := column(flowlog.LogStatus)
	return allOf(part.where(), call(query.Ge, eventTime(), literal(oldest)),
		call(query.Or, call(query.IsAbsent, status), call(query.Not, call(query.In, status, literal("NODATA"), literal("SKIPDATA")))))
}

// flowAggregate sums records up by all that the metrics are by.
func flowAggregate() *query.Aggregate {
	a := &query.Aggregate{
		By: []query.Named{
			{Name: "minute", Expr: call(query.Bin, eventTime(), literal(int64(60)))},
			{Name: "eni", Expr: column(flowlog.InterfaceID)},
			{Name: "vpc", Expr: column(flowlog.VPCID)},
			{Name: "action", Expr: column(flowlog.Action)},
		},
		Aggs: []query.Agg{{Name: "n", Func: query.CountRows}},
	}
	for _, side := range []flowlog.FieldID{flowlog.DstPort, flowlog.SrcPort} {
		for _, c := range portClasses {
			args := []query.Expr{column(side)}
			for _, p := range c.ports {
				args = append(args, literal(p))
			}
			expr := call(query.In, args...)
			if len(c.ports) == 1 {
				expr = call(query.Eq, args...)
			}
			a.By = append(a.By, query.Named{Name: flowlog.FieldByID(side).Column + "_" + c.name, Expr: expr})
		}
	}
	for _, f := range []flowlog.FieldID{flowlog.Bytes, flowlog.Packets} {
		name := flowlog.FieldByID(f).Column
		a.Aggs = append(a.Aggs,
			query.Agg{Name: name + "_n", Func: query.Count, Arg: column(f)}, query.Agg{Name: name + "_sum", Func: query.Sum, Arg: column(f)},
			query.Agg{Name: name + "_min", Func: query.Min, Arg: column(f)}, query.Agg{Name: name + "_max", Func: query.Max, Arg: column(f)})
	}
	return a
}

// flowRow is records that are alike in all that the metrics are by.
type flowRow struct {
	minute           int64
	eni, vpc, class  string
	records, rejects float64
	bytes, packets   metricstore.Statistics
}

// readFlowRow reads a row of flowAggregate.
func readFlowRow(row []any) flowRow {
	f := flowRow{minute: integer(row[0]), eni: valueText(row[1]), vpc: valueText(row[2]), class: otherClass}
	action := valueText(row[3])
	rest := row[4:]
	for i := range 2 * len(portClasses) {
		if is, _ := rest[i].(bool); is {
			f.class = portClasses[i%len(portClasses)].name
			break
		}
	}
	rest = rest[2*len(portClasses):]
	f.records = float64(integer(rest[0]))
	if action == "REJECT" {
		f.rejects = f.records
	}
	f.bytes, f.packets = readStatistics(rest[1:]), readStatistics(rest[5:])
	return f
}

// readStatistics reads the count, sum, minimum and maximum of a field.
func readStatistics(row []any) metricstore.Statistics {
	return metricstore.Statistics{SampleCount: float(row[0]), Sum: float(row[1]), Minimum: float(row[2]), Maximum: float(row[3])}
}

// float returns an integer of any size as a number; 0 where it is absent.
func float(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	}
	return 0
}

func (s *flowSum) add(f *flowRow) {
	s.records += f.records
	s.rejects += f.rejects
	s.bytes = mergedStatistics(s.bytes, f.bytes)
	s.packets = mergedStatistics(s.packets, f.packets)
}

func mergedStatistics(a, b metricstore.Statistics) metricstore.Statistics {
	switch {
	case a.SampleCount == 0:
		return b
	case b.SampleCount == 0:
		return a
	}
	return metricstore.Statistics{
		SampleCount: a.SampleCount + b.SampleCount, Sum: a.Sum + b.Sum, Minimum: min(a.Minimum, b.Minimum), Maximum: max(a.Maximum, b.Maximum),
	}
}

// flowData returns sums as data: Rejects has a 1 for each record that was refused, and a 0 for each other.
func flowData(sums map[seriesMinute]*flowSum, backfilled bool) []metricstore.Datum {
	var out []metricstore.Datum
	for _, k := range slices.SortedFunc(maps.Keys(sums), compareSeriesMinutes) {
		s := sums[k]
		datum := func(name, unit string) metricstore.Datum {
			return metricstore.Datum{
				Metric: metricstore.Metric{Namespace: FlowLogsNamespace, Name: name, Dimensions: []metricstore.Dimension{{Name: k.dimension, Value: k.value}}},
				Time:   k.minute * 1000, Unit: unit, Resolution: 60, Backfilled: backfilled,
			}
		}
		for _, sized := range []struct {
			name, unit string
			of         metricstore.Statistics
		}{{"Bytes", "Bytes", s.bytes}, {"Packets", "Count", s.packets}} {
			if sized.of.SampleCount > 0 {
				d := datum(sized.name, sized.unit)
				d.Statistics = &sized.of
				out = append(out, d)
			}
		}
		records := datum("Records", "Count")
		records.Values, records.Counts = []float64{1}, []float64{s.records}
		rejects := datum("Rejects", "Count")
		if passed := s.records - s.rejects; passed > 0 {
			rejects.Values, rejects.Counts = append(rejects.Values, 0), append(rejects.Counts, passed)
		}
		if s.rejects > 0 {
			rejects.Values, rejects.Counts = append(rejects.Values, 1), append(rejects.Counts, s.rejects)
		}
		out = append(out, records, rejects)
	}
	return out
}

func compareSeriesMinutes(a, b seriesMinute) int {
	return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.dimension, b.dimension), cmp.Compare(a.value, b.value))
}

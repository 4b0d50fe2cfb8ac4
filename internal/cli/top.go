package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/filter"
	"weir/internal/query"
	"weir/internal/query/rowfile"
)

// topMeasures are what top counts by.
var topMeasures = []string{"bytes", "packets", "records"}

func (c *cli) topCommand() *cobra.Command {
	var scope scopeFlags
	var limits limitFlags
	var by, where string
	var tgw, every bool
	var live topLiveFlags
	n := int64(10)
	cmd := &cobra.Command{
		Use:   "top [flags] FIELD...",
		Short: "Show the values of a field that have most traffic",
		Long: `Groups the records by one field, or by several (with spaces or commas between them),
and shows the groups that have most bytes, packets or records. Fields have AWS's names,
with hyphens or underscores; those that weir does not know can be named too, where the
lake holds some. So can names, once 'weir network import' has taken a definition:
interface-name, -role, -resource, -instance, -subnet, -vpc, -az and -state of the network
interface that recorded, and src-interface, src-name, src-role and dst-... of the one
that has the address in the same VPC; with 'weir enrich', src-service, src-region and
src-country, and dst-...; and always src-port-name and dst-port-name, the services that
the ports are for. REJECTS counts records with action REJECT, SHARE is of all records that
count.

Traffic counts once, where the records tell: a flow that was recorded at both ends at the
sender, and what several flow logs recorded in one of them. LEGS is what was recorded on
its way through NAT and transit gateways besides. A question about interfaces, accounts,
regions or what else is told of an interface, and one about the times and sizes of
records, counts what each interface recorded.
--every-record counts all records, as AWS does; the field weir-repeat tells why a record
does not count. Transit gateway flow logs (--tgw) don't tell that: each of their records
counts, of what passes two logged attachments both.

` + topLiveHelp + `

` + whereHelp + ``,
		Example: `  weir top srcaddr
  weir top dstport --by records --where 'action = REJECT and protocol = tcp'
  weir top srcaddr dstaddr --where 'addr in 10.0.0.0/8 and port = 443' --since 24h
  weir top interface-id --from 2026-03-02T10:00 --to 2026-03-02T11:00 --tz UTC --json
  weir top srcaddr,dstaddr --every-record
  weir top tgw-attachment-id --tgw
  weir top srcaddr --live --by rejects
  weir top --live --rule top-sources-by-bytes --once --json
  weir top --live --rule top-sources-by-bytes --keep`,
		Args: func(cmd *cobra.Command, args []string) error {
			if live.live {
				return nil // a rule has its own
			}
			return needArgs(1, -1, "the field")(cmd, args)
		},
		ValidArgsFunction: c.completeField(&tgw),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := live.excluded(cmd); err != nil {
				return err
			}
			if live.live {
				return c.topLive(cmd.Context(), &live, &scope, strings.FieldsFunc(strings.Join(args, ","), func(r rune) bool { return r == ',' }), by, n)
			}
			r := app.TopRequest{Kind: kindOf(tgw), Fields: strings.Split(strings.Join(args, ","), ","), By: by, Where: where, N: n, EveryRecord: every}
			return c.top(cmd.Context(), r, &scope, &limits)
		},
	}
	scope.add(cmd)
	limits.add(cmd)
	cmd.Flags().StringVar(&by, "by", "bytes", "count by `MEASURE`: "+strings.Join(topMeasures, ", ")+"; with --live also rejects")
	addWhere(cmd, &where, &tgw)
	cmd.Flags().BoolVar(&tgw, "tgw", false, "transit gateway flow logs instead of VPC flow logs")
	cmd.Flags().BoolVar(&every, "every-record", false, "count the same traffic as often as it was recorded")
	cmd.Flags().Int64VarP(&n, "number", "n", 10, "show `N` groups")
	live.add(c, cmd)
	complete(cmd, "by", app.LiveTopMeasures...)
	completeNothing(cmd, "number")
	return cmd
}

// whereHelp explains the filter language in a command's help.
const whereHelp = `--where takes a filter: fields by AWS's names, =, !=, <, <=, >, >=, in (a CIDR, a
list in parentheses, or a range 1024..65535), contains, starts with, ~ /regex/, is
absent, and, or, not. addr and port mean either end; protocols and ports have names;
times without a zone are in --tz:
  srcaddr in 10.0.0.0/8 and dstport = ssh and action = REJECT
  addr = 10.0.1.7 and not (port in (80, 443) or protocol = icmp)
  start >= 2026-03-02T10:00 and bytes > 10MB
An absent field meets no comparison.`

// addWhere adds --where with its completion.
func addWhere(cmd *cobra.Command, where *string, tgw *bool) {
	cmd.Flags().StringVar(where, "where", "", "only records that meet the filter `EXPR`")
	completeFlag(cmd, "where", func(_ *cobra.Command, _ []string, text string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, s := range filter.Complete(text, len(text), filter.Options{Kind: kindOf(*tgw), Names: true}) {
			out = append(out, cobra.CompletionWithDesc(text[:s.From]+s.Text+text[s.To:], s.About))
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// kindOf returns the kind of records that a flag asks for.
func kindOf(tgw bool) flowlog.Kind {
	if tgw {
		return flowlog.KindTGW
	}
	return flowlog.KindVPC
}

// completeField completes field names: those of the table, and unknown ones that
// the lake holds.
func (c *cli) completeField(tgw *bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, text string) ([]string, cobra.ShellCompDirective) {
		before := text[:strings.LastIndexByte(text, ',')+1]
		var out []string
		for _, f := range flowlog.Fields(kindOf(*tgw)) {
			if f.Type != flowlog.Map {
				out = append(out, cobra.CompletionWithDesc(before+f.Name, f.Meaning))
			}
		}
		for _, n := range query.NameColumns() {
			if !*tgw || n.Expr() != nil {
				out = append(out, cobra.CompletionWithDesc(before+flowlog.CanonicalName(n.String()), n.Meaning()))
			}
		}
		c.setData()
		if s, err := c.reader(cmd.Context()); err == nil {
			defer s.Close()
			unknown, _ := s.UnknownFields(cmd.Context(), kindOf(*tgw)) // completion says nothing of errors
			for _, name := range unknown {
				out = append(out, cobra.CompletionWithDesc(before+name, "A field that weir does not know."))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// top shows the groups.
func (c *cli) top(ctx context.Context, r app.TopRequest, scope *scopeFlags, limits *limitFlags) error {
	zone, err := scope.zone()
	if err != nil {
		return err
	}
	if r.Scope, err = scope.scope(time.Now()); err != nil {
		return err
	}
	if r.Limits, err = limits.limits(); err != nil {
		return err
	}
	if r.N <= 0 {
		return usage(fmt.Errorf("-n must be above 0"))
	}
	if !slices.Contains(topMeasures, r.By) {
		return usage(fmt.Errorf("--by: cannot count by %q: it is one of %s", r.By, strings.Join(topMeasures, ", ")))
	}
	s, err := c.reader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if r.Where, err = inUTC(ctx, s, r.Where, r.Kind, zone); err != nil {
		return err
	}
	if limits.explain {
		cost, err := limits.explained(ctx, func(ctx context.Context) (query.Cost, error) { return s.ExplainTop(ctx, r) })
		if err != nil {
			return err
		}
		return c.printCost(cost)
	}
	report, err := s.Top(ctx, r)
	if err != nil {
		return err
	}
	c.noteStale(report.Stale)
	if c.json {
		return c.printTopJSON(report)
	}
	defer c.noteNewest(ctx, s, zone)
	return c.printTop(report, zone)
}

// inUTC checks a filter and returns it with its times in UTC, as a service takes
// it. Errors show the place in the text that was given.
func inUTC(ctx context.Context, s app.Service, where string, k flowlog.Kind, zone *time.Location) (string, error) {
	if strings.TrimSpace(where) == "" {
		return "", nil
	}
	unknown, err := s.UnknownFields(ctx, k)
	if err != nil {
		return "", err
	}
	o := filter.Options{Kind: k, Zone: zone, Names: true, Unknown: func(name string) bool { return slices.Contains(unknown, name) }}
	e, err := filter.Parse(where, o)
	if err != nil {
		return "", at(err, where)
	}
	o.Zone = time.UTC
	return filter.Format(e, o)
}

// printTop shows the groups as a table with bars.
func (c *cli) printTop(r *app.TopReport, zone *time.Location) error {
	var columns []tableColumn
	for _, f := range r.Fields {
		columns = append(columns, tableColumn{strings.ToUpper(f), false})
	}
	columns = append(columns, tableColumn{"BYTES", true}, tableColumn{"PACKETS", true}, tableColumn{"RECORDS", true},
		tableColumn{"REJECTS", true})
	legs := r.Totals.LegRecords > 0
	if legs {
		columns = append(columns, tableColumn{"LEGS", true})
	}
	columns = append(columns, tableColumn{"SHARE", true}, tableColumn{"", false})
	total := r.Totals.Measure(r.By)
	most := int64(0)
	for _, row := range r.Rows {
		most = max(most, row.Measure(r.By))
	}
	var rows [][]string
	for _, row := range r.Rows {
		var line []string
		for i, v := range row.Values {
			line = append(line, fieldText(r.Fields[i], v, zone))
		}
		n := row.Measure(r.By)
		line = append(line, size(row.Bytes), number(row.Packets), number(row.Records), number(row.Rejects))
		if legs {
			line = append(line, measureText(r.By, row.LegMeasure(r.By)))
		}
		rows = append(rows, append(line, share(n, total), bar(n, most)))
	}
	if err := printTable(c.out, columns, rows); err != nil {
		return err
	}
	if r.Groups == 0 {
		c.note("no record matches")
		return nil
	}
	_, err := fmt.Fprintf(c.out, "\n%s in all: %s in %s, %s refused\n%s", plural(r.Groups, "value"), size(r.Totals.Bytes),
		plural(r.Totals.Records, "record"), number(r.Totals.Rejects), countingText(r))
	return err
}

// measureText returns a measure for people.
func measureText(by string, n int64) string {
	if by == "bytes" {
		return size(n)
	}
	return number(n)
}

// countingText says which records show the same traffic as others, and whether they
// were counted, in lines; "" where none does.
func countingText(r *app.TopReport) string {
	var without, legs, with []string
	for _, x := range r.Repeats {
		text := fmt.Sprintf("%s (%s) %s", plural(x.Records, "record"), size(x.Bytes), repeatText(x.Why))
		switch {
		case r.Counting == query.PerInterface && x.Why != "flow-log":
			with = append(with, text)
		case x.Why != "leg":
			without = append(without, text)
		default:
			legs = append(legs, text)
		}
	}
	var text strings.Builder
	for _, part := range []struct {
		label string
		list  []string
	}{
		{"not counted again: ", without}, {"legs: ", legs}, {"counted at each interface: ", with},
	} {
		if len(part.list) > 0 {
			text.WriteString(part.label + strings.Join(part.list, ", ") + "\n")
		}
	}
	return text.String()
}

// repeatText returns a value of weir-repeat in words.
func repeatText(why string) string {
	switch why {
	case "flow-log":
		return "of a second flow log"
	case "leg":
		return "on the way through gateways"
	}
	return "at the receiver too"
}

// share returns a part of a whole in percent.
func share(n, total int64) string {
	if total == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(total))
}

// barWidth is the length of a whole bar in places.
const barWidth = 20

// bar returns a bar whose length is n's part of most.
func bar(n, most int64) string {
	if most <= 0 || n <= 0 {
		return ""
	}
	eighths := int(float64(n) / float64(most) * float64(8*barWidth))
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}

// fieldText returns a field's value for people: protocols and ports with their
// names.
func fieldText(column string, v any, zone *time.Location) string {
	n, ok := v.(int64)
	f, known := flowlog.Lookup(column)
	if !ok || !known {
		return cell(v, zone)
	}
	text := cell(v, zone)
	switch {
	case f.ID == flowlog.Protocol:
		if name, ok := flowlog.ProtocolName(n); ok {
			return text + " " + name
		}
	case f.ID == flowlog.SrcPort || f.ID == flowlog.DstPort:
		if name, ok := flowlog.ServiceName(n); ok {
			return text + " " + name
		}
	case f.Epoch:
		return showTime(time.Unix(n, 0), zone)
	}
	return text
}

// printTopJSON prints the groups as one JSON document.
func (c *cli) printTopJSON(r *app.TopReport) error {
	out := []byte(`{"by":`)
	out = rowfile.AppendJSON(out, r.By)
	out = append(out, `,"rows":[`...)
	for i, row := range r.Rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, "\n  {"...)
		for j, f := range r.Fields {
			out = rowfile.AppendJSON(out, f)
			out = append(out, ':')
			out = append(rowfile.AppendJSON(out, row.Values[j]), ',')
		}
		out = appendMeasures(out, row, r.Counting)
		out = append(out, '}')
	}
	out = append(out, "],\n\"groups\":"...)
	out = rowfile.AppendJSON(out, r.Groups)
	out = append(out, `,"totals":{`...)
	out = appendMeasures(out, r.Totals, r.Counting)
	out = append(out, "},\n\"counting\":"...)
	out = rowfile.AppendJSON(out, r.Counting.String())
	out = append(out, ",\"repeats\":["...)
	for i, x := range r.Repeats {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"why":%q,"records":%d,"sum_bytes":%d}`, x.Why, x.Records, x.Bytes)
	}
	out = append(out, ']')
	if r.Stale != (query.Stale{}) {
		out = fmt.Appendf(out, ",\n\"stale\":{\"hours\":%d,\"of\":%d", r.Stale.Hours, r.Stale.Of)
		if r.Stale.Problem != "" {
			out = rowfile.AppendJSON(append(out, `,"problem":`...), r.Stale.Problem)
		}
		out = append(out, '}')
	}
	_, err := c.out.Write(append(out, "}\n"...))
	return err
}

// appendMeasures appends what a group has, as members of an object. "bytes" and
// the rest are named apart from fields of the same name.
func appendMeasures(dst []byte, r app.TopRow, counting query.Counting) []byte {
	dst = fmt.Appendf(dst, `"sum_bytes":%d,"sum_packets":%d,"records":%d,"rejects":%d`, r.Bytes, r.Packets, r.Records, r.Rejects)
	if counting == query.Once {
		dst = fmt.Appendf(dst, `,"leg_bytes":%d,"leg_packets":%d,"leg_records":%d`, r.LegBytes, r.LegPackets, r.LegRecords)
	}
	return dst
}

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/filterpattern"
	"weir/internal/query/rowfile"
)

// tailFlags are the flags of weir logs tail.
type tailFlags struct {
	scope   scopeFlags
	streams []string
	prefix  string
	where   string
	pattern string
	follow  bool
	raw     bool
}

// tailSince is how far back tail looks where nothing says it, as aws logs tail does.
const tailSince = 10 * time.Minute

func (c *cli) logsTailCommand() *cobra.Command {
	var f tailFlags
	var tgw bool // for the completion of --where only: records say what they are
	cmd := &cobra.Command{
		Use:   "tail [flags] [GROUP]",
		Short: "Show the events of a log group, oldest first",
		Long: `Shows the events of a log group, which is ` + app.FlowLogsGroup + ` where none is named: those of
the last 10 minutes, by their records' start, or of --since, --from and --to. --follow
goes on with what comes until Ctrl-C, whatever its time: flow logs come minutes late.

Records of flow logs are shown as columns, with the names of network interfaces where a
definition of the network tells them; on a terminal what was accepted is green and what
was rejected red (but with NO_COLOR in the environment). --raw shows the events' messages
alone, and --json one object a line.

--filter takes a filter pattern of CloudWatch Logs, of the messages: terms, such as
'REJECT -"443 6"', or the fields of a line, such as '[..., action = REJECT, status]'.

` + whereHelp,
		Example: `  weir logs tail --since 1h
  weir logs tail prod-flow-logs --follow --where 'action = REJECT'
  weir logs tail --since 1d --filter '[version, account, eni, source, ..., action = REJECT, status]'
  weir logs tail --from 2026-03-02T10:00 --to 2026-03-02T10:05 --raw`,
		Args:              needArgs(0, 1, "the log group"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.logsTail(cmd.Context(), groupOf(args), &f)
		},
	}
	f.scope.addTimes(cmd)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.streams, "stream", nil, "events of the log `STREAM`")
	fl.StringVar(&f.prefix, "stream-prefix", "", "events of the log streams that begin with `PREFIX`")
	fl.BoolVarP(&f.follow, "follow", "f", false, "go on with events that come until Ctrl-C")
	fl.BoolVar(&f.raw, "raw", false, "show messages alone")
	fl.StringVar(&f.pattern, "filter", "", "events whose messages the filter `PATTERN` of CloudWatch Logs matches")
	addWhere(cmd, &f.where, &tgw)
	completeNothing(cmd, "stream", "stream-prefix", "filter")
	return cmd
}

// logsTail shows the events of a log group.
func (c *cli) logsTail(ctx context.Context, group string, f *tailFlags) error {
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	now := time.Now()
	scope, err := f.scope.scope(now)
	switch {
	case err != nil:
		return err
	case f.raw && c.json:
		return usage(fmt.Errorf("--raw and --json exclude each other"))
	case f.follow && !scope.To.IsZero():
		return usage(fmt.Errorf("--follow shows what comes: it excludes --to"))
	}
	if _, err := filterpattern.Parse(f.pattern); err != nil {
		return atPattern(err, f.pattern)
	}
	if scope.From.IsZero() && scope.To.IsZero() {
		scope.From = now.Add(-tailSince)
	}
	s, err := c.logsReader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r := app.LogEventsRequest{Group: group, Streams: f.streams, Prefix: f.prefix, From: scope.From, To: scope.To, Pattern: f.pattern, Follow: f.follow}
	if r.Where, err = inUTC(ctx, s, f.where, kindOf(group == app.TransitGatewayGroup), zone); err != nil {
		return err
	}
	p := newTailPrinter(c, f.raw, zone)
	err = s.LogEvents(ctx, r, p.show)
	if f.follow && ctx.Err() != nil {
		return nil // Ctrl-C is how it ends
	}
	if err == nil && p.shown == 0 {
		c.noteNone(ctx, s, scope.From, scope.To, zone)
	}
	return err
}

// atPattern adds the place in a filter pattern to an error that has one.
func atPattern(err error, pattern string) error {
	e, ok := errors.AsType[*filterpattern.Error](err)
	if !ok {
		return err
	}
	out := error(&placed{fmt.Errorf("--filter: %w", e), e.Caret(pattern)})
	if e.Hint != "" {
		out = hint(out, e.Hint)
	}
	return usage(out)
}

// noteNone says that there were no events in a time, of which either end may be zero, and how old the newest record is.
func (c *cli) noteNone(ctx context.Context, s app.Service, from, to time.Time, zone *time.Location) {
	text := "no events"
	switch {
	case !to.IsZero() && !from.IsZero():
		text += " from " + showTime(from, zone) + " to " + showTime(to, zone)
	case !to.IsZero():
		text += " before " + showTime(to, zone)
	case !from.IsZero():
		text += " since " + showTime(from, zone)
	}
	if newest, err := s.Newest(ctx); err == nil && !newest.IsZero() {
		text += "; the newest record is of " + showTime(newest, zone)
	}
	c.note("%s", text)
}

// tailPrinter prints events.
type tailPrinter struct {
	c     *cli
	out   *bufio.Writer
	raw   bool
	zone  *time.Location
	shown int64

	formats map[string]flowlog.Format
	records *tablePrinter
}

// tailColumns are the columns of records.
var tailColumns = []tableColumn{
	{"TIME", false},
	{"ACTION", false},
	{"INTERFACE", false},
	{"SOURCE", false},
	{"DESTINATION", false},
	{"PROTOCOL", false},
	{"PACKETS", true},
	{"BYTES", true},
	{"STATUS", false},
}

// newTailPrinter returns a printer of events.
func newTailPrinter(c *cli, raw bool, zone *time.Location) *tailPrinter {
	p := &tailPrinter{c: c, out: bufio.NewWriterSize(c.out, 64<<10), raw: raw, zone: zone, formats: map[string]flowlog.Format{}}
	p.records = newTable(p.out, tailColumns)
	if isTerminal(c.out) && os.Getenv("NO_COLOR") == "" {
		p.records.paint = paintAction
	}
	return p
}

// paintAction returns what begins and ends the colour of a record's row.
func paintAction(row []string) (begin, end string) {
	switch row[1] {
	case "ACCEPT":
		return "\x1b[32m", "\x1b[0m"
	case "REJECT":
		return "\x1b[31m", "\x1b[0m"
	}
	return "", ""
}

// eventReport is an event as JSON shows it.
type eventReport struct {
	Timestamp     time.Time `json:"timestamp"`
	IngestionTime time.Time `json:"ingestion_time"`
	Group         string    `json:"log_group"`
	Stream        string    `json:"log_stream"`
	InterfaceName string    `json:"interface_name,omitempty"`
	Message       string    `json:"message"`
}

// show prints events at once.
func (p *tailPrinter) show(events []app.LogEvent) error {
	for i := range events {
		if err := p.event(&events[i]); err != nil {
			return err
		}
	}
	p.shown += int64(len(events))
	if err := p.records.rest(); err != nil {
		return err
	}
	return p.out.Flush()
}

// event prints an event.
func (p *tailPrinter) event(e *app.LogEvent) error {
	switch {
	case p.c.json:
		line := rowfile.AppendJSON(nil, eventReport{
			time.UnixMilli(e.Timestamp).UTC(), time.UnixMilli(e.Ingestion).UTC(), e.Group, e.Stream, e.InterfaceName, e.Message,
		})
		_, err := p.out.Write(append(line, '\n'))
		return err
	case p.raw:
		message := e.Message
		if isTerminal(p.c.out) {
			message = printable(message)
		}
		_, err := fmt.Fprintln(p.out, message)
		return err
	}
	if r, ok := p.record(e); ok {
		return p.records.add(p.row(e, r))
	}
	if err := p.records.rest(); err != nil { // events keep their order
		return err
	}
	_, err := fmt.Fprintf(p.out, "%s  %s  %s\n", showTime(time.UnixMilli(e.Timestamp), p.zone), printable(e.Stream), printable(e.Message))
	return err
}

// record reads the record that an event is.
func (p *tailPrinter) record(e *app.LogEvent) (flowlog.Record, bool) {
	if e.Format == "" {
		return flowlog.Record{}, false
	}
	f, known := p.formats[e.Format]
	if !known {
		var err error
		if f, err = flowlog.ParseLogFormat(e.Format); err != nil {
			return flowlog.Record{}, false
		}
		p.formats[e.Format] = f
	}
	words := strings.Split(e.Message, " ")
	if len(words) != f.Len() {
		return flowlog.Record{}, false
	}
	r := flowlog.NewBatch(f.Kind()).Append()
	for i, w := range words {
		field, ok := f.Field(i)
		if !ok || w == "-" {
			continue
		}
		if err := r.SetText(field.ID, w); err != nil {
			return flowlog.Record{}, false
		}
	}
	return r, true
}

// row returns the columns of a record.
func (p *tailPrinter) row(e *app.LogEvent, r flowlog.Record) []string {
	text := func(id flowlog.FieldID) string {
		if v, ok := r.Text(id); ok {
			return v
		}
		return "-"
	}
	end := func(addr, port flowlog.FieldID) string {
		a, ok := r.Text(addr)
		if !ok {
			return "-"
		}
		if n, ok := r.Text(port); ok {
			return net.JoinHostPort(a, n)
		}
		return a
	}
	protocol := text(flowlog.Protocol)
	if n, ok := r.Int(flowlog.Protocol); ok {
		if name, ok := flowlog.ProtocolName(n); ok {
			protocol = name
		}
	}
	name := e.InterfaceName
	if id, ok := r.Text(flowlog.InterfaceID); name == "" && ok {
		name = id // streams of clients may have any name
	} else if name == "" {
		name = strings.TrimSuffix(e.Stream, "-all")
	}
	return []string{
		showTime(time.UnixMilli(e.Timestamp), p.zone), text(flowlog.Action), name, end(flowlog.SrcAddr, flowlog.SrcPort), end(flowlog.DstAddr, flowlog.DstPort),
		protocol, text(flowlog.Packets), text(flowlog.Bytes), text(flowlog.LogStatus),
	}
}

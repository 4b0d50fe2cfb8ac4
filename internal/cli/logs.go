package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/lake"
	"weir/internal/logstore"
)

func (c *cli) logsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Ask log groups as CloudWatch Logs has them",
		Long: `Everything in the lake is also a read-only log group: ` + app.FlowLogsGroup + ` has all
records of VPC flow logs, ` + app.TransitGatewayGroup + ` those of transit
gateways, and 'weir open SOURCE --log-group NAME' and 'weir logs name' name the records
of some flow logs. Each network interface is a stream, eni-...-all; an event's time is
its record's start, and its message is the line that delivered it.

Beside them are the log groups of the store, for events that are put into them.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.logsGroupsCommand(), c.logsStreamsCommand(), c.logsNameCommand(), c.logsTailCommand(), c.logsQueryCommand(),
		c.logsCheckCommand(), c.logsFieldsCommand(), c.logsFormatCommand(), c.logsCreateCommand(), c.logsDeleteCommand(), c.logsRetentionCommand(), c.logsLatenessCommand())
	return cmd
}

func (c *cli) logsGroupsCommand() *cobra.Command {
	var zone scopeFlags
	cmd := &cobra.Command{
		Use:   "groups",
		Short: "List log groups",
		Long: `Lists the log groups: those of the lake (kind lake), with the flow logs that a name
stands for, and those with events of their own (kind store). Bytes are those of the
objects that delivered the records, or of the events. NEWEST is how old
the newest event is, and FORMAT the LogFormat of the records: "default" is AWS's, and
--json has it whole.`,
		Example: `  weir logs groups
  weir logs groups --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.logsGroups(cmd.Context(), &zone) },
	}
	zone.addZone(cmd)
	return cmd
}

// logsGroups lists the log groups.
func (c *cli) logsGroups(ctx context.Context, flags *scopeFlags) error {
	zone, err := flags.zone()
	if err != nil {
		return err
	}
	s, err := c.logsReader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	groups, err := s.LogGroups(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(orEmpty(groups))
	}
	now := time.Now()
	var rows [][]string
	for i := range groups {
		g := &groups[i]
		events, newest, of := "-", "-", ""
		if g.Events != nil {
			events = number(*g.Events)
		}
		if g.Newest != nil {
			newest = newestAge(*g.Newest, now, zone)
		}
		for _, name := range append(append([]string{}, g.FlowLogs...), g.Places...) {
			of += " " + name
		}
		if of != "" {
			of = of[1:]
		}
		rows = append(rows, []string{g.Name, g.Kind, retention(g.RetentionDays), events, size(g.Bytes), formatName(g.Format), newest, of})
	}
	return printTable(c.out, []tableColumn{
		{"NAME", false}, {"KIND", false}, {"RETENTION", false}, {"EVENTS", true}, {"BYTES", true}, {"FORMAT", false}, {"NEWEST", false}, {"FLOW LOGS", false},
	}, rows)
}

// retention says how long events are kept.
func retention(days int) string {
	if days == 0 {
		return "for ever"
	}
	return plural(int64(days), "day")
}

// formatName names a LogFormat in few words.
func formatName(text string) string {
	f, err := flowlog.ParseLogFormat(text)
	switch {
	case text == "" || err != nil:
		return "-"
	case f.Equal(flowlog.DefaultFormat(f.Kind())):
		return "default"
	}
	return plural(int64(f.Len()), "field")
}

func (c *cli) logsStreamsCommand() *cobra.Command {
	var zone scopeFlags
	cmd := &cobra.Command{
		Use:   "streams [GROUP]",
		Short: "List the streams of a log group",
		Long: `Lists the streams of a log group, which is ` + app.FlowLogsGroup + ` where none is named, with
the times of their first and last events, and when the last one was taken in.`,
		Example: `  weir logs streams
  weir logs streams prod-flow-logs --json`,
		Args:              needArgs(0, 1, "the log group"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.logsStreams(cmd.Context(), groupOf(args), &zone)
		},
	}
	zone.addZone(cmd)
	return cmd
}

// groupOf returns the log group of a command's arguments.
func groupOf(args []string) string {
	if len(args) == 0 {
		return app.FlowLogsGroup
	}
	return args[0]
}

// streamReport is a stream as JSON shows it.
type streamReport struct {
	Name          string     `json:"name"`
	Created       *time.Time `json:"created,omitempty"`
	FirstEvent    *time.Time `json:"first_event,omitempty"`
	LastEvent     *time.Time `json:"last_event,omitempty"`
	LastIngestion *time.Time `json:"last_ingestion,omitempty"`
}

// logsStreams lists the streams of a log group.
func (c *cli) logsStreams(ctx context.Context, group string, flags *scopeFlags) error {
	zone, err := flags.zone()
	if err != nil {
		return err
	}
	s, err := c.logsReader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	streams, err := s.LogStreams(ctx, group)
	if err != nil {
		return err
	}
	if c.json {
		out := []streamReport{}
		for i := range streams {
			st := &streams[i]
			out = append(out, streamReport{st.Name, millis(st.Created), millis(st.FirstEvent), millis(st.LastEvent), millis(st.LastIngestion)})
		}
		return c.printJSON(out)
	}
	show := func(at int64) string {
		if at == 0 {
			return "-"
		}
		return showTime(time.UnixMilli(at), zone)
	}
	var rows [][]string
	for i := range streams {
		st := &streams[i]
		rows = append(rows, []string{st.Name, show(st.FirstEvent), show(st.LastEvent), show(st.LastIngestion)})
	}
	return printTable(c.out, []tableColumn{{"STREAM", false}, {"FIRST EVENT", false}, {"LAST EVENT", false}, {"LAST INGESTION", false}}, rows)
}

// millis returns a time of milliseconds since the epoch; nil for 0.
func millis(at int64) *time.Time {
	if at == 0 {
		return nil
	}
	t := time.UnixMilli(at).UTC()
	return &t
}

func (c *cli) logsNameCommand() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "name NAME FLOW-LOG...",
		Short: "Name the records of flow logs as a log group",
		Long: `Makes a log group of the records of flow logs that the lake has or will have, by the
ids in the keys of their objects, or adds flow logs to one. A name can stand for several
flow logs, and a flow log can have several names. 'weir open SOURCE --log-group NAME'
does so for all that a source delivers, also where keys tell no flow log.

--remove takes flow logs out of the log group instead; the records stay. Without its last one
the group is gone; that is refused while it has metric filters or subscription filters.`,
		Example: `  weir logs name prod-flow-logs fl-0123456789abcdef0
  weir logs name prod-flow-logs fl-0123456789abcdef0 --remove`,
		Args:              needArgs(2, -1, "the name or the flow log"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			for _, id := range args[1:] {
				if err := s.NameLogGroup(cmd.Context(), app.NameLogGroupRequest{FlowLog: id, Name: args[0], Remove: remove}); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take the flow logs out of the log group")
	return cmd
}

// completeGroup offers the names of log groups for a first argument.
func (c *cli) completeGroup(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
}

// groupNames returns the names of the log groups; none where they can't be read: completion says
// nothing of errors.
func (c *cli) groupNames(ctx context.Context) []string {
	c.setData()
	s, err := c.logsReader(ctx)
	if err != nil {
		return nil
	}
	defer s.Close()
	groups, _ := s.LogGroups(ctx)
	var out []string
	for i := range groups {
		about := "events of the lake"
		if n := groups[i].Events; n != nil {
			about = plural(*n, "event")
		}
		out = append(out, cobra.CompletionWithDesc(groups[i].Name, fmt.Sprintf("Log group of %s.", about)))
	}
	return out
}

// logsReader returns a service for reading log groups. Those of the store only the lake's writer can read,
// so where there are some and nobody else writes, it is one for writing.
func (c *cli) logsReader(ctx context.Context) (app.Service, error) {
	if !app.HasLogStore(c.data) {
		return c.reader(ctx)
	}
	s, err := c.writer(ctx)
	if errors.Is(err, lake.ErrLocked) {
		c.note("another process writes the lake: only log groups of the lake can be read")
		return c.reader(ctx)
	}
	return s, err
}

// logGroup returns a log group.
func (c *cli) logGroup(ctx context.Context, name string) (*app.LogGroup, error) {
	s, err := c.logsReader(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	groups, err := s.LogGroups(ctx)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		if groups[i].Name == name {
			return &groups[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %s", logstore.ErrNoGroup, name)
}

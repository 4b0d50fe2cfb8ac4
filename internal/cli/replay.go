package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
)

// replayForms are the forms that replay writes.
var replayForms = []string{"text", "jsonl", "csv", "parquet"}

// replayFlags are the flags of weir replay.
type replayFlags struct {
	definition definitionFlags
	interfaces []string
	interval   time.Duration
	form       string
	logFormat  string
	// connections and flows are how many there are at most.
	connections, flows int
}

func (c *cli) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] FILE...|-",
		Short: "Make flow logs of the packets of capture files",
		Long: `Reads capture files (pcap and pcapng, also packed by gzip; "-" is stdin) and writes
the flow logs that AWS would have written of their packets: one record for each flow in
each window of --interval. Files are read one after the other, as a capture that was
rotated; 'mergecap' joins those that were made at the same time.

With a definition of the network (--network, or --at for what was imported) a packet is
one of the interface that sends it and, if the rules there let it out, of the one that
gets it; interfaces are known by their private and IPv6 addresses. action is what their
network ACLs and security groups decide, with the connections that were seen before;
weir-reject-stage, weir-reject-rule and weir-allow-rules say by which rule. Packets of
no interface, and those that AWS does not record (of its DNS server, DHCP and others),
are left out and counted.

Without a definition all packets count: interface-id, action and all that is of an
interface are "-".

Records have AWS's default fields; --log-format chooses others, weir's own among them.
JSON lines have all that are known. Fragments count under the ports of their datagram's
first one. start and end are those of a flow's first and last packet in the window.

Memory is bounded, whatever a file has in it: --connections are tracked at most, of all
interfaces, and --flows are open. Where there are more flows, records are written before
their window is over, and a window has several of a flow. A connection that finds no
place is not tracked: what answers it is decided of by itself, and may be REJECT, which is
said at the end; the exit code is 3 then.

From stdin records are written as soon as their windows are over. A signal, such as
Ctrl-C, ends a capture there: what has come until then is read and written.

A file that can't be read to its end is named; what was read of it counts, and the exit
code is 3, as where frames are of a link type that is not read, such as 802.11.`,
		Example: `  weir replay capture.pcap
  weir replay --network vpc.yaml --interval 10m capture.pcapng.gz
  weir replay --network vpc.yaml --format jsonl capture.pcap | jq 'select(.action == "REJECT")'
  weir replay --network vpc.yaml --log-format '${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${action} ${weir-reject-rule}' capture.pcap
  tcpdump -U -w - -i eth0 | weir replay -
  weir replay --network vpc.yaml --connections 8000000 --flows 1000000 backbone.pcap.gz
  weir replay capture.pcap > capture.log && weir open capture.log`,
		Args: needArgs(1, -1, "the file"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.replay(cmd.Context(), args, &f) },
	}
	f.definition.add(cmd)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.interfaces, "interface", nil, "records of the network interface `ID` alone; may be given several times")
	fl.DurationVar(&f.interval, "interval", time.Minute, "aggregation interval: AWS has 1m and 10m")
	fl.StringVar(&f.form, "format", "text", "`FORM` of the output: "+strings.Join(replayForms, ", "))
	fl.StringVar(&f.logFormat, "log-format", "", "`FORMAT` as in EC2's LogFormat")
	fl.IntVar(&f.connections, "connections", app.MostConnections, "track `N` connections at most, which take some 400 MB for a million")
	fl.IntVar(&f.flows, "flows", app.MostFlows, "have `N` flows open at most, which take some 2 GB for a million")
	complete(cmd, "format", replayForms...)
	completeNothing(cmd, "connections", "flows", "interval", "log-format", "interface")
	return cmd
}

// check returns the form of the output, or what is wrong with the flags.
func (f *replayFlags) check(c *cli) (form string, err error) {
	form = f.form
	if c.json {
		if form != "text" && form != "jsonl" {
			return "", usage(fmt.Errorf("--json and --format %s exclude each other", form))
		}
		form = "jsonl"
	}
	switch {
	case !slices.Contains(replayForms, form):
		return "", usage(fmt.Errorf("--format: no form %q: it is one of %s", form, strings.Join(replayForms, ", ")))
	case form == "parquet" && isTerminal(c.out):
		return "", errTerminal
	case f.interval < time.Second || f.interval > 24*time.Hour || f.interval%time.Second != 0:
		return "", usage(errors.New("--interval is a number of whole seconds, 1s to 24h"))
	case f.connections < 1 || f.flows < 1:
		return "", usage(errors.New("--connections and --flows are numbers above 0"))
	}
	return form, nil
}

// replayOwn are weir's own fields that records of packets have.
var replayOwn = []flowlog.FieldID{flowlog.WeirWouldAction, flowlog.WeirRejectStage, flowlog.WeirRejectRule, flowlog.WeirAllowRules}

// format returns the fields of the records. Those that no record of a packet has are refused: they would be "-" without a word.
func (f *replayFlags) format() (flowlog.Format, error) {
	out := flowlog.DefaultFormat(flowlog.KindVPC)
	if f.logFormat == "" {
		return out, nil
	}
	given, err := parseFormat("--log-format", f.logFormat)
	if err != nil {
		return out, err
	}
	if out, err = given.As(flowlog.KindVPC); err != nil {
		return out, usage(fmt.Errorf("--log-format: %s", message(err)))
	}
	if unknown := out.UnknownFields(); len(unknown) > 0 {
		return out, hint(usage(fmt.Errorf("--log-format: there is no field %s", strings.Join(unknown, ", "))), "'weir fields' lists them")
	}
	for i := range out.Len() {
		if fd, _ := out.Field(i); fd.Own() && !slices.Contains(replayOwn, fd.ID) {
			return out, usage(fmt.Errorf("--log-format: %s is of the lake, and in no record of a packet", fd.Name))
		}
	}
	return out, nil
}

// replay makes records of capture files.
func (c *cli) replay(ctx context.Context, files []string, f *replayFlags) error {
	form, err := f.check(c)
	if err != nil {
		return err
	}
	format, err := f.format()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(c.out, 64<<10)
	w := recordWriter(form, out, format)
	write := w.Write
	if held, ok := w.(interface{ Flush() error }); ok && slices.Contains(files, "-") { // stdin may be a capture that goes on
		write = func(b *flowlog.Batch) error { return errors.Join(w.Write(b), held.Flush(), out.Flush()) }
	}
	r := app.PacketReplayRequest{Interfaces: f.interfaces, Interval: f.interval, Connections: f.connections, Flows: f.flows, Version: format.RecordVersion(), Write: write}
	if len(f.definition.network) > 0 || f.definition.at != "" {
		source, err := f.definition.source(c.data)
		if err != nil {
			return err
		}
		r.Definition = &source
	}
	p, err := app.NewPacketReplay(ctx, r)
	if err != nil {
		return err
	}
	failed := 0
	for _, name := range files {
		if ctx.Err() != nil { // a signal came while stdin was read, which came to its end: what of it was read counts
			failed++
			fmt.Fprintf(people{c.err}, "weir: %s: a signal came before it was read\n", name)
			continue
		}
		err := c.replayFile(ctx, p, name)
		if ctx.Err() != nil && name != "-" {
			return ctx.Err()
		}
		if err != nil {
			failed++
			fmt.Fprintf(people{c.err}, "weir: %s\n", message(err))
		}
	}
	report, err := p.End()
	if err == nil && (failed == 0 || report.Frames > 0) {
		err = errors.Join(w.Close(), out.Flush())
	}
	if err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	if failed > 0 && report.Frames == 0 {
		c.code = exitFailed
		return nil
	}
	if failed > 0 {
		c.code = exitPartial
	}
	c.noteReplay(report)
	if len(report.UnreadLinks) > 0 {
		c.code = exitPartial
		c.sayUnread(report.UnreadLinks)
	}
	if report.Untracked > 0 {
		c.code = exitPartial
		fmt.Fprintf(people{c.err}, "weir: there was no place for %s: what answers them is decided of by itself, and may be REJECT though it is allowed\nhint: --connections %d has more of them tracked, with more memory\n",
			plural(report.Untracked, "connection"), 4*f.connections)
	}
	return nil
}

// replayFile reads a file, or stdin.
func (c *cli) replayFile(ctx context.Context, p *app.PacketReplay, name string) error {
	if name == "-" {
		in := untilSignal(ctx, c.in, patience)
		defer in.Close()
		return p.File(context.WithoutCancel(ctx), "stdin", in)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, bare(err))
	}
	defer file.Close()
	return p.File(ctx, name, file)
}

// recordWriter returns what writes records in a form, with a header where it has one.
func recordWriter(form string, out io.Writer, format flowlog.Format) flowlog.Writer {
	switch form {
	case "csv":
		return flowlog.NewCSVWriter(out, format)
	case "text":
		return flowlog.NewTextWriter(out, format, true)
	case "parquet":
		return flowlog.NewParquetWriter(out, format)
	default:
		return flowlog.NewJSONWriter(out)
	}
}

// sayUnread says which frames are in no record, since their link types are not read.
func (c *cli) sayUnread(links map[uint32]int64) {
	total, names := int64(0), []string{}
	for _, link := range slices.Sorted(maps.Keys(links)) {
		total += links[link]
		names = append(names, strconv.FormatUint(uint64(link), 10))
	}
	fmt.Fprintf(people{c.err}, "weir: %s in no record: link types that are not read (%s)\nhint: those that are read are in docs/reference/packet-truth.md; tcpdump -r FILE says what a type is\n", plural(total, "frame"), strings.Join(names, ", "))
}

// noteReplay says what the files held, and what of it has no record.
func (c *cli) noteReplay(r *app.PacketReplayReport) {
	c.note("%s of %s, %s", plural(r.Packets, "packet"), plural(int64(r.Files), "file"), plural(r.Records, "record"))
	for _, name := range slices.Sorted(maps.Keys(r.Outcomes)) {
		if name == "unknown_link" { // it is no note: see sayUnread
			continue
		}
		c.note("%s: %s", name, plural(r.Outcomes[name], "frame"))
	}
	for _, of := range []struct {
		n    int64
		what string
	}{
		{r.Untimed, "without a time"},
		{r.Elsewhere, "of no network interface of the definition"},
		{r.Ambiguous, "of an address that several network interfaces have (--interface chooses one)"},
		{r.Unlogged, "that flow logs do not record"},
	} {
		if of.n > 0 {
			c.note("left out: %s %s", plural(of.n, "packet"), of.what)
		}
	}
	if r.Parted > 0 {
		c.note("windows have several records of a flow: %s there were more flows than --flows", plural(r.Parted, "time"))
	}
	if r.Idle > 0 {
		c.note("left out: NODATA of %s without any packet", plural(r.Idle, "window"))
	}
}

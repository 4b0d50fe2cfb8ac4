package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/filter"
	"weir/internal/query"
	"weir/internal/synth"
)

// synthFlags are the flags of weir synth.
type synthFlags struct {
	config   synth.Config
	start    string
	duration string
	format   string
	tgw      bool
	network  string
}

func (c *cli) synthCommand() *cobra.Command {
	f := synthFlags{config: synth.DefaultConfig()}
	cmd := &cobra.Command{
		Use:   "synth [flags] DIR",
		Short: "Make synthetic flow logs with planted stories",
		Long: `Makes flow logs of a VPC that does not exist, in AWS's S3 layout, with stories planted
in them: scans, a brute force, a missing security group rule, a network ACL that blocks
replies, a NAT gateway that is knocked at. The same flags give the same bytes. Each
story is printed with the filter that finds it, and how many records it must find.

--network writes the network definition that belongs to the logs, as 'aws ec2
describe-*' prints it, and the one before a change in DIR-before: import that first.`,
		Example: `  weir synth logs
  weir synth --records 10000000 --network net logs
  weir synth --format parquet --hive --hourly logs
  weir synth --log-format '${version} ${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end} ${action} ${tcp-flags}' logs`,
		Args:              needArgs(1, 1, "the folder"),
		ValidArgsFunction: completeDirs,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.synth(cmd.Context(), args[0], &f) },
	}
	fl := cmd.Flags()
	fl.Int64Var(&f.config.Records, "records", f.config.Records, "make `N` records")
	fl.Uint64Var(&f.config.Seed, "seed", f.config.Seed, "`NUMBER` that addresses, ids and traffic follow from")
	fl.StringVar(&f.start, "start", f.config.Start.Format(time.RFC3339), "`TIME` at which the logs begin, on whole 5 minutes")
	fl.StringVar(&f.duration, "duration", "24h", "`TIME` that the logs cover")
	fl.StringVar(&f.format, "format", "text", "`FORM` of the objects: text, parquet")
	logFormat := fl.String("log-format", "", "`FORMAT` of the records, as in EC2's LogFormat (default: AWS's default format)")
	fl.BoolVar(&f.tgw, "tgw", false, "transit gateway flow logs instead of VPC flow logs")
	fl.BoolVar(&f.config.Hive, "hive", false, "Hive-compatible keys")
	fl.BoolVar(&f.config.Hourly, "hourly", false, "hourly keys")
	fl.StringVar(&f.config.LogOwner, "log-owner", f.config.LogOwner, "`ACCOUNT` that made the flow log")
	fl.StringVar(&f.config.Region, "region", f.config.Region, "`REGION` of the flow log")
	fl.IntVar(&f.config.ObjectsPerSlot, "objects", f.config.ObjectsPerSlot, "make `N` objects for each 5 minutes")
	fl.StringVar(&f.network, "network", "", "write the network definition to the folder `DIR`")
	complete(cmd, "format", "text", "parquet")
	completeDir(cmd, "network")
	completeNothing(cmd, "records", "seed", "start", "duration", "log-format", "log-owner", "region", "objects")
	cmd.PreRunE = func(*cobra.Command, []string) error { return f.read(*logFormat) }
	return cmd
}

// read reads the flags into the configuration.
func (f *synthFlags) read(logFormat string) error {
	var err error
	if f.config.Start, err = parseTime(f.start, time.UTC); err != nil {
		return usage(fmt.Errorf("--start: %w", err))
	}
	if f.config.Duration, err = parseAge(f.duration); err != nil {
		return usage(fmt.Errorf("--duration: %w", err))
	}
	switch f.format {
	case "text":
	case "parquet":
		f.config.Parquet = true
	default:
		return usage(fmt.Errorf("--format: no form %q: it is text or parquet", f.format))
	}
	f.config.Format = flowlog.DefaultFormat(kindOf(f.tgw))
	if logFormat != "" {
		format, err := parseFormat("--log-format", logFormat)
		if err != nil {
			return err
		}
		f.config.Format = *format
		if f.tgw {
			if f.config.Format, err = format.As(flowlog.KindTGW); err != nil {
				return usage(fmt.Errorf("--log-format: %s", message(err)))
			}
		}
	}
	if err := f.config.Validate(); err != nil {
		return usage(err)
	}
	return nil
}

// synth makes the logs.
func (c *cli) synth(ctx context.Context, dir string, f *synthFlags) error {
	p := c.progress("making")
	p.unit = "record"
	s, err := synth.WriteDir(ctx, dir, f.config, func(done, total int64) {
		p.show(app.Progress{Done: int(done), Total: int(total)})
	})
	p.end()
	if err != nil {
		return err
	}
	var network synth.Network
	if f.network != "" {
		if network, err = synth.NewNetwork(f.config); err != nil {
			return err
		}
		if err := network.WriteDir(f.network); err != nil {
			return err
		}
	}
	if c.json {
		report, err := newSynthReport(&s, f.config.Format)
		if err != nil {
			return err
		}
		if f.network != "" {
			report.Changed = &network.Changed
		}
		return c.printJSON(report)
	}
	fmt.Fprintf(c.out, "%s in %s, %s, below %s\n", plural(s.Records, "record"), plural(s.Objects, "object"), size(s.Bytes), filepath.Clean(dir))
	if f.network != "" {
		to := filepath.Clean(f.network)
		fmt.Fprintf(c.out, "their network is in %s from %s on, and before that as in %s-before\n", to, network.Changed.Format(time.RFC3339), to)
	}
	for _, st := range s.Stories {
		fmt.Fprintf(c.out, "\n%s: %s\n  %s\n", st.Name, st.Title, st.What)
		lacks, err := lackedBy(f.config.Format, st.Question)
		switch {
		case err != nil:
			return err
		case len(lacks) > 0:
			fmt.Fprintf(c.out, "  (--where can't find it: the format lacks %s)\n", strings.Join(lacks, ", "))
		default:
			fmt.Fprintf(c.out, "  --where %q finds %s\n", st.Question, plural(st.Records, "record"))
		}
	}
	return nil
}

// lackedBy returns the fields of a story's question that the format lacks: without
// them the question finds nothing.
func lackedBy(f flowlog.Format, question string) ([]string, error) {
	e, err := filter.Parse(question, filter.Options{Kind: f.Kind(), Zone: time.UTC})
	if err != nil {
		return nil, err
	}
	plan := query.Plan{Kind: f.Kind(), Stages: []query.Stage{
		&query.Filter{Where: e}, &query.Aggregate{Aggs: []query.Agg{{Name: "n", Func: query.CountRows}}},
	}}
	var lacks []string
	for _, name := range plan.Reads() {
		if field, ok := flowlog.Lookup(name); ok && !f.Has(field.ID) {
			lacks = append(lacks, field.Name)
		}
	}
	return lacks, nil
}

// synthReport is the summary of synthetic logs for programs.
type synthReport struct {
	Records int64        `json:"records"`
	Objects int64        `json:"objects"`
	Bytes   int64        `json:"bytes"` // of the objects
	Stories []storyEntry `json:"stories"`
	// Changed is when the network changed, where its definition was written.
	Changed *time.Time `json:"network_changed,omitempty"`
}

// storyEntry is a planted story: the filter matches just its records.
type storyEntry struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	What    string    `json:"what"`
	Where   string    `json:"where,omitempty"`
	Lacks   []string  `json:"lacks,omitempty"` // fields of the filter that the format lacks, so that there is none
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Records int64     `json:"records"`
	Bytes   int64     `json:"bytes"` // sum of the field
}

// newSynthReport returns a summary for programs.
func newSynthReport(s *synth.Summary, f flowlog.Format) (synthReport, error) {
	r := synthReport{Records: s.Records, Objects: s.Objects, Bytes: s.Bytes, Stories: []storyEntry{}}
	for _, st := range s.Stories {
		lacks, err := lackedBy(f, st.Question)
		if err != nil {
			return r, err
		}
		if len(lacks) > 0 {
			st.Question = ""
		}
		r.Stories = append(r.Stories, storyEntry{st.Name, st.Title, st.What, st.Question, lacks, st.From, st.To, st.Records, st.Bytes})
	}
	return r, nil
}

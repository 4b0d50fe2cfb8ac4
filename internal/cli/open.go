package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/source"
)

// askAbove is the size above which --all asks before it takes a bucket.
const askAbove = 5 << 30

// s3Flags are the flags of commands that reach AWS.
type s3Flags struct{ o app.S3Options }

// add adds the flags to a command.
func (s *s3Flags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.o.Profile, "profile", "", "AWS profile `NAME`")
	f.StringVar(&s.o.EndpointURL, "endpoint-url", "", "`URL` of a service that speaks as AWS does, instead of AWS")
	f.BoolVar(&s.o.PathStyle, "path-style", false, "put the bucket into the path of requests (on by itself for IP endpoints)")
	f.StringVar(&s.o.Region, "bucket-region", "", "`REGION` of the bucket (found by itself where the service tells it)")
	f.BoolVar(&s.o.NoSign, "no-sign-request", false, "ask without credentials")
	f.BoolVar(&s.o.RequesterPay, "requester-pays", false, "accept the costs of a requester-pays bucket")
	completeNothing(cmd, "profile", "endpoint-url", "bucket-region")
}

// options returns what the flags ask for, with the environment's AWS settings.
func (s *s3Flags) options() app.S3Options {
	o := s.o
	o.Env = awsEnvironment()
	return o
}

// openFlags are the flags of weir open.
type openFlags struct {
	scope             scopeFlags // from, to and zone of it
	regions, owners   []string
	all, dryRun, yes  bool
	flowLogs          string
	logFormat         string
	logGroup          string
	describe, replace bool
	workers           int
	follow            bool
	how               followFlags
	s3                s3Flags
}

func (c *cli) openCommand() *cobra.Command {
	var f openFlags
	cmd := &cobra.Command{
		Use:   "open [flags] SOURCE...",
		Short: "Take flow logs in and print what they hold",
		Long: `Takes flow logs from folders, files, S3 buckets and log groups of CloudWatch Logs
(cwl:NAME, or the ARN) into the lake, and prints what it found. Objects are read in any form in which AWS delivers them (text, gzip, Parquet,
CloudWatch Logs and Firehose documents) and told apart by what is in them. What was
taken before is passed over, wherever it lies; a run that ended early is continued by
running it again. Objects whose bytes changed since are reported and left, until
--replace.

--region, --log-owner, --from and --to choose objects by their keys, where these are
as AWS makes them; other objects are taken in any case. Keys hold the account that
made the flow log (--log-owner), which is not always the interface's. --from and --to
are about the start of records; objects are taken whole, from 5 minutes before --from
until 40 minutes after --to (one aggregation interval and 30 minutes of delay).

Of a bucket without --from the newest 24 hours are taken; --all takes the rest, above
5 GB only after a yes. --dry-run shows what would be taken.

A log group is read by the time of its events, which is the start of their record:
from --from or --since to --to, else the last 24 hours. Its events are kept in
DATA/tail, where their ids tell what was taken before. --region names its region.

--log-group names what the sources deliver as a log group ('weir logs'): their flow logs
by the ids in the keys, and what lies there without one.

Objects without a header are read in AWS's default format, or in that of --log-format,
or in their flow log's own: --flow-logs takes the output of 'aws ec2
describe-flow-logs', --describe-flow-logs asks EC2.

--follow goes on after that: until Ctrl-C it looks for new objects and takes them, in
folders four times a second, in buckets every 30 s and among the last 24 hours', in log
groups every 30 s among the last hour's events (--every says otherwise). With --queue
it takes what the messages of an SQS queue say is new in the buckets at once, and lists
them every 10 minutes for what no message told. Sources that fail are tried again, objects that could not be read once
a minute. Files are taken once nothing wrote to them for a second. Beside a running
'weir serve' the page shows the new records at once.

Files that are no flow log are named and passed over. Bad lines are counted and named
with file, line and column; the good ones are taken, and the exit code is 3. 'weir
lake status' lists what was not taken.`,
		Example: `  weir open ./AWSLogs
  weir open s3://my-bucket --region us-east-1 --from 2026-03-02 --to 2026-03-03
  weir open s3://my-bucket/prefix --dry-run
  weir open s3://my-bucket --profile audit --log-owner 123456789012 --since 7d
  weir open s3://logs --endpoint-url http://127.0.0.1:7070
  weir open s3://my-bucket --follow --every 1m
  weir open s3://my-bucket --follow --queue https://sqs.us-east-1.amazonaws.com/111122223333/flow-logs
  weir open cwl:/aws/vpc/flowlogs --region us-east-1 --since 6h --follow
  weir open export/ --log-format '${version} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end}'`,
		Args: needArgs(1, -1, "the source"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.open(cmd.Context(), args, &f) },
	}
	f.scope.addTimes(cmd)
	f.add(cmd)
	fl := cmd.Flags()
	fl.BoolVar(&f.dryRun, "dry-run", false, "show what would be taken, and take nothing")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask before taking much")
	fl.BoolVar(&f.replace, "replace", false, "take objects that changed since they were taken in place of the old ones")
	return cmd
}

// add adds the flags of every command that takes sources in.
func (f *openFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.regions, "region", nil, "objects of the `REGION`, by their keys; of a log group, where it is")
	fl.StringSliceVar(&f.owners, "log-owner", nil, "objects of flow logs that the `ACCOUNT` made, by their keys")
	fl.BoolVar(&f.all, "all", false, "take all of a bucket or log group and not the newest 24 hours only")
	fl.StringVar(&f.logFormat, "log-format", "", "`FORMAT` of objects without a header, as in EC2's LogFormat")
	fl.StringVar(&f.logGroup, "log-group", "", "name the records of what the sources deliver as the log group `NAME`")
	fl.StringVar(&f.flowLogs, "flow-logs", "", "JSON `FILE` of 'aws ec2 describe-flow-logs' with the formats")
	fl.BoolVar(&f.describe, "describe-flow-logs", false, "ask EC2 for the formats of the flow logs")
	fl.IntVar(&f.workers, "workers", 0, "read `N` objects side by side (default: one for each processor)")
	fl.BoolVar(&f.follow, "follow", false, "keep taking new objects until Ctrl-C")
	f.how.add(cmd)
	f.s3.add(cmd)
	completeNothing(cmd, "region", "log-owner", "log-format", "log-group", "workers")
}

// request returns what the arguments ask for.
func (f *openFlags) request(args []string) (app.OpenRequest, error) {
	r := app.OpenRequest{
		All: f.all, LogFormat: f.logFormat, AskFlowLogs: f.describe, Replace: f.replace, Workers: f.workers, LogGroup: f.logGroup, S3: f.s3.options(),
	}
	scope, err := f.scope.scope(time.Now())
	if err != nil {
		return r, err
	}
	if f.all && !scope.From.IsZero() {
		return r, usage(errors.New("--all takes all of a bucket: it excludes --from and --since"))
	}
	switch {
	case f.follow && !scope.To.IsZero():
		return r, usage(errors.New("--follow takes what comes: it excludes --to"))
	case f.follow && f.dryRun:
		return r, usage(errors.New("--follow and --dry-run exclude each other"))
	}
	if f.workers < 0 {
		return r, usage(errors.New("--workers must not be below 0"))
	}
	if f.logFormat != "" {
		if _, err := parseFormat("--log-format", f.logFormat); err != nil {
			return r, err
		}
	}
	r.Selection = source.Selection{From: scope.From, To: scope.To, Regions: f.regions, LogOwners: f.owners}
	if err := r.Selection.Check(); err != nil {
		return r, usage(err)
	}
	for _, a := range args {
		name, err := sourceName(a)
		if err != nil {
			return r, err
		}
		r.Sources = append(r.Sources, name)
	}
	if err := f.how.check(f.follow, r.Sources); err != nil {
		return r, err
	}
	if f.flowLogs != "" {
		text, err := os.ReadFile(f.flowLogs)
		if err != nil {
			return r, fmt.Errorf("--flow-logs: %w", err)
		}
		if _, err := source.ParseDescribe(bytes.NewReader(text)); err != nil {
			return r, usage(fmt.Errorf("--flow-logs: %s: %w", f.flowLogs, err))
		}
		r.FlowLogsJSON = string(text)
	}
	return r, nil
}

// sourceName returns a source as the ledger knows it: paths are absolute.
func sourceName(text string) (string, error) {
	spec, err := source.ParseSpec(text)
	if err != nil {
		return "", err
	}
	switch spec.Kind {
	case source.KindStdin:
		return "", hint(usage(errors.New("the lake takes no stdin: it must know a place to say where records came from")),
			"put it into a file first; 'weir cat -' decodes stdin without a lake")
	case source.KindPath:
		if spec.Path, err = filepath.Abs(spec.Path); err != nil {
			return "", err
		}
	}
	return spec.String(), nil
}

// ledgerName returns a place as the URLs of its objects begin.
func ledgerName(text string) (string, error) {
	if spec, err := source.ParseSpec(text); err == nil && spec.Kind == source.KindLogGroup {
		name := "cwl:" + spec.Group
		if spec.Region != "" {
			name += "/" + spec.Region
		}
		return name, nil
	}
	if len(text) > len("cwl:") && strings.HasPrefix(text, "cwl:") {
		return text, nil // one of its objects, or of a service that is not AWS's
	}
	if len(text) > len(app.StoredOrigin) && strings.HasPrefix(text, app.StoredOrigin) {
		return text, nil
	}
	return sourceName(text)
}

// open takes sources in and prints the report.
func (c *cli) open(ctx context.Context, args []string, f *openFlags) error {
	r, err := f.request(args)
	if err != nil {
		return err
	}
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	if f.dryRun {
		return c.dryRun(ctx, r, zone)
	}
	if f.all && !f.yes {
		if err := c.askForAll(ctx, r, zone); err != nil {
			return err
		}
	}
	s, err := c.writer(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r.Follow = f.follow
	p := c.progress("taking")
	p.zone = zone
	report, err := s.Open(ctx, r, p.show)
	p.end()
	if err != nil {
		if report.Intake.Committed > 0 {
			c.note("%s taken before the error; the same command goes on from there", plural(report.Intake.Committed, "object"))
		}
		return err
	}
	if report.Partial() {
		c.code = exitPartial
	}
	switch {
	case c.json && f.follow:
		report.Kinds = orEmpty(report.Kinds)
		err = c.printJSONLine(report)
	case c.json:
		report.Kinds = orEmpty(report.Kinds)
		err = c.printJSON(report)
	default:
		c.printOpen(report, zone)
	}
	if err != nil || !f.follow {
		return err
	}
	return c.follow(ctx, s, r, &f.how, zone)
}

// dryRun shows what would be taken.
func (c *cli) dryRun(ctx context.Context, r app.OpenRequest, zone *time.Location) error {
	list, err := app.List(ctx, r)
	if err != nil {
		return err
	}
	if list.Denied() {
		c.code = exitPartial
	}
	if c.json {
		return c.printJSON(list)
	}
	printList(people{c.out}, list, zone)
	return nil
}

// askForAll asks before very much is taken, and fails where nobody says yes.
func (c *cli) askForAll(ctx context.Context, r app.OpenRequest, zone *time.Location) error {
	// How much lies in a log group shows only when it is read.
	r.Sources = slices.DeleteFunc(slices.Clone(r.Sources), func(name string) bool {
		spec, err := source.ParseSpec(name)
		return err == nil && spec.Kind == source.KindLogGroup
	})
	list, err := app.List(ctx, r)
	if err != nil || list.Bytes <= askAbove {
		return err
	}
	printList(people{c.err}, list, zone)
	yes, err := c.confirm(fmt.Sprintf("take %s?", size(list.Bytes)))
	if err != nil || yes {
		return err
	}
	return hint(fmt.Errorf("%s are more than %s, and nobody said yes", size(list.Bytes), size(askAbove)),
		"--yes takes them without asking", "--from and --to take a part")
}

// printList shows what lies at sources.
func printList(w io.Writer, list *app.ListReport, zone *time.Location) {
	for i := range list.Sources {
		printSource(w, &list.Sources[i], zone)
	}
	if len(list.Sources) > 1 {
		fmt.Fprintf(w, "in all %s, %s\n", plural(list.Objects, "object"), size(list.Bytes))
	}
}

// printSource shows what lies at one source.
func printSource(w io.Writer, s *app.SourceReport, zone *time.Location) {
	fmt.Fprintf(w, "%s: %s, %s", s.Name, plural(s.Objects, "object"), size(s.Bytes))
	if s.Requests > 0 {
		fmt.Fprintf(w, ", listed with %s", plural(s.Requests, "request"))
	}
	fmt.Fprintln(w)
	if s.First != nil {
		fmt.Fprintf(w, "  slots from %s to %s\n", showTime(*s.First, zone), showTime(*s.Last, zone))
	}
	if s.NewestHours > 0 && s.OlderObjects > 0 {
		fmt.Fprintf(w, "  these are the newest %d hours; %s (%s) are left: --all takes them, or --from\n",
			s.NewestHours, plural(s.OlderObjects, "object"), size(s.OlderBytes))
	} else if s.OlderObjects > 0 || s.Folders > 0 {
		fmt.Fprintf(w, "  outside of what was asked for: %s", plural(s.OlderObjects, "object"))
		if s.Folders > 0 {
			fmt.Fprintf(w, ", and %s that were not looked into", plural(s.Folders, "folder"))
		}
		fmt.Fprintln(w)
	}
	if s.Unjudged > 0 {
		fmt.Fprintf(w, "  of these %s whose keys don't tell what was asked for\n", plural(s.Unjudged, "object"))
	}
	for _, sk := range s.Skipped {
		fmt.Fprintf(w, "  not looked into: %s\n", sk)
	}
	for _, fault := range s.Faults {
		fmt.Fprintf(w, "  %s\n", fault.Problem)
		for line := range strings.SplitSeq(strings.TrimSpace(fault.Hint), "\n") {
			if line != "" {
				fmt.Fprintf(w, "    %s\n", line)
			}
		}
	}
}

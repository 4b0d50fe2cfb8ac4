package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
)

// catForms are the forms that cat writes.
var catForms = []string{"jsonl", "csv", "text", "parquet"}

// catFlags are the flags of weir cat.
type catFlags struct {
	input, output string // formats
	form          string
	where         string
	scope         scopeFlags
}

func (c *cli) catCommand() *cobra.Command {
	var f catFlags
	var tgw bool // for the completion of --where only: records say what they are
	cmd := &cobra.Command{
		Use:   "cat [flags] FILE...|-",
		Short: "Decode flow logs to stdout",
		Long: `Decodes flow logs in any form in which AWS delivers them, without a lake, and
writes their records: as JSON lines (AWS's column names with underscores, numbers as
numbers, absent fields left out), CSV, AWS's text, or Parquet with AWS's types. A
folder stands for the files below it, "-" for stdin.

Text, CSV and Parquet have the fields of --log-format. Without it they have those of
the first file; where a later record has other ones too, cat ends with an error rather
than leave them out. --log-format also says how to read files without a header, unless
--input-format does.

` + whereHelp + `
--where can also name a field that weir does not know, if a file's header does.

--from, --to and --since bound the records' start; one without a start counts at its
object's slot, else at its end. --account and --interface are fields of the record;
--region is its field, else that of the file's name; --flow-log is of the file's name.

Bad lines are named on stderr with file, line and column, and left out, as are files
that cannot be read to their end; the exit code is then 3, or 1 where nothing could be
read at all. Files in a folder that are no flow log are passed over.`,
		Example: `  weir cat 123456789012_vpcflowlogs_us-east-1_fl-1_20260302T1000Z_1a2b3c4d.log.gz
  zcat *.gz | weir cat --where 'action = REJECT' -
  weir cat --format csv --log-format '${srcaddr} ${dstaddr} ${bytes}' AWSLogs/
  weir cat --format parquet --from 2026-03-02T10:00Z AWSLogs/ > morning.parquet
  aws s3 cp s3://my-bucket/AWSLogs/.../x.log.gz - | weir cat -`,
		Args: needArgs(1, -1, "the file"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.cat(cmd.Context(), args, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.output, "log-format", "", "`FORMAT` as in EC2's LogFormat: of the output, and of input without a header")
	fl.StringVar(&f.input, "input-format", "", "`FORMAT` of input without a header, where it is another than the output's")
	fl.StringVar(&f.form, "format", "jsonl", "`FORM` of the output: "+strings.Join(catForms, ", "))
	f.scope.add(cmd)
	addWhere(cmd, &f.where, &tgw)
	complete(cmd, "format", catForms...)
	completeNothing(cmd, "log-format", "input-format")
	return cmd
}

// catter writes the records of files.
type catter struct {
	c      *cli
	flags  *catFlags
	opts   flowlog.Options
	format *flowlog.Format // of the output; nil: that of the first records
	empty  *flowlog.Format // that of the first file, where no file has records
	chosen bool            // --log-format chose it, so that other fields are not wanted
	out    *bufio.Writer
	writer flowlog.Writer
	sieve  sieve

	read   int // files that were read, to their end or not
	failed int // files that could not be read, or not to their end
	bad    int64
	hinted map[string]bool // hints that were given
}

// cat decodes files.
func (c *cli) cat(ctx context.Context, args []string, f *catFlags) error {
	k := &catter{c: c, flags: f, out: bufio.NewWriterSize(c.out, 64<<10), hinted: map[string]bool{}}
	if err := k.setUp(); err != nil {
		return err
	}
	for _, arg := range args {
		if err := k.argument(ctx, arg); err != nil {
			_ = k.out.Flush() // records before the error are good
			return err
		}
	}
	if err := k.finish(); err != nil {
		return err
	}
	if err := k.sieve.unmet(); err != nil && k.read > 0 {
		return err
	}
	if k.bad > 0 {
		c.note("%s left out", plural(k.bad, "bad record"))
	}
	switch {
	case k.failed > 0 && k.read == 0:
		c.code = exitFailed
	case k.bad > 0 || k.failed > 0:
		c.code = exitPartial
	}
	return nil
}

// setUp reads the flags.
func (k *catter) setUp() error {
	f := k.flags
	switch {
	case !slices.Contains(catForms, f.form):
		return usage(fmt.Errorf("--format: no form %q: it is one of %s", f.form, strings.Join(catForms, ", ")))
	case k.c.json && f.form != "jsonl":
		return usage(fmt.Errorf("--json and --format %s exclude each other", f.form))
	case f.form == "parquet" && isTerminal(k.c.out):
		return errTerminal
	}
	var err error
	if f.output != "" {
		if k.format, err = parseFormat("--log-format", f.output); err != nil {
			return err
		}
		k.chosen = true
		k.opts.Format = k.format
	}
	if f.input != "" {
		if k.opts.Format, err = parseFormat("--input-format", f.input); err != nil {
			return err
		}
	}
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	scope, err := f.scope.scope(time.Now())
	if err != nil {
		return err
	}
	k.sieve, err = newSieve(f.where, scope, zone)
	return err
}

// parseFormat reads the log format of a flag.
func parseFormat(flag, text string) (*flowlog.Format, error) {
	f, err := flowlog.ParseLogFormat(text)
	if err != nil {
		return nil, hint(usage(fmt.Errorf("%s: %s", flag, message(err))),
			"it is written as for EC2: '${version} ${account-id} ...', in single quotes")
	}
	return &f, nil
}

// file decodes one file, whose place is ref. The error ends the whole command;
// what is wrong with the file alone is shown and is none.
func (k *catter) file(ctx context.Context, r io.Reader, in input) error {
	d, err := flowlog.NewDecoder(r, k.opts)
	if err != nil {
		k.fault(in, err)
		return nil
	}
	shown := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := d.Next()
		st := d.Stats()
		for ; shown < len(st.BadLines); shown++ {
			fmt.Fprintf(people{k.c.err}, "weir: %s: %s\n", in.name, st.BadLines[shown])
		}
		if err == nil {
			if err = k.write(b, &st, in); err != nil {
				return err
			}
			continue
		}
		if more := st.Bad - int64(len(st.BadLines)); more > 0 {
			fmt.Fprintf(people{k.c.err}, "weir: %s: and %s\n", in.name, plural(more, "more bad line"))
		}
		k.bad += st.Bad
		if err == io.EOF || st.Records > 0 {
			k.read++
		}
		if k.empty == nil && len(st.Formats) > 0 {
			k.empty = &st.Formats[0]
		}
		if err != io.EOF {
			k.fault(in, err)
		}
		return nil
	}
}

// write writes the records of a batch that are asked for.
func (k *catter) write(b *flowlog.Batch, st *flowlog.Stats, in input) error {
	if err := k.settleFormat(b, st, in); err != nil {
		return err
	}
	b, err := k.sieve.through(b, st, in)
	if err != nil || b.Len() == 0 {
		return err
	}
	if err := k.writer.Write(b); err != nil {
		return hint(fmt.Errorf("cannot write %s: %s", in.name, message(err)),
			"--format jsonl takes records of any kind", "--log-format chooses fields")
	}
	return nil
}

// settleFormat begins the output with the fields of the first records, and
// refuses later records with fields that would get lost.
func (k *catter) settleFormat(b *flowlog.Batch, st *flowlog.Stats, in input) error {
	if k.writer == nil {
		if k.format == nil {
			f := flowlog.FormatOf(b)
			if len(st.Formats) > 0 {
				// The columns of weir's own Parquet do not tell the unknown fields.
				first := st.Formats[0]
				if all, err := first.With(first.Missing(b)...); err == nil {
					f = all
				}
			}
			k.format = &f
		}
		k.begin()
	}
	if k.chosen || k.flags.form == "jsonl" {
		return nil
	}
	lost := k.format.Missing(b)
	if len(lost) == 0 || k.format.Kind() != b.Kind() && !k.format.Shared() {
		return nil // the writer refuses the other kind, and says so
	}
	return hint(fmt.Errorf("%s has fields that the files before lack: %s", in.name, strings.Join(lost, ", ")),
		"--log-format chooses the fields of the output", "--format jsonl writes each record with the fields that it has")
}

// begin begins the output, now that its fields are known.
func (k *catter) begin() {
	k.writer = recordWriter(k.flags.form, k.out, *k.format)
}

// finish ends the output. Where no record was read, and --log-format did not say
// its fields, it has those of the first file that has a header or columns, else
// AWS's default ones, so that it is whole in its form.
func (k *catter) finish() error {
	if k.writer == nil && k.failed == 0 {
		if k.format == nil {
			k.format = k.empty
		}
		if k.format == nil {
			f := flowlog.DefaultFormat(flowlog.KindVPC)
			k.format = &f
		}
		k.begin()
	}
	if k.writer != nil {
		if err := k.writer.Close(); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
	}
	if err := k.out.Flush(); err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}

// fault shows a file that could not be read, or not to its end; the others go
// on.
func (k *catter) fault(in input, err error) {
	if in.found && errors.Is(err, flowlog.ErrNotFlowLog) {
		k.c.note("%s: %s", in.name, message(err))
		return
	}
	k.failed++
	fmt.Fprintf(people{k.c.err}, "weir: %s: %s\n", in.name, message(err))
	if errors.Is(err, flowlog.ErrNoFormat) && !k.hinted["format"] {
		k.hinted["format"] = true
		k.c.printHints([]string{"give the format: --log-format '${version} ${account-id} ...'"})
	}
}

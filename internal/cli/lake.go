package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/lake"
)

func (c *cli) lakeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lake",
		Short: "Look after the lake: status, check, compact, attribute, expire, forget",
		Long: `The lake holds the records as two Apache Iceberg tables of Parquet files, flow.records
and flow.tgw_records, beside a ledger of the objects that they were taken from.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.lakeStatusCommand(), c.lakeCheckCommand(), c.lakeCompactCommand(), c.lakeAttributeCommand(), c.lakeExpireCommand(),
		c.lakeForgetCommand(), c.lakeDuplicatesCommand())
	return cmd
}

func (c *cli) lakeCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Compare every record with what was taken",
		Long: `Reads every record of the lake and compares, object by object and hour by hour, number
and checksum with what the ledger says was taken. Exit code 4 where they differ.`,
		Example: "  weir lake check && echo sound",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.reader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			p := c.progress("checking")
			r, err := s.Check(cmd.Context(), p.show)
			p.end()
			if err != nil {
				return err
			}
			if len(r.Differences) > 0 {
				c.code = exitFindings
			}
			if c.json {
				r.Differences = orEmpty(r.Differences)
				return c.printJSON(r)
			}
			for i := range r.Differences {
				c.printDifference(&r.Differences[i])
			}
			fmt.Fprintf(c.out, "%s of %s in %s: %s\n", plural(r.Records, "record"), plural(r.Objects, "object"), plural(int64(r.Hours), "hour"), verdict(len(r.Differences)))
			return nil
		},
	}
}

// printDifference shows what is not as it was taken.
func (c *cli) printDifference(d *lake.Difference) {
	what := d.URL + ": " + d.Problem
	if strings.Contains(d.Problem, d.URL) {
		what = d.Problem // it names the file already
	}
	fmt.Fprintf(people{c.out}, "%s %s %s (taken %s, found %s)\n", d.Table, d.Hour.Format("2006-01-02T15Z"), what, number(d.Taken), number(d.Found))
}

// verdict says whether a check found something.
func verdict(differences int) string {
	if differences == 0 {
		return "all as taken"
	}
	return plural(int64(differences), "difference")
}

func (c *cli) lakeCompactCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "compact",
		Short:   "Put the small files of each hour together",
		Long:    "Finds the pairs of hours whose records, or whose neighbours' records, changed, attributes\nhours anew as 'weir lake attribute' does, and puts the small files of each hour together\ninto one, sorted anew. Imports do this by themselves; it helps after an import that was\nended early.",
		Example: "  weir lake compact",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			p := c.progress("compacting")
			r, err := s.Compact(cmd.Context(), p.show)
			p.end()
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(r)
			}
			if r.Paired > 0 {
				fmt.Fprintf(c.out, "%s: pairs found again, since records around them, or the definition, changed\n", plural(int64(r.Paired), "hour"))
			}
			if r.Attributed > 0 {
				fmt.Fprintf(c.out, "%s: brought up to date with the definitions\n", plural(int64(r.Attributed), "hour"))
			}
			if r.Hours == 0 {
				fmt.Fprintln(c.out, "nothing to put together")
				return nil
			}
			fmt.Fprintf(c.out, "%s: %s of %s became %d of %s\n", plural(int64(r.Hours), "hour"), plural(int64(r.FilesBefore), "file"), size(r.BytesBefore), r.FilesAfter, size(r.BytesAfter))
			return nil
		},
	}
}

func (c *cli) lakeExpireCommand() *cobra.Command {
	var age string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "expire [flags]",
		Short: "Remove old records, and files that are no longer needed",
		Long: `Removes, with --older-than, the records of hours that ended before that age; the
objects they came from are remembered and not taken again. What DATA/tail has of log
groups goes too once all its records did; of these groups no event of that time is read
any more. Files that no snapshot of the last 15 minutes names are removed in any case.`,
		Example: "  weir lake expire --older-than 90d --dry-run\n  weir lake expire --older-than 90d",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := lake.ExpireOptions{DryRun: dryRun}
			if age != "" {
				var err error
				if o.OlderThan, err = parseAge(age); err != nil {
					return usage(fmt.Errorf("--older-than: %w", err))
				}
			}
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			r, err := s.Expire(cmd.Context(), o)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(r)
			}
			would := ""
			if dryRun {
				would = "would be "
			}
			fmt.Fprintf(c.out, "%s in %s %sremoved, %s, %s of %s\n", plural(r.Records, "record"), plural(int64(r.Hours), "hour"), would,
				plural(int64(r.Snapshots), "snapshot"), plural(int64(r.Files), "file"), size(r.Bytes))
			if r.TailObjects > 0 {
				fmt.Fprintf(c.out, "%s of log groups, %s, removed from DATA/tail\n", plural(int64(r.TailObjects), "object"), size(r.TailBytes))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&age, "older-than", "", "remove records older than `AGE`: 90d, 52w")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would go, and remove nothing")
	return cmd
}

func (c *cli) lakeForgetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "forget SOURCE",
		Short: "Take an import back",
		Long: `Removes all records that came from a source (a folder, a file, a bucket with its
prefix, an object), in one commit. Records whose bytes lie at another place too, which
was also taken, stay. The same source can be taken again later.

log-group:NAME is the log group NAME of this server, of whose events records were made. The
events stay in the log group; they do not become records again.`,
		Example: "  weir lake forget ./AWSLogs\n  weir lake forget s3://my-bucket/AWSLogs/123456789012\n  weir lake forget log-group:vpc-flow-logs",
		Args:    needArgs(1, 1, "the source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := ledgerName(args[0])
			if err != nil {
				return err
			}
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			r, err := s.Forget(cmd.Context(), name)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(r)
			}
			fmt.Fprintf(c.out, "%s of %s removed", plural(r.Records, "record"), plural(r.Objects, "object"))
			if r.Kept > 0 {
				fmt.Fprintf(c.out, "; kept %s whose bytes lie elsewhere too", plural(r.Kept, "record"))
			}
			fmt.Fprintln(c.out)
			return nil
		},
	}
}

func (c *cli) lakeDuplicatesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "duplicates",
		Short: "List equal records of different objects",
		Long: `Finds records that are equal in every field and came from different objects: exports
that overlap, or one flow log delivered under two names. Exit code 4 where there are
some. (Objects with the same bytes are taken once in any case.)`,
		Example: "  weir lake duplicates",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.reader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			p := c.progress("comparing")
			list, err := s.Duplicates(cmd.Context(), p.show)
			p.end()
			if err != nil {
				return err
			}
			if len(list) > 0 {
				c.code = exitFindings
			}
			if c.json {
				return c.printJSON(orEmpty(list))
			}
			for _, o := range list {
				fmt.Fprintf(people{c.out}, "%s in both, %s to %s\n  %s\n  %s\n  e.g. %s\n", plural(o.Records, "record"),
					o.From.Format(time.RFC3339), o.To.Format(time.RFC3339), o.First, o.Second, o.Example)
			}
			if len(list) == 0 {
				fmt.Fprintln(c.out, "no record stands in two objects")
			}
			return nil
		},
	}
}

package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/detection"
)

func (c *cli) watchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Be told of brute force, scans, losses and the like",
		Long: `Detections that are ready, each one command away; none is on by itself. 'weir watch
detections' says which there are, 'weir watch add' makes one.

A detection is made of a rule of Contributor Insights, an alarm and a topic, as many as it needs,
which any client of AWS shows and changes. Their names begin with weir-, and their tags say
which detection they are of. 'weir serve' counts, judges and tells.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.watchDetectionsCommand(), c.watchAddCommand(), c.watchListCommand(), c.watchShowCommand(), c.watchRemoveCommand())
	return cmd
}

// shownDetection is a detection as JSON.
type shownDetection struct {
	Name       string           `json:"name"`
	Finds      string           `json:"finds"`
	How        string           `json:"how"`
	Parameters []shownParameter `json:"parameters"`
	Fields     []string         `json:"fields"`
	// Names is what must have been imported, "" for nothing.
	Names string `json:"names,omitempty"`
}

type shownParameter struct {
	Name    string  `json:"name"`
	Meaning string  `json:"meaning"`
	Default float64 `json:"default"`
}

func (c *cli) watchDetectionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "detections [NAME]",
		Short: "List the detections that are ready",
		Long: `Lists the detections that are ready, or says what one of them counts, which numbers it
takes, which fields the LogFormat of records must have, and which list must have been
imported by 'weir enrich'.`,
		Example: `  weir watch detections
  weir watch detections port-scan
  weir watch detections --json`,
		Args:              needArgs(0, 1, "the detection"),
		ValidArgsFunction: completeDetection,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				d, ok := detection.ByName(args[0])
				if !ok {
					return asFlags(app.NoDetection(args[0]))
				}
				if c.json {
					return c.printJSON(shownDetectionOf(d))
				}
				return c.printDetection(d)
			}
			all := detection.All()
			if c.json {
				out := []shownDetection{}
				for i := range all {
					out = append(out, shownDetectionOf(&all[i]))
				}
				return c.printJSON(out)
			}
			var rows [][]string
			for i := range all {
				rows = append(rows, []string{all[i].Name, all[i].Finds, strings.Join(defaultsOf(&all[i]), " ")})
			}
			return printTable(c.out, []tableColumn{{head: "NAME"}, {head: "FINDS"}, {head: "DEFAULTS"}}, rows)
		},
	}
}

// completeDetection completes the name of a detection that is ready.
func completeDetection(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		for _, d := range detection.All() {
			out = append(out, d.Name+"\t"+d.Finds)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// shownDetectionOf returns a detection as JSON has it.
func shownDetectionOf(d *detection.Detection) shownDetection {
	out := shownDetection{Name: d.Name, Finds: d.Finds, How: d.How, Fields: d.FieldNames(), Names: d.Names.String()}
	for _, p := range d.Parameters {
		out.Parameters = append(out.Parameters, shownParameter{p.Name, p.Meaning, p.Default})
	}
	return out
}

// defaultsOf returns the flags of a detection with their defaults.
func defaultsOf(d *detection.Detection) []string {
	var out []string
	for _, p := range d.Parameters {
		out = append(out, "--"+p.Name+" "+valueOf(&p, p.Default))
	}
	return out
}

// valueOf writes a value of a parameter as its flag takes it.
func valueOf(p *detection.Parameter, v float64) string {
	switch p.Unit {
	case detection.Seconds:
		return span(time.Duration(v) * time.Second)
	case detection.Bytes:
		if v >= 1e9 && v == float64(int64(v/1e9))*1e9 {
			return fmt.Sprintf("%dGB", int64(v/1e9))
		}
	}
	return plainFloat(v)
}

func (c *cli) printDetection(d *detection.Detection) error {
	out := people{c.out}
	fmt.Fprintf(out, "%s finds %s.\n\n%s\n\n", d.Name, d.Finds, wrapped(d.How, 90))
	for _, p := range d.Parameters {
		fmt.Fprintf(out, "  --%-10s %s (default %s)\n", p.Name, p.Meaning, valueOf(&p, p.Default))
	}
	if len(d.Fields) == 0 {
		return nil
	}
	names := ""
	if d.Names != detection.NoNames {
		names = ", and " + d.Names.String() + " ('weir enrich')"
	}
	_, err := fmt.Fprintf(out, "\nIt needs %s%s.\n", strings.Join(d.FieldNames(), ", "), names)
	return err
}

// wrapped breaks a text between words into lines of at most some signs.
func wrapped(text string, width int) string {
	var out strings.Builder
	line := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == 0:
		case line+1+len(word) > width:
			out.WriteByte('\n')
			line = 0
		default:
			out.WriteByte(' ')
			line++
		}
		out.WriteString(word)
		line += len(word)
	}
	return out.String()
}

// completeKept completes the name of a detection that is there.
func (c *cli) completeKept(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		c.setData()
		for _, w := range c.keptDetections(cmd.Context()) {
			out = append(out, w.Detection+"\t"+w.Group)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// keptDetections returns the detections that are there, as far as they can be read.
func (c *cli) keptDetections(ctx context.Context) []app.WatchedDetection {
	s, err := c.watched(ctx)
	if err != nil {
		return nil
	}
	defer s.Close()
	list, _ := app.Detections(ctx, s) // completion offers what it can
	return list
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/query"
	"weir/internal/source"
)

// mostHints is how many hints stand under an error: more are not read.
const mostHints = 3

// hinted is an error with what to do next.
type hinted struct {
	error
	hints []string
}

// Unwrap returns the error without hints.
func (h *hinted) Unwrap() error { return h.error }

// hint adds to an error what to do next.
func hint(err error, hints ...string) error { return &hinted{err, hints} }

// takeDefinition says where a definition comes from, where none was imported.
const takeDefinition = "weir network import DIR takes what 'aws ec2 describe-*' prints"

// hintImport says so of a command that also asks files.
func hintImport(err error) error {
	return hint(err, takeDefinition, "--network DIR asks files that are not imported")
}

// usageError is an error in how a command was called.
type usageError struct{ error }

// Unwrap returns the error itself.
func (u usageError) Unwrap() error { return u.error }

// usage marks an error as one in how the command was called.
func usage(err error) error { return usageError{err} }

// placed is an error within a text of the command line, which is shown with a
// caret under the place.
type placed struct {
	error
	excerpt string
}

// Unwrap returns the error itself.
func (p *placed) Unwrap() error { return p.error }

// at adds the place in a text to an error that has one.
func at(err error, text string) error {
	if q, ok := errors.AsType[*query.TextError](err); ok {
		return &placed{err, q.Excerpt(text)}
	}
	return err
}

// report shows an error and returns its exit code.
func (c *cli) report(ctx context.Context, cmd *cobra.Command, err error) int {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		fmt.Fprintln(c.err, "weir: ended by signal")
		return exitFailed
	}
	code := exitFailed
	var u usageError
	wrongCall := errors.As(err, &u)
	if wrongCall || isUsage(err) {
		code = exitUsage
	}
	fmt.Fprintf(c.err, "weir: %s\n", printableLines(message(err)))
	if p, ok := errors.AsType[*placed](err); ok {
		for line := range strings.Lines(p.excerpt) {
			fmt.Fprintf(c.err, "  %s\n", printableLines(strings.TrimRight(line, "\n")))
		}
	}
	hints := hintsOf(err)
	if wrongCall && len(hints) == 0 {
		hints = append(hints, "'"+cmd.CommandPath()+" --help' shows how it is called")
	}
	c.printHints(hints)
	return code
}

// isUsage reports whether an error is about what was asked for: a place that
// can't be one, a filter or a query that is not taken.
func isUsage(err error) bool {
	var au *app.UsageError
	var spec *source.SpecError
	return errors.As(err, &au) || errors.As(err, &spec) || errors.Is(err, query.ErrRefused)
}

// message returns an error's text for people.
func message(err error) string {
	s := strings.TrimPrefix(err.Error(), query.ErrRefused.Error()+": ")
	return strings.TrimSuffix(strings.TrimPrefix(s, "flowlog: "), ".")
}

// printHints shows the first hints. Lines after a hint's first are indented.
func (c *cli) printHints(hints []string) {
	for _, h := range hints[:min(len(hints), mostHints)] {
		lead := "hint: "
		for line := range strings.Lines(strings.TrimSpace(h)) {
			fmt.Fprintf(c.err, "%s%s\n", lead, printable(strings.TrimRight(line, "\n")))
			lead = "      "
		}
	}
}

// hintsOf collects an error's hints, the outermost first, each once.
func hintsOf(err error) []string {
	var hints []string
	add := func(more ...string) {
		for _, h := range more {
			if h != "" && !slices.Contains(hints, h) {
				hints = append(hints, h)
			}
		}
	}
	if h, ok := errors.AsType[*hinted](err); ok {
		add(h.hints...)
	}
	if q, ok := errors.AsType[*query.TextError](err); ok {
		add(q.Hint)
	}
	if fault, ok := errors.AsType[*source.Fault](err); ok {
		add(fault.Hint)
	}
	if spec, ok := errors.AsType[*source.SpecError](err); ok && spec.Hint != "" {
		add("did you mean " + spec.Hint + "?")
	}
	if au, ok := errors.AsType[*app.UsageError](err); ok {
		add(au.Hint)
	}
	add(kindHints(err)...)
	add(networkHints(err)...)
	return hints
}

// kindHints returns what to do about kinds of errors that any command can meet.
func kindHints(err error) []string {
	var version *app.VersionError
	switch {
	case errors.As(err, &version):
		return []string{"end that 'weir serve' and start it again with this program"}
	case errors.Is(err, query.ErrLimit):
		return []string{
			"--explain shows what is read; --from, --to and a LIMIT make it less",
			"the command's --help names the limits that can be set",
		}
	case errors.Is(err, lake.ErrNoLake):
		return []string{
			"weir open SOURCE takes flow logs in, from a folder or an S3 bucket",
			"--data or WEIR_DATA name another data directory",
		}
	case errors.Is(err, lake.ErrLocked):
		return []string{
			"wait until it has ended; while 'weir serve' holds it, commands go through it",
			"--data or WEIR_DATA name another data directory",
		}
	case errors.Is(err, logstore.ErrNoGroup):
		return []string{"'weir logs groups' lists them"}
	case errors.Is(err, lake.ErrNothingTaken):
		return []string{"'weir lake status' counts what was taken; a source is named as it was for weir open"}
	case errors.Is(err, app.ErrStopped):
		return []string{"run the command again: without the server it works by itself"}
	case errors.Is(err, lake.ErrMoved):
		return []string{"move it back, or open the sources again into another one with --data"}
	}
	return nil
}

// note says something on stderr, unless --quiet.
func (c *cli) note(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(c.err, "weir: %s\n", printableLines(fmt.Sprintf(format, args...)))
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

// followFlags are the flags that say how sources are followed.
type followFlags struct {
	every time.Duration
	queue string
}

// add adds the flags to a command.
func (f *followFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.DurationVar(&f.every, "every", 0, "`TIME` between two looks with --follow (default 250ms, of AWS's 30s, of buckets with --queue 10m)")
	fl.StringVar(&f.queue, "queue", "", "with --follow: URL or ARN of the SQS `QUEUE` that gets the buckets' events")
	completeNothing(cmd, "every", "queue")
}

// check fails where the flags make no sense for the sources; follows says that they
// are followed.
func (f *followFlags) check(follows bool, sources []string) error {
	switch {
	case f.every != 0 && !follows:
		return usage(errors.New("--every is for --follow"))
	case f.every < 0 || f.every > 0 && f.every < 100*time.Millisecond:
		return usage(errors.New("--every must be at least 100ms"))
	case f.queue == "":
		return nil
	case !follows:
		return usage(errors.New("--queue is for --follow"))
	}
	if err := app.CheckQueue(f.queue); err != nil {
		return usage(fmt.Errorf("--queue: %w", err))
	}
	if !slices.ContainsFunc(sources, func(name string) bool { return strings.HasPrefix(name, "s3://") }) {
		return usage(errors.New("--queue is for the events of buckets, and no s3:// is followed"))
	}
	return nil
}

// intervals says how often the sources are looked at.
func intervals(f app.Follow, sources []string) string {
	var out []string
	for _, name := range sources {
		if d := f.Interval(name).String(); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return strings.Join(out, " or ")
}

// queueNote says that a queue is asked too.
func queueNote(queue string) string {
	if queue == "" {
		return ""
	}
	return ", and waiting for the messages of " + queue
}

// follow keeps taking new objects until ctx ends, and prints what comes.
func (c *cli) follow(ctx context.Context, s app.Service, r app.OpenRequest, f *followFlags, zone *time.Location) error {
	run := app.Follow{Every: f.every, Queue: f.queue, Data: c.data}
	c.note("looking for new objects every %s%s (end with Ctrl-C)", intervals(run, r.Sources), queueNote(f.queue))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	run.Report = func(round app.Round) {
		if round.Err != nil || len(round.Problems) > 0 || round.BadLines > 0 {
			c.code = exitPartial
		}
		if !c.json {
			c.printRound(&round, zone)
		} else if failed = c.printJSONLine(roundJSON(&round)); failed != nil {
			cancel() // nobody reads any more
		}
	}
	if err := run.Run(ctx, s, r); err != nil {
		return err
	}
	return failed
}

// jsonRound is a round with its error in words.
type jsonRound struct {
	*app.Round
	Error string `json:"error,omitempty"`
}

func roundJSON(r *app.Round) jsonRound {
	out := jsonRound{Round: r}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	return out
}

// printRound prints what a round brought.
func (c *cli) printRound(r *app.Round, zone *time.Location) {
	at := r.At.In(zone).Format("15:04:05")
	if r.Back {
		c.note("%s: %s can be read again", at, r.Source)
	}
	if r.Objects > 0 {
		text := plural(r.Objects, "object") + ", " + plural(r.Records, "record")
		if r.BadLines > 0 {
			text += ", " + plural(r.BadLines, "bad line")
		}
		if r.Newest != nil {
			text += "; newest record: " + newestAge(*r.Newest, r.At, zone)
		}
		line(c.out, at, "%s", text)
	}
	for _, p := range r.Problems {
		line(c.out, problemLabel(p.State), "%s: %s", p.URL, p.Problem)
		printHint(c.out, p.Hint)
	}
	for i := range r.Bad[:min(len(r.Bad), shown)] {
		printBadLine(c.out, &r.Bad[i])
	}
	if r.Err != nil {
		fmt.Fprintf(c.err, "weir: %s: %s; trying again in %s\n", at, printableLines(message(r.Err)), length(r.Wait))
		c.printHints(hintsOf(r.Err))
	}
}

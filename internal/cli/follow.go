package cli

import (
	"context"
	"fmt"
	"time"

	"weir/internal/app"
	"weir/internal/source"
)

// How often sources are looked at: folders cost nothing, requests to AWS do.
const (
	everyFolder = 250 * time.Millisecond
	everyBucket = 30 * time.Second
)

// follow keeps taking new objects until ctx ends, and prints what comes.
func (c *cli) follow(ctx context.Context, s app.Service, r app.OpenRequest, every time.Duration, zone *time.Location) error {
	if every == 0 {
		every = everyFolder
		for _, name := range r.Sources {
			if spec, err := source.ParseSpec(name); err == nil && spec.Kind != source.KindPath {
				every = everyBucket
			}
		}
	}
	c.note("looking for new objects every %s (end with Ctrl-C)", every)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	f := app.Follow{Every: every, Report: func(round app.Round) {
		if round.Err != nil || len(round.Problems) > 0 || round.BadLines > 0 {
			c.code = exitPartial
		}
		if !c.json {
			c.printRound(&round, zone)
		} else if failed = c.printJSONLine(roundJSON(&round)); failed != nil {
			cancel() // nobody reads any more
		}
	}}
	if err := f.Run(ctx, s, r); err != nil {
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
			text += "; the newest record is " + length(max(0, r.At.Sub(*r.Newest))) + " old"
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

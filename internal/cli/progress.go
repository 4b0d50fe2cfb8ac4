package cli

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"weir/internal/app"
)

// progress shows how far long work is: a bar on a terminal, a plain line every
// few seconds elsewhere, nothing with --quiet.
type progress struct {
	c     *cli
	what  string
	unit  string         // of what is counted by Done and Total
	zone  *time.Location // of times in what was listed
	began time.Time
	last  time.Time

	seen atomic.Pointer[app.Progress] // the bar is drawn by a goroutine of its own
	bars *mpb.Progress
	bar  *mpb.Bar
}

// plainEvery is how often a plain line is written.
const plainEvery = 5 * time.Second

// progress returns a progress display; end ends it.
func (c *cli) progress(what string) *progress {
	now := time.Now()
	return &progress{c: c, what: what, unit: "hour", began: now, last: now}
}

// show shows a report.
func (p *progress) show(r app.Progress) {
	switch {
	case p.c.quiet:
	case r.Listed != nil:
		p.showListed(r.Listed)
	case isTerminal(p.c.err):
		p.showBar(r)
	case time.Since(p.last) >= plainEvery:
		p.last = time.Now()
		p.c.note("%s: %s", p.label(r), p.text(r))
	}
}

// showListed shows what was listed where that is more than a walk through
// folders: of buckets, whose requests cost money.
func (p *progress) showListed(list *app.ListReport) {
	p.end()
	p.began = time.Now()
	for i := range list.Sources {
		if list.Sources[i].Requests > 0 {
			printSource(people{p.c.err}, &list.Sources[i], p.zone)
		}
	}
}

// label says what the work is.
func (p *progress) label(r app.Progress) string {
	if r.Reading != nil {
		return "reading " + r.Reading.Source
	}
	return p.what
}

// text says in words how far the work is.
func (p *progress) text(r app.Progress) string {
	spent := time.Since(p.began)
	if g := r.Reading; g != nil {
		text := fmt.Sprintf("%s with %s, %s new (%s/s)", plural(g.Events, "event"), plural(g.Requests, "request"), number(g.New),
			number(int64(float64(g.Events)/spent.Seconds())))
		if !g.Newest.IsZero() {
			text += ", the newest of " + showTime(g.Newest, p.zone)
		}
		return text
	}
	if r.Total > 0 {
		return fmt.Sprintf("%s of %s", number(int64(r.Done)), plural(int64(r.Total), p.unit))
	}
	text := fmt.Sprintf("%s of %s, %s of %s, %s (%s/s)", number(r.Objects), plural(r.ObjectsTotal, "object"),
		size(r.Bytes), size(r.BytesTotal), plural(r.Records, "record"), number(int64(float64(r.Records)/spent.Seconds())))
	if r.Bytes > 0 && r.Bytes < r.BytesTotal {
		left := time.Duration(float64(spent) * float64(r.BytesTotal-r.Bytes) / float64(r.Bytes))
		text += ", about " + length(left) + " left"
	}
	if r.BadLines > 0 {
		text += ", " + plural(r.BadLines, "bad line")
	}
	return text
}

// showBar shows the bar of the bytes, or of the hours; of a log group, whose end nobody
// knows, the text without one.
func (p *progress) showBar(r app.Progress) {
	total, done := r.BytesTotal, r.Bytes
	if r.Total > 0 {
		total, done = int64(r.Total), int64(r.Done)
	}
	if p.bar != nil && p.label(r) != p.label(*p.seen.Load()) {
		p.end()
	}
	p.seen.Store(&r)
	if p.bar == nil {
		style := mpb.BarFillerBuilder(mpb.BarStyle())
		if r.Reading != nil {
			style = mpb.NopStyle()
		}
		p.bars = mpb.New(mpb.WithOutput(p.c.err), mpb.WithWidth(30), mpb.WithRefreshRate(200*time.Millisecond))
		p.bar = p.bars.New(max(total, 1), style,
			mpb.PrependDecorators(decor.Name(p.label(r)+" ")),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.text(*p.seen.Load()) })),
			mpb.BarRemoveOnComplete())
	}
	p.bar.SetTotal(max(total, 1), false)
	p.bar.SetCurrent(done)
}

// end ends the display.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
		p.bar = nil
	}
}

// confirm asks a question on the terminal, and returns false where nobody can
// answer.
func (c *cli) confirm(question string) (bool, error) {
	if !isTerminal(c.err) {
		return false, nil
	}
	fmt.Fprintf(c.err, "weir: %s [y/N] ", question)
	var answer string
	if _, err := fmt.Fscanln(c.in, &answer); err != nil && err != io.EOF && err.Error() != "unexpected newline" {
		return false, fmt.Errorf("cannot read the answer: %w", err)
	}
	return answer == "y" || answer == "Y" || answer == "yes", nil
}

package destination

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"weir/internal/agent/config"
)

// Limits of a batch of log events. Source: CloudWatch Logs API reference, PutLogEvents.
const (
	mostEvents   = 10_000
	mostBatch    = 1_048_576 // bytes, of messages and eventRoom for each
	eventRoom    = 26
	mostSpan     = 24 * 60 * 60 * 1000 // milliseconds from the first event to the last
	whyOld       = "older than 14 days, or than the log group's retention"
	whyNew       = "more than 2 hours in the future"
	whyTooLarge  = "larger than 1 MB, which a log event may have"
	noGroupFound = "ResourceNotFoundException"
)

// logGroup is a log group of CloudWatch Logs, AWS's or weir's.
type logGroup struct {
	log    *config.FlowLog
	client *cloudwatchlogs.Client
	owner  owner
	progress
}

func newLogGroup(l *config.FlowLog, c aws.Config) *logGroup {
	g := &logGroup{log: l, owner: owner{account: l.Delivery.Account, config: c}}
	g.client = cloudwatchlogs.NewFromConfig(c, func(o *cloudwatchlogs.Options) {
		if l.Delivery.Endpoint != "" {
			o.BaseEndpoint = &l.Delivery.Endpoint
		}
		g.owner.asks = ofAWS(o.BaseEndpoint)
		o.Retryer = aws.NopRetryer{} // who calls tries again
	})
	return g
}

// Deliver puts records into their log streams.
func (g *logGroup) Deliver(ctx context.Context, it *Item) (Outcome, error) {
	var out Outcome
	streams, err := decodeLines(it.Data)
	if err != nil {
		return out, failure("put log events", err)
	}
	if err := g.owner.check(ctx); err != nil {
		return out, failure("put log events", err)
	}
	batches, large := batchesOf(streams)
	at := g.from(it.Data)
	for at.next < len(batches) {
		b := &batches[at.next]
		rejected, err := g.put(ctx, b)
		if err != nil {
			at.unknown = at.unknown || unanswered(err)
			g.keep(it.Data, at)
			return out, failure(fmt.Sprintf("put log events into %s, stream %s", g.log.Delivery.LogGroup, b.name), err)
		}
		n := len(b.events)
		old, tooNew := lostOf(rejected, n)
		out.lose(old, whyOld)
		out.lose(tooNew, whyNew)
		n -= old + tooNew
		out.Records += n
		if at.unknown || it.Doubted {
			out.Repeated += n
		}
		at = step{next: at.next + 1}
	}
	g.done(it.Data)
	out.lose(large, whyTooLarge)
	return out, nil
}

// batchesOf cuts log events into what a request may have, and returns how many are too large for any.
func batchesOf(streams []stream) (out []stream, large int) {
	for _, s := range streams {
		b := stream{name: s.name}
		size := 0
		flush := func() {
			if len(b.events) > 0 {
				out = append(out, b)
			}
			b.events, size = nil, 0
		}
		for _, e := range s.events {
			room := len(e.line) + eventRoom
			if room > mostBatch {
				large++
				continue
			}
			if len(b.events) == mostEvents || size+room > mostBatch || len(b.events) > 0 && e.time-b.events[0].time >= mostSpan {
				flush()
			}
			b.events = append(b.events, e)
			size += room
		}
		flush()
	}
	return out, large
}

// lostOf returns how many events of n a service did not take.
func lostOf(r *types.RejectedLogEventsInfo, n int) (old, tooNew int) {
	if r == nil {
		return 0, 0
	}
	for _, end := range []*int32{r.TooOldLogEventEndIndex, r.ExpiredLogEventEndIndex} { // the first that is not too old
		if end != nil {
			old = max(old, min(int(*end), n))
		}
	}
	if start := r.TooNewLogEventStartIndex; start != nil { // the first that is too new
		tooNew = n - max(old, min(int(*start), n))
	}
	return old, tooNew
}

// put puts a batch, and makes its log stream where there is none, and its log group: as AWS does with the first traffic (spec c.6).
func (g *logGroup) put(ctx context.Context, b *stream) (*types.RejectedLogEventsInfo, error) {
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &g.log.Delivery.LogGroup, LogStreamName: &b.name}
	for i := range b.events {
		in.LogEvents = append(in.LogEvents, types.InputLogEvent{Timestamp: &b.events[i].time, Message: &b.events[i].line})
	}
	out, err := g.client.PutLogEvents(ctx, in)
	if _, code := answerOf(err); code == noGroupFound {
		if err := g.create(ctx, b.name); err != nil {
			return nil, err
		}
		out, err = g.client.PutLogEvents(ctx, in)
	}
	var taken *types.DataAlreadyAcceptedException
	switch {
	case errors.As(err, &taken): // an attempt before was
		return nil, nil
	case err != nil:
		return nil, err
	}
	return out.RejectedLogEventsInfo, nil
}

// create makes a log stream, and the log group where that is missing too.
func (g *logGroup) create(ctx context.Context, name string) error {
	stream := &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &g.log.Delivery.LogGroup, LogStreamName: &name}
	_, err := g.client.CreateLogStream(ctx, stream)
	if _, code := answerOf(err); code == noGroupFound {
		_, err = g.client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.log.Delivery.LogGroup})
		if unlessThere(err) != nil {
			return failure("create the log group "+g.log.Delivery.LogGroup, err)
		}
		_, err = g.client.CreateLogStream(ctx, stream)
	}
	if unlessThere(err) != nil {
		return failure("create the log stream "+name, err)
	}
	return nil
}

// unlessThere returns no error where what was to be made is there: another was quicker.
func unlessThere(err error) error {
	if _, code := answerOf(err); code == "ResourceAlreadyExistsException" {
		return nil
	}
	return err
}

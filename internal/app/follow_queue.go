package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/source"
	"weir/internal/source/s3"
	"weir/internal/source/sqs"
)

// CheckQueue fails where a text is no queue's URL or ARN.
func CheckQueue(queue string) error { return sqs.Check(queue) }

// keysAtOnce bounds the objects of one Open, so that its report can name all that
// failed.
const keysAtOnce = intake.MaxProblems

// queueFollower takes what a queue says is new in the buckets that are followed. A
// message is deleted once all its objects of these buckets are in the lake, or are
// known to be nothing for it. One whose object can't be read stays in the queue and
// comes again, until the queue's redrive policy puts it aside; so does one that can't
// be read itself, and one that is about no bucket that is followed.
type queueFollower struct {
	f       Follow
	s       Service
	r       OpenRequest
	queue   *sqs.Queue
	tidy    *tidier
	trouble trouble
	told    told
	state   *stateFile
	states  map[string]*stateFile // of the sources
	hide    time.Duration         // how often messages in hand are hidden anew
}

// run receives again and again until ctx ends.
func (l *queueFollower) run(ctx context.Context, after func(time.Duration) <-chan time.Time) error {
	for ctx.Err() == nil {
		wait, err := l.round(ctx)
		if err != nil {
			return err
		}
		if wait == 0 {
			continue // the queue itself waits for messages
		}
		select {
		case <-ctx.Done():
		case <-after(wait):
		}
	}
	return nil
}

// round receives once and takes what came. It returns how long to wait before the
// next time, which is not 0 after a failure only. The error is of what no further try
// can mend.
func (l *queueFollower) round(ctx context.Context) (time.Duration, error) {
	messages, err := l.receive(ctx)
	out := l.f.roundOf(l.f.Queue, nil, err)
	if err == nil && len(messages) > 0 {
		if err := l.take(ctx, messages, &out); err != nil {
			return 0, err
		}
	}
	if ctx.Err() != nil {
		out.Err = nil
	}
	tell := l.trouble.note(&out, time.Second, time.Second, ctx.Err() != nil)
	l.state.looked(&out)
	if tell || len(out.Problems) > 0 {
		out.Objects, out.Records, out.BadLines, out.Bad = 0, 0, 0, nil // told of the buckets
		l.f.Report(out)
	}
	return out.Wait, nil
}

// receive waits for messages.
func (l *queueFollower) receive(ctx context.Context) ([]sqs.Message, error) {
	if l.queue == nil {
		q, err := sqs.New(ctx, sqs.Config{Access: queueAccess(l.r.S3), Queue: l.f.Queue})
		if err != nil {
			return nil, err
		}
		l.queue = q
	}
	return l.queue.Receive(ctx)
}

// queueAccess returns the login to AWS for a queue: the region and the endpoint that
// were given are the bucket's.
func queueAccess(o S3Options) s3.Access {
	a := s3Access(o)
	a.Region = ""
	return a
}

// wanted is what messages ask to take.
type wanted struct {
	// keys are the objects of each source, and urls those of each message, in the order
	// of the messages; none where there is nothing to take.
	keys map[string][]string
	urls [][]string
	// left are the messages that stay in the queue, by their places.
	left map[int]bool
}

// take takes what messages name, deletes those that are done, and tells in out what
// became of it. The error is of what no further try can mend.
func (l *queueFollower) take(ctx context.Context, messages []sqs.Message, out *Round) error {
	stop := l.keep(ctx, messages, out)
	defer stop()
	w, problems := l.read(messages)
	failed := map[string]bool{} // URLs
	for _, name := range l.r.Sources {
		for keys := range slices.Chunk(w.keys[name], keysAtOnce) {
			r := l.r
			r.Sources, r.Keys = []string{name}, keys
			report, err := l.s.Open(ctx, r, nil)
			if err == nil {
				err = l.tidy.tidy(ctx, l.f.Now(), report.Intake.Taken > 0)
			}
			if isFinal(err) && ctx.Err() == nil {
				return err
			}
			spec, _ := source.ParseSpec(name)
			for _, key := range keys {
				failed[objectURL(spec.Bucket, key)] = err != nil
			}
			if err != nil && out.Err == nil {
				out.Err = err
			}
			l.took(name, report, failed)
		}
	}
	var done, left []sqs.Message
	for i, m := range messages {
		if w.left[i] || slices.ContainsFunc(w.urls[i], func(url string) bool { return failed[url] }) {
			left = append(left, m)
		} else {
			done = append(done, m)
		}
	}
	out.Problems = l.told.news(problems)
	stop()
	// Also where the program ends: what was taken need not come again, and what is left
	// is for whoever comes next, at once.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if err := l.queue.Delete(after, done); err != nil && out.Err == nil {
		out.Err = err // they come again, and are known
	}
	if ctx.Err() != nil {
		_ = l.queue.Release(after, left) // else they come back by themselves
	}
	return nil
}

// goodbye is how long the queue may take to let go of messages.
const goodbye = 10 * time.Second

// took tells what came of some objects of a source, and notes which failed.
func (l *queueFollower) took(name string, report *OpenReport, failed map[string]bool) {
	round := l.f.roundOf(name, report, nil)
	if report != nil {
		for _, p := range report.Intake.Problems {
			if p.State == lake.Failed {
				failed[p.URL] = true
			}
		}
		round.Problems = l.told.news(problemsOf(report))
	}
	l.states[name].took(&round)
	if round.Objects > 0 || len(round.Problems) > 0 {
		l.f.Report(round)
	}
}

// objectURL returns an object's URL, as package source/s3 makes it.
func objectURL(bucket, key string) string { return "s3://" + bucket + "/" + key }

// read finds what messages ask for.
func (l *queueFollower) read(messages []sqs.Message) (*wanted, []intake.Problem) {
	w := &wanted{keys: map[string][]string{}, urls: make([][]string, len(messages)), left: map[int]bool{}}
	var problems []intake.Problem
	asked := map[string]bool{}
	for i, m := range messages {
		events, err := sqs.ParseEvents(m.Body)
		if err != nil {
			w.left[i] = true
			problems = append(problems, intake.Problem{
				URL: l.f.Queue + " message " + m.ID, State: lake.Failed, Problem: "cannot read the message: " + err.Error(),
				Hint: "it stays in the queue: a redrive policy with a dead-letter queue puts it aside",
			})
			continue
		}
		elsewhere := ""
		for _, e := range events {
			name := l.sourceOf(e)
			if name == "" {
				elsewhere = e.Bucket
				continue
			}
			if !e.Created {
				continue
			}
			url := objectURL(e.Bucket, e.Key)
			w.urls[i] = append(w.urls[i], url)
			if !asked[url] {
				asked[url] = true
				w.keys[name] = append(w.keys[name], e.Key)
			}
		}
		if elsewhere != "" && len(w.urls[i]) == 0 {
			w.left[i] = true
			problems = append(problems, intake.Problem{
				URL: l.f.Queue, State: lake.Failed, Problem: "messages are about s3://" + elsewhere + ", of which nothing that they name is followed",
				Hint: "they stay in the queue: let it get the events of the buckets and prefixes that are followed, and of no others",
			})
		}
	}
	return w, problems
}

// sourceOf returns the source that an event's object belongs to, or "".
func (l *queueFollower) sourceOf(e sqs.Event) string {
	for _, name := range l.r.Sources {
		if spec, err := source.ParseSpec(name); err == nil && spec.Kind == source.KindS3 && spec.Bucket == e.Bucket && strings.HasPrefix(e.Key, spec.Prefix) {
			return name
		}
	}
	return ""
}

// keep hides messages for as long as they are in hand. What it returns ends that; it
// may be called again.
func (l *queueFollower) keep(ctx context.Context, messages []sqs.Message, out *Round) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		tick := time.NewTicker(l.hide)
		defer tick.Stop()
		var err error
		for {
			select {
			case <-tick.C:
				if kept := l.queue.Keep(ctx, messages); kept != nil && ctx.Err() == nil {
					err = kept // they come again meanwhile, and are known
				}
			case <-ctx.Done():
				ended <- err
				return
			}
		}
	}()
	stopped := false
	return func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		if err := <-ended; err != nil && out.Err == nil {
			out.Err = err
		}
	}
}

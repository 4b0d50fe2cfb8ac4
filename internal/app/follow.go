package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/source"
	"weir/internal/source/sqs"
)

// Follow is how new objects are waited for.
type Follow struct {
	// Every is the time between two looks at a source; 0 is Interval's. After a look
	// that took long and found nothing it is ten times as long as that.
	Every time.Duration
	// Queue is the URL or ARN of a queue of SQS that gets the events of the buckets
	// among the sources, or "".
	Queue string
	// Fresh says that the sources were not taken before: the first look that is a good
	// one takes what was asked for.
	Fresh bool
	// Data is the data directory, where the state of following is kept for weir lake
	// status; "" keeps none.
	Data string
	// Report gets each round that changed anything: that took objects, met a new
	// problem, failed, or was the first good one after a failure; one at a time.
	Report func(Round)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Round is one look at a source, or the messages that a queue gave.
type Round struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	// Objects and Records were taken now; BadLines are of these objects.
	Objects  int64 `json:"objects"`
	Records  int64 `json:"records"`
	BadLines int64 `json:"bad_lines"`
	// Problems are objects and messages that want attention, each told once.
	Problems []intake.Problem `json:"problems,omitempty"`
	// Bad are the first bad lines.
	Bad []lake.BadLine `json:"bad,omitempty"`
	// Newest is the time of the lake's newest record; nil in an empty lake.
	Newest *time.Time `json:"newest,omitempty"`
	// Err says why the round failed. The next one tries again, at At and Wait.
	Err  error         `json:"-"`
	Wait time.Duration `json:"-"`
	// Back says that the round before failed, and this one did not.
	Back bool `json:"back,omitempty"`

	last string // URL of the object that was taken last
	gone *Gone  // nil: not looked for, or nobody can say
}

const (
	// trailing is how far back a bucket is looked through, by its keys: AWS promises
	// no time by which an object is there, and requests cost money. groupTrailing is
	// how far back a log group is read again: its events carry the start of their
	// record, and come some 5 minutes after its end, which is up to 10 minutes later.
	// Both are counted from the last look that was a good one. Events that come later
	// still are found every groupWhole, when a log group is looked through as a bucket
	// is. Folders are looked through whole.
	trailing      = 24 * time.Hour
	groupTrailing = time.Hour
	groupWhole    = time.Hour
	// everyFolder, everyAWS and everyQueued are the times between two looks: folders
	// cost nothing, requests to AWS do, and where a queue tells of new objects the
	// listing is for what it did not tell.
	everyFolder = 250 * time.Millisecond
	everyAWS    = 30 * time.Second
	everyQueued = 10 * time.Minute
	// settle is how long a file must not have been written to before it is taken.
	settle = time.Second
	// retryEvery is how often objects that could not be read are tried again, and
	// tidyEvery how often the small files of hours are put together.
	retryEvery = time.Minute
	tidyEvery  = maintenanceEvery
	// goneEvery is how often objects are looked for that are gone from a source: that
	// goes through what the ledger has of it.
	goneEvery = 10 * time.Minute
	// mostWait is the longest time between two tries after a failure.
	mostWait = time.Minute
	// mostTold bounds what is remembered of problems that were told.
	mostTold = 10_000
)

// kindOf returns the kind of a source by its spelling.
func kindOf(name string) source.Kind {
	spec, err := source.ParseSpec(name)
	if err != nil {
		return 0 // Open says what is wrong with it
	}
	return spec.Kind
}

// Interval returns the time between two looks at a source.
func (f Follow) Interval(name string) time.Duration {
	switch kind := kindOf(name); {
	case f.Every > 0:
		return f.Every
	case kind == source.KindPath:
		return everyFolder
	case kind == source.KindS3 && f.Queue != "":
		return everyQueued
	}
	return everyAWS
}

// Run keeps taking what comes to the sources of r into the lake, until ctx ends.
// Then, and only then, the error is nil: what fails is reported and tried again,
// unless there is nobody to try with, as when the server ends. But with Fresh r itself
// was taken before; of a bucket or a log group, what is older than 24 hours is not looked
// for again.
func (f Follow) Run(ctx context.Context, s Service, r OpenRequest) error {
	return f.runWith(ctx, s, r, time.After)
}

// runWith is Run with a clock to wait by.
func (f Follow) runWith(ctx context.Context, s Service, r OpenRequest, after func(time.Duration) <-chan time.Time) error {
	if f.Now == nil {
		f.Now = time.Now
	}
	var mu sync.Mutex
	report := f.Report
	f.Report = func(r Round) {
		mu.Lock()
		defer mu.Unlock()
		report(r)
	}
	r.Brief, r.Follow, r.Selection.Settle = true, true, settle
	tidy := &tidier{s: s, tidied: f.Now()}
	g, ctx := errgroup.WithContext(ctx)
	states := map[string]*stateFile{}
	for _, name := range r.Sources {
		l := follower{f: f, s: s, source: name, retried: f.Now(), tidy: tidy, told: told{}, state: f.newState(name)}
		defer l.state.close()
		states[name] = l.state
		if !f.Fresh {
			l.good = f.Now()
			l.whole = l.good
		}
		own := r
		own.Sources = []string{name}
		g.Go(func() error { return l.run(ctx, own, after) })
	}
	if f.Queue != "" {
		l := queueFollower{f: f, s: s, r: r, told: told{}, tidy: tidy, state: f.newState(f.Queue), states: states, hide: sqs.Visibility / 2}
		defer l.state.close()
		g.Go(func() error { return l.run(ctx, after) })
	}
	return g.Wait()
}

// follower follows one source: where one is away, the others go on.
type follower struct {
	f       Follow
	s       Service
	source  string
	tidy    *tidier
	retried time.Time // when all was tried again last
	good    time.Time // when the last look that was a good one began; zero: none was
	missed  time.Time // when objects that are gone were looked for last
	whole   time.Time // when the last of these that went back as far as trailing did
	trouble trouble
	told    told
	state   *stateFile
}

// run looks again and again until ctx ends.
func (l *follower) run(ctx context.Context, r OpenRequest, after func(time.Duration) <-chan time.Time) error {
	wait := l.f.Interval(l.source)
	if l.f.Fresh {
		wait = 0
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-after(wait):
		}
		var err error
		if wait, err = l.round(ctx, r); err != nil {
			return err
		}
	}
}

// round looks once and returns how long to wait for the next time. The error is of
// what no further try can mend.
func (l *follower) round(ctx context.Context, r OpenRequest) (wait time.Duration, err error) {
	began := l.f.Now()
	if r.OnlyNew = !l.good.IsZero() && began.Sub(l.retried) < retryEvery; !r.OnlyNew {
		l.retried = began
	}
	if r.Gone = began.Sub(l.missed) >= goneEvery; r.Gone {
		l.missed = began
	}
	whole := kindOf(l.source) != source.KindLogGroup || began.Sub(l.whole) >= groupWhole
	switch {
	case l.good.IsZero():
	case whole:
		r.Trailing = began.Sub(l.good) + trailing
	default:
		r.Trailing = began.Sub(l.good) + groupTrailing
	}
	report, err := l.s.Open(ctx, r, nil)
	if err == nil {
		l.good = began
		if whole {
			l.whole = began
		}
		err = l.tidy.tidy(ctx, l.f.Now(), report.Intake.Taken > 0)
	}
	if isFinal(err) && ctx.Err() == nil {
		return 0, err
	}
	out := l.f.roundOf(l.source, report, err)
	out.Problems = l.told.news(problemsOf(report))
	if wait = l.f.Interval(l.source); out.Objects == 0 {
		wait = max(wait, 10*out.At.Sub(began)) // where something came, more may come
	}
	if ctx.Err() != nil {
		out.Err = nil // what was taken before the end is told
	}
	tell := l.trouble.note(&out, l.f.Interval(l.source), wait, ctx.Err() != nil)
	l.state.looked(&out)
	if tell || out.Objects > 0 || len(out.Problems) > 0 {
		l.f.Report(out)
	}
	if out.Err != nil {
		wait = out.Wait
	}
	return wait, nil
}

// isFinal reports whether an error is of what no further try can mend.
func isFinal(err error) bool {
	return errors.Is(err, ErrStopped) || errors.Is(err, ErrNoServer) || errors.As(err, new(*VersionError))
}

// roundOf returns a round with what a look brought. report may be nil.
func (f *Follow) roundOf(name string, report *OpenReport, err error) Round {
	out := Round{At: f.Now(), Source: name, Err: err}
	if report != nil {
		in := &report.Intake
		out.Objects, out.Records, out.BadLines, out.Bad, out.Newest = in.Committed, in.Records, in.BadLines, in.Bad, report.Newest
		out.last = in.Last
		if report.List != nil && len(report.List.Sources) == 1 {
			out.gone = report.List.Sources[0].Gone
		}
	}
	return out
}

// trouble is a series of rounds that failed, one after the other.
type trouble struct {
	failed  int
	failure string // of the last of them
}

// note notes how a round ended. It sets Back, and after a failure Wait, which is at
// least least and grows from every on, and reports whether there is something to tell:
// a failure that is another than the last, or the end of failures. ended says that the
// rounds end, so that nothing comes back.
func (t *trouble) note(r *Round, every, least time.Duration, ended bool) bool {
	if r.Err == nil {
		r.Back = t.failed > 0 && !ended
		*t = trouble{}
		return r.Back
	}
	t.failed++
	r.Wait = min(max(least, every<<min(t.failed, 10)), max(mostWait, every))
	isNew := r.Err.Error() != t.failure
	t.failure = r.Err.Error()
	return isNew
}

// told are the problems that were told.
type told map[string]bool

// news returns those of a round's problems that were not told yet.
func (t told) news(problems []intake.Problem) []intake.Problem {
	if len(t) > mostTold {
		clear(t)
	}
	var out []intake.Problem
	for _, p := range problems {
		if key := p.URL + "\n" + p.Problem; !t[key] {
			t[key] = true
			out = append(out, p)
		}
	}
	return out
}

// problemsOf returns the problems of a look: of objects, and of folders that can't be
// listed.
func problemsOf(report *OpenReport) []intake.Problem {
	if report == nil {
		return nil
	}
	problems := report.Intake.Problems
	if report.List != nil {
		for _, s := range report.List.Sources {
			for _, f := range s.Faults {
				problems = append(problems, intake.Problem{URL: f.URL, State: lake.Failed, Problem: f.Problem, Hint: f.Hint})
			}
		}
	}
	return problems
}

// tidier puts small files together every few minutes.
type tidier struct {
	s Service

	mu     sync.Mutex
	tidied time.Time
	untidy bool // something was taken since
}

// tidy does it if it is time. taken says that there are new files.
func (t *tidier) tidy(ctx context.Context, now time.Time, taken bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.untidy = t.untidy || taken
	if !t.untidy || now.Sub(t.tidied) < tidyEvery {
		return nil
	}
	t.tidied = now // a failure is not tried again at once
	if _, err := t.s.Compact(ctx, nil); err != nil {
		return err
	}
	_, err := t.s.Expire(ctx, lake.ExpireOptions{})
	t.untidy = err != nil
	return err
}

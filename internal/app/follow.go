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
)

// Follow is how new objects are waited for.
type Follow struct {
	// Every is the time between two looks at the sources. After a look that took long
	// and found nothing it is ten times as long as that.
	Every time.Duration
	// Report gets each round that changed anything: that took objects, met a new
	// problem, failed, or was the first good one after a failure; one at a time.
	Report func(Round)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Round is one look at a source.
type Round struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	// Objects and Records were taken now; BadLines are of these objects.
	Objects  int64 `json:"objects"`
	Records  int64 `json:"records"`
	BadLines int64 `json:"bad_lines"`
	// Problems are objects that want attention, each told once.
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
}

const (
	// trailing is how far back a bucket is looked through, by its keys: AWS promises
	// no time by which an object is there, and requests cost money. groupTrailing is
	// how far back a log group is read again: its events carry the start of their
	// record, and come some 5 minutes after its end, which is up to 10 minutes later.
	// Both are counted from the last look that was a good one. Folders are looked
	// through whole.
	trailing      = 24 * time.Hour
	groupTrailing = time.Hour
	// settle is how long a file must not have been written to before it is taken.
	settle = time.Second
	// retryEvery is how often objects that could not be read are tried again, and
	// tidyEvery how often the small files of hours are put together.
	retryEvery = time.Minute
	tidyEvery  = maintenanceEvery
	// mostWait is the longest time between two tries after a failure.
	mostWait = time.Minute
	// mostTold bounds what is remembered of problems that were told.
	mostTold = 10_000
)

// Run keeps taking what comes to the sources of r into the lake, until ctx ends.
// Then, and only then, the error is nil: what fails is reported and tried again,
// unless there is nobody to try with, as when the server ends. r itself was taken
// before; of a bucket, what is older than 24 hours is not looked for again, and of a
// log group what is older than one.
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
	r.Brief, r.Selection.Settle = true, settle
	tidy := &tidier{s: s, tidied: f.Now()}
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range r.Sources {
		l := follower{f: f, s: s, source: name, retried: f.Now(), good: f.Now(), tidy: tidy, told: map[string]bool{}}
		own := r
		own.Sources = []string{name}
		g.Go(func() error { return l.run(ctx, own, after) })
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
	good    time.Time // when the last look that was a good one began
	failed  int       // rounds, one after the other
	failure string    // of the last of them
	told    map[string]bool
}

// run looks again and again until ctx ends.
func (l *follower) run(ctx context.Context, r OpenRequest, after func(time.Duration) <-chan time.Time) error {
	wait := l.f.Every
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
	if r.OnlyNew = began.Sub(l.retried) < retryEvery; !r.OnlyNew {
		l.retried = began
	}
	r.Trailing = began.Sub(l.good) + trailing
	if spec, err := source.ParseSpec(l.source); err == nil && spec.Kind == source.KindLogGroup {
		r.Trailing = began.Sub(l.good) + groupTrailing
	}
	report, err := l.s.Open(ctx, r, nil)
	if err == nil {
		l.good = began
		err = l.tidy.tidy(ctx, l.f.Now(), report.Intake.Taken > 0)
	}
	if ctx.Err() != nil {
		err = nil // what was taken before the end is told
	}
	if errors.Is(err, ErrStopped) || errors.Is(err, ErrNoServer) || errors.As(err, new(*VersionError)) {
		return 0, err
	}
	out := Round{At: l.f.Now(), Source: l.source, Err: err}
	if report != nil {
		in := &report.Intake
		out.Objects, out.Records, out.BadLines, out.Bad, out.Newest = in.Committed, in.Records, in.BadLines, in.Bad, report.Newest
		out.Problems = l.news(report)
	}
	if wait = l.f.Every; out.Objects == 0 {
		wait = max(wait, 10*out.At.Sub(began)) // where something came, more may come
	}
	if err != nil {
		l.failed++
		wait = min(max(wait, l.f.Every<<min(l.failed, 10)), max(mostWait, l.f.Every))
		out.Wait = wait
	}
	out.Back = err == nil && ctx.Err() == nil && l.failed > 0
	isNew := err != nil && err.Error() != l.failure
	if err == nil {
		l.failed, l.failure = 0, ""
	} else {
		l.failure = err.Error()
	}
	if isNew || out.Back || out.Objects > 0 || len(out.Problems) > 0 {
		l.f.Report(out)
	}
	return wait, nil
}

// news returns a round's problems that were not told yet: of objects, and of
// folders that can't be listed.
func (l *follower) news(report *OpenReport) []intake.Problem {
	problems := report.Intake.Problems
	if report.List != nil {
		for _, s := range report.List.Sources {
			for _, f := range s.Faults {
				problems = append(problems, intake.Problem{URL: f.URL, State: lake.Failed, Problem: f.Problem, Hint: f.Hint})
			}
		}
	}
	if len(l.told) > mostTold {
		clear(l.told)
	}
	var out []intake.Problem
	for _, p := range problems {
		if key := p.URL + "\n" + p.Problem; !l.told[key] {
			l.told[key] = true
			out = append(out, p)
		}
	}
	return out
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

package logs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"weir/internal/insights"
)

// QueryLimits bound the queries of an API. A member that is 0 has its default.
type QueryLimits struct {
	// Active bounds the queries that run or wait (100, as AWS), PerKey those of one access key (50).
	Active, PerKey int
	// Running bounds how many run at the same time (2).
	Running int
	// Timeout is how long a query may run (60 minutes, as AWS).
	Timeout time.Duration
	// Keep is how long results are kept (7 days, as AWS); Remembered bounds the number of queries (10,000),
	// and Bytes their results (1 GiB). The oldest are forgotten first.
	Keep       time.Duration
	Remembered int
	Bytes      int64
}

func (l QueryLimits) withDefaults() QueryLimits {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&l.Active, 100)
	set(&l.PerKey, 50)
	set(&l.Running, 2)
	set(&l.Remembered, 10_000)
	if l.Timeout == 0 {
		l.Timeout = time.Hour
	}
	if l.Keep == 0 {
		l.Keep = 7 * 24 * time.Hour
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	return l
}

// States of a query.
const (
	scheduled = "Scheduled"
	running   = "Running"
	complete  = "Complete"
	failed    = "Failed"
	cancelled = "Cancelled"
	timedOut  = "Timeout"
)

// A job is a query that was started. What follows mu is guarded by the jobs' mutex.
type job struct {
	id, key string
	request QueryRequest
	groups  []string
	created time.Time
	ctx     context.Context
	cancel  context.CancelFunc

	status     string
	began      time.Time
	ended      time.Time
	statistics insights.Statistics
	results    *results // nil where there are none
}

func (j *job) active() bool { return j.status == scheduled || j.status == running }

// jobs are the queries of an API. They do not outlive it.
type jobs struct {
	runner Runner
	limits QueryLimits
	files  *resultFiles
	now    func() time.Time
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	byID    map[string]*job
	order   []*job // by creation
	waiting []*job
	running int
}

func newJobs(o Options) (*jobs, error) {
	files, err := openResults(o.Results)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &jobs{
		runner: o.Runner, limits: o.Queries.withDefaults(), files: files, now: o.Now, log: o.Log,
		ctx: ctx, cancel: cancel, byID: map[string]*job{},
	}, nil
}

func (s *jobs) close() {
	s.cancel()
	s.mu.Lock()
	for _, j := range s.waiting {
		j.status, j.ended = cancelled, s.now()
	}
	s.waiting = nil
	s.mu.Unlock()
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.order {
		j.results.remove()
	}
}

// start takes a query that was checked. It runs when its turn has come.
func (s *jobs) start(key string, r QueryRequest, groups []string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return "", s.ctx.Err()
	}
	s.forget()
	active, own := 0, 0
	for _, j := range s.order {
		if j.active() {
			active++
			if j.key == key {
				own++
			}
		}
	}
	if active >= s.limits.Active {
		return "", limitExceeded("Account maximum query concurrency limit of [%d] reached.", s.limits.Active)
	}
	if own >= s.limits.PerKey {
		return "", limitExceeded("Maximum query concurrency limit of [%d] for the access key %s reached.", s.limits.PerKey, key)
	}
	j := &job{id: uuid.NewString(), key: key, request: r, groups: groups, created: s.now(), status: scheduled}
	j.ctx, j.cancel = context.WithCancel(s.ctx)
	s.byID[j.id] = j
	s.order = append(s.order, j)
	s.waiting = append(s.waiting, j)
	s.next()
	return j.id, nil
}

// next begins what waits, as far as may run. The mutex is held.
func (s *jobs) next() {
	for s.running < s.limits.Running && len(s.waiting) > 0 && s.ctx.Err() == nil {
		j := s.waiting[0]
		s.waiting = s.waiting[1:]
		j.status, j.began = running, s.now()
		s.running++
		s.done.Go(func() { s.run(j) })
	}
}

func (s *jobs) run(j *job) {
	ctx, stop := context.WithTimeoutCause(j.ctx, s.limits.Timeout, context.DeadlineExceeded)
	defer stop()
	result, err := s.evaluate(ctx, j)
	var kept *results
	if err == nil {
		kept, err = s.files.keep(j.id, result)
	}
	status := complete
	switch {
	case err == nil:
	case j.ctx.Err() != nil:
		status = cancelled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		status = timedOut
	default:
		status = failed
		s.log.Error("a query failed", "query", j.id, "text", j.request.Text, "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j.cancel()
	s.running--
	j.ended = s.now()
	if j.status != running { // it was stopped, and its end was told
		kept.remove()
	} else {
		j.status, j.results = status, kept
		if err == nil {
			j.statistics = result.Statistics
		}
	}
	s.forget()
	s.next()
}

// evaluate runs a query. One that breaks fails alone.
func (s *jobs) evaluate(ctx context.Context, j *job) (result *insights.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a query broke", "query", j.id, "text", j.request.Text, "panic", p)
			result, err = nil, errors.New("broken")
		}
	}()
	return s.runner.Run(ctx, j.request, func(read insights.Statistics) {
		s.mu.Lock()
		defer s.mu.Unlock()
		j.statistics = read
	})
}

// stop cancels a query.
func (s *jobs) stop(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.byID[id]
	if !ok {
		return errNoQuery
	}
	if !j.active() {
		return invalid("Query with id %s is not running: its status is %s.", id, j.status)
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(w *job) bool { return w == j })
	j.status, j.ended = cancelled, s.now()
	j.cancel()
	return nil
}

// forget drops what is too old or too much. The mutex is held.
func (s *jobs) forget() {
	var bytes int64
	for _, j := range s.order {
		bytes += j.results.size()
	}
	since := s.now().Add(-s.limits.Keep)
	extra := len(s.order) - s.limits.Remembered
	s.order = slices.DeleteFunc(s.order, func(j *job) bool {
		if j.active() || j.ended.After(since) && extra <= 0 && bytes <= s.limits.Bytes {
			return false
		}
		extra--
		bytes -= j.results.size()
		j.results.remove()
		delete(s.byID, j.id)
		return true
	})
}

// get returns a copy of a job.
func (s *jobs) get(id string) (job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.byID[id]
	if !ok {
		return job{}, false
	}
	return *j, true
}

// list returns copies of all jobs, the newest first.
func (s *jobs) list() []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	out := make([]job, 0, len(s.order))
	for _, j := range slices.Backward(s.order) {
		out = append(out, *j)
	}
	return out
}

package athena

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"weir/internal/athenasql"
)

// QueryLimits bound the queries of an API. A member that is 0 has its default.
type QueryLimits struct {
	// Active bounds the queries that run or wait (200), PerKey those of one access key (50).
	Active, PerKey int
	// Running bounds how many run at the same time (2). The others wait, in their order.
	Running int
	// Timeout is how long a query may run (30 minutes, as Athena for DML).
	Timeout time.Duration
	// Keep is how long executions are remembered (45 days, as Athena), and Remembered how many (10,000), with HistoryBytes of text (64 MiB).
	// The oldest are forgotten first.
	Keep         time.Duration
	Remembered   int
	HistoryBytes int64
	// Bytes bounds the results that are kept (1 GiB): those of the oldest queries go first. A single result may have as much.
	Bytes int64
}

func (l QueryLimits) withDefaults() QueryLimits {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&l.Active, 200)
	set(&l.PerKey, 50)
	set(&l.Running, 2)
	set(&l.Remembered, 10_000)
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Minute
	}
	if l.Keep == 0 {
		l.Keep = 45 * 24 * time.Hour
	}
	if l.HistoryBytes == 0 {
		l.HistoryBytes = 64 << 20
	}
	if l.Bytes == 0 {
		l.Bytes = 1 << 30
	}
	return l
}

// A job is a query that waits or runs.
type job struct {
	id, key string
	request Request
	ctx     context.Context
	cancel  context.CancelCauseFunc
}

// jobs runs queries. What is below store is guarded by the store's mutex.
type jobs struct {
	runner Runner
	output Output
	limits QueryLimits
	files  *resultFiles
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   sync.WaitGroup

	store   *Store
	active  map[string]*job
	tokens  map[string]string // ids by clients' tokens
	waiting []*job
	running int
}

// newJobs begins with what the store remembers: a query that ran or waited when the server before ended has failed.
func newJobs(o Options) (*jobs, error) {
	files, err := openResults(o.Results)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &jobs{
		runner: o.Runner, output: o.Output, limits: o.Queries.withDefaults(), files: files, log: o.Log, ctx: ctx, cancel: cancel,
		store: o.Store, active: map[string]*job{}, tokens: map[string]string{},
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, e := range s.store.oldest() {
		s.tokens[e.Token] = e.ID
		if e.active() {
			e.Reason = "INTERNAL_ERROR: the server ended before the query did. Run it again." // whether it ran is not written down
			e.Error = &athenaError{Category: systemError, Type: engineType, Retryable: true, Message: e.Reason}
			e.State, e.Ended = failed, s.store.now()
			if err := s.store.executions.put(e.ID, e); err != nil {
				return nil, err
			}
		}
		if size, ok := files.size(e.ID); !ok && e.Bytes > 0 || ok && size != e.Bytes {
			files.remove(e.ID)
			e.Bytes = 0
			s.store.executions.byKey[e.ID] = e
		}
	}
	s.forget()
	return s, nil
}

// close ends what runs and waits, and returns when it has ended.
func (s *jobs) close() {
	s.cancel(errStopped)
	s.store.mu.Lock()
	for _, j := range s.waiting {
		e := s.store.executions.byKey[j.id]
		e.State, e.Reason, e.Error = end(s.ctx, errStopped, e.ID, e.Text, s.limits.Timeout)
		s.settle(j, e)
	}
	s.waiting = nil
	s.store.mu.Unlock()
	s.done.Wait()
}

// known returns the execution that a client's token was used for before, "" for none.
func (s *jobs) known(token, asked string) (id string, err error) {
	if token == "" {
		return "", nil
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.knownLocked(token, asked)
}

func (s *jobs) knownLocked(token, asked string) (string, error) {
	e, ok := s.store.executions.byKey[s.tokens[token]]
	switch {
	case token == "" || !ok:
		return "", nil
	case e.Asked != asked:
		return "", errIdempotent
	}
	return e.ID, nil
}

// start takes a query that was checked, and returns its id. It runs when its turn has come.
func (s *jobs) start(e execution, r Request) (string, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.ctx.Err() != nil {
		return "", s.ctx.Err()
	}
	if id, err := s.knownLocked(e.Token, e.Asked); id != "" || err != nil {
		return id, err
	}
	if _, err := s.store.groupLocked(e.WorkGroup); err != nil {
		return "", err
	}
	own := 0
	for _, j := range s.active {
		if j.key == e.Key {
			own++
		}
	}
	if len(s.active) >= s.limits.Active || own >= s.limits.PerKey {
		return "", tooMany()
	}
	if err := s.store.executions.put(e.ID, e); err != nil {
		return "", err
	}
	if e.Token != "" {
		s.tokens[e.Token] = e.ID
	}
	j := &job{id: e.ID, key: e.Key, request: r}
	j.ctx, j.cancel = context.WithCancelCause(s.ctx)
	s.active[j.id] = j
	s.waiting = append(s.waiting, j)
	s.forget()
	s.next()
	return e.ID, nil
}

// next begins what waits, as far as may run. The store is held. That a query runs is not written down: after a crash it has failed in any case.
func (s *jobs) next() {
	for s.running < s.limits.Running && len(s.waiting) > 0 && s.ctx.Err() == nil {
		j := s.waiting[0]
		s.waiting = s.waiting[1:]
		e := s.store.executions.byKey[j.id]
		e.State, e.Began = running, s.store.now()
		s.store.executions.byKey[j.id] = e
		s.running++
		s.done.Go(func() { s.run(j, e) })
	}
}

// an outcome is what came of a query.
type outcome struct {
	statistics       Statistics
	columns          []columnInfo
	rows, size, kept int64
	delivering       time.Duration
	manifest         string
}

func (s *jobs) run(j *job, e execution) {
	ctx, stop := context.WithTimeoutCause(j.ctx, s.limits.Timeout, errTimeout)
	defer stop()
	out, err := s.evaluate(ctx, j, &e)
	if err != nil {
		s.files.remove(e.ID)
	}
	state, reason, failure := end(ctx, err, e.ID, e.Text, s.limits.Timeout)
	if failure != nil && failure.Category == systemError {
		s.log.Error("a query of Athena failed", "query", e.ID, "text", e.Text, "error", err)
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.running--
	now, there := s.store.executions.byKey[e.ID]
	if !there || now.State != running { // it was stopped, and its end was told
		s.files.remove(e.ID)
		delete(s.active, e.ID)
	} else {
		e.State, e.Reason, e.Error = state, reason, failure
		e.Statistics, e.Columns, e.Rows, e.Delivered, e.Bytes, e.Delivering, e.Manifest = out.statistics, out.columns, out.rows, out.size, out.kept, out.delivering, out.manifest
		s.settle(j, e)
	}
	s.forget()
	s.next()
}

// settle keeps the end of a query. The store is held. Where it can't be written the server still knows it.
func (s *jobs) settle(j *job, e execution) {
	j.cancel(nil)
	delete(s.active, j.id)
	e.Ended = s.store.now()
	if err := s.store.executions.put(e.ID, e); err != nil {
		s.log.Error("the end of a query of Athena can't be kept", "query", e.ID, "error", err)
		s.store.executions.byKey[e.ID] = e
	}
}

// evaluate runs a query and keeps its rows. One that breaks fails alone.
func (s *jobs) evaluate(ctx context.Context, j *job, e *execution) (out outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = outcome{}, fmt.Errorf("it broke: %v", p)
		}
	}()
	rows, err := s.runner.Run(ctx, j.request)
	if err != nil {
		return outcome{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	cells := describe(e.Statement.Kind, rows.Columns())
	out.columns = told(e.Statement, cells)
	w, err := s.files.create(e.ID, cells, s.limits.Bytes, e.delivers(len(cells)), e.Statement.Kind == athenasql.DML)
	if err != nil {
		return outcome{}, err
	}
	defer w.close()
	if err := w.header(); err != nil {
		return outcome{}, err
	}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = w.add(row)
		}
		if err != nil {
			return outcome{statistics: rows.Statistics()}, err
		}
	}
	out.statistics, out.rows, out.size, out.kept = rows.Statistics(), w.rows, w.delivered, w.size
	began := s.store.now()
	if err := s.deliver(ctx, e, w, out.columns); err != nil {
		return outcome{statistics: out.statistics}, err
	}
	if out.manifest, err = s.list(ctx, e, out.statistics.Written); err != nil {
		return outcome{statistics: out.statistics}, err
	}
	out.delivering = s.store.now().Sub(began)
	return out, w.finish()
}

// delivers says whether a result is written as an object: one without columns is, where it is a text. CREATE TABLE AS has what stands beside
// the object alone.
func (e *execution) delivers(columns int) bool {
	return e.Location != "" && e.Statement.SubStatement != createTableAs && (columns > 0 || e.Statement.Kind != athenasql.DML)
}

// deliver writes a result to its output location, and what stands beside it.
func (s *jobs) deliver(ctx context.Context, e *execution, w *resultWriter, columns []columnInfo) error {
	if e.Location == "" {
		return nil
	}
	o := outputOptions(&e.Result)
	if w.object != nil {
		body, err := w.body()
		if err != nil {
			return err
		}
		o.ContentType = "binary/octet-stream"
		if w.csv {
			o.ContentType = "application/octet-stream"
		}
		if err := s.output.Write(ctx, e.Location, body, o); err != nil {
			return &deliveryError{e.Location, err}
		}
	}
	if len(columns) == 0 {
		return nil
	}
	o.ContentType = "application/octet-stream"
	if err := s.output.Write(ctx, e.Location+".metadata", bytes.NewReader(metadataFile(e.ID, columns)), o); err != nil {
		return &deliveryError{e.Location + ".metadata", err}
	}
	return nil
}

// stop cancels a query; one that has ended stays as it is.
func (s *jobs) stop(id string) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	e, ok := s.store.executions.byKey[id]
	if !ok {
		return noExecution(id)
	}
	if j, ok := s.active[id]; ok && e.active() {
		s.waiting = slices.DeleteFunc(s.waiting, func(w *job) bool { return w == j })
		e.State, e.Reason = cancelled, "Query cancelled by user"
		s.settle(j, e)
	}
	return nil
}

// forgetLocked removes an execution, and stops it where it is active. The store is held.
func (s *jobs) forgetLocked(id string) error {
	e, ok := s.store.executions.byKey[id]
	if !ok {
		return nil
	}
	if j, ok := s.active[id]; ok {
		s.waiting = slices.DeleteFunc(s.waiting, func(w *job) bool { return w == j })
		j.cancel(nil)
		delete(s.active, id)
	}
	s.files.remove(id)
	if s.tokens[e.Token] == id {
		delete(s.tokens, e.Token)
	}
	return s.store.executions.remove(id)
}

// forget drops what is too old or too much. The store is held.
func (s *jobs) forget() {
	var kept, text int64
	oldest := s.store.now()
	for e := range maps.Values(s.store.executions.byKey) {
		kept += e.Bytes
		text += int64(len(e.Text))
		if e.Submitted.Before(oldest) {
			oldest = e.Submitted
		}
	}
	since := s.store.now().Add(-s.limits.Keep)
	extra := len(s.store.executions.byKey) - s.limits.Remembered
	if kept <= s.limits.Bytes && text <= s.limits.HistoryBytes && extra <= 0 && !oldest.Before(since) {
		return
	}
	for _, e := range s.store.oldest() {
		if e.active() {
			continue
		}
		if extra > 0 || text > s.limits.HistoryBytes || e.Submitted.Before(since) {
			extra--
			text -= int64(len(e.Text))
			kept -= e.Bytes
			if err := s.forgetLocked(e.ID); err != nil {
				s.log.Error("a query of Athena can't be forgotten", "query", e.ID, "error", err)
			}
			continue
		}
		if kept > s.limits.Bytes && e.Bytes > 0 {
			kept -= e.Bytes
			s.files.remove(e.ID)
			e.Bytes = 0
			s.store.executions.byKey[e.ID] = e // the file tells it after a restart
		}
	}
}

package app

import (
	"context"
	"fmt"
	"time"

	"weir/internal/intake"
	"weir/internal/lake"
)

// Open takes sources into the lake.
func (s *Local) Open(ctx context.Context, r OpenRequest, progress func(Progress)) (*OpenReport, error) {
	began := s.now()
	report := &OpenReport{List: &ListReport{}}
	if r.LogGroup != "" {
		if err := s.checkNewName(ctx, r.LogGroup); err != nil {
			return report, err
		}
	}
	listings, list, err := list(ctx, r, places{temp: s.temp(), tails: s.tails, progress: progress})
	report.List = list
	if err != nil {
		return report, err
	}
	if progress != nil {
		progress(Progress{Listed: list})
	}
	for i := range listings {
		if !r.Gone {
			break
		}
		if list.Sources[i].Gone, err = s.gone(ctx, r.Sources[i], &listings[i], began); err != nil {
			return report, err
		}
	}
	for i, l := range listings {
		done := report.Intake
		if l.request.Live, err = s.isLive(ctx, &r, r.Sources[i]); err != nil {
			return report, err
		}
		if l.request.Live {
			l.request.Followed = r.Sources[i]
		}
		stop := watch(progress)
		taken, err := intake.Take(ctx, s.lake, l.request, l.list, stop.start)
		stop.end()
		report.Intake = joined(done, taken)
		if err != nil {
			return report, explain(err)
		}
		if r.Follow && !l.request.Live {
			if err := s.lake.NoteFollowed(ctx, r.Sources[i]); err != nil {
				return report, err
			}
		}
		if r.LogGroup != "" && (taken.Taken > 0 || !r.Brief) {
			if err := s.nameDelivered(ctx, r.LogGroup, r.Sources[i], l.request.Sources[0]); err != nil {
				return report, err
			}
		}
	}
	untidy := report.Intake.Taken > 0
	if !untidy && !r.Brief { // an older weir's lake, or one whose last run was ended early
		n, err := s.lake.Unpaired(ctx)
		if err != nil {
			return report, explain(err)
		}
		stale, err := s.lake.Stale(ctx)
		if err != nil {
			return report, explain(err)
		}
		untidy = n > 0 || len(stale) > 0
	}
	if untidy && !r.Brief {
		if err := s.tidy(ctx, progress); err != nil {
			return report, fmt.Errorf("all is taken, but its small files could not be put together: %w", explain(err))
		}
	}
	newest, err := s.Newest(ctx)
	if err != nil {
		return report, err
	}
	if !newest.IsZero() {
		report.Newest = &newest
	}
	if !r.Brief {
		err = s.describe(ctx, report)
	}
	report.Seconds = s.now().Sub(began).Seconds()
	return report, err
}

// isLive reports whether what a source has is new: what is named by its key was created just now, and of others that are
// followed all is new that comes once they were taken as a whole.
func (s *Local) isLive(ctx context.Context, r *OpenRequest, source string) (bool, error) {
	switch {
	case !r.Follow:
		return false, nil
	case len(r.Keys) > 0:
		return true, nil
	}
	return s.lake.Followed(ctx, source)
}

// Newest returns the time of the newest record.
func (s *Local) Newest(ctx context.Context) (time.Time, error) {
	snap, err := s.lake.Snapshot(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return snap.Newest(), nil
}

// joined adds the reports of two sources.
func joined(a, b intake.Report) intake.Report {
	a.Objects += b.Objects
	a.Taken += b.Taken
	a.NotWhole += b.NotWhole
	a.Known += b.Known
	a.Duplicate += b.Duplicate
	a.Empty += b.Empty
	a.Foreign += b.Foreign
	a.Failed += b.Failed
	a.Changed += b.Changed
	a.Committed += b.Committed
	a.Bytes += b.Bytes
	a.Records += b.Records
	a.BadLines += b.BadLines
	a.Problems = append(a.Problems, b.Problems...)
	a.Bad = append(a.Bad, b.Bad...)
	a.URLs = append(a.URLs, b.URLs...)
	if b.Last != "" {
		a.Last = b.Last
	}
	return a
}

// tidy finds the pairs that are missing, puts the small files of hours together and
// removes what no snapshot names any more.
func (s *Local) tidy(ctx context.Context, progress func(Progress)) error {
	if _, err := s.lake.Compact(ctx, hours(progress)); err != nil {
		return err
	}
	_, err := s.lake.Expire(ctx, lake.ExpireOptions{})
	return err
}

// watcher reports progress in the background.
type watcher struct {
	progress func(Progress)
	done     chan struct{}
	ended    chan struct{}
}

func watch(progress func(Progress)) *watcher { return &watcher{progress: progress} }

// progressEvery is the time between two reports.
const progressEvery = 250 * time.Millisecond

// start begins to report what account returns.
func (w *watcher) start(account func() intake.Progress) {
	if w.progress == nil {
		return
	}
	w.done, w.ended = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.progress(Progress{Progress: account()})
			case <-w.done:
				w.progress(Progress{Progress: account()})
				return
			}
		}
	}()
}

// end reports a last time.
func (w *watcher) end() {
	if w.done != nil {
		close(w.done)
		<-w.ended
	}
}

package intake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/source"
)

// Request says what to take.
type Request struct {
	// Sources are taken one after the other.
	Sources []source.Source
	// Selection bounds what is taken of each.
	Selection source.Selection
	// Format is the format of objects without a header, unless Formats has the
	// flow log's own; nil: only the default formats are known without header.
	Format *flowlog.Format
	// Formats are the formats of flow logs by id.
	Formats map[string]flowlog.Format
	// Replace takes objects that changed since they were taken.
	Replace bool
	// OnlyNew leaves objects alone that could not be read before, or were no flow
	// log.
	OnlyNew bool
	// Live says that the objects are new at a source that is followed: see [lake.Arrival].
	Live bool
	// Followed is the name of that source: see [lake.ImportOptions].
	Followed string
	// Workers is how many objects are read side by side; 0 means the number of
	// processors, at least 2: one waits for bytes while another computes.
	Workers int
}

// Listing is what lies at the sources.
type Listing struct {
	Sources []SourceListing `json:"sources"`
	Objects int64           `json:"objects"`
	Bytes   int64           `json:"bytes"`

	objects []listed
}

// SourceListing is what lies at one source.
type SourceListing struct {
	Name string `json:"name"`
	source.Listing
}

// listed is an object with the source that opens it.
type listed struct {
	from   source.Source
	object source.Object
}

// List lists the sources' objects, in the order in which they are taken.
func List(ctx context.Context, r Request) (*Listing, error) {
	out := &Listing{}
	for _, s := range r.Sources {
		var objects []source.Object
		l, err := s.List(ctx, r.Selection, func(o source.Object) error {
			objects = append(objects, o)
			return nil
		})
		if err != nil {
			return out, err
		}
		source.Sort(objects)
		for _, o := range objects {
			out.objects = append(out.objects, listed{s, o})
		}
		out.Sources = append(out.Sources, SourceListing{s.Name(), l})
		out.Objects += l.Objects
		out.Bytes += l.Bytes
	}
	return out, nil
}

// Progress is a running account. All members but the totals only grow.
type Progress struct {
	Objects, ObjectsTotal int64
	Bytes, BytesTotal     int64 // as stored
	Records               int64
	BadLines              int64
}

// Report is what became of the objects.
type Report struct {
	// Objects counts all that were listed, by what became of them now: taken,
	// duplicate, empty, foreign, failed, changed; Known ones were read before.
	// NotWhole counts those of Taken that broke off after good records.
	Objects   int64 `json:"objects"`
	Taken     int64 `json:"taken"`
	NotWhole  int64 `json:"not_whole"`
	Known     int64 `json:"known"`
	Duplicate int64 `json:"duplicate"`
	Empty     int64 `json:"empty"`
	Foreign   int64 `json:"foreign"`
	Failed    int64 `json:"failed"`
	Changed   int64 `json:"changed"`
	// Committed counts those of Taken whose records are in the lake for good: all,
	// but where the run ended with an error.
	Committed int64 `json:"committed"`

	Bytes    int64 `json:"bytes"` // of the objects that were read
	Records  int64 `json:"records"`
	BadLines int64 `json:"bad_lines"`

	// Problems are the objects that want attention, by their URLs, at most
	// MaxProblems of each state: those that were met first.
	Problems []Problem `json:"problems,omitempty"`
	// Bad are the first bad lines that were met, at most MaxProblems, by URL and
	// line.
	Bad []lake.BadLine `json:"bad,omitempty"`
	// URLs are the objects whose records this run stands for: those that it
	// took, those that it knew, and those with the same bytes.
	URLs []string `json:"-"`
	// Last is the URL of the object that was taken last, "" where none was.
	Last string `json:"-"`
}

// MaxProblems bounds the lists of a report. The ledger has the rest.
const MaxProblems = 100

// Problem is an object that was not taken, or not whole.
type Problem struct {
	URL     string           `json:"url"`
	State   lake.ObjectState `json:"state"`
	Problem string           `json:"problem"`
	Hint    string           `json:"hint,omitempty"`
}

// looked is an object with what the ledger says of it.
type looked struct {
	listed
	ref  lake.ObjectRef
	look lake.Look
}

// run is one taking of a listing.
type run struct {
	req      Request
	im       *lake.Import
	progress Progress  // read and written atomically
	rooms    sync.Pool // of *bytes.Buffer, for objects

	mu        sync.Mutex
	report    Report
	listed    map[lake.ObjectState]int // problems in the report
	postponed []postponed
}

// postponed is an object that another import had in hand.
type postponed struct {
	listed
	landed <-chan struct{}
}

// Take takes the listed objects into the lake. progress, which may be nil, gets a
// function that returns the account so far, and may call it until Take returns.
// The report is right as far as it goes with an error too: what was committed
// stays, and the next run takes the rest.
func Take(ctx context.Context, l *lake.Lake, r Request, listing *Listing, progress func(func() Progress)) (Report, error) {
	// What was no flow log may be one in a format that is known now.
	again := r.Format != nil || len(r.Formats) > 0
	im, err := l.Begin(lake.ImportOptions{Source: names(listing), Replace: r.Replace, Foreign: again, OnlyNew: r.OnlyNew, Live: r.Live, Followed: r.Followed})
	if err != nil {
		return Report{}, err
	}
	t := &run{req: r, im: im, listed: map[lake.ObjectState]int{}}
	t.rooms.New = func() any { return new(bytes.Buffer) }
	t.progress.ObjectsTotal, t.progress.BytesTotal = listing.Objects, listing.Bytes
	if progress != nil {
		progress(t.account)
	}
	workers := r.Workers
	if workers <= 0 {
		workers = max(2, runtime.GOMAXPROCS(0))
	}
	queue := make(chan looked)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queue)
		return t.look(gctx, listing.objects, func(o looked) error {
			select {
			case queue <- o:
				return nil
			case <-gctx.Done():
				return gctx.Err()
			}
		})
	})
	for range workers {
		g.Go(func() error {
			for o := range queue {
				if err := t.take(gctx, o); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err = g.Wait(); err == nil {
		err = t.rest(ctx, listing)
	}
	// What was read before an error is kept, also when the caller gave up.
	if closeErr := im.Close(context.WithoutCancel(ctx)); err == nil || errors.Is(err, context.Canceled) && ctx.Err() == nil {
		err = closeErr
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Committed = im.Committed()
	slices.SortStableFunc(t.report.Problems, func(a, b Problem) int { return cmp.Compare(a.URL, b.URL) })
	slices.SortStableFunc(t.report.Bad, func(a, b lake.BadLine) int { return cmp.Compare(a.URL, b.URL) })
	return t.report, err
}

// look looks objects up in the ledger, and passes each on.
func (t *run) look(ctx context.Context, objects []listed, do func(looked) error) error {
	for chunk := range slices.Chunk(objects, lake.Looks) {
		refs := make([]lake.ObjectRef, len(chunk))
		for i := range chunk {
			refs[i] = reference(chunk[i].object)
		}
		looks, err := t.im.Look(ctx, refs)
		if err != nil {
			return err
		}
		for i := range chunk {
			if err := do(looked{chunk[i], refs[i], looks[i]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// postpone leaves an object for the end, when all else is committed.
func (t *run) postpone(l listed, landed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.postponed = append(t.postponed, postponed{l, landed})
}

// rest takes what is left once all objects were looked at: those that other imports
// had in hand, and copies of what came to nothing. All that this import has is
// committed before it waits for another one, which may wait for this one.
func (t *run) rest(ctx context.Context, listing *Listing) error {
	for {
		if err := t.im.Flush(ctx); err != nil {
			return err
		}
		t.mu.Lock()
		again := t.postponed
		t.postponed = nil
		t.mu.Unlock()
		again = append(again, t.orphans(listing)...)
		if len(again) == 0 {
			return nil
		}
		for _, p := range again {
			if err := t.await(ctx, p.landed); err != nil {
				return err
			}
			again := func(o looked) error { return t.take(ctx, o) }
			if err := t.look(ctx, []listed{p.listed}, again); err != nil {
				return err
			}
		}
	}
}

// await waits until another import has let go of an object, with all that this one
// has committed.
func (t *run) await(ctx context.Context, landed <-chan struct{}) error {
	select {
	case <-landed:
		return nil
	default:
	}
	if err := t.im.Flush(ctx); err != nil {
		return err
	}
	select {
	case <-landed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// orphans returns the copies of what came to nothing, and takes back what was said
// of them.
func (t *run) orphans(listing *Listing) []postponed {
	urls := map[string]bool{}
	for _, url := range t.im.Orphans() {
		urls[url] = true
	}
	if len(urls) == 0 {
		return nil
	}
	free := make(chan struct{}) // nobody has them in hand
	close(free)
	var out []postponed
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range listing.objects {
		if !urls[l.object.URL] {
			continue
		}
		out = append(out, postponed{l, free})
		atomic.AddInt64(&t.progress.Objects, -1)
		atomic.AddInt64(&t.progress.Bytes, -l.object.Size)
		t.report.Objects--
		t.report.Duplicate--
		t.report.Bytes -= l.object.Size
	}
	t.report.URLs = slices.DeleteFunc(t.report.URLs, func(url string) bool { return urls[url] })
	return out
}

// names returns the names of the listed sources.
func names(l *Listing) string {
	all := make([]string, len(l.Sources))
	for i, src := range l.Sources {
		all[i] = src.Name
	}
	return strings.Join(all, " ")
}

// account returns the progress so far.
func (t *run) account() Progress {
	return Progress{
		Objects: atomic.LoadInt64(&t.progress.Objects), ObjectsTotal: t.progress.ObjectsTotal,
		Bytes: atomic.LoadInt64(&t.progress.Bytes), BytesTotal: t.progress.BytesTotal,
		Records:  atomic.LoadInt64(&t.progress.Records),
		BadLines: atomic.LoadInt64(&t.progress.BadLines),
	}
}

// note counts an object, and keeps what a person should see.
func (t *run) note(ref lake.ObjectRef, known bool, r lake.Result) {
	atomic.AddInt64(&t.progress.Objects, 1)
	atomic.AddInt64(&t.progress.Bytes, ref.Size)
	atomic.AddInt64(&t.progress.BadLines, r.Stats.Bad)
	t.mu.Lock()
	defer t.mu.Unlock()
	rep := &t.report
	rep.Objects++
	switch {
	case known && r.State != lake.Changed:
		rep.Known++
	case r.State == lake.Taken:
		rep.Taken++
		rep.Last = ref.URL
		if r.Problem != "" {
			rep.NotWhole++
		}
	case r.State == lake.Duplicate:
		rep.Duplicate++
	case r.State == lake.Empty:
		rep.Empty++
	case r.State == lake.Foreign:
		rep.Foreign++
	case r.State == lake.Failed:
		rep.Failed++
	case r.State == lake.Changed:
		rep.Changed++
	}
	if r.State == lake.Taken || r.State == lake.Duplicate {
		rep.URLs = append(rep.URLs, ref.URL)
	}
	if !known {
		rep.Bytes += ref.Size
		rep.Records += r.Stats.Records
		rep.BadLines += r.Stats.Bad
	}
	if r.Problem != "" && t.listed[r.State] < MaxProblems {
		t.listed[r.State]++
		rep.Problems = append(rep.Problems, Problem{ref.URL, r.State, r.Problem, r.Hint})
	}
	for _, b := range r.Stats.BadLines {
		if len(rep.Bad) < MaxProblems {
			rep.Bad = append(rep.Bad, lake.BadLine{
				URL: ref.URL, Container: string(r.Stats.Container),
				Line: b.Line, Column: b.Column, Field: b.Field, Text: b.Text, Reason: b.Reason,
			})
		}
	}
}

// reference returns how the lake knows an object.
func reference(o source.Object) lake.ObjectRef {
	return lake.ObjectRef{
		Source: o.Source, URL: o.URL, Size: o.Size, Version: o.Revision(), Slot: o.Info.Slot,
		FlowLogID: o.Info.FlowLogID, LogOwner: o.Info.LogOwner, Region: o.Info.Region,
	}
}

// String sums the report up in one line.
func (r *Report) String() string {
	return fmt.Sprintf("%d objects: %d taken, %d known before, %d with the same bytes as another, %d empty, %d no flow log, %d failed, %d changed",
		r.Objects, r.Taken, r.Known, r.Duplicate, r.Empty, r.Foreign, r.Failed, r.Changed)
}

// All returns the listed objects, in the order in which they are taken.
func (l *Listing) All() iter.Seq[source.Object] {
	return func(yield func(source.Object) bool) {
		for i := range l.objects {
			if !yield(l.objects[i].object) {
				return
			}
		}
	}
}

// Keys returns what the keys of the listed objects tell.
func (l *Listing) Keys() []source.Key {
	out := make([]source.Key, len(l.objects))
	for i, o := range l.objects {
		out[i] = o.object.Info
	}
	return out
}

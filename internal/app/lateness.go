package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"weir/internal/awsapi/logs"
	"weir/internal/logstore"
)

// LakeLateness is how late records of AWS's flow logs come at most: they are delivered some 5 to 6 minutes after they end, and seldom
// more than 12.
const LakeLateness = 12 * time.Minute

// mostLateness bounds the lateness of a log group.
const mostLateness = 24 * time.Hour

// latenessKind is the kind of the documents that say how late the events of log groups come.
const latenessKind = "lateness"

// groupLateness returns how late the events of a log group come at most: what was said of it, else 0 where the store has it, and
// LakeLateness where it is the lake's. store may be nil.
func groupLateness(ctx context.Context, store *logstore.Store, group string) (time.Duration, error) {
	if store == nil {
		return LakeLateness, nil
	}
	d, err := store.Document(ctx, latenessKind, group, "")
	if err == nil {
		late, err := time.ParseDuration(string(d.Body))
		if err != nil {
			return 0, fmt.Errorf("the lateness of the log group %s is damaged: %w", group, err)
		}
		return late, nil
	}
	if !errors.Is(err, logstore.ErrNoDocument) {
		return 0, err
	}
	switch _, err := store.Group(ctx, group); {
	case err == nil:
		return 0, nil
	case errors.Is(err, logstore.ErrNoGroup):
		return LakeLateness, nil
	default:
		return 0, err
	}
}

// setLateness says how late the events of a log group come at most; less than 0 that it is as usual.
func setLateness(ctx context.Context, store *logstore.Store, group string, ofLake bool, late time.Duration) error {
	if late < 0 {
		err := store.DeleteDocument(ctx, latenessKind, group, "")
		if errors.Is(err, logstore.ErrNoDocument) {
			return nil
		}
		return err
	}
	if late > mostLateness {
		return &UsageError{Message: fmt.Sprintf("a lateness of %s is none that a log group can have", late), Hint: "it is from 0s to " + mostLateness.String()}
	}
	_, err := store.PutDocument(ctx, logstore.Document{Kind: latenessKind, Group: group, OfLake: ofLake, Body: []byte(late.String())})
	return err
}

// latenesses are those of log groups and of the metrics that their filters make, as far as somebody asked, while the store is as it was.
type latenesses struct {
	mu       sync.Mutex
	revision int64 // of the store, see [logstore.Store.Revision]
	filters  []logs.MetricFilter
	groups   map[string]time.Duration
}

// current lets the store be read anew where it has changed. The caller holds mu. Where it fails, the next call tries again.
func (l *latenesses) current(ctx context.Context, store *logstore.Store) error {
	revision := store.Revision() // before the store is read
	if l.groups != nil && l.revision == revision {
		return nil
	}
	l.groups = nil
	filters, err := logs.MetricFilters(ctx, store)
	if err != nil {
		return err
	}
	l.revision, l.filters, l.groups = revision, filters, map[string]time.Duration{}
	return nil
}

// of returns that of a log group. The caller holds mu.
func (l *latenesses) of(ctx context.Context, store *logstore.Store, group string) (time.Duration, error) {
	late, known := l.groups[group]
	if known {
		return late, nil
	}
	late, err := groupLateness(ctx, store, group)
	if err == nil {
		l.groups[group] = late
	}
	return late, err
}

// lateness returns how late the events of a log group come at most.
func (w *watching) lateness(ctx context.Context, group string) (time.Duration, error) {
	w.late.mu.Lock()
	defer w.late.mu.Unlock()
	if err := w.late.current(ctx, w.store); err != nil {
		return 0, err
	}
	return w.late.of(ctx, w.store, group)
}

// Lateness returns how late the data of a metric come at most: the largest lateness of the log groups whose metric filters make it,
// and of flow log records where it is one of weir's own; 0 where it is put. A thousand alarms ask each second.
func (w *watching) Lateness(ctx context.Context, namespace, name string) (time.Duration, error) {
	most := time.Duration(0)
	if namespace == FlowLogsNamespace {
		most = LakeLateness
	}
	w.late.mu.Lock()
	defer w.late.mu.Unlock()
	if err := w.late.current(ctx, w.store); err != nil {
		return 0, err
	}
	for i := range w.late.filters {
		f := &w.late.filters[i]
		if f.Transformation.MetricNamespace != namespace || f.Transformation.MetricName != name || f.Disabled {
			continue
		}
		late, err := w.late.of(ctx, w.store, f.Group)
		if err != nil {
			return 0, err
		}
		most = max(most, late)
	}
	return most, nil
}

package app

import (
	"context"
	"errors"
	"fmt"
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

// lateness returns how late the events of a log group come at most.
func (w *watching) lateness(ctx context.Context, group string) (time.Duration, error) {
	return groupLateness(ctx, w.store, group)
}

// Lateness returns how late the data of a metric come at most: the largest lateness of the log groups whose metric filters make it,
// and of flow log records where it is one of weir's own; 0 where it is put.
func (w *watching) Lateness(ctx context.Context, namespace, name string) (time.Duration, error) {
	most := time.Duration(0)
	if namespace == FlowLogsNamespace {
		most = LakeLateness
	}
	filters, err := logs.MetricFilters(ctx, w.store)
	if err != nil {
		return 0, err
	}
	for i := range filters {
		f := &filters[i]
		if f.Transformation.MetricNamespace != namespace || f.Transformation.MetricName != name || f.Disabled {
			continue
		}
		late, err := w.lateness(ctx, f.Group)
		if err != nil {
			return 0, err
		}
		most = max(most, late)
	}
	return most, nil
}

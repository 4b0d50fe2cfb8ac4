package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/logstore"
)

// Kinds of documents.
const (
	queryDefinitionKind    = "query-definition"
	metricFilterKind       = "metric-filter"
	subscriptionFilterKind = "subscription-filter"
	disabledFilterKind     = "metric-filter-disabled"
	lookupTableKind        = "lookup-table"      // what is known of a table
	lookupBodyKind         = "lookup-table-body" // its CSV
)

// put keeps v as a document.
func put[T any](ctx context.Context, store *logstore.Store, kind, group, name string, v *T) error {
	return putIn(ctx, store, kind, &logstore.Group{Name: group}, name, v)
}

// putIn is put for a group that may be one of the lake.
func putIn[T any](ctx context.Context, store *logstore.Store, kind string, group *logstore.Group, name string, v *T) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = store.PutDocument(ctx, logstore.Document{Kind: kind, Group: group.Name, Name: name, OfLake: group.ReadOnly, Body: body})
	return answer(err)
}

// get returns a document, nil where it is not there.
func get[T any](ctx context.Context, store *logstore.Store, kind, group, name string) (*T, error) {
	d, err := store.Document(ctx, kind, group, name)
	if errors.Is(err, logstore.ErrNoDocument) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decoded[T](&d)
}

func decoded[T any](d *logstore.Document) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(d.Body, v); err != nil {
		return nil, fmt.Errorf("the %s %s is damaged: %w", d.Kind, d.Name, err)
	}
	return v, nil
}

// named is a document that was decoded.
type named[T any] struct {
	group, name string
	created     int64
	value       *T
}

// list returns the documents of a kind, by name and group.
func list[T any](ctx context.Context, store *logstore.Store, kind, group, prefix string) ([]named[T], error) {
	found, err := store.Documents(ctx, logstore.DocumentQuery{Kind: kind, Group: group, Prefix: prefix})
	if err != nil {
		return nil, err
	}
	var out []named[T]
	for i := range found {
		v, err := decoded[T](&found[i])
		if err != nil {
			return nil, err
		}
		out = append(out, named[T]{group: found[i].Group, name: found[i].Name, created: found[i].Created, value: v})
	}
	slices.SortFunc(out, func(a, b named[T]) int { return strings.Compare(a.key(), b.key()) })
	return out, nil
}

func (n named[T]) key() string { return n.name + "\x01" + n.group }

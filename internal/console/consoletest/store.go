package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/console"
	"weir/internal/query"
	"weir/internal/query/memory"
)

// store stands for the lake: batches that grow by commits, and the engine over
// them.
type store struct {
	mu        sync.Mutex
	batches   []*flowlog.Batch
	engine    *memory.Engine
	listeners map[chan console.Commit]bool
	tables    map[flowlog.Kind]*console.TableStatus
}

func newStore() *store {
	return &store{
		engine: memory.New(), listeners: map[chan console.Commit]bool{},
		tables: map[flowlog.Kind]*console.TableStatus{
			flowlog.KindVPC: {Kind: flowlog.KindVPC}, flowlog.KindTGW: {Kind: flowlog.KindTGW},
		},
	}
}

// Run runs a plan over the records that are there now.
func (s *store) Run(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
	return s.current().Run(ctx, p, l)
}

// Explain explains a plan over the records that are there now.
func (s *store) Explain(ctx context.Context, p query.Plan) (query.Cost, error) {
	return s.current().Explain(ctx, p)
}

func (s *store) current() *memory.Engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine
}

// add commits the records of a text, which are of one kind.
func (s *store) add(kind flowlog.Kind, text string, at time.Time) error {
	added, err := decode(text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(slices.Clip(s.batches), added...)
	s.engine = memory.New(s.batches...)
	commit := console.Commit{At: at, Kind: kind}
	table := s.tables[kind]
	for _, b := range added {
		commit.Records += int64(b.Len())
		for _, start := range b.Nums(flowlog.Start) {
			t := time.Unix(start, 0).UTC()
			if table.Oldest.IsZero() || t.Before(table.Oldest) {
				table.Oldest = t
			}
			if t.After(table.Newest) {
				table.Newest = t
			}
		}
	}
	table.Records += commit.Records
	table.Objects++
	table.Bytes += 12 * commit.Records // as a lake's data files would have
	for listener := range s.listeners {
		select {
		case listener <- commit:
		default: // it has not read the last one yet and will read all anew
		}
	}
	return nil
}

// state returns the status of the store.
func (s *store) state(context.Context) (console.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return console.Status{Tables: []console.TableStatus{*s.tables[flowlog.KindVPC], *s.tables[flowlog.KindTGW]}}, nil
}

// unknownFields returns the unknown fields of the records.
func (s *store) unknownFields(k flowlog.Kind) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k == flowlog.KindVPC && s.tables[k].Records > 0 {
		return []string{"some-new-field"}
	}
	return nil
}

// commits returns a channel of the commits from now on.
func (s *store) commits(ctx context.Context) <-chan console.Commit {
	listener := make(chan console.Commit, 1)
	s.mu.Lock()
	s.listeners[listener] = true
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, listener)
	})
	return listener
}

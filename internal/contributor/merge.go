package contributor

import (
	"bytes"
	"container/heap"
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A stream gives the contributors of an hour in the order of their keys.
type stream struct {
	hour int64
	chunkReader
	// refill gives the next chunk, nil at the end; it is nil where the stream has entries.
	refill  func() ([]byte, error)
	entries []entry
}

// advance goes on to the next contributor, and reports false at the end.
func (s *stream) advance() (bool, error) {
	if s.refill == nil {
		return s.nextEntry(), nil
	}
	for len(s.buf) == 0 {
		chunk, err := s.refill()
		if err != nil || chunk == nil {
			return false, err
		}
		s.buf, s.key = chunk, s.key[:0]
	}
	return s.next()
}

func (s *stream) nextEntry() bool {
	if len(s.entries) == 0 {
		return false
	}
	first := s.entries[0].key
	s.key, s.points = append(s.key[:0], first...), s.points[:0]
	for len(s.entries) > 0 && s.entries[0].key == first {
		s.points = append(s.points, point{s.entries[0].minute, s.entries[0].value})
		s.entries = s.entries[1:]
	}
	return true
}

// streamOf reads a run that was committed.
func streamOf(ctx context.Context, tx *sql.Tx, hour, run int64) *stream {
	n := 0
	return &stream{hour: hour, refill: func() ([]byte, error) {
		var data []byte
		err := tx.QueryRowContext(ctx, "SELECT data FROM chunks WHERE run = ? AND n = ?", run, n).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		n++
		if err == nil && len(data) == 0 {
			err = errDamaged
		}
		return data, err
	}}
}

// streams is a heap: the one with the least key is the first.
type streams []*stream

func (s streams) Len() int           { return len(s) }
func (s streams) Less(i, j int) bool { return bytes.Compare(s[i].key, s[j].key) < 0 }
func (s streams) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *streams) Push(x any)        { *s = append(*s, x.(*stream)) }
func (s *streams) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}

// merge goes through streams by key. For each contributor it calls each with the hour and the points of every stream that has it, and
// then done. The key and the points are valid during the call only.
func merge(all []*stream, each func(hour int64, points []point), done func(key []byte) error) error {
	h := make(streams, 0, len(all))
	for _, s := range all {
		more, err := s.advance()
		if err != nil {
			return fmt.Errorf("cannot read the contributors: %w", err)
		}
		if more {
			h = append(h, s)
		}
	}
	heap.Init(&h)
	var key []byte
	for len(h) > 0 {
		key = append(key[:0], h[0].key...)
		for len(h) > 0 && bytes.Equal(h[0].key, key) {
			each(h[0].hour, h[0].points)
			more, err := h[0].advance()
			switch {
			case err != nil:
				return fmt.Errorf("cannot read the contributors: %w", err)
			case more:
				heap.Fix(&h, 0)
			default:
				heap.Pop(&h)
			}
		}
		if err := done(key); err != nil {
			return err
		}
	}
	return nil
}

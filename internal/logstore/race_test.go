package logstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestAtOnce makes, fills, reads and removes streams and groups side by side. Nothing fails but for what is gone, and in
// the end the accounts are right.
func TestAtOnce(t *testing.T) {
	p := newPlace(t)
	p.memory = 100_000 // nobody reads it yet
	ctx := context.Background()
	const rounds = 60
	gone := func(err error) bool {
		return err == nil || errors.Is(err, ErrNoGroup) || errors.Is(err, ErrNoStream) || errors.Is(err, ErrStreamExists) || errors.Is(err, ErrGroupExists)
	}
	var work sync.WaitGroup
	do := func(what string, fn func(n int) error) {
		work.Go(func() {
			for n := range rounds {
				if err := fn(n); !gone(err) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	for c := range 3 {
		do("put", func(n int) error {
			stream := fmt.Sprint("s", n%3)
			err := p.CreateStream(ctx, "g", stream)
			if !gone(err) {
				return err
			}
			message := fmt.Sprintf("%d %d %0500d", c, n, n)
			_, err = p.Put(ctx, "g", stream, []InputEvent{{noon.UnixMilli() + int64(n), []byte(message)}}, noon)
			return err
		})
	}
	do("flush", func(int) error { return p.Flush(ctx) })
	do("compact", func(int) error { return errors.Join(p.Compact(ctx), p.Expire(ctx)) })
	do("delete a stream", func(n int) error { return p.DeleteStream(ctx, "g", fmt.Sprint("s", n%3)) })
	do("read", func(n int) error {
		for _, err := range p.Read(ctx, ReadRequest{Group: "g", Backward: n%2 == 0}) {
			if err != nil {
				return err
			}
		}
		return nil
	})
	do("groups", func(n int) error {
		if n%10 == 9 {
			return errors.Join(p.DeleteGroup(ctx, "g"), p.CreateGroup(ctx, "g", "", nil))
		}
		return errors.Join(p.SetFormat(ctx, "g", []string{"", "${srcaddr} ${start}"}[n%2]), p.Tag(ctx, "g", map[string]string{"n": fmt.Sprint(n)}))
	})
	work.Wait()
	if p.fresh > p.tailBytes || p.tailBytes < 0 {
		t.Errorf("%d bytes in the tail, %d of them fresh", p.tailBytes, p.fresh)
	}
	before := p.messages(ReadRequest{})
	p.flush()
	if p.tailBytes != 0 || p.fresh != 0 {
		t.Errorf("%d bytes in an empty tail, %d of them fresh", p.tailBytes, p.fresh)
	}
	p.check(ReadRequest{}, before...)
	p.reopen()
	p.check(ReadRequest{}, before...)
	stored := int64(0)
	for _, m := range before {
		stored += int64(len(m)) + 26
	}
	if g, err := p.Group(ctx, "g"); err != nil || g.StoredBytes != stored {
		t.Errorf("%d bytes stored, want %d, %v", g.StoredBytes, stored, err)
	}
}

package logstore

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkRead reads a page of events, the oldest and the newest, of a store with a million events in files, and
// with many small Puts in the tail.
func BenchmarkRead(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), Options{FlushAge: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.CreateGroup(b.Context(), "g", "", nil); err != nil {
		b.Fatal(err)
	}
	if err := s.CreateStream(b.Context(), "g", "a"); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	put := func(n, lines int) {
		var events []InputEvent
		for i := range lines {
			at := now.Add(time.Duration(n*lines+i) * time.Millisecond)
			events = append(events, InputEvent{at.UnixMilli(), fmt.Appendf(nil, "2 123456789012 eni-1 10.0.%d.%d 10.1.0.1 %d 443 6 %d 840 1 2 ACCEPT OK", i%250, n, i, n)})
		}
		if _, err := s.Put(b.Context(), "g", "a", events, now); err != nil {
			b.Fatal(err)
		}
	}
	for n := range 100 {
		put(n, 10_000)
		if n%10 == 9 {
			if err := s.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	read := func(r ReadRequest) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range s.Read(context.Background(), r) {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n == 10_000 {
						break
					}
				}
			}
		}
	}
	b.Run("oldest", read(ReadRequest{Group: "g"}))
	b.Run("newest", read(ReadRequest{Group: "g", Backward: true}))
	for n := range 20_000 {
		put(n, 1)
	}
	b.Run("tail", read(ReadRequest{Group: "g", From: now.UnixMilli(), Backward: true}))
}

package s3

import (
	"context"

	"golang.org/x/sync/errgroup"

	"weir/internal/source"
)

// At returns the source of another prefix of the bucket, with the same login.
func (s *Source) At(prefix string) *Source {
	other := *s
	other.config.Prefix = prefix
	return &other
}

// All calls fn for each object whose key begins with the prefix, whatever its layout, one call at a time and in the order of keys. Errors are as of List.
func (s *Source) All(ctx context.Context, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(source.Selection{}, false, fn)
	if err != nil {
		return source.Listing{}, err
	}
	group, gctx := errgroup.WithContext(ctx)
	l := &lister{source: s, ctx: gctx, group: group, turns: make(chan struct{}, 1), sieve: sieve, foreign: true}
	if err := l.list(s.config.Prefix, parse(s.config.Prefix), true); err != nil {
		return sieve.Listing(), err
	}
	return sieve.Finish()
}

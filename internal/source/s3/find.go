package s3

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"weir/internal/source"
)

// Find is List for objects whose keys are known: each is asked for by itself, with up
// to 8 requests at a time. Keys that do not begin with the source's prefix are left
// out. An object that is gone is one of the Listing's Skipped; one that may not be
// looked at is given with its key alone, so that whoever opens it learns why.
func (s *Source) Find(ctx context.Context, keys []string, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(sel, false, fn)
	if err != nil {
		return source.Listing{}, err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelRequests)
	l := &lister{source: s, ctx: gctx, sieve: sieve, foreign: parse(s.config.Prefix).Level == source.Foreign}
	for _, key := range keys {
		if !strings.HasPrefix(key, s.config.Prefix) {
			continue
		}
		group.Go(func() error { return l.find(key) })
	}
	if err := group.Wait(); err != nil {
		return sieve.Listing(), err
	}
	return sieve.Finish()
}

// find looks at one object.
func (l *lister) find(key string) error {
	out, err := l.source.client.HeadObject(l.ctx, &awss3.HeadObjectInput{
		Bucket: &l.source.config.Bucket, Key: &key, RequestPayer: l.source.payer(),
	})
	o := types.Object{Key: &key}
	if err != nil {
		err = l.source.fault(l.ctx, "read", l.source.url(key), err)
		var f *source.Fault
		switch {
		case !errors.As(err, &f):
			return err
		case f.Code == source.NoSuchKey:
			l.sieve.Skip(l.source.url(key), "it is gone")
			return nil
		case f.Code != source.Denied && f.Code != source.KMSDenied:
			return err
		}
	} else {
		l.sieve.Answered()
		o.ETag, o.Size, o.LastModified, o.StorageClass = out.ETag, aws.Int64(aws.ToInt64(out.ContentLength)), out.LastModified, types.ObjectStorageClass(out.StorageClass)
	}
	return l.put(o, source.Folder{Level: source.Outside}) // the key itself tells another service
}

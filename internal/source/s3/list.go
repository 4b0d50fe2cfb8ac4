package s3

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"weir/internal/source"
)

const (
	// parallelRequests bounds the listing requests under way. S3 allows 5,500
	// reads a second and prefix; the bound is for the network's sake.
	parallelRequests = 8
	// lookedInto bounds the folders above AWSLogs that are looked into one by
	// one for AWSLogs; what is left is listed flat, 1,000 objects a request.
	lookedInto = 256
	// crowded is from how many folders on a folder above AWSLogs is listed flat:
	// it is a table or an archive, and one request for each would be dear.
	crowded = 100
)

// lister is one listing.
type lister struct {
	source  *Source
	ctx     context.Context // of the group: ends with the first error
	group   *errgroup.Group
	turns   chan struct{}
	sieve   *source.Sieve
	sel     source.Selection
	foreign bool // the prefix itself lies in another service's folder
	looked  atomic.Int64
}

// List follows AWS's layouts from the prefix downwards, with up to 8 requests at
// a time. The order of objects is none but with Selection.Newest. A folder that
// is denied becomes a fault of the Listing; every other fault ends it.
func (s *Source) List(ctx context.Context, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(sel, false, fn)
	if err != nil {
		return source.Listing{}, err
	}
	group, gctx := errgroup.WithContext(ctx)
	l := &lister{
		source: s, ctx: gctx, group: group, turns: make(chan struct{}, parallelRequests),
		sieve: sieve, sel: sel, foreign: parse(s.config.Prefix).Level == source.Foreign,
	}
	l.enter(s.config.Prefix)
	if err := group.Wait(); err != nil {
		return sieve.Listing(), err
	}
	return sieve.Finish()
}

// parse reads AWS's layout from the folder part of a key or prefix.
func parse(key string) source.Folder {
	return source.ParseFolder(key[:strings.LastIndexByte(key, '/')+1])
}

// enter lists what begins with prefix, beside other work.
func (l *lister) enter(prefix string) {
	l.group.Go(func() error {
		f := parse(prefix)
		switch {
		case f.Level == source.Foreign && !l.foreign:
			l.sieve.Skip(l.source.url(prefix), "logs of another service: "+f.Service)
			return nil
		case l.sel.Excludes(f):
			l.sieve.Prune()
			return nil
		}
		return l.list(prefix, f, l.flat(f))
	})
}

// flat reports whether all keys below a folder are asked for at once. Months
// that are wanted whole are: deeper would cost a request for each day, higher
// would leave one request after the other.
func (l *lister) flat(f source.Folder) bool {
	switch f.Level {
	case source.Unknown, source.Foreign, source.Hour:
		return true
	case source.Month, source.Day:
		return l.sel.Covers(f)
	case source.Outside:
		return l.looked.Add(1) > lookedInto
	}
	return false
}

// list asks for the pages of one prefix, and enters the folders in it where it
// is not listed flat.
func (l *lister) list(prefix string, f source.Folder, flat bool) error {
	in := &awss3.ListObjectsV2Input{
		Bucket:       &l.source.config.Bucket,
		Prefix:       &prefix,
		EncodingType: types.EncodingTypeUrl, // keys can hold what XML cannot
		RequestPayer: l.source.payer(),
	}
	if !flat {
		in.Delimiter = aws.String("/")
	}
	for {
		out, err := l.request(in)
		if err != nil {
			return l.failed(prefix, err)
		}
		folders, err := names(out)
		if err != nil {
			return l.failed(prefix, err)
		}
		if f.Level == source.Outside && in.ContinuationToken == nil && isCrowded(folders) {
			return l.list(prefix, f, true)
		}
		for _, o := range out.Contents {
			if err := l.put(o, f); err != nil {
				return err
			}
		}
		for _, folder := range folders {
			l.enter(folder)
		}
		switch {
		case !aws.ToBool(out.IsTruncated):
			return nil
		case out.NextContinuationToken == nil:
			return l.failed(prefix, errNoToken)
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// errNoToken says that a service breaks a listing off.
var errNoToken = errors.New("the service says that there is more, but not how to go on")

// request waits for its turn and asks for one page.
func (l *lister) request(in *awss3.ListObjectsV2Input) (*awss3.ListObjectsV2Output, error) {
	select {
	case l.turns <- struct{}{}:
	case <-l.ctx.Done():
		return nil, l.ctx.Err()
	}
	defer func() { <-l.turns }()
	out, err := l.source.client.ListObjectsV2(l.ctx, in)
	if err == nil {
		l.sieve.Answered()
	}
	return out, err
}

// failed notes a denied folder and goes on, and ends the listing for all else.
func (l *lister) failed(prefix string, err error) error {
	err = l.source.fault(l.ctx, "list", l.source.url(prefix), err)
	var f *source.Fault
	if errors.As(err, &f) && f.Code == source.Denied {
		l.sieve.Fail(f)
		return nil
	}
	return err
}

// names decodes the keys of a page in place and returns its folders.
func names(out *awss3.ListObjectsV2Output) (folders []string, err error) {
	decode := func(s *string) (string, error) {
		if out.EncodingType != types.EncodingTypeUrl {
			return aws.ToString(s), nil
		}
		return url.QueryUnescape(aws.ToString(s))
	}
	for i := range out.Contents {
		key, err := decode(out.Contents[i].Key)
		if err != nil {
			return nil, err
		}
		out.Contents[i].Key = &key
	}
	for _, p := range out.CommonPrefixes {
		folder, err := decode(p.Prefix)
		if err != nil {
			return nil, err
		}
		folders = append(folders, folder)
	}
	return folders, nil
}

// isCrowded reports whether a folder above AWSLogs is one of very many, and not
// AWSLogs' own.
func isCrowded(folders []string) bool {
	for _, f := range folders {
		if f == "AWSLogs/" || strings.HasSuffix(f, "/AWSLogs/") {
			return false
		}
	}
	return len(folders) > crowded
}

// put passes one object to the sieve. In folders of no layout, which are listed
// flat, those of other services are told by their own keys.
func (l *lister) put(o types.Object, f source.Folder) error {
	key := aws.ToString(o.Key)
	if !l.foreign && (f.Level == source.Outside || f.Level == source.Unknown) {
		if own := parse(key); own.Level == source.Foreign {
			l.sieve.Skip(l.source.url(own.ServiceFolder), "logs of another service: "+own.Service)
			return nil
		}
	}
	info, _ := source.ParseKey(key)
	class := string(o.StorageClass)
	if class == string(types.ObjectStorageClassStandard) {
		class = ""
	}
	return l.sieve.Put(source.Object{
		Source:       l.source.origin,
		Key:          key,
		URL:          l.source.url(key),
		Size:         aws.ToInt64(o.Size),
		ETag:         strings.Trim(aws.ToString(o.ETag), `"`),
		ModTime:      aws.ToTime(o.LastModified).UTC(),
		Info:         info,
		StorageClass: class,
	})
}

package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"weir/internal/intake"
	"weir/internal/source"
	"weir/internal/source/file"
	"weir/internal/source/s3"
)

// Gone is how much of what was taken from a source does not lie there any more.
type Gone struct {
	Objects int64 `json:"objects"`
	// From is from when on objects were looked for, by their keys; nil: all.
	From *time.Time `json:"from,omitempty"`
}

// gone counts the objects that the ledger has as taken from a source and that are gone
// from it, by a listing of the source that began at a time. It returns nil where nobody
// can say: where a part could not be listed, and for log groups, whose events AWS
// removes by age.
//
// Of a bucket it counts what the listing would have shown: objects whose keys tell
// their slot, that the selection takes. A file that the listing lacks is looked for by
// itself, since a listing also leaves out files that were just written, and links.
func (s *Local) gone(ctx context.Context, name string, l *listing, began time.Time) (*Gone, error) {
	spec, err := source.ParseSpec(name)
	if err != nil {
		return nil, err
	}
	for i := range l.list.Sources {
		if len(l.list.Sources[i].Faults) > 0 {
			return nil, nil
		}
	}
	seen := map[string]bool{}
	var newest time.Time
	for o := range l.list.All() {
		seen[o.URL] = true
		if o.Info.Slot.After(newest) {
			newest = o.Info.Slot
		}
	}
	var isGone func(url string) bool
	var below, origin string
	switch src := l.request.Sources[0].(type) {
	case *s3.Source:
		origin = src.Origin()
		root := objectURL(spec.Bucket, "")
		below = objectURL(spec.Bucket, spec.Prefix)
		isGone = func(url string) bool {
			return wouldBeListed(l, url, strings.TrimPrefix(url, root), newest)
		}
	case *file.Source:
		below = strings.TrimSuffix(spec.Path, "/") + "/"
		isGone = func(url string) bool {
			_, err := os.Lstat(url)
			return errors.Is(err, fs.ErrNotExist)
		}
	default: // a log group, or some objects of a bucket only
		return nil, nil
	}
	out := &Gone{}
	if from := l.request.Selection.From; !from.IsZero() {
		out.From = &from
	}
	// What was taken since may have come after its folder was listed.
	err = s.lake.TakenBelow(ctx, below, origin, began, func(url string) {
		if !seen[url] && isGone(url) {
			out.Objects++
		}
	})
	return out, err
}

// wouldBeListed reports whether a listing of a bucket, whose newest slot is given, shows
// an object if it is there.
func wouldBeListed(l *listing, url, key string, newest time.Time) bool {
	sel := &l.request.Selection
	k, _ := source.ParseKey(key)
	if k.Slot.IsZero() || sel.Newest > 0 && !k.Slot.After(newest.Add(-sel.Newest)) {
		return false
	}
	if take, known := sel.Takes(k); !take || !known || sel.Excludes(source.ParseFolder(key[:strings.LastIndexByte(key, '/')+1])) {
		return false
	}
	return !skipped(l.list, url)
}

// skipped reports whether an object lies where a listing did not look.
func skipped(l *intake.Listing, url string) bool {
	for i := range l.Sources {
		for _, s := range l.Sources[i].Skipped {
			if strings.HasPrefix(url, s.URL) {
				return true
			}
		}
	}
	return false
}

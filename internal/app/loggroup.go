package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/source"
	"weir/internal/source/cwlogs"
	"weir/internal/source/ec2"
)

// tails are the folders below DATA/tail/cwl that hold what was read of log groups.
type tails struct {
	dir  string
	lake *lake.Lake

	mu   sync.Mutex
	open map[string]*cwlogs.Tail
}

// of returns the tail of a log group by its origin. It fails where the tail lacks an
// object that the lake has: then nobody can say which events are new.
func (t *tails) of(ctx context.Context, origin string) (*cwlogs.Tail, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tail := t.open[origin]; tail != nil {
		return tail, nil
	}
	dir := filepath.Join(t.dir, folderOf(origin))
	tail, err := cwlogs.OpenTail(dir)
	if err != nil {
		return nil, err
	}
	objects, err := t.lake.Objects(ctx, origin)
	if err != nil {
		return nil, err
	}
	for i := range objects {
		if name := path.Base(objects[i].URL); objects[i].Source == origin && !tail.Has(name) {
			return nil, &source.Fault{
				Op: "read", URL: filepath.Join(dir, name), Code: source.NoSuchKey,
				Err: fmt.Errorf("the lake has its records, and without it new events can't be told from those that were taken"),
				Hint: "put " + filepath.Dir(dir) + " back from the same backup as the rest of the data directory, or begin anew: weir lake forget " +
					origin,
			}
		}
	}
	t.open[origin] = tail
	return tail, nil
}

// longestFolder is how long the name of a tail's folder is at most; most file systems
// take 255 bytes, and a log group's name alone may have 512.
const longestFolder = 200

// folderOf returns the name of a log group's tail.
func folderOf(origin string) string {
	name := url.PathEscape(strings.TrimPrefix(origin, "cwl:"))
	if len(name) <= longestFolder {
		return name
	}
	sum := sha256.Sum256([]byte(origin))
	return name[:longestFolder-65] + "-" + hex.EncodeToString(sum[:])
}

// newTails returns the tails of a data directory.
func (s *Local) newTails() *tails {
	return &tails{dir: filepath.Join(s.lake.Data(), "tail", "cwl"), lake: s.lake, open: map[string]*cwlogs.Tail{}}
}

// origins returns the log groups that the ledger has objects of.
func (t *tails) origins(ctx context.Context) ([]string, error) {
	if _, err := os.Stat(t.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return t.lake.Origins(ctx, "cwl:")
}

// drop removes the objects with events before a time only, all of whose records are
// out of the lake again, and returns how many and of how many bytes.
func (t *tails) drop(ctx context.Context, before time.Time) (objects int, bytes int64, err error) {
	origins, err := t.origins(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, origin := range origins {
		tail, ofErr := t.of(ctx, origin)
		if ofErr != nil {
			err = errors.Join(err, ofErr) // the other groups' go
			continue
		}
		n, b, dropErr := tail.Drop(ctx, before, func(name string) (bool, error) { return t.lake.IsSpent(ctx, origin+"/"+name) })
		objects, bytes, err = objects+n, bytes+b, errors.Join(err, dropErr)
	}
	return objects, bytes, err
}

// lift lets events of any time be read again of the log groups among before that the
// ledger has nothing of any more: whoever forgets a group can take it anew.
func (t *tails) lift(ctx context.Context, before []string) error {
	if len(before) == 0 {
		return nil
	}
	now, err := t.origins(ctx)
	if err != nil {
		return err
	}
	for _, origin := range before {
		if slices.Contains(now, origin) {
			continue
		}
		tail, err := t.of(ctx, origin)
		if err == nil {
			err = tail.Lift(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// status returns what is kept in the folders that are asked for; nil where that is
// nothing.
func (t *tails) status(wanted func(folder string) bool) (*TailStatus, error) {
	var out TailStatus
	folders, err := os.ReadDir(t.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, folder := range folders {
		if !folder.IsDir() || !wanted(folder.Name()) {
			continue
		}
		files, err := os.ReadDir(filepath.Join(t.dir, folder.Name()))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			info, err := f.Info()
			switch {
			case errors.Is(err, fs.ErrNotExist): // dropped, or got its name, meanwhile
			case err != nil:
				return nil, err
			case cwlogs.IsObject(f.Name()):
				out.Objects++
				out.Bytes += info.Size()
			}
		}
	}
	if out.Objects == 0 {
		return nil, nil
	}
	return &out, nil
}

// openLogGroup opens a log group. Its region is the ARN's, else the one that the
// request's regions name, else as for a bucket.
func openLogGroup(ctx context.Context, spec source.Spec, r OpenRequest, p places) (*cwlogs.Source, error) {
	if p.tails == nil {
		return nil, &UsageError{
			Message: fmt.Sprintf("what lies in %s can't be told without reading it", spec),
			Hint:    "leave --dry-run out; --since and --from bound what is read",
		}
	}
	a := s3Access(r.S3)
	switch regions := r.Selection.Regions; {
	case spec.Region != "" && len(regions) > 0 && !slices.Contains(regions, spec.Region):
		return nil, &UsageError{Message: fmt.Sprintf("%s is not in %s", spec, strings.Join(regions, ", ")), Hint: "leave --region out: the ARN has it"}
	case spec.Region == "" && len(regions) == 1:
		a.Region = regions[0]
	case spec.Region == "" && len(regions) > 1:
		return nil, &UsageError{Message: fmt.Sprintf("%s is in one region, and %d are given", spec, len(regions)), Hint: "give one --region for each call, or the log group's ARN"}
	}
	return cwlogs.New(ctx, cwlogs.Config{Access: a, Group: spec, Tail: p.tails.of, Progress: readings(spec.String(), p.progress)})
}

// readings returns what passes the account of a log group's reading on, as often as
// progress of other work is reported; nil where nobody is told.
func readings(name string, progress func(Progress)) func(cwlogs.Reading) {
	if progress == nil {
		return nil
	}
	var told time.Time
	return func(r cwlogs.Reading) {
		if now := time.Now(); now.Sub(told) >= progressEvery {
			told = now
			progress(Progress{Reading: &GroupReading{Source: name, Requests: r.Requests, Events: r.Events, New: r.New, Newest: r.Newest}})
		}
	}
}

// askGroupFormat asks EC2 for the format of the flow logs that deliver into a log
// group; nil where there is none. Events do not tell of which flow log they are, so
// there may be one format only.
func askGroupFormat(ctx context.Context, r OpenRequest, group string, region string) (*flowlog.Format, error) {
	a := s3Access(r.S3)
	a.Region, a.EndpointURL = region, "" // the endpoint that was given is CloudWatch's
	logs, err := ec2.FlowLogs(ctx, ec2.Config{Access: a})
	if err != nil {
		return nil, err
	}
	var found *flowlog.Format
	var of source.FlowLog
	for _, l := range logs {
		_, name, isARN := strings.Cut(l.Destination, ":log-group:")
		if l.DestinationType != "cloud-watch-logs" || l.LogFormat == "" ||
			l.Destination != group && (!isARN || strings.TrimSuffix(name, ":*") != group) {
			continue
		}
		f, err := l.Format()
		switch {
		case err != nil:
			return nil, err
		case found != nil && l.LogFormat != of.LogFormat:
			return nil, &UsageError{
				Message: fmt.Sprintf("flow logs %s and %s deliver into %s in different formats", of.ID, l.ID, group),
				Hint:    "events don't say which flow log they are of: give each a log group of its own",
			}
		}
		found, of = &f, l
	}
	return found, nil
}

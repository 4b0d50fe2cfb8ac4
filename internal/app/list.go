package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/intake"
	"weir/internal/source"
	"weir/internal/source/cwlogs"
	"weir/internal/source/ec2"
	"weir/internal/source/file"
	"weir/internal/source/s3"
)

// newest is what is taken of a bucket or a log group where nothing says how much.
const newest = 24 * time.Hour

// List lists sources, without taking anything and without a lake.
func List(ctx context.Context, r OpenRequest) (*ListReport, error) {
	r.AskFlowLogs = false // formats do not change what lies there
	_, report, err := list(ctx, r, places{})
	return report, err
}

// listing is one listed source with the request for its intake.
type listing struct {
	request intake.Request
	list    *intake.Listing
}

// places are where a data directory keeps what sources need.
type places struct {
	// temp is a folder for objects that are too large for memory; "" is the system's.
	temp string
	// tails is nil where there is no data directory.
	tails *tails
	// progress, which may be nil, is told how far the reading of log groups is.
	progress func(Progress)
}

// list opens and lists the sources of a request. Buckets and log groups have a
// selection of their own, so each source is listed by itself. What log groups have is
// read with that.
func list(ctx context.Context, r OpenRequest, p places) ([]listing, *ListReport, error) {
	report := &ListReport{}
	var out []listing
	base, err := intakeRequest(r)
	if err != nil {
		return nil, report, err
	}
	for _, text := range r.Sources {
		src, kind, err := openSource(ctx, text, r, p)
		if err != nil {
			return nil, report, err
		}
		bucket, group := kind == source.KindS3, kind == source.KindLogGroup
		req := base
		req.Sources = []source.Source{src}
		// Objects whose keys tell no time are still bounded by Newest below, as they
		// were when the bucket was opened.
		if from := time.Now().Add(-r.Trailing); (bucket || group) && r.Trailing > 0 && from.After(req.Selection.From) {
			req.Selection.From = from
		}
		if group && !r.All && req.Selection.From.IsZero() {
			req.Selection.From = time.Now().Add(-newest)
		}
		switch {
		case len(r.Keys) > 0:
			b, ok := src.(*s3.Source)
			if !ok {
				return nil, report, &UsageError{Message: fmt.Sprintf("%s has no objects with keys", text)}
			}
			req.Sources = []source.Source{named{b, r.Keys}}
		case bucket && !r.All && r.Selection.From.IsZero():
			req.Selection.Newest = newest
		}
		l, err := intake.List(ctx, req)
		if err != nil {
			return nil, report, err
		}
		if r.AskFlowLogs && bucket {
			if req.Formats, err = askFormats(ctx, r, l); err != nil {
				return nil, report, err
			}
		}
		if g, ok := src.(*cwlogs.Source); ok && r.AskFlowLogs {
			format, err := askGroupFormat(ctx, r, g.Group(), g.Region())
			if err != nil {
				return nil, report, err
			}
			if format != nil {
				req.Format = format
			}
		}
		for i := range l.Sources {
			report.add(&l.Sources[i], req.Selection.Newest)
		}
		out = append(out, listing{req, l})
	}
	return out, report, nil
}

// named is a bucket of which only some objects are looked at.
type named struct {
	*s3.Source
	keys []string
}

// List looks at the objects that have the keys.
func (n named) List(ctx context.Context, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	return n.Find(ctx, n.keys, sel, fn)
}

// add adds a source's listing.
func (r *ListReport) add(l *intake.SourceListing, newest time.Duration) {
	s := SourceReport{
		Name: l.Name, Objects: l.Objects, Bytes: l.Bytes, OlderObjects: l.Pruned, OlderBytes: l.PrunedBytes,
		Unjudged: l.Unjudged, Requests: l.Requests, Folders: l.PrunedFolders, NewestHours: int(newest / time.Hour),
	}
	if !l.First.IsZero() {
		s.First, s.Last = &l.First, &l.Last
	}
	for _, sk := range l.Skipped {
		s.Skipped = append(s.Skipped, sk.URL+": "+sk.Reason)
	}
	for _, f := range l.Faults {
		s.Faults = append(s.Faults, FaultReport{f.URL, f.Error(), f.Hint})
	}
	r.Sources = append(r.Sources, s)
	r.Objects += l.Objects
	r.Bytes += l.Bytes
}

// intakeRequest returns the intake request that all sources share.
func intakeRequest(r OpenRequest) (intake.Request, error) {
	req := intake.Request{Selection: r.Selection, Replace: r.Replace, OnlyNew: r.OnlyNew, Workers: r.Workers}
	if err := r.Selection.Check(); err != nil {
		return req, &UsageError{Message: err.Error()}
	}
	if r.LogFormat != "" {
		f, err := flowlog.ParseLogFormat(r.LogFormat)
		if err != nil {
			return req, err
		}
		req.Format = &f
	}
	if r.FlowLogsJSON != "" {
		logs, err := source.ParseDescribe(strings.NewReader(r.FlowLogsJSON))
		if err != nil {
			return req, err
		}
		if req.Formats, err = source.Formats(logs); err != nil {
			return req, err
		}
	}
	return req, nil
}

// openSource opens a source by its spelling, and tells of which kind it is.
func openSource(ctx context.Context, text string, r OpenRequest, p places) (src source.Source, kind source.Kind, err error) {
	spec, err := source.ParseSpec(text)
	if err != nil {
		return nil, 0, err
	}
	switch spec.Kind {
	case source.KindS3:
		src, err = s3.New(ctx, s3.Config{
			Access: s3Access(r.S3), Bucket: spec.Bucket, Prefix: spec.Prefix,
			PathStyle: r.S3.PathStyle, RequesterPays: r.S3.RequesterPay, TempDir: p.temp,
		})
		return src, spec.Kind, err
	case source.KindLogGroup:
		src, err = openLogGroup(ctx, spec, r, p)
		return src, spec.Kind, err
	case source.KindPath:
		src, err = file.New(spec.Path)
		return src, spec.Kind, err
	}
	return nil, 0, &UsageError{Message: fmt.Sprintf("cannot take %s into the lake: it must be a folder, a file, a bucket or a log group", text)}
}

// s3Access returns the login to AWS.
func s3Access(o S3Options) s3.Access {
	return s3.Access{
		Region: o.Region, Profile: o.Profile, EndpointURL: o.EndpointURL, NoSignRequest: o.NoSign, Env: o.Env,
	}
}

// askFormats asks EC2 for the formats of the flow logs whose objects were
// listed, region by region.
func askFormats(ctx context.Context, r OpenRequest, l *intake.Listing) (map[string]flowlog.Format, error) {
	byRegion := map[string][]string{}
	for _, k := range l.Keys() {
		if k.FlowLogID != "" && !slices.Contains(byRegion[k.Region], k.FlowLogID) {
			byRegion[k.Region] = append(byRegion[k.Region], k.FlowLogID)
		}
	}
	out := map[string]flowlog.Format{}
	for region, ids := range byRegion {
		a := s3Access(r.S3)
		a.Region, a.EndpointURL = region, "" // the endpoint that was given is S3's
		logs, err := ec2.FlowLogs(ctx, ec2.Config{Access: a, IDs: ids})
		if err != nil {
			return nil, err
		}
		formats, err := source.Formats(logs)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, formats)
	}
	return out, nil
}

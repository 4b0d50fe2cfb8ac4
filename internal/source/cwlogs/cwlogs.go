package cwlogs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"weir/internal/source"
	"weir/internal/source/s3"
)

// Config says which log group, and how to reach it.
type Config struct {
	// Access is the login. Its region, or the one of the environment or the profile,
	// is the group's.
	s3.Access
	// Group is the place: a log group by its name, or by its ARN, whose region
	// counts.
	Group source.Spec
	// Tail returns the folder of a group's objects, by the group's Origin.
	Tail func(ctx context.Context, origin string) (*Tail, error)
	// Progress, which may be nil, gets the account of a reading after each answer of
	// the service: how much there will be, nobody knows before the last.
	Progress func(Reading)
}

// Reading is the running account of a reading of the group. All members only grow.
type Reading struct {
	// Requests counts answers, Events the events in them, and New those of Events that
	// were not known.
	Requests, Events, New int64
	// Newest is the time of the newest of Events; zero before the first.
	Newest time.Time
}

// Source is a log group.
type Source struct {
	config Config
	client *awslogs.Client
	region string
	tail   *Tail
}

var _ source.Source = (*Source)(nil)

// attempts bounds the attempts of one request where nothing else does. A long
// reading asks thousands of times, and CloudWatch Logs allows five requests a
// second: the SDK's own bound of 3 would end it.
const attempts = 10

// New logs in. It asks the group for nothing yet. Errors are [*source.Fault], or
// ctx's, or those of Config.Tail.
func New(ctx context.Context, c Config) (*Source, error) {
	if c.Group.Region != "" {
		c.Region = c.Group.Region
	}
	login, err := c.Login(ctx, "CLOUDWATCH_LOGS")
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, region: login.Config.Region}
	if s.region == "" {
		return nil, &source.Fault{
			Op: "open", URL: s.Name(), Code: source.WrongRegion, Err: errors.New("no region is given"),
			Hint: "give --region, or set AWS_REGION, to the region of the log group",
		}
	}
	s.config.EndpointURL = login.Endpoint
	s.client = awslogs.NewFromConfig(login.Config, func(o *awslogs.Options) {
		o.BaseEndpoint = nil
		if login.Endpoint != "" {
			o.BaseEndpoint = aws.String(login.Endpoint)
		}
		if o.RetryMaxAttempts == 0 {
			o.RetryMaxAttempts = attempts
		}
	})
	if s.tail, err = c.Tail(ctx, s.Origin()); err != nil {
		return nil, err
	}
	return s, nil
}

// Name returns the group as a person would write it.
func (s *Source) Name() string { return s.config.Group.String() }

// Origin returns what the URLs of the group's objects begin with:
// "cwl:GROUP/REGION", with "@ENDPOINT" where that is not AWS's, since event ids are
// of one service.
func (s *Source) Origin() string {
	origin := "cwl:" + s.config.Group.Group + "/" + s.region
	if _, host, ok := strings.Cut(s.config.EndpointURL, "://"); ok {
		origin += "@" + strings.TrimRight(host, "/")
	}
	return origin
}

// Group returns the group's name.
func (s *Source) Group() string { return s.config.Group.Group }

// Region returns the region of the group.
func (s *Source) Region() string { return s.region }

// List reads the events of sel's time that the tail does not have, writes them into
// it, and gives its objects of that time. Where reading fails, what was read before
// is in the tail, and the next listing goes on from there. Of objects that overlap
// sel.From or sel.To all events are taken; no others are read from the group, and none
// before the last event that [Tail.Drop] dropped, which the listing then says in
// Skipped.
func (s *Source) List(ctx context.Context, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(sel, false, fn)
	if err != nil {
		return source.Listing{}, err
	}
	release, err := s.tail.hold(ctx)
	if err != nil {
		return source.Listing{}, err
	}
	err = s.read(ctx, sel, sieve)
	files := s.tail.objects()
	release()
	if err != nil {
		return sieve.Listing(), err
	}
	for _, f := range files {
		if err := sieve.Put(s.object(f)); err != nil {
			return sieve.Listing(), err
		}
	}
	return sieve.Finish()
}

// object returns a file of the tail as an object.
func (s *Source) object(f tailFile) source.Object {
	return source.Object{
		Source: s.Origin(), Key: f.name, URL: s.Origin() + "/" + f.name, Size: f.size, ETag: f.hash,
		ModTime: time.UnixMilli(f.last).UTC(),
		Info: source.Key{
			Region: s.region, FolderFrom: time.UnixMilli(f.first).UTC(), FolderTo: time.UnixMilli(f.last + 1).UTC(),
		},
	}
}

// Open opens an object of the tail.
func (s *Source) Open(_ context.Context, o source.Object) (source.Content, error) {
	return s.tail.open(o)
}

// read takes new events of the group into the tail. The caller holds it.
func (s *Source) read(ctx context.Context, sel source.Selection, sieve *source.Sieve) (err error) {
	if floor := s.tail.floorTime(); floor.After(sel.From) {
		sel.From = floor
		sieve.Skip(s.Name(), "no event before "+floor.Format(time.RFC3339)+" is read any more: what was taken of them was removed by age, and with it what told which were")
		if !sel.To.IsZero() && !sel.From.Before(sel.To) {
			return nil
		}
	}
	w := s.tail.begin(s.config.Group)
	// What was read is kept, whatever ends the reading.
	defer func() {
		if flushErr := w.flush(); err == nil {
			err = flushErr
		}
	}()
	in := &awslogs.FilterLogEventsInput{}
	if arn := s.config.Group.ARN(); arn != "" {
		in.LogGroupIdentifier = &arn
	} else {
		in.LogGroupName = &s.config.Group.Group
	}
	if !sel.From.IsZero() {
		in.StartTime = aws.Int64(max(0, sel.From.UnixMilli()))
	}
	if !sel.To.IsZero() {
		in.EndTime = aws.Int64(sel.To.UnixMilli())
	}
	var account Reading
	for {
		out, err := s.client.FilterLogEvents(ctx, in)
		if err != nil {
			return s.fault(ctx, err)
		}
		sieve.Answered()
		page, err := events(out.Events, sel)
		if err != nil {
			return s.fault(ctx, err)
		}
		isNew, err := w.put(page)
		if err != nil {
			return err
		}
		account.add(page, isNew)
		if s.config.Progress != nil {
			s.config.Progress(account)
		}
		// A page can be empty, and more follow.
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		if in.NextToken != nil && *in.NextToken == *out.NextToken {
			return s.fault(ctx, errors.New("the service gives the same page again and again"))
		}
		in.NextToken = out.NextToken
	}
}

// add adds an answer of which so many events are new.
func (r *Reading) add(page []event, isNew int64) {
	r.Requests++
	r.Events += int64(len(page))
	r.New += isNew
	if len(page) == 0 {
		return
	}
	if _, last := bounds(page); r.Newest.IsZero() || last > r.Newest.UnixMilli() {
		r.Newest = time.UnixMilli(last).UTC()
	}
}

// errNoID says that a service leaves out what tells events apart.
var errNoID = errors.New("the service gives an event without eventId")

// events takes over a page. AWS's documents do not say whether EndTime is within, and
// what lies before the tail's floor must not come in, whatever the service gives.
func events(page []types.FilteredLogEvent, sel source.Selection) ([]event, error) {
	out := make([]event, 0, len(page))
	for _, e := range page {
		if aws.ToString(e.EventId) == "" {
			return nil, errNoID
		}
		at := aws.ToInt64(e.Timestamp)
		if !sel.To.IsZero() && at >= sel.To.UnixMilli() || !sel.From.IsZero() && at < sel.From.UnixMilli() {
			continue
		}
		out = append(out, event{stream: aws.ToString(e.LogStreamName), ID: aws.ToString(e.EventId), Timestamp: at, Message: aws.ToString(e.Message)})
	}
	return out, nil
}

// fault names an error of CloudWatch Logs.
func (s *Source) fault(ctx context.Context, err error) error {
	err = s.config.FaultOf(ctx, "read", s.Name(), err)
	var f *source.Fault
	if !errors.As(err, &f) {
		return err
	}
	switch f.Code {
	case source.NoSuchGroup:
		f.Hint = "is the name right, and is it in " + s.region + "? --region names another; aws logs describe-log-groups shows your own"
	case source.Denied:
		account := s.config.Group.Account
		if account == "" {
			account = "ACCOUNT"
		}
		f.Hint = fmt.Sprintf(`this policy statement is needed: {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": "arn:%s:logs:%s:%s:log-group:%s:*"}`,
			s3.Partition(s.region), s.region, account, s.config.Group.Group)
	case source.Throttled:
		f.Hint = "too many requests at once: run again later; what was read is not taken twice"
	}
	return err
}

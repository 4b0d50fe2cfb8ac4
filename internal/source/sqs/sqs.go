package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"weir/internal/source"
	"weir/internal/source/s3"
)

const (
	// Visibility is how long a message that was received is hidden from others, and
	// from the next receiving. Who needs longer calls Keep before it ends.
	Visibility = 5 * time.Minute
	// poll is how long the queue waits for a message before it answers, the most that
	// SQS allows.
	poll = 20 * time.Second
	// patience is how long an answer is waited for beyond that.
	patience = 30 * time.Second
	// batch is the most messages that SQS gives, and takes, in one request.
	batch = 10
	// mostMessages is how many messages are received at once where so many wait.
	mostMessages = 100
)

// Config says which queue, and how to reach it.
type Config struct {
	// Access is the login. The region is the queue's own where its name tells it.
	s3.Access
	// Queue is the queue's URL or ARN.
	Queue string
}

// Queue is a queue.
type Queue struct {
	config Config
	client *awssqs.Client
	url    string
	arn    string // for hints
}

// Message is a message that was received.
type Message struct {
	// ID is the queue's name of the message, the same each time that it comes.
	ID   string
	Body string

	handle string // of this receiving
}

var (
	// host matches the hosts of SQS's addresses, old ones too.
	host = regexp.MustCompile(`^(?:sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|([a-z0-9-]+)\.queue\.amazonaws\.com(?:\.cn)?|sqs\.([a-z0-9-]+)\.api\.aws)$`)
	// arn matches the ARN of a queue.
	arn = regexp.MustCompile(`^arn:(aws[a-z-]*):sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$`)
	// queuePath matches the path of a queue's URL.
	queuePath = regexp.MustCompile(`/([0-9]{12})/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$`)
)

// Check fails where a text is no queue's URL or ARN.
func Check(queue string) error {
	if arn.MatchString(queue) {
		return nil
	}
	u, err := url.Parse(queue)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !queuePath.MatchString(u.Path) {
		return fmt.Errorf("%q is no queue's URL, such as https://sqs.eu-west-1.amazonaws.com/111122223333/flow-logs, nor its ARN", queue)
	}
	return nil
}

// New logs in. It asks the queue for nothing yet. Errors are [*source.Fault], or
// ctx's.
func New(ctx context.Context, c Config) (*Queue, error) {
	if err := Check(c.Queue); err != nil {
		return nil, &source.Fault{Op: "open", URL: c.Queue, Code: source.Other, Err: err}
	}
	q := &Queue{config: c}
	endpoint := ""
	if m := arn.FindStringSubmatch(c.Queue); m != nil {
		q.arn, q.config.Region = c.Queue, m[2]
	} else if u, err := url.Parse(c.Queue); err == nil {
		// The URL says where the queue is; the SDK does not heed it.
		if m := host.FindStringSubmatch(u.Hostname()); m != nil {
			q.config.Region = m[1] + m[2] + m[3]
		} else {
			endpoint = u.Scheme + "://" + u.Host
		}
	}
	if q.arn == "" {
		q.config.EndpointURL = endpoint
	}
	login, err := q.config.Login(ctx, "SQS")
	if err != nil {
		return nil, err
	}
	region := login.Config.Region
	if region == "" {
		return nil, &source.Fault{
			Op: "open", URL: c.Queue, Code: source.WrongRegion, Err: errors.New("no region is given"), Hint: "set AWS_REGION to the queue's region",
		}
	}
	q.config.EndpointURL = login.Endpoint
	q.name(region)
	q.client = awssqs.NewFromConfig(login.Config, func(o *awssqs.Options) {
		o.BaseEndpoint = nil
		if login.Endpoint != "" {
			o.BaseEndpoint = aws.String(login.Endpoint)
		}
	})
	return q, nil
}

// name settles the queue's URL and ARN, each from the other.
func (q *Queue) name(region string) {
	if m := arn.FindStringSubmatch(q.config.Queue); m != nil {
		base := "https://sqs." + region + ".amazonaws.com"
		if m[1] == "aws-cn" {
			base += ".cn"
		}
		if q.config.EndpointURL != "" {
			base = strings.TrimRight(q.config.EndpointURL, "/")
		}
		q.url = base + "/" + m[3] + "/" + m[4]
		return
	}
	q.url = q.config.Queue
	if m := queuePath.FindStringSubmatch(q.config.Queue); m != nil {
		q.arn = "arn:" + s3.Partition(region) + ":sqs:" + region + ":" + m[1] + ":" + m[2]
	}
}

// Name returns the queue as it was written.
func (q *Queue) Name() string { return q.config.Queue }

// Receive waits up to 20 seconds for messages, and returns up to 100; none where none
// came. They are hidden for Visibility. Errors are [*source.Fault], or ctx's.
func (q *Queue) Receive(ctx context.Context) ([]Message, error) {
	var out []Message
	wait := poll
	for {
		got, err := q.receive(ctx, wait)
		if err != nil && len(out) > 0 && ctx.Err() == nil {
			return out, nil // the next call meets it again
		}
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
		if len(got) < batch || len(out) >= mostMessages {
			return out, nil
		}
		wait = 0 // for what waits already
	}
}

// receive asks once.
func (q *Queue) receive(ctx context.Context, wait time.Duration) ([]Message, error) {
	// A queue that neither answers nor fails must not be waited for forever.
	asking, stop := context.WithTimeout(ctx, wait+patience)
	defer stop()
	out, err := q.client.ReceiveMessage(asking, &awssqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: batch, WaitTimeSeconds: int32(wait / time.Second), VisibilityTimeout: int32(Visibility / time.Second),
	})
	if err != nil {
		return nil, q.fault(ctx, "ask", "sqs:ReceiveMessage", err)
	}
	var messages []Message
	for _, m := range out.Messages {
		messages = append(messages, Message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), handle: aws.ToString(m.ReceiptHandle)})
	}
	return messages, nil
}

// Delete deletes messages. Errors are [*source.Fault], or ctx's; what could not be
// deleted comes again.
func (q *Queue) Delete(ctx context.Context, messages []Message) error {
	for part := range slices.Chunk(messages, batch) {
		in := &awssqs.DeleteMessageBatchInput{QueueUrl: &q.url}
		for i := range part {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &part[i].handle})
		}
		out, err := q.client.DeleteMessageBatch(ctx, in)
		if err == nil {
			err = failed(out.Failed)
		}
		if err != nil {
			return q.fault(ctx, "delete messages of", "sqs:DeleteMessage", err)
		}
	}
	return nil
}

// Keep hides messages for another Visibility. Errors are as Delete's.
func (q *Queue) Keep(ctx context.Context, messages []Message) error {
	return q.hide(ctx, messages, Visibility)
}

// Release gives messages back, to whoever receives next. Errors are as Delete's.
func (q *Queue) Release(ctx context.Context, messages []Message) error {
	return q.hide(ctx, messages, 0)
}

func (q *Queue) hide(ctx context.Context, messages []Message, d time.Duration) error {
	for part := range slices.Chunk(messages, batch) {
		in := &awssqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url}
		for i := range part {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &part[i].handle, VisibilityTimeout: int32(d / time.Second),
			})
		}
		out, err := q.client.ChangeMessageVisibilityBatch(ctx, in)
		if err == nil {
			err = failed(out.Failed)
		}
		if err != nil {
			return q.fault(ctx, "hide messages of", "sqs:ChangeMessageVisibility", err)
		}
	}
	return nil
}

// failed returns the first of the errors of a batch.
func failed(entries []types.BatchResultErrorEntry) error {
	if len(entries) == 0 {
		return nil
	}
	e := entries[0]
	return fmt.Errorf("%s: %s (%d messages)", aws.ToString(e.Code), aws.ToString(e.Message), len(entries))
}

// fault names an error of SQS.
func (q *Queue) fault(ctx context.Context, op, action string, err error) error {
	err = q.config.FaultOf(ctx, op, q.Name(), err)
	var f *source.Fault
	if !errors.As(err, &f) {
		return err
	}
	switch f.Code {
	case source.NoSuchQueue:
		f.Hint = "is the name right, and the region? aws sqs list-queues shows your own"
	case source.Denied:
		f.Hint = fmt.Sprintf(`this policy statement is needed: {"Effect": "Allow", "Action": %q, "Resource": %q}`, action, q.arn)
	case source.Throttled:
		f.Hint = "" // it is tried again
	}
	return err
}

package awssns

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"weir/internal/notify"
	"weir/internal/source/sourcetest"
)

// TestForward sends a message through a topic of ours to one of moto, which passes it to a queue.
func TestForward(t *testing.T) {
	ctx := t.Context()
	config := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("K", "S", ""), BaseEndpoint: aws.String(sourcetest.StartMoto(t))}
	topics, queues := sns.NewFromConfig(config), sqs.NewFromConfig(config)
	topic, err := topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("theirs")})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(strings.Replace(*topic.TopicArn, ":sns:", ":sqs:", 1)[:len(*topic.TopicArn)-len("theirs")] + "q")}); err != nil {
		t.Fatal(err)
	}
	store, err := notify.Open(ctx, t.TempDir(), notify.Options{
		Account: "123456789012", Region: "us-east-1", SNS: New(config), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(1.8e9, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ours, err := store.CreateTopic(ctx, "ours", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{*topic.TopicArn, *topic.TopicArn + "-missing"} {
		if _, err := store.Subscribe(ctx, notify.SubscribeRequest{TopicARN: ours, Protocol: "sns", Endpoint: arn}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Publish(ctx, notify.Message{TopicARN: ours, Subject: "s", Default: "d", ByProtocol: map[string]string{"sns": "m"}, Attributes: map[string]notify.Attribute{
		"n": {DataType: "Number", Value: "5"}, "b": {DataType: "Binary", Value: "\x02"},
	}}); err != nil {
		t.Fatal(err)
	}
	store.Deliver(ctx)
	got, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 5})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("%v %v", got, err)
	}
	var body struct {
		Subject, Message  string
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(*got.Messages[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	if body.Subject != "s" || body.Message != "m" || body.MessageAttributes["n"].Value != "5" || body.MessageAttributes["b"].Type != "Binary" {
		t.Errorf("%+v", body)
	}
	dead, err := store.DeadLetters(ctx)
	if err != nil || len(dead) != 1 || dead[0].Attempts != 1 || !strings.Contains(dead[0].Reason, "NotFound") {
		t.Errorf("%+v %v", dead, err)
	}
}

package sqs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/source"
	"weir/internal/source/s3"
)

// keys are a caller's environment.
var keys = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}

const queueName = "/111122223333/flow-logs"

// newQueue returns a queue whose server answers as answer says, by the operation and
// its request.
func newQueue(t *testing.T, answer func(op string, in map[string]any) (int, any)) *Queue {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if in["QueueUrl"] != "http://"+r.Host+queueName {
			t.Errorf("queue %v", in["QueueUrl"])
		}
		status, out := answer(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."), in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(server.Close)
	q, err := New(t.Context(), Config{Access: s3.Access{MaxAttempts: 1, Env: keys}, Queue: server.URL + queueName})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestReceive receives what waits, and no more than 100 messages at once.
func TestReceive(t *testing.T) {
	waiting := 125
	var waits []any
	q := newQueue(t, func(op string, in map[string]any) (int, any) {
		if op != "ReceiveMessage" || in["MaxNumberOfMessages"] != 10.0 || in["VisibilityTimeout"] != 300.0 {
			t.Errorf("%s %v", op, in)
		}
		waits = append(waits, in["WaitTimeSeconds"])
		var messages []map[string]string
		for range min(10, waiting) {
			messages = append(messages, map[string]string{"MessageId": fmt.Sprint(waiting), "ReceiptHandle": "h", "Body": "b", "MD5OfBody": "92eb5ffee6ae2fec3ad71c777531578f"})
			waiting--
		}
		return 200, map[string]any{"Messages": messages}
	})
	var got []int
	for range 3 {
		m, err := q.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(m))
	}
	if diff := cmp.Diff([]int{100, 25, 0}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if len(waits) != 14 || waits[0] != 20.0 || waits[1] != nil && waits[1] != 0.0 || waits[10] != 20.0 || waits[13] != 20.0 {
		t.Errorf("waits %v", waits)
	}
}

// TestChange deletes and hides messages, ten at a time.
func TestChange(t *testing.T) {
	var ops []string
	refuse := false
	q := newQueue(t, func(op string, in map[string]any) (int, any) {
		entries, _ := in["Entries"].([]any)
		first, _ := entries[0].(map[string]any)
		ops = append(ops, fmt.Sprintf("%s %d %v %v", op, len(entries), first["ReceiptHandle"], first["VisibilityTimeout"]))
		if refuse {
			return 200, map[string]any{"Successful": []any{}, "Failed": []any{map[string]any{"Id": "0", "Code": "ReceiptHandleIsInvalid", "Message": "too late", "SenderFault": true}}}
		}
		return 200, map[string]any{"Successful": []any{}, "Failed": []any{}}
	})
	messages := make([]Message, 11)
	for i := range messages {
		messages[i].handle = fmt.Sprint("h", i)
	}
	if err := errors.Join(q.Delete(t.Context(), messages), q.Keep(t.Context(), messages[:1]), q.Release(t.Context(), messages[:2]), q.Delete(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"DeleteMessageBatch 10 h0 <nil>", "DeleteMessageBatch 1 h10 <nil>", "ChangeMessageVisibilityBatch 1 h0 300", "ChangeMessageVisibilityBatch 2 h0 0",
	}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	refuse = true
	if err := q.Delete(t.Context(), messages); err == nil || !strings.Contains(err.Error(), "ReceiptHandleIsInvalid: too late") {
		t.Errorf("refused: %v", err)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, code string
		status     int
		want       source.Code
		hint       string
	}{
		{"gone", "com.amazonaws.sqs#QueueDoesNotExist", 400, source.NoSuchQueue, "list-queues"},
		{"denied", "AccessDeniedException", 403, source.Denied, `"Action": "sqs:ReceiveMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:flow-logs"`},
		{"throttled", "RequestThrottled", 403, source.Throttled, ""},
		{"expired", "ExpiredToken", 403, source.ExpiredCredentials, "get new ones"},
		{"broken", "InternalFailure", 500, source.Other, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := newQueue(t, func(string, map[string]any) (int, any) {
				return tt.status, map[string]string{"__type": tt.code, "message": "no"}
			})
			_, err := q.Receive(t.Context())
			f, ok := errors.AsType[*source.Fault](err)
			if !ok || f.Code != tt.want || !strings.Contains(f.Hint, tt.hint) || f.URL != q.Name() {
				t.Errorf("%v, hint %q", err, f.Hint)
			}
		})
	}
}

// TestNames finds a queue's URL and region in its names.
func TestNames(t *testing.T) {
	tests := []struct{ queue, url, arn string }{
		{"https://sqs.us-east-2.amazonaws.com/111122223333/q", "https://sqs.us-east-2.amazonaws.com/111122223333/q", "arn:aws:sqs:us-east-2:111122223333:q"},
		{"https://us-west-1.queue.amazonaws.com/111122223333/q", "https://us-west-1.queue.amazonaws.com/111122223333/q", "arn:aws:sqs:us-west-1:111122223333:q"},
		{"arn:aws:sqs:us-east-2:111122223333:q", "https://sqs.us-east-2.amazonaws.com/111122223333/q", "arn:aws:sqs:us-east-2:111122223333:q"},
		{"arn:aws-cn:sqs:cn-north-1:111122223333:q.fifo", "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q.fifo", "arn:aws-cn:sqs:cn-north-1:111122223333:q.fifo"},
		{"http://127.0.0.1:9324/111122223333/q", "http://127.0.0.1:9324/111122223333/q", "arn:aws:sqs:eu-west-1:111122223333:q"},
	}
	for _, tt := range tests {
		q, err := New(t.Context(), Config{Access: s3.Access{Env: keys}, Queue: tt.queue})
		if err != nil {
			t.Errorf("%s: %v", tt.queue, err)
			continue
		}
		if q.url != tt.url || q.arn != tt.arn {
			t.Errorf("%s: %s, %s", tt.queue, q.url, q.arn)
		}
	}
	for _, bad := range []string{"", "flow-logs", "https://sqs.us-east-2.amazonaws.com/q", "arn:aws:sns:us-east-2:111122223333:q", "https://user:pw@host/111122223333/q", "ftp://host/111122223333/q"} {
		if Check(bad) == nil {
			t.Errorf("%q is taken for a queue", bad)
		}
	}
	_, err := New(t.Context(), Config{Access: s3.Access{NoSignRequest: true, Env: map[string]string{}}, Queue: "http://127.0.0.1/111122223333/q"})
	if f, ok := errors.AsType[*source.Fault](err); !ok || f.Code != source.WrongRegion {
		t.Errorf("without a region: %v", err)
	}
}

// TestStall asks a queue that ends its connections without an answer.
func TestStall(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	q, err := New(t.Context(), Config{Access: s3.Access{MaxAttempts: 1, Env: keys}, Queue: server.URL + queueName})
	if err != nil {
		t.Fatal(err)
	}
	_, err = q.Receive(t.Context())
	if f, ok := errors.AsType[*source.Fault](err); !ok || f.Code != source.Unreachable {
		t.Errorf("%v", err)
	}
}

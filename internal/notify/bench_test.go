package notify

import (
	"net/http"
	"testing"
)

// BenchmarkPublish takes a message from Publish to its endpoint, one after the other.
func BenchmarkPublish(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), Options{Account: testAccount, Region: testRegion, URL: testURL, Allow: []string{"127.0.0.0/8"}})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	got := make(chan struct{}, 1)
	e := newEndpoint(b, func(int, http.ResponseWriter) { got <- struct{}{} })
	topic, err := s.CreateTopic(b.Context(), "ops", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	sub, err := s.Subscribe(b.Context(), SubscribeRequest{TopicARN: topic, Protocol: "http", Endpoint: e.URL})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.ConfirmSubscription(b.Context(), topic, s.token(subscriptionConfirmation, sub.ARN), true, false); err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	go func() { _ = s.Run(ctx) }() // ends with the benchmark
	<-got                          // the confirmation
	for b.Loop() {
		if _, err := s.Publish(ctx, Message{TopicARN: topic, Default: "m"}); err != nil {
			b.Fatal(err)
		}
		<-got
	}
}

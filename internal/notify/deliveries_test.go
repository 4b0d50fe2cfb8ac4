package notify

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDeliveries tells what becomes of a message for each of its subscribers, also after the store was opened anew.
func TestDeliveries(t *testing.T) {
	s := open(t, nil)
	good := newEndpoint(t, nil)
	bad := newEndpoint(t, nil)
	topic := s.ops()
	pass, fail := s.confirmed(topic, good, nil), s.confirmed(topic, bad, nil)
	down := true
	bad.answer = func(_ int, w http.ResponseWriter) {
		if down {
			http.Error(w, "down", http.StatusServiceUnavailable)
		}
	}
	id := s.publish(Message{TopicARN: topic, Default: "m"})
	start := s.clock.Now().UnixMilli()
	check := func(when string, want ...Delivery) {
		t.Helper()
		got, err := s.Deliveries(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		byARN := map[string]Delivery{}
		for _, d := range got {
			byARN[d.SubscriptionARN] = d
		}
		wanted := map[string]Delivery{}
		for _, d := range want {
			wanted[d.SubscriptionARN] = d
		}
		if diff := cmp.Diff(wanted, byARN); diff != "" {
			t.Errorf("%s: -want +got:\n%s", when, diff)
		}
	}
	of := func(sub *Subscription, state string, attempts int, reason string, at int64) Delivery {
		return Delivery{sub.ARN, "http", sub.Endpoint, state, attempts, reason, at}
	}
	check("published", of(pass, Waiting, 0, "", start), of(fail, Waiting, 0, "", start))
	s.deliver()
	const why = "the endpoint answered 503 Service Unavailable: down"
	check("tried", of(pass, Delivered, 1, "", start), of(fail, Waiting, 1, why, start+20_000))
	for range 3 {
		s.clock.Advance(20 * time.Second)
		s.deliver()
	}
	s.reopen()
	check("given up", of(pass, Delivered, 1, "", start), of(fail, Dead, 4, why, start+60_000))
	down = false
	if err := s.Redrive(t.Context(), s.dead()[0].ID); err != nil {
		t.Fatal(err)
	}
	s.deliver()
	check("sent again", of(pass, Delivered, 1, "", start), of(fail, Delivered, 1, "", start+60_000))
	s.clock.Advance(rememberIDs + time.Hour)
	if err := s.forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("long ago")
}

// TestFailureIsLogged says in the log of the first failed attempt of a message why it failed and when the next is, and of the last that it is given up: not of each.
func TestFailureIsLogged(t *testing.T) {
	var log bytes.Buffer
	s := open(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	bad := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.confirmed(topic, bad, nil)
	bad.answer = func(_ int, w http.ResponseWriter) { http.Error(w, "down", http.StatusServiceUnavailable) }
	log.Reset()
	id := s.publish(Message{TopicARN: topic, Default: "m"})
	next := s.clock.Now().Add(20 * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
	s.deliver()
	for _, want := range []string{"level=WARN", "is tried again", "message=" + id, "subscription=" + sub.ARN, "next=" + next, "answered 503"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	for range 3 {
		s.clock.Advance(20 * time.Second)
		s.deliver()
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || strings.Count(got, "is among the dead letters") != 1 {
		t.Errorf("the log says:\n%s", got)
	}
}

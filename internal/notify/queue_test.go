package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"weir/internal/sharedtest"
	"weir/internal/sqlitedb"
)

// TestPublishOnce publishes an id once, also after a restart, and gives ids that are no UUIDs one.
func TestPublishOnce(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, nil)
	id := s.publish(Message{ID: "alarm/ssh/7", TopicARN: topic, Default: "m"})
	s.deliver()
	s.reopen()
	if again := s.publish(Message{ID: "alarm/ssh/7", TopicARN: topic, Default: "another"}); again != id {
		t.Errorf("%s and %s", id, again)
	}
	const own = "0d5b7a2e-4a0c-4a39-9d0d-7b9e3a1b2c3d"
	if got := s.publish(Message{ID: own, TopicARN: topic, Default: "m2"}); got != own {
		t.Error(got)
	}
	s.deliver()
	all := e.all()
	if len(all) != 2 || all[0].document(t)["id"] != id || all[1].document(t)["message"] != "m2" {
		t.Errorf("%v", all)
	}
	s.clock.Advance(rememberIDs + time.Hour)
	if err := s.forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM messages").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d messages are kept: %v", n, err)
	}
}

// TestPublishFails publishes all of a batch or nothing.
func TestPublishFails(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	e := newEndpoint(t, nil)
	s.subscribe(topic, "webhook", e.URL, nil)
	_, err := s.PublishAll(t.Context(), []Message{{TopicARN: topic, Default: "m"}, {TopicARN: topic + "x", Default: "m"}})
	wantError(t, err, "NotFound: Topic does not exist")
	if s.deliver(); len(e.all()) != 0 {
		t.Error("half of a batch was published")
	}
	for _, tt := range []struct {
		m    Message
		want string
	}{
		{Message{Subject: "a\nb", Default: "m"}, "InvalidParameter: Invalid parameter: Subject"},
		{Message{Subject: fmt.Sprintf("%0101d", 1), Default: "m"}, "InvalidParameter: Invalid parameter: Subject"},
		{Message{Default: "\xff"}, "InvalidParameter: Invalid parameter: Message Reason: it is not UTF-8"},
		{Message{Default: "m", Attributes: map[string]Attribute{"n": {"Number", "1x"}}}, "ParameterValueInvalid: Could not cast message attribute 'n' value to number."},
		{Message{Default: "m", Attributes: map[string]Attribute{"": {"String", "x"}}}, "ParameterValueInvalid: Message attribute name can not be empty."},
	} {
		tt.m.TopicARN = topic
		_, err := s.Publish(t.Context(), tt.m)
		wantError(t, err, tt.want)
	}
}

// TestHangs lets one subscriber hang, while others get theirs; and one whose server ends on the way gets the same id again.
func TestHangs(t *testing.T) {
	s := open(t, nil)
	release, hung := make(chan struct{}), make(chan struct{}, 100)
	slow := newEndpoint(t, func(int, http.ResponseWriter) {
		hung <- struct{}{}
		<-release
	})
	fast := newEndpoint(t, nil)
	s.grace = 0 // they hang for longer than that
	topic := s.ops()
	s.subscribe(topic, "webhook", slow.URL, nil)
	s.subscribe(topic, "webhook", fast.URL, nil)
	got := make(chan struct{}, 100)
	fast.answer = func(int, http.ResponseWriter) { got <- struct{}{} }
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	ids := map[any]bool{}
	for i := range 20 {
		ids[s.publish(Message{TopicARN: topic, Default: fmt.Sprint(i)})] = true
	}
	for range 20 {
		<-got
	}
	for range maxPerLane {
		<-hung
	}
	end()
	if err := <-ran; err != context.Canceled {
		t.Error(err)
	}
	close(release)
	first := map[any]bool{}
	for _, g := range slow.all() {
		first[g.document(t)["id"]] = true
	}
	if len(first) != maxPerLane {
		t.Errorf("%d began", len(first))
	}
	s.reopen()
	s.deliver()
	again, others := slow.all(), map[any]bool{}
	for _, g := range fast.all() { // one that had just been answered when the server ended comes again
		others[g.document(t)["id"]] = true
	}
	if len(again) != 20 || len(others) != 20 {
		t.Errorf("%d and %d came after the restart", len(again), len(others))
	}
	for _, g := range again {
		delete(ids, g.document(t)["id"])
	}
	if len(ids) != 0 {
		t.Errorf("lost: %v", ids)
	}
}

// TestGrace ends while an endpoint is answering: it gets the message once.
func TestGrace(t *testing.T) {
	s := open(t, nil)
	asked, answer := make(chan struct{}), make(chan struct{})
	e := newEndpoint(t, func(n int, _ http.ResponseWriter) {
		if n == 1 {
			close(asked)
			<-answer
		}
	})
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	<-asked
	end()
	close(answer)
	if err := <-ran; err != context.Canceled {
		t.Error(err)
	}
	s.reopen()
	s.deliver()
	if n := len(e.all()); n != 1 {
		t.Errorf("it came %d times", n)
	}
}

// TestCrash copies the data as a server that is killed at any moment leaves it, again and again: no message is lost, each has one id, and none that was settled comes again.
func TestCrash(t *testing.T) {
	s := open(t, nil)
	r := rand.New(rand.NewPCG(1, 1))
	e := newEndpoint(t, func(n int, w http.ResponseWriter) {
		if n%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, map[string]string{"DeliveryPolicy": `{"healthyRetryPolicy":{"numRetries":100}}`})
	published, delivered, settled := map[string]bool{}, map[string]int{}, map[string]bool{}
	arrived := func() {
		for _, g := range e.all() {
			id := g.header.Get("Webhook-Id")
			if delivered[id]++; settled[id] {
				t.Errorf("%s comes again", id)
			}
		}
	}
	rounds := sharedtest.Rounds(20)
	for round := range rounds {
		ctx, kill := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = s.Run(ctx) }) // ends with the kill
		for i := range 1 + r.IntN(10) {
			key := fmt.Sprintf("%d/%d", round, i)
			published[s.publish(Message{ID: key, TopicARN: topic, Default: key})] = true
		}
		kill()
		crashed := t.TempDir() // what lies on the disk now; Close would tidy up
		copyFiles(t, s.data, crashed)
		done.Wait()
		arrived()
		_ = s.Close()
		s.data, s.Store = crashed, nil
		s.clock.Advance(20 * time.Second)
		s.reopen()
		err := sqlitedb.EachRow(t.Context(), s.db, "SELECT message FROM delivered", func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			settled[id] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	e.answer = nil
	for range 4 {
		s.deliver()
		s.clock.Advance(20 * time.Second)
	}
	arrived()
	for id := range published {
		if delivered[id] == 0 {
			t.Errorf("%s is lost", id)
		}
		delete(delivered, id)
	}
	if len(delivered) != 0 || len(s.dead()) != 0 {
		t.Errorf("nobody published %v; dead %v", delivered, s.dead())
	}
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"topics.db-wal", "topics.db", "secrets/" + signingKeyFile, "secrets/" + certificateFile, "secrets/" + secretFile} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClockJumps sets the clock back and forth while a retry waits.
func TestClockJumps(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	s.deliver()
	s.clock.Advance(-24 * time.Hour)
	s.deliver()
	if n := len(e.all()); n != 2 {
		t.Errorf("after the clock went back %d attempts", n)
	}
}

// TestExpire forgets subscriptions that were not confirmed within two days, with their confirmations.
func TestExpire(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	sub := s.subscribe(topic, "http", e.URL, nil)
	s.deliver()
	link := e.all()[0].document(t)["SubscribeURL"].(string)
	s.clock.Advance(confirmWithin + time.Second)
	if list, err := s.Subscriptions(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	_, err := s.SubscriptionAttributes(t.Context(), sub.ARN)
	wantError(t, err, "NotFound: Subscription does not exist")
	if w := s.follow(link); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if err := s.expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.subscribe(topic, "http", e.URL, nil); again.ARN == sub.ARN {
		t.Error("it has the ARN of the one before")
	}
}

// TestDeleted ends topics and subscriptions: what they have not got goes to the dead letters, and can be dropped.
func TestDeleted(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
	topic := s.ops()
	one := s.subscribe(topic, "webhook", e.URL+"/1", nil)
	s.subscribe(topic, "webhook", e.URL+"/2", nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	s.deliver()
	if err := s.Unsubscribe(t.Context(), one.ARN, true); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Second)
	if err := s.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	e.all()
	s.clock.Advance(time.Minute)
	if s.deliver(); len(e.all()) != 0 {
		t.Error("it was tried again")
	}
	dead := s.dead()
	if len(dead) != 2 || dead[0].Reason != "the topic was deleted" || dead[1].Reason != "the subscription was ended" {
		t.Fatalf("%+v", dead)
	}
	if err := s.Drop(t.Context(), dead[0].ID); err != nil {
		t.Fatal(err)
	}
	texts := func() (n int) {
		if err := errors.Join(s.forget(t.Context()), s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM messages WHERE body <> ''").Scan(&n)); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := texts(); n != 1 { // the other subscription's dead letter has it
		t.Errorf("%d texts are kept", n)
	}
	e.answer = nil
	if err := s.Redrive(t.Context(), dead[1].ID); err != nil {
		t.Fatal(err)
	}
	if s.deliver(); len(e.all()) != 1 || len(s.dead()) != 0 {
		t.Errorf("dead %v", s.dead())
	}
	s.publish(Message{TopicARN: s.ops(), Default: "nobody gets it"})
	hook := s.subscribe(s.ops(), "webhook", e.URL+"/3", nil)
	s.publish(Message{TopicARN: s.ops(), Default: "dropped"})
	if err := s.Unsubscribe(t.Context(), hook.ARN, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(t.Context(), s.dead()[0].ID); err != nil {
		t.Fatal(err)
	}
	if n := texts(); n != 0 {
		t.Errorf("%d texts are kept", n)
	}
	wantError(t, s.Unsubscribe(t.Context(), topic, false), "InvalidParameter: Invalid parameter: SubscriptionId")
}

// TestUnsubscribeUnsigned ends by a link only what its endpoint may end.
func TestUnsubscribeUnsigned(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	hook := s.subscribe(topic, "webhook", "https://example.com/", nil)
	wantError(t, s.Unsubscribe(t.Context(), hook.ARN, false), "AuthorizationError: This subscription requires authentication for deletion.")
	sub := s.subscribe(topic, "https", "https://example.com/", nil)
	wantError(t, s.Unsubscribe(t.Context(), sub.ARN, true), "InvalidParameter: Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation")
	if _, err := s.ConfirmSubscription(t.Context(), topic, s.token(subscriptionConfirmation, sub.ARN), true, true); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Unsubscribe(t.Context(), sub.ARN, false), "AuthorizationError: This subscription requires authentication for deletion.")
	if err := s.Unsubscribe(t.Context(), sub.ARN, true); err != nil {
		t.Error(err)
	}
}

// TestFilterPolicyLimit refuses the 201st policy of a topic.
func TestFilterPolicyLimit(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	policy := map[string]string{"FilterPolicy": `{"a":[1]}`}
	s.subscribe(topic, "webhook", "https://example.com/1", policy)
	if _, err := s.db.ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
		INSERT INTO subscriptions SELECT arn || i, topic, protocol, endpoint || i, state, since, body FROM subscriptions, n`); err != nil {
		t.Fatal(err)
	}
	s.subscribe(topic, "webhook", "https://example.com/last", policy)
	_, err := s.Subscribe(t.Context(), SubscribeRequest{TopicARN: topic, Protocol: "webhook", Endpoint: "https://example.com/x", Attributes: policy})
	wantError(t, err, "FilterPolicyLimitExceeded: ")
}

// TestSecrets makes secrets once, makes the certificate anew when it has run out, and refuses what is not a secret.
func TestSecrets(t *testing.T) {
	s := open(t, nil)
	before := *s.sign
	s.reopen()
	if s.sign.file != before.file || !s.sign.key.Equal(before.key) {
		t.Error("another key after a restart")
	}
	s.clock.Advance(certificateFor + time.Hour)
	s.reopen()
	if s.sign.file == before.file || !s.sign.key.Equal(before.key) {
		t.Error("the certificate that ran out is still there, or the key is not")
	}
	for _, name := range []string{"topics.db", "topics.db-wal"} {
		if info, err := os.Stat(filepath.Join(s.data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{signingKeyFile, secretFile} {
		path := filepath.Join(s.data, "secrets", name)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if other, err := Open(t.Context(), s.data, s.o); err == nil {
			_ = other.Close()
			t.Errorf("%s that is none is taken", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

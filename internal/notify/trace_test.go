package notify

import (
	"net/http"
	"testing"
	"time"
)

// TestTraced tells who gets a message, and what became of it.
func TestTraced(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	well := newEndpoint(t, nil)
	ill := newEndpoint(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
	wrong := newEndpoint(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) })
	has := s.subscribe(topic, "webhook", well.URL, nil)
	waits := s.subscribe(topic, "webhook", ill.URL, nil)
	dead := s.subscribe(topic, "webhook", wrong.URL, nil)
	unconfirmed := s.subscribe(topic, "http", well.URL, nil)
	other := s.subscribe(topic, "webhook", well.URL+"/other", map[string]string{"FilterPolicy": `{"kind":["other"]}`})
	p, err := s.PublishTraced(t.Context(), Message{TopicARN: topic, Default: "m"})
	if err != nil {
		t.Fatal(err)
	}
	arns := func(list []*Subscription) map[string]bool {
		out := map[string]bool{}
		for _, sub := range list {
			out[sub.ARN] = true
		}
		return out
	}
	to, not := arns(p.To), arns(p.NotTo)
	if len(to) != 3 || !to[has.ARN] || !to[waits.ARN] || !to[dead.ARN] || len(not) != 2 || !not[unconfirmed.ARN] || !not[other.ARN] {
		t.Errorf("to %v, not to %v", to, not)
	}
	before, err := s.Undelivered(t.Context(), p.ID)
	if err != nil || len(before) != 3 || before[0].Attempts != 0 {
		t.Errorf("%+v, %v", before, err)
	}
	now := s.now()
	s.deliver()
	after, err := s.Undelivered(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Undelivered{}
	for _, u := range after {
		found[u.SubscriptionARN] = u
	}
	if w, d := found[waits.ARN], found[dead.ARN]; len(found) != 2 || w.Attempts != 1 || w.Died != 0 || w.Due < now+time.Second.Milliseconds() || w.Reason == "" || d.Died == 0 || d.Reason == "" {
		t.Errorf("%+v", after)
	}
	_, err = s.PublishTraced(t.Context(), Message{TopicARN: topic + "x", Default: "m"})
	wantError(t, err, "NotFound: Topic does not exist")
}

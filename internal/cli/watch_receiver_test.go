package cli

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/sigv4"
)

// tryMetrics calls an operation of CloudWatch, and fails where there is no answer.
func (s *awsServer) tryMetrics(ctx context.Context, operation string, in object) (int, object, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(string(body)))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
	status, text, err := s.send(r, body, "monitoring")
	out := object{}
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &out)
	}
	return status, out, err
}

// send signs a request for a service and sends it.
func (s *awsServer) send(r *http.Request, body []byte, service string) (int, []byte, error) {
	if err := sigv4.Sign(r, body, s.key.ID, s.key.Secret, "us-east-1", service, time.Now()); err != nil {
		return 0, nil, err
	}
	client := s.client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// topics calls an operation of SNS that must succeed, and returns an element of the answer.
func (s *awsServer) topics(t *testing.T, element string, form url.Values) string {
	t.Helper()
	form.Set("Version", "2010-03-31")
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, text, err := s.send(r, []byte(body), "sns")
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", form.Get("Action"), status, text, err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%s has no %s: %v", text, element, err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == element {
			var out string
			if err := d.DecodeElement(&out, &e); err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
}

// topic makes a topic whose subscriber is the receiver, which confirms.
func (s *awsServer) topic(t *testing.T, m *messageReceiver) string {
	t.Helper()
	topic := s.topics(t, "TopicArn", url.Values{"Action": {"CreateTopic"}, "Name": {"woken"}})
	s.topics(t, "SubscriptionArn", url.Values{"Action": {"Subscribe"}, "TopicArn": {topic}, "Protocol": {"http"}, "Endpoint": {m.URL}})
	confirm(t, <-m.links)
	return topic
}

// messageReceiver is an HTTP endpoint that keeps what it is told.
type messageReceiver struct {
	*httptest.Server
	t     *testing.T
	links chan string // of confirmations

	mu sync.Mutex
	// open counts connections, and closed is told when one is closed.
	open   int
	closed *sync.Cond
	run    int // how often it was idle
	// reasons has the ids of messages by the reasons that they tell; ids when each came, by run; bodies what each says, by id.
	reasons map[string][]string
	ids     map[string][]int
	alarms  map[string]alarmMessage
	last    alarmMessage
	before  func() // is called once, before a message is answered
}

// alarmMessage is what is read of a message.
type alarmMessage struct {
	AlarmName, NewStateValue, NewStateReason string
	Weir                                     struct {
		Text string
		Next []string
	}
}

func newMessageReceiver(t *testing.T) *messageReceiver {
	t.Helper()
	m := &messageReceiver{t: t, links: make(chan string, 1), reasons: map[string][]string{}, ids: map[string][]int{}, alarms: map[string]alarmMessage{}}
	m.closed = sync.NewCond(&m.mu)
	m.Server = httptest.NewUnstartedServer(m)
	m.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch state {
		case http.StateNew:
			m.open++
		case http.StateClosed:
			m.open--
			m.closed.Broadcast()
		default:
		}
	}
	m.Start()
	t.Cleanup(m.Close)
	return m
}

// ServeHTTP takes a message.
func (m *messageReceiver) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server is gone before it had sent all
	}
	var body struct{ Type, MessageID, SubscribeURL, Message string }
	var a alarmMessage
	if err = json.Unmarshal(raw, &body); err == nil && body.Type == "SubscriptionConfirmation" {
		m.links <- body.SubscribeURL
		return
	}
	if err == nil {
		err = json.Unmarshal([]byte(body.Message), &a)
	}
	if err != nil {
		m.t.Errorf("%v: %s", err, raw)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	m.alarms[body.MessageID], m.last = a, a
	m.ids[body.MessageID] = append(m.ids[body.MessageID], m.run)
	if key := a.AlarmName + ": " + a.NewStateReason; !slices.Contains(m.reasons[key], body.MessageID) {
		m.reasons[key] = append(m.reasons[key], body.MessageID)
	}
}

// idle returns when no connection of a server that is gone is there, and lets a new run begin.
func (m *messageReceiver) idle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.open > 0 {
		m.closed.Wait()
	}
	m.run++
}

// next lets something be done before the next message is answered that comes some time from now.
func (m *messageReceiver) next(after time.Duration, what func()) {
	time.AfterFunc(after, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.before = what
	})
}

// of returns the ids of messages whose reason contains a text.
func (m *messageReceiver) of(reason string) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.alarms {
		if a.NewStateReason == reason {
			ids = append(ids, id)
		}
	}
	return ids
}

// at returns the ids of messages that an alarm went off for a period.
func (m *messageReceiver) at(alarm string, period int64) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.alarms {
		if a.AlarmName == alarm && a.NewStateValue == "ALARM" && a.period() == period {
			ids = append(ids, id)
		}
	}
	return ids
}

// highs returns the periods for which an alarm went off. The caller holds mu.
func (m *messageReceiver) highs(alarm string) (periods []int64) {
	for _, a := range m.alarms {
		if a.AlarmName == alarm && a.NewStateValue == "ALARM" {
			periods = append(periods, a.period())
		}
	}
	return periods
}

// datapointTime finds the time of a reason's datapoint.
var datapointTime = regexp.MustCompile(`\((\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\)`)

// period returns the beginning of the period that a reason tells, in seconds since the epoch; 0: none.
func (a *alarmMessage) period() int64 {
	found := datapointTime.FindStringSubmatch(a.NewStateReason)
	if found == nil {
		return 0
	}
	at, err := time.Parse("02/01/06 15:04:05", found[1])
	if err != nil {
		return 0
	}
	return at.Unix()
}

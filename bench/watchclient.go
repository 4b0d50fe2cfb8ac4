package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/internal/sigv4"
)

// object is a JSON object of a request.
type object = map[string]any

// metrics calls an operation of CloudWatch, and reads the answer into out, which may be nil.
func (s *logsServer) metrics(ctx context.Context, operation string, in object, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
	if err := sigv4.Sign(r, body, s.key, s.secret, "us-east-1", "monitoring", time.Now()); err != nil {
		return err
	}
	answer, err := s.do(r)
	if err == nil && out != nil {
		err = json.Unmarshal(answer, out)
	}
	return err
}

// topics calls an operation of SNS, which has forms and XML, and returns an element of the answer.
func (s *logsServer) topics(ctx context.Context, element string, form ...string) (string, error) {
	values := url.Values{"Version": {"2010-03-31"}}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	body := values.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := sigv4.Sign(r, []byte(body), s.key, s.secret, "us-east-1", "sns", time.Now()); err != nil {
		return "", err
	}
	answer, err := s.do(r)
	if err != nil {
		return "", err
	}
	d := xml.NewDecoder(strings.NewReader(string(answer)))
	for {
		t, err := d.Token()
		if err != nil {
			return "", fmt.Errorf("%s has no %s: %w", answer, element, err)
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == element {
			var text string
			return text, d.DecodeElement(&text, &e)
		}
	}
}

// sum returns the sum of a metric from a time on.
func (s *logsServer) sum(ctx context.Context, name string, from time.Time) (int, error) {
	var out struct {
		Datapoints []struct{ Sum float64 }
	}
	err := s.metrics(ctx, "GetMetricStatistics", object{
		"Namespace": "Bench", "MetricName": name, "Period": 60, "Statistics": []string{"Sum"},
		"StartTime": from.Add(-time.Minute).Unix(), "EndTime": time.Now().Add(time.Minute).Unix(),
	}, &out)
	n := 0.0
	for _, p := range out.Datapoints {
		n += p.Sum
	}
	return int(n), err
}

// A notified is a message that an endpoint got.
type notified struct {
	at               time.Time
	id, alarm, state string
	reason           string
}

// endpoint is an HTTP endpoint on this machine that is subscribed to a topic.
type endpoint struct {
	topic  string
	server *http.Server

	mu   sync.Mutex
	got  []notified
	errs []error
}

// subscribe makes a topic and an endpoint, which confirms that it wants messages.
func (s *logsServer) subscribe(ctx context.Context) (*endpoint, error) {
	e := &endpoint{}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	confirmed := make(chan error, 1)
	e.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		link, err := e.take(r)
		if err == nil && link != "" {
			go func() {
				_, err := get(ctx, link)
				confirmed <- err
			}()
			return
		}
		if err != nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.errs = append(e.errs, err)
		}
	})}
	go func() { _ = e.server.Serve(listener) }() // it ends with close
	if e.topic, err = s.topics(ctx, "TopicArn", "Action", "CreateTopic", "Name", "bench"); err == nil {
		_, err = s.topics(ctx, "SubscriptionArn", "Action", "Subscribe", "TopicArn", e.topic, "Protocol", "http", "Endpoint", "http://"+listener.Addr().String())
	}
	if err == nil {
		err = <-confirmed
	}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *endpoint) close() { _ = e.server.Close() }

// take takes a message, or returns the link of a confirmation.
func (e *endpoint) take(r *http.Request) (link string, err error) {
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	var m struct{ Type, MessageID, SubscribeURL, Message string }
	if err := json.Unmarshal(body, &m); err != nil {
		return "", err
	}
	if m.Type == "SubscriptionConfirmation" {
		return m.SubscribeURL, nil
	}
	var a struct{ AlarmName, NewStateValue, NewStateReason string }
	if err := json.Unmarshal([]byte(m.Message), &a); err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got = append(e.got, notified{at, m.MessageID, a.AlarmName, a.NewStateValue, a.NewStateReason})
	return "", nil
}

// messages returns what came.
func (e *endpoint) messages() ([]notified, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.errs) > 0 {
		return nil, e.errs[0]
	}
	return append([]notified(nil), e.got...), nil
}

// memoryOf returns the most memory that a process took in bytes, and the time of processors that it used.
func memoryOf(r running) (peak int64, cpu time.Duration, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0, 0, err
			}
			peak = kb << 10
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	words := strings.Fields(rest)
	for _, w := range words[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return 0, 0, err
		}
		cpu += time.Duration(n) * 10 * time.Millisecond
	}
	return peak, cpu, nil
}

// loadNow returns how many threads of the machine wanted to run of late.
func loadNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}

package monitoring

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weir/internal/alarm"
	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/contributor"
)

// testTime is the time of servers in tests, until they set another.
var testTime = time.Date(2026, 11, 30, 1, 35, 10, 986e6, time.UTC)

// testServer is an API over stores of its own.
type testServer struct {
	t      *testing.T
	api    *API
	alarms *alarm.Store
	rules  *contributor.Store
	router *awsapi.Router
	now    time.Time
}

func newServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{t: t, now: testTime}
	clock, quiet := func() time.Time { return s.now }, slog.New(slog.DiscardHandler)
	o := newAPI(t, clock).Options
	var err error
	if s.alarms, err = alarm.Open(t.Context(), t.TempDir(), alarm.Options{Account: o.Account, Region: o.Region, Now: clock, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.alarms.Close() })
	if s.rules, err = contributor.Open(t.Context(), t.TempDir(), contributor.Options{Account: o.Account, Region: o.Region, Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.rules.Close() })
	o.Alarms, o.InsightRules = s.alarms, s.rules
	s.api = New(o)
	s.router = awsapi.NewRouter(awsapitest.Anyone{}, quiet, s.api.Service())
	return s
}

// post asks for an operation in AWS JSON.
func (s *testServer) post(operation string, in any) (int, string) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/", strings.NewReader(string(body)))
	r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// ok asks for an operation that must succeed, and returns its answer.
func (s *testServer) ok(operation string, in any) object {
	s.t.Helper()
	status, body := s.post(operation, in)
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", operation, status, body)
	}
	out := object{}
	if body != "" {
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			s.t.Fatal(err)
		}
	}
	return out
}

// refused asks for an operation that must fail, and returns the error's name and message.
func (s *testServer) refused(operation string, in any) string {
	s.t.Helper()
	status, body := s.post(operation, in)
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil || status < 400 || status >= 500 {
		s.t.Fatalf("%s: %d %s", operation, status, body)
	}
	return e.Type[strings.IndexByte(e.Type, '#')+1:] + ": " + e.Message
}

// metricAlarmOf is a request for the least alarm, with some members changed; those that are nil are left out.
func metricAlarmOf(name string, changes object) object {
	out := object{
		"AlarmName": name, "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 30,
		"ComparisonOperator": "GreaterThanThreshold",
	}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

package monitoring

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/alarm"
	"weir/internal/awsapi"
	"weir/internal/contributor"
)

// testTime is the time of servers in tests.
var testTime = time.Date(2026, 11, 30, 1, 35, 10, 986e6, time.UTC)

// fakeAlarms keeps alarms as package alarm says, and evaluates none.
type fakeAlarms struct {
	alarms  map[string]alarm.Described
	tags    map[string]map[string]string
	history []alarm.HistoryItem
	now     int64
}

func (f *fakeAlarms) Put(_ context.Context, d alarm.Definition, tags map[string]string) error {
	old, there := f.alarms[d.Name]
	made := alarm.Described{
		Definition: d, State: alarm.InsufficientData, Reason: "Unchecked: Initial alarm creation",
		ConfigurationUpdated: f.now, StateUpdated: f.now, StateTransitioned: f.now,
	}
	if there {
		made.State, made.Reason, made.ReasonData = old.State, old.Reason, old.ReasonData
	} else {
		f.tags[d.Name] = maps.Clone(tags)
	}
	f.alarms[d.Name] = made
	f.happened(&made, "ConfigurationUpdate", "Alarm \""+d.Name+"\" put", "{}")
	return nil
}

func (f *fakeAlarms) happened(d *alarm.Described, kind, summary, data string) {
	f.history = append(f.history, alarm.HistoryItem{
		ID: int64(len(f.history) + 1), Name: d.Name, AlarmType: d.Type(), Time: f.now + int64(len(f.history)), ItemType: kind, Summary: summary, Data: data,
	})
}

func (f *fakeAlarms) Alarms(context.Context) ([]alarm.Described, error) {
	var out []alarm.Described
	for _, name := range slices.Sorted(maps.Keys(f.alarms)) {
		out = append(out, f.alarms[name])
	}
	return out, nil
}

var errNoAlarm = &alarm.Error{Code: "ResourceNotFound"}

func (f *fakeAlarms) Delete(_ context.Context, names []string) error {
	for _, name := range names {
		if _, there := f.alarms[name]; !there {
			return errNoAlarm
		}
	}
	for _, name := range names {
		delete(f.alarms, name)
		delete(f.tags, name)
	}
	return nil
}

func (f *fakeAlarms) SetState(_ context.Context, name string, state alarm.State, reason, data string) error {
	d, there := f.alarms[name]
	if !there {
		return errNoAlarm
	}
	f.happened(&d, "StateUpdate", fmt.Sprintf("Alarm updated from %s to %s", d.State, state), "{}")
	d.State, d.Reason, d.ReasonData = state, reason, data
	f.alarms[name] = d
	return nil
}

func (f *fakeAlarms) EnableActions(_ context.Context, names []string, on bool) error {
	for _, name := range names {
		if d, there := f.alarms[name]; there {
			d.Actions.Enabled = on
			f.alarms[name] = d
		}
	}
	return nil
}

func (f *fakeAlarms) History(_ context.Context, r alarm.HistoryRequest) ([]alarm.HistoryItem, error) {
	all := slices.Clone(f.history)
	if !r.Ascending {
		slices.Reverse(all)
	}
	var out []alarm.HistoryItem
	past := r.After == nil
	for _, i := range all {
		if past && (r.Name == "" || i.Name == r.Name) && slices.Contains(r.Types, i.AlarmType) && (r.ItemType == "" || i.ItemType == r.ItemType) &&
			i.Time >= r.From && (r.To == 0 || i.Time <= r.To) && len(out) < r.Limit {
			out = append(out, i)
		}
		past = past || i.ID == r.After.ID && i.Time == r.After.Time
	}
	return out, nil
}

func (f *fakeAlarms) Tags(_ context.Context, name string) (map[string]string, error) {
	if _, there := f.alarms[name]; !there {
		return nil, errNoAlarm
	}
	return f.tags[name], nil
}

func (f *fakeAlarms) Tag(_ context.Context, name string, tags map[string]string) error {
	if _, there := f.alarms[name]; !there {
		return errNoAlarm
	}
	if f.tags[name] == nil {
		f.tags[name] = map[string]string{}
	}
	maps.Copy(f.tags[name], tags)
	return nil
}

func (f *fakeAlarms) Untag(_ context.Context, name string, keys []string) error {
	if _, there := f.alarms[name]; !there {
		return errNoAlarm
	}
	for _, key := range keys {
		delete(f.tags[name], key)
	}
	return nil
}

// fakeRules keeps rules as package contributor says, and reports one answer.
type fakeRules struct {
	rules  map[string]contributor.Described
	tags   map[string]map[string]string
	report contributor.Report
	asked  contributor.ReportRequest
}

func (f *fakeRules) Put(_ context.Context, r contributor.PutRequest) error {
	if !strings.HasPrefix(r.Definition, "{") {
		return &contributor.Error{Line: 1, Column: 1, Message: "it is no object"}
	}
	if _, there := f.rules[r.Name]; !there {
		f.tags[r.Name] = r.Tags
	}
	f.rules[r.Name] = contributor.Described{Name: r.Name, State: cmp.Or(r.State, contributor.Enabled), Definition: r.Definition, ApplyOnTransformedLogs: r.ApplyOnTransformedLogs}
	return nil
}

func (f *fakeRules) Rules(context.Context) ([]contributor.Described, error) {
	var out []contributor.Described
	for _, name := range slices.Sorted(maps.Keys(f.rules)) {
		out = append(out, f.rules[name])
	}
	return out, nil
}

func (f *fakeRules) each(names []string, do func(name string, r contributor.Described)) []contributor.Failure {
	var out []contributor.Failure
	for _, name := range names {
		if r, there := f.rules[name]; there {
			do(name, r)
		} else {
			out = append(out, contributor.Failure{Resource: name, ExceptionType: "ResourceNotFoundException", Code: "404", Description: "no rule " + name})
		}
	}
	return out
}

func (f *fakeRules) Delete(_ context.Context, names []string) ([]contributor.Failure, error) {
	return f.each(names, func(name string, _ contributor.Described) { delete(f.rules, name) }), nil
}

func (f *fakeRules) set(names []string, state string) []contributor.Failure {
	return f.each(names, func(name string, r contributor.Described) {
		r.State = state
		f.rules[name] = r
	})
}

func (f *fakeRules) Enable(_ context.Context, names []string) ([]contributor.Failure, error) {
	return f.set(names, contributor.Enabled), nil
}

func (f *fakeRules) Disable(_ context.Context, names []string) ([]contributor.Failure, error) {
	return f.set(names, contributor.Disabled), nil
}

func (f *fakeRules) Report(_ context.Context, r contributor.ReportRequest) (*contributor.Report, error) {
	f.asked = r
	if _, there := f.rules[r.Name]; !there {
		return nil, contributor.ErrNoRule
	}
	return &f.report, nil
}

func (f *fakeRules) Tags(_ context.Context, name string) (map[string]string, error) {
	if _, there := f.rules[name]; !there {
		return nil, contributor.ErrNoRule
	}
	return f.tags[name], nil
}

func (f *fakeRules) Tag(_ context.Context, name string, tags map[string]string) error {
	if _, there := f.rules[name]; !there {
		return contributor.ErrNoRule
	}
	if f.tags[name] == nil {
		f.tags[name] = map[string]string{}
	}
	maps.Copy(f.tags[name], tags)
	return nil
}

func (f *fakeRules) Untag(_ context.Context, name string, keys []string) error {
	if _, there := f.rules[name]; !there {
		return contributor.ErrNoRule
	}
	for _, key := range keys {
		delete(f.tags[name], key)
	}
	return nil
}

// testServer is an API over fakes.
type testServer struct {
	t      *testing.T
	api    *API
	alarms *fakeAlarms
	rules  *fakeRules
	router *awsapi.Router
}

func newServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{t: t}
	s.alarms = &fakeAlarms{alarms: map[string]alarm.Described{}, tags: map[string]map[string]string{}, now: testTime.UnixMilli()}
	s.rules = &fakeRules{rules: map[string]contributor.Described{}, tags: map[string]map[string]string{}}
	o := newAPI(t, func() time.Time { return testTime }).Options
	o.Alarms, o.InsightRules = s.alarms, s.rules
	s.api = New(o)
	s.router = awsapi.NewRouter(anyone{}, slog.New(slog.DiscardHandler), s.api.Service())
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

package cwlogs

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/source"
	"weir/internal/source/s3"
)

// group is CloudWatch Logs with one log group, whose pages have two events each and
// an empty page between any two.
type group struct {
	mu     sync.Mutex
	events []logEvent
	// fail, where it is not nil, answers a request in the group's place where its
	// status is not 0; page counts from 0.
	fail  func(page int) (status int, body string)
	asked []askedFor
}

type logEvent struct {
	ID     string `json:"eventId"`
	Stream string `json:"logStreamName"`
	At     int64  `json:"timestamp"`
	Text   string `json:"message"`
}

type askedFor struct {
	LogGroupName, LogGroupIdentifier, NextToken string
	StartTime, EndTime                          int64
}

func (g *group) add(events ...logEvent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, events...)
}

func (g *group) set(fail func(int) (int, string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fail = fail
}

func (g *group) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var in askedFor
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "Logs_20140328.FilterLogEvents" {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	g.asked = append(g.asked, in)
	page, _ := strconv.Atoi(in.NextToken)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if g.fail != nil {
		if status, body := g.fail(page); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
	}
	var all []logEvent
	for _, e := range g.events {
		if e.At >= in.StartTime && (in.EndTime == 0 || e.At <= in.EndTime) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b logEvent) int { return int(a.At - b.At) })
	out := map[string]any{"events": []logEvent{}, "searchedLogStreams": []any{}}
	if page%2 == 0 { // others are empty
		from := min(page, len(all))
		out["events"] = all[from:min(from+2, len(all))]
	}
	if page+1 < len(all) {
		out["nextToken"] = strconv.Itoa(page + 1)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// base is the time of the first events.
var base = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// record returns an event with a record of n packets that began so long after base.
func record(n int, after time.Duration) logEvent {
	at := base.Add(after)
	return logEvent{
		ID: fmt.Sprintf("%056d", n), Stream: "eni-0a-all", At: at.UnixMilli(),
		Text: fmt.Sprintf("2 111122223333 eni-0a 10.0.1.5 10.0.2.7 49152 443 6 %d 8400 %d %d ACCEPT OK", n, at.Unix(), at.Unix()+59),
	}
}

// place is a log group with the folder of its tail.
type place struct {
	*group
	url, dir string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	g := &group{}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return &place{group: g, url: server.URL, dir: filepath.Join(t.TempDir(), "tail")}
}

// open opens the group as a new process does.
func (p *place) open(t *testing.T, spec string) *Source {
	t.Helper()
	place, err := source.ParseSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), Config{
		Access: s3.Access{Region: "eu-west-1", EndpointURL: p.url, MaxAttempts: 1, Env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}},
		Group:  place,
		Tail:   func(context.Context, string) (*Tail, error) { return OpenTail(p.dir) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// list returns the objects of a listing.
func list(t *testing.T, s *Source, sel source.Selection) ([]source.Object, error) {
	t.Helper()
	var out []source.Object
	_, err := s.List(t.Context(), sel, func(o source.Object) error {
		out = append(out, o)
		return nil
	})
	return out, err
}

// packets returns the packets of the objects' records, which tell them apart, in
// order: of each object in brackets.
func packets(t *testing.T, s *Source, objects []source.Object) string {
	t.Helper()
	var out []string
	for _, o := range objects {
		c, err := s.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := flowlog.NewDecoder(c, flowlog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for {
			b, err := d.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for r := range b.Records() {
				n, _ := r.Text(flowlog.Packets)
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		out = append(out, "["+strings.Join(numbers, " ")+"]")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	return strings.Join(out, "")
}

// check lists and compares the records of the objects.
func check(t *testing.T, s *Source, sel source.Selection, want string) {
	t.Helper()
	objects, err := list(t, s, sel)
	if err != nil {
		t.Fatal(err)
	}
	if got := packets(t, s, objects); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestEvents follows a group whose events come late, over restarts.
func TestEvents(t *testing.T) {
	p := newPlace(t)
	p.add(record(1, 0), record(2, time.Minute), record(3, 2*time.Minute), record(4, time.Minute), record(5, 5*time.Minute))
	s := p.open(t, "cwl:/aws/vpc/flowlogs")
	check(t, s, source.Selection{}, "[1 2 3 4 5]")
	check(t, s, source.Selection{}, "[1 2 3 4 5]") // nothing is new
	p.add(record(6, 90*time.Second), record(7, 9*time.Minute))
	check(t, s, source.Selection{From: base.Add(time.Minute)}, "[1 2 3 4 5][6 7]")
	s = p.open(t, "cwl:/aws/vpc/flowlogs") // another process
	check(t, s, source.Selection{}, "[1 2 3 4 5][6 7]")
	p.add(record(8, 30*time.Minute))
	check(t, s, source.Selection{From: base.Add(9 * time.Minute), To: base.Add(30 * time.Minute)}, "[1 2 3 4 5][6 7]")
	check(t, s, source.Selection{From: base.Add(20 * time.Minute)}, "[8]")
	check(t, s, source.Selection{From: base.Add(time.Hour)}, "")
}

// TestProgress counts what is read, answer by answer.
func TestProgress(t *testing.T) {
	p := newPlace(t)
	p.add(record(1, 0), record(2, time.Minute), record(3, 2*time.Minute))
	s := p.open(t, "cwl:/vpc")
	var got []Reading
	s.config.Progress = func(r Reading) { got = append(got, r) }
	check(t, s, source.Selection{}, "[1 2 3]")
	p.add(record(4, 3*time.Minute))
	check(t, s, source.Selection{From: base.Add(2 * time.Minute)}, "[1 2 3][4]")
	want := []Reading{
		{Requests: 1, Events: 2, New: 2, Newest: base.Add(time.Minute)},
		{Requests: 2, Events: 2, New: 2, Newest: base.Add(time.Minute)}, // an empty page
		{Requests: 3, Events: 3, New: 3, Newest: base.Add(2 * time.Minute)},
		{Requests: 1, Events: 2, New: 1, Newest: base.Add(3 * time.Minute)},
		{Requests: 2, Events: 2, New: 1, Newest: base.Add(3 * time.Minute)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestObject checks what is told of an object, and what is asked of AWS.
func TestObject(t *testing.T) {
	const arn = "arn:aws:logs:us-east-2:111122223333:log-group:/vpc"
	p := newPlace(t)
	p.add(record(1, 0), record(2, time.Minute))
	p.events[1].Stream = "eni-0b-reject"
	s := p.open(t, arn+":*")
	objects, err := list(t, s, source.Selection{From: base.Add(-time.Minute), To: base.Add(time.Hour)})
	if err != nil || len(objects) != 1 {
		t.Fatalf("%v, %v", objects, err)
	}
	o := objects[0]
	origin := "cwl:/vpc/us-east-2@" + strings.TrimPrefix(p.url, "http://")
	if s.Name() != arn || o.Source != origin || o.URL != origin+"/"+o.Key || o.Info.Region != "us-east-2" || o.Revision() == "" ||
		!strings.HasPrefix(o.Key, "20260302T100000.000Z-20260302T100100.000Z-") {
		t.Errorf("%s: %+v", s.Name(), o)
	}
	want := []askedFor{
		{LogGroupIdentifier: arn, StartTime: base.Add(-time.Minute).UnixMilli(), EndTime: base.Add(time.Hour).UnixMilli()},
		{LogGroupIdentifier: arn, StartTime: base.Add(-time.Minute).UnixMilli(), EndTime: base.Add(time.Hour).UnixMilli(), NextToken: "1"},
	}
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	f, err := os.Open(filepath.Join(p.dir, o.Key))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	document := func(stream string, e logEvent) string {
		return fmt.Sprintf(`{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/vpc","logStream":"%s","subscriptionFilters":[],"logEvents":[{"id":"%s","timestamp":%d,"message":"%s"}]}`+"\n", stream, e.ID, e.At, e.Text)
	}
	if diff := cmp.Diff(document("eni-0a-all", record(1, 0))+document("eni-0b-reject", record(2, time.Minute)), string(got)); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

// TestBrokenOff reads a group that throttles in the middle: what was read stays, and
// the next reading takes the rest.
func TestBrokenOff(t *testing.T) {
	p := newPlace(t)
	for i := range 6 {
		p.add(record(i+1, time.Duration(i)*time.Minute))
	}
	p.set(func(page int) (int, string) {
		if page < 3 {
			return 0, ""
		}
		return http.StatusBadRequest, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	})
	s := p.open(t, "cwl:/vpc")
	_, err := list(t, s, source.Selection{})
	if fault, ok := errors.AsType[*source.Fault](err); !ok || fault.Code != source.Throttled {
		t.Fatalf("%v", err)
	}
	p.set(nil)
	check(t, p.open(t, "cwl:/vpc"), source.Selection{}, "[1 2 3 4][5 6]")
	check(t, s, source.Selection{}, "[1 2 3 4][5 6]")
}

// TestLeftOver opens a tail after a process died while it wrote.
func TestLeftOver(t *testing.T) {
	p := newPlace(t)
	p.add(record(1, 0))
	check(t, p.open(t, "cwl:/vpc"), source.Selection{}, "[1]")
	left := filepath.Join(p.dir, partial+"123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, p.open(t, "cwl:/vpc"), source.Selection{}, "[1]")
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half-written is there: %v", err)
	}
}

// TestFull meets a disk that takes nothing: once it does, nothing is missing.
func TestFull(t *testing.T) {
	p := newPlace(t)
	p.add(record(1, 0), record(2, time.Minute))
	blocked := filepath.Dir(p.dir)
	p.dir = filepath.Join(blocked, "file", "tail")
	s := p.open(t, "cwl:/vpc")
	if err := os.WriteFile(filepath.Join(blocked, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := list(t, s, source.Selection{}); err == nil {
		t.Fatal("no error")
	}
	if err := os.Remove(filepath.Join(blocked, "file")); err != nil {
		t.Fatal(err)
	}
	check(t, s, source.Selection{}, "[1 2]")
}

// TestChangedTail refuses to read where it can't know any more what was taken.
func TestChangedTail(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"changed":   func(path string) error { return os.WriteFile(path, []byte("other"), 0o600) },
		"shortened": func(path string) error { return os.Truncate(path, 10) },
		"gone":      os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.add(record(1, 0))
			s := p.open(t, "cwl:/vpc")
			objects, err := list(t, s, source.Selection{})
			if err != nil || len(objects) != 1 || !s.tail.Has(objects[0].Key) {
				t.Fatalf("%v, %v", objects, err)
			}
			again := p.open(t, "cwl:/vpc")
			if err := damage(filepath.Join(p.dir, objects[0].Key)); err != nil {
				t.Fatal(err)
			}
			_, err = list(t, again, source.Selection{})
			if fault, ok := errors.AsType[*source.Fault](err); !ok || fault.Code != source.Changed || fault.Hint == "" {
				t.Errorf("listing: %v", err)
			}
			_, err = s.Open(t.Context(), objects[0])
			if fault, ok := errors.AsType[*source.Fault](err); !ok || fault.Code != source.Changed {
				t.Errorf("opening: %v", err)
			}
		})
	}
}

// TestLarge writes more events than one object and one document hold.
func TestLarge(t *testing.T) {
	tail, err := OpenTail(filepath.Join(t.TempDir(), "tail"))
	if err != nil {
		t.Fatal(err)
	}
	spec := source.Spec{Kind: source.KindLogGroup, Group: "/vpc"}
	page := make([]event, 2*objectEvents+1)
	for i := range page {
		page[i] = event{stream: "eni-0a-all", ID: strconv.Itoa(i), Timestamp: int64(i), Message: "x"}
	}
	w := tail.begin(spec)
	if n, err := w.put(page); err != nil || n != int64(len(page)) {
		t.Fatalf("%d are new, %v", n, err)
	}
	if n, err := w.put(page[:100]); err != nil || n != 0 {
		t.Fatalf("%d are new again, %v", n, err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if len(tail.files) != 3 || len(tail.known) != len(page) {
		t.Errorf("%d objects, %d ids", len(tail.files), len(tail.known))
	}
	tail.unload(0, 0)
	if len(tail.known) != objectEvents {
		t.Errorf("%d ids of the first object", len(tail.known))
	}
	w = tail.begin(spec)
	if n, err := w.put(page); err != nil || n != 0 || w.flush() != nil || len(tail.files) != 3 {
		t.Errorf("a second reading: %d are new, %v, %d objects", n, err, len(tail.files))
	}
	if n := len(documents(page[:objectEvents])); n != objectEvents/documentEvents {
		t.Errorf("%d documents", n)
	}
}

func TestFaults(t *testing.T) {
	denied := func(name, message string, status int) func(int) (int, string) {
		return func(int) (int, string) { return status, fmt.Sprintf(`{"__type":%q,"message":%q}`, name, message) }
	}
	tests := []struct {
		name string
		fail func(int) (int, string)
		code source.Code
		hint string
	}{
		{"no group", denied("ResourceNotFoundException", "The specified log group does not exist.", 400), source.NoSuchGroup, "--region"},
		{
			"denied", denied("AccessDeniedException", "not authorized to perform: logs:FilterLogEvents", 400), source.Denied,
			`"Action": "logs:FilterLogEvents", "Resource": "arn:aws:logs:eu-west-1:ACCOUNT:log-group:/vpc:*"`,
		},
		{"expired", denied("ExpiredTokenException", "expired", 400), source.ExpiredCredentials, "get new ones"},
		{"away", denied("ServiceUnavailableException", "later", 500), source.Throttled, "later"},
		{"no ids", func(int) (int, string) { return 200, `{"events":[{"timestamp":1,"message":"x","logStreamName":"s"}]}` }, source.Other, ""},
		{"the same page", func(int) (int, string) { return 200, `{"events":[],"nextToken":"7"}` }, source.Other, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.set(tt.fail)
			_, err := list(t, p.open(t, "cwl:/vpc"), source.Selection{})
			fault, ok := errors.AsType[*source.Fault](err)
			if !ok || fault.Code != tt.code || !strings.Contains(fault.Hint, tt.hint) || fault.URL != "cwl:/vpc" {
				t.Errorf("%v, hint %q", err, fault.Hint)
			}
		})
	}
	_, err := New(t.Context(), Config{
		Access: s3.Access{NoSignRequest: true, Env: map[string]string{}}, Group: source.Spec{Kind: source.KindLogGroup, Group: "/vpc"},
	})
	if fault, ok := errors.AsType[*source.Fault](err); !ok || fault.Code != source.WrongRegion {
		t.Errorf("without a region: %v", err)
	}
}

// TestEnds ends listings by the caller's error and by their context, as package
// sourcetest asks of sources whose objects have keys.
func TestEnds(t *testing.T) {
	p := newPlace(t)
	p.add(record(1, 0), record(2, time.Minute))
	s := p.open(t, "cwl:/vpc")
	enough := errors.New("enough")
	if _, err := s.List(t.Context(), source.Selection{}, func(source.Object) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("stopped: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.List(ctx, source.Selection{}, func(source.Object) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	release, err := s.tail.hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(ctx, source.Selection{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while another reads: %v", err)
	}
	release()
}

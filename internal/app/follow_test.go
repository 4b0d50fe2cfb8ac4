package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/telemetry"
)

// rounds runs a Follow until stop is called, and gives its rounds.
func rounds(t *testing.T, s Service, r OpenRequest) (next func() Round, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reports, done := make(chan Round, 100), make(chan error, 1)
	go func() {
		done <- Follow{Every: time.Millisecond, Report: func(r Round) { reports <- r }}.Run(ctx, s, r)
	}()
	next = func() Round {
		t.Helper()
		select {
		case r := <-reports:
			return r
		case err := <-done:
			t.Fatalf("ended: %v", err)
		case <-time.After(30 * time.Second):
			t.Fatal("no round")
		}
		return Round{}
	}
	return next, func() error {
		cancel()
		return <-done
	}
}

// put writes a file, as one that nobody has written to for a time.
func put(t testing.TB, path, text string, age time.Duration) {
	t.Helper()
	part := filepath.Join(t.TempDir(), "part") // a rename shows it whole
	if err := os.WriteFile(part, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := errors.Join(os.Chtimes(part, at, at), os.Rename(part, path)); err != nil {
		t.Fatal(err)
	}
}

// followed is an object with n records.
func followed(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2 111122223333 eni-0a%d 10.0.1.%d 10.0.2.7 49152 443 6 10 8400 1772445600 1772445659 ACCEPT OK\n", n, i)
	}
	return b.String()
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, filepath.Join(dir, "first.log"), followed(3), time.Hour)
	r := OpenRequest{Sources: []string{dir}}
	if _, err := s.Open(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	next, stop := rounds(t, s, r)

	put(t, filepath.Join(dir, "second.log"), followed(4), time.Hour)
	if got := next(); got.Objects != 1 || got.Records != 4 || got.Newest == nil || got.Newest.Unix() != 1772445659 || got.Err != nil {
		t.Errorf("a new object: %+v", got)
	}
	put(t, filepath.Join(dir, "notes.txt"), "These are my notes.\n", time.Hour)
	if got := next(); len(got.Problems) != 1 || got.Problems[0].State != lake.Foreign {
		t.Errorf("no flow log: %+v", got)
	}
	put(t, filepath.Join(dir, "bad.log"), followed(2)+"2 111122223333 eni-0a1 10.0.1.5\n", time.Hour)
	if got := next(); got.Objects != 1 || got.BadLines != 1 || len(got.Bad) != 1 || got.Bad[0].Line != 3 {
		t.Errorf("a bad line: %+v", got)
	}
	// The files may come back one after the other; nothing is told twice.
	away := dir + "-away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	got := next()
	if got.Err == nil && len(got.Problems) > 0 { // a round was under way, and did not find the files that it had listed
		got = next()
	}
	if got.Err == nil || got.Wait <= 0 || got.Back {
		t.Errorf("the source is away: %+v", got)
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	if got := next(); !got.Back || got.Err != nil || got.Objects != 0 || len(got.Problems) != 0 {
		t.Errorf("the source is back: %+v", got)
	}
	// A file that may still be written to waits.
	began := time.Now()
	put(t, filepath.Join(dir, "fresh.log"), followed(5), 0)
	if got := next(); got.Objects != 1 || got.Records != 5 || time.Since(began) < settle {
		t.Errorf("a fresh file, after %s: %+v", time.Since(began), got)
	}
	// What a clock to come has written does not.
	put(t, filepath.Join(dir, "early.log"), followed(6), -time.Hour)
	if got := next(); got.Records != 6 {
		t.Errorf("a file of tomorrow: %+v", got)
	}
	if err := stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
	rows, err := s.Query(t.Context(), SQLRequest{SQL: "SELECT count(*) FROM vpc_flow_logs"})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if row, err := rows.Next(); err != nil || row[0] != int64(3+4+2+5+6) {
		t.Errorf("%v records, %v", row, err)
	}
	st, err := s.Status(t.Context(), StatusRequest{})
	if err != nil || st.Imports != 6 { // those that brought anything, no flow log included
		t.Errorf("%d imports, %v", st.Imports, err)
	}
}

// TestFollowSeveral checks that a source that is away keeps no other one back.
func TestFollowSeveral(t *testing.T) {
	here, away := t.TempDir(), filepath.Join(t.TempDir(), "away")
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	next, stop := rounds(t, s, OpenRequest{Sources: []string{away, here}})
	if got := next(); got.Source != away || got.Err == nil {
		t.Errorf("a source that is away: %+v", got)
	}
	put(t, filepath.Join(here, "a.log"), followed(3), time.Hour)
	if got := next(); got.Source != here || got.Objects != 1 || got.Err != nil {
		t.Errorf("an object of the other: %+v", got)
	}
	if err := os.Mkdir(away, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := next(); got.Source != away || !got.Back {
		t.Errorf("it is there now: %+v", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// scripted is a service whose answers are given, and whose clock goes on by a step
// with each.
type scripted struct {
	Service
	now      time.Time
	step     time.Duration
	answers  []error
	taken    int64
	asked    []OpenRequest
	compacts []time.Time
}

func (s *scripted) Open(_ context.Context, r OpenRequest, _ func(Progress)) (*OpenReport, error) {
	s.asked = append(s.asked, r)
	s.now = s.now.Add(s.step)
	err := s.answers[0]
	s.answers = s.answers[1:]
	report := &OpenReport{}
	if err == nil {
		report.Intake = intake.Report{Taken: s.taken, Committed: s.taken}
	}
	return report, err
}

func (s *scripted) Compact(context.Context, func(Progress)) (lake.Compacted, error) {
	s.compacts = append(s.compacts, s.now)
	return lake.Compacted{}, nil
}

func (s *scripted) Expire(context.Context, lake.ExpireOptions) (Expired, error) {
	return Expired{}, nil
}

// TestFollowFailures checks what is told of failures, how long is waited, and what
// ends it.
func TestFollowFailures(t *testing.T) {
	away, full := errors.New("the source is away"), errors.New("the disk is full")
	s := &scripted{step: time.Millisecond, answers: []error{nil, away, away, away, full, nil, away, nil, fmt.Errorf("gone: %w", ErrStopped)}}
	var got []string
	f := Follow{Every: time.Millisecond, Now: func() time.Time { return s.now }, Report: func(r Round) {
		got = append(got, fmt.Sprintf("%v, back %v, wait %s", r.Err, r.Back, r.Wait))
	}}
	if err := f.Run(t.Context(), s, OpenRequest{Sources: []string{"/logs"}}); !errors.Is(err, ErrStopped) {
		t.Fatalf("ended with %v", err)
	}
	want := []string{
		"the source is away, back false, wait 10ms",
		"the disk is full, back false, wait 16ms",
		"<nil>, back true, wait 0s",
		"the source is away, back false, wait 10ms",
		"<nil>, back true, wait 0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFollowTidies checks that what could not be read is tried again once a minute,
// that small files are put together while there are new ones, and that what is gone is
// looked for every ten minutes.
func TestFollowTidies(t *testing.T) {
	began := time.Unix(1772445600, 0)
	s := &scripted{now: began, step: 20 * time.Second, taken: 1}
	for range 32 {
		s.answers = append(s.answers, nil)
	}
	s.answers = append(s.answers, ErrStopped)
	var told int
	// 20 s for each round would be waited for ten times: the clock is not the real one.
	f := Follow{Every: time.Millisecond, Now: func() time.Time { return s.now.Truncate(time.Minute) }, Report: func(Round) { told++ }}
	if err := f.runWith(t.Context(), s, OpenRequest{Sources: []string{"/logs"}}, func(time.Duration) <-chan time.Time { return closed }); !errors.Is(err, ErrStopped) {
		t.Fatal(err)
	}
	again, gone := 0, 0
	for _, r := range s.asked {
		if !r.Brief || r.Trailing < trailing || r.Trailing > trailing+2*time.Minute || r.Selection.Settle != settle {
			t.Fatalf("asked for %+v", r)
		}
		if !r.OnlyNew {
			again++
		}
		if r.Gone {
			gone++
		}
	}
	if gone != 2 {
		t.Errorf("looked %d times for what is gone in 11 minutes", gone)
	}
	if again != 10 || told != 32 || len(s.compacts) != 2 {
		t.Errorf("%d of %d rounds tried all again, %d told, put together at %v", again, len(s.asked), told, s.compacts)
	}
}

// TestFollowTrailing checks how far back a bucket and a log group are looked through:
// from the last good look on, so that what came while they were away is found.
func TestFollowTrailing(t *testing.T) {
	away := errors.New("away")
	for name, tt := range map[string]struct {
		fresh bool
		want  []time.Duration
	}{
		"s3://logs": {want: []time.Duration{24 * time.Hour, 24*time.Hour + 10*time.Minute, 24*time.Hour + 20*time.Minute, 24*time.Hour + 30*time.Minute}},
		"cwl:/vpc":  {want: []time.Duration{time.Hour, 70 * time.Minute, 80 * time.Minute, 90 * time.Minute}},
		"cwl:/new":  {fresh: true, want: []time.Duration{0, 70 * time.Minute, 80 * time.Minute, 90 * time.Minute}},
	} {
		s := &scripted{now: time.Unix(1772445600, 0), step: 10 * time.Minute, answers: []error{nil, away, away, nil, nil, nil, nil, nil, nil, ErrStopped}}
		f := Follow{Fresh: tt.fresh, Now: func() time.Time { return s.now }, Report: func(Round) {}}
		if err := f.runWith(t.Context(), s, OpenRequest{Sources: []string{name}}, func(time.Duration) <-chan time.Time { return closed }); !errors.Is(err, ErrStopped) {
			t.Fatal(err)
		}
		var got []time.Duration
		for _, r := range s.asked {
			got = append(got, r.Trailing)
		}
		if diff := cmp.Diff(tt.want, got[:4]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		// Once an hour a log group is looked through whole.
		if rest := got[4:]; !slices.Contains(rest, 24*time.Hour+10*time.Minute) || strings.HasPrefix(name, "cwl:") && !slices.Contains(rest, 70*time.Minute) {
			t.Errorf("%s: later %v", name, rest)
		}
	}
}

// closed is a time that has come.
var closed = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// lines is a writer that gives what is written line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// body reads what a server answers.
func body(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestServeFollows lets a server follow a folder and one that is away.
func TestServeFollows(t *testing.T) {
	logs, away := t.TempDir(), filepath.Join(t.TempDir(), "away")
	put(t, filepath.Join(logs, "first.log"), followed(3), time.Hour)
	log, ready, done := make(lines, 100), make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	data := filepath.Join(t.TempDir(), "data")
	go func() {
		done <- Serve(ctx, ServeOptions{
			Data: data, Listen: "127.0.0.1:0", Version: "v1", Log: telemetry.NewLog(log, slog.LevelInfo), Ready: func(url string) { ready <- url },
			Follow: &OpenRequest{Sources: []string{logs, away}}, Every: 5 * time.Millisecond,
		})
	}()
	// said waits for lines of the log, in any order.
	said := func(want ...string) {
		t.Helper()
		for len(want) > 0 {
			select {
			case line := <-log:
				want = slices.DeleteFunc(want, func(w string) bool { return strings.Contains(line, w) })
			case err := <-done:
				t.Fatalf("ended: %v", err)
			case <-time.After(30 * time.Second):
				t.Fatalf("the log does not say %q", want)
			}
		}
	}
	said(
		`msg="took objects" source=`+logs+` objects=1 records=3 newest_record=2026-03-02T`,
		`level=ERROR msg="cannot follow" source=`+away+` error="cannot open `,
	)
	put(t, filepath.Join(logs, "second.log"), followed(4)+"2 111122223333\n", time.Hour)
	said("objects=1 records=4 bad_lines=1")
	put(t, filepath.Join(logs, "notes.txt"), "These are my notes.\n", time.Hour)
	said(`level=WARN msg="not taken, or not whole" source=` + logs)
	url := <-ready
	metric := func(want string) {
		t.Helper()
		if !strings.Contains(body(t, url+"metrics"), "\n"+want+"\n") {
			t.Errorf("metrics: not %s", want)
		}
	}
	metric("weir_follow_sources 2")
	metric("weir_follow_failing_sources 1")
	metric("weir_follow_oldest_good_look_timestamp_seconds 0")
	c, err := Dial(t.Context(), data, "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	st, err := c.Status(t.Context(), StatusRequest{})
	if err != nil || len(st.Following) != 2 || st.Records != 7 {
		t.Fatalf("status: %+v, %v", st, err)
	}
	for _, f := range st.Following {
		if f.Source == away && (f.Error == "" || f.Good != nil) || f.Source == logs && (f.Objects != 2 || f.Records != 7 || f.Error != "") || !f.Running || f.Process != os.Getpid() {
			t.Errorf("state: %+v", f)
		}
	}
	again, err := c.Open(t.Context(), OpenRequest{Sources: []string{logs}, Brief: true, Gone: true}, nil)
	if err != nil || again.List.Sources[0].Gone == nil || again.List.Sources[0].Gone.Objects != 0 {
		t.Errorf("what is gone, over the socket: %+v, %v", again, err)
	}
	var page struct {
		Sources []struct {
			Source, Error string
			Running       bool
			Records       int64
			Good          *int64 `json:"last_good_look"`
		}
	}
	if text := body(t, url+"api/v1/following"); json.Unmarshal([]byte(text), &page) != nil || len(page.Sources) != 2 {
		t.Fatalf("the page's answer: %s", text)
	}
	for _, f := range page.Sources {
		if f.Source == away && (f.Error == "" || f.Good != nil) || f.Source == logs && (f.Records != 7 || f.Error != "" || f.Good == nil) || !f.Running {
			t.Errorf("on the page: %+v", f)
		}
	}
	if newest, err := c.Newest(t.Context()); err != nil || newest.Unix() != 1772445659 {
		t.Errorf("newest record: %v, %v", newest, err)
	}
	if err := os.Mkdir(away, 0o755); err != nil {
		t.Fatal(err)
	}
	said(`msg="can be read again" source=` + away)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	states, err := followStates(data, time.Now())
	if err != nil || len(states) != 2 || states[0].Running || states[1].Running || states[0].Gone == nil {
		t.Errorf("states at the end: %+v, %v", states, err)
	}
}

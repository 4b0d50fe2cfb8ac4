package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/source"
)

// fake is a service that gives what a test puts into it.
type fake struct {
	Service
	rows  func(ctx context.Context) (query.Rows, error)
	err   error
	steps []Progress
}

func (f *fake) Query(ctx context.Context, _ SQLRequest) (query.Rows, error) { return f.rows(ctx) }

func (f *fake) ExplainSQL(context.Context, SQLRequest) (query.Cost, error) {
	return query.Cost{}, f.err
}

func (f *fake) Check(_ context.Context, progress func(Progress)) (lake.Checked, error) {
	for _, p := range f.steps {
		progress(p)
	}
	return lake.Checked{Hours: 7}, f.err
}

func (f *fake) Open(_ context.Context, r OpenRequest, _ func(Progress)) (*OpenReport, error) {
	report := &OpenReport{List: &ListReport{}}
	report.Intake.Taken = int64(len(r.S3.Env))
	return report, f.err
}

// listRows are rows of a list.
type listRows struct {
	columns []query.Column
	rows    [][]any
	err     error
}

func (l *listRows) Columns() []query.Column { return l.columns }
func (l *listRows) Close() error            { return nil }

func (l *listRows) Next() ([]any, error) {
	if len(l.rows) == 0 {
		if l.err != nil {
			return nil, l.err
		}
		return nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

const testVersion = "1.2.3"

// dialFake serves a service on the socket of a new data directory, and returns the
// client. stop ends the server as a signal does.
func dialFake(t *testing.T, s Service) (client *Remote, stop func()) {
	t.Helper()
	data := t.TempDir()
	l, err := listenUnix(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	serving, cancel := context.WithCancel(context.Background())
	srv := newHTTPServer(serving, rpcHandler(serving, s, testVersion), slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		cancel()
		srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	client, err = Dial(t.Context(), data, testVersion)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, cancel
}

// TestRowsOverSocket sends a value of each type.
func TestRowsOverSocket(t *testing.T) {
	big1, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	want := [][]any{
		{nil, true, int64(-7), big1, 0.25, "text", time.Unix(1772445600, 5000).UTC(), map[string]string{"a": "b"}},
		{query.Decimal("12.50"), []any{int64(1), nil, []any{"x"}}, map[string]any{"k": nil, "l": []any{nil}}, "", nil, nil, nil, nil},
	}
	columns := []query.Column{{Name: "a", Type: query.Other, SQLType: "DECIMAL"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}, {Name: "f"}, {Name: "g"}, {Name: "h"}}
	client, _ := dialFake(t, &fake{rows: func(context.Context) (query.Rows, error) {
		return &listRows{columns: columns, rows: append([][]any(nil), want...)}, nil
	}})
	rows, err := client.Query(t.Context(), SQLRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(columns, rows.Columns()); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	var got [][]any
	for {
		row, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, append([]any(nil), row...))
	}
	compare := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, err := rows.Next(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	if err := errors.Join(rows.Close(), rows.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestErrorsOverSocket checks that an error keeps text, kinds, hints and place.
func TestErrorsOverSocket(t *testing.T) {
	text := &query.TextError{Offset: 3, Length: 4, Message: "no table foo", Hint: "there is vpc_flow_logs"}
	fault := &source.Fault{Op: "read", URL: "s3://b/k", Code: source.Archived, Err: errors.New("GLACIER"), Hint: "restore it"}
	tests := map[string]error{
		"refused":     fmt.Errorf("%w: stage 1", query.ErrRefused),
		"limit":       fmt.Errorf("%w: more than 3 rows", query.ErrLimit),
		"locked":      fmt.Errorf("%w: process 7", lake.ErrLocked),
		"no lake":     lake.ErrNoLake,
		"moved":       lake.ErrMoved,
		"nothing":     fmt.Errorf("%w: /x", lake.ErrNothingTaken),
		"read only":   lake.ErrReadOnly,
		"cancelled":   context.Canceled,
		"deadline":    context.DeadlineExceeded,
		"place":       fmt.Errorf("query: %w", text),
		"fault":       fmt.Errorf("taking: %w", fault),
		"bare fault":  &source.Fault{Op: "list", URL: "s3://b", Code: source.Denied},
		"spec":        &source.SpecError{Text: "s3:/x", Reason: "two slashes", Hint: "s3://x"},
		"usage":       &UsageError{Message: "no field x", Hint: "did you mean y?"},
		"another one": errors.New("something else"),
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			client, _ := dialFake(t, &fake{err: want, rows: func(context.Context) (query.Rows, error) {
				return &listRows{columns: []query.Column{{Name: "a"}}, rows: [][]any{{int64(1)}}, err: want}, nil
			}})
			_, got := client.ExplainSQL(t.Context(), SQLRequest{})
			sameError(t, want, got)
			report, got := client.Open(t.Context(), OpenRequest{S3: S3Options{Env: map[string]string{"AWS_REGION": "x"}}}, nil)
			sameError(t, want, got)
			if report.Intake.Taken != 1 {
				t.Errorf("the report that comes with the error is lost: %+v", report)
			}
			rows, err := client.Query(t.Context(), SQLRequest{})
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			if _, err := rows.Next(); err != nil {
				t.Errorf("first row: %v", err)
			}
			_, got = rows.Next()
			sameError(t, want, got)
		})
	}
}

// sameError compares what commands look at in an error.
func sameError(t *testing.T, want, got error) {
	t.Helper()
	if got == nil || got.Error() != want.Error() {
		t.Fatalf("error %v, want %v", got, want)
	}
	for _, s := range sentinels {
		if errors.Is(want, s) != errors.Is(got, s) {
			t.Errorf("errors.Is(%v): %v before the socket, %v behind it", s, errors.Is(want, s), errors.Is(got, s))
		}
	}
	type typed struct {
		Text  *query.TextError
		Spec  *source.SpecError
		Usage *UsageError
		Fault *wireFault
	}
	of := func(err error) typed {
		var y typed
		errors.As(err, &y.Text)
		errors.As(err, &y.Spec)
		errors.As(err, &y.Usage)
		if f, ok := errors.AsType[*source.Fault](err); ok {
			y.Fault = &wireFault{f.Op, f.URL, string(f.Code), fmt.Sprint(f.Err), f.Hint}
		}
		return y
	}
	if diff := cmp.Diff(of(want), of(got)); diff != "" {
		t.Errorf("what the error holds (-before +behind the socket):\n%s", diff)
	}
}

// TestProgressOverSocket checks that progress comes in order, before the result.
func TestProgressOverSocket(t *testing.T) {
	steps := []Progress{{Done: 1, Total: 3}, {Done: 2, Total: 3}, {Listed: &ListReport{Objects: 5}}}
	client, _ := dialFake(t, &fake{steps: steps})
	var got []Progress
	r, err := client.Check(t.Context(), func(p Progress) { got = append(got, p) })
	if err != nil || r.Hours != 7 {
		t.Errorf("result %+v, %v", r, err)
	}
	if diff := cmp.Diff(steps, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

// blocked returns rows that never come, and a channel that closes when the query
// is cancelled.
func blocked() (rows func(context.Context) (query.Rows, error), cancelled chan struct{}) {
	cancelled = make(chan struct{})
	return func(ctx context.Context) (query.Rows, error) {
		<-ctx.Done()
		close(cancelled)
		return nil, ctx.Err()
	}, cancelled
}

// TestClientGone checks that a query ends when its client goes away.
func TestClientGone(t *testing.T) {
	rows, cancelled := blocked()
	client, _ := dialFake(t, &fake{rows: rows})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Query(ctx, SQLRequest{SQL: strings.Repeat("x", 10_000)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	select {
	case <-cancelled:
	case <-time.After(10 * time.Second):
		t.Fatal("the query still runs")
	}
}

// TestServerStops checks that a client whose server ends is told so, and not that
// it gave up itself.
func TestServerStops(t *testing.T) {
	rows, cancelled := blocked()
	client, stop := dialFake(t, &fake{rows: func(ctx context.Context) (query.Rows, error) { return rows(ctx) }})
	go stop()
	_, err := client.Query(t.Context(), SQLRequest{})
	if !errors.Is(err, ErrStopped) || errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-cancelled
}

// TestVersions checks that another version is refused by name.
func TestVersions(t *testing.T) {
	client, _ := dialFake(t, &fake{})
	client.version = "9.9.9"
	_, err := client.ExplainSQL(t.Context(), SQLRequest{})
	var v *VersionError
	if !errors.As(err, &v) {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff(&VersionError{Server: testVersion, Client: "9.9.9"}, v); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// TestDial checks what says that there is no server.
func TestDial(t *testing.T) {
	data := t.TempDir()
	gone := func(t *testing.T, data string) {
		t.Helper()
		if _, err := Dial(t.Context(), data, testVersion); !errors.Is(err, ErrNoServer) {
			t.Errorf("error %v, want %v", err, ErrNoServer)
		}
	}
	gone(t, filepath.Join(data, "nowhere"))
	gone(t, data)
	l, err := listenUnix(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(data, socketName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket's mode %v, %v; want 0600", info.Mode(), err)
	}
	// A server that was killed leaves its socket behind.
	if err := l.(*removingListener).Listener.Close(); err != nil {
		t.Fatal(err)
	}
	gone(t, data)
	again, err := listenUnix(t.Context(), data)
	if err != nil {
		t.Fatalf("over an old socket: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(data, socketName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
	file := filepath.Join(data, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gone(t, file)
}

// TestLongPath checks that the data directory may lie deeper than a socket's
// address can say.
func TestLongPath(t *testing.T) {
	data := filepath.Join(t.TempDir(), strings.Repeat("long-name/", 20))
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := listenUnix(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := Dial(t.Context(), data, testVersion)
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if _, err := os.Stat(filepath.Join(data, socketName)); err != nil {
		t.Error(err)
	}
}

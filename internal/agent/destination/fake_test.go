package destination

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"weir/flowlog"
	"weir/internal/agent/config"
)

// slot is that of the items of tests.
var slot = time.Date(2026, 6, 16, 0, 5, 0, 0, time.UTC)

// keys are credentials that no service looks at.
var keys = aws.Config{Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}

// a flow log with AWS's default format.
func flowLog(d config.Delivery) *config.FlowLog {
	return &config.FlowLog{
		ID: "fl-1", Account: "123456789012", Region: "us-east-1", Traffic: "ALL", Format: flowlog.DefaultFormat(flowlog.KindVPC), Delivery: d,
	}
}

// open opens a destination.
func open(t *testing.T, l *config.FlowLog) Destination {
	t.Helper()
	d, err := openAs(l, &keys)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// batch returns records of lines in the default format.
func batch(t testing.TB, lines ...string) *flowlog.Batch {
	t.Helper()
	out := flowlog.NewBatch(flowlog.KindVPC)
	d, err := flowlog.NewDecoder(strings.NewReader(strings.Join(lines, "\n")+"\n"), flowlog.Options{})
	for err == nil {
		var b *flowlog.Batch
		if b, err = d.Next(); err == nil {
			for r := range b.Records() {
				out.AppendFrom(r)
			}
		}
	}
	if !errors.Is(err, io.EOF) || out.Len() != len(lines) {
		t.Fatalf("%d records of %d lines: %v", out.Len(), len(lines), err)
	}
	return out
}

// Records of AWS's user guide, "Flow log record examples".
const (
	accepted = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
	rejected = "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
	noData   = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
	skipData = "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA"
)

// item encodes records.
func item(t testing.TB, l *config.FlowLog, b *flowlog.Batch) *Item {
	t.Helper()
	data, err := Encode(l, b)
	if err != nil {
		t.Fatal(err)
	}
	return &Item{FlowLog: l, Slot: slot, Data: data}
}

// deliver delivers, and returns the outcome and the words of the failure.
func deliver(ctx context.Context, t *testing.T, d Destination, it *Item) (Outcome, string) {
	t.Helper()
	out, err := d.Deliver(ctx, it)
	if err == nil {
		return out, ""
	}
	if _, ok := errors.AsType[*Failure](err); !ok {
		t.Errorf("%T: %v", err, err)
	}
	return out, err.Error()
}

// server serves until the test ends.
func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// cut ends the connection without an answer.
func cut() { panic(http.ErrAbortHandler) }

// objects is a service like S3, in path style, that can be told to fail.
type objects struct {
	mu     sync.Mutex
	t      *testing.T
	bytes  map[string][]byte // by path
	meta   map[string]string
	header map[string]http.Header // of the last write
	puts   int
	// fail answers a request in place of the service, before it is done, and after is called once it is done; each may answer or cut.
	fail, after func(w http.ResponseWriter, r *http.Request) bool
	// ignores says that it does not know If-None-Match, and forgets that it keeps no metadata.
	ignores, forgets bool
}

func newObjects(t *testing.T) (*objects, string) {
	o := &objects{t: t, bytes: map[string][]byte{}, meta: map[string]string{}, header: map[string]http.Header{}}
	return o, server(t, o.serve)
}

// tell changes how it answers.
func (o *objects) tell(fail, after func(w http.ResponseWriter, r *http.Request) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail, o.after = fail, after
}

// replace puts an object of others in place of all that there are.
func (o *objects) replace(key, data string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.bytes)
	o.bytes[key], o.meta[key] = []byte(data), "" // who wrote it says no hash
}

// all returns the objects, and how often one was written.
func (o *objects) all() (map[string][]byte, int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.bytes), o.puts
}

func (o *objects) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil && o.fail(w, r) {
		return
	}
	have, there := o.bytes[r.URL.Path]
	switch r.Method {
	case http.MethodPut:
		sum := sha256.Sum256(body)
		if want := base64.StdEncoding.EncodeToString(sum[:]); r.Header.Get("X-Amz-Checksum-Sha256") != want {
			o.t.Errorf("%s has checksum %s, want %s", r.URL.Path, r.Header.Get("X-Amz-Checksum-Sha256"), want)
		}
		if there && r.Header.Get("If-None-Match") == "*" && !o.ignores {
			refuse(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
			return
		}
		o.puts++
		o.bytes[r.URL.Path], o.header[r.URL.Path] = body, r.Header
		if !o.forgets {
			o.meta[r.URL.Path] = r.Header.Get("X-Amz-Meta-" + sumName)
		}
		if o.after != nil && o.after(w, r) {
			return
		}
	default:
		o.get(w, r, have, there)
	}
}

// get answers with an object.
func (o *objects) get(w http.ResponseWriter, r *http.Request, have []byte, there bool) {
	if !there {
		refuse(w, 404, "NoSuchKey", "The specified key does not exist.")
		return
	}
	if m := o.meta[r.URL.Path]; m != "" {
		w.Header().Set("X-Amz-Meta-"+sumName, m)
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(have)))
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>"+message+"</Message></Error>")
}

// client is an HTTP client.
type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

// answer is what a service answers.
func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

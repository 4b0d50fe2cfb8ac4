package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awslogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"weir/internal/source/sourcetest"
)

const testGroup = "/aws/vpc/flowlogs"

// logGroup is a log group of moto with one stream.
type logGroup struct {
	t      *testing.T
	client *awslogs.Client
	sent   int
}

func makeLogGroup(t *testing.T, endpoint string) *logGroup {
	t.Helper()
	g := &logGroup{t: t, client: awslogs.New(awslogs.Options{
		BaseEndpoint: aws.String(endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})}
	if _, err := g.client.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String(testGroup)}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.client.CreateLogStream(t.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String(testGroup), LogStreamName: aws.String("eni-0a-all")}); err != nil {
		t.Fatal(err)
	}
	return g
}

// put puts n records that began so long ago, as AWS does: the event's time is the
// record's start.
func (g *logGroup) put(n int, ago time.Duration) {
	g.t.Helper()
	at := time.Now().Add(-ago).Truncate(time.Second)
	var events []types.InputLogEvent
	for range n {
		g.sent++
		events = append(events, types.InputLogEvent{
			Timestamp: aws.Int64(at.UnixMilli()),
			Message: aws.String(fmt.Sprintf("2 111122223333 eni-0a 10.0.1.5 10.0.2.7 49152 443 6 %d 8400 %d %d ACCEPT OK",
				g.sent, at.Unix(), at.Unix()+59)),
		})
	}
	if _, err := g.client.PutLogEvents(g.t.Context(), &awslogs.PutLogEventsInput{
		LogGroupName: aws.String(testGroup), LogStreamName: aws.String("eni-0a-all"), LogEvents: events,
	}); err != nil {
		g.t.Fatal(err)
	}
}

// wantRecords fails where the lake has not each of n records once.
func wantRecords(t *testing.T, data string, n int) {
	t.Helper()
	got := queryRows(t, data, "SELECT count(*), count(DISTINCT packets) FROM vpc_flow_logs")
	if want := fmt.Sprint(n); got[0][0] != want || got[0][1] != want {
		t.Errorf("%s records, %s different ones; want %d", got[0][0], got[0][1], n)
	}
	if a := call(t.Context(), "--data", data, "lake", "check"); a.Code != exitOK {
		t.Errorf("lake check: %+v", a)
	}
}

// TestLogGroup takes a log group of moto, some events of which come late, and takes
// it back.
func TestLogGroup(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_REGION", "")
	g := makeLogGroup(t, endpoint)
	g.put(3, 30*time.Hour)
	g.put(4, 3*time.Hour)
	data := filepath.Join(t.TempDir(), "data")
	open := func(args ...string) answer {
		return call(t.Context(), append([]string{"--data", data, "open", "--region", "us-east-1", "cwl:" + testGroup}, args...)...)
	}
	if a := open(); a.Code != exitOK || !strings.Contains(a.Out, "1 object") {
		t.Errorf("the last 24 hours: %+v", a)
	}
	wantRecords(t, data, 4)
	g.put(2, 2*time.Hour)
	g.put(1, 5*time.Hour)
	if a := open("--since", "4h"); a.Code != exitOK {
		t.Errorf("since 4 h: %+v", a)
	}
	wantRecords(t, data, 6)
	if a := open("--all"); a.Code != exitOK {
		t.Errorf("all: %+v", a)
	}
	wantRecords(t, data, 10)
	rows := queryRows(t, data, "SELECT DISTINCT weir_region FROM vpc_flow_logs")
	if len(rows) != 1 || rows[0][0] != "us-east-1" {
		t.Errorf("regions %v", rows)
	}
	a := call(t.Context(), "--data", data, "lake", "status", "--json", "cwl:"+testGroup)
	var st struct{ Records int64 }
	if err := json.Unmarshal([]byte(a.Out), &st); err != nil || st.Records != 10 {
		t.Errorf("lake status: %v, %+v", err, a)
	}
	mustCall(t, "--data", data, "lake", "forget", "cwl:"+testGroup)
	wantRecords(t, data, 0)
	if a := open("--all"); a.Code != exitOK {
		t.Errorf("all, after forget: %+v", a)
	}
	wantRecords(t, data, 10)
	// Without what tells events apart nothing is taken.
	if err := os.Rename(filepath.Join(data, "tail"), filepath.Join(data, "away")); err != nil {
		t.Fatal(err)
	}
	if a := open(); a.Code != exitFailed || !strings.Contains(a.Err, "new events can't be told from those that were taken") || !strings.Contains(a.Err, "weir lake forget cwl:") {
		t.Errorf("without the tail: %+v", a)
	}
	wantRecords(t, data, 10)
	for name, tt := range map[string]struct {
		args []string
		code int
		text string
	}{
		"dry run":     {[]string{"--dry-run"}, exitUsage, "can't be told without reading it"},
		"two regions": {[]string{"--region", "eu-west-1"}, exitUsage, "is in one region, and 2 are given"},
		"no group":    {[]string{"cwl:/none"}, exitFailed, "no such log group"},
	} {
		if a := call(t.Context(), append([]string{"--data", filepath.Join(t.TempDir(), "data"), "open", "--region", "us-east-1", "cwl:" + testGroup}, tt.args...)...); a.Code != tt.code ||
			!strings.Contains(a.Err, tt.text) {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestExpireLogGroup removes old records of a log group: what told which events were
// taken goes with them, and none of them comes back, until the group is forgotten.
func TestExpireLogGroup(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	g := makeLogGroup(t, endpoint)
	data := filepath.Join(t.TempDir(), "data")
	open := func() answer { return call(t.Context(), "--data", data, "open", "--all", "cwl:"+testGroup) }
	kept := func() (objects int) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(data, "tail", "cwl", "*", "*.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{}, {"cwl:" + testGroup}} {
			a := call(t.Context(), append([]string{"--data", data, "lake", "status"}, args...)...)
			if text := fmt.Sprintf("log groups      %d object", len(files)); a.Code != exitOK || strings.Contains(a.Out, text) != (len(files) > 0) {
				t.Errorf("lake status %v, without %q: %+v", args, text, a)
			}
		}
		return len(files)
	}
	for i, ago := range []time.Duration{60 * time.Hour, 50 * time.Hour, 3 * time.Hour} {
		g.put(i+2, ago)
		if a := open(); a.Code != exitOK {
			t.Fatalf("%+v", a)
		}
	}
	wantRecords(t, data, 9)
	if a := call(t.Context(), "--data", data, "lake", "expire", "--older-than", "48h", "--dry-run"); a.Code != exitOK || kept() != 3 {
		t.Errorf("dry run: %+v", a)
	}
	if a := call(t.Context(), "--data", data, "lake", "expire", "--older-than", "48h"); a.Code != exitOK || !strings.Contains(a.Out, "5 records in 2 hours removed") ||
		!strings.Contains(a.Out, "2 objects of log groups, ") || kept() != 1 {
		t.Errorf("expire: %+v", a)
	}
	g.put(1, 55*time.Hour) // late
	g.put(1, 2*time.Hour)
	for range 2 {
		if a := open(); a.Code != exitOK || !strings.Contains(a.Err, "is read any more") {
			t.Errorf("all: %+v", a)
		}
		rows := queryRows(t, data, "SELECT count(*) FROM vpc_flow_logs")
		if rows[0][0] != "5" || kept() != 2 {
			t.Errorf("%v records, want 5", rows)
		}
	}
	mustCall(t, "--data", data, "lake", "forget", "cwl:"+testGroup)
	if a := open(); a.Code != exitOK || strings.Contains(a.Err, "is read any more") {
		t.Errorf("all, after forget: %+v", a)
	}
	wantRecords(t, data, g.sent)
}

// TestFollowLogGroup follows a log group of moto, dies, and goes on.
func TestFollowLogGroup(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	g := makeLogGroup(t, endpoint)
	g.put(3, 30*time.Minute)
	data := filepath.Join(t.TempDir(), "data")
	follow := func() (*process, func(want int64)) {
		p := start(t, "--data", data, "open", "--follow", "--json", "--every", "100ms", "--since", "1h", "cwl:"+testGroup)
		var first struct{ Intake struct{ Taken int64 } }
		nextJSON(t, p.out, &first)
		return p, func(want int64) {
			t.Helper()
			for n := int64(0); n < want; {
				var r struct{ Records int64 }
				nextJSON(t, p.out, &r)
				n += r.Records
			}
		}
	}
	p, next := follow()
	g.put(2, 10*time.Minute)
	next(2)
	g.put(4, 20*time.Minute) // late
	g.put(1, 0)
	next(5)
	g.put(2, 5*time.Minute)
	if err := p.end(t, syscall.SIGKILL); err == nil {
		t.Error("was not killed")
	}
	g.put(1, 15*time.Minute)
	p, next = follow()
	g.put(1, 40*time.Minute)
	next(1)
	if err := p.end(t, syscall.SIGINT); err != nil {
		t.Errorf("ended with %v\n%s", err, p.err)
	}
	wantRecords(t, data, g.sent)
}

// TestKilledLogGroup kills weir just after it got a page of events, again and again,
// while more events come: it may be reading, writing its tail, or committing.
func TestKilledLogGroup(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	endpoint := sourcetest.StartMoto(t)
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	var mu sync.Mutex
	left, kill := 0, func() {}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			// The answer is on its way; what it is met by differs from time to time.
			_ = http.NewResponseController(w).Flush()
			kill()
		}
	}))
	defer front.Close()
	t.Setenv("AWS_ENDPOINT_URL", front.URL)
	g := makeLogGroup(t, endpoint)
	data := filepath.Join(t.TempDir(), "data")
	for i := range 6 {
		for j := range 5 {
			g.put(50, time.Duration(1+(i*7+j*11)%50)*time.Minute)
		}
		mu.Lock()
		p := exec.Command("weir", "--data", data, "open", "--follow", "--every", "100ms", "cwl:"+testGroup)
		p.Env = append(os.Environ(), "TZ=UTC")
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		left, kill = 1+i%3, func() { _ = p.Process.Kill() }
		mu.Unlock()
		_ = p.Wait()
	}
	mustCall(t, "--data", data, "open", "cwl:"+testGroup)
	wantRecords(t, data, g.sent)
	files, err := filepath.Glob(filepath.Join(data, "tail", "cwl", "*", "part-*"))
	if err != nil || len(files) != 0 {
		t.Errorf("left over: %v, %v", files, err)
	}
}

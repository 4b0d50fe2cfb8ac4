package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/source"
)

// bucket is a source in memory whose objects can be made to fail.
type bucket struct {
	objects map[string][]byte
	opening map[string]*source.Fault // by key: Open fails
	closing map[string]*source.Fault // by key: Close fails
	opened  atomic.Int64
	onOpen  func(key string)
}

func newBucket() *bucket {
	return &bucket{objects: map[string][]byte{}, opening: map[string]*source.Fault{}, closing: map[string]*source.Fault{}}
}

func (b *bucket) Name() string { return "s3://logs" }

func (b *bucket) List(_ context.Context, _ source.Selection, fn func(source.Object) error) (source.Listing, error) {
	var l source.Listing
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		content := b.objects[key]
		info, _ := source.ParseKey(key)
		l.Objects++
		l.Bytes += int64(len(content))
		if err := fn(source.Object{
			Source: b.Name(), Key: key, URL: b.Name() + "/" + key, Size: int64(len(content)),
			ETag: fmt.Sprintf("%x", len(content)) + string(content[:min(8, len(content))]), Info: info,
		}); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (b *bucket) Open(_ context.Context, o source.Object) (source.Content, error) {
	b.opened.Add(1)
	if b.onOpen != nil {
		b.onOpen(o.Key)
	}
	if f := b.opening[o.Key]; f != nil {
		return nil, f
	}
	return &content{bytes.NewReader(b.objects[o.Key]), b.closing[o.Key]}, nil
}

type content struct {
	*bytes.Reader
	fault *source.Fault
}

func (c *content) Close() error {
	if c.fault != nil {
		return c.fault
	}
	return nil
}

// key is the key of an object of slot i.
func key(i int) string {
	return fmt.Sprintf("AWSLogs/123456789010/vpcflowlogs/us-east-1/2026/03/02/123456789010_vpcflowlogs_us-east-1_fl-1234abcd_20260302T%02d%02dZ_%08x.log.gz",
		i/12, i%12*5, i)
}

const header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"

// line is record n of an object.
func line(n int) string {
	return fmt.Sprintf("2 123456789010 eni-1235b8ca123456789 10.0.%d.%d 10.1.0.1 %d 443 6 %d %d 1772409600 1772409660 ACCEPT OK\n",
		n/250, n%250, 1024+n, n+1, 40*(n+1))
}

// log is a default-format object with records from to to.
func log(from, to int) string {
	var s strings.Builder
	s.WriteString(header)
	for n := from; n < to; n++ {
		s.WriteString(line(n))
	}
	return s.String()
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openLake(t *testing.T) *lake.Lake {
	t.Helper()
	l, err := lake.Open(t.Context(), t.TempDir(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// take lists and takes, and returns the report without its lists of URLs.
func take(t *testing.T, l *lake.Lake, r intake.Request) (intake.Report, error) {
	t.Helper()
	list, err := intake.List(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return intake.Take(t.Context(), l, r, list, nil)
}

// records returns how many records the lake holds, after a check that it holds
// them as they were taken.
func records(t *testing.T, l *lake.Lake) int64 {
	t.Helper()
	checked, err := l.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(checked.Differences) > 0 {
		t.Errorf("lake check: %v", checked.Differences)
	}
	return checked.Records
}

// TestOutcomes takes one object of each fate: whatever is wrong with one, the
// others are taken, and it is named with its place.
func TestOutcomes(t *testing.T) {
	b := newBucket()
	b.objects[key(0)] = zip(t, log(0, 10))
	b.objects[key(1)] = b.objects[key(0)] // the same bytes
	b.objects[key(2)] = zip(t, header)
	b.objects[key(3)] = []byte{}
	whole := zip(t, log(100, 3000))
	b.objects[key(4)] = whole[:len(whole)/2]
	b.objects[key(5)] = zip(t, header+line(1)+"2 123456789010 eni-1235b8ca123456789 10.0.0.300 10.1.0.1 1 2 6 1 40 1772409600 1772409660 ACCEPT OK\n"+line(2))
	b.objects[key(6)] = zip(t, "6 80 10.0.0.1 10.0.0.2 ACCEPT\n6 80 10.0.0.1 10.0.0.3 ACCEPT\n")
	b.objects[key(7)] = zip(t, log(20, 30))
	b.opening[key(7)] = &source.Fault{Op: "read", URL: "s3://logs/" + key(7), Code: source.KMSDenied, Hint: "allow kms:Decrypt"}
	b.objects[key(8)] = zip(t, log(40, 50))
	b.closing[key(8)] = &source.Fault{Op: "read", URL: "s3://logs/" + key(8), Code: source.Changed}
	b.objects[key(9)] = zip(t, "{\"eventVersion\": \"1.08\"}\n")
	b.objects["notes/readme.txt"] = []byte("not a log\n")

	l := openLake(t)
	got, err := take(t, l, intake.Request{Sources: []source.Source{b}})
	if err != nil {
		t.Fatal(err)
	}
	problems := map[string]intake.Problem{}
	for _, p := range got.Problems {
		problems[path.Base(p.URL)] = p
	}
	if got.Objects != 11 || got.Taken != 3 || got.NotWhole != 1 || got.Duplicate != 1 || got.Empty != 2 ||
		got.Failed != 3 || got.Foreign != 2 || got.Known != 0 || got.BadLines != 2 {
		t.Errorf("report: %s; not whole %d, bad lines %d", &got, got.NotWhole, got.BadLines)
		for _, p := range got.Problems {
			t.Logf("%s: %s", p.State, p.Problem)
		}
	}
	for _, want := range []struct {
		key     string
		state   lake.ObjectState
		problem string
		hint    string
	}{
		{key(4), lake.Taken, "what stands before was taken (", "--replace"},
		{key(6), lake.Failed, "format", "--log-format"},
		{key(7), lake.Failed, "KMS key denied", "kms:Decrypt"},
		{key(8), lake.Failed, "object has changed", ""},
	} {
		p := problems[path.Base(want.key)]
		if p.State != want.state || !strings.Contains(p.Problem, want.problem) || !strings.Contains(p.Hint, want.hint) {
			t.Errorf("%s: %+v, want %s, %q, %q", path.Base(want.key), p, want.state, want.problem, want.hint)
		}
	}
	if len(got.Bad) != 2 || !strings.HasSuffix(got.Bad[0].URL, key(4)) || !strings.Contains(got.Bad[0].Reason, "breaks off") ||
		got.Bad[1].Line != 3 || got.Bad[1].Column != 38 || got.Bad[1].Field != "srcaddr" || !strings.HasSuffix(got.Bad[1].URL, key(5)) {
		t.Errorf("bad lines: %+v", got.Bad)
	}
	if n := records(t, l); n != got.Records || n <= 12 {
		t.Errorf("the lake has %d records, the report says %d", n, got.Records)
	}

	// One that wants new objects only fetches nothing.
	b.opened.Store(0)
	got, err = take(t, l, intake.Request{Sources: []source.Source{b}, OnlyNew: true, Format: &flowlog.Format{}})
	if err != nil {
		t.Fatal(err)
	}
	if n := b.opened.Load(); n != 0 || got.Known != 11 || got.Taken+got.Failed != 0 {
		t.Errorf("only new ones: %s; fetched %d", &got, n)
	}

	// A second run fetches what failed, and nothing else; when that is well,
	// the work is done.
	delete(b.opening, key(7))
	delete(b.closing, key(8))
	b.opened.Store(0)
	got, err = take(t, l, intake.Request{Sources: []source.Source{b}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Taken != 2 || got.Records != 20 || got.Failed != 1 || got.Known != 8 {
		t.Errorf("second run: %s; %d records", &got, got.Records)
	}
	if n := b.opened.Load(); n != 3 {
		t.Errorf("the second run fetched %d objects, want the 3 that failed", n)
	}

	// With the format, what had none is taken too.
	f, err := flowlog.ParseLogFormat("${version} ${dstport} ${srcaddr} ${dstaddr} ${action}")
	if err != nil {
		t.Fatal(err)
	}
	got, err = take(t, l, intake.Request{Sources: []source.Source{b}, Formats: map[string]flowlog.Format{"fl-1234abcd": f}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Taken != 1 || got.Records != 2 || got.Failed != 0 {
		t.Errorf("with the format: %s; %d records", &got, got.Records)
	}
	records(t, l)
}

// TestEndedRun ends runs in the middle, by a fault that would meet every object
// and by the caller: what was taken stays, and the next run takes the rest.
func TestEndedRun(t *testing.T) {
	const n = 40
	fill := func() *bucket {
		b := newBucket()
		for i := range n {
			b.objects[key(i)] = zip(t, log(10*i, 10*i+10))
		}
		return b
	}
	t.Run("expired", func(t *testing.T) {
		b, l := fill(), openLake(t)
		b.opening[key(25)] = &source.Fault{Op: "read", URL: "s3://logs/" + key(25), Code: source.ExpiredCredentials, Hint: "log in again"}
		got, err := take(t, l, intake.Request{Sources: []source.Source{b}, Workers: 2})
		var fault *source.Fault
		if !errors.As(err, &fault) || fault.Code != source.ExpiredCredentials {
			t.Fatalf("error %v", err)
		}
		if got.Taken < 20 || got.Taken > 26 || got.Failed != 0 {
			t.Errorf("report: %s", &got)
		}
		if r := records(t, l); r != got.Records {
			t.Errorf("%d records in the lake, %d reported", r, got.Records)
		}
		delete(b.opening, key(25))
		again, err := take(t, l, intake.Request{Sources: []source.Source{b}})
		if err != nil || again.Taken+got.Taken != n || again.Known != got.Taken {
			t.Errorf("next run: %s, %v", &again, err)
		}
		if r := records(t, l); r != 10*n {
			t.Errorf("%d records in the end", r)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		b, l := fill(), openLake(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.onOpen = func(k string) {
			switch {
			case k == key(15):
				cancel()
			case k > key(15): // in other hands: none runs ahead
				<-ctx.Done()
			}
		}
		r := intake.Request{Sources: []source.Source{b}, Workers: 3}
		list, err := intake.List(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := intake.Take(ctx, l, r, list, nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if got.Taken < 12 || got.Taken > 18 {
			t.Errorf("report: %s", &got)
		}
		if r := records(t, l); r != got.Records {
			t.Errorf("%d records in the lake, %d reported", r, got.Records)
		}
		b.onOpen = nil
		if _, err := take(t, l, r); err != nil {
			t.Fatal(err)
		}
		if r := records(t, l); r != 10*n {
			t.Errorf("%d records in the end", r)
		}
	})
}

// TestReplace keeps what was taken where other bytes lie in its place, until it
// is told to take them.
func TestReplace(t *testing.T) {
	b, l := newBucket(), openLake(t)
	b.objects[key(0)] = zip(t, log(0, 10))
	b.objects[key(1)] = zip(t, log(10, 20))
	r := intake.Request{Sources: []source.Source{b}}
	if _, err := take(t, l, r); err != nil {
		t.Fatal(err)
	}
	b.objects[key(1)] = zip(t, log(50, 55))
	for range 2 {
		got, err := take(t, l, r)
		if err != nil || got.Changed != 1 || got.Known != 1 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Hint, "--replace") {
			t.Errorf("report: %s, problems %v, error %v", &got, got.Problems, err)
		}
		if n := records(t, l); n != 20 {
			t.Errorf("%d records", n)
		}
	}
	r.Replace = true
	got, err := take(t, l, r)
	if err != nil || got.Taken != 1 || got.Records != 5 {
		t.Errorf("with Replace: %s, error %v", &got, err)
	}
	if n := records(t, l); n != 15 {
		t.Errorf("%d records", n)
	}
}

// TestNoTime refuses an object whose records could be of any time.
func TestNoTime(t *testing.T) {
	b, l := newBucket(), openLake(t)
	b.objects["saved/copy.log"] = []byte("srcaddr dstaddr action\n10.0.0.1 10.0.0.2 ACCEPT\n")
	got, err := take(t, l, intake.Request{Sources: []source.Source{b}})
	if err != nil || got.Failed != 1 || !strings.Contains(got.Problems[0].Hint, "object's name") {
		t.Fatalf("report: %s, problems %v, error %v", &got, got.Problems, err)
	}
	if n := records(t, l); n != 0 {
		t.Errorf("%d records", n)
	}
	b.objects[strings.TrimSuffix(key(0), ".gz")] = b.objects["saved/copy.log"]
	delete(b.objects, "saved/copy.log")
	if got, err = take(t, l, intake.Request{Sources: []source.Source{b}}); err != nil || got.Records != 1 {
		t.Errorf("under AWS's name: %s, error %v", &got, err)
	}
}

// TestProgress compares the account at the end with the report, and looks at it
// in the middle.
func TestProgress(t *testing.T) {
	b, l := newBucket(), openLake(t)
	for i := range 5 {
		b.objects[key(i)] = zip(t, log(10*i, 10*i+10)+"half a li")
	}
	r := intake.Request{Sources: []source.Source{b}, Workers: 1}
	list, err := intake.List(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var account func() intake.Progress
	var seen []int64
	b.onOpen = func(string) { seen = append(seen, account().Objects) }
	got, err := intake.Take(t.Context(), l, r, list, func(f func() intake.Progress) { account = f })
	if err != nil {
		t.Fatal(err)
	}
	want := intake.Progress{Objects: 5, ObjectsTotal: 5, Bytes: list.Bytes, BytesTotal: list.Bytes, Records: 50, BadLines: 5}
	if d := cmp.Diff(want, account()); d != "" {
		t.Errorf("account (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int64{0, 1, 2, 3, 4}, seen); d != "" {
		t.Errorf("objects done at each opening (-want +got):\n%s", d)
	}
	if got.Records != 50 || got.BadLines != 5 || got.Bytes != list.Bytes {
		t.Errorf("report: %+v", got)
	}
}

// TestInHand takes the same objects in two runs at a time: the second waits for
// what the first has in hand, and says what became of it.
func TestInHand(t *testing.T) {
	l := openLake(t)
	first, second := newBucket(), newBucket()
	for i := range 3 {
		first.objects[key(i)] = zip(t, log(10*i, 10*i+10))
		second.objects[key(i)] = first.objects[key(i)]
	}
	reached, goOn := make(chan bool), make(chan bool)
	first.onOpen = func(k string) {
		if k == key(2) {
			close(reached)
			<-goOn
		}
	}
	second.onOpen = func(k string) {
		if k == key(2) {
			defer close(goOn) // all else was looked at
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan intake.Report)
	go func() {
		r := intake.Request{Sources: []source.Source{first}, Workers: 1}
		list, err := intake.List(ctx, r)
		if err != nil {
			t.Error(err)
		}
		report, err := intake.Take(ctx, l, r, list, nil)
		if err != nil {
			t.Error(err)
		}
		ended <- report
	}()
	<-reached
	got, err := take(t, l, intake.Request{Sources: []source.Source{second}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	other := <-ended
	if got.Objects != 3 || got.Known+got.Taken != 3 || got.Known < 2 || other.Objects != 3 || other.Taken+got.Taken != 3 {
		t.Errorf("the second run: %s; the first: %s", got.String(), other.String())
	}
	if n := records(t, l); n != 30 || got.Committed != got.Taken || other.Committed != other.Taken {
		t.Errorf("%d records, want 30; %+v, %+v", n, got, other)
	}
}

// TestOrphan forgets, in the middle of a run, the object whose bytes a copy has:
// the same run takes the copy.
func TestOrphan(t *testing.T) {
	l := openLake(t)
	b := newBucket()
	b.objects[key(2)] = zip(t, log(0, 10))
	if _, err := take(t, l, intake.Request{Sources: []source.Source{b}}); err != nil {
		t.Fatal(err)
	}
	original := b.Name() + "/" + key(2)
	b.objects = map[string][]byte{key(0): b.objects[key(2)], key(1): zip(t, log(10, 20))}
	b.onOpen = func(k string) {
		if k != key(1) {
			return
		}
		if _, err := l.Forget(t.Context(), original); err != nil {
			t.Error(err)
		}
	}
	got, err := take(t, l, intake.Request{Sources: []source.Source{b}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.URLs)
	want := intake.Report{
		Objects: 2, Taken: 2, Committed: 2, Records: 20, Bytes: int64(len(b.objects[key(0)]) + len(b.objects[key(1)])),
		URLs: []string{b.Name() + "/" + key(0), b.Name() + "/" + key(1)}, Last: b.Name() + "/" + key(0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := records(t, l); n != 20 {
		t.Errorf("%d records, want 20", n)
	}
}

package destination

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
)

// atEndpoint returns a flow log whose bucket is at a service.
func atEndpoint(url string) *config.FlowLog {
	return flowLog(config.Delivery{Type: config.S3, Bucket: "bucket", Prefix: "some/prefix/", Endpoint: url})
}

// asAWS has a destination take a service for AWS's: it is not asked first what is there.
func asAWS(d Destination) Destination {
	d.(*bucket).elsewhere = false
	return d
}

// TestBucket writes an object, once, with all that a flow log's destination says.
func TestBucket(t *testing.T) {
	for _, aws := range []bool{false, true} {
		o, url := newObjects(t)
		l := atEndpoint(url)
		l.Delivery.KMSKey, l.Delivery.Account = "arn:aws:kms:us-east-1:123456789012:key/k", "210987654321"
		d := open(t, l)
		if aws {
			asAWS(d)
		}
		it := item(t, l, batch(t, accepted, rejected, noData))
		for range 2 {
			if out, err := deliver(t.Context(), t, d, it); err != "" || out != (Outcome{Objects: 1, Records: 3}) {
				t.Errorf("%+v: %s", out, err)
			}
		}
		there, puts := o.all()
		keys := slices.Collect(maps.Keys(there))
		if len(keys) != 1 || puts != 1 || string(there[keys[0]]) != string(it.Data) {
			t.Fatalf("%d writes of %q", puts, keys)
		}
		o.mu.Lock()
		header := o.header[keys[0]]
		o.mu.Unlock()
		if folder, name := path.Split(keys[0]); folder != "/bucket/some/prefix/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/06/16/" || !strings.HasPrefix(name, "123456789012_vpcflowlogs_us-east-1_fl-1_20260616T0005Z_") {
			t.Error(keys[0])
		}
		acl := ""
		if aws { // spec c.5
			acl = "bucket-owner-full-control"
		}
		for name, want := range map[string]string{
			"If-None-Match": "*", "X-Amz-Acl": acl, "X-Amz-Expected-Bucket-Owner": "210987654321", "X-Amz-Server-Side-Encryption": "aws:kms",
			"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "arn:aws:kms:us-east-1:123456789012:key/k",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

// TestBucketTaken has an object of others under the name, and one that was taken though no answer came; with services that know less than S3.
func TestBucketTaken(t *testing.T) {
	for _, tc := range []struct {
		name             string
		aws              bool
		ignores, forgets bool
		refuses          bool // answers 501 to If-None-Match
	}{
		{name: "AWS", aws: true},
		{name: "AWS, no metadata", aws: true, forgets: true},
		{name: "like it"},
		{name: "ignores If-None-Match", ignores: true},
		{name: "refuses it", ignores: true, refuses: true},
		{name: "ignores all", ignores: true, forgets: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, url := newObjects(t)
			o.ignores, o.forgets = tc.ignores, tc.forgets
			if tc.refuses {
				o.fail = func(w http.ResponseWriter, r *http.Request) bool {
					if r.Header.Get("If-None-Match") == "" {
						return false
					}
					refuse(w, 501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
					return true
				}
			}
			d := open(t, atEndpoint(url))
			if tc.aws {
				asAWS(d)
			}
			l := atEndpoint(url)
			it := item(t, l, batch(t, accepted))
			o.tell(o.fail, func(http.ResponseWriter, *http.Request) bool { cut(); return true })
			if out, err := deliver(t.Context(), t, d, it); out != (Outcome{}) || !strings.HasPrefix(err, "Unknown error: write s3://bucket/some/prefix/AWSLogs/") {
				t.Fatalf("%+v: %s", out, err)
			}
			o.tell(o.fail, nil)
			out, failed := deliver(t.Context(), t, d, it)
			there, puts := o.all()
			if failed != "" || out.Records != 1 || puts != 1 || len(there) != 1 {
				t.Fatalf("%+v: %s; %d writes of %d objects", out, failed, puts, len(there))
			}
			key := slices.Collect(maps.Keys(there))[0]
			// Others: as long, and longer.
			for i, other := range []string{strings.Repeat("x", len(it.Data)), strings.Repeat("x", 1+len(it.Data))} {
				o.replace(key, other)
				if out, err := deliver(t.Context(), t, d, it); err != "" || out.Records != 1 {
					t.Errorf("%+v: %s", out, err)
				}
				if there, _ := o.all(); len(there) != 2 || string(there[key]) != other {
					t.Errorf("%d: %d objects, and the other's is %q", i, len(there), there[key])
				}
			}
		})
	}
}

// TestBucketFails has services that fail for a while: nothing is there then, and each object once later.
func TestBucketFails(t *testing.T) {
	answer := func(status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, status, code, message)
			return true
		}
	}
	for _, tc := range []struct {
		fail func(http.ResponseWriter, *http.Request) bool
		want string
	}{
		{answer(500, "InternalError", "We encountered an internal error. Please try again."), "Unknown error: write KEY: InternalError: We encountered an internal error. Please try again. (request 4442587FB7D0A2F9)"},
		{answer(503, "SlowDown", "Please reduce your request rate."), "Rate limited: write KEY: SlowDown: Please reduce your request rate. (request 4442587FB7D0A2F9)"},
		{answer(403, "AccessDenied", "Access Denied"), "Access error: write KEY: AccessDenied: Access Denied (request 4442587FB7D0A2F9)"},
		{answer(404, "NoSuchBucket", "The specified bucket does not exist"), "Access error: write KEY: NoSuchBucket: The specified bucket does not exist (request 4442587FB7D0A2F9)"},
		{answer(409, "ConditionalRequestConflict", "A conflicting operation occurred."), "Access error: look for"},
		{func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
			refuse(w, 301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
			return true
		}, "Unknown error: write KEY: PermanentRedirect: The bucket you are attempting to access must be addressed using the specified endpoint. (request 4442587FB7D0A2F9); the bucket is in eu-west-1: say region"},
		{func(http.ResponseWriter, *http.Request) bool { cut(); return true }, "Unknown error: write KEY: "},
	} {
		o, url := newObjects(t)
		d := asAWS(open(t, atEndpoint(url)))
		it := item(t, atEndpoint(url), batch(t, accepted))
		o.tell(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusForbidden) // who may write alone
				return true
			}
			return tc.fail(w, r)
		}, nil)
		out, failed := deliver(t.Context(), t, d, it)
		o.tell(nil, nil)
		none, _ := o.all()
		again, err := deliver(t.Context(), t, d, it)
		there, _ := o.all()
		if err != "" || again.Records != 1 || len(there) != 1 {
			t.Fatalf("%+v: %s; %d objects", again, err, len(there))
		}
		key := "s3:/" + slices.Collect(maps.Keys(there))[0]
		if want := strings.Replace(tc.want, "KEY", key, 1); out != (Outcome{}) || !strings.HasPrefix(failed, want) || len(none) > 0 {
			t.Errorf("%+v: %s, want %s; %d objects", out, failed, want, len(none))
		}
	}
}

// TestBucketSlow has a service that does not answer in time, and took the object.
func TestBucketSlow(t *testing.T) {
	o, url := newObjects(t)
	ctx, cancel := context.WithCancel(t.Context())
	o.tell(nil, func(_ http.ResponseWriter, r *http.Request) bool {
		cancel()
		<-r.Context().Done() // the client left
		return true
	})
	d := open(t, atEndpoint(url))
	it := item(t, atEndpoint(url), batch(t, accepted))
	if out, err := deliver(ctx, t, d, it); out != (Outcome{}) || !strings.Contains(err, context.Canceled.Error()) {
		t.Errorf("%+v: %s", out, err)
	}
	o.tell(nil, nil) // once it is done with that
	out, failed := deliver(t.Context(), t, d, it)
	if _, puts := o.all(); failed != "" || out.Objects != 1 || puts != 1 {
		t.Errorf("%+v: %s; %d writes", out, failed, puts)
	}
}

// TestBucketFull has others under all names that are tried.
func TestBucketFull(t *testing.T) {
	o, url := newObjects(t)
	o.tell(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			refuse(w, 412, "PreconditionFailed", "")
			return true
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("another"))
		return true
	}, nil)
	if out, err := deliver(t.Context(), t, asAWS(open(t, atEndpoint(url))), item(t, atEndpoint(url), batch(t, accepted))); out != (Outcome{}) || !strings.Contains(err, "objects of others have its name") {
		t.Errorf("%+v: %s", out, err)
	}
}

// TestPathStyle has a service that takes buckets as hosts.
func TestPathStyle(t *testing.T) {
	for _, tc := range []struct {
		endpoint string
		style    *bool
		want     string
	}{
		{"http://s3.example.org", nil, "s3.example.org/bucket"},
		{"http://s3.example.org", new(false), "bucket.s3.example.org"},
		{"https://bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", nil, "bucket.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com"},
		{"", nil, "bucket.s3.us-east-1.amazonaws.com"},
		{"", new(true), "s3.us-east-1.amazonaws.com/bucket"},
	} {
		l := atEndpoint(tc.endpoint)
		l.Delivery.PathStyle = tc.style
		var asked string
		c := keys.Copy()
		c.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.Host + r.URL.Path
			return nil, fmt.Errorf("no network")
		})
		d, err := openAs(l, &c)
		if err != nil {
			t.Fatal(err)
		}
		_, failed := deliver(t.Context(), t, d, item(t, l, batch(t, accepted)))
		if !strings.HasPrefix(asked, tc.want+"/") || !strings.Contains(failed, "no network") {
			t.Errorf("%s: %s", asked, failed)
		}
	}
}

package s3

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/internal/source"
	"weir/internal/source/sourcetest"
)

const testBucket = "flow-logs"

// testAccess is a login that needs nothing of the machine.
func testAccess(endpoint string) Access {
	return Access{
		EndpointURL: endpoint,
		Env:         map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"},
	}
}

// fake is an S3 server in this process that notes the requests.
type fake struct {
	url string

	mu       sync.Mutex
	requests []*http.Request
	deny     func(*http.Request) bool
}

// newFake serves objects in one bucket.
func newFake(t *testing.T, objects map[string]string) *fake {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(testBucket); err != nil {
		t.Fatal(err)
	}
	for key, content := range objects {
		_, err := backend.PutObject(testBucket, key, nil, strings.NewReader(content), int64(len(content)), nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	f := &fake{}
	inner := gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.requests = append(f.requests, r)
		deny := f.deny != nil && f.deny(r)
		f.mu.Unlock()
		if deny {
			refuse(w, 403, "AccessDenied", "User: arn:aws:iam::111122223333:user/a is not authorized to perform: s3:ListBucket", "")
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// refuse answers as AWS does.
func refuse(w http.ResponseWriter, status int, code, message, more string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code + "</Code><Message>" + message +
		"</Message>" + more + "<RequestId>4442587FB7D0A2F9</RequestId></Error>"))
}

// listings returns the prefixes that were asked for, with "/" behind where they
// were listed by folder, sorted.
func (f *fake) listings() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.requests {
		if q := r.URL.Query(); r.Method == http.MethodGet && q.Get("list-type") == "2" {
			how := "flat   "
			if q.Get("delimiter") != "" {
				how = "folders"
			}
			out = append(out, how+" "+q.Get("prefix"))
		}
	}
	slices.Sort(out)
	return out
}

// open returns the source of a prefix of the fake's bucket.
func (f *fake) open(t *testing.T, prefix string) *Source {
	t.Helper()
	s, err := New(t.Context(), Config{Access: testAccess(f.url), Bucket: testBucket, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T, objects map[string]string) source.Source {
		return newFake(t, objects).open(t, "")
	})
}

// put puts objects into a new bucket of a server.
func put(t *testing.T, access Access, objects map[string]string) {
	t.Helper()
	client := awss3.New(awss3.Options{
		BaseEndpoint: aws.String(access.EndpointURL), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(access.Env["AWS_ACCESS_KEY_ID"], access.Env["AWS_SECRET_ACCESS_KEY"], ""),
	})
	if _, err := client.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: aws.String(testBucket)}); err != nil {
		t.Fatal(err)
	}
	for key, content := range objects {
		_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{
			Bucket: aws.String(testBucket), Key: aws.String(key), Body: strings.NewReader(content),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSourceMoto(t *testing.T) {
	access := testAccess(sourcetest.StartMoto(t))
	sourcetest.Run(t, func(t *testing.T, objects map[string]string) source.Source {
		put(t, access, objects)
		s, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	t.Run("missing bucket", func(t *testing.T) {
		_, err := New(t.Context(), Config{Access: access, Bucket: "no-such-bucket-here"})
		wantCode(t, err, source.NoSuchBucket)
	})
	t.Run("markers", func(t *testing.T) { testMotoMarkers(t, access) })
	t.Run("archived", func(t *testing.T) { testMotoArchived(t, access) })
	t.Run("role", func(t *testing.T) { testMotoRole(t, access) })
}

func TestSourceVersityGW(t *testing.T) {
	access := testAccess(sourcetest.StartVersityGW(t))
	access.Env["AWS_ACCESS_KEY_ID"] = sourcetest.VersityGWKey
	access.Env["AWS_SECRET_ACCESS_KEY"] = sourcetest.VersityGWSecret
	sourcetest.Run(t, func(t *testing.T, objects map[string]string) source.Source {
		put(t, access, objects)
		s, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	t.Run("missing bucket", func(t *testing.T) {
		_, err := New(t.Context(), Config{Access: access, Bucket: "no-such-bucket-here"})
		wantCode(t, err, source.NoSuchBucket)
	})
	t.Run("wrong secret", func(t *testing.T) {
		wrong := testAccess(access.EndpointURL)
		wrong.Env["AWS_ACCESS_KEY_ID"] = sourcetest.VersityGWKey
		s, err := New(t.Context(), Config{Access: wrong, Bucket: testBucket})
		if err == nil {
			_, err = s.List(t.Context(), source.Selection{}, none)
		}
		wantCode(t, err, source.BadCredentials)
	})
}

// none takes no objects.
func none(source.Object) error { return nil }

// wantCode fails where an error is not a fault with a code and a hint, and
// returns the fault.
func wantCode(t *testing.T, err error, want source.Code) *source.Fault {
	t.Helper()
	var f *source.Fault
	if !errors.As(err, &f) {
		t.Fatalf("error %v (%T); want a fault %q", err, err, want)
	}
	if f.Code != want {
		t.Fatalf("fault %q: %v; want %q", f.Code, err, want)
	}
	if f.Hint == "" {
		t.Errorf("no hint in %v", err)
	}
	return f
}

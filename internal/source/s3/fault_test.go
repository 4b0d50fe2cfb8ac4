package s3

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"weir/internal/source"
)

// server answers every request with one function, and gives a source of a bucket
// there. The region is given, so that no request asks for it.
func server(t *testing.T, handle http.HandlerFunc) *Source {
	t.Helper()
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	access := testAccess(srv.URL)
	access.Region = "eu-west-1"
	s, err := New(t.Context(), Config{Access: access, Bucket: testBucket, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// object is one as a listing gives it.
func object(size int64) source.Object {
	return source.Object{Key: "AWSLogs/it's.log.gz", URL: "s3://flow-logs/AWSLogs/it's.log.gz", Size: size, ETag: "0123456789abcdef0123456789abcdef"}
}

// The bodies are AWS's: codes and messages from the S3 API reference ("Error
// responses", "GetObject") and, where it prints no message, as AWS sends it.
func TestFaultsOfObjects(t *testing.T) {
	const kmsKey = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	tests := []struct {
		name                string
		status              int
		code, message, more string
		want                source.Code
		hint                string
	}{
		{"gone", 404, "NoSuchKey", "The specified key does not exist.", "", source.NoSuchKey, "run again"},
		{"no bucket", 404, "NoSuchBucket", "The specified bucket does not exist", "", source.NoSuchBucket, "is the name right"},
		{
			"denied", 403, "AccessDenied", "Access Denied", "", source.Denied,
			`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::flow-logs/*"}`,
		},
		{
			"KMS key named", 403, "AccessDenied",
			"User: arn:aws:sts::111122223333:assumed-role/reader/me is not authorized to perform: kms:Decrypt on resource: " + kmsKey + " because no identity-based policy allows the kms:Decrypt action",
			"", source.KMSDenied, `{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "` + kmsKey + `"}`,
		},
		{
			"KMS key of another account", 403, "AccessDenied",
			"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
			"", source.KMSDenied, `"Resource": "arn:aws:kms:eu-west-1:ACCOUNT:key/KEY-ID"`,
		},
		{"KMS key off", 400, "KMS.DisabledException", kmsKey + " is disabled.", "", source.KMSDenied, kmsKey},
		{
			"Glacier", 403, "InvalidObjectState", "The operation is not valid for the object's storage class",
			"<StorageClass>GLACIER</StorageClass>", source.Archived,
			`aws s3api restore-object --bucket flow-logs --key 'AWSLogs/it'\''s.log.gz' --restore-request '{"Days":7,"GlacierJobParameters":{"Tier":"Standard"}}'`,
		},
		{
			"Intelligent-Tiering", 403, "InvalidObjectState", "The operation is not valid for the object's access tier",
			"<StorageClass>INTELLIGENT_TIERING</StorageClass><AccessTier>DEEP_ARCHIVE_ACCESS</AccessTier>", source.Archived,
			`--restore-request '{"GlacierJobParameters":{"Tier":"Standard"}}'`,
		},
		{"expired", 400, "ExpiredToken", "The provided token has expired.", "", source.ExpiredCredentials, "aws sso login"},
		{"unknown key id", 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", "", source.BadCredentials, "get-caller-identity"},
		{"wrong secret", 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", "", source.BadCredentials, "get-caller-identity"},
		{"clock", 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "", source.BadCredentials, "clock"},
		{
			"other region", 301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.",
			"<Endpoint>flow-logs.s3.us-west-2.amazonaws.com</Endpoint>", source.WrongRegion, "not in eu-west-1",
		},
		{
			"signed for another region", 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-west-2'",
			"<Region>us-west-2</Region>", source.WrongRegion, "not in eu-west-1",
		},
		{"changed", 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", "", source.Changed, "run again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, func(w http.ResponseWriter, r *http.Request) { refuse(w, tt.status, tt.code, tt.message, tt.more) })
			o := object(10)
			_, err := s.Open(t.Context(), o)
			f := wantCode(t, err, tt.want)
			if !strings.Contains(f.Hint, tt.hint) {
				t.Errorf("hint %q; want %q in it", f.Hint, tt.hint)
			}
			text := err.Error()
			for _, part := range []string{"cannot read " + o.URL, string(tt.want), tt.code, tt.message, "4442587FB7D0A2F9"} {
				if !strings.Contains(text, part) {
					t.Errorf("error %q; want %q in it", text, part)
				}
			}
			if strings.Contains(text, "secret") || strings.Contains(text, "Signature=") {
				t.Errorf("error %q shows credentials", text)
			}
		})
	}
}

func TestFaultsOfListings(t *testing.T) {
	tests := []struct {
		status int
		code   string
		want   source.Code
	}{
		{404, "NoSuchBucket", source.NoSuchBucket},
		{403, "AccessDenied", source.Denied},
		{400, "ExpiredToken", source.ExpiredCredentials},
		{301, "PermanentRedirect", source.WrongRegion},
		{403, "InvalidAccessKeyId", source.BadCredentials},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			s := server(t, func(w http.ResponseWriter, r *http.Request) { refuse(w, tt.status, tt.code, "message", "") })
			_, err := s.List(t.Context(), source.Selection{}, none)
			wantCode(t, err, tt.want)
			if !strings.Contains(err.Error(), "cannot list s3://flow-logs/") {
				t.Errorf("error %q does not name the place", err)
			}
		})
	}
}

func TestListThatBreaksOff(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `<ListBucketResult><Name>flow-logs</Name><IsTruncated>true</IsTruncated></ListBucketResult>`)
	})
	if l, err := s.List(t.Context(), source.Selection{}, none); err == nil {
		t.Errorf("no error for a listing without its end: %+v", l)
	}
}

// slowDown refuses the first n requests as S3 does when there are too many.
func slowDown(n int32, then http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var count atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= n {
			refuse(w, 503, "SlowDown", "Please reduce your request rate.", "")
			return
		}
		then(w, r)
	}, &count
}

func TestThrottledAndThenNot(t *testing.T) {
	handle, count := slowDown(2, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "0123456789")
	})
	c, err := server(t, handle).Open(t.Context(), object(10))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(c); string(data) != "0123456789" || err != nil || count.Load() != 3 {
		t.Errorf("read %q, %v, after %d requests; want the object after 3", data, err, count.Load())
	}
}

func TestThrottledForGood(t *testing.T) {
	handle, count := slowDown(1000, nil)
	srv := httptest.NewServer(handle)
	t.Cleanup(srv.Close)
	access := testAccess(srv.URL)
	access.Region, access.MaxAttempts = "eu-west-1", 2
	s, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.List(t.Context(), source.Selection{}, none)
	wantCode(t, err, source.Throttled)
	if count.Load() != 2 {
		t.Errorf("%d attempts; want 2", count.Load())
	}
}

func TestUnreachable(t *testing.T) {
	srv := httptest.NewServer(nil)
	access := testAccess(srv.URL)
	access.MaxAttempts = 1
	srv.Close()
	_, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
	f := wantCode(t, err, source.Unreachable)
	if !strings.Contains(f.Hint, srv.URL) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v, hint %q; want the address in them", err, f.Hint)
	}
}

func TestUnknownCertificate(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = nil
	access := testAccess(srv.URL)
	access.MaxAttempts = 1
	_, err := New(t.Context(), Config{Access: access, Bucket: testBucket})
	if f := wantCode(t, err, source.Unreachable); !strings.Contains(f.Hint, "AWS_CA_BUNDLE") {
		t.Errorf("hint %q; want AWS_CA_BUNDLE in it", f.Hint)
	}
}

// TestRegion finds the bucket's region from the header that AWS sends with every
// answer about a bucket, refusals too.
func TestRegion(t *testing.T) {
	for _, status := range []int{200, 301, 400, 403} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var signed []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				signed = append(signed, r.Method+" "+strings.Split(r.Header.Get("Authorization"), "/")[2])
				if r.Method == http.MethodHead {
					w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
					w.WriteHeader(status)
					return
				}
				_, _ = io.WriteString(w, `<ListBucketResult><Name>flow-logs</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
			}))
			t.Cleanup(srv.Close)
			s, err := New(t.Context(), Config{Access: testAccess(srv.URL), Bucket: testBucket})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.List(t.Context(), source.Selection{}, none); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(signed, ", "), "HEAD us-east-1, GET ap-south-1"; got != want || s.region != "ap-south-1" {
				t.Errorf("requests %q, region %s; want %q, ap-south-1", got, s.region, want)
			}
		})
	}
}

// motoPut puts one object into moto.
func motoPut(t *testing.T, access Access, key, content string, class types.StorageClass) {
	t.Helper()
	client := awss3.New(awss3.Options{
		BaseEndpoint: aws.String(access.EndpointURL), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{
		Bucket: aws.String(testBucket), Key: aws.String(key), Body: strings.NewReader(content), StorageClass: class,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// motoList lists a prefix of moto's bucket.
func motoList(t *testing.T, access Access, prefix string) (*Source, []source.Object, source.Listing) {
	t.Helper()
	s, err := New(t.Context(), Config{Access: access, Bucket: testBucket, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	var got []source.Object
	l, err := s.List(t.Context(), source.Selection{}, func(o source.Object) error {
		got = append(got, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, got, l
}

// testMotoMarkers lists folders that the console made.
func testMotoMarkers(t *testing.T, access Access) {
	for _, key := range []string{"marked/", "marked/AWSLogs/", "marked/AWSLogs/111122223333/", "marked/AWSLogs/111122223333/vpcflowlogs/"} {
		motoPut(t, access, key, "", types.StorageClassStandard)
	}
	if _, got, l := motoList(t, access, "marked/"); l.Markers != 4 || len(got) > 0 {
		t.Errorf("%d markers, objects %v; want 4 and none", l.Markers, got)
	}
}

// testMotoArchived fetches an object that lies in Glacier.
func testMotoArchived(t *testing.T, access Access) {
	motoPut(t, access, "cold/a.log", "cold", types.StorageClassGlacier)
	s, cold, _ := motoList(t, access, "cold/")
	if len(cold) != 1 || cold[0].StorageClass != "GLACIER" {
		t.Fatalf("listed %+v; want one object in GLACIER", cold)
	}
	_, err := s.Open(t.Context(), cold[0])
	wantCode(t, err, source.Archived)
}

package sigv4

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func verifier() *Verifier {
	return &Verifier{Secret: secrets, Now: func() time.Time { return noon }}
}

// signed returns a request of a client of CloudWatch Logs.
func signed(t testing.TB, at time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://weir.example:8787/", http.NoBody)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Logs_20140328.DescribeLogGroups")
	if err := Sign(r, []byte("{}"), "AK", "SK", "eu-west-1", "logs", at); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRefused(t *testing.T) {
	auth := func(change func(string) string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", change(r.Header.Get("Authorization"))) }
	}
	replace := func(old, with string) func(*http.Request) {
		return auth(func(s string) string { return strings.Replace(s, old, with, 1) })
	}
	tests := []struct {
		name    string
		change  func(*http.Request)
		at      time.Time
		code    string
		message string // a part of it
	}{
		{"no signature", func(r *http.Request) { r.Header.Del("Authorization") }, noon, CodeMissing, "Missing Authentication Token"},
		{"two headers", func(r *http.Request) { r.Header.Add("Authorization", "x") }, noon, CodeIncomplete, "more than one signature"},
		{"header and query", func(r *http.Request) { r.RequestURI = "/?X-Amz-Signature=1" }, noon, CodeIncomplete, "more than one signature"},
		{"another algorithm", replace(algorithm, "AWS4-ECDSA-P256-SHA256"), noon, CodeIncomplete, "'AWS4-ECDSA-P256-SHA256'"},
		{"basic", auth(func(string) string { return "Basic YTpi" }), noon, CodeIncomplete, "'Basic'"},
		{"no equals", replace("SignedHeaders=", "SignedHeaders"), noon, CodeIncomplete, "missing equal-sign"},
		{"no credential", replace("Credential=", "Cred="), noon, CodeIncomplete, "requires 'Credential' parameter"},
		{
			"no signature and headers", auth(func(s string) string { return strings.Split(s, ",")[0] }), noon, CodeIncomplete,
			"requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
		},
		{"twice", auth(func(s string) string { return s + ",Signature=1" }), noon, CodeIncomplete, "more than once"},
		{"short credential", replace("/aws4_request", ""), noon, CodeIncomplete, "exactly 5 slash-delimited elements"},
		{"terminator", replace("aws4_request", "aws5_request"), noon, CodeInvalid, "valid terminator: 'aws4_request'"},
		{"empty region", replace("eu-west-1", ""), noon, CodeIncomplete, "no empty element"},
		{"another day", replace("20260302", "20260301"), noon, CodeInvalid, "'20260301' != '20260302'"},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, noon, CodeIncomplete, "'X-Amz-Date' or a 'Date' header"},
		{"bad date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "2026-03-02") }, noon, CodeIncomplete, "ISO-8601 'basic format'"},
		{"huge header", auth(func(s string) string { return s + strings.Repeat("a", maxAuthorization) }), noon, CodeIncomplete, "8192 are taken"},
		{"huge credential", replace("AK/", strings.Repeat("A", maxCredential)+"/"), noon, CodeIncomplete, "512 are taken"},
		{"many headers", replace("host;", "host;"+manyNames()), noon, CodeIncomplete, "100 are taken"},
		{"upper case", replace("host;", "Host;"), noon, CodeIncomplete, "lower case"},
		{"host twice", replace("host;", "host;host;"), noon, CodeIncomplete, "more than once"},
		{"host not signed", replace("host;", ""), noon, CodeInvalid, "'Host' or ':authority' must be a 'SignedHeader'"},
		{"target not signed", replace(";x-amz-target", ""), noon, CodeInvalid, "'X-Amz-Target' must be a 'SignedHeader'"},
		{"unknown key", replace("AK/", "AX/"), noon, CodeUnrecognized, "The security token included in the request is invalid."},
		{"session token", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "t") }, noon, CodeUnrecognized, "security token"},
		{"another service", replace("/logs/", "/athena/"), noon, CodeInvalid, "correct service: 'logs'"},
		{
			"expired", nil, noon.Add(-15*time.Minute - time.Second), CodeInvalid,
			"Signature expired: 20260302T114459Z is now earlier than 20260302T114500Z (20260302T120000Z - 15 min.)",
		},
		{
			"not yet", nil, noon.Add(15*time.Minute + time.Second), CodeInvalid,
			"Signature not yet current: 20260302T121501Z is still later than 20260302T121500Z (20260302T120000Z + 15 min.)",
		},
		{"another target", func(r *http.Request) { r.Header.Set("X-Amz-Target", "Logs_20140328.DeleteLogGroup") }, noon, CodeInvalid, "does not match"},
		{"a second target", func(r *http.Request) { r.Header.Add("X-Amz-Target", "Logs_20140328.DeleteLogGroup") }, noon, CodeInvalid, "does not match"},
		{"another method", func(r *http.Request) { r.Method = http.MethodGet }, noon, CodeInvalid, "does not match"},
		{"another path", func(r *http.Request) { r.RequestURI = "/x" }, noon, CodeInvalid, "does not match"},
		{"a query", func(r *http.Request) { r.RequestURI = "/?a=b" }, noon, CodeInvalid, "does not match"},
		{"a query that can't be decoded", func(r *http.Request) { r.RequestURI = "/?a%zz=b" }, noon, CodeIncomplete, "RFC 3986"},
		{"another host", func(r *http.Request) { r.Host = "other" }, noon, CodeInvalid, "does not match"},
		{"another region", replace("eu-west-1", "eu-west-2"), noon, CodeInvalid, "does not match"},
		{"signature in upper case", replace("Signature=", "Signature=A"), noon, CodeInvalid, "does not match"},
		{"another hash", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", unsignedPayload) }, noon, CodeInvalid, "'x-amz-content-sha256' header does not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, tt.at)
			if tt.change != nil {
				tt.change(r)
			}
			_, err := verifier().Verify(r, []byte("{}"), "logs")
			if codeOf(err) != tt.code || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("%v\nwant %s ... %s", err, tt.code, tt.message)
			}
			// Without the body all is said but that signature or hash are wrong, or that the query is.
			later := strings.Contains(tt.message, "does not match") || tt.message == "RFC 3986"
			if screened := verifier().Screen(r, "logs"); (screened == nil) != later || !later && screened.Error() != err.Error() {
				t.Errorf("before the body is read: %v", screened)
			}
		})
	}
}

// manyNames returns more names of headers than are taken.
func manyNames() string {
	var b strings.Builder
	for i := range maxSignedHeaders {
		fmt.Fprintf(&b, "h%d;", i)
	}
	return b.String()
}

func TestTaken(t *testing.T) {
	for name, at := range map[string]time.Time{
		"now": noon, "a slow clock": noon.Add(-15 * time.Minute), "a fast clock": noon.Add(15 * time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			id, err := verifier().Verify(signed(t, at), []byte("{}"), "logs")
			if err != nil {
				t.Fatal(err)
			}
			if id.KeyID != "AK" || id.Region != "eu-west-1" || id.Service != "logs" || !id.Time.Equal(at) || id.Presigned {
				t.Errorf("%+v", id)
			}
		})
	}
	v := verifier()
	v.Skew = time.Minute
	if _, err := v.Verify(signed(t, noon.Add(-2*time.Minute)), []byte("{}"), "logs"); codeOf(err) != CodeInvalid {
		t.Errorf("two minutes with one allowed: %v", err)
	}
	v = verifier()
	v.Token = func(id, token string) bool { return id == "AK" && token == "good" }
	r := signed(t, noon)
	r.Header.Set("X-Amz-Security-Token", "good")
	if err := Sign(r, []byte("{}"), "AK", "SK", "eu-west-1", "logs", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(r, []byte("{}"), "logs"); err != nil {
		t.Errorf("an issued token: %v", err)
	}
}

// TestSDK signs random requests by AWS's own signer, as header and presigned, and sends them through
// net/http, so that what is verified is what a server sees.
func TestSDK(t *testing.T) {
	type answer struct {
		id  Identity
		err error
	}
	answers := make(chan answer, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var id Identity
			id, err = verifier().Verify(r, body, "logs")
			answers <- answer{id, err}
			return
		}
		answers <- answer{err: err}
	}))
	defer server.Close()
	rnd := rand.New(rand.NewPCG(4, 4))
	keys := aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}
	for i := range 300 {
		presigned := i%3 == 0
		body := []byte(randomText(rnd))
		if presigned {
			body = nil
		}
		url := server.URL + randomPath(rnd)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Custom", " a  b   "+strings.ReplaceAll(randomText(rnd), "\x00", ""))
		r.Header.Add("X-Amz-Meta", "1")
		r.Header.Add("X-Amz-Meta", "2  3")
		if presigned {
			q := r.URL.Query()
			q.Set("X-Amz-Expires", "60")
			r.URL.RawQuery = q.Encode()
			to, header, err := v4.NewSigner().PresignHTTP(t.Context(), keys, r, hexHash(body), "logs", "us-west-2", noon.Add(-30*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if r, err = http.NewRequestWithContext(t.Context(), http.MethodPost, to, http.NoBody); err != nil {
				t.Fatal(err)
			}
			r.Header = header
		} else if err := v4.NewSigner().SignHTTP(context.Background(), keys, r, hexHash(body), "logs", "us-west-2", noon); err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := <-answers
		if got.err != nil || got.id.Presigned != presigned || got.id.Region != "us-west-2" {
			t.Fatalf("%s: %+v, %v", r.URL, got.id, got.err)
		}
	}
}

// TestPresignedRefused has what only presigned URLs can have wrong.
func TestPresignedRefused(t *testing.T) {
	presign := func(t *testing.T, expires string, at time.Time) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://weir.example/?Action=x&X-Amz-Expires="+expires, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		keys := aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}
		to, _, err := v4.NewSigner().PresignHTTP(t.Context(), keys, r, hexHash(nil), "sns", "us-east-1", at)
		if err != nil {
			t.Fatal(err)
		}
		r = httptest.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
		r.RequestURI = r.URL.RequestURI() // as a server gets it
		return r
	}
	tests := []struct {
		name, expires string
		at            time.Time
		change        func(string) string
		want          string // "" is taken
	}{
		{"good", "60", noon, nil, ""},
		{"at its end", "60", noon.Add(-time.Minute), nil, ""},
		{"over", "60", noon.Add(-61 * time.Second), nil, "Signature expired: 20260302T115859Z is now earlier than 20260302T115900Z (20260302T120000Z - 1 min.)"},
		{"old, but good for long", "604800", noon.Add(-24 * time.Hour), nil, ""},
		{"from the future", "60", noon.Add(16 * time.Minute), nil, "Signature not yet current"},
		{"too long", "604801", noon, nil, "X-Amz-Expires must be a number of seconds from 1 to 604800"},
		{"zero", "0", noon, nil, "X-Amz-Expires"},
		{"changed", "60", noon, func(u string) string { return strings.Replace(u, "Action=x", "Action=y", 1) }, "does not match"},
		{"longer than signed", "60", noon, func(u string) string { return strings.Replace(u, "Expires=60", "Expires=6000", 1) }, "does not match"},
		{"twice", "60", noon, func(u string) string { return u + "&X-Amz-Expires=6000" }, "'X-Amz-Expires', once"},
		{"no signature", "60", noon, func(u string) string { return strings.Replace(u, "X-Amz-Signature", "X-Amz-S", 1) }, "'X-Amz-Signature', once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := presign(t, tt.expires, tt.at)
			if tt.change != nil {
				r.RequestURI = tt.change(r.RequestURI)
			}
			_, err := verifier().Verify(r, nil, "sns")
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func randomText(r *rand.Rand) string {
	const letters = "ab ~!*'()%+&=;/?.-_,\u00e9\u1234"
	runes := []rune(letters)
	b := make([]rune, r.IntN(12))
	for i := range b {
		b[i] = runes[r.IntN(len(runes))]
	}
	return string(b)
}

// randomPath returns a path and a query that are encoded as clients encode them.
func randomPath(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		b.WriteString("/s" + encode(randomText(r)))
	}
	if b.Len() == 0 {
		b.WriteByte('/')
	}
	for i := range r.IntN(4) {
		b.WriteString([]string{"?", "&", "&", "&"}[i])
		b.WriteString("k" + encode(randomText(r)) + "=" + encode(randomText(r)))
	}
	return b.String()
}

// FuzzVerify looks for requests that break the verifier, or that it takes though nobody signed them.
func FuzzVerify(f *testing.F) {
	r := signed(f, noon)
	good := r.Header.Get("Authorization")
	f.Add("POST", "/", good, "20260302T120000Z", "host", []byte("{}"))
	f.Add("GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK/20260302/a/logs/aws4_request&X-Amz-Date=20260302T120000Z"+
		"&X-Amz-Expires=5&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "", "host", []byte(nil))
	f.Fuzz(func(t *testing.T, method, uri, auth, date, host string, body []byte) {
		r := &http.Request{Method: method, RequestURI: "/" + strings.TrimPrefix(uri, "/"), Host: host, Header: http.Header{}}
		if auth != "" {
			r.Header.Set("Authorization", auth)
		}
		if date != "" {
			r.Header.Set("X-Amz-Date", date)
		}
		_, err := verifier().Verify(r, body, "logs")
		// The seed's signature covers headers that are not here, so that nothing can be right.
		if err == nil {
			t.Error("taken")
		}
		if codeOf(err) == "" {
			t.Errorf("no *Error: %v", err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r, body := signed(b, noon), bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := Sign(r, body, "AK", "SK", "eu-west-1", "logs", noon); err != nil {
		b.Fatal(err)
	}
	v := verifier()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := v.Verify(r, body, "logs"); err != nil {
			b.Fatal(err)
		}
	}
}

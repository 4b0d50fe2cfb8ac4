package sigv4

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// raw reads a request as it lies on the wire. It takes what net/http refuses and signatures cover all the
// same: spaces in the path, headers over several lines. Lines end in LF or CRLF.
func raw(t testing.TB, b []byte) (*http.Request, []byte) {
	t.Helper()
	sep := []byte("\n\n")
	if bytes.Contains(b, []byte("\r\n\r\n")) {
		sep = []byte("\r\n\r\n")
	}
	head, body, _ := bytes.Cut(b, sep)
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
	method, rest, _ := strings.Cut(lines[0], " ")
	uri := strings.TrimSuffix(rest, " HTTP/1.1")
	r := &http.Request{Method: method, RequestURI: uri, URL: &url.URL{}, Header: http.Header{}, ContentLength: -1}
	last := ""
	for _, l := range lines[1:] {
		if strings.HasPrefix(l, " ") && last != "" {
			values := r.Header[last]
			values[len(values)-1] += " " + strings.TrimSpace(l)
			continue
		}
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			continue
		}
		last = http.CanonicalHeaderKey(name)
		r.Header.Add(last, strings.TrimSpace(value))
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	if n, err := strconv.Atoi(r.Header.Get("Content-Length")); err == nil {
		r.ContentLength = int64(n)
		if n > len(body) {
			t.Fatalf("the body has %d bytes of %d", len(body), n)
		}
		body = body[:n]
	}
	return r, body
}

// TestSuite runs AWS's own Signature Version 4 test suite, as botocore keeps it.
func TestSuite(t *testing.T) {
	const root = "testdata/aws4_testsuite"
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	v := &Verifier{Secret: secrets, Now: func() time.Time { return now }, Token: func(string, string) bool { return true }}
	ran := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".req") {
			return err
		}
		ran++
		base := strings.TrimSuffix(path, ".req")
		t.Run(filepath.Base(base), func(t *testing.T) {
			r, body := raw(t, read(t, path))
			r.Header.Set("Authorization", string(read(t, base+".authz")))
			if strings.HasSuffix(base, "get-vanilla-with-session-token") {
				// The suite's own runner sets it.
				r.Header.Set("X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267")
			}
			c, refused := readClaims(r)
			if refused != nil {
				t.Fatal(refused)
			}
			canonical, refused := canonicalRequest(r, "service", c.signed, "", hexHash(body))
			if refused != nil {
				t.Fatal(refused)
			}
			if diff := cmp.Diff(string(read(t, base+".creq")), canonical); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(string(read(t, base+".sts")), stringToSign(c.stamp, c.scope.String(), canonical)); diff != "" {
				t.Error(diff)
			}
			id, wrong := v.Verify(r, body, "service")
			if wrong != nil {
				t.Fatal(wrong)
			}
			if id.KeyID != "AKIDEXAMPLE" || id.Region != "us-east-1" {
				t.Errorf("identity %+v", id)
			}
			if _, wrong := v.Verify(r, append(body, 'x'), "service"); codeOf(wrong) != CodeInvalid {
				t.Errorf("another body: %v", wrong)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ran < 30 {
		t.Fatalf("only %d cases", ran)
	}
}

// TestCaptured verifies all requests that were captured from the AWS CLI 1 and 2, the SDKs for Go and
// JavaScript, and Terraform; and refuses each of them with one byte of its body or its host changed.
func TestCaptured(t *testing.T) {
	root := sharedtest.Path(t, "corpus", "aws-client-requests")
	ran := map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".http") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		client, _, _ := strings.Cut(rel, string(filepath.Separator))
		ran[client]++
		t.Run(rel, func(t *testing.T) {
			b := read(t, path)
			b, _, _ = bytes.Cut(b, []byte("\n### RESPONSE"))
			r, body := raw(t, b)
			if r.ContentLength < 0 {
				body = nil // what follows is the end of the file
			}
			at, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
			if err != nil {
				t.Fatal(err)
			}
			v := &Verifier{Secret: secrets, Now: func() time.Time { return at.Add(10 * time.Minute) }}
			if strings.HasPrefix(client, "terraform") {
				v.Secret = func(string) (string, bool) { return "SECRETEXAMPLE", true }
			}
			id, err := v.Verify(r, body, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Verify(r, body, id.Service); err != nil {
				t.Error(err)
			}
			if _, err := v.Verify(r, body, "other"); codeOf(err) != CodeInvalid {
				t.Errorf("another service: %v", err)
			}
			if _, err := v.Verify(r, append(bytes.Clone(body), ' '), ""); codeOf(err) != CodeInvalid {
				t.Errorf("another body: %v", err)
			}
			r.Host += "x"
			if _, err := v.Verify(r, body, ""); codeOf(err) != CodeInvalid {
				t.Errorf("another host: %v", err)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for client, least := range map[string]int{"v1pip": 21, "v2debian": 22, "aws-sdk-go-v2": 8, "aws-sdk-js": 4, "terraform-via-moto": 100} {
		if ran[client] < least {
			t.Errorf("%s: only %d requests", client, ran[client])
		}
	}
}

// secrets knows the keys of the suite and of the captured requests.
func secrets(id string) (string, bool) {
	s, ok := map[string]string{"AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AK": "SK"}[id]
	return s, ok
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

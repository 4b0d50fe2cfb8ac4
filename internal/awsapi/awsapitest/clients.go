package awsapitest

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/sigv4"
)

// Key and Secret are the access key that clients have in tests.
const (
	Key    = "WEIRTESTKEY"
	Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// Anyone is an authenticator that lets all requests in, as those of Key, which may do all.
type Anyone struct{}

// AccessKeyID returns Key.
func (Anyone) AccessKeyID() string { return Key }

// Allows allows all.
func (Anyone) Allows(string) bool { return true }

// Screen refuses nothing.
func (Anyone) Screen(*http.Request, string) error { return nil }

// Authenticate lets the request in.
func (a Anyone) Authenticate(*http.Request, []byte, string) (awsapi.Identity, error) { return a, nil }

// Signed is an authenticator that lets in what is signed, and no other request. Who signs may do all.
type Signed struct{ Verifier sigv4.Verifier }

// ByKey lets in what is signed by Key, by the clock of the computer, as real clients go by.
var ByKey = Signed{sigv4.Verifier{Secret: func(id string) (string, bool) { return Secret, id == Key }}}

// Screen refuses nothing.
func (Signed) Screen(*http.Request, string) error { return nil }

// Authenticate verifies the signature.
func (s Signed) Authenticate(r *http.Request, body []byte, service string) (awsapi.Identity, error) {
	if _, err := s.Verifier.Verify(r, body, service); err != nil {
		if wrong := new(sigv4.Error); errors.As(err, &wrong) {
			return nil, &awsapi.Error{Code: wrong.Code, Status: wrong.Status, Message: wrong.Message}
		}
		return nil, err
	}
	return Anyone{}, nil
}

// Environ returns the environment of a client, such as the AWS CLI: that of the test with Key and Secret. It asks once, for what fails must not be asked again, and reads
// nobody's configuration.
func Environ(t testing.TB) []string {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	return append(os.Environ(), "AWS_ACCESS_KEY_ID="+Key, "AWS_SECRET_ACCESS_KEY="+Secret, "AWS_SESSION_TOKEN=", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
		"AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none)
}

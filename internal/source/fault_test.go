package source

import (
	"errors"
	"io"
	"testing"
)

func TestCodeOf(t *testing.T) {
	tests := []struct {
		code    string
		status  int
		message string
		want    Code
	}{
		{"NoSuchBucket", 404, "", NoSuchBucket},
		{"NoSuchKey", 404, "", NoSuchKey},
		{"", 404, "", NoSuchKey},
		{"AccessDenied", 403, "Access Denied", Denied},
		{"AccessDenied", 403, "not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/2", KMSDenied},
		{"AccessDenied", 403, "The ciphertext refers to a customer master key that does not exist", KMSDenied},
		{"KMS.DisabledException", 400, "", KMSDenied},
		{"", 403, "", Denied},
		{"InvalidObjectState", 403, "", Archived},
		{"ExpiredToken", 400, "", ExpiredCredentials},
		{"SignatureDoesNotMatch", 403, "", BadCredentials},
		{"PermanentRedirect", 301, "", WrongRegion},
		{"", 301, "", WrongRegion},
		{"SlowDown", 503, "", Throttled},
		{"", 429, "", Throttled},
		{"PreconditionFailed", 412, "", Changed},
		{"InternalError", 500, "", Other},
		{"SomethingNew", 400, "about kms:Decrypt", Other},
	}
	for _, tt := range tests {
		if got := CodeOf(tt.code, tt.status, tt.message); got != tt.want {
			t.Errorf("CodeOf(%q, %d, %q) = %q; want %q", tt.code, tt.status, tt.message, got, tt.want)
		}
	}
}

func TestFault(t *testing.T) {
	f := &Fault{Op: "read", URL: "s3://b/k", Code: Unreachable, Err: io.ErrUnexpectedEOF, Hint: "try again"}
	if got, want := f.Error(), "cannot read s3://b/k: unreachable: unexpected EOF"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if !errors.Is(f, io.ErrUnexpectedEOF) {
		t.Error("does not unwrap")
	}
	f.Err = nil
	if got, want := f.Error(), "cannot read s3://b/k: unreachable"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

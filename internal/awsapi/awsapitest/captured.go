package awsapitest

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/sharedtest"
)

// Captured reads the requests that real clients sent in AWS JSON to the service of a target, such as "Logs_20140328": their operations are known, all members have the
// right types and violate nothing. At least so many must be there.
func Captured(t *testing.T, target string, operations map[string]awsapi.Operation, shapes awsapi.Shapes, least int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "corpus", "aws-client-requests"), "*", "*.http"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, _, _ = bytes.Cut(raw, []byte("\n### RESPONSE"))
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			continue // S3's are cut otherwise
		}
		operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target+".")
		if !ok {
			continue
		}
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		op, known := operations[operation]
		if !known {
			t.Errorf("%s: %s is not known", file, operation)
			continue
		}
		read++
		if err := awsapi.Decode(bytes.TrimSpace(body), reflect.New(op.In).Interface(), shapes); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if read < least {
		t.Errorf("only %d requests", read)
	}
}

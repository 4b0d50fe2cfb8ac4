//go:build !libdeflate || !cgo

package inflate

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// TestGzip takes nothing, whole as it is.
func TestGzip(t *testing.T) {
	var object bytes.Buffer
	w := gzip.NewWriter(&object)
	if _, err := w.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if text, ok := Gzip(nil, object.Bytes()); ok || len(text) > 0 || Linked {
		t.Errorf("%q, %v without libdeflate", text, ok)
	}
}

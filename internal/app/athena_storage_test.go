package app

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weir/internal/athenasql"
	"weir/internal/tablefile"
)

// tableObjects are objects by their paths below a location, with some of another service, which tables may be of too.
var tableObjects = map[string]string{
	"AWSLogs/1/vpcflowlogs/us-east-1/2026/01/31/a.log": "a",
	"AWSLogs/1/CloudTrail/us-east-1/b.json":            "bb",
	"x/_hidden":                                        "c",
	"x y/d=1/e.log":                                    "eeee",
}

// TestAthenaStorage lists and opens the objects of a folder and of a bucket alike.
func TestAthenaStorage(t *testing.T) {
	dir := t.TempDir()
	backend := s3mem.New()
	if err := backend.CreateBucket("tables"); err != nil {
		t.Fatal(err)
	}
	for path, body := range tableObjects {
		to := filepath.Join(dir, "t", path)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backend.PutObject("tables", "t/"+path, nil, strings.NewReader(body), int64(len(body)), nil); err != nil {
			t.Fatal(err)
		}
	}
	// A folder whose name begins with that of another.
	if _, err := backend.PutObject("tables", "t2/other", nil, strings.NewReader("o"), 1, nil); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithTimeSkewLimit(0)).Server())
	t.Cleanup(server.Close)
	s := newAthenaStorage(fakeS3(server.URL), "")
	for _, location := range []string{"file://" + filepath.ToSlash(dir) + "/t/", "s3://tables/t/"} {
		got := map[string]string{}
		err := s.List(t.Context(), location, func(o tablefile.Object) error {
			c, err := s.Open(t.Context(), o)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(c)
			got[strings.TrimPrefix(o.URL, location)] = string(body)
			if int64(len(body)) != o.Size || o.Revision == "" {
				t.Errorf("%s: %d bytes, listed are %d of revision %q", o.URL, len(body), o.Size, o.Revision)
			}
			return errors.Join(err, c.Close())
		})
		if err != nil {
			t.Fatal(location, err)
		}
		if diff := cmp.Diff(tableObjects, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", location, diff)
		}
		var urls []string
		if err := s.Folders(t.Context(), location+"x y/", func(url string) error { urls = append(urls, url); return nil }); err != nil {
			t.Fatal(err)
		}
		if want := []string{location + "x y/d=1/e.log"}; !slices.Equal(urls, want) {
			t.Errorf("folders %q; want %q", urls, want)
		}
		if err := s.List(t.Context(), location+"none/", func(o tablefile.Object) error { return errors.New(o.URL) }); err != nil {
			t.Errorf("a folder that is not there: %v", err)
		}
	}
}

// fakeS3 is a login that needs nothing of the machine.
func fakeS3(endpoint string) S3Options {
	return S3Options{
		EndpointURL: endpoint,
		Env:         map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"},
	}
}

// TestAthenaStorageFaults names what can't be read.
func TestAthenaStorageFaults(t *testing.T) {
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
	}))
	t.Cleanup(denied.Close)
	dir := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(dir, "x", "a")
	if err := os.MkdirAll(filepath.Dir(changed), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(changed, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newAthenaStorage(fakeS3(denied.URL), "")
	code := func(err error) string {
		e, ok := err.(*athenasql.Error)
		if !ok {
			t.Fatalf("%v is no error of Athena", err)
		}
		return e.Code
	}
	none := func(tablefile.Object) error { return nil }
	if got := code(s.List(t.Context(), "s3://tables/t/", none)); got != athenasql.CodePermission {
		t.Errorf("denied: %s", got)
	}
	if got := code(s.List(t.Context(), "file://"+dir+"/", none)); got != codeFilesystem {
		t.Errorf("a link to a folder: %s", got)
	}
	err := s.List(t.Context(), "file://"+dir+"/x/", func(o tablefile.Object) error {
		if err := os.WriteFile(changed, []byte("more"), 0o600); err != nil {
			return err
		}
		_, err := s.Open(t.Context(), o)
		return err
	})
	if got := code(err); got != codeFilesystem {
		t.Errorf("an object that has changed: %s", got)
	}
}

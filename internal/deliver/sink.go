package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/internal/durable"
)

// A Sink takes payloads: gzip of JSON. It is safe for concurrent use.
type Sink interface {
	// Send returns when the payload is where it belongs. The same payload may be sent again.
	Send(ctx context.Context, payload []byte) error
	// String returns where the sink is, without secrets.
	String() string
}

// ErrTarget says that a target is none.
var ErrTarget = errors.New("a sink is a folder or an http or https URL")

// ParseSink reads NAME=TARGET, where TARGET is a folder, which is made, or the URL of an HTTP endpoint.
func ParseSink(s string) (name string, sink Sink, err error) {
	name, target, ok := strings.Cut(s, "=")
	if !ok || name == "" || target == "" {
		return "", nil, fmt.Errorf("%q is not NAME=TARGET", s)
	}
	if strings.ContainsAny(name, ":/ ") {
		return "", nil, fmt.Errorf("%q can't be the name of a sink: it ends an ARN", name)
	}
	if !strings.Contains(target, "://") {
		dir, err := filepath.Abs(target)
		return name, folder(dir), err
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", nil, fmt.Errorf("%w: %s", ErrTarget, target)
	}
	return name, &endpoint{url: u, client: &http.Client{Timeout: sendTimeout}}, nil
}

// sendTimeout bounds one try.
const sendTimeout = 30 * time.Second

// folder is a sink that keeps each payload as a file, by its hash: one that comes again is the same file.
type folder string

// Send writes the file, synced, under its name.
func (f folder) Send(_ context.Context, payload []byte) error {
	if err := os.MkdirAll(string(f), 0o750); err != nil {
		return err
	}
	sum := sha256.Sum256(payload)
	path := filepath.Join(string(f), hex.EncodeToString(sum[:16])+".json.gz")
	return durable.WriteFile(path, payload, 0o600)
}

func (f folder) String() string { return string(f) }

// endpoint is a sink that is asked by POST.
type endpoint struct {
	url    *url.URL
	client *http.Client
}

// Send posts the payload; any answer but 2xx is an error.
func (e *endpoint) Send(ctx context.Context, payload []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), strings.NewReader(string(payload)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	answer, err := e.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", e, answer.Status)
	}
	return nil
}

func (e *endpoint) String() string { return e.url.Redacted() }

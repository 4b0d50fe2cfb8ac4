package app

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// socketName is the server's socket in the data directory.
const socketName = "weir.sock"

// versionHeader carries the client's version, which must be the server's.
const versionHeader = "Weir-Version"

var (
	// ErrNoServer says that no server holds the data directory.
	ErrNoServer = errors.New("no server")
	// ErrStopped says that the server ended before its answer did.
	ErrStopped = errors.New("the server of this data directory ended before its answer did")
)

// VersionError says that the server of a data directory is another version of
// weir than this program.
type VersionError struct{ Server, Client string }

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the server of this data directory is weir %s, and this is weir %s", e.Server, e.Client)
}

// Remote asks the server that holds a data directory.
type Remote struct {
	client  *http.Client
	version string
}

var _ Service = (*Remote)(nil)

// Dial finds the server that holds a data directory. It fails with ErrNoServer
// where there is none.
func Dial(ctx context.Context, data, version string) (*Remote, error) {
	dial := func(ctx context.Context) (net.Conn, error) { return dialUnix(ctx, data) }
	registerWire()
	conn, err := dial(ctx)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNoServer
	}
	if err != nil {
		return nil, fmt.Errorf("cannot reach the server of %s: %w", data, err)
	}
	_ = conn.Close() // it only showed that somebody answers
	return &Remote{version: version, client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}}}, nil
}

// Close closes idle connections.
func (r *Remote) Close() error {
	r.client.CloseIdleConnections()
	return nil
}

// stream sends a request and returns the answer's frames; the caller closes it.
func (r *Remote) stream(ctx context.Context, method string, request any) (io.ReadCloser, error) {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(request); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://weir/rpc/"+method, &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set(versionHeader, r.version)
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, lost(ctx, err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusConflict:
		err = &VersionError{Server: resp.Header.Get(versionHeader), Client: r.version}
	default:
		err = fmt.Errorf("the server of this data directory answers %s", resp.Status)
	}
	_ = resp.Body.Close()
	return nil, err
}

// call sends a request, reports progress, and reads the result into result.
func (r *Remote) call(ctx context.Context, method string, request, result any, progress func(Progress)) error {
	return r.each(ctx, method, request, result, func(f *frame) error {
		if f.Progress != nil && progress != nil {
			progress(*f.Progress)
		}
		return nil
	})
}

// lost names the end of an answer before its result.
func lost(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("%w: %v", ErrStopped, err)
}

// Open takes sources.
func (r *Remote) Open(ctx context.Context, q OpenRequest, progress func(Progress)) (*OpenReport, error) {
	var out openAnswer
	if err := r.call(ctx, "open", q, &out, progress); err != nil {
		return &OpenReport{List: &ListReport{}}, err
	}
	if out.Error != nil {
		return out.Report, fromWire(out.Error)
	}
	return out.Report, nil
}

// Query runs SQL.
func (r *Remote) Query(ctx context.Context, q SQLRequest) (query.Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	body, err := r.stream(ctx, "query", q)
	if err != nil {
		cancel()
		return nil, err
	}
	rows := &remoteRows{ctx: ctx, cancel: cancel, body: body, dec: gob.NewDecoder(body)}
	if err := rows.begin(); err != nil {
		_ = rows.Close()
		return nil, err
	}
	return rows, nil
}

// ExplainSQL says what SQL would read.
func (r *Remote) ExplainSQL(ctx context.Context, q SQLRequest) (query.Cost, error) {
	var out query.Cost
	return out, r.call(ctx, "explain-sql", q, &out, nil)
}

// Top returns the values of fields that have most.
func (r *Remote) Top(ctx context.Context, q TopRequest) (*TopReport, error) {
	var out TopReport
	err := r.call(ctx, "top", q, &out, nil)
	for i := range out.Rows {
		out.Rows[i].Values, _ = unpack(out.Rows[i].Values).([]any)
	}
	return &out, err
}

// ExplainTop says what Top would read.
func (r *Remote) ExplainTop(ctx context.Context, q TopRequest) (query.Cost, error) {
	var out query.Cost
	return out, r.call(ctx, "explain-top", q, &out, nil)
}

// UnknownFields returns the lake's unknown fields.
func (r *Remote) UnknownFields(ctx context.Context, k flowlog.Kind) ([]string, error) {
	var out []string
	return out, r.call(ctx, "unknown-fields", k, &out, nil)
}

// Newest returns the time of the newest record.
func (r *Remote) Newest(ctx context.Context) (time.Time, error) {
	var out time.Time
	return out, r.call(ctx, "newest", true, &out, nil)
}

// Status describes the lake or a source.
func (r *Remote) Status(ctx context.Context, q StatusRequest) (*StatusReport, error) {
	var out StatusReport
	err := r.call(ctx, "status", q, &out, nil)
	// gob does not tell an empty list from none, and JSON does.
	out.Lines, out.Problems, out.Tables, out.Following = orEmpty(out.Lines), orEmpty(out.Problems), orEmpty(out.Tables), orEmpty(out.Following)
	return &out, err
}

// orEmpty returns a list that is not nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Compact compacts the lake.
func (r *Remote) Compact(ctx context.Context, progress func(Progress)) (lake.Compacted, error) {
	var out lake.Compacted
	return out, r.call(ctx, "compact", true, &out, progress)
}

// Attribute brings hours up to date with the definitions of the network.
func (r *Remote) Attribute(ctx context.Context, progress func(Progress)) (lake.Attributed, error) {
	var out lake.Attributed
	return out, r.call(ctx, "attribute", true, &out, progress)
}

// Expire removes what is beyond the retention.
func (r *Remote) Expire(ctx context.Context, o lake.ExpireOptions) (Expired, error) {
	var out Expired
	return out, r.call(ctx, "expire", o, &out, nil)
}

// Check compares lake and ledger.
func (r *Remote) Check(ctx context.Context, progress func(Progress)) (lake.Checked, error) {
	var out lake.Checked
	return out, r.call(ctx, "check", true, &out, progress)
}

// Forget takes back what came from a source.
func (r *Remote) Forget(ctx context.Context, source string) (lake.Forgotten, error) {
	var out lake.Forgotten
	return out, r.call(ctx, "forget", source, &out, nil)
}

// Duplicates finds equal records of different objects.
func (r *Remote) Duplicates(ctx context.Context, progress func(Progress)) ([]lake.Overlap, error) {
	var out []lake.Overlap
	return out, r.call(ctx, "duplicates", true, &out, progress)
}

// remoteRows are rows that come over the socket.
type remoteRows struct {
	ctx     context.Context
	cancel  context.CancelFunc
	body    io.ReadCloser
	dec     *gob.Decoder
	columns []query.Column
	stale   query.Stale
	err     error
}

// begin reads the columns.
func (r *remoteRows) begin() error {
	var f frame
	if err := r.dec.Decode(&f); err != nil {
		return lost(r.ctx, err)
	}
	if f.Error != nil {
		return fromWire(f.Error)
	}
	r.columns = f.Columns
	if f.Stale != nil {
		r.stale = *f.Stale
	}
	return nil
}

func (r *remoteRows) Columns() []query.Column { return r.columns }
func (r *remoteRows) Stale() query.Stale      { return r.stale }

func (r *remoteRows) Next() ([]any, error) {
	if r.err != nil {
		return nil, r.err
	}
	var f frame
	if err := r.dec.Decode(&f); err != nil {
		r.err = lost(r.ctx, err)
		return nil, r.err
	}
	switch {
	case f.Error != nil:
		r.err = fromWire(f.Error)
	case f.Row == nil:
		r.err = io.EOF
	default:
		values, _ := unpack(f.Row.Values).([]any)
		return values, nil
	}
	return nil, r.err
}

func (r *remoteRows) Close() error {
	r.cancel()
	if r.err == nil {
		r.err = io.EOF
	}
	return r.body.Close()
}

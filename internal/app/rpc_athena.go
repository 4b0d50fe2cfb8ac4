package app

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"time"
)

// athenaMethods adds the methods of Athena's SQL.
func athenaMethods(method func(name string, answer func(ctx context.Context, in *gob.Decoder, out *answerer) error), s AthenaService) {
	method("athena", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q AthenaRequest) (athenaHead, error) {
			result, err := s.Athena(ctx, q)
			if err != nil {
				return athenaHead{}, err
			}
			defer result.Close()
			return sendAthena(result, out)
		})
	})
	method("athena-databases", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) ([]AthenaDatabaseInfo, error) { return s.AthenaDatabases(ctx) })
	})
}

// AthenaDatabases returns the databases and what is in them.
func (r *Remote) AthenaDatabases(ctx context.Context) ([]AthenaDatabaseInfo, error) {
	var out []AthenaDatabaseInfo
	return out, r.call(ctx, "athena-databases", true, &out, nil)
}

// Athena runs a statement.
func (r *Remote) Athena(ctx context.Context, q AthenaRequest) (*AthenaResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	body, err := r.stream(ctx, "athena", q)
	if err != nil {
		cancel()
		return nil, err
	}
	rows := &remoteAthenaRows{ctx: ctx, cancel: cancel, body: body, dec: gob.NewDecoder(body)}
	result := &AthenaResult{rows: rows, begun: time.Now()}
	rows.result = result
	var f frame
	if err := rows.dec.Decode(&f); err != nil {
		return nil, errors.Join(lost(ctx, err), rows.Close())
	}
	switch {
	case f.Error != nil:
		_ = rows.Close()
		return nil, fromWire(f.Error)
	case f.Athena == nil:
		_ = rows.Close()
		return nil, ErrStopped
	}
	result.Kind, result.SubStatement, result.Columns, result.Statistics = f.Athena.Kind, f.Athena.SubStatement, f.Athena.Columns, f.Athena.Statistics
	result.Notes = f.Athena.Notes
	return result, nil
}

// remoteAthenaRows are rows that come over the socket.
type remoteAthenaRows struct {
	ctx    context.Context //nolint:containedctx // of the request whose answer is read
	cancel context.CancelFunc
	body   io.ReadCloser
	dec    *gob.Decoder
	result *AthenaResult
	some   []rowFrame
	err    error
}

// Next returns the next row.
func (r *remoteAthenaRows) Next() ([]any, error) {
	for r.err == nil && len(r.some) == 0 {
		r.err = r.read()
	}
	if r.err != nil {
		return nil, r.err
	}
	row := r.some[0]
	r.some = r.some[1:]
	return row.unpackRow(len(r.result.Columns))
}

// read reads the next frame.
func (r *remoteAthenaRows) read() error {
	var f frame
	if err := r.dec.Decode(&f); err != nil {
		return lost(r.ctx, err)
	}
	switch {
	case f.Error != nil:
		return fromWire(f.Error)
	case f.Result:
		var head athenaHead
		if err := r.dec.Decode(&head); err != nil {
			return lost(r.ctx, err)
		}
		r.result.Statistics, r.result.done = head.Statistics, true
		return io.EOF
	}
	r.some = f.Rows
	return nil
}

// Close ends the statement.
func (r *remoteAthenaRows) Close() error {
	r.cancel()
	if r.err == nil {
		r.err = io.EOF
	}
	return r.body.Close()
}

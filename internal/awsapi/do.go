package awsapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
)

// Do carries out an operation for a caller in this program, in the service's own words: in and what is returned are JSON objects with the
// names of the API's members, whatever protocols its clients speak. The caller is trusted: it stands for who runs the program. An operation that
// has no members in its answer returns {}. Members that the operation has not got are refused, as AWS's clients refuse them before they send anything: a service passes
// them over, and who writes DatapointToAlarm is not told.
//
// Errors: *Error, as a client would get it; others are of what is no caller's fault.
func (s *Service) Do(ctx context.Context, operation string, in []byte) ([]byte, error) {
	op, known := s.Operations[operation]
	if !known || op.Out == nil {
		return nil, unknownOperation()
	}
	c := &Call{Service: s, Operation: operation, Identity: local{}, Body: bytes.Clone(in), protocol: json10, strict: true}
	out := &kept{header: http.Header{}}
	err := op.answer(ctx, out, c)
	if invalid, ok := errors.AsType[*Invalid](err); ok {
		return nil, s.invalid(in, invalid)
	}
	if err != nil {
		return nil, err
	}
	if out.body.Len() == 0 {
		return []byte("{}"), nil
	}
	return out.body.Bytes(), nil
}

// local is who runs the program.
type local struct{}

// AccessKeyID returns a word that is no key's.
func (local) AccessKeyID() string { return "local" }

// Allows allows all.
func (local) Allows(string) bool { return true }

// kept is an answer that is kept in memory.
type kept struct {
	header http.Header
	body   bytes.Buffer
}

// Header returns the header.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader passes the status over: answers of operations have just one.
func (k *kept) WriteHeader(int) {}

// Write keeps bytes.
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }

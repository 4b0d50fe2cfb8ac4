package app

import (
	"context"
	"encoding/gob"
	"errors"
	"math/big"
	"sync"
	"time"

	"weir/internal/athenasql"
	"weir/internal/awsapi"
	"weir/internal/insights"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/query"
	"weir/internal/source"
)

// Over the socket, requests and answers are gobs: client and server are the same
// program, and the version is compared first. An answer is a stream of frames,
// ended by a result or an error.
type frame struct {
	Progress *Progress
	Columns  []query.Column
	Stale    *query.Stale // with Columns, where there is something to say
	Row      *rowFrame
	Events   []LogEvent
	Values   [][]wireValue // rows of a Logs Insights query
	Athena   *athenaHead   // before the rows of a statement of Athena
	Rows     []rowFrame    // of a statement of Athena
	Error    *wireError
	// Result says that the next value of the stream is the call's result.
	Result bool
}

// rowFrame is a row of a query, packed.
type rowFrame struct{ Values []any }

// registerWire tells gob once of the values that stand in rows.
var registerWire = sync.OnceFunc(func() {
	for _, v := range []any{
		time.Time{}, &big.Int{}, query.Decimal(""), map[string]string{}, map[string]any{}, []any{}, absent(0), wireDecimal{}, &wireMap{},
	} {
		gob.Register(v)
	}
})

// absent stands for an absent value: gob sends no nil in an interface.
type absent int8

// pack returns a value that gob can send.
func pack(v any) any {
	switch v := v.(type) {
	case nil:
		return absent(0)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = pack(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = pack(x)
		}
		return out
	}
	return v
}

// unpack undoes pack.
func unpack(v any) any {
	switch v := v.(type) {
	case absent:
		return nil
	case []any:
		for i := range v {
			v[i] = unpack(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = unpack(v[k])
		}
	}
	return v
}

// sentinels are the errors whose kinds survive the socket.
var sentinels = []error{
	query.ErrRefused, query.ErrLimit, lake.ErrLocked, lake.ErrNoLake, lake.ErrMoved, lake.ErrNothingTaken,
	lake.ErrReadOnly, ErrStopped, context.Canceled, context.DeadlineExceeded, logstore.ErrNoGroup, logstore.ErrNoStream,
	logstore.ErrGroupExists, logstore.ErrReadOnly,
}

// wireError is an error as it goes over the socket: its text, its kinds, and the
// typed error within, if it is one that commands show in full.
type wireError struct {
	Text  string
	Kinds []int // places in sentinels
	Query *query.TextError
	Fault *wireFault
	Spec  *source.SpecError
	Usage *UsageError
	// Insights is an error in the text of a query.
	Insights *insights.Error
	Athena   *athenasql.Error
	API      *awsapi.Error
}

// wireFault is a source.Fault, whose cause is kept as text.
type wireFault struct{ Op, URL, Code, Cause, Hint string }

// toWire returns an error as it goes over the socket.
func toWire(err error) *wireError {
	w := &wireError{Text: err.Error()}
	for i, s := range sentinels {
		if errors.Is(err, s) {
			w.Kinds = append(w.Kinds, i)
		}
	}
	errors.As(err, &w.Query)
	errors.As(err, &w.Spec)
	errors.As(err, &w.Usage)
	errors.As(err, &w.Insights)
	errors.As(err, &w.Athena)
	if e, ok := errors.AsType[*awsapi.Error](err); ok {
		w.API = &awsapi.Error{Code: e.Code, Status: e.Status, Message: e.Message} // members are of any type
	}
	if f, ok := errors.AsType[*source.Fault](err); ok {
		w.Fault = &wireFault{f.Op, f.URL, string(f.Code), "", f.Hint}
		if f.Err != nil {
			w.Fault.Cause = f.Err.Error()
		}
	}
	return w
}

// remoteError is an error that came over the socket.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }

// fromWire undoes toWire.
func fromWire(w *wireError) error {
	e := &remoteError{text: w.Text}
	for _, i := range w.Kinds {
		if i < len(sentinels) {
			e.is = append(e.is, sentinels[i])
		}
	}
	if w.Query != nil {
		e.is = append(e.is, w.Query)
	}
	if w.Spec != nil {
		e.is = append(e.is, w.Spec)
	}
	if w.Usage != nil {
		e.is = append(e.is, w.Usage)
	}
	if w.Insights != nil {
		e.is = append(e.is, w.Insights)
	}
	if w.Athena != nil {
		e.is = append(e.is, w.Athena)
	}
	if w.API != nil {
		e.is = append(e.is, w.API)
	}
	if w.Fault != nil {
		f := &source.Fault{Op: w.Fault.Op, URL: w.Fault.URL, Code: source.Code(w.Fault.Code), Hint: w.Fault.Hint}
		if w.Fault.Cause != "" {
			f.Err = errors.New(w.Fault.Cause)
		}
		e.is = append(e.is, f)
	}
	return e
}

// openAnswer is what Open answers: report and error can come together.
type openAnswer struct {
	Report *OpenReport
	Error  *wireError
}

package app

import (
	"context"
	"errors"
	"fmt"

	"weir/internal/athenasql"
	"weir/internal/console"
	"weir/internal/query"
)

// askAthena runs a statement of Athena for the page: a query, SHOW or DESCRIBE. The page only looks: what makes tables or writes is
// for the command line and Athena's API.
func (s *Local) askAthena(ctx context.Context, q console.Question) (*console.Answer, error) {
	stmt, err := athenasql.Parse(q.Text)
	if err != nil {
		return nil, athenaTextError(err)
	}
	if _, ok := stmt.(*athenasql.Query); !ok && !reads(stmt) {
		return nil, &query.TextError{
			Message: "the page runs queries, SHOW and DESCRIBE alone", Hint: "run what makes or changes tables by weir athena run, or by Athena's API",
		}
	}
	result, err := s.Athena(ctx, AthenaRequest{Text: q.Text, MaxRows: q.Limits.MaxRows, Timeout: q.Limits.Timeout, Remote: true})
	if err != nil {
		return nil, athenaTextError(err)
	}
	return &console.Answer{Rows: &athenaAnswer{result.AsRows(true)}, Notes: result.Notes, Read: func() console.Read {
		st := &result.Statistics
		return console.Read{Bytes: st.BytesScanned, Records: st.RowsScanned, Files: st.Files}
	}}, nil
}

// athenaAnswer are rows whose errors are those of any text.
type athenaAnswer struct{ query.Rows }

func (a *athenaAnswer) Next() ([]any, error) {
	row, err := a.Rows.Next()
	return row, athenaTextError(err)
}

// athenaTextError returns an error of a statement as that of any text. Those of limits stay what they are.
func athenaTextError(err error) error {
	wrong, ok := errors.AsType[*athenasql.Error](err)
	switch {
	case !ok || errors.Is(err, query.ErrLimit):
		return err
	case wrong.Span == athenasql.Span{}:
		text := wrong.Error()
		if wrong.Hint != "" {
			text += ": " + wrong.Hint
		}
		return fmt.Errorf("%w: %s", query.ErrRefused, text)
	}
	return &query.TextError{
		Offset: wrong.Span.Start, Length: wrong.Span.End - wrong.Span.Start, Message: wrong.Code + ": " + wrong.Message, Hint: wrong.Hint,
	}
}

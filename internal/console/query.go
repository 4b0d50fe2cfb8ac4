package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/dashboard"
	"weir/internal/query"
	"weir/internal/query/rowfile"
)

// The bounds of a query that a person writes.
const (
	queryTimeout  = 2 * time.Minute
	usualShown    = 1000      // rows of an answer
	maxShown      = 10_000    // rows of an answer
	maxShownBytes = 16 << 20  // bytes of an answer's rows
	maxExported   = 1_000_000 // rows of a file
)

// errSlow is the cause of the end of a query that took too long.
var errSlow = fmt.Errorf("%w: the query took longer than %s", query.ErrLimit, queryTimeout)

// A Language is one in which people ask on the page.
type Language struct {
	// Name is what requests say, such as sql. Title is what people read.
	Name, Title string
	// Range says in a sentence what the range of time does to a query.
	Range string
	// Example is a query that runs over any lake.
	Example string
	// Ask runs a query. What is wrong with its text is a [*query.TextError].
	Ask func(ctx context.Context, q Question) (*Answer, error)
}

// Question is a query to run.
type Question struct {
	Text string
	// From, inclusive, and To, exclusive, bound the time; the zero time does not bound.
	From, To time.Time
	// Limits bound what it may use.
	Limits query.Limits
}

// Answer is what a query gives.
type Answer struct {
	// Rows are the caller's to close.
	Rows query.Rows
	// Read says what was read. It is called when the rows have been read; nil where nothing is known.
	Read func() Read
	// Notes say what the reader must know.
	Notes []string
}

// Read says what a query read.
type Read struct {
	// Bytes were read at most, of Files files; Records were looked at. Zero where that is not known.
	Bytes, Records int64
	Files          int
}

// queryRequest is the body of query and export.
type queryRequest struct {
	Language string `json:"language"`
	Text     string `json:"text"`
	// From and To are moments as in the reads; empty ones do not bound.
	From momentText `json:"from"`
	To   momentText `json:"to"`
	// Limit is how many rows an answer shows.
	Limit int64 `json:"limit"`
	// Format, Name and Result are of export alone: csv or parquet, the file's name, and the answer that is
	// exported, if it is still kept.
	Format string `json:"format"`
	Name   string `json:"name"`
	Result string `json:"result"`
	// Rule is of export alone: in place of a query, the rule whose contributors are exported; Interfaces are the network interfaces of a ready rule, with commas between them.
	Rule       string `json:"rule"`
	Interfaces string `json:"interfaces"`
}

// momentText is a moment in a body: a number of seconds, or text as in a parameter.
type momentText string

// UnmarshalJSON takes a number or a text.
func (m *momentText) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		text = string(b)
	}
	if text == "null" {
		text = ""
	}
	*m = momentText(text)
	return nil
}

// languagesAnswer is the answer of languages.
type languagesAnswer struct {
	Languages []languageAnswer `json:"languages"`
}

// languageAnswer is a Language as the API writes it.
type languageAnswer struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Range   string `json:"range"`
	Example string `json:"example"`
}

// languages answers in which languages queries can be asked.
func (c *console) languages(context.Context, *request) (any, error) {
	answer := languagesAnswer{Languages: []languageAnswer{}}
	for _, l := range c.Languages {
		answer.Languages = append(answer.Languages, languageAnswer{l.Name, l.Title, l.Range, l.Example})
	}
	return answer, nil
}

// queryAnswer is the answer of query.
type queryAnswer struct {
	// Result names the rows for export, as long as they are kept.
	Result  string         `json:"result"`
	Columns []columnAnswer `json:"columns"`
	Rows    [][]cell       `json:"rows"`
	// More says that there are more rows than are shown.
	More bool `json:"more"`
	// From and To are the bounds that were asked for, null where there was none.
	From *int64 `json:"from"`
	To   *int64 `json:"to"`
	// Newest is the time of the newest record of all that the lake held, null where it holds none.
	Newest  *int64      `json:"newest"`
	Elapsed int64       `json:"elapsed_ms"`
	Read    *readAnswer `json:"read"`
	Notes   []string    `json:"notes"`
}

// columnAnswer is a column of a result.
type columnAnswer struct {
	Name string `json:"name"`
	// Type is boolean, integer, number, text, time, map or other.
	Type string `json:"type"`
	// SQLType is the engine's own name of it, or "".
	SQLType string `json:"sql_type"`
}

// readAnswer is a Read as the API writes it.
type readAnswer struct {
	Bytes   integer `json:"bytes"`
	Records integer `json:"records"`
	Files   int     `json:"files"`
}

// cell is a value of a row as the API writes it: numbers that a browser would round, and those that JSON
// does not have, are text, and so are decimals; times are RFC 3339 in UTC with all their digits.
type cell struct{ value any }

// MarshalJSON writes the value.
func (c cell) MarshalJSON() ([]byte, error) {
	switch v := c.value.(type) {
	case int64:
		return integer(v).MarshalJSON()
	case *big.Int, query.Decimal:
		return strconv.AppendQuote(nil, rowfile.Text(v)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.AppendQuote(nil, rowfile.Text(v)), nil
		}
	case json.RawMessage: // text of a structure: it may be none of JSON's
		return json.Marshal(string(v))
	}
	return rowfile.AppendJSON(nil, c.value), nil
}

// question checks a request and finds its language.
func (c *console) question(r *queryRequest) (*Language, Question, error) {
	q := Question{Text: r.Text}
	i := slices.IndexFunc(c.Languages, func(l Language) bool { return l.Name == r.Language })
	switch {
	case i < 0:
		return nil, q, badParam("language", "/api/v1/languages lists them", "there is no language %.60q", r.Language)
	case strings.TrimSpace(r.Text) == "":
		return nil, q, badParam("text", "", "there is no query")
	case len(r.Text) > dashboard.MaxText:
		return nil, q, badParam("text", "", "the query has %d bytes, the most is %d", len(r.Text), dashboard.MaxText)
	}
	var err error
	q.From, q.To, err = c.bounds(r)
	return &c.Languages[i], q, err
}

// bounds returns the range of a request.
func (c *console) bounds(r *queryRequest) (from, to time.Time, err error) {
	if from, err = parseMoment(string(r.From)); err != nil {
		return from, to, badParam("from", momentHint(c.Now()), "%v", err)
	}
	if to, err = parseMoment(string(r.To)); err != nil {
		return from, to, badParam("to", momentHint(c.Now()), "%v", err)
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, badParam("to", "", "the range ends before it begins")
	}
	return from, to, nil
}

// query runs a query and answers its first rows. They are kept for a while, for export.
func (c *console) query(ctx context.Context, r *queryRequest) (any, error) {
	if r.Rule+r.Interfaces != "" {
		return nil, badParam("rule", "/api/v1/contributors answers them", "contributors are no query")
	}
	language, q, err := c.question(r)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Limit == 0:
		r.Limit = usualShown
	case r.Limit < 0 || r.Limit > maxShown:
		return nil, badParam("limit", "", "%d is no number from 1 to %d", r.Limit, maxShown)
	}
	began := c.Now()
	out := &queryAnswer{From: epochOf(q.From), To: epochOf(q.To), Notes: []string{}}
	// Before the query, so that it is never said to be newer than what was read.
	if out.Newest, err = c.newest(ctx); err != nil {
		return nil, err
	}
	q.Limits.Timeout = queryTimeout
	answer, err := language.Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	kept, err := firstRows(answer, r.Limit)
	if err != nil {
		return nil, err
	}
	out.Result = c.results.keep(kept)
	out.More = kept.more
	out.showRows(kept)
	if answer.Read != nil {
		read := answer.Read()
		out.Read = &readAnswer{integer(read.Bytes), integer(read.Records), read.Files}
	}
	out.Notes = append(out.Notes, answer.Notes...)
	if stale := query.StaleOf(answer.Rows); stale.Any() {
		out.Notes = append(out.Notes, stale.String())
	}
	out.Elapsed = c.Now().Sub(began).Milliseconds()
	return out, nil
}

// showRows shows rows that are kept.
func (a *queryAnswer) showRows(kept *result) {
	for _, col := range kept.columns {
		a.Columns = append(a.Columns, columnAnswer{col.Name, col.Type.String(), col.SQLType})
	}
	a.Rows = make([][]cell, len(kept.rows))
	for i, row := range kept.rows {
		a.Rows[i] = make([]cell, len(row))
		for j, v := range row {
			a.Rows[i][j] = cell{v}
		}
	}
}

// newest returns the time of the newest record of all, or nil.
func (c *console) newest(ctx context.Context) (*int64, error) {
	status, err := c.Status(ctx)
	var at time.Time
	for _, t := range status.Tables {
		if t.Newest.After(at) {
			at = t.Newest
		}
	}
	return epochOf(at), err
}

// firstRows reads at most so many rows, and as many bytes as an answer may have, and closes them.
func firstRows(a *Answer, most int64) (out *result, err error) {
	defer func() { err = errors.Join(err, a.Rows.Close()) }()
	out = &result{columns: a.Rows.Columns()}
	for {
		row, err := a.Rows.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if int64(len(out.rows)) == most || out.bytes > maxShownBytes {
			out.more = true
			return out, nil
		}
		out.add(row)
	}
}

// write makes a handler of a request with a JSON body: it checks that the body is one, which a form of
// a foreign page can't send, reads it, bounds the time, and writes the answer or what is wrong.
func write[T any](answer func(ctx context.Context, body *T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, stop := context.WithTimeoutCause(r.Context(), queryTimeout, errSlow)
		defer stop()
		body := new(T)
		err := readBody(w, r, body)
		if err == nil {
			var v any
			if v, err = answer(ctx, body); err == nil {
				writeJSON(w, http.StatusOK, v)
				return
			}
		}
		writeProblem(w, queryProblem(ctx, err))
	}
}

// readBody decodes the JSON body of a request, in which no member may be unknown.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	if err := checkJSON(r); err != nil {
		return err
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bodyProblem(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return badParam("", "", "there is something behind the request")
	}
	return nil
}

// maxBody bounds the body of a request in bytes. Text can take six bytes a byte in JSON.
const maxBody = 8 * dashboard.MaxText

// checkJSON refuses a body that is not JSON.
func checkJSON(r *http.Request) error {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return &problem{status: http.StatusUnsupportedMediaType, Message: "the body must be JSON", Hint: "Content-Type: application/json"}
	}
	return nil
}

// bodyProblem says why a body could not be read.
func bodyProblem(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("the request has more than %d bytes", tooLarge.Limit)}
	}
	return badParam("", "", "the request can't be read: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// queryProblem says what is wrong with a query that a person wrote.
func queryProblem(ctx context.Context, err error) *problem {
	p := problemOf(ctx, err)
	if _, ok := errors.AsType[*query.TextError](err); ok {
		p.Param = "text"
	}
	return p
}

// writeProblem writes what is wrong.
func writeProblem(w http.ResponseWriter, p *problem) {
	writeJSON(w, p.status, struct {
		Error *problem `json:"error"`
	}{p})
}

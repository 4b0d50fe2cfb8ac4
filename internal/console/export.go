package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"

	"weir/internal/query"
	"weir/internal/query/rowfile"
)

// exportHead is how many bytes of a file are held back: what goes wrong before that is told as
// such, later it ends the connection, so that no file looks whole that is not.
const exportHead = 1 << 20

// exportStall is how long a part of a file may wait for its reader. A variable, so that tests need not wait.
var exportStall = 30 * time.Second

// export writes the rows of a query as a file: those that were shown, where they are kept and all
// were, else those that it gives now.
func (c *console) export(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeoutCause(r.Context(), queryTimeout, errSlow)
	defer stop()
	out := &exporter{to: w, control: http.NewResponseController(w)}
	if err := c.writeFile(ctx, w, r, out); err != nil {
		if out.begun {
			panic(http.ErrAbortHandler)
		}
		w.Header().Del("Content-Disposition")
		writeProblem(w, queryProblem(ctx, err))
		return
	}
	out.end()
}

// writeFile reads the request and writes the file.
func (c *console) writeFile(ctx context.Context, w http.ResponseWriter, r *http.Request, out *exporter) (err error) {
	var body queryRequest
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	form, ok := exportForms[body.Format]
	if !ok {
		return badParam("format", "csv or parquet", "there is no format %.60q", body.Format)
	}
	rows, err := c.exportRows(ctx, &body)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	h := w.Header()
	out.contentType = form.contentType
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(body.Name) + "." + body.Format}))
	_, err = form.write(out, rows, "weir "+c.Version)
	return err
}

// exportForms are the forms of files.
var exportForms = map[string]struct {
	contentType string
	write       func(w io.Writer, rows query.Rows, createdBy string) (int64, error)
}{
	"csv":     {"text/csv; charset=utf-8; header=present", func(w io.Writer, rows query.Rows, _ string) (int64, error) { return rowfile.CSV(w, rows) }},
	"parquet": {"application/vnd.apache.parquet", rowfile.Parquet},
}

// exportRows returns the rows of a file.
func (c *console) exportRows(ctx context.Context, body *queryRequest) (query.Rows, error) {
	switch {
	case body.Rule+body.Interfaces == "":
	case body.Language+body.Text != "":
		return nil, badParam("rule", "an export is of a query or of contributors", "a rule and a query exclude each other")
	case c.Watching == nil:
		return nil, badParam("rule", "", "there are no rules")
	default:
		return c.contributorRows(ctx, body)
	}
	language, q, err := c.question(body)
	if err != nil {
		return nil, err
	}
	if kept := c.results.get(body.Result); kept != nil && !kept.more {
		return kept.read(), nil
	}
	q.Limits = query.Limits{Timeout: queryTimeout, MaxRows: maxExported}
	answer, err := language.Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	return answer.Rows, nil
}

// fileName makes a file's name of what a person named the query.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '-'
	}, strings.ToValidUTF8(name, ""))
	name = strings.Trim(name, "-")
	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[:80])
	}
	if name == "" {
		return "query"
	}
	return name
}

// exporter writes a file to a response, the beginning of it once there is enough, or at the end.
type exporter struct {
	to          http.ResponseWriter
	control     *http.ResponseController
	contentType string
	head        bytes.Buffer
	begun       bool
}

// Write writes a part of the file.
func (e *exporter) Write(p []byte) (int, error) {
	if e.begun {
		return e.send(p)
	}
	e.head.Write(p)
	if e.head.Len() >= exportHead {
		return len(p), e.begin()
	}
	return len(p), nil
}

// begin sends what was held back.
func (e *exporter) begin() error {
	e.begun = true
	e.to.Header().Set("Content-Type", e.contentType)
	_, err := e.send(e.head.Bytes())
	e.head.Reset()
	return err
}

// send sends a part. A reader that takes nothing for a while is given up: the query behind the file would wait for ever.
func (e *exporter) send(p []byte) (int, error) {
	if err := e.control.SetWriteDeadline(time.Now().Add(exportStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return e.to.Write(p)
}

// end sends what is still held back.
func (e *exporter) end() {
	if !e.begun {
		// A reader who has gone away is nobody to tell of an error.
		_ = e.begin()
	}
}

package logs

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"weir/internal/logstore"
)

// lookupTable is what is known of a lookup table; its CSV is a document of its own, so that tables can
// be listed without it.
type lookupTable struct {
	Description string   `json:"description,omitempty"`
	Fields      []string `json:"fields"`
	Records     int64    `json:"records"`
	Bytes       int64    `json:"bytes"`
	Updated     int64    `json:"updated"` // milliseconds since the epoch
	Body        string   `json:"body"`    // the name of the document with the CSV
}

var errNoTable = notFound("The specified lookup table does not exist.")

// LookupTable returns the CSV of a lookup table, for whoever runs queries; ok says whether there is one
// of this name. The first line has the columns' names.
func LookupTable(ctx context.Context, store *logstore.Store, name string) (body []byte, ok bool, err error) {
	for {
		t, err := get[lookupTable](ctx, store, lookupTableKind, "", name)
		if err != nil || t == nil {
			return nil, false, err
		}
		d, err := store.Document(ctx, lookupBodyKind, "", t.Body)
		if errors.Is(err, logstore.ErrNoDocument) {
			continue // it was replaced meanwhile
		}
		return d.Body, err == nil, err
	}
}

const lookupARN = "lookup-table:"

// table returns the name of a table by its ARN, and what is known of it.
//
// The form of the ARN is our own: AWS does not print one.
func (a *API) table(ctx context.Context, arn string) (string, *lookupTable, error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 7 || parts[0] != "arn" || parts[2] != "logs" || parts[5]+":" != lookupARN {
		return "", nil, invalid("%s is not the ARN of a lookup table.", arn)
	}
	if parts[4] != a.Account {
		return "", nil, errNoTable
	}
	t, err := get[lookupTable](ctx, a.Store, lookupTableKind, "", parts[6])
	if err == nil && t == nil {
		err = errNoTable
	}
	return parts[6], t, err
}

// lookupSource is where the rows of a table come from: exactly one member is not nil.
type lookupSource struct {
	body, queryID *string
}

// putTable reads the source and keeps it under the name. old is what is replaced, nil for none.
func (a *API) putTable(ctx context.Context, name, description string, from lookupSource, old *lookupTable) (*lookupTable, error) {
	if (from.body == nil) == (from.queryID == nil) {
		return nil, invalid("Exactly one of tableBody and queryId must be given.")
	}
	var body []byte
	if from.body != nil {
		body = []byte(*from.body)
	} else {
		var err error
		if body, err = a.resultAsCSV(*from.queryID); err != nil {
			return nil, err
		}
	}
	fields, records, err := checkCSV(body)
	if err != nil {
		return nil, err
	}
	t := &lookupTable{Description: description, Fields: fields, Records: records, Bytes: int64(len(body)), Updated: a.Now().UnixMilli(), Body: name + "/" + uuid.NewString()}
	// The CSV first, and the old one last: whoever reads between finds a whole table.
	if _, err := a.Store.PutDocument(ctx, logstore.Document{Kind: lookupBodyKind, Name: t.Body, Body: body}); err != nil {
		return nil, err
	}
	if err := put(ctx, a.Store, lookupTableKind, "", name, t); err != nil {
		return nil, err
	}
	if old != nil {
		err = a.Store.DeleteDocument(ctx, lookupBodyKind, "", old.Body)
	}
	return t, err
}

// checkCSV returns the columns of a table and how many rows it has.
func checkCSV(body []byte) (fields []string, records int64, err error) {
	if len(body) > longest {
		return nil, 0, invalid("The lookup table has %d bytes; %d are allowed.", len(body), longest)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	r.ReuseRecord = true
	header, err := r.Read()
	if err == io.EOF {
		return nil, 0, invalid("The lookup table has no header row.")
	}
	if err == nil {
		fields = slices.Clone(header)
		for i, f := range fields {
			if strings.TrimSpace(f) == "" || slices.Contains(fields[:i], f) {
				return nil, 0, invalid("The header row of the lookup table has an empty or a repeated column: %q, column %d.", f, i+1)
			}
		}
		for ; err == nil; records++ {
			_, err = r.Read()
		}
		records-- // the end is none
	}
	if err != io.EOF {
		if parse := new(csv.ParseError); errors.As(err, &parse) {
			return nil, 0, invalid("The lookup table is not CSV: line %d, column %d: %v.", parse.Line, parse.Column, parse.Err)
		}
		return nil, 0, err
	}
	return fields, records, nil
}

// resultAsCSV returns the rows of a query that has ended.
func (a *API) resultAsCSV(id string) ([]byte, error) {
	j, ok := a.jobs.get(id)
	if !ok {
		return nil, errNoQuery
	}
	if j.status != complete || j.results == nil {
		return nil, invalid("The query %s has no results: its status is %s.", id, j.status)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(j.results.columns); err != nil {
		return nil, err
	}
	for offset := int64(0); offset < j.results.size(); {
		rows, end, err := j.results.page(offset, maxRows)
		if err != nil {
			return nil, err
		}
		for _, raw := range rows {
			var fields []resultField
			if err := json.Unmarshal(raw, &fields); err != nil {
				return nil, err
			}
			record := make([]string, len(j.results.columns))
			for _, f := range fields {
				if i := slices.Index(j.results.columns, f.Field); i >= 0 {
					record[i] = f.Value
				}
			}
			if err := w.Write(record); err != nil {
				return nil, err
			}
		}
		if out.Len() > longest {
			return nil, invalid("The results of the query are more than the %d bytes that a lookup table can have.", longest)
		}
		offset = end
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

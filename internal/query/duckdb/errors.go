package duckdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"weir/internal/query"
)

// duckError is an error of DuckDB, which tells its errors as JSON where it is set
// to errors_as_json.
type duckError struct {
	Class    string `json:"exception_type"`
	Text     string `json:"exception_message"`
	Position string `json:"position"` // in bytes of the query, as text; "" where it has none
}

// Error returns the first line of the message.
func (e *duckError) Error() string {
	first, _, _ := strings.Cut(e.Text, "\n")
	return first
}

// rest returns what stands below the message's first line, up to an empty line:
// candidates for a name. Below that DuckDB names settings, which are locked here.
func (e *duckError) rest() string {
	_, below, _ := strings.Cut(e.Text, "\n")
	below, _, _ = strings.Cut(below, "\n\n")
	return strings.TrimSpace(below)
}

// parseError returns an error of the driver as DuckDB's own, or as it is where it
// is none. The first skip bytes of the query were not the user's.
func parseError(err error, skip int) error {
	if err == nil {
		return nil
	}
	var e duckError
	text := err.Error()
	// Where a text does not even parse, the kind of error stands before the JSON.
	if kind, below, ok := strings.Cut(text, " Error: "); ok && !strings.Contains(kind, "{") {
		text = below
	}
	if json.Unmarshal([]byte(text), &e) != nil || e.Class == "" {
		return err
	}
	// The driver's words stand before those of a function in Go.
	e.Text = strings.TrimPrefix(e.Text, "database/sql/driver: API error: ")
	if at, err := strconv.Atoi(e.Position); err == nil {
		e.Position = strconv.Itoa(max(0, at-skip))
	}
	return &e
}

// named returns an error of DuckDB by its right name. written says that a user
// wrote the query, so that places in it mean something.
func named(err error, written bool) error {
	err = parseError(err, 0)
	e, ok := errors.AsType[*duckError](err)
	if !ok {
		return err
	}
	switch e.Class {
	case "Out of Memory":
		return fmt.Errorf("%w: memory: %w", query.ErrLimit, e)
	case "Permission":
		return fmt.Errorf("%w: %w", query.ErrRefused, e)
	case "Binder", "Catalog", "Parser", "Syntax":
		at, noPlace := strconv.Atoi(e.Position)
		if written && noPlace == nil {
			return &query.TextError{Offset: at, Message: e.Error(), Hint: e.rest()}
		}
		return fmt.Errorf("%w: %w", query.ErrRefused, e)
	}
	return err
}

package athena

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/internal/athenasql"
)

// States of a query execution.
const (
	queued    = "QUEUED"
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
	failed    = "FAILED"
	cancelled = "CANCELLED"
)

// execution is a query execution as it is kept.
type execution struct {
	ID, Key, Text string
	Statement     Statement
	WorkGroup     string
	Context       queryExecutionContext
	// Result is where and how results are written; Location is the whole name of the object, "" where the server alone keeps them.
	Result     resultConfiguration
	Location   string
	Parameters []string
	Reuse      *resultReuseConfiguration
	MaxBytes   int64
	Engine     string // the selected version
	// Token is the client's, and Asked a hash of what it came with.
	Token, Asked string

	State, Reason           string
	Error                   *athenaError
	Submitted, Began, Ended time.Time
	// Delivering is how long it took to write results.
	Delivering time.Duration
	Statistics Statistics
	// Manifest is where the objects are listed that UNLOAD wrote, "" where nothing is.
	Manifest string
	Columns  []columnInfo
	Rows     int64
	// Delivered is the size of the results, and Bytes that of their file, 0 where there is none any more.
	Delivered, Bytes int64
}

func (e *execution) active() bool { return e.State == queued || e.State == running }

// header says whether the first row of the results is that of the columns' names.
//
// Source: AWS, GetQueryResults, for SELECT; that others have none was seen.
func (e *execution) header() bool {
	switch e.Statement.SubStatement {
	case createTableAs, unload, "EXPLAIN":
		return false
	}
	return e.Statement.Kind == athenasql.DML && len(e.Columns) > 0
}

// key orders executions by the time when they were submitted.
func (e *execution) key() string { return pageTime(e.Submitted) + " " + e.ID }

// executionKeys returns the keys of the executions of a workgroup, the newest first.
func (s *Store) executionKeys(group string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for _, e := range s.executions.byKey {
		if e.WorkGroup == group {
			keys = append(keys, e.key())
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(b, a) })
	return keys
}

// executionsOf returns the ids of the executions of a workgroup. The store is held.
func (s *Store) executionsOf(group string) []string {
	var ids []string
	for _, e := range s.executions.byKey {
		if e.WorkGroup == group {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// oldest returns all executions, the oldest first. The store is held.
func (s *Store) oldest() []execution {
	return slices.SortedFunc(maps.Values(s.executions.byKey), func(a, b execution) int {
		return cmp.Or(a.Submitted.Compare(b.Submitted), strings.Compare(a.ID, b.ID))
	})
}

// execution returns an execution.
func (s *Store) execution(id string) (execution, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.executions.byKey[id]
	if !ok {
		return execution{}, noExecution(id)
	}
	return e, nil
}

package athena

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxNamedQueries and maxPreparedStatements bound what is kept.
const (
	maxNamedQueries       = 1000
	maxPreparedStatements = 1000 // of a workgroup, as Athena has it
)

// namedQuery is a named query as it is kept.
type namedQuery struct {
	ID, Name, Description, Database, Text, WorkGroup string
	Created                                          time.Time
	// Token is the client's of the request that made it.
	Token string
}

// namedQueryDetails is a named query as the API has it.
type namedQueryDetails struct {
	Name        string `json:"Name"`
	Description string `json:"Description,omitempty"`
	Database    string `json:"Database"`
	Text        string `json:"QueryString"`
	ID          string `json:"NamedQueryId"`
	WorkGroup   string `json:"WorkGroup"`
}

func (q *namedQuery) details() namedQueryDetails {
	return namedQueryDetails{Name: q.Name, Description: q.Description, Database: q.Database, Text: q.Text, ID: q.ID, WorkGroup: q.WorkGroup}
}

func noNamedQuery(id string) error {
	return invalid("NamedQuery %s was not found", id)
}

// namedQuery returns a named query.
func (s *Store) namedQuery(id string) (namedQuery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.named.byKey[id]
	if !ok {
		return namedQuery{}, noNamedQuery(id)
	}
	return q, nil
}

// namedOf returns the named queries of a workgroup, by the time when they were made. The store is held.
func (s *Store) namedOf(group string) []namedQuery {
	out := slices.DeleteFunc(slices.Collect(maps.Values(s.named.byKey)), func(q namedQuery) bool { return q.WorkGroup != group })
	slices.SortFunc(out, func(a, b namedQuery) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return out
}

package athena

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
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

// A NamedQuery is one that comes with the server. It is of the workgroup primary.
type NamedQuery struct {
	Name, Description, Database, Text string
}

// readyQueries are the named queries that come with the server. An id is made of a query's name, so that it is the same on each server and
// after each start.
func readyQueries(of []NamedQuery) []namedQuery {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("weir:athena:named-query"))
	out := make([]namedQuery, len(of))
	for i, q := range of {
		out[i] = namedQuery{
			ID: uuid.NewSHA1(space, []byte(q.Name)).String(), Name: q.Name, Description: q.Description, Database: q.Database, Text: q.Text, WorkGroup: primary,
			Created: time.Unix(0, int64(i)), // before all others, in their order
		}
	}
	return out
}

// changeableLocked returns a named query that clients may change and delete. The store is held.
func (a *API) changeableLocked(id string) (namedQuery, error) {
	q, ok := a.Store.named.byKey[id]
	switch {
	case ok:
		return q, nil
	case slices.ContainsFunc(a.ready, func(q namedQuery) bool { return q.ID == id }):
		return q, invalid("NamedQuery %s comes with this server and can't be changed or deleted: CreateNamedQuery makes one of its own of the text.", id)
	}
	return q, noNamedQuery(id)
}

func noNamedQuery(id string) error {
	return invalid("NamedQuery %s was not found", id)
}

// namedQuery returns a named query.
func (a *API) namedQuery(id string) (namedQuery, error) {
	if i := slices.IndexFunc(a.ready, func(q namedQuery) bool { return q.ID == id }); i >= 0 {
		return a.ready[i], nil
	}
	a.Store.mu.Lock()
	defer a.Store.mu.Unlock()
	q, ok := a.Store.named.byKey[id]
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

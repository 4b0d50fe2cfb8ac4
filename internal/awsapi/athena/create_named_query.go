package athena

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"weir/internal/awsapi"
)

type createNamedQueryRequest struct {
	Name        string `json:"Name" required:"true" shape:"named"`
	Description string `json:"Description" shape:"description"`
	Database    string `json:"Database" required:"true" shape:"database"`
	Text        string `json:"QueryString" required:"true" shape:"query"`
	Token       string `json:"ClientRequestToken" shape:"clientToken"`
	WorkGroup   string `json:"WorkGroup" shape:"group"`
}

type namedQueryID struct {
	ID string `json:"NamedQueryId"`
}

// createNamedQuery saves a query. Its text is kept as it is: what does not parse can be saved too, as in Athena. Requests with the same client token
// save one.
//
// Source: AWS, CreateNamedQuery.
func (a *API) createNamedQuery(_ context.Context, _ *awsapi.Call, in *createNamedQueryRequest) (*namedQueryID, error) {
	if err := checkQueryBytes(in.Text); err != nil {
		return nil, err
	}
	q := namedQuery{
		ID: uuid.NewString(), Name: in.Name, Description: in.Description, Database: in.Database, Text: in.Text, WorkGroup: cmp.Or(in.WorkGroup, primary),
		Created: a.Now(), Token: in.Token,
	}
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.groupLocked(in.WorkGroup); err != nil {
		return nil, err
	}
	for _, old := range s.named.byKey {
		if in.Token == "" || old.Token != in.Token {
			continue
		}
		same := q
		same.ID, same.Created = old.ID, old.Created
		if same != old {
			return nil, errIdempotent
		}
		return &namedQueryID{ID: old.ID}, nil
	}
	if len(s.named.byKey) >= maxNamedQueries {
		return nil, invalid("There can be no more than %d named queries.", maxNamedQueries)
	}
	return &namedQueryID{ID: q.ID}, s.named.put(q.ID, q)
}

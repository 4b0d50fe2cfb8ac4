package athena

import (
	"context"

	"weir/internal/awsapi"
)

type updateNamedQueryRequest struct {
	ID          string  `json:"NamedQueryId" required:"true" shape:"id"`
	Name        string  `json:"Name" required:"true" shape:"named"`
	Description *string `json:"Description" shape:"namedQueryAbout"`
	Text        string  `json:"QueryString" required:"true" shape:"query"`
}

// updateNamedQuery replaces the name and the text of a saved query, and its description where one is given. Those
// that come with the server stay as they are.
//
// Source: AWS, UpdateNamedQuery.
func (a *API) updateNamedQuery(_ context.Context, _ *awsapi.Call, in *updateNamedQueryRequest) (*empty, error) {
	if err := checkQueryBytes(in.Text); err != nil {
		return nil, err
	}
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := a.changeableLocked(in.ID)
	if err != nil {
		return nil, err
	}
	q.Name, q.Text = in.Name, in.Text
	if in.Description != nil {
		q.Description = *in.Description
	}
	return &empty{}, s.named.put(q.ID, q)
}

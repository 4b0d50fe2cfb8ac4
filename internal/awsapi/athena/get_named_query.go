package athena

import (
	"context"

	"weir/internal/awsapi"
)

type namedQueryRequest struct {
	ID string `json:"NamedQueryId" required:"true" shape:"id"`
}

type getNamedQueryResponse struct {
	NamedQuery namedQueryDetails `json:"NamedQuery"`
}

// getNamedQuery returns a saved query.
//
// Source: AWS, GetNamedQuery.
func (a *API) getNamedQuery(_ context.Context, _ *awsapi.Call, in *namedQueryRequest) (*getNamedQueryResponse, error) {
	q, err := a.namedQuery(in.ID)
	if err != nil {
		return nil, err
	}
	return &getNamedQueryResponse{NamedQuery: q.details()}, nil
}

package athena

import (
	"context"

	"weir/internal/awsapi"
)

type batchGetNamedQueryRequest struct {
	IDs []string `json:"NamedQueryIds" required:"true" shape:"ids" each:"id"`
}

type batchGetNamedQueryResponse struct {
	NamedQueries []namedQueryDetails       `json:"NamedQueries"`
	Unprocessed  []unprocessedNamedQueryID `json:"UnprocessedNamedQueryIds"`
}

type unprocessedNamedQueryID struct {
	ID      string `json:"NamedQueryId"`
	Code    string `json:"ErrorCode"`
	Message string `json:"ErrorMessage"`
}

// batchGetNamedQuery returns several saved queries; those that are not there are told apart.
//
// Source: AWS, BatchGetNamedQuery.
func (a *API) batchGetNamedQuery(_ context.Context, _ *awsapi.Call, in *batchGetNamedQueryRequest) (*batchGetNamedQueryResponse, error) {
	out := &batchGetNamedQueryResponse{NamedQueries: []namedQueryDetails{}, Unprocessed: []unprocessedNamedQueryID{}}
	for _, id := range in.IDs {
		q, err := a.namedQuery(id)
		if err != nil {
			code, message := said(err)
			out.Unprocessed = append(out.Unprocessed, unprocessedNamedQueryID{ID: id, Code: code, Message: message})
			continue
		}
		out.NamedQueries = append(out.NamedQueries, q.details())
	}
	return out, nil
}

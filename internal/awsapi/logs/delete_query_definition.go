package logs

import (
	"context"
	"errors"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type deleteQueryDefinitionRequest struct {
	ID string `json:"queryDefinitionId" required:"true" shape:"id256"`
}

// deleteQueryDefinition removes a saved query.
//
// Source: AWS, DeleteQueryDefinition.
func (a *API) deleteQueryDefinition(ctx context.Context, _ *awsapi.Call, in *deleteQueryDefinitionRequest) (*successResponse, error) {
	err := a.Store.DeleteDocument(ctx, queryDefinitionKind, "", in.ID)
	if errors.Is(err, logstore.ErrNoDocument) {
		return nil, errNoDefinition
	}
	if err != nil {
		return nil, err
	}
	return &successResponse{Success: true}, nil
}

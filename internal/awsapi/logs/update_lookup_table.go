package logs

import (
	"context"

	"weir/internal/awsapi"
)

type updateLookupTableRequest struct {
	ARN         string  `json:"lookupTableArn" required:"true"`
	Description *string `json:"description" shape:"description"`
	Body        *string `json:"tableBody" shape:"table"`
	QueryID     *string `json:"queryId" shape:"id256"`
	KMSKey      string  `json:"kmsKeyId" shape:"kms"`
}

type updateLookupTableResponse struct {
	ARN     string `json:"lookupTableArn"`
	Updated int64  `json:"lastUpdatedTime"`
}

// updateLookupTable replaces the rows of a table. Its description stays where none is given.
//
// Source: AWS, UpdateLookupTable.
func (a *API) updateLookupTable(ctx context.Context, _ *awsapi.Call, in *updateLookupTableRequest) (*updateLookupTableResponse, error) {
	if in.KMSKey != "" {
		return nil, invalid("This server does not encrypt lookup tables with KMS keys: leave kmsKeyId out.")
	}
	name, old, err := a.table(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	description := old.Description
	if in.Description != nil {
		description = *in.Description
	}
	t, err := a.putTable(ctx, name, description, lookupSource{body: in.Body, queryID: in.QueryID}, old)
	if err != nil {
		return nil, err
	}
	return &updateLookupTableResponse{ARN: a.arn(lookupARN + name), Updated: t.Updated}, nil
}

package logs

import (
	"context"

	"weir/internal/awsapi"
)

type createLookupTableRequest struct {
	Name        string            `json:"lookupTableName" required:"true" shape:"lookupName"`
	Description string            `json:"description" shape:"description"`
	Body        *string           `json:"tableBody" shape:"table"`
	QueryID     *string           `json:"queryId" shape:"id256"`
	KMSKey      string            `json:"kmsKeyId" shape:"kms"`
	Tags        map[string]string `json:"tags" shape:"tags" keys:"tagKey" each:"tagValue"`
}

type createLookupTableResponse struct {
	ARN     string `json:"lookupTableArn"`
	Created int64  `json:"createdAt"`
}

// createLookupTable keeps a table for the commands lookup and cidrlookup: CSV with a header row, or the
// rows of a query that is complete. KMS keys and tags are refused.
//
// Source: AWS, CreateLookupTable.
func (a *API) createLookupTable(ctx context.Context, _ *awsapi.Call, in *createLookupTableRequest) (*createLookupTableResponse, error) {
	if in.KMSKey != "" {
		return nil, invalid("This server does not encrypt lookup tables with KMS keys: leave kmsKeyId out.")
	}
	if in.Tags != nil {
		return nil, invalid("This server keeps no tags of lookup tables: leave tags out.")
	}
	old, err := get[lookupTable](ctx, a.Store, lookupTableKind, "", in.Name)
	if err != nil {
		return nil, err
	}
	if old != nil {
		return nil, awsapi.Errorf("ResourceAlreadyExistsException", "The specified lookup table already exists")
	}
	t, err := a.putTable(ctx, in.Name, in.Description, lookupSource{body: in.Body, queryID: in.QueryID}, nil)
	if err != nil {
		return nil, err
	}
	return &createLookupTableResponse{ARN: a.arn(lookupARN + in.Name), Created: t.Updated}, nil
}

package logs

import (
	"context"

	"weir/internal/awsapi"
)

type lookupTableRequest struct {
	ARN string `json:"lookupTableArn" required:"true"`
}

type getLookupTableResponse struct {
	ARN         string `json:"lookupTableArn"`
	Name        string `json:"lookupTableName"`
	Description string `json:"description,omitempty"`
	Body        string `json:"tableBody"`
	Bytes       int64  `json:"sizeBytes"`
	Updated     int64  `json:"lastUpdatedTime"`
}

// getLookupTable gives a table with its CSV.
//
// Source: AWS, GetLookupTable.
func (a *API) getLookupTable(ctx context.Context, _ *awsapi.Call, in *lookupTableRequest) (*getLookupTableResponse, error) {
	name, t, err := a.table(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	body, ok, err := LookupTable(ctx, a.Store, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoTable
	}
	return &getLookupTableResponse{ARN: a.arn(lookupARN + name), Name: name, Description: t.Description, Body: string(body), Bytes: t.Bytes, Updated: t.Updated}, nil
}

package logs

import (
	"context"

	"weir/internal/awsapi"
)

type describeLookupTablesRequest struct {
	Prefix     string `json:"lookupTableNamePrefix" shape:"lookupName"`
	MaxResults int32  `json:"maxResults" shape:"lookupPage"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
}

type describeLookupTablesResponse struct {
	Tables    []describedLookupTable `json:"lookupTables"`
	NextToken string                 `json:"nextToken,omitempty"`
}

type describedLookupTable struct {
	ARN         string   `json:"lookupTableArn"`
	Name        string   `json:"lookupTableName"`
	Description string   `json:"description,omitempty"`
	Fields      []string `json:"tableFields"`
	Records     int64    `json:"recordsCount"`
	Bytes       int64    `json:"sizeBytes"`
	Updated     int64    `json:"lastUpdatedTime"`
}

// describeLookupTables lists lookup tables by name.
//
// Source: AWS, DescribeLookupTables.
func (a *API) describeLookupTables(ctx context.Context, _ *awsapi.Call, in *describeLookupTablesRequest) (*describeLookupTablesResponse, error) {
	all, err := list[lookupTable](ctx, a.Store, lookupTableKind, "", in.Prefix)
	if err != nil {
		return nil, err
	}
	shown, token, err := page("DescribeLookupTables", in.NextToken, or(in.MaxResults, 100), false, all, named[lookupTable].key)
	if err != nil {
		return nil, err
	}
	out := &describeLookupTablesResponse{Tables: []describedLookupTable{}, NextToken: token}
	for _, t := range shown {
		out.Tables = append(out.Tables, describedLookupTable{
			ARN: a.arn(lookupARN + t.name), Name: t.name, Description: t.value.Description, Fields: t.value.Fields,
			Records: t.value.Records, Bytes: t.value.Bytes, Updated: t.value.Updated,
		})
	}
	return out, nil
}

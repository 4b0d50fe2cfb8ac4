package athena

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type getTableMetadataRequest struct {
	Catalog   string `json:"CatalogName" required:"true" shape:"catalog"`
	Database  string `json:"DatabaseName" required:"true" shape:"name"`
	Table     string `json:"TableName" required:"true" shape:"name"`
	WorkGroup string `json:"WorkGroup" shape:"group"`
}

type getTableMetadataResponse struct {
	Table tableMetadata `json:"TableMetadata"`
}

// getTableMetadata tells of a table or view. Names are in lower case, and are found in any.
//
// Source: AWS, GetTableMetadata.
func (a *API) getTableMetadata(ctx context.Context, c *awsapi.Call, in *getTableMetadataRequest) (*getTableMetadataResponse, error) {
	if err := a.within(in.WorkGroup, in.Catalog); err != nil {
		return nil, err
	}
	all, err := a.Catalog.Tables(ctx, strings.ToLower(in.Database))
	if err != nil {
		return nil, metadata(c, err)
	}
	i := slices.IndexFunc(all, func(t Table) bool { return strings.EqualFold(t.Name, in.Table) })
	if i < 0 {
		return nil, metadata(c, ErrNotFound)
	}
	return &getTableMetadataResponse{Table: all[i].metadata()}, nil
}

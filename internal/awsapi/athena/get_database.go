package athena

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type getDatabaseRequest struct {
	Catalog   string `json:"CatalogName" required:"true" shape:"catalog"`
	Database  string `json:"DatabaseName" required:"true" shape:"name"`
	WorkGroup string `json:"WorkGroup" shape:"group"`
}

type getDatabaseResponse struct {
	Database database `json:"Database"`
}

// getDatabase tells of a database. Names are in lower case, and are found in any.
//
// Source: AWS, GetDatabase.
func (a *API) getDatabase(ctx context.Context, c *awsapi.Call, in *getDatabaseRequest) (*getDatabaseResponse, error) {
	if err := a.within(in.WorkGroup, in.Catalog); err != nil {
		return nil, err
	}
	all, err := a.Catalog.Databases(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(d Database) bool { return strings.EqualFold(d.Name, in.Database) })
	if i < 0 {
		return nil, metadata(c, ErrNotFound)
	}
	return &getDatabaseResponse{Database: database(all[i])}, nil
}

package athena

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type listDatabasesRequest struct {
	Catalog    string `json:"CatalogName" required:"true" shape:"catalog"`
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page50"`
	WorkGroup  string `json:"WorkGroup" shape:"group"`
}

type listDatabasesResponse struct {
	Databases []database `json:"DatabaseList"`
	NextToken string     `json:"NextToken,omitempty"`
}

type database struct {
	Name        string            `json:"Name"`
	Description string            `json:"Description,omitempty"`
	Parameters  map[string]string `json:"Parameters,omitempty"`
}

// within checks the workgroup and the catalog that requests for databases and tables name.
func (a *API) within(group, catalog string) error {
	if _, err := a.Store.group(group); err != nil {
		return err
	}
	return checkCatalog(catalog)
}

// listDatabases lists the databases of the catalog by their names.
//
// Source: AWS, ListDatabases.
func (a *API) listDatabases(ctx context.Context, _ *awsapi.Call, in *listDatabasesRequest) (*listDatabasesResponse, error) {
	if err := a.within(in.WorkGroup, in.Catalog); err != nil {
		return nil, err
	}
	all, err := a.Catalog.Databases(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.SortedFunc(slices.Values(all), func(a, b Database) int { return strings.Compare(a.Name, b.Name) })
	shown, token, err := page("ListDatabases", in.NextToken, in.MaxResults, all, func(d Database) string { return d.Name })
	if err != nil {
		return nil, err
	}
	out := &listDatabasesResponse{Databases: []database{}, NextToken: token}
	for _, d := range shown {
		out.Databases = append(out.Databases, database(d))
	}
	return out, nil
}

package athena

import (
	"context"

	"weir/internal/awsapi"
)

type listDataCatalogsRequest struct {
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"catalogPage"`
	WorkGroup  string `json:"WorkGroup" shape:"group"`
}

type listDataCatalogsResponse struct {
	Catalogs  []dataCatalogSummary `json:"DataCatalogsSummary"`
	NextToken string               `json:"NextToken,omitempty"`
}

type dataCatalogSummary struct {
	Name string `json:"CatalogName"`
	Type string `json:"Type"`
}

// listDataCatalogs lists the one catalog.
//
// Source: AWS, ListDataCatalogs.
func (a *API) listDataCatalogs(_ context.Context, _ *awsapi.Call, in *listDataCatalogsRequest) (*listDataCatalogsResponse, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	if in.NextToken != "" {
		return nil, errToken // there is one page, so no token was given
	}
	return &listDataCatalogsResponse{Catalogs: []dataCatalogSummary{{Name: catalogName, Type: "GLUE"}}}, nil
}

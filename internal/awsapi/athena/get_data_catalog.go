package athena

import (
	"context"

	"weir/internal/awsapi"
)

type getDataCatalogRequest struct {
	Name      string `json:"Name" required:"true" shape:"catalog"`
	WorkGroup string `json:"WorkGroup" shape:"group"`
}

type getDataCatalogResponse struct {
	Catalog dataCatalog `json:"DataCatalog"`
}

type dataCatalog struct {
	Name        string            `json:"Name"`
	Description string            `json:"Description,omitempty"`
	Type        string            `json:"Type"`
	Parameters  map[string]string `json:"Parameters"`
}

// getDataCatalog tells of the one catalog. It says that it is of Glue, as AwsDataCatalog is, so that clients list databases and tables
// of it; the catalog itself is the server's.
//
// Source: AWS, GetDataCatalog.
func (a *API) getDataCatalog(_ context.Context, _ *awsapi.Call, in *getDataCatalogRequest) (*getDataCatalogResponse, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	if err := checkCatalog(in.Name); err != nil {
		return nil, err
	}
	return &getDataCatalogResponse{Catalog: dataCatalog{
		Name: catalogName, Description: "The databases and tables of weir", Type: "GLUE", Parameters: map[string]string{"catalog-id": a.Account},
	}}, nil
}

package logs

import (
	"context"

	"weir/internal/awsapi"
)

// deleteLookupTable removes a table.
//
// Source: AWS, DeleteLookupTable.
func (a *API) deleteLookupTable(ctx context.Context, _ *awsapi.Call, in *lookupTableRequest) (*struct{}, error) {
	name, t, err := a.table(ctx, in.ARN)
	if err != nil {
		return nil, err
	}
	if err := a.Store.DeleteDocument(ctx, lookupTableKind, "", name); err != nil {
		return nil, err
	}
	return nil, a.Store.DeleteDocument(ctx, lookupBodyKind, "", t.Body)
}

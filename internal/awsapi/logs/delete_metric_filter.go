package logs

import (
	"context"
	"errors"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type filterRequest struct {
	Group string `json:"logGroupName" required:"true" shape:"group"`
	Name  string `json:"filterName" required:"true" shape:"filterName"`
}

// deleteMetricFilter removes a metric filter, once it has counted what came before.
//
// Source: AWS, DeleteMetricFilter.
func (a *API) deleteMetricFilter(ctx context.Context, _ *awsapi.Call, in *filterRequest) (*struct{}, error) {
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	if err := a.deleteFilter(ctx, metricFilterKind, in, notFound("The specified metric filter does not exist.")); err != nil {
		return nil, err
	}
	return nil, enableMetricFilter(ctx, a.Store, in.Group, in.Name)
}

func (a *API) deleteFilter(ctx context.Context, kind string, in *filterRequest, missing error) error {
	if _, _, err := a.groups.find(ctx, in.Group); err != nil {
		return err
	}
	err := a.Store.DeleteDocument(ctx, kind, in.Group, in.Name)
	if errors.Is(err, logstore.ErrNoDocument) {
		return missing
	}
	return err
}

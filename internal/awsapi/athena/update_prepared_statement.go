package athena

import (
	"context"

	"weir/internal/awsapi"
)

// updatePreparedStatement replaces the text and the description of a prepared statement.
//
// Source: AWS, UpdatePreparedStatement.
func (a *API) updatePreparedStatement(ctx context.Context, c *awsapi.Call, in *preparedStatementRequest) (*empty, error) {
	p, err := a.prepared(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if _, err := a.Store.preparedStatement(in.WorkGroup, in.Name); err != nil {
		return nil, err
	}
	return &empty{}, a.Store.keepPrepared(p, true)
}

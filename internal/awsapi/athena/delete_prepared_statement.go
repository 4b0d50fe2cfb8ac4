package athena

import (
	"context"

	"weir/internal/awsapi"
)

// deletePreparedStatement removes a prepared statement.
//
// Source: AWS, DeletePreparedStatement.
func (a *API) deletePreparedStatement(_ context.Context, _ *awsapi.Call, in *onePreparedStatementRequest) (*empty, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	there, err := a.Store.PreparedStatements(in.WorkGroup).Deallocate(in.Name)
	if err == nil && !there {
		err = noPreparedStatement(in.WorkGroup, in.Name)
	}
	return &empty{}, err
}

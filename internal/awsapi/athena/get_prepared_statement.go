package athena

import (
	"context"

	"weir/internal/awsapi"
)

type onePreparedStatementRequest struct {
	Name      string `json:"StatementName" required:"true" shape:"statement"`
	WorkGroup string `json:"WorkGroup" required:"true" shape:"group"`
}

type getPreparedStatementResponse struct {
	Statement preparedStatementDetails `json:"PreparedStatement"`
}

// getPreparedStatement returns a prepared statement.
//
// Source: AWS, GetPreparedStatement.
func (a *API) getPreparedStatement(_ context.Context, _ *awsapi.Call, in *onePreparedStatementRequest) (*getPreparedStatementResponse, error) {
	p, err := a.Store.preparedStatement(in.WorkGroup, in.Name)
	if err != nil {
		return nil, err
	}
	return &getPreparedStatementResponse{Statement: p.details()}, nil
}

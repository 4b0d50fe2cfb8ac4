package athena

import (
	"context"

	"weir/internal/awsapi"
)

type batchGetPreparedStatementRequest struct {
	Names     []string `json:"PreparedStatementNames" required:"true" each:"statement"`
	WorkGroup string   `json:"WorkGroup" required:"true" shape:"group"`
}

type batchGetPreparedStatementResponse struct {
	Statements  []preparedStatementDetails         `json:"PreparedStatements"`
	Unprocessed []unprocessedPreparedStatementName `json:"UnprocessedPreparedStatementNames"`
}

type unprocessedPreparedStatementName struct {
	Name    string `json:"StatementName"`
	Code    string `json:"ErrorCode"`
	Message string `json:"ErrorMessage"`
}

// maxBatch bounds a batch of prepared statements.
//
// Source: AWS, BatchGetPreparedStatement: up to 256.
const maxBatch = 256

// batchGetPreparedStatement returns several prepared statements of a workgroup; those that are not there are told apart.
//
// Source: AWS, BatchGetPreparedStatement.
func (a *API) batchGetPreparedStatement(_ context.Context, _ *awsapi.Call, in *batchGetPreparedStatementRequest) (*batchGetPreparedStatementResponse, error) {
	if len(in.Names) > maxBatch {
		return nil, invalid("No more than %d prepared statements can be asked for at once.", maxBatch)
	}
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	out := &batchGetPreparedStatementResponse{Statements: []preparedStatementDetails{}, Unprocessed: []unprocessedPreparedStatementName{}}
	for _, name := range in.Names {
		p, err := a.Store.preparedStatement(in.WorkGroup, name)
		if err != nil {
			_, message := said(err)
			out.Unprocessed = append(out.Unprocessed, unprocessedPreparedStatementName{Name: name, Code: "STATEMENT_NOT_FOUND", Message: message})
			continue
		}
		out.Statements = append(out.Statements, p.details())
	}
	return out, nil
}

package athena

import (
	"context"

	"weir/internal/awsapi"
)

type listPreparedStatementsRequest struct {
	WorkGroup  string `json:"WorkGroup" required:"true" shape:"group"`
	NextToken  string `json:"NextToken" shape:"token"`
	MaxResults int32  `json:"MaxResults" shape:"page50"`
}

type listPreparedStatementsResponse struct {
	Statements []preparedStatementSummary `json:"PreparedStatements"`
	NextToken  string                     `json:"NextToken,omitempty"`
}

type preparedStatementSummary struct {
	Name     string   `json:"StatementName"`
	Modified *seconds `json:"LastModifiedTime,omitempty"`
}

// listPreparedStatements lists the prepared statements of a workgroup by their names.
//
// Source: AWS, ListPreparedStatements.
func (a *API) listPreparedStatements(_ context.Context, _ *awsapi.Call, in *listPreparedStatementsRequest) (*listPreparedStatementsResponse, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return nil, err
	}
	a.Store.mu.Lock()
	all := a.Store.preparedOf(in.WorkGroup)
	a.Store.mu.Unlock()
	shown, token, err := page("ListPreparedStatements", in.NextToken, in.MaxResults, all, func(p preparedStatement) string { return p.Name })
	if err != nil {
		return nil, err
	}
	out := &listPreparedStatementsResponse{Statements: []preparedStatementSummary{}, NextToken: token}
	for _, p := range shown {
		out.Statements = append(out.Statements, preparedStatementSummary{Name: p.Name, Modified: at(p.Modified)})
	}
	return out, nil
}

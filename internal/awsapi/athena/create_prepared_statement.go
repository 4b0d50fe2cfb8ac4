package athena

import (
	"context"

	"weir/internal/awsapi"
)

type preparedStatementRequest struct {
	Name        string `json:"StatementName" required:"true" shape:"statement"`
	WorkGroup   string `json:"WorkGroup" required:"true" shape:"group"`
	Text        string `json:"QueryStatement" required:"true" shape:"query"`
	Description string `json:"Description" shape:"description"`
}

// createPreparedStatement keeps a statement under a name that is new in the workgroup. One that can't be parsed is refused, as where it
// is run.
//
// Source: AWS, CreatePreparedStatement.
func (a *API) createPreparedStatement(ctx context.Context, c *awsapi.Call, in *preparedStatementRequest) (*empty, error) {
	p, err := a.prepared(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return &empty{}, a.Store.keepPrepared(p, false)
}

func (a *API) prepared(ctx context.Context, c *awsapi.Call, in *preparedStatementRequest) (preparedStatement, error) {
	if _, err := a.Store.group(in.WorkGroup); err != nil {
		return preparedStatement{}, err
	}
	if err := checkQueryBytes(in.Text); err != nil {
		return preparedStatement{}, err
	}
	if _, err := a.check(ctx, Request{Text: in.Text, WorkGroup: in.WorkGroup, User: c.Identity.AccessKeyID()}); err != nil {
		return preparedStatement{}, err
	}
	return preparedStatement{Name: in.Name, WorkGroup: in.WorkGroup, Text: in.Text, Description: in.Description, Modified: a.Now()}, nil
}

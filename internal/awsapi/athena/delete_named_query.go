package athena

import (
	"context"

	"weir/internal/awsapi"
)

// deleteNamedQuery removes a saved query. Those that come with the server stay.
//
// Source: AWS, DeleteNamedQuery.
func (a *API) deleteNamedQuery(_ context.Context, _ *awsapi.Call, in *namedQueryRequest) (*empty, error) {
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := a.changeableLocked(in.ID); err != nil {
		return nil, err
	}
	return &empty{}, s.named.remove(in.ID)
}

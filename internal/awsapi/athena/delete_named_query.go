package athena

import (
	"context"

	"weir/internal/awsapi"
)

// deleteNamedQuery removes a saved query.
//
// Source: AWS, DeleteNamedQuery.
func (a *API) deleteNamedQuery(_ context.Context, _ *awsapi.Call, in *namedQueryRequest) (*empty, error) {
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.named.byKey[in.ID]; !ok {
		return nil, noNamedQuery(in.ID)
	}
	return &empty{}, s.named.remove(in.ID)
}

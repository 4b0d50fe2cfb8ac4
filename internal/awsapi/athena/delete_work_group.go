package athena

import (
	"context"
	"errors"

	"weir/internal/awsapi"
)

type deleteWorkGroupRequest struct {
	WorkGroup string `json:"WorkGroup" required:"true" shape:"group"`
	Recursive *bool  `json:"RecursiveDeleteOption"`
}

// deleteWorkGroup removes a workgroup; with RecursiveDeleteOption its named queries, prepared statements and query executions too, of
// which those that run are stopped.
//
// Source: AWS, DeleteWorkGroup.
func (a *API) deleteWorkGroup(_ context.Context, _ *awsapi.Call, in *deleteWorkGroupRequest) (*empty, error) {
	if in.WorkGroup == primary {
		return nil, invalid("The primary workgroup cannot be deleted.")
	}
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.groupLocked(in.WorkGroup); err != nil {
		return nil, err
	}
	queries := s.executionsOf(in.WorkGroup)
	named, prepared := s.namedOf(in.WorkGroup), s.preparedOf(in.WorkGroup)
	if !set(in.Recursive) && len(queries)+len(named)+len(prepared) > 0 {
		return nil, invalid("WorkGroup %s is not empty", in.WorkGroup)
	}
	var err error
	for _, id := range queries {
		err = errors.Join(err, a.jobs.forgetLocked(id))
	}
	for _, q := range named {
		err = errors.Join(err, s.named.remove(q.ID))
	}
	for _, p := range prepared {
		err = errors.Join(err, s.prepared.remove(p.key()))
	}
	return &empty{}, errors.Join(err, s.groups.remove(in.WorkGroup))
}

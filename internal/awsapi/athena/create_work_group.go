package athena

import (
	"context"

	"weir/internal/awsapi"
)

type createWorkGroupRequest struct {
	Name          string                  `json:"Name" required:"true" shape:"group"`
	Configuration *workGroupConfiguration `json:"Configuration"`
	Description   string                  `json:"Description" shape:"groupAbout"`
	Tags          []tag                   `json:"Tags"`
}

// createWorkGroup makes a workgroup. Its configuration is enforced where the request does not say otherwise.
//
// Source: AWS, CreateWorkGroup and WorkGroupConfiguration.
func (a *API) createWorkGroup(_ context.Context, _ *awsapi.Call, in *createWorkGroupRequest) (*empty, error) {
	tags, err := merged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	g := workGroup{Name: in.Name, State: enabled, Description: in.Description, Created: a.Now(), Enforce: true, SelectedEngine: autoEngine, Tags: tags}
	if c := in.Configuration; c != nil {
		if err := c.unsupported(); err != nil {
			return nil, err
		}
		if r := c.Result; r != nil {
			g.Location, g.Encryption, g.BucketOwner, g.ACL = r.OutputLocation, r.Encryption, r.ExpectedBucketOwner, r.ACL
		}
		g.Managed = c.Managed != nil && c.Managed.Enabled
		g.Enforce = c.Enforce == nil || *c.Enforce
		g.PublishMetrics = set(c.PublishMetrics)
		g.BytesScannedCutoff = c.BytesScannedCutoff
		if c.Engine != nil && c.Engine.Selected != "" {
			g.SelectedEngine = c.Engine.Selected
		}
	}
	if err := a.checkResults(&g); err != nil {
		return nil, err
	}
	s := a.Store
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.groups.byKey[g.Name]; ok {
		return nil, invalid("WorkGroup is already created")
	}
	if len(s.groups.byKey) >= maxWorkGroups {
		return nil, invalid("There can be no more than %d workgroups.", maxWorkGroups)
	}
	return &empty{}, s.groups.put(g.Name, g)
}

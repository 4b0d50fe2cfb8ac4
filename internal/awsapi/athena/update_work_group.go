package athena

import (
	"context"

	"weir/internal/awsapi"
)

type updateWorkGroupRequest struct {
	WorkGroup   string                         `json:"WorkGroup" required:"true" shape:"group"`
	Description *string                        `json:"Description" shape:"groupAbout"`
	Updates     *workGroupConfigurationUpdates `json:"ConfigurationUpdates"`
	State       string                         `json:"State" shape:"state"`
}

type workGroupConfigurationUpdates struct {
	Enforce                  *bool                                    `json:"EnforceWorkGroupConfiguration"`
	Result                   *resultConfigurationUpdates              `json:"ResultConfigurationUpdates"`
	Managed                  *managedQueryResultsConfigurationUpdates `json:"ManagedQueryResultsConfigurationUpdates"`
	PublishMetrics           *bool                                    `json:"PublishCloudWatchMetricsEnabled"`
	BytesScannedCutoff       int64                                    `json:"BytesScannedCutoffPerQuery" shape:"cutoff"`
	RemoveCutoff             bool                                     `json:"RemoveBytesScannedCutoffPerQuery"`
	RequesterPays            *bool                                    `json:"RequesterPaysEnabled"`
	Engine                   *engineVersion                           `json:"EngineVersion"`
	RemoveCustomerEncryption bool                                     `json:"RemoveCustomerContentEncryptionConfiguration"`
	AdditionalConfiguration  string                                   `json:"AdditionalConfiguration" shape:"name"`
	ExecutionRole            string                                   `json:"ExecutionRole" shape:"role"`
	CustomerEncryption       *customerContentEncryptionConfiguration  `json:"CustomerContentEncryptionConfiguration"`
	MinimumEncryption        *bool                                    `json:"EnableMinimumEncryptionConfiguration"`
	AccessGrants             *queryResultsS3AccessGrantsConfiguration `json:"QueryResultsS3AccessGrantsConfiguration"`
	Monitoring               *monitoringConfiguration                 `json:"MonitoringConfiguration"`
	EngineConfiguration      *engineConfiguration                     `json:"EngineConfiguration"`
}

type resultConfigurationUpdates struct {
	OutputLocation            string                   `json:"OutputLocation"`
	RemoveOutputLocation      bool                     `json:"RemoveOutputLocation"`
	Encryption                *encryptionConfiguration `json:"EncryptionConfiguration"`
	RemoveEncryption          bool                     `json:"RemoveEncryptionConfiguration"`
	ExpectedBucketOwner       string                   `json:"ExpectedBucketOwner" shape:"account"`
	RemoveExpectedBucketOwner bool                     `json:"RemoveExpectedBucketOwner"`
	ACL                       *aclConfiguration        `json:"AclConfiguration"`
	RemoveACL                 bool                     `json:"RemoveAclConfiguration"`
}

type managedQueryResultsConfigurationUpdates struct {
	Enabled          *bool                                       `json:"Enabled"`
	Encryption       *managedQueryResultsEncryptionConfiguration `json:"EncryptionConfiguration"`
	RemoveEncryption bool                                        `json:"RemoveEncryptionConfiguration"`
}

// updateWorkGroup changes what a request names of a workgroup, and nothing else.
//
// Source: AWS, UpdateWorkGroup.
func (a *API) updateWorkGroup(_ context.Context, _ *awsapi.Call, in *updateWorkGroupRequest) (*empty, error) {
	return &empty{}, a.Store.changeGroup(in.WorkGroup, func(g *workGroup) error {
		if in.Description != nil {
			g.Description = *in.Description
		}
		if in.State != "" {
			g.State = in.State
		}
		if in.Updates == nil {
			return nil
		}
		if err := in.Updates.apply(g); err != nil {
			return err
		}
		return a.checkResults(g)
	})
}

func (u *workGroupConfigurationUpdates) apply(g *workGroup) error {
	if u.Managed != nil && u.Managed.Encryption != nil {
		return invalid("ManagedQueryResultsConfigurationUpdates.EncryptionConfiguration is not supported by this server: leave it out.")
	}
	asked := workGroupConfiguration{
		RequesterPays: u.RequesterPays, Engine: u.Engine, AdditionalConfiguration: u.AdditionalConfiguration, ExecutionRole: u.ExecutionRole,
		CustomerEncryption: u.CustomerEncryption, MinimumEncryption: u.MinimumEncryption, AccessGrants: u.AccessGrants, Monitoring: u.Monitoring,
		EngineConfiguration: u.EngineConfiguration,
	}
	if err := asked.unsupported(); err != nil {
		return err
	}
	if u.RemoveCutoff {
		if u.BytesScannedCutoff != 0 {
			return invalid("BytesScannedCutoffPerQuery and RemoveBytesScannedCutoffPerQuery cannot be set together.")
		}
		g.BytesScannedCutoff = 0
	}
	if u.BytesScannedCutoff != 0 {
		g.BytesScannedCutoff = u.BytesScannedCutoff
	}
	if u.Enforce != nil {
		g.Enforce = *u.Enforce
	}
	if u.PublishMetrics != nil {
		g.PublishMetrics = *u.PublishMetrics
	}
	if u.Engine != nil && u.Engine.Selected != "" {
		g.SelectedEngine = u.Engine.Selected
	}
	if u.Managed != nil && u.Managed.Enabled != nil {
		g.Managed = *u.Managed.Enabled
	}
	if u.Result != nil {
		return u.Result.apply(g)
	}
	return nil
}

func (u *resultConfigurationUpdates) apply(g *workGroup) error {
	for _, both := range []struct {
		name        string
		set, remove bool
	}{
		{"OutputLocation", u.OutputLocation != "", u.RemoveOutputLocation},
		{"EncryptionConfiguration", u.Encryption != nil, u.RemoveEncryption},
		{"ExpectedBucketOwner", u.ExpectedBucketOwner != "", u.RemoveExpectedBucketOwner},
		{"AclConfiguration", u.ACL != nil, u.RemoveACL},
	} {
		if both.set && both.remove {
			return invalid("%s and Remove%s cannot be set together.", both.name, both.name)
		}
	}
	if u.RemoveOutputLocation || u.OutputLocation != "" {
		g.Location = u.OutputLocation
	}
	if u.RemoveEncryption || u.Encryption != nil {
		g.Encryption = u.Encryption
	}
	if u.RemoveExpectedBucketOwner || u.ExpectedBucketOwner != "" {
		g.BucketOwner = u.ExpectedBucketOwner
	}
	if u.RemoveACL || u.ACL != nil {
		g.ACL = u.ACL
	}
	return nil
}

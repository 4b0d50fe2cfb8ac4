package athena

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	// primary is the workgroup of requests that name none.
	primary = "primary"

	enabled  = "ENABLED"
	disabled = "DISABLED"

	// autoEngine and engine3 are the engine versions that can be selected.
	autoEngine = "AUTO"
	engine3    = "Athena engine version 3"

	maxWorkGroups = 1000
)

// workGroup is a workgroup as it is kept.
type workGroup struct {
	Name, State, Description string
	Created                  time.Time
	// Location and Managed say where results go: to one of them, or to what a request says.
	Location           string
	Encryption         *encryptionConfiguration
	BucketOwner        string
	ACL                *aclConfiguration
	Managed, Enforce   bool
	PublishMetrics     bool
	BytesScannedCutoff int64 // 0: none
	SelectedEngine     string
	Tags               map[string]string
}

func newPrimary(now time.Time) workGroup {
	return workGroup{Name: primary, State: enabled, Created: now, Managed: true, SelectedEngine: autoEngine}
}

// workGroupConfiguration is the whole configuration of a workgroup as the API has it.
type workGroupConfiguration struct {
	Result                  *resultConfiguration                     `json:"ResultConfiguration,omitempty"`
	Managed                 *managedQueryResultsConfiguration        `json:"ManagedQueryResultsConfiguration,omitempty"`
	Enforce                 *bool                                    `json:"EnforceWorkGroupConfiguration,omitempty"`
	PublishMetrics          *bool                                    `json:"PublishCloudWatchMetricsEnabled,omitempty"`
	BytesScannedCutoff      int64                                    `json:"BytesScannedCutoffPerQuery,omitempty" shape:"cutoff"`
	RequesterPays           *bool                                    `json:"RequesterPaysEnabled,omitempty"`
	Engine                  *engineVersion                           `json:"EngineVersion,omitempty"`
	AdditionalConfiguration string                                   `json:"AdditionalConfiguration,omitempty" shape:"name"`
	ExecutionRole           string                                   `json:"ExecutionRole,omitempty" shape:"role"`
	Monitoring              *monitoringConfiguration                 `json:"MonitoringConfiguration,omitempty"`
	EngineConfiguration     *engineConfiguration                     `json:"EngineConfiguration,omitempty"`
	CustomerEncryption      *customerContentEncryptionConfiguration  `json:"CustomerContentEncryptionConfiguration,omitempty"`
	MinimumEncryption       *bool                                    `json:"EnableMinimumEncryptionConfiguration,omitempty"`
	IdentityCenter          *identityCenterConfiguration             `json:"IdentityCenterConfiguration,omitempty"`
	AccessGrants            *queryResultsS3AccessGrantsConfiguration `json:"QueryResultsS3AccessGrantsConfiguration,omitempty"`
}

func set(b *bool) bool { return b != nil && *b }

// unsupported refuses what would have an effect that this server has not.
func (c *workGroupConfiguration) unsupported() error {
	m := c.Monitoring
	for _, member := range []struct {
		name string
		bad  bool
	}{
		{"ManagedQueryResultsConfiguration.EncryptionConfiguration", c.Managed != nil && c.Managed.Encryption != nil},
		{"RequesterPaysEnabled", set(c.RequesterPays)},
		{"AdditionalConfiguration", c.AdditionalConfiguration != ""},
		{"ExecutionRole", c.ExecutionRole != ""},
		{"MonitoringConfiguration", m != nil && (m.CloudWatch != nil && m.CloudWatch.Enabled || m.Managed != nil && m.Managed.Enabled || m.S3 != nil && m.S3.Enabled)},
		{"EngineConfiguration", c.EngineConfiguration != nil},
		{"CustomerContentEncryptionConfiguration", c.CustomerEncryption != nil},
		{"EnableMinimumEncryptionConfiguration", set(c.MinimumEncryption)},
		{"IdentityCenterConfiguration", c.IdentityCenter != nil && c.IdentityCenter.Enable},
		{"QueryResultsS3AccessGrantsConfiguration", c.AccessGrants != nil && c.AccessGrants.Enable},
	} {
		if member.bad {
			return invalid("%s is not supported by this server: leave it out.", member.name)
		}
	}
	return checkEngine(c.Engine)
}

func checkEngine(v *engineVersion) error {
	if v == nil || v.Selected == "" || v.Selected == autoEngine || v.Selected == engine3 {
		return nil
	}
	return invalid("The engine version %s is not one of this server: it has %s and %s.", v.Selected, autoEngine, engine3)
}

// configuration returns what a workgroup has, as the API has it.
func (g *workGroup) configuration() *workGroupConfiguration {
	no := false
	return &workGroupConfiguration{
		Result:  g.result(),
		Managed: &managedQueryResultsConfiguration{Enabled: g.Managed},
		Enforce: &g.Enforce, PublishMetrics: &g.PublishMetrics, BytesScannedCutoff: g.BytesScannedCutoff, RequesterPays: &no,
		Engine: g.engine(), MinimumEncryption: &no,
	}
}

func (g *workGroup) result() *resultConfiguration {
	return &resultConfiguration{OutputLocation: g.Location, Encryption: g.Encryption, ExpectedBucketOwner: g.BucketOwner, ACL: g.ACL}
}

func (g *workGroup) engine() *engineVersion {
	return &engineVersion{Selected: cmp.Or(g.SelectedEngine, autoEngine), Effective: engine3}
}

// checkResults refuses a workgroup whose results would have two places, or one that can't be.
func (a *API) checkResults(g *workGroup) error {
	if g.Location == "" {
		if g.Encryption != nil || g.BucketOwner != "" || g.ACL != nil {
			return invalid("EncryptionConfiguration, ExpectedBucketOwner and AclConfiguration are of an OutputLocation, and there is none.")
		}
		return nil
	}
	if g.Managed {
		return invalid("ManagedQueryResultsConfiguration and ResultConfiguration cannot be set together.")
	}
	return a.checkLocation(g.result())
}

// group returns a workgroup, that of requests without any for "". The words are those of Athena.
func (s *Store) group(name string) (workGroup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groupLocked(name)
}

func (s *Store) groupLocked(name string) (workGroup, error) {
	g, ok := s.groups.byKey[cmp.Or(name, primary)]
	if !ok {
		return workGroup{}, invalid("WorkGroup is not found.")
	}
	return g, nil
}

// changeGroup changes a workgroup.
func (s *Store) changeGroup(name string, change func(g *workGroup) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.groupLocked(name)
	if err != nil {
		return err
	}
	g.Tags = maps.Clone(g.Tags)
	if err := change(&g); err != nil {
		return err
	}
	return s.groups.put(g.Name, g)
}

// allGroups returns all workgroups by their names.
func (s *Store) allGroups() []workGroup {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []workGroup
	for _, name := range slices.Sorted(maps.Keys(s.groups.byKey)) {
		out = append(out, s.groups.byKey[name])
	}
	return out
}

package athena

import (
	"strconv"
	"time"
)

// seconds is a time as the API has it: seconds since the epoch, with a fraction of milliseconds.
type seconds struct{ time.Time }

// MarshalJSON writes the number.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads the number.
func (s *seconds) UnmarshalJSON(raw []byte) error {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return err
	}
	s.Time = time.UnixMilli(int64(f*1000 + 0.5)).UTC()
	return nil
}

// at returns a time as a member that is left out where it is zero.
func at(t time.Time) *seconds {
	if t.IsZero() {
		return nil
	}
	return &seconds{t}
}

type queryExecutionContext struct {
	Database string `json:"Database,omitempty" shape:"database"`
	Catalog  string `json:"Catalog,omitempty" shape:"catalog"`
}

type resultConfiguration struct {
	OutputLocation      string                   `json:"OutputLocation,omitempty"`
	Encryption          *encryptionConfiguration `json:"EncryptionConfiguration,omitempty"`
	ExpectedBucketOwner string                   `json:"ExpectedBucketOwner,omitempty" shape:"account"`
	ACL                 *aclConfiguration        `json:"AclConfiguration,omitempty"`
}

type encryptionConfiguration struct {
	Option string `json:"EncryptionOption" required:"true" shape:"encryption"`
	Key    string `json:"KmsKey,omitempty"`
}

type aclConfiguration struct {
	Option string `json:"S3AclOption" required:"true" shape:"aclOption"`
}

type managedQueryResultsConfiguration struct {
	Enabled    bool                                        `json:"Enabled" required:"true"`
	Encryption *managedQueryResultsEncryptionConfiguration `json:"EncryptionConfiguration,omitempty"`
}

type managedQueryResultsEncryptionConfiguration struct {
	Key string `json:"KmsKey" required:"true" shape:"kms"`
}

type resultReuseConfiguration struct {
	ByAge *resultReuseByAgeConfiguration `json:"ResultReuseByAgeConfiguration,omitempty"`
}

type resultReuseByAgeConfiguration struct {
	Enabled bool   `json:"Enabled" required:"true"`
	MaxAge  *int32 `json:"MaxAgeInMinutes,omitempty" shape:"age"`
}

type engineVersion struct {
	Selected  string `json:"SelectedEngineVersion,omitempty" shape:"name"`
	Effective string `json:"EffectiveEngineVersion,omitempty" shape:"name"`
}

type engineConfiguration struct {
	CoordinatorDpuSize     int32             `json:"CoordinatorDpuSize,omitempty" shape:"oneDpu"`
	MaxConcurrentDpus      int32             `json:"MaxConcurrentDpus,omitempty" shape:"concurrentDpus"`
	DefaultExecutorDpuSize int32             `json:"DefaultExecutorDpuSize,omitempty" shape:"oneDpu"`
	AdditionalConfigs      map[string]string `json:"AdditionalConfigs,omitempty" keys:"propertyKey" each:"propertyValue"`
	SparkProperties        map[string]string `json:"SparkProperties,omitempty" keys:"propertyKey" each:"propertyValue"`
	Classifications        []classification  `json:"Classifications,omitempty"`
}

type classification struct {
	Name       string            `json:"Name,omitempty" shape:"name"`
	Properties map[string]string `json:"Properties,omitempty" keys:"propertyKey" each:"propertyValue"`
}

type monitoringConfiguration struct {
	CloudWatch *cloudWatchLoggingConfiguration `json:"CloudWatchLoggingConfiguration,omitempty"`
	Managed    *managedLoggingConfiguration    `json:"ManagedLoggingConfiguration,omitempty"`
	S3         *s3LoggingConfiguration         `json:"S3LoggingConfiguration,omitempty"`
}

type cloudWatchLoggingConfiguration struct {
	Enabled  bool                `json:"Enabled" required:"true"`
	LogGroup string              `json:"LogGroup,omitempty" shape:"logGroup"`
	Prefix   string              `json:"LogStreamNamePrefix,omitempty" shape:"logStream"`
	LogTypes map[string][]string `json:"LogTypes,omitempty"`
}

type managedLoggingConfiguration struct {
	Enabled bool   `json:"Enabled" required:"true"`
	Key     string `json:"KmsKey,omitempty" shape:"kms"`
}

type s3LoggingConfiguration struct {
	Enabled  bool   `json:"Enabled" required:"true"`
	Key      string `json:"KmsKey,omitempty" shape:"kms"`
	Location string `json:"LogLocation,omitempty" shape:"logLocation"`
}

type customerContentEncryptionConfiguration struct {
	Key string `json:"KmsKey" required:"true" shape:"kms"`
}

type identityCenterConfiguration struct {
	Enable   bool   `json:"EnableIdentityCenter"`
	Instance string `json:"IdentityCenterInstanceArn,omitempty" shape:"identityCenter"`
}

type queryResultsS3AccessGrantsConfiguration struct {
	Enable bool   `json:"EnableS3AccessGrants" required:"true"`
	Prefix bool   `json:"CreateUserLevelPrefix,omitempty"`
	Type   string `json:"AuthenticationType" required:"true" shape:"grantType"`
}

type tag struct {
	Key   string `json:"Key" shape:"tagKey"`
	Value string `json:"Value" shape:"tagValue"`
}

// empty is an answer without members.
type empty struct{}

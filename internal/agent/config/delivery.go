package config

// A DestinationType is what a destination is, in AWS's words but for a folder, which AWS does not have.
type DestinationType string

// The types. Source: EC2 API reference, CreateFlowLogs, LogDestinationType.
const (
	Folder         DestinationType = ""
	S3             DestinationType = "s3"
	CloudWatchLogs DestinationType = "cloud-watch-logs"
	Firehose       DestinationType = "kinesis-data-firehose"
)

// A Delivery says what a destination is and how it is reached. A folder has none of it.
type Delivery struct {
	Type DestinationType
	// Bucket and Prefix are of S3; the prefix is "" or ends with a slash.
	Bucket, Prefix string
	// LogGroup is a name, and DeliveryStream too.
	LogGroup, DeliveryStream string
	// Account is that of the log group or delivery stream by its ARN, "": nobody says. Of a bucket it is whose it has to be.
	Account string
	// Region is that of the bucket, log group or delivery stream; "": the flow log's.
	Region string
	// Endpoint is the URL of a service that is not AWS's, or of a VPC endpoint; "": AWS's, or what AWS's tools are told by the environment and the profile.
	Endpoint string
	// PathStyle puts the bucket into the path of requests; nil: where the endpoint is not in AWS's domains.
	PathStyle *bool
	// Profile is one of the shared configuration; "": as AWS's tools choose.
	Profile string
	// NoSignRequest asks without credentials.
	NoSignRequest bool
	// Role is the ARN of the role that is assumed, and CrossAccountRole of the one that is assumed with that: AWS's DeliverLogsPermissionArn and
	// DeliverCrossAccountRole. "" is none.
	Role, CrossAccountRole string
	// KMSKey is the ARN of the key that S3 encrypts with; "": as the bucket has it.
	KMSKey string
	// ACL is bucket-owner-full-control, none, or "": bucket-owner-full-control at AWS, none elsewhere.
	ACL string
}

package netmodel

import "strings"

// FlowLog is a flow log of a VPC, a subnet, an ENI, a regional NAT gateway, a transit gateway or
// one of its attachments.
type FlowLog struct {
	ID, Name string
	Region   string
	// Resource is the id of what it covers.
	Resource string
	// Traffic is ACCEPT, REJECT or ALL; "" of transit gateways, which record all.
	Traffic string
	// Status is ACTIVE.
	Status string
	// DestinationType is cloud-watch-logs, s3 or kinesis-data-firehose; "" in answers of before
	// 2018.
	DestinationType string
	// Destination is an ARN, and LogGroup the name of a log group; either may be "".
	Destination, LogGroup string
	// Format is the LogFormat, as ${version} ${account-id}...; "" where the input does not say.
	Format string
	// Interval is the maximum aggregation interval in seconds; 0 where the input does not say.
	Interval int
	// DeliveryStatus is SUCCESS or FAILED; "" where the input does not say. DeliveryError is
	// AWS's text, as Access error or Rate limited.
	DeliveryStatus, DeliveryError string
	// DeliveryRole and CrossAccountRole are ARNs of roles.
	DeliveryRole, CrossAccountRole string
	// FileFormat is plain-text or parquet, HivePartitions and HourlyPartitions say how keys
	// are made; of S3.
	FileFormat                       string
	HivePartitions, HourlyPartitions bool
	// TagFields say which tags the fields instance-tag, interface-tag and asg-tag hold.
	TagFields []TagFields
}

// TagFields are the keys of tags that a flow log records of one kind of resource.
//
// Source: EC2 API reference, TagFieldSpecification.
type TagFields struct {
	ResourceType string   // network-interface, instance or auto-scaling-group
	Keys         []string // one or two, the first for instance-tag, the second for instance-tag-2
}

// Transit reports whether the flow log is of a transit gateway or one of its attachments: its
// records are of their own kind.
func (l *FlowLog) Transit() bool { return strings.HasPrefix(l.Resource, "tgw-") }

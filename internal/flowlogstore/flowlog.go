package flowlogstore

import "weir/flowlog"

// A ResourceType is what a flow log is of.
type ResourceType string

// The resource types, by AWS's names.
const (
	VPC                      ResourceType = "VPC"
	Subnet                   ResourceType = "Subnet"
	NetworkInterface         ResourceType = "NetworkInterface"
	TransitGateway           ResourceType = "TransitGateway"
	TransitGatewayAttachment ResourceType = "TransitGatewayAttachment"
	RegionalNATGateway       ResourceType = "RegionalNatGateway"
)

// resource is what there is to know of a resource type.
type resource struct {
	kind flowlog.Kind
	// prefix is what ids begin with, before a hyphen.
	prefix string
	// noun names it in AWS's errors, and notFound is the code of the error for an id that is not there.
	noun, notFound string
}

// Sources: AWS, Amazon EC2 API Reference, "Error codes"; the words are those of the Describe operation of each.
var resources = map[ResourceType]resource{
	VPC:                      {flowlog.KindVPC, "vpc", "vpc ID", "InvalidVpcID.NotFound"},
	Subnet:                   {flowlog.KindVPC, "subnet", "subnet ID", "InvalidSubnetID.NotFound"},
	NetworkInterface:         {flowlog.KindVPC, "eni", "networkInterface ID", "InvalidNetworkInterfaceID.NotFound"},
	TransitGateway:           {flowlog.KindTGW, "tgw", "transitGateway ID", "InvalidTransitGatewayID.NotFound"},
	TransitGatewayAttachment: {flowlog.KindTGW, "tgw-attach", "transitGatewayAttachment ID", "InvalidTransitGatewayAttachmentID.NotFound"},
	RegionalNATGateway:       {flowlog.KindVPC, "nat", "natGateway ID", "NatGatewayNotFound"},
}

// Destination types, by AWS's names.
const (
	CloudWatchLogs = "cloud-watch-logs"
	S3             = "s3"
	Firehose       = "kinesis-data-firehose"
)

// File formats of objects, by AWS's names.
const (
	PlainText = "plain-text"
	Parquet   = "parquet"
)

// A Config is how a flow log was asked for. What a request left out has its default here.
type Config struct {
	ResourceType ResourceType
	// TrafficType is ACCEPT, REJECT or ALL; "" for transit gateways, which have none.
	TrafficType string `json:",omitempty"`
	// DestinationType is CloudWatchLogs, S3 or Firehose, and Destination the ARN of log group, bucket (with a folder) or delivery stream.
	DestinationType, Destination string
	// LogGroup is the name of the log group, "" for other destinations.
	LogGroup string `json:",omitempty"`
	// DeliverLogsPermissionARN and DeliverCrossAccountRole are ARNs of IAM roles. They have no meaning here and are kept.
	DeliverLogsPermissionARN, DeliverCrossAccountRole string `json:",omitempty"`
	// LogFormat is as EC2 spells it: "${version} ${account-id}".
	LogFormat string
	// MaxAggregationInterval is 60 or 600 seconds.
	MaxAggregationInterval int32
	// FileFormat (PlainText or Parquet), Hive and PerHour say how objects lie in a bucket; FileFormat is "" for other destinations.
	FileFormat    string `json:",omitempty"`
	Hive, PerHour bool   `json:",omitempty"`
	// TagFields say of which tags the fields instance-tag and so on are.
	TagFields []TagField `json:",omitempty"`
}

// A TagField says which tags of a type of resource records have.
type TagField struct {
	// ResourceType is network-interface, instance or auto-scaling-group.
	ResourceType string
	// Keys are one or two keys, of the field without and with -2.
	Keys []string
}

// A Delivery is how the delivery of a flow log's records goes.
type Delivery string

// How delivery goes, by AWS's names.
const (
	Success Delivery = "SUCCESS"
	Failed  Delivery = "FAILED"
)

// A FlowLog is a flow log that there is.
type FlowLog struct {
	// ID is fl- and 17 hexadecimal digits.
	ID string
	// Number orders flow logs: those that were made later have greater ones. It is never used again.
	Number int64
	// ResourceID is what it is of.
	ResourceID string
	Config
	// Created is in milliseconds since the epoch.
	Created int64
	// Delivery is Success until SetDelivery says something else, with AWS too; DeliveryError says why it is Failed.
	Delivery      Delivery
	DeliveryError string
	Tags          map[string]string
}

// A Request asks for flow logs: one for each of ResourceIDs, all with the same Config and Tags.
type Request struct {
	// Token makes a request idempotent: who sends it again with the same token gets the answer of the first; "" for none.
	Token       string
	ResourceIDs []string
	Config
	Tags map[string]string
}

// Created is what a Request made.
type Created struct {
	// Token is that of the request, or where it had none, one that was made for it.
	Token string
	// IDs are those of the flow logs, in the order of the resources for which there is one now.
	IDs []string
	// Unsuccessful are the resources for which there is none, and why.
	Unsuccessful []Unsuccessful
}

// Unsuccessful says why there is no flow log for a resource.
type Unsuccessful struct{ ResourceID, Code, Message string }

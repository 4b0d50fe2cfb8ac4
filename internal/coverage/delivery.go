package coverage

import (
	"strings"

	"weir/internal/netmodel"
)

// Cause is what usually leads to an error, and where AWS says so.
type Cause struct {
	Cause  string `json:"cause"`
	Source string `json:"source"`
}

// Destination types as CreateFlowLogs names them.
const (
	toLogs     = "cloud-watch-logs"
	toS3       = "s3"
	toFirehose = "kinesis-data-firehose"
)

// destinationType returns where a flow log goes; "" where the input does not say. Answers of
// before 2018 have a log group only.
func destinationType(l *netmodel.FlowLog) string {
	if l.DestinationType == "" && l.LogGroup != "" {
		return toLogs
	}
	return l.DestinationType
}

// Pages of AWS's guides.
const (
	pageTroubleshoot = "VPC user guide, Troubleshoot VPC Flow Logs"
	pageRole         = "VPC user guide, IAM role for publishing flow logs to CloudWatch Logs"
	pageBucket       = "VPC user guide, Amazon S3 bucket permissions for flow logs"
	pageKey          = "VPC user guide, Required key policy for use with SSE-KMS"
	pageFirehose     = "VPC user guide, IAM roles for cross account delivery"
	pageAPI          = "EC2 API reference, FlowLog"
)

// causesOf are the usual causes by AWS's text, and by destination type; "" for any.
var causesOf = map[string]map[string][]Cause{
	"access error": {
		toLogs: {
			{"the role lacks one of logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents, logs:DescribeLogGroups, logs:DescribeLogStreams", pageRole},
			{"the role's trust policy does not let vpc-flow-logs.amazonaws.com assume it", pageTroubleshoot},
		},
		toS3: {
			{"the bucket policy does not let delivery.logs.amazonaws.com do s3:PutObject and s3:GetBucketAcl, or its aws:SourceAccount or aws:SourceArn is another", pageBucket},
			{"the bucket is not there any more, or its policy would exceed 20 KB", pageTroubleshoot},
			{"the policy of the bucket's KMS key does not let delivery.logs.amazonaws.com do kms:Encrypt, kms:Decrypt, kms:ReEncrypt*, kms:GenerateDataKey* and kms:DescribeKey, or it is an AWS managed key", pageKey},
		},
		toFirehose: {
			{"the delivery stream is not there any more, or lacks the tag LogDeliveryEnabled=true", pageFirehose},
			{"of a stream in another account: one of the two roles lacks a permission, or its trust", pageFirehose},
		},
	},
	"rate limited": {
		"": {
			{"CloudWatch Logs throttles: an ENI has more records than a log stream takes in the time", pageTroubleshoot},
			{"the quota of log groups is reached", pageTroubleshoot},
		},
	},
	"unknown error": {
		"": {{"an internal error of AWS: it passes, or it is a case for AWS support", pageAPI}},
	},
}

// causes returns what usually leads to a flow log's error; nothing of a text that AWS does not
// document.
func causes(l *netmodel.FlowLog) []Cause {
	text := strings.ToLower(strings.TrimRight(strings.TrimSpace(l.DeliveryError), "."))
	if strings.Contains(text, "undeliverable") {
		return []Cause{{"the bucket's default encryption names its KMS key by id, where the key's ARN is needed", pageTroubleshoot}}
	}
	if strings.HasPrefix(text, "access denied for logdestination") {
		text = "access error"
	}
	by := causesOf[text]
	if whatever := by[""]; whatever != nil {
		return whatever
	}
	return by[destinationType(l)]
}

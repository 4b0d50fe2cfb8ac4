package flowlogstore

import (
	"regexp"
	"strings"
)

// Place is whose flow logs they are: what their ARNs say.
type Place struct{ Account, Region string }

// Forms of ARNs. A delivery stream's has a slash with AWS, and a colon in the documentation of CreateFlowLogs.
var (
	groupARN   = regexp.MustCompile(`^arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:([A-Za-z0-9._/#-]{1,512})$`)
	groupName  = regexp.MustCompile(`^[A-Za-z0-9._/#-]{1,512}$`)
	bucketARN  = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/.*)?$`)
	streamARN  = regexp.MustCompile(`^arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream[/:][A-Za-z0-9._-]{1,64}$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[!-~]{1,576}$`)
	allStreams = ":*" // at the end of the ARNs that CloudWatch Logs answers
)

// completeDestination checks where the records go.
//
// Sources of the texts: AWS's answers, as LocalStack (validation of S3) and issues of others show them; moto where it says so in the decision.
func (c *Config) completeDestination(place Place) error {
	switch {
	case c.LogGroup != "" && c.Destination != "":
		return invalid("Please only provide LogGroupName or only provide LogDestination.")
	case c.LogGroup != "" && c.DestinationType != "" && c.DestinationType != CloudWatchLogs:
		return invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
	case c.LogGroup == "" && c.Destination == "":
		return invalid("LogDestination can't be empty if LogGroupName is not provided.")
	}
	if c.DestinationType == "" {
		c.DestinationType = CloudWatchLogs
	}
	if err := c.checkRoles(); err != nil {
		return err
	}
	if c.DestinationType != S3 && (c.FileFormat != "" || c.Hive || c.PerHour) {
		return invalid("DestinationOptions are only for the destination type s3.")
	}
	switch c.DestinationType {
	case CloudWatchLogs:
		return c.completeGroup(place)
	case S3:
		return c.completeBucket()
	case Firehose:
		if !streamARN.MatchString(c.Destination) {
			return badDestination(c.Destination, "the ARN of a delivery stream is arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME")
		}
		return nil
	}
	return invalidValue("LogDestinationType", c.DestinationType, CloudWatchLogs, S3, Firehose)
}

// ParseBucket reads the ARN of a bucket with or without a folder, which it returns with its "/" at its end, "" where there is none.
func ParseBucket(arn string) (bucket, folder string, ok bool) {
	m := bucketARN.FindStringSubmatch(arn)
	if m == nil {
		return "", "", false
	}
	if folder = strings.TrimPrefix(m[2], "/"); folder != "" && !strings.HasSuffix(folder, "/") {
		folder += "/"
	}
	return m[1], folder, true
}

func badDestination(arn, hint string) error {
	return invalid("LogDestination: %s is not valid: %s", arn, hint)
}

// completeGroup tells a log group its name, or its ARN. That it may end with ":*" in the answers of CloudWatch Logs is for Create.
func (c *Config) completeGroup(place Place) error {
	if c.LogGroup != "" {
		if !groupName.MatchString(c.LogGroup) {
			return invalid("LogGroupName: %s is not valid: a name has 1 to 512 of the characters a-z, A-Z, 0-9, _, -, /, . and #", c.LogGroup)
		}
		c.Destination = "arn:aws:logs:" + place.Region + ":" + place.Account + ":log-group:" + c.LogGroup
		return nil
	}
	m := groupARN.FindStringSubmatch(strings.TrimSuffix(c.Destination, allStreams))
	if m == nil {
		return badDestination(c.Destination, "the ARN of a log group is arn:aws:logs:REGION:ACCOUNT:log-group:NAME")
	}
	c.LogGroup = m[1]
	return nil
}

// completeBucket checks a bucket and how objects lie in it.
func (c *Config) completeBucket() error {
	m := bucketARN.FindStringSubmatch(c.Destination)
	switch {
	case m == nil:
		return badDestination(c.Destination, "the ARN of a bucket is arn:aws:s3:::BUCKET, or arn:aws:s3:::BUCKET/FOLDER/")
	case len(c.Destination) > 1024+len("arn:aws-us-gov:s3:::"):
		return badDestination(c.Destination, "the folder is too long")
	}
	for part := range strings.SplitSeq(m[2], "/") {
		if part == "AWSLogs" {
			return badDestination(c.Destination, "AWSLogs is no name for a folder: AWS makes it itself")
		}
	}
	switch c.FileFormat {
	case "":
		c.FileFormat = PlainText
	case PlainText, Parquet:
	default:
		return invalidValue("DestinationOptions.FileFormat", c.FileFormat, PlainText, Parquet)
	}
	return nil
}

// checkRoles checks the roles: who may write is nobody's question here, but a definition that AWS refuses is refused.
func (c *Config) checkRoles() error {
	switch {
	case c.DestinationType == CloudWatchLogs && c.DeliverLogsPermissionARN == "":
		return invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	case c.DestinationType == S3 && c.DeliverLogsPermissionARN != "":
		return invalid("DeliverLogsPermissionArn is not applicable for s3 delivery")
	case c.DestinationType == S3 && c.DeliverCrossAccountRole != "":
		return invalid("DeliverCrossAccountRole is not applicable for s3 delivery")
	case c.DeliverCrossAccountRole != "" && c.DeliverLogsPermissionARN == "":
		return invalid("When providing a role for cross-account delivery, both the DeliverLogsPermissionArn and DeliverCrossAccountRole fields must be set.")
	case c.DestinationType == CloudWatchLogs && c.DeliverCrossAccountRole != "":
		return invalid("DeliverCrossAccountRole is only for the destination type kinesis-data-firehose.")
	}
	if err := checkRole("DeliverLogsPermissionArn", c.DeliverLogsPermissionARN); err != nil {
		return err
	}
	return checkRole("DeliverCrossAccountRole", c.DeliverCrossAccountRole)
}

func checkRole(parameter, arn string) error {
	if arn != "" && !roleARN.MatchString(arn) {
		return invalid("%s: %s is not the ARN of a role, which is arn:aws:iam::ACCOUNT:role/NAME", parameter, arn)
	}
	return nil
}

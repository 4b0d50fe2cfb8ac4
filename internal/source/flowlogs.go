package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"weir/flowlog"
)

// FlowLog is what EC2's DescribeFlowLogs tells about a flow log (spec: d.2), as
// far as it helps to read the objects that it delivered.
type FlowLog struct {
	// ID is "fl-...", as it stands in the names of objects.
	ID string
	// LogFormat is as EC2 spells it, "${version} ${account-id} ..."; "" where
	// the answer has none, as before custom formats existed.
	LogFormat string
	// ResourceID is the VPC, subnet, ENI, NAT gateway, transit gateway or
	// attachment whose traffic is logged.
	ResourceID string
	// TrafficType is ACCEPT, REJECT or ALL; "" for transit gateways.
	TrafficType string
	// DestinationType is cloud-watch-logs, s3 or kinesis-data-firehose.
	DestinationType string
	// Destination is the ARN of bucket and folder, log group or stream; for a
	// log group that was given by name, the name.
	Destination string
	// Interval is the longest aggregation interval in seconds, 60 or 600; 0
	// where the answer does not say.
	Interval int
	// FileFormat is plain-text or parquet, for S3.
	FileFormat string
	// Hive and PerHour are the layout of the keys, for S3.
	Hive, PerHour bool
	// DeliveryError is AWS's message where delivery fails ("Access error").
	DeliveryError string
}

// Kind returns the kind of records that the flow log delivers: those of transit
// gateways and their attachments have fields of their own.
func (f FlowLog) Kind() flowlog.Kind {
	if strings.HasPrefix(f.ResourceID, "tgw-") {
		return flowlog.KindTGW
	}
	return flowlog.KindVPC
}

// ErrNoLogFormat says that a flow log's description has no LogFormat.
var ErrNoLogFormat = errors.New("the description has no LogFormat")

// Format returns the format of the flow log's records.
func (f FlowLog) Format() (flowlog.Format, error) {
	if f.LogFormat == "" {
		return flowlog.Format{}, fmt.Errorf("flow log %s: %w", f.ID, ErrNoLogFormat)
	}
	format, err := flowlog.ParseLogFormat(f.LogFormat)
	if err == nil {
		format, err = format.As(f.Kind())
	}
	if err != nil {
		return flowlog.Format{}, fmt.Errorf("flow log %s of %s: %w", f.ID, f.ResourceID, err)
	}
	return format, nil
}

// Formats returns the formats of flow logs by their ids. Flow logs without a
// LogFormat are left out: objects in the default format are read without one.
// The error joins those of formats that cannot be read; the map has the others.
func Formats(logs []FlowLog) (map[string]flowlog.Format, error) {
	formats := make(map[string]flowlog.Format, len(logs))
	var errs []error
	for _, f := range logs {
		format, err := f.Format()
		switch {
		case errors.Is(err, ErrNoLogFormat):
		case err != nil:
			errs = append(errs, err)
		default:
			formats[f.ID] = format
		}
	}
	return formats, errors.Join(errs...)
}

// described is the JSON of `aws ec2 describe-flow-logs`.
type described struct {
	FlowLogs *[]struct {
		FlowLogID               string `json:"FlowLogId"`
		LogFormat               string
		ResourceID              string `json:"ResourceId"`
		TrafficType             string
		LogDestinationType      string
		LogDestination          string
		LogGroupName            string
		MaxAggregationInterval  int
		DeliverLogsErrorMessage string
		DestinationOptions      struct {
			FileFormat               string
			HiveCompatiblePartitions bool
			PerHourPartition         bool
		}
	}
}

// ParseDescribe reads what `aws ec2 describe-flow-logs` prints as JSON; several
// answers may stand one after the other, as a loop over regions prints them.
func ParseDescribe(r io.Reader) ([]FlowLog, error) {
	var logs []FlowLog
	d := json.NewDecoder(r)
	for n := 1; ; n++ {
		var doc described
		err := d.Decode(&doc)
		switch {
		case err == io.EOF && n > 1:
			return logs, nil
		case err == io.EOF:
			return nil, errors.New("cannot read flow log descriptions: nothing there")
		case err != nil:
			return nil, fmt.Errorf("cannot read flow log descriptions: document %d: %w", n, err)
		case doc.FlowLogs == nil:
			return nil, fmt.Errorf("cannot read flow log descriptions: document %d has no FlowLogs; it should be what aws ec2 describe-flow-logs --output json prints", n)
		}
		for i, f := range *doc.FlowLogs {
			if f.FlowLogID == "" {
				return nil, fmt.Errorf("cannot read flow log descriptions: document %d: flow log %d has no FlowLogId", n, i+1)
			}
			log := FlowLog{
				ID:              f.FlowLogID,
				LogFormat:       f.LogFormat,
				ResourceID:      f.ResourceID,
				TrafficType:     f.TrafficType,
				DestinationType: f.LogDestinationType,
				Destination:     f.LogDestination,
				Interval:        f.MaxAggregationInterval,
				FileFormat:      f.DestinationOptions.FileFormat,
				Hive:            f.DestinationOptions.HiveCompatiblePartitions,
				PerHour:         f.DestinationOptions.PerHourPartition,
				DeliveryError:   f.DeliverLogsErrorMessage,
			}
			if log.Destination == "" {
				log.Destination = f.LogGroupName
			}
			logs = append(logs, log)
		}
	}
}

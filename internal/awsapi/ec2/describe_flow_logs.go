package ec2

import (
	"context"
	"fmt"
	"slices"
	"time"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

type describeFlowLogsRequest struct {
	dryRun
	Filters    []filter `json:"Filter"`
	FlowLogIDs []string `json:"FlowLogId"`
	MaxResults *int32   `json:"MaxResults"`
	NextToken  string   `json:"NextToken"`
}

type describeFlowLogsResponse struct {
	FlowLogs  []flowLog `json:"flowLogSet"`
	NextToken string    `json:"nextToken,omitempty"`
}

type flowLog struct {
	CreationTime             string                     `json:"creationTime"`
	DeliverCrossAccountRole  string                     `json:"deliverCrossAccountRole,omitempty"`
	DeliverLogsErrorMessage  string                     `json:"deliverLogsErrorMessage,omitempty"`
	DeliverLogsPermissionARN string                     `json:"deliverLogsPermissionArn,omitempty"`
	DeliverLogsStatus        string                     `json:"deliverLogsStatus"`
	DestinationOptions       *destinationOptionsAnswer  `json:"destinationOptions,omitempty"`
	FlowLogID                string                     `json:"flowLogId"`
	FlowLogStatus            string                     `json:"flowLogStatus"`
	LogDestination           string                     `json:"logDestination"`
	LogDestinationType       string                     `json:"logDestinationType"`
	LogFormat                string                     `json:"logFormat"`
	LogGroupName             string                     `json:"logGroupName,omitempty"`
	MaxAggregationInterval   int32                      `json:"maxAggregationInterval"`
	ResourceID               string                     `json:"resourceId"`
	TagFieldSpecifications   []tagFieldSpecificationOut `json:"tagFieldSpecificationSet,omitempty"`
	Tags                     []tagOut                   `json:"tagSet"`
	TrafficType              string                     `json:"trafficType,omitempty"`
}

type destinationOptionsAnswer struct {
	FileFormat string `json:"fileFormat"`
	Hive       bool   `json:"hiveCompatiblePartitions"`
	PerHour    bool   `json:"perHourPartition"`
}

type tagFieldSpecificationOut struct {
	ResourceType string   `json:"resourceType"`
	Keys         []string `json:"tagKeySet"`
}

// maxPage is how many elements a page has at most, and where nothing is asked for. AWS does not say it of DescribeFlowLogs; DescribeTags has
// the same.
const maxPage = 1000

// describeFlowLogs lists flow logs in the order in which they were made.
//
// Source: AWS, DescribeFlowLogs.
func (a *API) describeFlowLogs(ctx context.Context, _ *awsapi.Call, in *describeFlowLogsRequest) (*describeFlowLogsResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxResults, 1)
	if err != nil {
		return nil, err
	}
	if err := checkFilters(in.Filters, flowLogFilters); err != nil {
		return nil, err
	}
	if err := checkCount("FlowLogId", len(in.FlowLogIDs)); err != nil {
		return nil, err
	}
	all, _, err := a.Store.List(ctx)
	if err != nil {
		return nil, err
	}
	if all, err = chosen(all, in.FlowLogIDs); err != nil {
		return nil, answer(err)
	}
	all = slices.DeleteFunc(all, func(f flowlogstore.FlowLog) bool {
		return !matches(in.Filters, func(name string) []string { return flowLogValues(&f, name) })
	})
	page, next, ok := awsapi.Page("DescribeFlowLogs", in.NextToken, limit, false, all, func(f flowlogstore.FlowLog) string { return key(&f) })
	if !ok {
		return nil, errToken
	}
	out := &describeFlowLogsResponse{NextToken: next}
	for i := range page {
		out.FlowLogs = append(out.FlowLogs, described(&page[i]))
	}
	return out, nil
}

var errToken = awsapi.Errorf("InvalidNextToken", "The specified NextToken is not valid.")

// key is a text by which flow logs are in the order in which they were made.
func key(f *flowlogstore.FlowLog) string { return fmt.Sprintf("%016x", f.Number) }

// pageSize returns how many elements a page has.
func pageSize(asked *int32, least int32) (int64, error) {
	switch {
	case asked == nil:
		return maxPage, nil
	case *asked < least || *asked > maxPage:
		return 0, invalidValue("Value ( %d ) for parameter maxResults is invalid. Expecting a value between %d and %d.", *asked, least, maxPage)
	}
	return int64(*asked), nil
}

// chosen returns the flow logs of some ids, all where there are no ids.
func chosen(all []flowlogstore.FlowLog, ids []string) ([]flowlogstore.FlowLog, error) {
	if len(ids) == 0 {
		return all, nil
	}
	if err := flowlogstore.CheckIDs(ids); err != nil {
		return nil, err
	}
	var gone []string
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(f flowlogstore.FlowLog) bool { return f.ID == id }) {
			gone = append(gone, id)
		}
	}
	if len(gone) > 0 {
		return nil, flowlogstore.NotFound(gone)
	}
	return slices.DeleteFunc(all, func(f flowlogstore.FlowLog) bool { return !slices.Contains(ids, f.ID) }), nil
}

// creationTime is the form of times: ISO 8601 with milliseconds, in UTC.
const creationTime = "2006-01-02T15:04:05.000Z"

// described says of a flow log what EC2 does.
func described(f *flowlogstore.FlowLog) flowLog {
	out := flowLog{
		CreationTime: time.UnixMilli(f.Created).UTC().Format(creationTime), DeliverCrossAccountRole: f.DeliverCrossAccountRole, DeliverLogsErrorMessage: f.DeliveryError,
		DeliverLogsPermissionARN: f.DeliverLogsPermissionARN, DeliverLogsStatus: string(f.Delivery), FlowLogID: f.ID, FlowLogStatus: "ACTIVE",
		LogDestination: f.Destination, LogDestinationType: f.DestinationType, LogFormat: f.LogFormat, LogGroupName: f.LogGroup,
		MaxAggregationInterval: f.MaxAggregationInterval, ResourceID: f.ResourceID, TrafficType: f.TrafficType, Tags: sortedTags(f.Tags),
	}
	if f.DestinationType == flowlogstore.S3 {
		out.DestinationOptions = &destinationOptionsAnswer{f.FileFormat, f.Hive, f.PerHour}
	}
	for _, t := range f.TagFields {
		out.TagFieldSpecifications = append(out.TagFieldSpecifications, tagFieldSpecificationOut(t))
	}
	return out
}

package ec2

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

type createFlowLogsRequest struct {
	dryRun
	ClientToken              string                    `json:"ClientToken"`
	DeliverCrossAccountRole  string                    `json:"DeliverCrossAccountRole"`
	DeliverLogsPermissionARN string                    `json:"DeliverLogsPermissionArn"`
	DestinationOptions       destinationOptionsRequest `json:"DestinationOptions"`
	LogDestination           string                    `json:"LogDestination"`
	LogDestinationType       string                    `json:"LogDestinationType"`
	LogFormat                *string                   `json:"LogFormat"`
	LogGroupName             string                    `json:"LogGroupName"`
	MaxAggregationInterval   *int32                    `json:"MaxAggregationInterval"`
	ResourceIDs              []string                  `json:"ResourceId"`
	ResourceType             string                    `json:"ResourceType"`
	TagFieldSpecifications   []tagFieldSpecification   `json:"TagFieldSpecification"`
	TagSpecifications        []tagSpecification        `json:"TagSpecification"`
	TrafficType              string                    `json:"TrafficType"`
}

type destinationOptionsRequest struct {
	FileFormat string `json:"FileFormat"`
	Hive       bool   `json:"HiveCompatiblePartitions"`
	PerHour    bool   `json:"PerHourPartition"`
}

type tagFieldSpecification struct {
	ResourceType string   `json:"ResourceType"`
	Keys         []string `json:"TagKey"`
}

type createFlowLogsResponse struct {
	ClientToken  string             `json:"clientToken"`
	FlowLogIDs   []string           `json:"flowLogIdSet"`
	Unsuccessful []unsuccessfulItem `json:"unsuccessful"`
}

type unsuccessfulItem struct {
	Error      unsuccessfulItemError `json:"error"`
	ResourceID string                `json:"resourceId"`
}

type unsuccessfulItemError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// createFlowLogs makes a flow log for each resource. Nothing is captured by it: who captures reads what there is.
//
// Source: AWS, CreateFlowLogs.
func (a *API) createFlowLogs(ctx context.Context, _ *awsapi.Call, in *createFlowLogsRequest) (*createFlowLogsResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	tags, err := flowLogTags(in.TagSpecifications)
	if err != nil {
		return nil, err
	}
	r := flowlogstore.Request{
		Token: in.ClientToken, ResourceIDs: in.ResourceIDs, Tags: tags,
		Config: flowlogstore.Config{
			ResourceType: flowlogstore.ResourceType(in.ResourceType), TrafficType: in.TrafficType,
			DestinationType: in.LogDestinationType, Destination: in.LogDestination, LogGroup: in.LogGroupName,
			DeliverLogsPermissionARN: in.DeliverLogsPermissionARN, DeliverCrossAccountRole: in.DeliverCrossAccountRole,
			FileFormat: in.DestinationOptions.FileFormat, Hive: in.DestinationOptions.Hive, PerHour: in.DestinationOptions.PerHour,
		},
	}
	if in.LogFormat != nil {
		if r.LogFormat = *in.LogFormat; r.LogFormat == "" { // which is not as if it were left out
			return nil, invalidValue("1 validation error detected: Value '' at 'logFormat' has an invalid format")
		}
	}
	if in.MaxAggregationInterval != nil {
		if r.MaxAggregationInterval = *in.MaxAggregationInterval; r.MaxAggregationInterval == 0 {
			return nil, awsapi.Errorf("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
		}
	}
	for _, f := range in.TagFieldSpecifications {
		r.TagFields = append(r.TagFields, flowlogstore.TagField{ResourceType: f.ResourceType, Keys: f.Keys})
	}
	made, err := a.Store.Create(ctx, r)
	if err != nil {
		return nil, answer(err)
	}
	out := &createFlowLogsResponse{ClientToken: made.Token, FlowLogIDs: made.IDs}
	for _, u := range made.Unsuccessful {
		out.Unsuccessful = append(out.Unsuccessful, unsuccessfulItem{unsuccessfulItemError{u.Code, u.Message}, u.ResourceID})
	}
	return out, nil
}

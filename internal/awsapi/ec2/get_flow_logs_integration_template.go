package ec2

import (
	"context"
	"errors"
	"time"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
	"weir/internal/integration"
)

type getFlowLogsIntegrationTemplateRequest struct {
	dryRun
	ConfigDeliveryS3DestinationARN string                   `json:"ConfigDeliveryS3DestinationArn"`
	FlowLogID                      string                   `json:"FlowLogId"`
	IntegrateServices              integrateServicesRequest `json:"IntegrateService"`
}

type integrateServicesRequest struct {
	AthenaIntegrations []athenaIntegration `json:"AthenaIntegration"`
}

type athenaIntegration struct {
	IntegrationResultS3DestinationARN string       `json:"IntegrationResultS3DestinationArn"`
	PartitionEndDate                  *awsapi.Time `json:"PartitionEndDate"`
	PartitionLoadFrequency            string       `json:"PartitionLoadFrequency"`
	PartitionStartDate                *awsapi.Time `json:"PartitionStartDate"`
}

type getFlowLogsIntegrationTemplateResponse struct {
	Result string `json:"result"`
}

// templateTime is how the time of a template stands in its object's name, in UTC.
//
// Source: AWS CLI, example of get-flow-logs-integration-template.
const templateTime = "Mon Jan 02 15:04:05 UTC 2006"

// getFlowLogsIntegrationTemplate writes a template into a bucket and answers its URL. That is what AWS's examples show; its model calls the answer "the
// generated CloudFormation template".
//
// Source: AWS, GetFlowLogsIntegrationTemplate.
func (a *API) getFlowLogsIntegrationTemplate(ctx context.Context, _ *awsapi.Call, in *getFlowLogsIntegrationTemplateRequest) (*getFlowLogsIntegrationTemplateResponse, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	switch {
	case in.FlowLogID == "":
		return nil, missing("FlowLogId")
	case in.ConfigDeliveryS3DestinationARN == "":
		return nil, missing("ConfigDeliveryS3DestinationArn")
	}
	bucket, folder, ok := flowlogstore.ParseBucket(in.ConfigDeliveryS3DestinationARN)
	if !ok {
		return nil, awsapi.Errorf("InvalidParameter", "ConfigDeliveryS3DestinationArn: %s is not valid: the ARN of a bucket is arn:aws:s3:::BUCKET, or arn:aws:s3:::BUCKET/FOLDER",
			in.ConfigDeliveryS3DestinationARN)
	}
	all, _, err := a.Store.List(ctx)
	if err != nil {
		return nil, err
	}
	if all, err = chosen(all, []string{in.FlowLogID}); err != nil {
		return nil, answer(err)
	}
	place, err := a.PlaceOf(ctx, &all[0])
	if err != nil {
		return nil, err
	}
	now := a.Now().UTC()
	r := integration.Request{FlowLog: all[0], Account: place.Account, Region: place.Region, Now: now}
	for _, i := range in.IntegrateServices.AthenaIntegrations {
		r.Athena = append(r.Athena, integration.Athena{
			ResultARN: i.IntegrationResultS3DestinationARN, Frequency: integration.Frequency(i.PartitionLoadFrequency),
			Start: timeOf(i.PartitionStartDate), End: timeOf(i.PartitionEndDate),
		})
	}
	text, err := integration.Template(r)
	if wrong := new(integration.Error); errors.As(err, &wrong) {
		return nil, awsapi.Errorf(wrong.Code, "%s", wrong.Message)
	}
	if err != nil {
		return nil, err
	}
	url, err := a.PutObject(ctx, bucket, folder+"VPCFlowLogsIntegrationTemplate_"+in.FlowLogID+"_"+now.Format(templateTime)+".yml", text)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, awsapi.Errorf("LogDestinationPermissionIssue", "Access Denied for LogDestination: %s. Please check LogDestination permission: %v", bucket, err)
	}
	return &getFlowLogsIntegrationTemplateResponse{url}, nil
}

// timeOf returns a time of a request, the zero time where there is none.
func timeOf(t *awsapi.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(*t)).UTC()
}

package ec2

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"weir/internal/source"
	"weir/internal/source/s3"
)

// Config says whom to ask.
type Config struct {
	// Access is the login. Its region, or the one of the environment or the
	// profile, is the one that is asked: an answer holds one region only.
	s3.Access
	// IDs are the flow logs that are wanted; none means all. Ids that do not
	// exist (any more), or are of another account, are missing in the answer.
	IDs []string
}

// batchIDs is how many values EC2 takes in one filter.
const batchIDs = 200

// FlowLogs describes flow logs of one account and region, in the order of their
// ids. Errors are [*source.Fault], or ctx's.
func FlowLogs(ctx context.Context, c Config) ([]source.FlowLog, error) {
	login, err := c.Login(ctx, "EC2")
	if err != nil {
		return nil, err
	}
	if login.Config.Region == "" {
		return nil, &source.Fault{
			Op: "ask", URL: "EC2", Code: source.WrongRegion, Err: errors.New("no region is given"),
			Hint: "set AWS_REGION to the region of the flow logs",
		}
	}
	client := awsec2.NewFromConfig(login.Config, func(o *awsec2.Options) {
		o.BaseEndpoint = nil
		if login.Endpoint != "" {
			o.BaseEndpoint = aws.String(login.Endpoint)
		}
	})
	c.EndpointURL = login.Endpoint
	var logs []source.FlowLog
	for _, in := range requests(c.IDs) {
		// Not by the SDK's paginator, which takes the client as an interface: the linker keeps
		// all methods of such a client.
		for more := true; more; more = aws.ToString(in.NextToken) != "" {
			page, err := client.DescribeFlowLogs(ctx, in)
			if err != nil {
				return nil, c.fault(ctx, login.Config.Region, err)
			}
			for _, f := range page.FlowLogs {
				logs = append(logs, convert(f))
			}
			in.NextToken = page.NextToken
		}
	}
	slices.SortFunc(logs, func(a, b source.FlowLog) int { return strings.Compare(a.ID, b.ID) })
	return logs, nil
}

// requests returns one request for all flow logs, or one for each batch of ids.
// The ids go into a filter: the parameter FlowLogIds fails as a whole where one
// of them does not exist, and objects outlive their flow log.
func requests(ids []string) []*awsec2.DescribeFlowLogsInput {
	if len(ids) == 0 {
		return []*awsec2.DescribeFlowLogsInput{{}}
	}
	var out []*awsec2.DescribeFlowLogsInput
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for batch := range slices.Chunk(ids, batchIDs) {
		out = append(out, &awsec2.DescribeFlowLogsInput{
			Filter: []types.Filter{{Name: aws.String("flow-log-id"), Values: batch}},
		})
	}
	return out
}

// convert takes over what AWS says of one flow log.
func convert(f types.FlowLog) source.FlowLog {
	log := source.FlowLog{
		ID:              aws.ToString(f.FlowLogId),
		LogFormat:       aws.ToString(f.LogFormat),
		ResourceID:      aws.ToString(f.ResourceId),
		TrafficType:     string(f.TrafficType),
		DestinationType: string(f.LogDestinationType),
		Destination:     aws.ToString(f.LogDestination),
		Interval:        int(aws.ToInt32(f.MaxAggregationInterval)),
		DeliveryError:   aws.ToString(f.DeliverLogsErrorMessage),
	}
	if log.Destination == "" {
		log.Destination = aws.ToString(f.LogGroupName)
	}
	if o := f.DestinationOptions; o != nil {
		log.FileFormat = string(o.FileFormat)
		log.Hive = aws.ToBool(o.HiveCompatiblePartitions)
		log.PerHour = aws.ToBool(o.PerHourPartition)
	}
	return log
}

// fault names an error of EC2.
func (c Config) fault(ctx context.Context, region string, err error) error {
	err = c.FaultOf(ctx, "ask", "EC2 in "+region+" for flow logs", err)
	var f *source.Fault
	if errors.As(err, &f) && f.Code == source.Denied {
		f.Hint = `this policy statement is needed: {"Effect": "Allow", "Action": "ec2:DescribeFlowLogs", "Resource": "*"}` +
			"\nor give the format: --log-format, or --flow-logs with what aws ec2 describe-flow-logs prints"
	}
	return err
}

package logs

import (
	"context"

	"weir/internal/awsapi"
)

// The operations of this file list what this server never has, so that their lists are empty. Clients
// such as Terraform's provider ask for them beside what they came for.

type describeDestinationsRequest struct {
	Prefix    string `json:"DestinationNamePrefix" shape:"stream"`
	NextToken string `json:"nextToken" shape:"nonEmpty"`
	Limit     int32  `json:"limit" shape:"page50"`
}

type describeDestinationsResponse struct {
	Destinations []struct{} `json:"destinations"`
}

// describeDestinations lists destinations across accounts.
//
// Source: AWS, DescribeDestinations.
func (*API) describeDestinations(context.Context, *awsapi.Call, *describeDestinationsRequest) (*describeDestinationsResponse, error) {
	return &describeDestinationsResponse{Destinations: []struct{}{}}, nil
}

type describeExportTasksRequest struct {
	ID        string `json:"taskId" shape:"taskID"`
	Status    string `json:"statusCode" shape:"taskStatus"`
	NextToken string `json:"nextToken" shape:"nonEmpty"`
	Limit     int32  `json:"limit" shape:"page50"`
}

type describeExportTasksResponse struct {
	Tasks []struct{} `json:"exportTasks"`
}

// describeExportTasks lists exports to S3.
//
// Source: AWS, DescribeExportTasks.
func (*API) describeExportTasks(context.Context, *awsapi.Call, *describeExportTasksRequest) (*describeExportTasksResponse, error) {
	return &describeExportTasksResponse{Tasks: []struct{}{}}, nil
}

type describeResourcePoliciesRequest struct {
	NextToken string `json:"nextToken" shape:"nonEmpty"`
	Limit     int32  `json:"limit" shape:"page50"`
	Resource  string `json:"resourceArn"`
	Scope     string `json:"policyScope" shape:"policyScope"`
}

type describeResourcePoliciesResponse struct {
	Policies []struct{} `json:"resourcePolicies"`
}

// describeResourcePolicies lists policies by which AWS's services write to log groups.
//
// Source: AWS, DescribeResourcePolicies.
func (*API) describeResourcePolicies(context.Context, *awsapi.Call, *describeResourcePoliciesRequest) (*describeResourcePoliciesResponse, error) {
	return &describeResourcePoliciesResponse{Policies: []struct{}{}}, nil
}

type describeIndexPoliciesRequest struct {
	Groups    []string `json:"logGroupIdentifiers" required:"true" shape:"identifiers1" each:"identifier"`
	NextToken string   `json:"nextToken" shape:"nonEmpty"`
}

type describeIndexPoliciesResponse struct {
	Policies []struct{} `json:"indexPolicies"`
}

// describeIndexPolicies lists the field indexes that a group should have.
//
// Source: AWS, DescribeIndexPolicies.
func (a *API) describeIndexPolicies(ctx context.Context, _ *awsapi.Call, in *describeIndexPoliciesRequest) (*describeIndexPoliciesResponse, error) {
	if _, err := a.identifiedAll(ctx, in.Groups); err != nil {
		return nil, err
	}
	return &describeIndexPoliciesResponse{Policies: []struct{}{}}, nil
}

type describeFieldIndexesRequest struct {
	Groups     []string `json:"logGroupIdentifiers" required:"true" shape:"identifiers100" each:"identifier"`
	Categories []string `json:"indexCategories" shape:"indexCategories" each:"indexCategory"`
	NextToken  string   `json:"nextToken" shape:"nonEmpty"`
}

type describeFieldIndexesResponse struct {
	Indexes []struct{} `json:"fieldIndexes"`
}

// describeFieldIndexes lists the field indexes that groups have.
//
// Source: AWS, DescribeFieldIndexes.
func (a *API) describeFieldIndexes(ctx context.Context, _ *awsapi.Call, in *describeFieldIndexesRequest) (*describeFieldIndexesResponse, error) {
	if _, err := a.identifiedAll(ctx, in.Groups); err != nil {
		return nil, err
	}
	return &describeFieldIndexesResponse{Indexes: []struct{}{}}, nil
}

// identifiedAll returns the names of groups that are there.
func (a *API) identifiedAll(ctx context.Context, identifiers []string) ([]string, error) {
	var names []string
	for _, id := range identifiers {
		name, err := a.identified(id)
		if err != nil {
			return nil, err
		}
		if _, _, err := a.groups.find(ctx, name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

package describe

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/workspaces"
)

// The services. What their actions begin with in policies is in AWS's service
// authorization reference; both kinds of Elastic Load Balancing share it.
var (
	ofEC2         = service[awsec2.Client]{"ec2", "ec2", func(s *session) *awsec2.Client { return s.ec2 }}
	ofELB         = service[elb.Client]{"elb", "elasticloadbalancing", func(s *session) *elb.Client { return s.elb }}
	ofELBv2       = service[elbv2.Client]{"elbv2", "elasticloadbalancing", func(s *session) *elbv2.Client { return s.elbv2 }}
	ofRDS         = service[rds.Client]{"rds", "rds", func(s *session) *rds.Client { return s.rds }}
	ofElastiCache = service[elasticache.Client]{"elasticache", "elasticache", func(s *session) *elasticache.Client { return s.elasticache }}
	ofRedshift    = service[redshift.Client]{"redshift", "redshift", func(s *session) *redshift.Client { return s.redshift }}
	ofWorkSpaces  = service[workspaces.Client]{"workspaces", "workspaces", func(s *session) *workspaces.Client { return s.workspaces }}
)

// operations are all that is called, in this order: what describes the same things stands
// together, so that little changes in between.
var operations = []operation{
	once(ofEC2, (*awsec2.Client).DescribeVpcs, nil),
	once(ofEC2, (*awsec2.Client).DescribeSubnets, nil),
	// "We strongly recommend using only paginated requests."
	once(ofEC2, (*awsec2.Client).DescribeInstances, &awsec2.DescribeInstancesInput{MaxResults: aws.Int32(1000), IncludeManagedResources: managed}),
	once(ofEC2, (*awsec2.Client).DescribeNetworkInterfaces, &awsec2.DescribeNetworkInterfacesInput{
		MaxResults: aws.Int32(1000), IncludeManagedResources: managed,
	}),
	once(ofEC2, (*awsec2.Client).DescribeAddresses, nil),
	once(ofEC2, (*awsec2.Client).DescribeSecurityGroups, nil),
	once(ofEC2, (*awsec2.Client).DescribeSecurityGroupRules, nil),
	once(ofEC2, (*awsec2.Client).DescribeNetworkAcls, nil),
	once(ofEC2, (*awsec2.Client).DescribePrefixLists, nil),
	once(ofEC2, (*awsec2.Client).DescribeManagedPrefixLists, nil),
	each(ofEC2, prefixListIDs, (*awsec2.Client).GetManagedPrefixListEntries, func(id string) *awsec2.GetManagedPrefixListEntriesInput {
		return &awsec2.GetManagedPrefixListEntriesInput{PrefixListId: &id}
	}),
	once(ofEC2, (*awsec2.Client).DescribeRouteTables, nil),
	once(ofEC2, (*awsec2.Client).DescribeInternetGateways, nil),
	once(ofEC2, (*awsec2.Client).DescribeEgressOnlyInternetGateways, nil),
	once(ofEC2, (*awsec2.Client).DescribeNatGateways, nil),
	once(ofEC2, (*awsec2.Client).DescribeVpnGateways, nil),
	once(ofEC2, (*awsec2.Client).DescribeVpcPeeringConnections, nil),
	once(ofEC2, (*awsec2.Client).DescribeVpcEndpoints, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGateways, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGatewayAttachments, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGatewayVpcAttachments, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGatewayPeeringAttachments, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGatewayConnects, nil),
	once(ofEC2, (*awsec2.Client).DescribeTransitGatewayRouteTables, nil),
	each(ofEC2, routeTableIDs, (*awsec2.Client).GetTransitGatewayRouteTableAssociations, func(id string) *awsec2.GetTransitGatewayRouteTableAssociationsInput {
		return &awsec2.GetTransitGatewayRouteTableAssociationsInput{TransitGatewayRouteTableId: &id}
	}),
	each(ofEC2, routeTableIDs, (*awsec2.Client).GetTransitGatewayRouteTablePropagations, func(id string) *awsec2.GetTransitGatewayRouteTablePropagationsInput {
		return &awsec2.GetTransitGatewayRouteTablePropagationsInput{TransitGatewayRouteTableId: &id}
	}),
	each(ofEC2, routeTableIDs, searchRoutes, func(id string) *awsec2.SearchTransitGatewayRoutesInput {
		return &awsec2.SearchTransitGatewayRoutesInput{
			TransitGatewayRouteTableId: &id,
			Filters:                    []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}},
		}
	}),
	once(ofEC2, (*awsec2.Client).DescribeVpcBlockPublicAccessOptions, nil),
	once(ofEC2, (*awsec2.Client).DescribeVpcBlockPublicAccessExclusions, nil),
	once(ofEC2, (*awsec2.Client).DescribeFlowLogs, nil),
	once(ofELB, (*elb.Client).DescribeLoadBalancers, nil),
	once(ofELBv2, (*elbv2.Client).DescribeLoadBalancers, nil),
	each(ofELBv2, loadBalancerARNs, (*elbv2.Client).DescribeListeners, func(id string) *elbv2.DescribeListenersInput {
		return &elbv2.DescribeListenersInput{LoadBalancerArn: &id}
	}),
	once(ofELBv2, (*elbv2.Client).DescribeTargetGroups, nil),
	each(ofELBv2, targetGroupARNs, (*elbv2.Client).DescribeTargetHealth, func(id string) *elbv2.DescribeTargetHealthInput {
		return &elbv2.DescribeTargetHealthInput{TargetGroupArn: &id}
	}),
	once(ofRDS, (*rds.Client).DescribeDBInstances, nil),
	once(ofRDS, (*rds.Client).DescribeDBClusters, nil),
	once(ofRDS, (*rds.Client).DescribeDBSubnetGroups, nil),
	once(ofElastiCache, (*elasticache.Client).DescribeCacheClusters, &elasticache.DescribeCacheClustersInput{ShowCacheNodeInfo: aws.Bool(true)}),
	once(ofRedshift, (*redshift.Client).DescribeClusters, nil),
	once(ofWorkSpaces, (*workspaces.Client).DescribeWorkspaces, nil),
}

// managed asks also for what a service of AWS manages and hides: it has addresses too.
//
// Source: EC2 API reference, DescribeNetworkInterfaces, IncludeManagedResources.
var managed = aws.Bool(true)

// errMoreRoutes says that a route table was not read whole.
var errMoreRoutes = errors.New("the route table has more routes than AWS gives in one answer")

// searchRoutes is SearchTransitGatewayRoutes, which may end before the routes do. Where it
// does not, the CLI prints the routes only.
var searchRoutes = func(c *awsec2.Client, ctx context.Context, in *awsec2.SearchTransitGatewayRoutesInput, opts ...func(*awsec2.Options)) (*awsec2.SearchTransitGatewayRoutesOutput, error) {
	out, err := c.SearchTransitGatewayRoutes(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	if aws.ToString(out.NextToken) == "" && aws.ToBool(out.AdditionalRoutesAvailable) {
		return nil, errMoreRoutes
	}
	out.AdditionalRoutesAvailable = nil
	return out, nil
}

func prefixListIDs(out *awsec2.DescribeManagedPrefixListsOutput) []string {
	return idsOf(out.PrefixLists, func(l *types.ManagedPrefixList) *string { return l.PrefixListId })
}

func routeTableIDs(out *awsec2.DescribeTransitGatewayRouteTablesOutput) []string {
	return idsOf(out.TransitGatewayRouteTables, func(t *types.TransitGatewayRouteTable) *string { return t.TransitGatewayRouteTableId })
}

func loadBalancerARNs(out *elbv2.DescribeLoadBalancersOutput) []string {
	return idsOf(out.LoadBalancers, func(b *elbv2types.LoadBalancer) *string { return b.LoadBalancerArn })
}

func targetGroupARNs(out *elbv2.DescribeTargetGroupsOutput) []string {
	return idsOf(out.TargetGroups, func(g *elbv2types.TargetGroup) *string { return g.TargetGroupArn })
}

func idsOf[T any](list []T, id func(*T) *string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = aws.ToString(id(&list[i]))
	}
	return out
}

// Operation is a read-only operation of AWS that [Network] calls.
type Operation struct {
	// Command is in the AWS CLI's words, as "ec2 describe-vpcs", and Action what a policy
	// must allow, as "ec2:DescribeVpcs".
	Command, Action string
}

// Operations returns all that [Network] calls in each region, in order. Besides it calls
// sts get-caller-identity, which needs no permission.
func Operations() []Operation {
	out := make([]Operation, len(operations))
	for i := range operations {
		out[i] = Operation{operations[i].command(), operations[i].action()}
	}
	return out
}

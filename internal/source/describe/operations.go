package describe

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// The services. What their actions begin with in policies is in AWS's service
// authorization reference; both kinds of Elastic Load Balancing share it.
var (
	ofEC2         = service{"ec2", "ec2"}
	ofELB         = service{"elb", "elasticloadbalancing"}
	ofELBv2       = service{"elbv2", "elasticloadbalancing"}
	ofRDS         = service{"rds", "rds"}
	ofElastiCache = service{"elasticache", "elasticache"}
	ofRedshift    = service{"redshift", "redshift"}
	ofWorkSpaces  = service{"workspaces", "workspaces"}
)

// operations are all that is called, for those who want to know and not to ask.
var operations = (&session{}).operations()

// operations returns all that is called, in this order: what describes the same things
// stands together, so that little changes in between.
func (s *session) operations() []operation {
	return []operation{
		once(ofEC2, s.ec2.DescribeVpcs, nil),
		once(ofEC2, s.ec2.DescribeSubnets, nil),
		// "We strongly recommend using only paginated requests."
		once(ofEC2, s.ec2.DescribeInstances, &awsec2.DescribeInstancesInput{MaxResults: aws.Int32(1000), IncludeManagedResources: managed}),
		once(ofEC2, s.ec2.DescribeNetworkInterfaces, &awsec2.DescribeNetworkInterfacesInput{
			MaxResults: aws.Int32(1000), IncludeManagedResources: managed,
		}),
		once(ofEC2, s.ec2.DescribeAddresses, nil),
		once(ofEC2, s.ec2.DescribeSecurityGroups, nil),
		once(ofEC2, s.ec2.DescribeSecurityGroupRules, nil),
		once(ofEC2, s.ec2.DescribeNetworkAcls, nil),
		once(ofEC2, s.ec2.DescribePrefixLists, nil),
		once(ofEC2, s.ec2.DescribeManagedPrefixLists, nil),
		each(ofEC2, prefixListIDs, s.ec2.GetManagedPrefixListEntries, func(id string) *awsec2.GetManagedPrefixListEntriesInput {
			return &awsec2.GetManagedPrefixListEntriesInput{PrefixListId: &id}
		}),
		once(ofEC2, s.ec2.DescribeRouteTables, nil),
		once(ofEC2, s.ec2.DescribeInternetGateways, nil),
		once(ofEC2, s.ec2.DescribeEgressOnlyInternetGateways, nil),
		once(ofEC2, s.ec2.DescribeNatGateways, nil),
		once(ofEC2, s.ec2.DescribeVpnGateways, nil),
		once(ofEC2, s.ec2.DescribeVpcPeeringConnections, nil),
		once(ofEC2, s.ec2.DescribeVpcEndpoints, nil),
		once(ofEC2, s.ec2.DescribeVpcEndpointServiceConfigurations, nil),
		once(ofEC2, s.ec2.DescribeTransitGateways, nil),
		once(ofEC2, s.ec2.DescribeTransitGatewayAttachments, nil),
		once(ofEC2, s.ec2.DescribeTransitGatewayVpcAttachments, nil),
		once(ofEC2, s.ec2.DescribeTransitGatewayPeeringAttachments, nil),
		once(ofEC2, s.ec2.DescribeTransitGatewayConnects, nil),
		once(ofEC2, s.ec2.DescribeTransitGatewayRouteTables, nil),
		each(ofEC2, routeTableIDs, s.ec2.GetTransitGatewayRouteTableAssociations, func(id string) *awsec2.GetTransitGatewayRouteTableAssociationsInput {
			return &awsec2.GetTransitGatewayRouteTableAssociationsInput{TransitGatewayRouteTableId: &id}
		}),
		each(ofEC2, routeTableIDs, s.ec2.GetTransitGatewayRouteTablePropagations, func(id string) *awsec2.GetTransitGatewayRouteTablePropagationsInput {
			return &awsec2.GetTransitGatewayRouteTablePropagationsInput{TransitGatewayRouteTableId: &id}
		}),
		each(ofEC2, routeTableIDs, s.searchRoutes, func(id string) *awsec2.SearchTransitGatewayRoutesInput {
			return &awsec2.SearchTransitGatewayRoutesInput{
				TransitGatewayRouteTableId: &id,
				Filters:                    []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}},
			}
		}),
		once(ofEC2, s.ec2.DescribeVpcBlockPublicAccessOptions, nil),
		once(ofEC2, s.ec2.DescribeVpcBlockPublicAccessExclusions, nil),
		once(ofEC2, s.ec2.DescribeFlowLogs, nil),
		once(ofELB, s.elb.DescribeLoadBalancers, nil),
		once(ofELBv2, s.elbv2.DescribeLoadBalancers, nil),
		each(ofELBv2, loadBalancerARNs, s.elbv2.DescribeListeners, func(id string) *elbv2.DescribeListenersInput {
			return &elbv2.DescribeListenersInput{LoadBalancerArn: &id}
		}),
		each(ofELBv2, listenerARNs, s.elbv2.DescribeRules, func(id string) *elbv2.DescribeRulesInput {
			return &elbv2.DescribeRulesInput{ListenerArn: &id}
		}),
		each(ofELBv2, loadBalancerARNs, s.elbv2.DescribeLoadBalancerAttributes, func(id string) *elbv2.DescribeLoadBalancerAttributesInput {
			return &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &id}
		}).saying("LoadBalancerArn"),
		once(ofELBv2, s.elbv2.DescribeTargetGroups, nil),
		each(ofELBv2, targetGroupARNs, s.elbv2.DescribeTargetHealth, func(id string) *elbv2.DescribeTargetHealthInput {
			return &elbv2.DescribeTargetHealthInput{TargetGroupArn: &id}
		}).saying("TargetGroupArn"),
		each(ofELBv2, targetGroupARNs, s.elbv2.DescribeTargetGroupAttributes, func(id string) *elbv2.DescribeTargetGroupAttributesInput {
			return &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &id}
		}).saying("TargetGroupArn"),
		once(ofRDS, s.rds.DescribeDBInstances, nil),
		once(ofRDS, s.rds.DescribeDBClusters, nil),
		once(ofRDS, s.rds.DescribeDBSubnetGroups, nil),
		once(ofElastiCache, s.elasticache.DescribeCacheClusters, &elasticache.DescribeCacheClustersInput{ShowCacheNodeInfo: aws.Bool(true)}),
		once(ofRedshift, s.redshift.DescribeClusters, nil),
		once(ofWorkSpaces, s.workspaces.DescribeWorkspaces, nil),
	}
}

// managed asks also for what a service of AWS manages and hides: it has addresses too.
//
// Source: EC2 API reference, DescribeNetworkInterfaces, IncludeManagedResources.
var managed = aws.Bool(true)

// errMoreRoutes says that a route table was not read whole.
var errMoreRoutes = errors.New("the route table has more routes than AWS gives in one answer")

// searchRoutes is SearchTransitGatewayRoutes, which may end before the routes do. Where it
// does not, the CLI prints the routes only.
func (s *session) searchRoutes(ctx context.Context, in *awsec2.SearchTransitGatewayRoutesInput, opts ...func(*awsec2.Options)) (*awsec2.SearchTransitGatewayRoutesOutput, error) {
	out, err := s.ec2.SearchTransitGatewayRoutes(ctx, in, opts...)
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

func listenerARNs(out *elbv2.DescribeListenersOutput) []string {
	return idsOf(out.Listeners, func(l *elbv2types.Listener) *string { return l.ListenerArn })
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

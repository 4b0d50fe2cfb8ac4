package netmodel

import (
	"net/netip"
	"regexp"
	"strings"
)

// Role is what an ENI is for.
type Role string

// The roles. An ENI of which the input does not say it has none.
const (
	RoleUnknown         Role = ""
	RoleInstance        Role = "instance"
	RoleClassicBalancer Role = "classic-load-balancer"
	RoleALB             Role = "application-load-balancer"
	RoleNLB             Role = "network-load-balancer"
	RoleGWLB            Role = "gateway-load-balancer"
	RoleGWLBEndpoint    Role = "gateway-load-balancer-endpoint"
	RoleVPCEndpoint     Role = "vpc-endpoint"
	RoleNATGateway      Role = "nat-gateway"
	RoleTransitGateway  Role = "transit-gateway"
	RoleRDS             Role = "rds" // Aurora too: the ENI does not tell them apart
	RoleElastiCache     Role = "elasticache"
	RoleRedshift        Role = "redshift"
	RoleWorkSpaces      Role = "workspaces"
	RoleLambda          Role = "lambda"
	RoleEFS             Role = "efs"
	RoleEKS             Role = "eks" // the cluster's control plane
	RoleECSTask         Role = "ecs-task"
	RoleDirectory       Role = "directory-service"
	RoleResolver        Role = "route53-resolver"
	RoleConnectEndpoint Role = "ec2-instance-connect-endpoint"
	RoleAccelerator     Role = "global-accelerator"
	RoleAPIGateway      Role = "api-gateway"
	RoleQuickSight      Role = "quicksight"
	RoleIoTRules        Role = "iot-rules"
	RoleConnections     Role = "codestar-connections"
	RoleEVS             Role = "evs" // Elastic VMware Service
)

// typeRoles are the roles that an interface type has alone. Of load balancers' types
// load_balancer leaves open which one; efa, efa-only, branch and trunk say how packets come,
// not to what.
//
// Source: EC2 API reference, NetworkInterface, interfaceType.
var typeRoles = map[string]Role{
	"api_gateway_managed":              RoleAPIGateway,
	"aws_codestar_connections_managed": RoleConnections,
	"ec2_instance_connect_endpoint":    RoleConnectEndpoint,
	"efs":                              RoleEFS,
	"evs":                              RoleEVS,
	"gateway_load_balancer":            RoleGWLB,
	"gateway_load_balancer_endpoint":   RoleGWLBEndpoint,
	"global_accelerator_managed":       RoleAccelerator,
	"iot_rules_managed":                RoleIoTRules,
	"lambda":                           RoleLambda,
	"nat_gateway":                      RoleNATGateway,
	"network_load_balancer":            RoleNLB,
	"quicksight":                       RoleQuickSight,
	"transit_gateway":                  RoleTransitGateway,
	"vpc_endpoint":                     RoleVPCEndpoint,
}

// descriptions are how services describe their ENIs. The group is the resource's name, where
// there is one. Anybody can give an own ENI such a description, so it counts only where the
// ENI is a service's.
//
// Sources: Elastic Load Balancing user guides (ELB app/, net/, gwy/ and the name of a
// classic one); EKS user guide, "Amazon EKS networking requirements" (Amazon EKS and the
// cluster's name); VPC, EFS, RDS, ElastiCache, Redshift, WorkSpaces and ECS: "What is this
// network interface for" of the knowledge center, and recorded answers.
var descriptions = []struct {
	role Role
	of   *regexp.Regexp
}{
	{RoleALB, regexp.MustCompile(`^ELB (app/[^/]+/[0-9a-f]+)$`)},
	{RoleNLB, regexp.MustCompile(`^ELB (net/[^/]+/[0-9a-f]+)$`)},
	{RoleGWLB, regexp.MustCompile(`^ELB (gwy/[^/]+/[0-9a-f]+)$`)},
	{RoleClassicBalancer, regexp.MustCompile(`^ELB ([0-9A-Za-z-]+)$`)},
	{RoleNATGateway, regexp.MustCompile(`^Interface for NAT Gateway (nat-[0-9a-z]+)$`)},
	{RoleTransitGateway, regexp.MustCompile(`^Network Interface for Transit Gateway Attachment (tgw-attach-[0-9a-z]+)$`)},
	{RoleVPCEndpoint, regexp.MustCompile(`^VPC Endpoint Interface (vpce-[0-9a-z]+)$`)},
	{RoleRDS, regexp.MustCompile(`^RDSNetworkInterface()$`)},
	{RoleElastiCache, regexp.MustCompile(`^ElastiCache[ +]([0-9A-Za-z-]+)$`)},
	{RoleRedshift, regexp.MustCompile(`^RedshiftNetworkInterface()$`)},
	{RoleWorkSpaces, regexp.MustCompile(`^Created By Amazon Workspaces for AWS Account ID ()[0-9]+$`)},
	{RoleEFS, regexp.MustCompile(`^EFS mount target for (fs-[0-9a-f]+) \(fsmt-[0-9a-f]+\)$`)},
	{RoleEKS, regexp.MustCompile(`^Amazon EKS ([0-9A-Za-z_-]+)$`)},
	{RoleECSTask, regexp.MustCompile(`^(arn:aws[a-z-]*:ecs:[^:]+:[0-9]+:attachment/[0-9a-f-]+)$`)},
	{RoleLambda, regexp.MustCompile(`^AWS Lambda VPC ENI-(.+)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)},
	{RoleDirectory, regexp.MustCompile(`^AWS created network interface for directory (d-[0-9a-f]+)$`)},
	{RoleResolver, regexp.MustCompile(`^Route 53 Resolver: (rslvr-(?:in|out)-[0-9a-z]+):rni-[0-9a-z]+$`)},
}

// serviceOwned reports whether the ENI is a service's: requester-managed, of a type that
// only services make, or attached to something of another account, which only services may
// do.
//
// Source: EC2 user guide, "Requester-managed network interfaces".
func (i *Interface) serviceOwned() bool {
	return i.Managed || typeRoles[i.Type] != "" || i.Type == "load_balancer" || strings.HasPrefix(i.AttachedBy, "amazon-") ||
		i.AttachedBy != "" && i.Account != "" && i.AttachedBy != i.Account
}

// recognise tells the ENI its role, and the name of the resource that it is of, by what it
// says itself.
func (i *Interface) recognise() {
	i.Role = typeRoles[i.Type]
	if i.serviceOwned() {
		for _, d := range descriptions {
			m := d.of.FindStringSubmatch(i.Description)
			if m == nil {
				continue
			}
			// The type is never wrong; endpoints of both kinds have one description.
			if i.Role == RoleUnknown || i.Role == d.role || i.Role == RoleGWLBEndpoint && d.role == RoleVPCEndpoint {
				i.Resource = m[1]
				if i.Role == RoleUnknown {
					i.Role = d.role
				}
			}
			return
		}
		return
	}
	if i.Instance != "" {
		i.Role, i.Resource = RoleInstance, i.Instance
	}
}

// roles tells all ENIs their roles: by what they say, then by what resources say of their
// ENIs.
func (p *part) roles() {
	for _, i := range p.Interfaces {
		i.recognise()
	}
	name := func(eni string, role Role, resource string) {
		i := p.Interfaces[eni]
		if i == nil || i.Role != RoleUnknown && i.Role != role {
			return
		}
		i.Role = role
		if i.Resource == "" {
			i.Resource = resource
		}
	}
	for _, g := range p.NATGateways {
		for _, a := range g.Addresses {
			name(a.Interface, RoleNATGateway, g.ID)
		}
	}
	for _, e := range p.VPCEndpoints {
		role := RoleVPCEndpoint
		if e.Kind == "GatewayLoadBalancer" {
			role = RoleGWLBEndpoint
		}
		for _, i := range e.Interfaces {
			name(i, role, e.ID)
		}
	}
	p.resourceRoles(name)
}

// resourceRoles finds the ENIs of resources: by their ids, else by an address in the
// resource's VPC or subnet.
func (p *part) resourceRoles(name func(eni string, role Role, resource string)) {
	roles := map[ResourceKind]Role{RedshiftCluster: RoleRedshift, WorkSpace: RoleWorkSpaces, EFSMountTarget: RoleEFS}
	type place struct {
		at      string // subnet or VPC
		address netip.Addr
	}
	enis := map[place]string{}
	for _, i := range p.Interfaces {
		for _, a := range i.Addresses {
			enis[place{i.Subnet, a}], enis[place{i.VPC, a}] = i.ID, i.ID
		}
	}
	for _, r := range p.Resources {
		role := roles[r.Kind]
		if role == RoleUnknown {
			continue
		}
		resource := r.Name
		switch r.Kind {
		case WorkSpace:
			resource = r.ID
		case EFSMountTarget:
			resource = r.Parent
		}
		for _, i := range r.Interfaces {
			if r.Kind != RedshiftCluster { // those are its endpoints' ENIs
				name(i, role, resource)
			}
		}
		at := r.VPC
		if r.Kind == WorkSpace && len(r.Subnets) == 1 {
			at = r.Subnets[0]
		}
		for _, a := range r.Addresses {
			if eni := enis[place{at, a}]; at != "" && eni != "" {
				name(eni, role, resource)
			}
		}
	}
}

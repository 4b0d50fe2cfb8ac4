package netmodel

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// putResource adds a resource; its id is the ARN, or made of what is unique.
func (p *part) putResource(at string, v *Resource, key, arn string, unique ...string) error {
	id := parseARN(arn)
	v.ID, v.Account, v.Region = arn, cmp.Or(v.Account, id.account), cmp.Or(id.region, v.Region)
	if v.ID == "" && v.Name != "" {
		v.ID = strings.Join(append([]string{string(v.Kind)}, unique...), " ")
	}
	if err := p.note(at, key, v.Name); err != nil {
		return err
	}
	return put(p, at, key, p.Resources, v.ID, v, same)
}

type describedEndpoint struct {
	Address string
	Port    int
}

// describedSubnetGroup is a subnet group of RDS, ElastiCache or Redshift.
type describedSubnetGroup struct {
	DBSubnetGroupName, CacheSubnetGroupName, ClusterSubnetGroupName string
	DBSubnetGroupArn, ARN, VpcId                                    string
	Subnets                                                         []struct {
		SubnetIdentifier       string
		SubnetAvailabilityZone struct{ Name string }
	}
}

func (v *describedSubnetGroup) group(service string) *SubnetGroup {
	arn := cmp.Or(v.DBSubnetGroupArn, v.ARN)
	id := parseARN(arn)
	out := &SubnetGroup{
		ID: arn, Name: cmp.Or(v.DBSubnetGroupName, v.CacheSubnetGroupName, v.ClusterSubnetGroupName), Service: service, Account: id.account,
		Region: id.region, VPC: v.VpcId,
	}
	for _, s := range v.Subnets {
		out.Subnets = append(out.Subnets, s.SubnetIdentifier)
		out.Region = cmp.Or(out.Region, regionOf(s.SubnetAvailabilityZone.Name))
	}
	if out.ID == "" && out.Name != "" {
		out.ID = strings.Join([]string{service, out.VPC, out.Name}, " ")
	}
	return out
}

// subnetGroups returns what adds a service's subnet groups.
func subnetGroups(service, key string) func(p *part, at string, v *describedSubnetGroup) error {
	return func(p *part, at string, v *describedSubnetGroup) error {
		out := v.group(service)
		return put(p, at, key, p.SubnetGroups, out.ID, out, same)
	}
}

type vpcGroups []struct{ VpcSecurityGroupId string }

func (g vpcGroups) ids() []string {
	var out []string
	for _, one := range g {
		out = append(out, one.VpcSecurityGroupId)
	}
	return out
}

func (p *part) dbInstance(at string, v *struct {
	DBInstanceIdentifier, DBInstanceArn, DBInstanceStatus, Engine, AvailabilityZone, DBClusterIdentifier string

	PubliclyAccessible bool
	Endpoint           describedEndpoint
	DBSubnetGroup      describedSubnetGroup
	VpcSecurityGroups  vpcGroups
},
) error {
	g := v.DBSubnetGroup.group("rds")
	out := &Resource{
		Name: v.DBInstanceIdentifier, Kind: DBInstance, Region: regionOf(v.AvailabilityZone), VPC: g.VPC, Engine: v.Engine, Status: v.DBInstanceStatus,
		Parent: v.DBClusterIdentifier, SubnetGroup: g.Name, Subnets: g.Subnets, Groups: v.VpcSecurityGroups.ids(), Public: v.PubliclyAccessible,
	}
	if v.Endpoint.Address != "" {
		out.Endpoints = []Endpoint{Endpoint(v.Endpoint)}
	}
	return p.putResource(at, out, "DBInstanceIdentifier", v.DBInstanceArn, v.Endpoint.Address, out.Name)
}

func (p *part) dbCluster(at string, v *struct {
	DBClusterIdentifier, DBClusterArn, Status, Engine, DBSubnetGroup, Endpoint, ReaderEndpoint string

	Port               int
	PubliclyAccessible bool
	AvailabilityZones  []string
	VpcSecurityGroups  vpcGroups
},
) error {
	out := &Resource{
		Name: v.DBClusterIdentifier, Kind: DBCluster, Engine: v.Engine, Status: v.Status, SubnetGroup: v.DBSubnetGroup,
		Groups: v.VpcSecurityGroups.ids(), Public: v.PubliclyAccessible,
	}
	for _, z := range v.AvailabilityZones {
		out.Region = cmp.Or(out.Region, regionOf(z))
	}
	for _, address := range []string{v.Endpoint, v.ReaderEndpoint} {
		if address != "" {
			out.Endpoints = append(out.Endpoints, Endpoint{address, v.Port})
		}
	}
	return p.putResource(at, out, "DBClusterIdentifier", v.DBClusterArn, v.Endpoint, out.Name)
}

func (p *part) cacheCluster(at string, v *struct {
	CacheClusterId, ARN, CacheClusterStatus, Engine, ReplicationGroupId, CacheSubnetGroupName, PreferredAvailabilityZone string

	ConfigurationEndpoint describedEndpoint
	CacheNodes            []struct {
		Endpoint                 describedEndpoint
		CustomerAvailabilityZone string
	}
	SecurityGroups []struct{ SecurityGroupId string }
},
) error {
	out := &Resource{
		Name: v.CacheClusterId, Kind: CacheCluster, Engine: v.Engine, Status: v.CacheClusterStatus, Parent: v.ReplicationGroupId,
		SubnetGroup: v.CacheSubnetGroupName, Region: regionOf(v.PreferredAvailabilityZone),
	}
	for _, g := range v.SecurityGroups {
		out.Groups = append(out.Groups, g.SecurityGroupId)
	}
	if v.ConfigurationEndpoint.Address != "" {
		out.Endpoints = append(out.Endpoints, Endpoint(v.ConfigurationEndpoint))
	}
	first := ""
	for _, n := range v.CacheNodes {
		out.Region = cmp.Or(out.Region, regionOf(n.CustomerAvailabilityZone))
		if n.Endpoint.Address != "" {
			first = cmp.Or(first, n.Endpoint.Address)
			out.Endpoints = append(out.Endpoints, Endpoint(n.Endpoint))
		}
	}
	// Old answers have no ARN, and without --show-cache-node-info no endpoint. The ids of
	// security groups are unique for all accounts.
	return p.putResource(at, out, "CacheClusterId", v.ARN, slices.Concat([]string{first, out.Region}, out.Groups, []string{out.Name})...)
}

func (p *part) replicationGroup(at string, v *struct {
	ReplicationGroupId, ARN, Status, Engine string
	MemberClusters                          []string
	ConfigurationEndpoint                   describedEndpoint
	NodeGroups                              []struct {
		PrimaryEndpoint, ReaderEndpoint describedEndpoint
		NodeGroupMembers                []struct{ PreferredAvailabilityZone string }
	}
},
) error {
	out := &Resource{Name: v.ReplicationGroupId, Kind: ReplicationGroup, Engine: v.Engine, Status: v.Status}
	all := []describedEndpoint{v.ConfigurationEndpoint}
	for _, g := range v.NodeGroups {
		all = append(all, g.PrimaryEndpoint, g.ReaderEndpoint)
		for _, m := range g.NodeGroupMembers {
			out.Region = cmp.Or(out.Region, regionOf(m.PreferredAvailabilityZone))
		}
	}
	first := ""
	for _, e := range all {
		if e.Address != "" {
			first = cmp.Or(first, e.Address)
			out.Endpoints = append(out.Endpoints, Endpoint(e))
		}
	}
	return p.putResource(at, out, "ReplicationGroupId", v.ARN, first, out.Name)
}

// redshiftCluster adds a cluster of Redshift. ECS and EKS list clusters too, by their ids
// alone.
func (p *part) redshiftCluster(at string, v *struct {
	ClusterIdentifier, ClusterNamespaceArn, ClusterStatus, ClusterSubnetGroupName, VpcId, AvailabilityZone string

	PubliclyAccessible bool
	Endpoint           struct {
		Address      string
		Port         int
		VpcEndpoints []struct {
			NetworkInterfaces []struct{ NetworkInterfaceId string }
		}
	}
	ClusterNodes      []struct{ PrivateIPAddress string }
	VpcSecurityGroups vpcGroups
},
) error {
	// The ARN is the namespace's, which a restored cluster keeps: it says account and region.
	id := parseARN(v.ClusterNamespaceArn)
	out := &Resource{
		Name: v.ClusterIdentifier, Kind: RedshiftCluster, Account: id.account, Region: cmp.Or(id.region, regionOf(v.AvailabilityZone)), VPC: v.VpcId,
		Status: v.ClusterStatus, SubnetGroup: v.ClusterSubnetGroupName, Groups: v.VpcSecurityGroups.ids(), Public: v.PubliclyAccessible,
	}
	if v.Endpoint.Address != "" {
		out.Endpoints = []Endpoint{{v.Endpoint.Address, v.Endpoint.Port}}
	}
	for _, e := range v.Endpoint.VpcEndpoints {
		for _, i := range e.NetworkInterfaces {
			out.Interfaces = append(out.Interfaces, i.NetworkInterfaceId)
		}
	}
	for i, n := range v.ClusterNodes {
		a, err := optionalAddr(fmt.Sprintf("%s.ClusterNodes[%d].PrivateIPAddress", at, i), n.PrivateIPAddress)
		if err != nil {
			return err
		}
		if a.IsValid() {
			out.Addresses = append(out.Addresses, a)
		}
	}
	return p.putResource(at, out, "ClusterIdentifier", "", v.Endpoint.Address, v.VpcId, out.Name)
}

func (p *part) workspace(at string, v *struct {
	WorkspaceId, WorkspaceName, ComputerName, DirectoryId, State, SubnetId, IpAddress, Ipv6Address string
},
) error {
	out := &Resource{ID: v.WorkspaceId, Name: v.WorkspaceId, Kind: WorkSpace, Status: v.State, Parent: v.DirectoryId}
	out.Name = cmp.Or(v.WorkspaceName, v.ComputerName, v.WorkspaceId)
	if v.SubnetId != "" {
		out.Subnets = []string{v.SubnetId}
	}
	for member, text := range map[string]string{"IpAddress": v.IpAddress, "Ipv6Address": v.Ipv6Address} {
		a, err := optionalAddr(at+"."+member, text)
		if err != nil {
			return err
		}
		if a.IsValid() {
			out.Addresses = append(out.Addresses, a)
		}
	}
	slices.SortFunc(out.Addresses, netip.Addr.Compare)
	return put(p, at, "WorkspaceId", p.Resources, out.ID, out, same)
}

func (p *part) function(at string, v *struct {
	FunctionName, FunctionArn, State string
	VpcConfig                        *struct {
		VpcId                       string
		SubnetIds, SecurityGroupIds []string
	}
},
) error {
	out := &Resource{Name: v.FunctionName, Kind: LambdaFunction, Status: v.State}
	if c := v.VpcConfig; c != nil {
		out.VPC, out.Subnets, out.Groups = c.VpcId, c.SubnetIds, c.SecurityGroupIds
	}
	return p.putResource(at, out, "FunctionName", v.FunctionArn, out.VPC, out.Name)
}

func (p *part) mountTarget(at string, v *struct {
	MountTargetId, FileSystemId, OwnerId, LifeCycleState, VpcId, SubnetId, NetworkInterfaceId, AvailabilityZoneName, IpAddress, Ipv6Address string
},
) error {
	out := &Resource{
		ID: v.MountTargetId, Name: v.MountTargetId, Kind: EFSMountTarget, Account: v.OwnerId, Region: regionOf(v.AvailabilityZoneName), VPC: v.VpcId,
		Status: v.LifeCycleState, Parent: v.FileSystemId,
	}
	if v.SubnetId != "" {
		out.Subnets = []string{v.SubnetId}
	}
	if v.NetworkInterfaceId != "" {
		out.Interfaces = []string{v.NetworkInterfaceId}
	}
	for _, f := range [][2]string{{"IpAddress", v.IpAddress}, {"Ipv6Address", v.Ipv6Address}} {
		a, err := optionalAddr(at+"."+f[0], f[1])
		if err != nil {
			return err
		}
		if a.IsValid() {
			out.Addresses = append(out.Addresses, a)
		}
	}
	return put(p, at, "MountTargetId", p.Resources, out.ID, out, same)
}

// resourceSubnets tells resources the subnets of their subnet groups. The group must be in
// the resource's VPC, or in its account and region: names are not unique else.
func (p *part) resourceSubnets() {
	services := map[ResourceKind]string{DBInstance: "rds", DBCluster: "rds", CacheCluster: "elasticache", RedshiftCluster: "redshift"}
	for _, r := range p.Resources {
		if r.SubnetGroup == "" || len(r.Subnets) > 0 {
			continue
		}
		var found []*SubnetGroup
		for _, id := range slices.Sorted(maps.Keys(p.SubnetGroups)) {
			g := p.SubnetGroups[id]
			home := r.VPC != "" && g.VPC == r.VPC || r.VPC == "" && r.Account != "" && r.Account == g.Account && r.Region == g.Region
			if home && g.Service == services[r.Kind] && g.Name == r.SubnetGroup {
				found = append(found, g)
			}
		}
		if len(found) == 1 {
			r.Subnets, r.VPC = found[0].Subnets, found[0].VPC
		}
	}
}

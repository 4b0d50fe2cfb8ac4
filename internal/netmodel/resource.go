package netmodel

import "net/netip"

// ResourceKind is what a [Resource] is.
type ResourceKind string

// The kinds of resources.
const (
	DBInstance       ResourceKind = "db-instance" // RDS, Aurora and what else answers describe-db-instances
	DBCluster        ResourceKind = "db-cluster"
	CacheCluster     ResourceKind = "cache-cluster" // ElastiCache
	ReplicationGroup ResourceKind = "replication-group"
	RedshiftCluster  ResourceKind = "redshift-cluster"
	WorkSpace        ResourceKind = "workspace"
	LambdaFunction   ResourceKind = "lambda-function"
	EFSMountTarget   ResourceKind = "efs-mount-target"
)

// Resource is a resource of a service of AWS that has ENIs in a VPC.
type Resource struct {
	// ID is the ARN, or an id that is unique for all accounts; where an answer has neither, the
	// kind and what it has.
	ID, Name             string
	Kind                 ResourceKind
	Account, Region, VPC string
	// Engine is a database's or cache's.
	Engine, Status string
	// Parent is the name of what it is a part of: a database's cluster, a cache's replication
	// group, a WorkSpace's directory, a mount target's file system.
	Parent string
	// SubnetGroup is the name of one that says its subnets.
	SubnetGroup string
	// Subnets are those that it may have ENIs in.
	Subnets, Groups []string
	Interfaces      []string // ids, where the answer says so
	Addresses       []netip.Addr
	Endpoints       []Endpoint
	Public          bool // reachable from the internet, as far as the service is concerned
}

// Endpoint is where clients connect to.
type Endpoint struct {
	Address string // DNS name
	Port    int
}

// SubnetGroup is a subnet group of RDS, ElastiCache or Redshift. Its name is unique within
// an account, a region and a service.
type SubnetGroup struct {
	ID, Name             string
	Service              string // rds, elasticache or redshift
	Account, Region, VPC string
	Subnets              []string
}

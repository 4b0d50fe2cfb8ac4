package describe

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/workspaces"

	"weir/internal/source/s3"
)

// session is the services of one region.
type session struct {
	config      *Config
	region      string
	ec2         *awsec2.Client
	elb         *elb.Client
	elbv2       *elbv2.Client
	rds         *rds.Client
	elasticache *elasticache.Client
	redshift    *redshift.Client
	workspaces  *workspaces.Client
}

// session makes the clients of a region. They share the login's credentials.
func (c *Config) session(login s3.Login, region string) (*session, error) {
	// By the SDK's names of the services.
	endpoints := map[string]*string{}
	for _, name := range []string{"EC2", "ELASTIC_LOAD_BALANCING", "ELASTIC_LOAD_BALANCING_V2", "RDS", "ELASTICACHE", "REDSHIFT", "WORKSPACES"} {
		endpoint, err := c.EndpointOf(login, name)
		if err != nil {
			return nil, err
		}
		endpoints[name] = address(endpoint)
	}
	cfg := login.Config.Copy()
	cfg.Region, cfg.BaseEndpoint = region, nil
	if cfg.RetryMaxAttempts == 0 {
		cfg.RetryMaxAttempts = attempts
	}
	return &session{
		config:      c,
		region:      region,
		ec2:         awsec2.NewFromConfig(cfg, func(o *awsec2.Options) { o.BaseEndpoint = endpoints["EC2"] }),
		elb:         elb.NewFromConfig(cfg, func(o *elb.Options) { o.BaseEndpoint = endpoints["ELASTIC_LOAD_BALANCING"] }),
		elbv2:       elbv2.NewFromConfig(cfg, func(o *elbv2.Options) { o.BaseEndpoint = endpoints["ELASTIC_LOAD_BALANCING_V2"] }),
		rds:         rds.NewFromConfig(cfg, func(o *rds.Options) { o.BaseEndpoint = endpoints["RDS"] }),
		elasticache: elasticache.NewFromConfig(cfg, func(o *elasticache.Options) { o.BaseEndpoint = endpoints["ELASTICACHE"] }),
		redshift:    redshift.NewFromConfig(cfg, func(o *redshift.Options) { o.BaseEndpoint = endpoints["REDSHIFT"] }),
		workspaces:  workspaces.NewFromConfig(cfg, func(o *workspaces.Options) { o.BaseEndpoint = endpoints["WORKSPACES"] }),
	}, nil
}

// address returns an endpoint for a client; nil means AWS's own.
func address(endpoint string) *string {
	if endpoint == "" {
		return nil
	}
	return aws.String(endpoint)
}

package s3

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"weir/internal/source"
)

// Config says which bucket, and how to reach it.
type Config struct {
	Access
	// Bucket is the bucket's name, or an access point's alias.
	Bucket string
	// Prefix is what keys begin with; it can end anywhere, in the middle of a
	// name too.
	Prefix string
	// PathStyle puts the bucket into the path of requests instead of the host.
	// It is on in any case where the endpoint is an IP address or a host name
	// without a dot, which no bucket's name can stand before.
	PathStyle bool
	// RequesterPays accepts the costs, in buckets that demand it.
	RequesterPays bool
	// TempDir is the folder for objects above 64 MiB while they are read; "" is
	// the system's.
	TempDir string
}

// Source is a bucket with a prefix.
type Source struct {
	config Config
	client *awss3.Client
	region string
	origin string // Object.Source
}

var _ source.Source = (*Source)(nil)

// defaultRegion is where a bucket is asked for when nothing says a region.
const defaultRegion = "us-east-1"

// New logs in and finds the bucket. Where Config.Region is empty it asks for the
// bucket's region with one request: AWS tells it even to those who may not read
// the bucket, and other services are left alone with the region they are given.
// Errors are [*source.Fault], or ctx's.
func New(ctx context.Context, c Config) (*Source, error) {
	login, err := c.Login(ctx, "S3")
	if err != nil {
		return nil, err
	}
	c.EndpointURL = login.Endpoint
	s := &Source{config: c, region: firstOf(c.Region, login.Config.Region, defaultRegion), origin: "s3://" + c.Bucket}
	if c.EndpointURL != "" {
		s.origin = strings.TrimRight(c.EndpointURL, "/") + "/" + c.Bucket
	}
	s.connect(login)
	if c.Region != "" {
		return s, nil
	}
	region, err := s.bucketRegion(ctx)
	if err != nil {
		return nil, err
	}
	if region != "" && region != s.region {
		s.region = region
		s.connect(login)
	}
	return s, nil
}

// connect makes the client for the source's region.
func (s *Source) connect(login Login) {
	s.client = awss3.NewFromConfig(login.Config, func(o *awss3.Options) {
		o.Region = s.region
		o.BaseEndpoint = nil
		if login.Endpoint != "" {
			o.BaseEndpoint = aws.String(login.Endpoint)
		}
		o.UsePathStyle = s.config.PathStyle || needsPathStyle(login.Endpoint)
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

// needsPathStyle reports whether a bucket's name cannot stand before the host of
// an endpoint.
func needsPathStyle(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return false
	}
	host := u.Hostname()
	_, err = netip.ParseAddr(host)
	return err == nil || !strings.Contains(host, ".")
}

// bucketRegion asks for the bucket's region; "" where the service does not tell.
func (s *Source) bucketRegion(ctx context.Context) (string, error) {
	out, err := s.client.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &s.config.Bucket})
	if err == nil {
		return aws.ToString(out.BucketRegion), nil
	}
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.HTTPStatusCode() == 0 {
		return "", s.fault(ctx, "open", s.url(""), err)
	}
	if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
		return region, nil
	}
	if response.HTTPStatusCode() == 404 {
		return "", &source.Fault{Op: "open", URL: s.url(""), Code: source.NoSuchBucket, Hint: s.hintNoBucket()}
	}
	// An answer to HEAD has no body that says why: what comes next will.
	return "", nil
}

// Name returns "s3://bucket/prefix".
func (s *Source) Name() string {
	return source.Spec{Kind: source.KindS3, Bucket: s.config.Bucket, Prefix: s.config.Prefix}.String()
}

// Origin returns what the objects have as their Source: "s3://bucket", with the
// endpoint where it is not AWS's.
func (s *Source) Origin() string { return s.origin }

// url returns the address of a key or prefix.
func (s *Source) url(key string) string { return "s3://" + s.config.Bucket + "/" + key }

// payer returns the header of a requester who pays.
func (s *Source) payer() types.RequestPayer {
	if s.config.RequesterPays {
		return types.RequestPayerRequester
	}
	return ""
}

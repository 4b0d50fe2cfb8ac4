package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"weir/internal/source"
)

// Access says who asks, and where. The zero Access is what the AWS CLI would use
// in the same shell: credentials from the environment, the profile's (keys,
// assume-role chains, web identity, SSO, credential_process), the container's or
// the instance's, in the SDK's order.
type Access struct {
	// Profile is a profile of the shared configuration; "" is AWS_PROFILE, else
	// "default".
	Profile string
	// Region is where requests go first; "" is the environment's or the
	// profile's.
	Region string
	// EndpointURL is the address of a service that is not AWS's, or of a VPC
	// endpoint; "" is the environment's (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)
	// or the profile's.
	EndpointURL string
	// NoSignRequest asks without credentials, for public buckets.
	NoSignRequest bool
	// MaxAttempts bounds the attempts of one request; 0 is the environment's,
	// the profile's or the SDK's 3. Retries are adaptive: they slow down with
	// the service.
	MaxAttempts int
	// Env is the environment of another process for which weir asks; nil is
	// weir's own. See [Access.Login] for what is read from it.
	Env map[string]string
}

// Login is what an Access came to.
type Login struct {
	// Config is the SDK's configuration. Its region can be "".
	Config aws.Config
	// Endpoint is the address to use for the service, or "" for AWS's own. It
	// counts, not what Config says: the SDK's clients read that from weir's own
	// environment.
	Endpoint string
}

// Login finds the credentials and tries to get them, so that a wrong profile, an
// expired session or a role that may not be assumed shows here. service is the
// SDK's name of the service, as it stands in AWS_ENDPOINT_URL_* ("S3", "EC2",
// "CLOUDWATCH_LOGS", "SQS"). Errors are [*source.Fault], or ctx's. Further services
// with the same credentials have the addresses that [Access.EndpointOf] tells.
//
// With Env, these variables of it are honoured and weir's own are not used
// instead: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN;
// AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME and
// AWS_ENDPOINT_URL_STS;
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI with
// AWS_CONTAINER_AUTHORIZATION_TOKEN and _TOKEN_FILE; AWS_PROFILE and
// AWS_DEFAULT_PROFILE; AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and HOME;
// AWS_REGION and AWS_DEFAULT_REGION; AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_ with the name
// of each service that is asked, and AWS_IGNORE_CONFIGURED_ENDPOINT_URLS; AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and
// AWS_EC2_METADATA_DISABLED. The rest is the machine's or
// weir's own: instance roles, the addresses of STS and SSO, and the SSO sessions
// in weir's home folder. Files that the variables name are read by weir, with
// weir's rights.
func (a Access) Login(ctx context.Context, service string) (Login, error) {
	if err := checkEndpoint(a.EndpointURL); err != nil {
		return Login{}, err
	}
	cfg, err := a.load(ctx)
	if err != nil {
		return Login{}, err
	}
	cfg.Logger = logging.Nop{} // the SDK's default writes to standard error
	l := Login{Config: cfg, Endpoint: a.endpoint(cfg, service)}
	if err := checkEndpoint(l.Endpoint); err != nil {
		return Login{}, err
	}
	if a.NoSignRequest {
		return l, nil
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return Login{}, a.credentialFault(ctx, err)
	}
	// The bare function hides ProviderSources, a note for the user agent: in the
	// SDK's assume-role provider (credentials v1.20.16) that method appends to a
	// shared slice, a data race between parallel requests.
	l.Config.Credentials = aws.CredentialsProviderFunc(cfg.Credentials.Retrieve)
	return l, nil
}

// EndpointOf returns the address to use for another service with a login, as
// [Login.Endpoint] is for the one that it was for, or "" for AWS's own.
func (a Access) EndpointOf(l Login, service string) (string, error) {
	endpoint := a.endpoint(l.Config, service)
	return endpoint, checkEndpoint(endpoint)
}

// load returns the SDK's configuration.
func (a Access) load(ctx context.Context) (aws.Config, error) {
	if a.Env != nil {
		return a.loadEnv(ctx)
	}
	options := a.options()
	if a.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(a.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, a.credentialFault(ctx, err)
	}
	return cfg, nil
}

// options returns what the SDK is told in every case.
func (a Access) options() []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{config.WithRetryMode(aws.RetryModeAdaptive)}
	if n := a.attempts(); n > 0 {
		options = append(options, config.WithRetryMaxAttempts(n))
	}
	if a.Region != "" {
		options = append(options, config.WithRegion(a.Region))
	}
	if a.NoSignRequest {
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	return options
}

// attempts returns the bound that was given, or 0.
func (a Access) attempts() int {
	if a.MaxAttempts > 0 {
		return a.MaxAttempts
	}
	n, err := strconv.Atoi(a.getenv("AWS_MAX_ATTEMPTS"))
	if err != nil {
		return 0
	}
	return n
}

// getenv returns a variable of the process that weir asks for.
func (a Access) getenv(name string) string {
	if a.Env != nil {
		return a.Env[name]
	}
	return os.Getenv(name)
}

// profile returns the profile that was asked for by name, or "".
func (a Access) profile() string {
	for _, p := range []string{a.Profile, a.getenv("AWS_PROFILE"), a.getenv("AWS_DEFAULT_PROFILE")} {
		if p != "" {
			return p
		}
	}
	return ""
}

// shared returns the profile that was loaded.
func shared(cfg aws.Config) (config.SharedConfig, bool) {
	for _, s := range cfg.ConfigSources {
		if c, ok := s.(config.SharedConfig); ok {
			return c, true
		}
	}
	return config.SharedConfig{}, false
}

// endpoint returns the service's address in the SDK's order: given, of the
// service or of all services in the environment, likewise in the profile.
func (a Access) endpoint(cfg aws.Config, service string) string {
	if a.EndpointURL != "" {
		return a.EndpointURL
	}
	profile, _ := shared(cfg)
	ignore := profile.IgnoreConfiguredEndpoints != nil && *profile.IgnoreConfiguredEndpoints
	if v := a.getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"); v != "" {
		ignore = strings.EqualFold(v, "true")
	}
	if ignore {
		return ""
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if v := a.getenv(name); v != "" {
			return v
		}
	}
	if v, ok, err := profile.GetServiceBaseEndpoint(context.Background(), service); ok && err == nil {
		return v
	}
	return profile.BaseEndpoint
}

// checkEndpoint refuses addresses that cannot be meant, and those with a
// password in them, which would stand in every error.
func checkEndpoint(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	f := &source.Fault{
		Op: "use", URL: "the endpoint URL", Code: source.Other,
		Hint: "an endpoint URL is like https://s3.example.org or http://127.0.0.1:9000; credentials come from a profile or from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	}
	switch {
	case err != nil:
		f.Err = errors.New("it is no URL")
	case u.User != nil:
		f.Err = errors.New("it has a user name or password in it")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		f.Err = fmt.Errorf("%q does not begin with http:// or https:// and a host", address)
	case u.RawQuery != "", u.Fragment != "":
		f.Err = fmt.Errorf("%q has a query or a fragment", address)
	default:
		return nil
	}
	return f
}

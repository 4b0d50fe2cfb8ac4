package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"weir/internal/source"
)

// loadEnv does with Env what the SDK does with its own environment, which it
// always reads and cannot be told not to: so the configuration is made here, but
// for the chains of a profile, which the SDK resolves from the profile's name.
func (a Access) loadEnv(ctx context.Context) (aws.Config, error) {
	files, creds := a.envFiles()
	name := a.profile()
	if name == "" {
		name = config.DefaultSharedConfigProfile
	}
	profile, err := config.LoadSharedConfigProfile(ctx, name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = files, creds
	})
	var missing config.SharedConfigProfileNotExistError
	if err != nil && (!errors.As(err, &missing) || a.profile() != "") {
		return aws.Config{}, a.credentialFault(ctx, err)
	}
	client, err := a.envClient()
	if err != nil {
		return aws.Config{}, err
	}
	cfg := aws.Config{
		Region:           firstOf(a.Region, a.Env["AWS_REGION"], a.Env["AWS_DEFAULT_REGION"], profile.Region),
		HTTPClient:       client,
		RetryMode:        aws.RetryModeAdaptive,
		RetryMaxAttempts: a.attempts(),
		ConfigSources:    []any{profile},
	}
	provider, err := a.envProvider(cfg, profile)
	if err != nil {
		return aws.Config{}, err
	}
	if provider != nil {
		cfg.Credentials = aws.NewCredentialsCache(provider)
		return cfg, nil
	}
	chained, err := config.LoadDefaultConfig(ctx, append(a.options(),
		config.WithSharedConfigFiles(files), config.WithSharedCredentialsFiles(creds),
		config.WithSharedConfigProfile(name), config.WithRegion(cfg.Region), config.WithHTTPClient(client))...)
	if err != nil {
		return aws.Config{}, a.credentialFault(ctx, err)
	}
	cfg.Credentials = chained.Credentials
	return cfg, nil
}

// firstOf returns the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// envFiles returns the shared configuration and credentials files of Env. They
// are never nil: the SDK would read weir's own.
func (a Access) envFiles() (files, creds []string) {
	home := a.Env["HOME"]
	file := func(name, base string) []string {
		switch {
		case a.Env[name] != "":
			return []string{a.Env[name]}
		case home != "":
			return []string{filepath.Join(home, ".aws", base)}
		}
		return []string{}
	}
	return file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

// envProvider returns where Env's credentials come from, in the SDK's order, or
// nil where they come from the profile.
func (a Access) envProvider(cfg aws.Config, profile config.SharedConfig) (aws.CredentialsProvider, error) {
	key, secret := a.Env["AWS_ACCESS_KEY_ID"], a.Env["AWS_SECRET_ACCESS_KEY"]
	file, role := a.Env["AWS_WEB_IDENTITY_TOKEN_FILE"], a.Env["AWS_ROLE_ARN"]
	switch {
	case a.NoSignRequest:
		return aws.AnonymousCredentials{}, nil
	case a.Profile != "" && hasCredentials(profile):
		return nil, nil
	case a.Profile == "" && key != "" && secret != "":
		return credentials.NewStaticCredentialsProvider(key, secret, a.Env["AWS_SESSION_TOKEN"]), nil
	case a.Profile == "" && file != "" && role != "":
		return a.webIdentity(cfg, role, file), nil
	case hasCredentials(profile):
		return nil, nil
	}
	return a.machineProvider(cfg)
}

// webIdentity returns the provider of a role for a token in a file, as pods on
// EKS have it.
func (a Access) webIdentity(cfg aws.Config, role, file string) aws.CredentialsProvider {
	client := sts.NewFromConfig(cfg, func(o *sts.Options) {
		if e := (Access{Env: a.Env}).endpoint(cfg, "STS"); e != "" {
			o.BaseEndpoint = aws.String(e)
		}
	})
	return stscreds.NewWebIdentityRoleProvider(client, role, stscreds.IdentityTokenFile(file),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = a.Env["AWS_ROLE_SESSION_NAME"] })
}

// hasCredentials reports whether a profile says where credentials come from.
func hasCredentials(p config.SharedConfig) bool {
	return p.Source != nil || p.Credentials.HasKeys() || p.CredentialSource != "" || p.CredentialProcess != "" ||
		p.WebIdentityTokenFile != "" || p.SSOAccountID != "" || p.LoginSession != ""
}

// containerHost is where ECS serves the credentials of a relative URI.
const containerHost = "http://169.254.170.2"

// machineProvider returns the provider of the container, or of the instance.
func (a Access) machineProvider(cfg aws.Config) (aws.CredentialsProvider, error) {
	address := a.Env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
	if relative := a.Env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]; relative != "" {
		address = containerHost + relative
	}
	if address == "" {
		state := imds.ClientDefaultEnableState
		if strings.EqualFold(a.Env["AWS_EC2_METADATA_DISABLED"], "true") {
			state = imds.ClientDisabled
		}
		client := imds.NewFromConfig(cfg, func(o *imds.Options) { o.ClientEnableState = state })
		return ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client }), nil
	}
	if !isContainerAddress(address) {
		return nil, &source.Fault{
			Op: "use", URL: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Code: source.BadCredentials,
			Err: errors.New("it is neither https nor an address of this machine, of ECS or of EKS"),
		}
	}
	return endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.AuthorizationToken = a.Env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
		if path := a.Env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]; path != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(path) // the platform renews it
				return string(token), err
			})
		}
	}), nil
}

// isContainerAddress reports whether credentials may be fetched from an address,
// by the rule of the SDKs: https anywhere, http from the machine itself and from
// the fixed addresses of ECS and EKS.
func isContainerAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "https" {
		return err == nil
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || u.Scheme != "http" {
		return u.Scheme == "http" && u.Hostname() == "localhost"
	}
	return ip.IsLoopback() || ip == netip.MustParseAddr("169.254.170.2") ||
		ip == netip.MustParseAddr("169.254.170.23") || ip == netip.MustParseAddr("fd00:ec2::23")
}

// envClient returns the HTTP client, with the certificates of AWS_CA_BUNDLE.
func (a Access) envClient() (*awshttp.BuildableClient, error) {
	client := awshttp.NewBuildableClient()
	path := a.Env["AWS_CA_BUNDLE"]
	if path == "" {
		return client, nil
	}
	f := &source.Fault{Op: "use", URL: "AWS_CA_BUNDLE", Code: source.Other}
	pem, err := os.ReadFile(path)
	if err != nil {
		f.Err = err
		return nil, f
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		f.Err = fmt.Errorf("%s holds no certificate in PEM", path)
		return nil, f
	}
	return client.WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.TLSClientConfig.RootCAs = pool
	}), nil
}

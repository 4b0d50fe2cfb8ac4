package destination

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"weir/internal/agent/config"
)

// sessionName is the agent's in the sessions of roles that it assumes: CloudTrail shows it.
const sessionName = "weir-agent"

// login returns the configuration of a flow log's destination: the credentials that AWS's tools find, then the roles. No service is asked yet.
func login(l *config.FlowLog, given *aws.Config) (aws.Config, error) {
	d := &l.Delivery
	region := d.Region
	if region == "" {
		region = l.Region
	}
	var c aws.Config
	if given != nil {
		c = given.Copy()
		c.Region = region
	} else {
		with := []func(*awsconfig.LoadOptions) error{awsconfig.WithRegion(region)}
		if d.Profile != "" {
			with = append(with, awsconfig.WithSharedConfigProfile(d.Profile))
		}
		var err error
		if c, err = awsconfig.LoadDefaultConfig(context.Background(), with...); err != nil {
			return c, fmt.Errorf("AWS's shared configuration: %w", err)
		}
	}
	c.Logger = logging.Nop{} // the SDK's default writes to standard error
	if d.NoSignRequest {
		c.Credentials = aws.AnonymousCredentials{}
		return c, nil
	}
	for _, role := range []string{d.Role, d.CrossAccountRole} {
		if role != "" {
			c.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c), role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = sessionName }))
		}
	}
	if c.Credentials != nil {
		// The bare function hides ProviderSources, a note for the user agent: in the SDK's assume-role provider (credentials v1.20.16) that method appends to
		// a shared slice, a data race between parallel requests.
		c.Credentials = aws.CredentialsProviderFunc(c.Credentials.Retrieve)
	}
	return c, nil
}

// ofAWS reports whether an endpoint is AWS's: none, or one in its domains, such as a VPC endpoint's.
func ofAWS(endpoint *string) bool {
	if endpoint == nil {
		return true
	}
	u, err := url.Parse(*endpoint)
	if err != nil {
		return false
	}
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(u.Hostname(), domain) {
			return true
		}
	}
	return false
}

// owner makes sure that requests are of the account that an ARN says: they have a name alone, and one of the same name may be in another account.
type owner struct {
	account string // "": nobody says
	config  aws.Config
	// asks says that STS may be asked: not where the service is not AWS's.
	asks bool
	mu   sync.Mutex
	sure bool
}

// check fails where the credentials are of another account. It asks once.
func (o *owner) check(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.account == "" || o.sure || o.config.Credentials == nil {
		return nil
	}
	c, err := o.config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	whose := c.AccountID
	if whose == "" && o.asks {
		out, err := sts.NewFromConfig(o.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return failure("ask STS whose the credentials are", err)
		}
		whose = aws.ToString(out.Account)
	}
	if whose != "" && whose != o.account {
		return &Failure{AccessError, fmt.Errorf("the credentials are of account %s, and the ARN names one of %s: say the role to assume there", whose, o.account)}
	}
	o.sure = true
	return nil
}

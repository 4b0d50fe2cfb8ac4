package describe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"weir/internal/source"
	"weir/internal/source/s3"
)

// Config says whom to ask.
type Config struct {
	// Access is the login. Its endpoint, where one is given, is that of all services.
	s3.Access
	// Regions are asked each; none means the login's region.
	Regions []string
	// Progress, which may be nil, gets how many of all operations are done. It is not
	// called by two goroutines at once.
	Progress func(done, total int)
}

// Answer is what AWS said of one account and region.
type Answer struct {
	// Account is the login's account id. What is described may be of another one, which
	// shares it.
	Account, Region string
	// Documents are in the order of [Operations].
	Documents []Document
	Missing   []Missing
}

// Document is the answer of one operation, all its pages in one.
type Document struct {
	// Name is "REGION/SERVICE/OPERATION.json" in the AWS CLI's words, as
	// "eu-west-1/ec2/describe-vpcs.json", or "REGION/SERVICE/OPERATION/ID.json" where an
	// operation is asked about one thing and its answer does not say which. It is a path
	// within a folder.
	Name string
	// Data is the JSON that the AWS CLI prints.
	Data []byte
}

// Missing is an answer that AWS did not give.
type Missing struct {
	Region string `json:"region"`
	// Operation is in the AWS CLI's words, as "ec2 describe-vpcs".
	Operation string `json:"operation"`
	// ID is what the operation was asked about; "" for those that are asked once.
	ID string `json:"id,omitempty"`
	// Action is what a policy must allow, where one does not.
	Action string `json:"action,omitempty"`
	Why    string `json:"why"`
}

// String returns all of it in one line.
func (m Missing) String() string {
	text := m.Operation
	if m.ID != "" {
		text += " of " + m.ID
	}
	text += " in " + m.Region + ": " + m.Why
	if m.Action != "" {
		text += "; it needs the action " + m.Action
	}
	return text
}

// attempts bounds the attempts of one request where nothing else does: EC2 throttles whole
// accounts, whoever else asks.
const attempts = 5

// parallel bounds the regions that are asked at once. Each has limits of its own.
const parallel = 4

// Network asks for all of [Operations] in each region. Answers are in the order of
// Config.Regions. Where an operation is denied, or not known there, the others' answers are
// given and [Answer.Missing] names it. Errors, all of them [*source.Fault] or ctx's, end
// everything: no or wrong credentials, throttling after all attempts, and no connection.
func Network(ctx context.Context, c Config) ([]Answer, error) {
	if c.Region == "" && len(c.Regions) > 0 {
		c.Region = c.Regions[0]
	}
	login, err := c.Login(ctx, "EC2")
	if err != nil {
		return nil, hinted(err)
	}
	regions := slices.Clone(c.Regions)
	if len(regions) == 0 {
		regions = []string{login.Config.Region}
	}
	if slices.Contains(regions, "") {
		return nil, &source.Fault{
			Op: "ask", URL: "AWS", Code: source.WrongRegion, Err: errors.New("no region is given"),
			Hint: "give --region, or set AWS_REGION, to the region of the network",
		}
	}
	account, err := c.account(ctx, login, regions[0])
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(regions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	done := c.counter(len(regions) * len(operations))
	for i, region := range regions {
		group.Go(func() error {
			s, err := c.session(login, region)
			if err != nil {
				return err
			}
			answers[i] = Answer{Account: account, Region: region}
			return s.ask(ctx, &answers[i], done)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return answers, nil
}

// counter returns a function that counts an operation.
func (c *Config) counter(total int) func() {
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		if c.Progress != nil {
			c.Progress(done, total)
		}
	}
}

// account returns the id of the login's account, which needs no permission.
//
// Source: STS API reference, GetCallerIdentity.
func (c *Config) account(ctx context.Context, login s3.Login, region string) (string, error) {
	endpoint, err := c.EndpointOf(login, "STS")
	if err != nil {
		return "", err
	}
	client := sts.NewFromConfig(login.Config, func(o *sts.Options) {
		o.Region, o.BaseEndpoint = region, address(endpoint)
	})
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", c.fault(ctx, "STS in "+region+" for the account", err)
	}
	return aws.ToString(out.Account), nil
}

// ask asks for all operations, one after the other.
func (s *session) ask(ctx context.Context, a *Answer, done func()) error {
	outs := map[string][]any{} // by service and name of the operation; none where it was not answered
	for _, op := range s.operations() {
		o := &op
		ids := []string{""}
		if o.of != "" {
			of, known := outs[o.cli+o.of]
			if !known {
				a.Missing = append(a.Missing, Missing{
					Region: s.region, Operation: o.command(),
					Why: fmt.Sprintf("what to ask about is not known without %s %s", o.cli, kebab(o.of)),
				})
				done()
				continue
			}
			ids = nil
			for _, out := range of {
				ids = append(ids, o.ids(out)...)
			}
		}
		answered, err := s.each(ctx, a, o, ids)
		if err != nil {
			return err
		}
		if len(answered) > 0 || len(ids) == 0 {
			outs[o.cli+o.name] = answered
		}
		done()
	}
	return nil
}

// each asks an operation about things, and returns the answers.
func (s *session) each(ctx context.Context, a *Answer, o *operation, ids []string) ([]any, error) {
	var all []any
	for _, id := range ids {
		before := len(a.Missing)
		out, err := s.one(ctx, a, o, id)
		switch {
		case err != nil:
			return nil, err
		case out != nil:
			all = append(all, out)
		case a.Missing[before].Action != "":
			a.Missing[before].ID = "" // the others would be denied too
			return all, nil
		}
	}
	return all, nil
}

// one asks once, and adds the answer, or that it is missing; then it returns nil.
func (s *session) one(ctx context.Context, a *Answer, o *operation, id string) (any, error) {
	out, err := o.ask(ctx, id)
	if err == nil {
		var data []byte
		if data, err = encode(out, o.beside, id); err == nil {
			a.Documents = append(a.Documents, Document{Name: o.file(s.region, id), Data: data})
			return out, nil
		}
	}
	why, denied, err := s.config.missing(ctx, o, s.region, err)
	if err != nil {
		return nil, err
	}
	m := Missing{Region: s.region, Operation: o.command(), ID: id, Why: why}
	if denied {
		m.Action = o.action()
	}
	a.Missing = append(a.Missing, m)
	return nil, nil
}

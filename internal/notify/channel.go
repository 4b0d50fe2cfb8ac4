package notify

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A channel is how a protocol's endpoints get messages.
type channel struct {
	// confirms says that an endpoint has to confirm its subscription; web that the endpoint is a URL, to which a DeliveryPolicy applies.
	confirms, web bool
	// retry says when to try again, where no DeliveryPolicy does.
	retry retryPolicy
	// check refuses an endpoint.
	check func(s *Store, protocol, endpoint string) error
	// send makes one attempt, nil where the endpoint has got it.
	send func(s *Store, ctx context.Context, d *delivery) *failure
}

// channels are the protocols that there are.
var channels = map[string]channel{
	"http":       {confirms: true, web: true, retry: httpPolicy, check: (*Store).checkURL, send: (*Store).sendDocument},
	"https":      {confirms: true, web: true, retry: httpPolicy, check: (*Store).checkURL, send: (*Store).sendDocument},
	"email":      {confirms: true, retry: ownPolicy, check: (*Store).checkAddress, send: (*Store).sendMail},
	"email-json": {confirms: true, retry: ownPolicy, check: (*Store).checkAddress, send: (*Store).sendMail},
	"slack":      {web: true, retry: ownPolicy, check: (*Store).checkURL, send: (*Store).sendSlack},
	"teams":      {web: true, retry: ownPolicy, check: (*Store).checkURL, send: (*Store).sendTeams},
	"webhook":    {web: true, retry: ownPolicy, check: (*Store).checkURL, send: (*Store).sendWebhook},
	"command":    {retry: ownPolicy, check: (*Store).checkCommand, send: (*Store).sendCommand},
	"sns":        {retry: awsPolicy, check: (*Store).checkSNS, send: (*Store).sendSNS},
}

// Protocols returns the names of the protocols, in order.
func Protocols() []string { return slices.Sorted(maps.Keys(channels)) }

// elsewhere are the protocols that SNS has and this server has not.
var elsewhere = []string{"sms", "sqs", "application", "lambda", "firehose"}

// checkEndpoint refuses a protocol, or an endpoint of it.
func (s *Store) checkEndpoint(protocol, endpoint string) error {
	c, ok := channels[protocol]
	switch {
	case ok && c.confirms && s.o.URL == "":
		return invalid("Protocol Reason: the server does not know the URL at which an endpoint could confirm; weir serve --notify-url says it")
	case ok:
		return c.check(s, protocol, endpoint)
	case slices.Contains(elsewhere, protocol):
		return invalid("Protocol Reason: this server does not deliver to %s; it does to %s", protocol, strings.Join(Protocols(), ", "))
	}
	return invalid("Amazon SNS does not support this protocol string: %s", protocol)
}

// maxEndpoint is the greatest length of an endpoint, in bytes.
const maxEndpoint = 2048

// checkURL checks the URL of an endpoint. What its host means is looked at when it is connected to.
func (s *Store) checkURL(protocol, endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || len(endpoint) > maxEndpoint || u.Hostname() == "" || u.Fragment != "" || strings.ContainsFunc(endpoint, isControl):
		return invalid("Endpoint Reason: it is no URL of an HTTP endpoint")
	case overHTTP(protocol) && u.Scheme != protocol:
		return invalid("Endpoint must match the specified protocol")
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid("Endpoint Reason: it begins with https:// or http://")
	}
	if err := s.guard.checkHost(u.Hostname()); err != nil {
		return invalid("Endpoint Reason: %v", err)
	}
	return nil
}

// checkCommand checks that a command was given to the server when it began.
func (s *Store) checkCommand(_, endpoint string) error {
	if _, ok := s.o.Commands[endpoint]; !ok {
		return invalid("Endpoint Reason: no command is named %q; they are given to weir serve by --notify-command", endpoint)
	}
	return nil
}

var awsTopic = regexp.MustCompile(`\Aarn:aws(-[a-z]+)*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}\z`)

// checkSNS checks the ARN of a topic of AWS.
func (s *Store) checkSNS(_, endpoint string) error {
	switch {
	case s.o.SNS == nil:
		return invalid("Endpoint Reason: the server has no credentials for AWS; weir serve --notify-aws gives it some")
	case !awsTopic.MatchString(endpoint):
		return invalid("Endpoint Reason: it is no ARN of a topic of AWS that is not FIFO")
	}
	return nil
}

// checkOptions checks what can be checked before anything is delivered.
func checkOptions(o Options) error {
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" {
			return fmt.Errorf("the URL of this server is like https://weir.example:8443, not %q", o.URL)
		}
	}
	if o.SMTP != nil {
		if err := o.SMTP.check(); err != nil {
			return err
		}
	}
	return checkCommands(o.Commands)
}

package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A retryPolicy says when to try again. Delays are in seconds.
//
// Source: AWS, Amazon SNS Developer Guide, "Message delivery retries".
type retryPolicy struct {
	MinDelayTarget     int    `json:"minDelayTarget"`
	MaxDelayTarget     int    `json:"maxDelayTarget"`
	NumRetries         int    `json:"numRetries"`
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

// The policies that SNS has for protocols: of HTTP; of endpoints that customers run, such as SMTP; and of services of AWS. Slack, Teams, webhooks and commands, which SNS has not, are as SMTP:
// with the policy of HTTP a pager that is down for two minutes would lose the page.
var (
	httpPolicy = retryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20, NumRetries: 3, BackoffFunction: "linear"}
	ownPolicy  = retryPolicy{MinDelayTarget: 10, MaxDelayTarget: 600, NumRetries: 50, NumMaxDelayRetries: 38, NumMinDelayRetries: 2, BackoffFunction: "exponential"}
	awsPolicy  = retryPolicy{
		MinDelayTarget: 1, MaxDelayTarget: 20, NumRetries: 100_015, NumMaxDelayRetries: 100_000, NumNoDelayRetries: 3, NumMinDelayRetries: 2, BackoffFunction: "exponential",
	}
)

type throttlePolicy struct {
	MaxReceivesPerSecond int `json:"maxReceivesPerSecond"`
}

type requestPolicy struct {
	HeaderContentType string `json:"headerContentType"`
}

const plainText = "text/plain; charset=UTF-8"

// givenRetry is a retryPolicy as it is written: what is not given is nil.
type givenRetry struct {
	MinDelayTarget     *int    `json:"minDelayTarget,omitempty"`
	MaxDelayTarget     *int    `json:"maxDelayTarget,omitempty"`
	NumRetries         *int    `json:"numRetries,omitempty"`
	NumMaxDelayRetries *int    `json:"numMaxDelayRetries,omitempty"`
	NumNoDelayRetries  *int    `json:"numNoDelayRetries,omitempty"`
	NumMinDelayRetries *int    `json:"numMinDelayRetries,omitempty"`
	BackoffFunction    *string `json:"backoffFunction,omitempty"`
}

// over returns the policy with what is given in the place of what it has.
func (g *givenRetry) over(p retryPolicy) retryPolicy {
	if g == nil {
		return p
	}
	for _, n := range []struct {
		from *int
		to   *int
	}{
		{g.MinDelayTarget, &p.MinDelayTarget},
		{g.MaxDelayTarget, &p.MaxDelayTarget},
		{g.NumRetries, &p.NumRetries},
		{g.NumMaxDelayRetries, &p.NumMaxDelayRetries},
		{g.NumNoDelayRetries, &p.NumNoDelayRetries},
		{g.NumMinDelayRetries, &p.NumMinDelayRetries},
	} {
		if n.from != nil {
			*n.to = *n.from
		}
	}
	if g.BackoffFunction != nil {
		p.BackoffFunction = *g.BackoffFunction
	}
	return p
}

// maxRetryTime bounds the time of all retries, in seconds; AWS's words for it are known.
const maxRetryTime = 3600

// check checks what is given; at is its place in the policy.
func (g *givenRetry) check(at string) error {
	if g == nil {
		return nil
	}
	for _, n := range []struct {
		name     string
		v        *int
		min, max int
	}{
		{"minDelayTarget", g.MinDelayTarget, 1, maxRetryTime},
		{"maxDelayTarget", g.MaxDelayTarget, 1, maxRetryTime},
		{"numRetries", g.NumRetries, 0, 100},
		{"numMaxDelayRetries", g.NumMaxDelayRetries, 0, 100},
		{"numNoDelayRetries", g.NumNoDelayRetries, 0, 100},
		{"numMinDelayRetries", g.NumMinDelayRetries, 0, 100},
	} {
		switch {
		case n.v != nil && *n.v < n.min:
			return badf("DeliveryPolicy: %s.%s must be greater than or equal to %d", at, n.name, n.min)
		case n.v != nil && *n.v > n.max:
			return badf("DeliveryPolicy: %s.%s must be less than or equal to %d", at, n.name, n.max)
		}
	}
	p := g.over(httpPolicy)
	switch {
	case !slices.Contains([]string{"linear", "arithmetic", "geometric", "exponential"}, p.BackoffFunction):
		return badf("DeliveryPolicy: %s.backoffFunction must be linear, arithmetic, geometric or exponential", at)
	case p.MinDelayTarget > p.MaxDelayTarget:
		return badf("DeliveryPolicy: %s.maxDelayTarget must be greater than or equal to minDelayTarget (%d and %d)", at, p.MaxDelayTarget, p.MinDelayTarget)
	case p.NumNoDelayRetries+p.NumMinDelayRetries+p.NumMaxDelayRetries > p.NumRetries:
		return badf("DeliveryPolicy: %s.numRetries must be greater than or equal to the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries", at)
	case p.total() > maxRetryTime*1000:
		return badf("DeliveryPolicy: %s: Total policy retry time cannot be greater than %d seconds", at, maxRetryTime)
	}
	return nil
}

func (t *throttlePolicy) check(at string) error {
	if t != nil && t.MaxReceivesPerSecond < 1 {
		return badf("DeliveryPolicy: %s.maxReceivesPerSecond must be greater than or equal to 1", at)
	}
	return nil
}

// The types of content that a request policy may say; those of rawTypes where the message is delivered raw.
//
// Source: AWS, Amazon SNS Developer Guide, "Creating an HTTP/S delivery policy".
var (
	documentTypes = []string{"application/json", "text/plain"}
	rawTypes      = []string{
		"application/atom+xml", "application/json", "application/octet-stream", "application/soap+xml", "application/x-www-form-urlencoded", "application/xhtml+xml",
		"application/xml", "multipart/form-data", "text/css", "text/csv", "text/html", "text/plain", "text/xml",
	}
)

func (r *requestPolicy) check(at string, allowed []string) error {
	if r == nil {
		return nil
	}
	name, parameter, more := strings.Cut(r.HeaderContentType, ";")
	if !slices.Contains(allowed, strings.TrimSpace(name)) || more && !strings.EqualFold(strings.TrimSpace(parameter), "charset=UTF-8") {
		return badf("DeliveryPolicy: %s.headerContentType: %q is not one of %s", at, r.HeaderContentType, strings.Join(allowed, ", "))
	}
	return nil
}

// topicPolicy is a topic's DeliveryPolicy.
type topicPolicy struct {
	HTTP *topicHTTPPolicy `json:"http"`
}

type topicHTTPPolicy struct {
	Retry    *givenRetry     `json:"defaultHealthyRetryPolicy,omitempty"`
	Disable  bool            `json:"disableSubscriptionOverrides"`
	Throttle *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
	Request  *requestPolicy  `json:"defaultRequestPolicy,omitempty"`
}

// subscriptionPolicy is a subscription's DeliveryPolicy, with null for what is not given. Of a retry policy what is not given is left out, as in a topic's: the acceptance tests of Terraform's
// provider, which ask AWS, find no backoffFunction in one that was given three members.
type subscriptionPolicy struct {
	Retry      *givenRetry     `json:"healthyRetryPolicy"`
	Sickly     *givenRetry     `json:"sicklyRetryPolicy"`
	Throttle   *throttlePolicy `json:"throttlePolicy"`
	Request    *requestPolicy  `json:"requestPolicy"`
	Guaranteed bool            `json:"guaranteed"`
}

// strictly reads JSON of a policy and refuses members that it has not.
func strictly(value string, to any) error {
	dec := json.NewDecoder(strings.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return badf("DeliveryPolicy: failed to parse JSON. %v", err)
	}
	if dec.More() {
		return badf("DeliveryPolicy: failed to parse JSON. There is more behind the object, at byte %d", dec.InputOffset())
	}
	return nil
}

// topicDeliveryPolicy checks a topic's DeliveryPolicy and returns it as SNS shows it.
func topicDeliveryPolicy(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	var p topicPolicy
	if err := strictly(value, &p); err != nil || p.HTTP == nil {
		return "", err
	}
	for _, err := range []error{
		p.HTTP.Retry.check("http.defaultHealthyRetryPolicy"), p.HTTP.Throttle.check("http.defaultThrottlePolicy"), p.HTTP.Request.check("http.defaultRequestPolicy", documentTypes),
	} {
		if err != nil {
			return "", err
		}
	}
	return written(p), nil
}

// subscriptionDeliveryPolicy checks a subscription's DeliveryPolicy and returns it as SNS shows it.
func subscriptionDeliveryPolicy(value string, raw bool) (string, error) {
	if value == "" {
		return "", nil
	}
	var p subscriptionPolicy
	if err := strictly(value, &p); err != nil {
		return "", err
	}
	types := documentTypes
	if raw {
		types = rawTypes
	}
	for _, err := range []error{p.Retry.check("healthyRetryPolicy"), p.Throttle.check("throttlePolicy"), p.Request.check("requestPolicy", types)} {
		if err != nil {
			return "", err
		}
	}
	if p.Sickly != nil || p.Guaranteed {
		return "", badf("DeliveryPolicy: Not supported by this server: sicklyRetryPolicy and guaranteed, which AWS does not describe")
	}
	return written(p), nil
}

// effectivePolicy is a subscription's EffectiveDeliveryPolicy: nothing of it is left open. It is in the order of SNS.
type effectivePolicy struct {
	Retry      *retryPolicy    `json:"healthyRetryPolicy"`
	Sickly     *retryPolicy    `json:"sicklyRetryPolicy"`
	Throttle   *throttlePolicy `json:"throttlePolicy"`
	Request    *requestPolicy  `json:"requestPolicy"`
	Guaranteed bool            `json:"guaranteed"`
}

// effectiveTopicPolicy is what SNS shows as a topic's EffectiveDeliveryPolicy.
type effectiveTopicPolicy struct {
	HTTP struct {
		Retry    retryPolicy     `json:"defaultHealthyRetryPolicy"`
		Disable  bool            `json:"disableSubscriptionOverrides"`
		Throttle *throttlePolicy `json:"defaultThrottlePolicy,omitempty"`
		Request  requestPolicy   `json:"defaultRequestPolicy"`
	} `json:"http"`

	retryGiven bool // by the topic's DeliveryPolicy
}

func (t *Topic) policy() (effectiveTopicPolicy, error) {
	var e effectiveTopicPolicy
	e.HTTP.Retry, e.HTTP.Request = httpPolicy, requestPolicy{plainText}
	text := t.Attributes["DeliveryPolicy"]
	if text == "" {
		return e, nil
	}
	var p topicPolicy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return e, fmt.Errorf("the delivery policy of %s: %w", t.ARN, err)
	}
	if p.HTTP != nil {
		e.HTTP.Retry, e.HTTP.Disable, e.HTTP.Throttle = p.HTTP.Retry.over(httpPolicy), p.HTTP.Disable, p.HTTP.Throttle
		e.retryGiven = p.HTTP.Retry != nil
		if p.HTTP.Request != nil {
			e.HTTP.Request = *p.HTTP.Request
		}
	}
	return e, nil
}

func effectiveOfTopic(t *Topic) (string, error) {
	p, err := t.policy()
	return written(p), err
}

// policyOf returns what holds for a subscription whose endpoint is a URL.
func policyOf(t *Topic, sub *Subscription) (effectivePolicy, error) {
	e, err := t.policy()
	out := effectivePolicy{Retry: &e.HTTP.Retry, Throttle: e.HTTP.Throttle, Request: &e.HTTP.Request}
	if own := channels[sub.Protocol].retry; !e.retryGiven {
		out.Retry = &own
	}
	text := sub.Attributes["DeliveryPolicy"]
	if err != nil || text == "" || e.HTTP.Disable {
		return out, err
	}
	var p subscriptionPolicy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return out, fmt.Errorf("the delivery policy of %s: %w", sub.ARN, err)
	}
	if p.Retry != nil {
		full := p.Retry.over(httpPolicy)
		out.Retry = &full
	}
	if p.Throttle != nil {
		out.Throttle = p.Throttle
	}
	if p.Request != nil {
		out.Request = p.Request
	}
	return out, nil
}

func effectiveOfSubscription(t *Topic, sub *Subscription) (string, error) {
	p, err := policyOf(t, sub)
	return written(p), err
}

// written returns a policy as JSON.
func written(p any) string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // these types have nothing that JSON has not
	}
	return string(b)
}

package notify

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDelays lists the delays of policies, in seconds.
func TestDelays(t *testing.T) {
	tests := []struct {
		name, policy string
		want         []float64
	}{
		{"the default", `{}`, []float64{20, 20, 20}},
		{"phases", `{"numRetries":8,"numNoDelayRetries":2,"numMinDelayRetries":1,"numMaxDelayRetries":2,"minDelayTarget":1,"maxDelayTarget":9}`, []float64{0, 0, 1, 1, 5, 9, 9, 9}},
		{"linear", `{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":16,"backoffFunction":"linear"}`, []float64{1, 4.75, 8.5, 12.25, 16}},
		{"arithmetic", `{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":21,"backoffFunction":"arithmetic"}`, []float64{1, 3, 7, 13, 21}},
		{"geometric", `{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":16,"backoffFunction":"geometric"}`, []float64{1, 2, 4, 8, 16}},
		{"exponential", `{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":16,"backoffFunction":"exponential"}`, []float64{1, 2, 4, 8, 16}},
		{"one", `{"numRetries":1,"minDelayTarget":5,"maxDelayTarget":6}`, []float64{5}},
		{"none", `{"numRetries":0}`, nil},
	}
	for _, tt := range tests {
		var g givenRetry
		if err := json.Unmarshal([]byte(tt.policy), &g); err != nil {
			t.Fatal(err)
		}
		if err := g.check("x"); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var got []float64
		p := g.over(httpPolicy)
		for n := 1; ; n++ {
			ms, ok := p.delay(n)
			if !ok {
				break
			}
			got = append(got, float64(ms)/1000)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for p, hours := range map[*retryPolicy]float64{&ownPolicy: 6, &awsPolicy: 23 * 24} { // as AWS says of them
		if got := float64(p.total()) / 3.6e6; got < hours || got > hours*1.2 {
			t.Errorf("%+v takes %g h", p, got)
		}
	}
}

// TestDeliveryPolicies refuses policies, in AWS's words where these are known.
func TestDeliveryPolicies(t *testing.T) {
	retry := func(members string) string { return `{"http":{"defaultHealthyRetryPolicy":{` + members + `}}}` }
	for policy, want := range map[string]string{
		retry(`"minDelayTarget":0`):                                          "http.defaultHealthyRetryPolicy.minDelayTarget must be greater than or equal to 1",
		retry(`"numRetries":101`):                                            "http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
		retry(`"numRetries":-1`):                                             "http.defaultHealthyRetryPolicy.numRetries must be greater than or equal to 0",
		retry(`"minDelayTarget":3599,"maxDelayTarget":3600`):                 "http.defaultHealthyRetryPolicy: Total policy retry time cannot be greater than 3600 seconds",
		retry(`"minDelayTarget":30`):                                         "http.defaultHealthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget (20 and 30)",
		retry(`"backoffFunction":"cubic"`):                                   "http.defaultHealthyRetryPolicy.backoffFunction must be linear, arithmetic, geometric or exponential",
		retry(`"numRetries":2,"numNoDelayRetries":3`):                        "http.defaultHealthyRetryPolicy.numRetries must be greater than or equal to the sum",
		retry(`"numRetry":2`):                                                "failed to parse JSON. json: unknown field \"numRetry\"",
		`{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}`:      "http.defaultThrottlePolicy.maxReceivesPerSecond must be greater than or equal to 1",
		`{"http":{"defaultRequestPolicy":{"headerContentType":"text/csv"}}}`: `http.defaultRequestPolicy.headerContentType: "text/csv" is not one of application/json, text/plain`,
		`{"http":{"defaultRequestPolicy":{"headerContentType":"text/plain; charset=x\r\nA: b"}}}`: "http.defaultRequestPolicy.headerContentType: ",
		`{`:     "failed to parse JSON. unexpected EOF",
		`{} {}`: "failed to parse JSON. There is more behind the object, at byte 3",
	} {
		if _, err := topicDeliveryPolicy(policy); err == nil || !strings.HasPrefix(err.Error(), "DeliveryPolicy: "+want) {
			t.Errorf("%s: %v", policy, err)
		}
	}
	for policy, want := range map[string]string{
		`{"healthyRetryPolicy":{"minDelayTarget":0}}`:        "healthyRetryPolicy.minDelayTarget must be greater than or equal to 1",
		`{"sicklyRetryPolicy":{"numRetries":1}}`:             "Not supported by this server: sicklyRetryPolicy",
		`{"requestPolicy":{"headerContentType":"text/csv"}}`: `requestPolicy.headerContentType: "text/csv" is not one of`,
		`{"throttlePolicy":{"maxReceivesPerSecond":-1}}`:     "throttlePolicy.maxReceivesPerSecond must be",
	} {
		if _, err := subscriptionDeliveryPolicy(policy, false); err == nil || !strings.HasPrefix(err.Error(), "DeliveryPolicy: "+want) {
			t.Errorf("%s: %v", policy, err)
		}
	}
}

// TestShownPolicies shows of a subscription's policy what was given and no more: Terraform compares it with what it gave. What holds is EffectiveDeliveryPolicy.
func TestShownPolicies(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	for given, want := range map[string][2]string{
		`{"healthyRetryPolicy":{"numRetries":10,"maxDelayTarget":30,"minDelayTarget":5}}`: {
			`{"healthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":30,"numRetries":10},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":null,"guaranteed":false}`,
			`{"healthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":30,"numRetries":10,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
				`"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`,
		},
		`{"throttlePolicy":{"maxReceivesPerSecond":7}}`: {
			`{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":7},"requestPolicy":null,"guaranteed":false}`,
			`{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
				`"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":7},"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}`,
		},
	} {
		sub := s.subscribe(topic, "https", "https://example.com/"+strconv.Itoa(len(given)), map[string]string{"DeliveryPolicy": given})
		got, err := s.SubscriptionAttributes(t.Context(), sub.ARN)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2]string{got["DeliveryPolicy"], got["EffectiveDeliveryPolicy"]}); diff != "" {
			t.Errorf("%s: %s", given, diff)
		}
	}
}

// TestThrottle delivers as many a second as a policy lets through, also after a restart, and unless the topic overrides it.
func TestThrottle(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, map[string]string{"DeliveryPolicy": `{"throttlePolicy":{"maxReceivesPerSecond":2}}`})
	for range 9 {
		s.publish(Message{TopicARN: topic, Default: "m"})
	}
	got := []int{}
	for range 4 {
		s.deliver()
		got = append(got, len(e.all()))
		s.clock.Advance(500 * time.Millisecond)
	}
	s.reopen()
	s.deliver()
	if got = append(got, len(e.all())); !cmp.Equal(got, []int{1, 1, 1, 1, 1}) {
		t.Errorf("delivered %v", got)
	}
	if err := s.SetTopicAttribute(t.Context(), topic, "DeliveryPolicy", `{"http":{"disableSubscriptionOverrides":true}}`); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(500 * time.Millisecond)
	if s.deliver(); len(e.all()) != 4 {
		t.Error("the override still holds")
	}
}

// TestThrottleUnread delivers nothing while it can't be told how much a second that may be.
func TestThrottleUnread(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, nil)
	s.publish(Message{TopicARN: topic, Default: "m"})
	if _, err := s.db.ExecContext(t.Context(), "UPDATE topics SET body = 'x' || body"); err != nil {
		t.Fatal(err)
	}
	if next := s.deliver(); next != s.clock.Now().Add(askAgain).UnixMilli() || len(e.all()) != 0 {
		t.Errorf("the next is at %d", next)
	}
	if _, err := s.db.ExecContext(t.Context(), "UPDATE topics SET body = substr(body, 2)"); err != nil {
		t.Fatal(err)
	}
	if next := s.deliver(); next != 0 || len(e.all()) != 1 {
		t.Errorf("the next is at %d", next)
	}
}

// TestRepace takes no pace that was read before policies changed.
func TestRepace(t *testing.T) {
	var q queue
	q.init()
	q.add([]laneItem{{"a", item{1, 0, 0}}})
	_, before := q.unpaced()
	q.repace()
	q.pace("a", 0, before)
	list, policies := q.unpaced()
	if len(list) != 1 {
		t.Error("an old pace holds")
	}
	q.pace("a", 0, policies)
	if list, _ := q.unpaced(); len(list) != 0 {
		t.Error("the new pace does not hold")
	}
}

// TestTopicAttributes refuses what this server does not do.
func TestTopicAttributes(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	for _, tt := range []struct{ name, value, want string }{
		{"SignatureVersion", "1", "SignatureVersion: Not supported by this server: messages are signed with version 2"},
		{"SignatureVersion", "3", "SignatureVersion: Invalid value [3]"},
		{"KmsMasterKeyId", "alias/aws/sns", "KmsMasterKeyId: Not supported by this server"},
		{"TracingConfig", "Active", "TracingConfig: Not supported by this server"},
		{"HTTPSuccessFeedbackRoleArn", "arn:aws:iam::1:role/x", "HTTPSuccessFeedbackRoleArn: Not supported by this server"},
		{"SQSSuccessFeedbackSampleRate", "1", "SQSSuccessFeedbackSampleRate: Not supported by this server"},
		{"DisplayName", strings.Repeat("x", 101), "DisplayName: "},
		{"DisplayName", "a\nb", "DisplayName: "},
		{"Policy", `{"Statement":[{"Effect":"Deny"}]}`, `Policy: Not supported by this server: a statement with the effect "Deny" would not be held`},
		{"Policy", `{}`, "Policy: it is no policy in JSON"},
		{"NoSuchThing", "x", "AttributeName"},
	} {
		wantError(t, s.SetTopicAttribute(t.Context(), topic, tt.name, tt.value), "InvalidParameter: Invalid parameter: "+tt.want)
	}
	for _, tt := range [][2]string{
		{"Policy", `{"Statement":{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"*"}}`},
		{"TracingConfig", "PassThrough"},
		{"SQSSuccessFeedbackSampleRate", "0"},
		{"KmsMasterKeyId", ""},
		{"SignatureVersion", "2"},
	} {
		if err := s.SetTopicAttribute(t.Context(), topic, tt[0], tt[1]); err != nil {
			t.Errorf("%v: %v", tt, err)
		}
	}
	_, err := s.CreateTopic(t.Context(), "x.fifo", map[string]string{"FifoTopic": "true"}, nil)
	wantError(t, err, "InvalidParameter: Invalid parameter: Attributes Reason: FifoTopic: Not supported by this server: FIFO topics are not supported")
	_, err = s.CreateTopic(t.Context(), "x", map[string]string{"Foo": "true"}, nil)
	wantError(t, err, "InvalidParameter: Invalid parameter: Attributes Reason: Unknown attribute: Foo")
}

// TestSubscriptionAttributes refuses what a protocol does not take.
func TestSubscriptionAttributes(t *testing.T) {
	s := open(t, nil)
	topic := s.ops()
	sub := s.subscribe(topic, "webhook", "https://example.com/", nil)
	for _, tt := range []struct{ name, value, want string }{
		{"RawMessageDelivery", "true", "Delivery protocol [webhook] does not support raw message delivery."},
		{"FilterPolicyScope", "Random", "FilterPolicyScope: Invalid value [Random]. Please use either MessageBody or MessageAttributes"},
		{"FilterPolicy", `{"a":{"b":[1]}}`, "Filter policy scope MessageAttributes does not support nested filter policy"},
		{"RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:q"}`, "RedrivePolicy: Not supported by this server"},
		{"RedrivePolicy", `{invalidjson}`, "RedrivePolicy: failed to parse JSON."},
		{"SubscriptionRoleArn", "x", "SubscriptionRoleArn: Not supported by this server"},
	} {
		wantError(t, s.SetSubscriptionAttribute(t.Context(), sub.ARN, tt.name, tt.value), "InvalidParameter: Invalid parameter: "+tt.want)
	}
	set := func(name, value string) {
		t.Helper()
		if err := s.SetSubscriptionAttribute(t.Context(), sub.ARN, name, value); err != nil {
			t.Error(err)
		}
	}
	get := func() map[string]string {
		t.Helper()
		got, err := s.SubscriptionAttributes(t.Context(), sub.ARN)
		if err != nil {
			t.Error(err)
		}
		return got
	}
	set("FilterPolicyScope", scopeBody)
	if _, ok := get()["FilterPolicyScope"]; ok {
		t.Error("the scope shows without a policy")
	}
	set("FilterPolicy", `{"a":{"b":[1]}}`)
	if got := get(); got["FilterPolicyScope"] != scopeBody || got["FilterPolicy"] != `{"a":{"b":[1]}}` {
		t.Errorf("%v", got)
	}
	wantError(t, s.SetSubscriptionAttribute(t.Context(), sub.ARN, "FilterPolicyScope", scopeAttributes), "InvalidParameter: Invalid parameter: Filter policy scope")
	set("FilterPolicy", "{}")
	if _, ok := get()["FilterPolicy"]; ok {
		t.Error("the policy is still there")
	}
}

// FuzzDeliveryPolicy reads any policy: what is taken is shown in a form that is taken again, and its retries end.
func FuzzDeliveryPolicy(f *testing.F) {
	f.Add(`{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":60,"numRetries":50,"numNoDelayRetries":3,"backoffFunction":"exponential"}}}`)
	f.Add(`{"healthyRetryPolicy":{"numRetries":5},"throttlePolicy":{"maxReceivesPerSecond":1},"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if shown, err := topicDeliveryPolicy(text); err == nil && shown != "" {
			if again, err := topicDeliveryPolicy(shown); err != nil || again != shown {
				t.Fatalf("%s became %s: %v", shown, again, err)
			}
			p, err := (&Topic{Attributes: map[string]string{"DeliveryPolicy": shown}}).policy()
			if err != nil || p.HTTP.Retry.total() > maxRetryTime*1000 {
				t.Fatalf("%s: %v", shown, err)
			}
		}
		if shown, err := subscriptionDeliveryPolicy(text, true); err == nil && shown != "" {
			if again, err := subscriptionDeliveryPolicy(shown, true); err != nil || again != shown {
				t.Fatalf("%s became %s: %v", shown, again, err)
			}
		}
	})
}

// TestRetriesOfChannels has the retries of each kind of URL: those of SNS for HTTP; of what SNS has not, those for endpoints that customers run, which outlast an outage; and for all
// of them what a DeliveryPolicy says.
func TestRetriesOfChannels(t *testing.T) {
	s := open(t, nil)
	const given = `{"healthyRetryPolicy":{"numRetries":7}}`
	plain, policied := s.ops(), ""
	var err error
	if policied, err = s.CreateTopic(t.Context(), "policied", map[string]string{"DeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}`}, nil); err != nil {
		t.Fatal(err)
	}
	for protocol, want := range map[string][3]int{"http": {3, 5, 7}, "webhook": {50, 5, 7}, "slack": {50, 5, 7}, "teams": {50, 5, 7}} {
		for i, at := range []struct {
			topic      string
			attributes map[string]string
		}{{plain, nil}, {policied, nil}, {policied, map[string]string{"DeliveryPolicy": given}}} {
			sub := s.subscribe(at.topic, protocol, "http://example.com/"+strconv.Itoa(i), at.attributes)
			got, err := s.SubscriptionAttributes(t.Context(), sub.ARN)
			if err != nil {
				t.Fatal(err)
			}
			var p effectivePolicy
			if err := json.Unmarshal([]byte(got["EffectiveDeliveryPolicy"]), &p); err != nil {
				t.Fatal(err)
			}
			if p.Retry.NumRetries != want[i] {
				t.Errorf("%s, %d: %d retries, want %d", protocol, i, p.Retry.NumRetries, want[i])
			}
		}
	}
}

// TestPagerIsDown has a webhook that is down for two minutes get its message all the same.
func TestPagerIsDown(t *testing.T) {
	s := open(t, nil)
	e := newEndpoint(t, nil)
	topic := s.ops()
	s.subscribe(topic, "webhook", e.URL, nil)
	up := s.clock.Now().Add(2 * time.Minute)
	got := 0
	e.answer = func(_ int, w http.ResponseWriter) {
		if s.clock.Now().Before(up) {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		got++
	}
	s.publish(Message{TopicARN: topic, Default: "m"})
	s.deliver()
	if waiting, dead, err := s.Backlog(t.Context()); waiting != 1 || dead != 0 || err != nil {
		t.Errorf("%d wait and %d are dead: %v", waiting, dead, err)
	}
	s.exhaust(ownPolicy)
	if got != 1 || len(s.dead()) != 0 {
		t.Errorf("it got %d, dead are %v", got, s.dead())
	}
	if waiting, dead, err := s.Backlog(t.Context()); waiting != 0 || dead != 0 || err != nil {
		t.Errorf("%d wait and %d are dead: %v", waiting, dead, err)
	}
}

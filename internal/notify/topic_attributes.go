package notify

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// topicAttribute has for each attribute of a topic what checks a value and returns it as it is kept, "" for none.
//
// Source: AWS, SetTopicAttributes.
var topicAttribute = feedback(map[string]func(value string) (string, error){
	"DisplayName":               displayName,
	"DeliveryPolicy":            topicDeliveryPolicy,
	"Policy":                    accessPolicy,
	"SignatureVersion":          signatureVersion,
	"TracingConfig":             only("TracingConfig", "PassThrough", "traces are not sent to AWS X-Ray"),
	"FifoTopic":                 fifoTopic,
	"ContentBasedDeduplication": refused("ContentBasedDeduplication", "FIFO topics are not supported"),
	"FifoThroughputScope":       refused("FifoThroughputScope", "FIFO topics are not supported"),
	"ArchivePolicy":             refused("ArchivePolicy", "FIFO topics are not supported"),
	"KmsMasterKeyId":            refused("KmsMasterKeyId", "messages are not encrypted by AWS KMS"),
	"DataProtectionPolicy":      refused("DataProtectionPolicy", "data protection is not supported"),
})

// feedback adds the attributes that would log the status of deliveries. Terraform sets the sample rates of a topic without any to 0, which says what is so.
func feedback(others map[string]func(string) (string, error)) map[string]func(string) (string, error) {
	for _, protocol := range []string{"HTTP", "Firehose", "Lambda", "Application", "SQS"} {
		const why = "the status of deliveries is not logged to CloudWatch Logs"
		for _, name := range []string{"SuccessFeedbackRoleArn", "FailureFeedbackRoleArn"} {
			others[protocol+name] = refused(protocol+name, why)
		}
		others[protocol+"SuccessFeedbackSampleRate"] = only(protocol+"SuccessFeedbackSampleRate", "0", why)
	}
	return others
}

// refused makes the check of an attribute that has no value here.
func refused(name, why string) func(string) (string, error) {
	return func(value string) (string, error) {
		if value != "" {
			return "", badf("%s: Not supported by this server: %s", name, why)
		}
		return "", nil
	}
}

// only makes the check of an attribute that may say what is so anyway.
func only(name, is, why string) func(string) (string, error) {
	return func(value string) (string, error) {
		switch value {
		case "", is:
			return value, nil
		}
		return "", badf("%s: Not supported by this server: %s", name, why)
	}
}

// fifoTopic keeps nothing: SNS does not show that a topic is none.
func fifoTopic(value string) (string, error) {
	_, err := only("FifoTopic", "false", "FIFO topics are not supported")(value)
	return "", err
}

// topicAttributes checks the attributes of a topic that is made, and returns those that are kept.
func topicAttributes(given map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) { // so that of two that are wrong it is always the same that is told
		check, known := topicAttribute[name]
		if !known {
			return nil, badf("Unknown attribute: %s", name)
		}
		kept, err := check(given[name])
		if err != nil {
			return nil, err
		}
		if kept != "" {
			out[name] = kept
		}
	}
	return out, nil
}

func displayName(value string) (string, error) {
	if utf8.RuneCountInString(value) > 100 || !utf8.ValidString(value) || strings.ContainsFunc(value, isControl) {
		return "", badf("DisplayName: it has at most 100 characters, and no control characters")
	}
	return value, nil
}

func isControl(r rune) bool {
	return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029
}

func signatureVersion(value string) (string, error) {
	switch value {
	case "", "2":
		return value, nil
	case "1":
		return "", badf("SignatureVersion: Not supported by this server: messages are signed with version 2 (SHA256withRSA); version 1 is SHA1withRSA")
	}
	return "", badf("SignatureVersion: Invalid value [%s]. Must be 1 or 2.", value)
}

// accessPolicy keeps a policy that allows. Rights here are those of access keys: what a policy denies would not be held, so that it is refused.
func accessPolicy(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	var policy struct {
		Statement []struct {
			Effect string
		}
	}
	var alone struct{ Statement struct{ Effect string } } // a policy of one statement may have it without a list
	err := json.Unmarshal([]byte(value), &policy)
	if err != nil && json.Unmarshal([]byte(value), &alone) == nil {
		policy.Statement, err = append(policy.Statement[:0], alone.Statement), nil
	}
	if err != nil || len(policy.Statement) == 0 {
		return "", badf("Policy: it is no policy in JSON with a Statement")
	}
	for _, st := range policy.Statement {
		if st.Effect != "Allow" {
			return "", badf("Policy: Not supported by this server: a statement with the effect %q would not be held; what access keys may do is said by weir keys", st.Effect)
		}
	}
	return value, nil
}

// defaultPolicy is what SNS gives a topic.
func (s *Store) defaultPolicy(arn string) string {
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},` +
		`"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",` +
		`"SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"` + arn + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + s.o.Account + `"}}}]}`
}

package notify

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// partition returns the partition of a region, as ARNs have it.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// topicARN returns the ARN of a topic of this account and region.
func (s *Store) topicARN(name string) string {
	return "arn:" + partition(s.o.Region) + ":sns:" + s.o.Region + ":" + s.o.Account + ":" + name
}

// here checks the form of an ARN: at least six elements, of this server's region. member names it in errors.
func (s *Store) here(member, arn string) ([]string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return nil, invalid("%s Reason: An ARN must have at least 6 elements, not %d", member, len(parts))
	}
	if parts[0] != "arn" || parts[2] != "sns" || parts[3] != s.o.Region {
		return nil, invalid("%s", member)
	}
	return parts, nil
}

func (s *Store) checkTopicARN(arn string) error {
	_, err := s.here("TopicArn", arn)
	return err
}

func (s *Store) checkSubscriptionARN(arn string) error {
	if arn == "" {
		return invalid("SubscriptionArn Reason: no value for required parameter")
	}
	parts, err := s.here("SubscriptionArn", arn)
	if err != nil {
		return err
	}
	if len(parts) != 7 || uuid.Validate(parts[6]) != nil {
		return invalid("SubscriptionId")
	}
	return nil
}

var topicName = regexp.MustCompile(`\A[A-Za-z0-9_-]{1,256}\z`)

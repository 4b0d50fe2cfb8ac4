package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// set checks an attribute and keeps it; "" takes one away. What depends on other attributes is left to check.
//
// Source: AWS, SetSubscriptionAttributes; recordings of AWS for the texts.
func (s *Subscription) set(name, value string) error {
	kept := value
	var err error
	switch name {
	case "RawMessageDelivery":
		kept = strings.ToLower(value)
		switch {
		case kept != "true" && kept != "false":
			return badf("RawMessageDelivery: Invalid value [%s]. Must be true or false.", value)
		case kept == "true" && !overHTTP(s.Protocol):
			return badf("Delivery protocol [%s] does not support raw message delivery.", s.Protocol)
		}
	case "FilterPolicyScope":
		if value != scopeAttributes && value != scopeBody {
			return badf("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", value)
		}
	case "FilterPolicy":
		if strings.TrimSpace(value) == "{}" {
			kept = ""
		}
	case "DeliveryPolicy":
		if value != "" && !channels[s.Protocol].web {
			return badf("DeliveryPolicy: Delivery protocol [%s] has its own policy, which can not be changed.", s.Protocol)
		}
		kept, err = subscriptionDeliveryPolicy(value, true)
	case "RedrivePolicy":
		err = redrivePolicy(value)
	case "SubscriptionRoleArn", "ReplayPolicy":
		kept, err = refused(name, "it is of Firehose and of FIFO topics")(value)
	default:
		return errUnknownAttribute
	}
	if err != nil {
		return err
	}
	if s.Attributes[name] = kept; kept == "" {
		delete(s.Attributes, name)
	}
	return nil
}

const errUnknownAttribute = badAttribute("AttributeName")

// setAll sets the attributes of a subscription that is made.
func (s *Subscription) setAll(given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) { // so that of two that are wrong it is always the same that is told
		if err := s.set(name, given[name]); err == errUnknownAttribute {
			return badf("Unknown attribute: %s", name)
		} else if err != nil {
			return err
		}
	}
	return s.check()
}

// check checks what depends on several attributes: what a filter policy may have on its scope, and a delivery policy on raw delivery.
func (s *Subscription) check() error {
	if text := s.Attributes["FilterPolicy"]; text != "" {
		if _, err := parseFilterPolicy(text, s.scope()); err != nil {
			return err
		}
	}
	_, err := subscriptionDeliveryPolicy(s.Attributes["DeliveryPolicy"], s.Attributes["RawMessageDelivery"] == "true")
	return err
}

func (s *Subscription) scope() string {
	if scope := s.Attributes["FilterPolicyScope"]; scope != "" {
		return scope
	}
	return scopeAttributes
}

// same says whether all that is given is as the subscription has it.
func (s *Subscription) same(given map[string]string) error {
	like := &Subscription{Protocol: s.Protocol, Attributes: map[string]string{}}
	if err := like.setAll(given); err != nil {
		return err
	}
	have := map[string]string{"RawMessageDelivery": "false", "FilterPolicyScope": scopeAttributes}
	maps.Copy(have, s.Attributes)
	if !within(like.Attributes, have) {
		return invalid("Attributes Reason: Subscription already exists with different attributes")
	}
	return nil
}

// redrivePolicy refuses queues: what can't be delivered stays in weir's own list.
func redrivePolicy(value string) error {
	if value == "" {
		return nil
	}
	var policy struct {
		Target *string `json:"deadLetterTargetArn"`
	}
	if err := json.Unmarshal([]byte(value), &policy); err != nil {
		return badf("RedrivePolicy: failed to parse JSON. %v", err)
	}
	if policy.Target == nil || len(strings.Split(*policy.Target, ":")) < 6 {
		return badf("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	}
	return badf("RedrivePolicy: Not supported by this server: what can not be delivered stays in its own list of dead letters")
}

// SetSubscriptionAttribute sets an attribute; "" takes one away.
//
// Source: AWS, SetSubscriptionAttributes.
func (s *Store) SetSubscriptionAttribute(ctx context.Context, arn, name, value string) error {
	defer s.queue.repace()
	return s.update(ctx, func(tx *sql.Tx) error {
		sub, err := s.subscription(ctx, tx, arn)
		if err == nil {
			err = sub.set(name, value)
		}
		if err == nil {
			err = sub.check()
		}
		if err != nil {
			return asSet(err)
		}
		if err := s.checkPolicies(ctx, tx, sub); err != nil {
			return err
		}
		return putSubscription(ctx, tx, sub)
	})
}

// SubscriptionAttributes returns the attributes of a subscription as GetSubscriptionAttributes gives them.
func (s *Store) SubscriptionAttributes(ctx context.Context, arn string) (map[string]string, error) {
	sub, err := s.subscription(ctx, s.db, arn)
	if err != nil {
		return nil, err
	}
	out := map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint, "Owner": s.o.Account,
		"PendingConfirmation": strconv.FormatBool(sub.Pending), "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
		"RawMessageDelivery": "false", "SubscriptionPrincipal": sub.Principal,
	}
	maps.Copy(out, sub.Attributes)
	if sub.Attributes["FilterPolicy"] == "" {
		delete(out, "FilterPolicyScope") // SNS shows it beside a policy only
	} else {
		out["FilterPolicyScope"] = sub.scope()
	}
	if channels[sub.Protocol].web {
		topic, err := s.topic(ctx, s.db, sub.TopicARN)
		if err != nil {
			return nil, err
		}
		if out["EffectiveDeliveryPolicy"], err = effectiveOfSubscription(topic, sub); err != nil {
			return nil, err
		}
	}
	return out, nil
}

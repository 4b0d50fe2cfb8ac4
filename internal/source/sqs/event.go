package sqs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Event is what S3 says of one object.
type Event struct {
	// Bucket and Key name the object; the key is as S3 has it, not URL-encoded.
	Bucket, Key string
	// Created says that the object is there now: it was put, copied, completed from
	// parts or restored. Other events (removals, expirations, tags) are of what is
	// known or gone.
	Created bool
}

// envelope is what can stand in a message: an event notification of S3 (Records), its
// test, an event of EventBridge (detail-type), or what SNS makes of either (Message).
type envelope struct {
	Records []struct {
		EventSource string `json:"eventSource"`
		EventName   string `json:"eventName"`
		S3          struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"` // URL-encoded, a space as "+"
			} `json:"object"`
		} `json:"s3"`
	} `json:"Records"`

	Service string `json:"Service"`
	Event   string `json:"Event"`

	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key string `json:"key"` // as it is
		} `json:"object"`
	} `json:"detail"`

	Type    string `json:"Type"`
	Message string `json:"Message"`
}

// ErrNoEvent says that a message holds no event of S3.
var ErrNoEvent = errors.New("no event of S3")

// testEvent is what S3 sends when notifications are set up.
const testEvent = "s3:TestEvent"

// mostEnvelopes is how many messages of SNS may stand in one another.
const mostEnvelopes = 3

// ParseEvents reads the body of a message. S3's test gives no event. The error is or
// wraps ErrNoEvent.
func ParseEvents(body string) ([]Event, error) { return parse(body, mostEnvelopes) }

func parse(body string, envelopes int) ([]Event, error) {
	var e envelope
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrNoEvent, err)
	}
	switch {
	case e.Type == "Notification" && e.Message != "" && envelopes > 0:
		return parse(e.Message, envelopes-1)
	case e.Event == testEvent:
		return nil, nil
	case e.Source == "aws.s3" && e.DetailType != "":
		event := Event{Bucket: e.Detail.Bucket.Name, Key: e.Detail.Object.Key, Created: created(e.DetailType)}
		return []Event{event}, event.check()
	case len(e.Records) == 0:
		return nil, ErrNoEvent
	}
	var out []Event
	for _, r := range e.Records {
		if r.EventSource != "aws:s3" {
			return nil, fmt.Errorf("%w, but of %q", ErrNoEvent, r.EventSource)
		}
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return nil, fmt.Errorf("%w: its key: %v", ErrNoEvent, err)
		}
		event := Event{Bucket: r.S3.Bucket.Name, Key: key, Created: created(r.EventName)}
		if err := event.check(); err != nil {
			return nil, err
		}
		out = append(out, event)
	}
	return out, nil
}

// created reports whether an event's name, in S3's or EventBridge's spelling, says
// that the object can be read now.
func created(name string) bool {
	name = strings.TrimPrefix(name, "s3:")
	return strings.HasPrefix(name, "ObjectCreated:") || name == "ObjectRestore:Completed" ||
		name == "Object Created" || name == "Object Restore Completed"
}

// check fails where an event names no object.
func (e Event) check() error {
	if e.Bucket == "" || e.Key == "" {
		return fmt.Errorf("%w: it names no object", ErrNoEvent)
	}
	return nil
}

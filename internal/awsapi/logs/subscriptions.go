package logs

import (
	"context"

	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

// A Subscription is a subscription filter as who delivers needs it.
type Subscription struct {
	Group, Name string
	// Sink is the name of the server's sink that it delivers to.
	Sink    string
	Pattern *filterpattern.Pattern
	Created int64 // milliseconds since the epoch
}

// Subscriptions returns the subscription filters of all log groups.
func Subscriptions(ctx context.Context, store *logstore.Store) ([]Subscription, error) {
	found, err := list[subscriptionFilter](ctx, store, subscriptionFilterKind, "", "")
	if err != nil {
		return nil, err
	}
	var out []Subscription
	for _, f := range found {
		p, err := filterpattern.Parse(f.value.Pattern)
		if err != nil {
			return nil, err
		}
		s := Subscription{Group: f.group, Name: f.name, Pattern: p, Created: f.created}
		if m := destination.FindStringSubmatch(f.value.Destination); m != nil {
			s.Sink = m[1]
		}
		out = append(out, s)
	}
	return out, nil
}

package app

import (
	"context"
	"time"

	"weir/internal/logstore"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// newDeliveredFormats returns the LogFormats of the log groups that flow logs of the imported definition deliver to,
// by the group's name. A group to which flow logs of different formats deliver has none: an event does not say
// which of them it is of.
func newDeliveredFormats(data string, now func() time.Time) *stamped[map[string]string] {
	return &stamped[map[string]string]{data: data, make: func(ctx context.Context, s *versions.Store) (map[string]string, error) {
		d, err := s.At(ctx, now())
		if err != nil {
			return nil, err
		}
		return deliveredFormats(d.Network), nil
	}}
}

func deliveredFormats(n *netmodel.Network) map[string]string {
	out := map[string]string{}
	mixed := map[string]bool{}
	for _, f := range n.FlowLogs {
		group := f.LogGroup
		if group == "" {
			group = groupOfARN(f.Destination)
		}
		if f.DestinationType != "cloud-watch-logs" || group == "" || f.Format == "" || mixed[group] {
			continue
		}
		if have, ok := out[group]; ok && have != f.Format {
			mixed[group] = true
			delete(out, group)
			continue
		}
		out[group] = f.Format
	}
	return out
}

// giveFormats gives the log groups of a store that have no LogFormat that of the flow log which delivers there.
func giveFormats(ctx context.Context, store *logstore.Store, formats *stamped[map[string]string]) error {
	groups, err := store.Groups(ctx)
	if err != nil {
		return err
	}
	var known map[string]string
	for i := range groups {
		g := &groups[i]
		if g.Format != "" {
			continue
		}
		if known == nil {
			if known, err = formats.get(ctx); err != nil || len(known) == 0 {
				return err
			}
		}
		if f := known[g.Name]; f != "" {
			if err := store.SetFormat(ctx, g.Name, f); err != nil {
				return err
			}
		}
	}
	return nil
}

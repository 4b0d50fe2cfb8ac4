package app

import (
	"context"
	"errors"
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

// noFormatKind is the kind of the document that says of a log group that it has no LogFormat because a person said
// so, and not because none is known.
const noFormatKind = "no-log-format"

// setFormat sets the LogFormat of a log group; "" says that it has none, whatever flow log delivers there.
func setFormat(ctx context.Context, store *logstore.Store, group, format string) error {
	if format == "" {
		// The document comes first: giveFormats must not find the group without format and document.
		if _, err := store.PutDocument(ctx, logstore.Document{Kind: noFormatKind, Group: group}); err != nil {
			return err
		}
		return store.SetFormat(ctx, group, "")
	}
	if err := store.SetFormat(ctx, group, format); err != nil {
		return err
	}
	err := store.DeleteDocument(ctx, noFormatKind, group, "")
	if errors.Is(err, logstore.ErrNoDocument) {
		return nil
	}
	return err
}

// giveFormats gives the log groups of a store that have no LogFormat that of the flow log which delivers there. Those
// of which a person said that they have none are left.
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
		f := known[g.Name]
		if f == "" {
			continue
		}
		switch _, err := store.Document(ctx, noFormatKind, g.Name, ""); {
		case err == nil:
			continue
		case !errors.Is(err, logstore.ErrNoDocument):
			return err
		}
		if err := store.SetFormat(ctx, g.Name, f); err != nil {
			return err
		}
	}
	return nil
}

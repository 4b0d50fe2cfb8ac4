package alarm

import (
	"context"
	"fmt"
)

// EnableActions turns the actions of alarms on or off. Names that are not there are left out, as AWS does.
func (s *Store) EnableActions(ctx context.Context, names []string, on bool) error {
	return s.write(ctx, func(b *batch) error {
		for _, name := range names {
			a := b.get(name)
			if a == nil || a.Actions.Enabled == on {
				continue
			}
			a = b.edit(name)
			a.Actions.Enabled, a.ConfigurationUpdated = on, b.now
			if err := b.log(a, itemConfiguration, fmt.Sprintf("Alarm %q updated", name), b.configuration("Update", a)); err != nil {
				return err
			}
		}
		return nil
	})
}

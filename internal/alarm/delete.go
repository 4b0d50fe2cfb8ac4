package alarm

import (
	"context"
	"fmt"
	"slices"
)

// Delete deletes alarms, all or none; names that are not there are left out. It is an [*Error] where a composite alarm that stays needs one, or where
// more than one is a composite alarm. Their history stays, and so do actions that are to be carried out.
//
// Source: AWS, CloudWatch API Reference, DeleteAlarms.
func (s *Store) Delete(ctx context.Context, names []string) error {
	return s.write(ctx, func(b *batch) error {
		composites := 0
		for i, name := range names {
			a := b.get(name)
			if a == nil || slices.Contains(names[:i], name) {
				continue
			}
			if a.Composite != nil {
				composites++
			}
			if composites > 1 {
				return invalid("You cannot delete more than one composite alarm in one operation.")
			}
			if b.needed(name, names) {
				return invalid("Cannot delete %s as there are composite alarm(s) depending on it.", name)
			}
		}
		for _, name := range names {
			a := b.get(name)
			if a == nil {
				continue
			}
			if err := b.log(a, itemConfiguration, fmt.Sprintf("Alarm %q deleted", name), b.configuration("Delete", a)); err != nil {
				return err
			}
			if _, err := b.tx.ExecContext(b.ctx, "DELETE FROM alarms WHERE id = ?", a.id); err != nil {
				return err
			}
			b.changed[name] = nil
		}
		return nil
	})
}

// needed reports whether a composite alarm that is not among some names is on an alarm, or has it for its suppressor.
func (b *batch) needed(name string, names []string) bool {
	for _, other := range b.composites() {
		a := b.get(other)
		if !slices.Contains(names, other) && (a.isOn(name) || NameOf(a.Composite.Suppressor) == name) {
			return true
		}
	}
	return false
}

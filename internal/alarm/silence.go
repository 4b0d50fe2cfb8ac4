package alarm

import (
	"cmp"
	"context"
	"fmt"
)

// Silence holds the actions of an alarm back until a time in milliseconds since the epoch; one that is past ends it. What is held back
// is in the history and is not made up for. It is weir's own.
func (s *Store) Silence(ctx context.Context, name string, until int64) error {
	return s.write(ctx, func(b *batch) error {
		a := b.edit(name)
		if a == nil {
			return notFound()
		}
		summary := fmt.Sprintf("Alarm %q silenced until %s", name, isoTime(until))
		if until <= b.now {
			until, summary = 0, fmt.Sprintf("Alarm %q silenced no more", name)
		}
		a.SilencedUntil = until
		return b.log(a, itemConfiguration, summary, object{"version": "1.0", "type": "Silence", "silencedUntil": cmp.Or(until, b.now)})
	})
}

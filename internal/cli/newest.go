package cli

import (
	"context"
	"time"

	"weir/internal/app"
)

// newestAge says how old the newest record is, and where that is days, of when.
func newestAge(newest, now time.Time, zone *time.Location) string {
	age := max(0, now.Sub(newest))
	if ahead := newest.Sub(now); ahead > time.Hour {
		return showTime(newest, zone) + ", " + length(ahead) + " ahead of this machine's clock"
	}
	if age < 48*time.Hour {
		return length(age) + " old"
	}
	return showTime(newest, zone) + ", " + length(age) + " old"
}

// noteNewest tells on a terminal how old the newest record is: what an answer does not
// have may not be there yet.
func (c *cli) noteNewest(ctx context.Context, s app.Service, zone *time.Location) {
	if !isTerminal(c.err) {
		return
	}
	if newest, err := s.Newest(ctx); err == nil && !newest.IsZero() {
		c.note("newest record: %s", newestAge(newest, time.Now(), zone))
	}
}

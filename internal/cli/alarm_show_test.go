package cli

import (
	"strings"
	"testing"
	"time"

	"weir/internal/app"
)

// TestAlarmWhySays prints what is behind an alarm that no log events are, and no events.
func TestAlarmWhySays(t *testing.T) {
	var out strings.Builder
	printAlarmWhy(people{&out}, &app.AlarmWhy{Says: []string{"fl-1 of vpc-1: FAILED, Access error"}, Next: []string{"weir network flowlogs"}}, time.UTC)
	if got, want := out.String(), "\nfl-1 of vpc-1: FAILED, Access error\nnext       weir network flowlogs\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

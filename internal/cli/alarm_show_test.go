package cli

import (
	"encoding/json"
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

// TestAlarmShowsRuns draws what the runs of a log alarm's query gave, and has them in JSON with how many rows there were.
func TestAlarmShowsRuns(t *testing.T) {
	at := func(minute int64) int64 { return 1_764_547_200 + 60*minute } // 2025-12-01T00:00:00Z
	of := func(runs ...app.AlarmRun) *app.AlarmDetails {
		d := &app.AlarmDetails{Threshold: 5, Runs: runs}
		for _, r := range runs {
			if !r.Missing {
				d.Points = append(d.Points, app.AlarmPoint{Time: r.Time, Value: r.Value})
			}
		}
		return d
	}
	one, two, none := app.AlarmRun{Time: at(1), Value: 7, Rows: 1}, app.AlarmRun{Time: at(2), Value: 2.5, Rows: -1}, app.AlarmRun{Time: at(3), Missing: true}
	for want, d := range map[string]*app.AlarmDetails{
		"": {Threshold: 5}, // it has not run
		"last run   2025-12-01 00:03:00 UTC, which gave no value, of 0 rows\n\nno values in the last runs\n":                                  of(none),
		"last run   2025-12-01 00:01:00 UTC, which gave 7, of 1 row\n\n2025-12-01 00:01:00 UTC  7, the only value of the last runs\n":         of(one),
		"last run   2025-12-01 00:03:00 UTC, which gave no value, of 0 rows\n\n2025-12-01 00:01:00 UTC  7, the only value of the last runs\n": of(one, none),
	} {
		var out strings.Builder
		if err := (&cli{out: &out}).alarmValues(d, time.UTC); err != nil || out.String() != want {
			t.Errorf("%q, %v, want %q", out.String(), err, want)
		}
	}
	var out strings.Builder
	if err := (&cli{out: &out}).alarmValues(of(one, two), time.UTC); err != nil || !strings.HasPrefix(out.String(), "last run   2025-12-01 00:02:00 UTC, which gave 2.5\n\n") || !strings.Contains(out.String(), "threshold") {
		t.Errorf("%v, a chart is missing:\n%s", err, out.String())
	}
	raw, err := json.Marshal(alarmDocument(&alarmShown{}, of(one, two, none), nil).Runs)
	const want = `[{"time":"2025-12-01T00:01:00Z","value":7,"rows":1},{"time":"2025-12-01T00:02:00Z","value":2.5},{"time":"2025-12-01T00:03:00Z","value":null,"rows":0}]`
	if err != nil || string(raw) != want {
		t.Errorf("%s, %v, want %s", raw, err, want)
	}
}

package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/query"
)

// scopeFlags are the flags of every command that reads records.
type scopeFlags struct {
	since, from, to                         string
	accounts, regions, interfaces, flowLogs []string
	tz                                      string
}

// add adds the flags to a command.
func (s *scopeFlags) add(cmd *cobra.Command) {
	s.addTimes(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&s.accounts, "account", nil, "records of the `ACCOUNT` that owns the interface (account-id)")
	f.StringSliceVar(&s.regions, "region", nil, "records of the `REGION`: of the field, else of the object's key")
	f.StringSliceVar(&s.interfaces, "interface", nil, "records of the network interface `ENI`")
	f.StringSliceVar(&s.flowLogs, "flow-log", nil, "records of the flow log `ID`, by the object's key")
	completeNothing(cmd, "account", "region", "interface", "flow-log")
}

// addTimes adds the flags that bound the time, and --tz.
func (s *scopeFlags) addTimes(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.since, "since", "", "records of the last `TIME`: 30m, 24h, 7d")
	f.StringVar(&s.from, "from", "", "records whose start is at or after `TIME`: RFC 3339, a date, or epoch seconds")
	f.StringVar(&s.to, "to", "", "records whose start is before `TIME`")
	completeNothing(cmd, "since", "from", "to")
	s.addZone(cmd)
}

// addZone adds --tz alone.
func (s *scopeFlags) addZone(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.tz, "tz", "Local", "time `ZONE` for input and display: Local, UTC, a name such as Europe/Berlin")
	complete(cmd, "tz", "Local", "UTC")
}

// zone returns the zone of --tz.
func (s *scopeFlags) zone() (*time.Location, error) {
	if strings.EqualFold(s.tz, "local") {
		return time.Local, nil
	}
	z, err := time.LoadLocation(s.tz)
	if err != nil || s.tz == "" {
		return nil, hint(usage(fmt.Errorf("--tz: no time zone %q", s.tz)), "names are those of the IANA database, such as UTC, Europe/Berlin, America/New_York")
	}
	return z, nil
}

// scope returns what the flags ask for.
func (s *scopeFlags) scope(now time.Time) (query.Scope, error) {
	out := query.Scope{Accounts: s.accounts, Regions: s.regions, Interfaces: s.interfaces, FlowLogs: s.flowLogs}
	zone, err := s.zone()
	if err != nil {
		return out, err
	}
	if s.since != "" {
		if s.from != "" {
			return out, usage(errors.New("--since and --from exclude each other"))
		}
		d, err := parseAge(s.since)
		if err != nil {
			return out, usage(fmt.Errorf("--since: %w", err))
		}
		out.From = now.Add(-d)
	}
	for _, t := range []struct {
		flag, text string
		to         *time.Time
	}{{"--from", s.from, &out.From}, {"--to", s.to, &out.To}} {
		if t.text == "" {
			continue
		}
		if *t.to, err = parseTime(t.text, zone); err != nil {
			return out, usage(fmt.Errorf("%s: %w", t.flag, err))
		}
	}
	if !out.From.IsZero() && !out.To.IsZero() && !out.From.Before(out.To) {
		return out, usage(fmt.Errorf("the range ends at %s and begins at %s", showTime(out.To, zone), showTime(out.From, zone)))
	}
	return out, nil
}

// zonedForms are the spellings of times with a zone.
var zonedForms = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"}

// timeForms are the spellings of times without a zone.
var timeForms = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// lastSecond is the last second of the year 9999, in seconds since the epoch.
const lastSecond = 253402300799

// parseTime reads a time of the years 1970 to 9999: RFC 3339, the same without zone
// (in zone), a date, or seconds since the epoch.
func parseTime(s string, zone *time.Location) (time.Time, error) {
	t, err := anyTime(s, zone)
	switch {
	case err != nil:
		return t, err
	case t.Unix() < 0:
		return t, fmt.Errorf("%q lies before 1970", s)
	case t.Unix() > lastSecond:
		return t, fmt.Errorf("%q lies behind the year 9999: times are in seconds", s)
	}
	return t, nil
}

// anyTime reads a time of any year.
func anyTime(s string, zone *time.Location) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 {
		return time.Unix(n, 0), nil
	}
	for _, form := range zonedForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 2026-03-02T10:00:00Z, 2026-03-02 10:00 or 1772445600", s)
}

// parseAge reads a length of time; besides Go's units it knows d and w.
func parseAge(s string) (time.Duration, error) {
	for unit, d := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, ok := strings.CutSuffix(s, unit); ok {
			v, err := strconv.ParseFloat(n, 64)
			if err == nil && v > 0 && v*float64(d) < math.MaxInt64 {
				return time.Duration(v * float64(d)), nil
			}
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no length of time such as 30m, 24h or 7d", s)
	}
	return d, nil
}

// showTime returns a time in a zone, the zone named: by its abbreviation, or where
// it has none, by its offset.
func showTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

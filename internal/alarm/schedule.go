package alarm

import (
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Schedule says when the query of a log alarm runs: rate(5 minutes), or cron(minutes hours day-of-month month day-of-week year) in UTC.
//
// Source: AWS, Amazon EventBridge Scheduler User Guide, "Schedule types", which ScheduleExpression follows. Where rate begins to count is not told:
// here at the epoch, so that rate(5 minutes) runs at minutes that five divides, and a restart changes nothing.
type Schedule struct {
	// rate is in seconds, 0 of cron.
	rate int64
	cron *cron
}

// A cron is which values of each field a time may have, as bits.
type cron struct {
	minutes, hours, days, months, weekdays uint64
	years                                  map[int]bool // nil is every one
	// anyDay and anyWeekday say that the field is ?: the other one decides.
	anyDay, anyWeekday bool
	// last is L of the day of the month, its last day.
	last bool
}

var (
	rateForm = regexp.MustCompile(`^rate\(\s*(\d{1,9})\s+(minutes?|hours?|days?)\s*\)$`)
	cronForm = regexp.MustCompile(`^cron\(\s*(.*?)\s*\)$`)
)

// ParseSchedule reads a ScheduleExpression. Of cron, lists, ranges, steps, names of months and weekdays, ? and L as a day of the month are taken; W, # and L of
// weekdays are refused. Errors are [*Error].
func ParseSchedule(text string) (*Schedule, error) {
	if parts := rateForm.FindStringSubmatch(text); parts != nil {
		n, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil || n < 1 {
			return nil, invalid("ScheduleExpression %q: a rate is at least 1.", text)
		}
		if plural := strings.HasSuffix(parts[2], "s"); plural == (n == 1) {
			return nil, invalid("ScheduleExpression %q: 1 takes minute, hour or day, and more take minutes, hours or days.", text)
		}
		unit := map[byte]int64{'m': minute, 'h': hour, 'd': day}[parts[2][0]]
		return &Schedule{rate: n * unit}, nil
	}
	parts := cronForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, invalid("ScheduleExpression %q is neither rate(5 minutes) nor cron(0/5 * * * ? *).", text)
	}
	fields := strings.Fields(parts[1])
	if len(fields) != 6 {
		return nil, invalid("ScheduleExpression %q: cron takes six fields (minutes, hours, day of month, month, day of week, year); there are %d.", text, len(fields))
	}
	c, place, err := parseCron(fields)
	if err != nil {
		return nil, invalid("ScheduleExpression %q: field %d, %q, %s.", text, place+1, fields[place], err)
	}
	s := &Schedule{cron: c}
	if _, found := s.Next(0); !found {
		return nil, invalid("ScheduleExpression %q never comes.", text)
	}
	return s, nil
}

// Next returns the first time after a time, both in seconds since the epoch. It is false where none comes.
func (s *Schedule) Next(after int64) (int64, bool) {
	if s.rate > 0 {
		return (after/s.rate + 1) * s.rate, true
	}
	t := time.Unix(after/minute*minute+minute, 0).UTC()
	for t.Year() <= lastYear {
		switch {
		case s.cron.years != nil && !s.cron.years[t.Year()]:
			t = time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
		case s.cron.months>>t.Month()&1 == 0:
			t = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !s.cron.hasDay(t):
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC)
		case s.cron.hours>>t.Hour()&1 == 0:
			t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour()+1, 0, 0, 0, time.UTC)
		case s.cron.minutes>>t.Minute()&1 == 0:
			// The next minute of the field, or the next hour where there is none.
			left := s.cron.minutes >> t.Minute()
			if left == 0 {
				t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour()+1, 0, 0, 0, time.UTC)
			} else {
				t = t.Add(time.Duration(bits.TrailingZeros64(left)) * time.Minute)
			}
		default:
			return t.Unix(), true
		}
	}
	return 0, false
}

func (c *cron) hasDay(t time.Time) bool {
	if c.anyDay {
		return c.weekdays>>(int(t.Weekday())+1)&1 == 1
	}
	if c.last {
		return t.AddDate(0, 0, 1).Day() == 1
	}
	return c.days>>t.Day()&1 == 1
}

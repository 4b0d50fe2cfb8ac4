package value

import (
	"strconv"
	"strings"
	"time"
)

// A Unit is a unit of time with its names.
type Unit struct {
	Short string // ms s m h d w mo q y
	Names []string
	// Millis is its length, 0 where the calendar tells it.
	Millis int64
	// Cap is the largest number of it in bins, 0 where AWS names none. A larger number is cut to it.
	Cap int64
}

// units are the units of bin.
//
// Source: AWS, "stats" (names) and "Datetime functions" (caps).
var units = []Unit{
	{"ms", []string{"ms", "mss", "msec", "msecs", "millisecond", "milliseconds"}, 1, 1000},
	{"s", []string{"s", "sec", "secs", "second", "seconds"}, 1000, 60},
	{"m", []string{"m", "min", "mins", "minute", "minutes"}, 60_000, 60},
	{"h", []string{"h", "hr", "hrs", "hour", "hours"}, 3_600_000, 24},
	{"d", []string{"d", "day", "days"}, 86_400_000, 0},
	{"w", []string{"w", "week", "weeks"}, 7 * 86_400_000, 0},
	{"mo", []string{"mo", "mos", "mon", "mons", "month", "months"}, 0, 0},
	{"q", []string{"q", "qtr", "qtrs", "quarter", "quarters"}, 0, 0},
	{"y", []string{"y", "yr", "yrs", "year", "years"}, 0, 0},
}

// LookupUnit finds a unit by any of its names, in any case.
func LookupUnit(name string) (Unit, bool) {
	for _, u := range units {
		for _, n := range u.Names {
			if equalFold(n, name) {
				return u, true
			}
		}
	}
	return Unit{}, false
}

// A Period is a number of units.
type Period struct {
	N    int64
	Unit string // a short name
}

// ParsePeriod reads a period in its short form: digits and the short name of a unit, as functions get it.
func ParsePeriod(s string) (Period, bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	u, ok := LookupUnit(s[i:])
	if err != nil || !ok || n <= 0 {
		return Period{}, false
	}
	return Period{n, u.Short}, true
}

// String returns the period in its short form.
func (p Period) String() string { return strconv.FormatInt(p.N, 10) + p.Unit }

// Bin returns the period as bins have it: cut to the unit's cap.
func (p Period) Bin() Period {
	if u, ok := LookupUnit(p.Unit); ok && u.Cap > 0 {
		p.N = min(p.N, u.Cap)
	}
	return p
}

// Millis returns how long the period is; false where the calendar tells that, and where it is beyond all times.
func (p Period) Millis() (int64, bool) {
	u, ok := LookupUnit(p.Unit)
	if !ok || u.Millis == 0 || p.N > maxMillis/u.Millis {
		return 0, false
	}
	return p.N * u.Millis, true
}

// months returns how many months the period has where the calendar tells its length.
func (p Period) months() (int64, bool) {
	if p.N > maxMillis/12 {
		return 0, false
	}
	switch strings.ToLower(p.Unit) {
	case "mo":
		return p.N, true
	case "q":
		return 3 * p.N, true
	case "y":
		return 12 * p.N, true
	}
	return 0, false
}

// Add returns the time that is n periods after a time, which is before it where n is negative: by the calendar for
// months, quarters and years, where a day that a month does not have is its last.
func (p Period) Add(millis, n int64) int64 {
	if d, ok := p.Millis(); ok {
		return millis + n*d
	}
	count, ok := p.months()
	if !ok {
		return millis
	}
	t := time.UnixMilli(millis).UTC()
	first := startOfMonth(monthOf(t) + n*count)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, day-1).Add(t.Sub(midnight)).UnixMilli()
}

// weekOrigin is Monday 1969-12-29, from which weeks count.
const weekOrigin = -3 * 86_400_000

// Bin returns the beginning of the bin that holds a time, and that of the next one, both in milliseconds since the
// epoch. n and unit are a period, which is cut to the unit's cap. Bins of up to a day count from the epoch, weeks from
// Monday 1969-12-29, months, quarters and years from January 1970. It reports false for a period that is none.
//
// Source: AWS, "Datetime functions"; where bins begin is docs/decisions/0030.
func Bin(millis, n int64, unit string) (from, to int64, ok bool) {
	p := Period{n, unit}.Bin()
	if n <= 0 || millis > maxMillis || millis < -maxMillis {
		return 0, 0, false
	}
	if d, ok := p.Millis(); ok {
		origin := int64(0)
		if strings.EqualFold(unit, "w") {
			origin = weekOrigin
		}
		from = floorTo(millis-origin, d) + origin
		return from, from + d, true
	}
	months, ok := p.months()
	if !ok {
		return 0, 0, false
	}
	first := floorTo(monthOf(time.UnixMilli(millis).UTC()), months)
	return startOfMonth(first).UnixMilli(), startOfMonth(first + months).UnixMilli(), true
}

// floorTo returns the greatest multiple of d that is not above x.
func floorTo(x, d int64) int64 {
	rest := x % d
	if rest < 0 {
		rest += d
	}
	return x - rest
}

// monthOf counts months from January 1970.
func monthOf(t time.Time) int64 { return int64(t.Year()-1970)*12 + int64(t.Month()) - 1 }

func startOfMonth(month int64) time.Time {
	return time.Date(1970, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
}

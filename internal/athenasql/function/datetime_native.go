package function

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

var datetimeNatives = []Native{
	textNative("trino_date", "TIMESTAMP", 1, func(s []string) (any, error) {
		m := plainDate.FindStringSubmatch(strings.TrimSpace(s[0]))
		if m == nil {
			return nil, athenasql.Errorf(athenasql.CodeInvalidCast, athenasql.Span{}, "Value cannot be cast to date: %s", s[0])
		}
		t, ok := dateOf(m[1], m[2], m[3])
		if !ok {
			return nil, athenasql.Errorf(athenasql.CodeInvalidCast, athenasql.Span{}, "Value cannot be cast to date: %s", s[0])
		}
		return t, nil
	}),
	textNative("trino_iso_date", "TIMESTAMP", 1, func(s []string) (any, error) {
		t, rest, ok := isoDate(s[0])
		if !ok || rest != "" {
			return nil, failed(`Invalid format: "%s"`, s[0])
		}
		return t, nil
	}),
	textNative("trino_iso_timestamp", "TIMESTAMPTZ", 1, func(s []string) (any, error) {
		t, zone, err := parseISO(s[0])
		if err != nil {
			return nil, err
		}
		return t, onlyUTC(zone, s[0])
	}),
	textNative("trino_date_parse", "TIMESTAMP", 2, func(s []string) (any, error) {
		p, err := mysqlPatterns.Get(s[1])
		if err != nil {
			return nil, err
		}
		t, _, err := p.parse(s[0])
		return t, err
	}),
	textNative("trino_parse_datetime", "TIMESTAMPTZ", 2, func(s []string) (any, error) {
		p, err := jodaPatterns.Get(s[1])
		if err != nil {
			return nil, err
		}
		t, zone, err := p.parse(s[0])
		if err != nil {
			return nil, err
		}
		return t, onlyUTC(zone, s[0])
	}),
	{Name: "trino_date_format", Args: []string{"TIMESTAMP", "VARCHAR"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		p, err := mysqlPatterns.Get(a[1].(string))
		if err != nil {
			return nil, err
		}
		return p.format(a[0].(time.Time), "UTC"), nil
	}},
	{Name: "trino_format_datetime", Args: []string{"TIMESTAMP", "VARCHAR", "VARCHAR"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		p, err := jodaPatterns.Get(a[1].(string))
		if err != nil {
			return nil, err
		}
		zone := a[2].(string)
		return p.format(inZone(a[0].(time.Time), zone), zone), nil
	}},
	{Name: "trino_offset", Args: []string{"TIMESTAMPTZ", "VARCHAR"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		_, seconds := a[0].(time.Time).In(types.Location(a[1].(string))).Zone()
		return int64(seconds / 60), nil
	}},
	{Name: "trino_offset_text", Args: []string{"TIMESTAMPTZ", "VARCHAR"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return a[0].(time.Time).In(types.Location(a[1].(string))).Format("Z07:00"), nil
	}},
	{Name: "trino_readable_seconds", Args: []string{"DOUBLE"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return readableSeconds(a[0].(float64))
	}},
	textNative("trino_parse_duration", "BIGINT", 1, func(s []string) (any, error) { return parseDuration(s[0]) }),
}

var plainDate = regexp.MustCompile(`^(\d{1,9})-(\d{1,2})-(\d{1,2})$`)

func dateOf(year, month, day string) (time.Time, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, int(t.Month()) == m && t.Day() == d
}

// onlyUTC refuses a zone in a value that is no constant: DuckDB keeps none with a value.
func onlyUTC(zone, text string) error {
	if zone == "" || zone == "UTC" || zone == "+00:00" || zone == "-00:00" {
		return nil
	}
	return athenasql.Errorf(athenasql.CodeNotSupported, athenasql.Span{}, "a time zone in a text that is not constant is not supported, except UTC: %s", text)
}

// inZone returns the time at which a zone has a local time.
func inZone(local time.Time, zone string) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), types.Location(zone))
}

var (
	isoCalendar = regexp.MustCompile(`^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?`)
	isoOrdinal  = regexp.MustCompile(`^(\d{4})-(\d{3})(\D|$)`)
	isoWeek     = regexp.MustCompile(`^(\d{4})-W(\d{1,2})(?:-(\d))?`)
	isoTime     = regexp.MustCompile(`^T(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?$`)
)

// isoDate reads a date of ISO 8601: of the calendar, of a week, or of a year and its day.
func isoDate(s string) (t time.Time, rest string, ok bool) {
	number := func(s string, otherwise int) int {
		if s == "" {
			return otherwise
		}
		n, _ := strconv.Atoi(s)
		return n
	}
	if m := isoWeek.FindStringSubmatch(s); m != nil {
		d := readDate{-1, number(m[1], 0), -1, -1, -1, number(m[2], 0), number(m[3], 1), -1, -1, -1, -1, -1, -1, ""}
		t, ok = d.time()
		return t, s[len(m[0]):], ok
	}
	if m := isoOrdinal.FindStringSubmatch(s); m != nil {
		d := readDate{number(m[1], 0), -1, -1, -1, number(m[2], 0), -1, -1, -1, -1, -1, -1, -1, -1, ""}
		t, ok = d.time()
		return t, s[len(m[0])-len(m[3]):], ok
	}
	m := isoCalendar.FindStringSubmatch(s)
	if m == nil {
		return t, s, false
	}
	year, month, day := number(m[1], 0), number(m[2], 1), number(m[3], 1)
	t = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, s[len(m[0]):], int(t.Month()) == month && t.Day() == day
}

// parseISO reads a time of ISO 8601; the zone is "UTC" where it has none.
func parseISO(s string) (time.Time, string, error) {
	bad := failed(`Invalid format: "%s"`, s)
	t, rest, ok := isoDate(s)
	if !ok {
		return t, "", bad
	}
	if rest == "" {
		return t, "UTC", nil
	}
	m := isoTime.FindStringSubmatch(rest)
	if m == nil {
		return t, "", bad
	}
	number := func(s string) time.Duration { n, _ := strconv.Atoi(s); return time.Duration(n) }
	hour, minute, second := number(m[1]), number(m[2]), number(m[3])
	if hour > 23 || minute > 59 || second > 59 {
		return t, "", bad
	}
	t = t.Add(hour*time.Hour + minute*time.Minute + second*time.Second)
	if m[4] != "" {
		t = t.Add(number((m[4] + "000")[:3]) * time.Millisecond)
	}
	zone := "UTC"
	if m[5] != "" && m[5] != "Z" {
		digits := strings.ReplaceAll(m[5], ":", "") + "00"
		if zone = digits[:3] + ":" + digits[3:5]; zone[1:] == "00:00" {
			zone = "UTC"
		}
	}
	if _, ok := types.KnownZone(zone); !ok {
		return t, "", bad
	}
	return inZone(t, zone).UTC(), zone, nil
}

// readableSeconds says a number of seconds in weeks, days, hours, minutes and seconds.
func readableSeconds(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > math.MaxInt64 {
		return nil, failed("Invalid argument found: %s", types.Float(f, 64))
	}
	n := int64(math.Abs(f))
	if math.Abs(f) == math.MaxInt64 {
		n = math.MaxInt64
	}
	var words []string
	for _, u := range []struct {
		name    string
		seconds int64
	}{{"week", 604800}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		count := n / u.seconds
		n %= u.seconds
		if count == 0 && (u.name != "second" || len(words) > 0) {
			continue
		}
		word := fmt.Sprintf("%d %s", count, u.name)
		if count != 1 {
			word += "s"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", "), nil
}

var duration = regexp.MustCompile(`^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$`)

// parseDuration reads a number with a unit, and returns milliseconds.
func parseDuration(s string) (any, error) {
	m := duration.FindStringSubmatch(s)
	if m == nil {
		return nil, failed("duration is not a valid data duration string: %s", s)
	}
	milliseconds, ok := map[string]float64{"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}[m[2]]
	if !ok {
		return nil, failed("Unknown time unit: %s", m[2])
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n*milliseconds > math.MaxInt64/2 {
		return nil, failed("duration is too large: %s", s)
	}
	return int64(math.Floor(n*milliseconds + 0.5)), nil
}

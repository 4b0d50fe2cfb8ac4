package function

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// Kinds of times, as signatures write them.
const (
	sigDate      = "date"
	sigTime      = "time"
	sigTimestamp = "timestamp"
	sigZoned     = "timestamp with time zone"
)

// ToLocal returns the SQL of the TIMESTAMP that a TIMESTAMPTZ is in a zone. The zone is one that [types.KnownZone] knows.
func ToLocal(sql, zone string) string {
	if zone == "UTC" {
		// AT TIME ZONE and what DuckDB does with TIMESTAMPTZ ask its calendars, which took 10 times as long.
		if of, ok := strings.CutPrefix(sql, "make_timestamptz("); ok && closed(of) {
			return "make_timestamp(" + of
		}
		return "make_timestamp(epoch_us(" + sql + "))"
	}
	if offset, ok := offsetOf(zone); ok {
		return "(" + ToLocal(sql, "UTC") + " + to_seconds(" + offset + "))"
	}
	return "(" + sql + " AT TIME ZONE " + quote(zone) + ")"
}

// FromLocal returns the SQL of the TIMESTAMPTZ that a TIMESTAMP in a zone is.
func FromLocal(sql, zone string) string {
	if zone == "UTC" {
		return "make_timestamptz(epoch_us(" + sql + "))"
	}
	if offset, ok := offsetOf(zone); ok {
		return FromLocal("("+sql+" - to_seconds("+offset+"))", "UTC")
	}
	return "(" + sql + " AT TIME ZONE " + quote(zone) + ")"
}

// offsetOf returns the seconds of a zone that is an offset, which DuckDB knows not.
func offsetOf(zone string) (string, bool) {
	if !strings.HasPrefix(zone, "+") && !strings.HasPrefix(zone, "-") {
		return "", false
	}
	var hours, minutes int
	if _, err := fmt.Sscanf(zone[1:], "%d:%d", &hours, &minutes); err != nil {
		return "", false
	}
	return fmt.Sprintf("%s%d", strings.TrimPrefix(zone[:1], "+"), 3600*hours+60*minutes), true
}

// local returns an argument as a local time: a timestamp with time zone as it is in its zone.
func local(a Arg) string {
	if a.Type.Kind == types.TimestampTZ {
		return ToLocal(a.SQL, a.Type.Zone)
	}
	return a.SQL
}

// ofLocal makes SQL of the first argument as a local time.
func ofLocal(sql string) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		return strings.ReplaceAll(sql, "$1", local(c.Args[0])), nil
	}
}

// parts returns the forms of a part of a date or time: of the kinds of times, and of intervals where their divisor and modulus are given.
func parts(sql string, kinds []string, interval string) []Form {
	var out []Form
	for _, k := range kinds {
		out = append(out, Form{Signature: "(" + k + ") -> bigint", Make: ofLocal(sql)})
	}
	if interval != "" {
		kind, sql, _ := strings.Cut(interval, ": ")
		out = append(out, Form{Signature: "(" + kind + ") -> bigint", SQL: sql})
	}
	return out
}

var (
	dates  = []string{sigTimestamp, sigDate, sigZoned}
	clocks = []string{sigTimestamp, sigTime, sigZoned}
)

func part(name, sql string, kinds []string, interval string) Func {
	return Func{Name: name, Page: "datetime", Forms: parts(sql, kinds, interval)}
}

var datetimeFuncs = slices.Concat([]Func{
	part("year", "year($1)", dates, "interval year to month: CAST($1 // 12 AS BIGINT)"),
	part("month", "month($1)", dates, "interval year to month: CAST($1 % 12 AS BIGINT)"),
	part("quarter", "quarter($1)", dates, ""),
	part("day", "day($1)", dates, "interval day to second: ($1 // 86400000)"),
	part("day_of_month", "day($1)", dates, "interval day to second: ($1 // 86400000)"),
	part("hour", "hour($1)", clocks, "interval day to second: ($1 // 3600000 % 24)"),
	part("minute", "minute($1)", clocks, "interval day to second: ($1 // 60000 % 60)"),
	part("second", "second($1)", clocks, "interval day to second: ($1 // 1000 % 60)"),
	part("millisecond", "(millisecond($1) % 1000)", clocks, "interval day to second: ($1 % 1000)"),
	part("day_of_week", "isodow($1)", dates, ""), part("dow", "isodow($1)", dates, ""),
	part("day_of_year", "dayofyear($1)", dates, ""), part("doy", "dayofyear($1)", dates, ""),
	part("week", "week($1)", dates, ""), part("week_of_year", "week($1)", dates, ""),
	part("year_of_week", "isoyear($1)", dates, ""), part("yow", "isoyear($1)", dates, ""),
	{Name: "last_day_of_month", Page: "datetime", Forms: dateForms("last_day(CAST($1 AS DATE))")},
	{Name: "date", Page: "datetime", Forms: append(dateForms("CAST($1 AS DATE)"), Form{Signature: "(varchar) -> date", SQL: "CAST(trino_date($1) AS DATE)"})},
	{Name: "from_unixtime", Page: "datetime", Forms: []Form{
		{Signature: "(double) -> timestamp(3) with time zone", Make: func(c *Call) (string, error) { return fromUnix(c.Args[0]), nil }},
		{Signature: "(double, varchar) -> timestamp(3) with time zone", Make: func(c *Call) (string, error) {
			return fromUnix(c.Args[0]), setZone(c, 1)
		}},
		{Signature: "(double, bigint, bigint) -> timestamp(3) with time zone", Make: func(c *Call) (string, error) {
			h, m := c.Args[1].Int, c.Args[2].Int
			if h == nil || m == nil {
				return "", athenasql.Errorf(athenasql.CodeNotSupported, c.At, "a time zone that is not constant is not supported")
			}
			minutes := 60**h + *m
			sign := "+"
			if minutes < 0 {
				sign, minutes = "-", -minutes
			}
			if minutes > 14*60 {
				return "", invalid(c.Args[1].At, "Invalid offset minutes %d", minutes)
			}
			if c.Result.Zone = fmt.Sprintf("%s%02d:%02d", sign, minutes/60, minutes%60); minutes == 0 {
				c.Result.Zone = "UTC"
			}
			return fromUnix(c.Args[0]), nil
		}},
	}},
	{Name: "from_unixtime_nanos", Page: "datetime", Refused: "its result has nanoseconds, and times here have microseconds; from_unixtime(n / 1e9) has milliseconds"},
	{Name: "to_unixtime", Page: "datetime", Forms: []Form{
		{Signature: "(timestamp) -> double", SQL: "(epoch_us($1) / 1000000::DOUBLE)"},
		{Signature: "(timestamp with time zone) -> double", SQL: "(epoch_us($1) / 1000000::DOUBLE)"},
	}},
	{Name: "from_iso8601_timestamp", Page: "datetime", Forms: []Form{{Signature: "(varchar) -> timestamp(3) with time zone", Make: fromISO}}},
	{Name: "from_iso8601_timestamp_nanos", Page: "datetime", Refused: "its result has nanoseconds, and times here have microseconds; from_iso8601_timestamp has milliseconds"},
	{Name: "from_iso8601_date", Page: "datetime", Forms: []Form{{Signature: "(varchar) -> date", SQL: "CAST(trino_iso_date($1) AS DATE)"}}},
	{Name: "to_iso8601", Page: "datetime", Forms: []Form{
		{Signature: "(date) -> varchar", SQL: "strftime($1, '%Y-%m-%d')"},
		{Signature: "(timestamp) -> varchar", Make: func(c *Call) (string, error) { return isoText(c.Args[0]), nil }},
		{Signature: "(timestamp with time zone) -> varchar", Make: func(c *Call) (string, error) {
			return "(" + isoText(c.Args[0]) + " || " + offsetText(c.Args[0], "'Z'") + ")", nil
		}},
	}},
	{Name: "date_trunc", Page: "datetime", Forms: []Form{
		{Signature: "(varchar, timestamp) -> timestamp", Make: dateTrunc},
		{Signature: "(varchar, date) -> date", Make: dateTrunc},
		{Signature: "(varchar, timestamp with time zone) -> timestamp with time zone", Make: dateTrunc},
	}},
	{Name: "date_add", Page: "datetime", Forms: []Form{
		{Signature: "(varchar, bigint, timestamp) -> timestamp", Make: dateAdd},
		{Signature: "(varchar, bigint, date) -> date", Make: dateAdd},
		{Signature: "(varchar, bigint, timestamp with time zone) -> timestamp with time zone", Make: dateAdd},
	}},
	{Name: "date_diff", Page: "datetime", Forms: []Form{
		{Signature: "(varchar, timestamp, timestamp) -> bigint", Make: dateDiff},
		{Signature: "(varchar, date, date) -> bigint", Make: dateDiff},
		{Signature: "(varchar, timestamp with time zone, timestamp with time zone) -> bigint", Make: dateDiff},
	}},
	{Name: "date_format", Page: "datetime", Forms: []Form{
		{Signature: "(timestamp, varchar) -> varchar", Make: dateFormat},
		{Signature: "(timestamp with time zone, varchar) -> varchar", Make: dateFormat},
	}},
	{Name: "date_parse", Page: "datetime", Forms: []Form{{Signature: "(varchar, varchar) -> timestamp(3)", Make: func(c *Call) (string, error) {
		return fill("trino_date_parse($1, $2)", c)
	}}}},
	{Name: "format_datetime", Page: "datetime", Forms: []Form{
		{Signature: "(timestamp, varchar) -> varchar", Make: formatDatetime},
		{Signature: "(timestamp with time zone, varchar) -> varchar", Make: formatDatetime},
	}},
	{Name: "parse_datetime", Page: "datetime", Forms: []Form{{Signature: "(varchar, varchar) -> timestamp(3) with time zone", Make: parseDatetime}}},
	{Name: "at_timezone", Page: "datetime", Forms: []Form{{Signature: "(timestamp with time zone, varchar) -> timestamp with time zone", Make: func(c *Call) (string, error) {
		return c.Args[0].SQL, setZone(c, 1)
	}}}},
	{Name: "with_timezone", Page: "datetime", Forms: []Form{{Signature: "(timestamp, varchar) -> timestamp with time zone", Make: func(c *Call) (string, error) {
		c.Result.Precision = c.Args[0].Type.Precision
		if err := setZone(c, 1); err != nil {
			return "", err
		}
		return FromLocal(c.Args[0].SQL, c.Result.Zone), nil
	}}}},
	{Name: "timezone_hour", Page: "datetime", Forms: []Form{{Signature: "(timestamp with time zone) -> bigint", Make: func(c *Call) (string, error) {
		return "(trino_offset(" + c.Args[0].SQL + ", " + quote(c.Args[0].Type.Zone) + ") // 60)", nil
	}}}},
	{Name: "timezone_minute", Page: "datetime", Forms: []Form{{Signature: "(timestamp with time zone) -> bigint", Make: func(c *Call) (string, error) {
		return "(trino_offset(" + c.Args[0].SQL + ", " + quote(c.Args[0].Type.Zone) + ") % 60)", nil
	}}}},
	{Name: "now", Page: "datetime", Forms: []Form{{Signature: "() -> timestamp(3) with time zone", Make: func(c *Call) (string, error) { return c.Now, nil }}}},
	{Name: "current_timezone", Page: "datetime", Forms: []Form{{Signature: "() -> varchar", SQL: "'UTC'"}}},
	{Name: "human_readable_seconds", Page: "datetime", Forms: []Form{{Signature: "(double) -> varchar", SQL: "trino_readable_seconds($1)"}}},
	{Name: "parse_duration", Page: "datetime", Forms: []Form{{Signature: "(varchar) -> interval day to second", SQL: "trino_parse_duration($1)"}}},
	{Name: "to_milliseconds", Page: "datetime", Forms: []Form{{Signature: "(interval day to second) -> bigint", SQL: "$1"}}},
})

func dateForms(sql string) []Form {
	var out []Form
	for _, k := range dates {
		out = append(out, Form{Signature: "(" + k + ") -> date", Make: ofLocal(sql)})
	}
	return out
}

// fromUnix is the time of seconds since the epoch, rounded to milliseconds as Math.round does.
func fromUnix(a Arg) string {
	if a.given.Type.IsInteger() {
		return "make_timestamptz(CAST(" + a.given.SQL + " AS BIGINT) * 1000000)"
	}
	return "make_timestamptz(CAST(floor(" + a.SQL + " * 1000 + 0.5) AS BIGINT) * 1000)"
}

// setZone sets the result's zone to a constant argument.
func setZone(c *Call, i int) error {
	zone := c.Args[i].Text
	if zone == nil {
		return athenasql.Errorf(athenasql.CodeNotSupported, c.Args[i].At, "a time zone that is not constant is not supported")
	}
	if _, ok := types.KnownZone(*zone); !ok {
		return invalid(c.Args[i].At, "'%s' is not a valid time zone", *zone)
	}
	c.Result.Zone = *zone
	return nil
}

// fromISO takes the zone of a constant text. Of others the offset must be UTC, since the zone is part of the type.
func fromISO(c *Call) (string, error) {
	if s := c.Args[0].Text; s != nil {
		at, zone, err := parseISO(*s)
		if err != nil {
			return "", invalid(c.Args[0].At, "%s", message(err))
		}
		c.Result.Zone = zone
		return fmt.Sprintf("make_timestamptz(%d)", at.UnixMicro()), nil
	}
	return fill("trino_iso_timestamp($1)", c)
}

func message(err error) string {
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

// isoText is a local time with as many digits of a second's fraction as its type has.
func isoText(a Arg) string {
	sql := "strftime(" + local(a) + ", '%Y-%m-%dT%H:%M:%S"
	switch p := a.Type.Precision; p {
	case 0:
		return sql + "')"
	case 3:
		return sql + ".%g')"
	case 6:
		return sql + ".%f')"
	default:
		return fmt.Sprintf("left(%s.%%f'), %d)", sql, len("2026-01-31T12:00:00.")+p)
	}
}

// offsetText is the offset of a zoned time, such as '+09:00'; utc is SQL for what UTC has.
func offsetText(a Arg, utc string) string {
	switch zone := a.Type.Zone; {
	case zone == "UTC":
		return utc
	case strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-"):
		return quote(zone)
	default:
		return "trino_offset_text(" + a.SQL + ", " + quote(zone) + ")"
	}
}

// unit returns the constant unit of a call in lower case, which must be one of those.
func unit(c *Call, of types.Type, units ...string) (string, error) {
	u := c.Args[0].Text
	if u == nil {
		return "", athenasql.Errorf(athenasql.CodeNotSupported, c.Args[0].At, "a unit of %s that is not constant is not supported", c.Name)
	}
	lower := strings.ToLower(*u)
	if !slices.Contains(units, lower) {
		name := "TIMESTAMP"
		if of.Kind == types.Date {
			name = "DATE"
		}
		return "", invalid(c.Args[0].At, "'%s' is not a valid %s field", *u, name)
	}
	return lower, nil
}

var (
	dateUnits = []string{"day", "week", "month", "quarter", "year"}
	timeUnits = append([]string{"millisecond", "second", "minute", "hour"}, dateUnits...)
)

func unitsOf(t types.Type) []string {
	if t.Kind == types.Date {
		return dateUnits
	}
	return timeUnits
}

func dateTrunc(c *Call) (string, error) {
	a := c.Args[1]
	u, err := unit(c, a.Type, unitsOf(a.Type)...)
	if err != nil {
		return "", err
	}
	cut := func(sql string) string { return "date_trunc(" + quote(u) + ", " + sql + ")" }
	switch a.Type.Kind {
	case types.Date:
		return "CAST(" + cut(a.SQL) + " AS DATE)", nil
	case types.Timestamp:
		return cut(a.SQL), nil
	}
	return FromLocal(cut(ToLocal(a.SQL, a.Type.Zone)), a.Type.Zone), nil
}

func dateAdd(c *Call) (string, error) {
	n, a := c.Args[1].SQL, c.Args[2]
	u, err := unit(c, a.Type, unitsOf(a.Type)...)
	if err != nil {
		return "", err
	}
	var interval string
	switch whole := "CAST(" + n + " AS INTEGER)"; u {
	case "millisecond":
		interval = "to_microseconds(" + n + " * 1000)"
	case "second", "minute", "hour":
		interval = "to_" + u + "s(" + n + ")"
	case "day":
		interval = "to_days(" + whole + ")"
	case "week":
		interval = "to_days(7 * " + whole + ")"
	default:
		interval = fmt.Sprintf("to_months(%d * %s)", map[string]int{"month": 1, "quarter": 3, "year": 12}[u], whole)
	}
	switch a.Type.Kind {
	case types.Date:
		return "CAST(" + a.SQL + " + " + interval + " AS DATE)", nil
	case types.TimestampTZ:
		zone := "UTC"
		if slices.Contains(dateUnits, u) {
			zone = a.Type.Zone
		}
		return FromLocal("("+ToLocal(a.SQL, zone)+" + "+interval+")", zone), nil
	}
	return "(" + a.SQL + " + " + interval + ")", nil
}

// dateDiff counts whole units. Months from the later to the earlier time are those from the earlier to the later, with a sign.
func dateDiff(c *Call) (string, error) {
	a, b := c.Args[1], c.Args[2]
	u, err := unit(c, a.Type, unitsOf(a.Type)...)
	if err != nil {
		return "", err
	}
	from, to := a.SQL, b.SQL
	if a.Type.Kind == types.TimestampTZ {
		zone := "UTC"
		if slices.Contains(dateUnits, u) {
			zone = a.Type.Zone
		}
		from, to = ToLocal(from, zone), ToLocal(to, zone)
	}
	count := func(from, to string) string { return "date_sub(" + quote(u) + ", " + from + ", " + to + ")" }
	if u == "month" || u == "quarter" || u == "year" {
		for i := range c.Args {
			if err := repeatable(c, i); err != nil {
				return "", err
			}
		}
		return "CASE WHEN " + from + " <= " + to + " THEN " + count(from, to) + " ELSE -" + count(to, from) + " END", nil
	}
	return count(from, to), nil
}

// strftimeCodes are DuckDB's codes of strftime for the fields of a pattern, by field, digits and name.
var strftimeCodes = map[datePart]string{
	{field: 'E', name: 3}: "%a", {field: 'E', name: 4}: "%A", {field: 'M', name: 3}: "%b", {field: 'M', name: 4}: "%B",
	{field: 'M', digits: 1, most: 2}: "%-m", {field: 'M', digits: 2, most: 2}: "%m", {field: 'd', digits: 2, most: 2}: "%d", {field: 'd', digits: 1, most: 2}: "%-d",
	{field: 'S', digits: 6, most: 9}: "%g000", {field: 'H', digits: 2, most: 2}: "%H", {field: 'H', digits: 1, most: 2}: "%-H", {field: 'h', digits: 2, most: 2}: "%I",
	{field: 'h', digits: 1, most: 2}: "%-I", {field: 'm', digits: 2, most: 2}: "%M", {field: 'D', digits: 3, most: 3}: "%j", {field: 'a'}: "%p",
	{field: 's', digits: 2, most: 2}: "%S", {field: 'w', digits: 2, most: 2}: "%V", {field: 'x', digits: 4, most: 4}: "%G", {field: 'y', digits: 4, most: 4}: "%Y",
	{field: 'y', digits: 2, most: 2, pivot: true}: "%y",
}

func dateFormat(c *Call) (string, error) {
	at := local(c.Args[0])
	if c.Args[0].Type.Precision > 3 {
		at = "make_timestamp((epoch_us(" + at + ") + 500) // 1000 * 1000)"
	}
	f := c.Args[1].Text
	if f == nil {
		return "trino_date_format(" + at + ", " + c.Args[1].SQL + ")", nil
	}
	p, err := parseMySQL(*f)
	if err != nil {
		return "", invalid(c.Args[1].At, "%s", message(err))
	}
	var b strings.Builder
	for _, part := range p {
		if part.field == 0 {
			b.WriteString(strings.ReplaceAll(part.text, "%", "%%"))
			continue
		}
		b.WriteString(strftimeCodes[part])
	}
	return "strftime(" + at + ", " + quote(b.String()) + ")", nil
}

func formatDatetime(c *Call) (string, error) {
	if f := c.Args[1].Text; f != nil {
		if _, err := jodaPatterns.Get(*f); err != nil {
			return "", invalid(c.Args[1].At, "%s", message(err))
		}
	}
	a := c.Args[0]
	zone := "UTC"
	if a.Type.Kind == types.TimestampTZ {
		zone = a.Type.Zone
	}
	return "trino_format_datetime(" + local(a) + ", " + c.Args[1].SQL + ", " + quote(zone) + ")", nil
}

func parseDatetime(c *Call) (string, error) {
	text, format := c.Args[0].Text, c.Args[1].Text
	if format != nil {
		p, err := jodaPatterns.Get(*format)
		if err != nil {
			return "", invalid(c.Args[1].At, "%s", message(err))
		}
		if text != nil {
			at, zone, err := p.parse(*text)
			if err != nil {
				return "", invalid(c.Args[0].At, "%s", message(err))
			}
			if zone != "" {
				c.Result.Zone = zone
			}
			return fmt.Sprintf("make_timestamptz(%d)", inZone(at, c.Result.Zone).UnixMicro()), nil
		}
	}
	return fill("trino_parse_datetime($1, $2)", c)
}

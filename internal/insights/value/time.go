package value

import "time"

var timeFuncs = []*Func{
	{
		Name: "bin", Signature: "bin(period)", Min: 1, Max: 1, Params: []Param{PeriodParam}, Field: "@timestamp",
		Result: TimeKind, Source: sourceTime,
		Doc:   "The beginning of the period that holds @timestamp.",
		Check: checkPeriod(0),
		Call:  func(_ *Context, args []Value) Value { return inBin(args[0], args[1], false) },
	},
	{
		Name: "datefloor", Signature: "datefloor(time, period)", Min: 2, Max: 2, Params: []Param{AnyParam, PeriodParam},
		Result: TimeKind, Source: sourceTime,
		Doc:   "The beginning of the period that holds a time.",
		Check: checkPeriod(1),
		Call:  func(_ *Context, args []Value) Value { return inBin(args[0], args[1], false) },
	},
	{
		Name: "dateceil", Signature: "dateceil(time, period)", Min: 2, Max: 2, Params: []Param{AnyParam, PeriodParam},
		Result: TimeKind, Source: sourceTime,
		Doc:   "The end of the period that holds a time; a time at which a period begins stays.",
		Check: checkPeriod(1),
		Call:  func(_ *Context, args []Value) Value { return inBin(args[0], args[1], true) },
	},
	{
		Name: "fromMillis", Signature: "fromMillis(number)", Min: 1, Max: 1, Result: TimeKind, Source: sourceTime,
		Doc: "The time of so many milliseconds since the epoch.",
		Call: func(_ *Context, args []Value) Value {
			if ms, ok := args[0].Millis(); ok {
				return Time(ms)
			}
			return Absent
		},
	},
	{
		Name: "toMillis", Signature: "toMillis(time)", Min: 1, Max: 1, Result: NumberKind, Source: sourceTime,
		Doc:  "A time as milliseconds since the epoch.",
		Call: ofNumbers(func(n []float64) Value { return Number(n[0]) }),
	},
	{
		Name: "now", Signature: "now()", Result: NumberKind, Source: sourceTime,
		Doc:  "When the query started, in whole seconds since the epoch.",
		Call: func(c *Context, _ []Value) Value { return Number(float64(floorTo(c.Now, 1000) / 1000)) },
	},
	{
		Name: "queryStartTime", Signature: "queryStartTime()", Result: NumberKind, Source: sourceTime,
		Doc:  "The beginning of the query's time range in milliseconds since the epoch.",
		Call: func(c *Context, _ []Value) Value { return Number(float64(c.Start)) },
	},
	{
		Name: "queryEndTime", Signature: "queryEndTime()", Result: NumberKind, Source: sourceTime,
		Doc:  "The end of the query's time range in milliseconds since the epoch.",
		Call: func(c *Context, _ []Value) Value { return Number(float64(c.End)) },
	},
	{
		Name: "queryTimeRange", Signature: "queryTimeRange()", Result: NumberKind, Source: sourceTime,
		Doc:  "The end of the query's time range less its beginning, in milliseconds.",
		Call: func(c *Context, _ []Value) Value { return Number(float64(c.End - c.Start)) },
	},
	{
		Name: "formatDate", Aliases: []string{"strftime"}, Signature: "formatDate(time, format[, zone])", Min: 2, Max: 3,
		Result: TextKind, Source: sourceTime + "; the letters are those of POSIX strftime in the C locale",
		Doc:   "A time as text, by a format of strftime, in UTC or a time zone.",
		Check: checkTimeFormat,
		Call:  formatDate,
	},
	{
		Name: "parseDate", Signature: "parseDate(text, pattern[, zone])", Min: 2, Max: 3,
		Result: NumberKind, Source: sourceTime + "; the letters are those of java.time.format.DateTimeFormatter",
		Doc:   "The time that a text tells, by a date pattern of Java, in milliseconds since the epoch.",
		Check: checkDatePattern,
		Call:  parseDate,
	},
}

// inBin returns the beginning of the bin that holds a time, or with up the end where the time is not its beginning.
func inBin(t, period Value, up bool) Value {
	ms, ok := t.Millis()
	s, _ := period.Text()
	p, isPeriod := ParsePeriod(s)
	if !ok || !isPeriod {
		return Absent
	}
	from, to, ok := Bin(ms, p.N, p.Unit)
	switch {
	case !ok:
		return Absent
	case up && from != ms:
		return Time(to)
	}
	return Time(from)
}

func checkPeriod(arg int) func([]*Value) error {
	return func(args []*Value) error {
		s, ok := constant(args, arg)
		if _, is := ParsePeriod(s); ok && !is {
			return argError(arg, "such as 5m: a number above 0 and ms, s, m, h, d, w, mo, q or y", "%q is no period", s)
		}
		return nil
	}
}

func checkZone(args []*Value, arg int) error {
	s, ok := constant(args, arg)
	if !ok {
		return nil
	}
	if _, err := zones.Get(s); err != nil {
		return argError(arg, "such as Europe/Berlin, +01:00 or UTC", "%s", err)
	}
	return nil
}

func checkTimeFormat(args []*Value) error {
	if s, ok := constant(args, 1); ok {
		if _, err := formats.Get(s); err != nil {
			return argError(1, "such as %Y-%m-%d %H:%M:%S", "%s", err)
		}
	}
	return checkZone(args, 2)
}

func checkDatePattern(args []*Value) error {
	if s, ok := constant(args, 1); ok {
		if _, err := dates.Get(s); err != nil {
			return argError(1, "such as yyyy-MM-dd HH:mm:ss", "%s", err)
		}
	}
	return checkZone(args, 2)
}

// zoneArg returns the time zone of an argument, UTC where it is not given.
func zoneArg(args []Value, arg int) (*time.Location, bool) {
	if arg >= len(args) {
		return time.UTC, true
	}
	s, ok := args[arg].Text()
	if !ok {
		return nil, false
	}
	l, err := zones.Get(s)
	return l, err == nil
}

func formatDate(_ *Context, args []Value) Value {
	ms, ok := args[0].Millis()
	s, sok := args[1].Text()
	zone, zok := zoneArg(args, 2)
	if !ok || !sok || !zok {
		return Absent
	}
	f, err := formats.Get(s)
	if err != nil {
		return Absent
	}
	return Text(f.format(time.UnixMilli(ms).In(zone)))
}

func parseDate(_ *Context, args []Value) Value {
	text, ok := args[0].Text()
	s, sok := args[1].Text()
	zone, zok := zoneArg(args, 2)
	if !ok || !sok || !zok {
		return Absent
	}
	p, err := dates.Get(s)
	if err != nil {
		return Absent
	}
	ms, ok := p.parse(text, zone)
	if !ok {
		return Absent
	}
	return Number(float64(ms))
}

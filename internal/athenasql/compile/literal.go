package compile

import (
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// literal compiles a constant.
func (e *env) literal(x athenasql.Expr) value {
	switch x := x.(type) {
	case *athenasql.Null:
		return value{sql: "NULL", null: true, constant: true}
	case *athenasql.Bool:
		return value{sql: strings.ToUpper(strconv.FormatBool(x.Value)), typ: boolean, constant: true}
	case *athenasql.Integer:
		return e.c.integer(x.Text, x.Span)
	case *athenasql.DecimalNumber:
		return e.c.decimal(x.Text, x.Span)
	case *athenasql.DoubleNumber:
		f, err := strconv.ParseFloat(x.Text, 64)
		if err != nil {
			e.c.fail(athenasql.CodeInvalidLiteral, x.Span, "Invalid numeric literal: %s", x.Text)
		}
		return e.c.double(f)
	case *athenasql.String:
		return e.c.textValue(x.Value, x.Span)
	case *athenasql.Binary:
		return value{sql: fmt.Sprintf("from_hex('%x')", x.Value), typ: types.Type{Kind: types.Varbinary}, constant: true}
	case *athenasql.TypedLiteral:
		return e.c.typedLiteral(x)
	case *athenasql.Interval:
		return e.c.interval(x)
	case *athenasql.CurrentTime:
		return e.c.currentTime(x)
	case *athenasql.CurrentName:
		name := map[string]string{"current_user": e.c.opt.User, "current_catalog": catalogName, "current_schema": e.c.opt.Database}[x.Name]
		v := e.c.textValue(name, x.Span)
		v.typ.Length = 0
		return v
	case *athenasql.Parameter:
		return e.parameter(x)
	}
	return value{}
}

// parameter compiles the value that was given for a ?.
func (e *env) parameter(x *athenasql.Parameter) value {
	c := e.c
	c.parameters = max(c.parameters, x.Index+1)
	if x.Index >= len(c.opt.Parameters) {
		c.fail(athenasql.CodeInvalidParameter, x.Span, "Incorrect number of parameters: expected %d but found %d", x.Index+1, len(c.opt.Parameters))
	}
	text := c.opt.Parameters[x.Index]
	given, err := athenasql.ParseExpr(text)
	if err != nil {
		c.hinted("a parameter is an SQL literal: texts are in single quotes", athenasql.CodeInvalidParameter, x.Span, "parameter %d is no literal: %s", x.Index+1, text)
	}
	var v value
	// The places within the parameter are none of the statement.
	err = attempt(func() { v = (&env{c: c, scope: &scope{}, clause: "a parameter"}).top(given) })
	if err != nil || !v.constant {
		c.hinted("a parameter is an SQL literal: texts are in single quotes", athenasql.CodeInvalidParameter, x.Span, "parameter %d is no literal: %s", x.Index+1, text)
	}
	v.at = x.Span
	return v
}

func (c *compiler) integer(text string, at athenasql.Span) value {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.hinted("write it as a decimal: "+text+".", athenasql.CodeInvalidLiteral, at, "Invalid numeric literal: %s", text)
	}
	t := types.Type{Kind: types.Integer}
	if n > 1<<31-1 || n < -1<<31 {
		t.Kind = types.BigInt
	}
	return integerOf(n, t)
}

// integerOf is a whole number as a value of a type.
func integerOf(n int64, t types.Type) value {
	return value{sql: fmt.Sprintf("CAST(%d AS %s)", n, t.SQL()), typ: t, num: &n, constant: true}
}

// decimal is a literal such as 100.0, which is a decimal of just its digits.
func (c *compiler) decimal(text string, at athenasql.Span) value {
	whole, fraction, _ := strings.Cut(text, ".")
	whole = strings.TrimLeft(whole, "0")
	t := types.Type{Kind: types.Decimal, Precision: max(1, len(whole)+len(fraction)), Scale: len(fraction)}
	if t.Precision > 38 {
		c.fail(athenasql.CodeInvalidLiteral, at, "Invalid decimal literal '%s': it has more than 38 digits", text)
	}
	return decimalOf(whole+"."+fraction, t)
}

func decimalOf(text string, t types.Type) value {
	text = strings.TrimSuffix(text, ".")
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	return value{sql: "CAST(" + quoteText(text) + " AS " + t.SQL() + ")", typ: t, digits: text, constant: true}
}

func (c *compiler) double(f float64) value {
	return value{
		sql: "CAST(" + quoteText(strconv.FormatFloat(f, 'g', -1, 64)) + " AS DOUBLE)", typ: types.Type{Kind: types.Double}, constant: true, finite: true,
		float: &f,
	}
}

// textValue is a text: a varchar of just its length.
func (c *compiler) textValue(s string, at athenasql.Span) value {
	if strings.ContainsRune(s, 0) {
		c.fail(athenasql.CodeNotSupported, at, "a text with the character NUL is not supported")
	}
	// A varchar(0) is said as one without a bound.
	return value{sql: quoteText(s), typ: types.Type{Kind: types.Varchar, Length: len([]rune(s))}, text: &s, constant: true}
}

// typedLiteral is TYPE 'text'.
func (c *compiler) typedLiteral(x *athenasql.TypedLiteral) value {
	t, err := types.FromName(x.Type)
	check(err)
	invalid := func() {
		c.fail(athenasql.CodeInvalidLiteral, x.Span, "'%s' is not a valid %s literal", x.Value, strings.ToUpper(t.Name()))
	}
	switch t.Kind {
	case types.Timestamp, types.TimestampTZ:
		v, ok := timestampLiteral(x.Value)
		if !ok {
			invalid()
		}
		return v
	case types.Date:
		m := dateForm.FindStringSubmatch(strings.TrimSpace(x.Value))
		if m == nil {
			invalid()
		}
		at, ok := dateOf(m[1:])
		if !ok {
			invalid()
		}
		return dateValue(at)
	case types.Time:
		at, digits, ok := timeOf(x.Value)
		if !ok {
			invalid()
		}
		return value{sql: "TIME '" + at.Format("15:04:05.999999") + "'", typ: types.Type{Kind: types.Time, Precision: digits}, constant: true}
	case types.Decimal:
		text := strings.TrimSpace(x.Value)
		body := strings.TrimLeft(text, "+-")
		if !decimalForm.MatchString(body) {
			invalid()
		}
		v := c.decimal(body, x.Span)
		if strings.HasPrefix(text, "-") {
			v = decimalOf("-"+v.digits, v.typ)
		}
		return v
	case types.IPAddress:
		digits, ok := addressDigits(x.Value)
		if !ok {
			c.fail(athenasql.CodeInvalidCast, x.Span, "Cannot cast value to IPADDRESS: %s", x.Value)
		}
		return value{sql: quoteText(digits), typ: t, constant: true}
	}
	if t.Kind == types.JSON {
		return (&env{c: c, scope: &scope{}}).function("json_parse", x.Span, c.textValue(x.Value, x.Span))
	}
	// Of other types Trino takes the text as CAST does.
	v := c.textValue(x.Value, x.Span)
	return c.castTo(v, t, false, x.Span)
}

// addressDigits returns an address as the 32 hexadecimal digits that an ipaddress is.
func addressDigits(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return "", false
	}
	b := a.As16()
	return fmt.Sprintf("%x", b[:]), true
}

var (
	dateForm    = regexp.MustCompile(`^(\d{4,5})-(\d{1,2})-(\d{1,2})$`)
	momentForm  = regexp.MustCompile(`^(\d{4,5})-(\d{1,2})-(\d{1,2})(?: (?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*(.+)?)?$`)
	timeForm    = regexp.MustCompile(`^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?$`)
	decimalForm = regexp.MustCompile(`^(\d+(\.\d*)?|\.\d+)$`)
)

func dateOf(parts []string) (time.Time, bool) {
	y, _ := strconv.Atoi(parts[0])
	m, _ := strconv.Atoi(parts[1])
	d, _ := strconv.Atoi(parts[2])
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return at, at.Year() == y && int(at.Month()) == m && at.Day() == d && y <= 9999
}

func dateValue(at time.Time) value {
	at = at.Truncate(24 * time.Hour)
	return value{sql: "DATE '" + at.Format(time.DateOnly) + "'", typ: types.Type{Kind: types.Date}, constant: true, moment: &at}
}

// clock returns a time of day of its parts, and how many digits its fraction has. Seconds and the fraction may be absent.
func clock(parts []string) (time.Duration, int, bool) {
	h, _ := strconv.Atoi(parts[0])
	m, _ := strconv.Atoi(parts[1])
	s, _ := strconv.Atoi(parts[2])
	digits := len(parts[3])
	if h > 23 || m > 59 || s > 59 || digits > 6 {
		return 0, 0, false
	}
	f, _ := strconv.Atoi((parts[3] + "000000")[:6])
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(f)*time.Microsecond, digits, true
}

func timeOf(s string) (time.Time, int, bool) {
	m := timeForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return time.Time{}, 0, false
	}
	d, digits, ok := clock(m[1:])
	return time.Time{}.Add(d), digits, ok
}

// timestampLiteral reads TIMESTAMP '...': with a zone it is a timestamp with time zone. Its precision is that of its fraction.
func timestampLiteral(s string) (value, bool) {
	m := momentForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return value{}, false
	}
	at, ok := dateOf(m[1:])
	if !ok {
		return value{}, false
	}
	var digits int
	if m[4] != "" {
		var d time.Duration
		if d, digits, ok = clock(m[4:]); !ok {
			return value{}, false
		}
		at = at.Add(d)
	}
	zone := strings.TrimSpace(m[8])
	if zone == "" {
		return momentValue(at, types.Type{Kind: types.Timestamp, Precision: digits}), true
	}
	location, ok := types.KnownZone(zone)
	if !ok {
		return value{}, false
	}
	at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), location)
	return momentValue(at, types.Type{Kind: types.TimestampTZ, Precision: digits, Zone: zone}), true
}

func momentValue(at time.Time, t types.Type) value {
	text := at.UTC().Format("2006-01-02 15:04:05.999999")
	if t.Kind == types.Timestamp {
		return value{sql: "TIMESTAMP '" + text + "'", typ: t, constant: true, moment: &at}
	}
	return value{sql: "TIMESTAMPTZ '" + text + "+00'", typ: t, constant: true, moment: &at}
}

// currentTime is current_date and the like: constants of the statement, in UTC.
func (c *compiler) currentTime(x *athenasql.CurrentTime) value {
	precision := x.Precision
	if precision < 0 {
		precision = 3
	}
	if precision > 6 {
		c.fail(athenasql.CodeNotSupported, x.Span, "a precision of more than 6 is not supported")
	}
	at := c.now(precision)
	switch x.Name {
	case "current_date":
		return dateValue(at)
	case "current_timestamp":
		return momentValue(at, types.Type{Kind: types.TimestampTZ, Precision: precision, Zone: "UTC"})
	case "localtimestamp":
		return momentValue(at, types.Type{Kind: types.Timestamp, Precision: precision})
	case "localtime":
		return value{sql: "TIME '" + at.Format("15:04:05.999999") + "'", typ: types.Type{Kind: types.Time, Precision: precision}, constant: true}
	}
	c.hinted("localtime is the time of day in UTC", athenasql.CodeNotSupported, x.Span, "%s is not supported", x.Name)
	return value{}
}

// Milliseconds of the units of an interval day to second.
var unitMillis = map[string]int64{"week": 7 * 86400000, "day": 86400000, "hour": 3600000, "minute": 60000, "second": 1000}

var unitOrder = []string{"year", "month", "week", "day", "hour", "minute", "second"}

var intervalForm = regexp.MustCompile(`^([+-]?)(\d+)(.*)$`)

// interval is INTERVAL '1' day, INTERVAL '2 03:00' day to minute and the like.
func (c *compiler) interval(x *athenasql.Interval) value {
	invalid := func() {
		c.fail(athenasql.CodeInvalidLiteral, x.Span, "Invalid INTERVAL %s value: %s", strings.ToUpper(x.From), x.Value)
	}
	m := intervalForm.FindStringSubmatch(strings.TrimSpace(x.Value))
	if m == nil {
		invalid()
	}
	total, ok := intervalParts(m[2]+m[3], x.From, x.To)
	if !ok {
		invalid()
	}
	if (m[1] == "-") != x.Negative {
		total = -total
	}
	t := types.Type{Kind: types.IntervalDay}
	if x.From == "year" || x.From == "month" {
		t.Kind = types.IntervalYear
		if total > 1<<31-1 || total < -1<<31 {
			invalid()
		}
	}
	v := integerOf(total, t)
	return v
}

// intervalParts reads the parts of an interval from one unit to another: "2 03:00" day to minute. It returns milliseconds or months.
func intervalParts(s, from, to string) (int64, bool) {
	if to == "" {
		to = from
	}
	var units []string
	in := false
	for _, u := range unitOrder {
		if u == from {
			in = true
		}
		if in && (u != "week" || from == "week") {
			units = append(units, u)
		}
		if u == to {
			if !in {
				return 0, false
			}
			break
		}
	}
	total := new(big.Int)
	for i, u := range units {
		if i > 0 {
			between := map[string]string{"month": "-", "hour": " ", "minute": ":", "second": ":"}[u]
			rest, ok := strings.CutPrefix(s, between)
			if !ok || between == "" {
				return 0, false
			}
			s = rest
		}
		end := 0
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n, ok := new(big.Int).SetString(s[:end], 10)
		if !ok {
			return 0, false
		}
		s = s[end:]
		switch u {
		case "year":
			n.Mul(n, big.NewInt(12))
		case "month":
		default:
			n.Mul(n, big.NewInt(unitMillis[u]))
		}
		if u == "second" && strings.HasPrefix(s, ".") {
			fraction := s[1:]
			if len(fraction) == 0 || len(fraction) > 3 || strings.Trim(fraction, "0123456789") != "" {
				return 0, false
			}
			f, _ := strconv.ParseInt((fraction + "000")[:3], 10, 64)
			n.Add(n, big.NewInt(f))
			s = ""
		}
		total.Add(total, n)
	}
	return total.Int64(), s == "" && total.IsInt64()
}

// numberOf is a text of digits as a number.
func numberOf(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

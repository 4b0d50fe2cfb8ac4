package function

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"weir/internal/athenasql/types"
	"weir/internal/memo"
)

// datePart is a literal (field is 0) or a field of a pattern of dates: y year, Y year of era, x week-year, C century, G era, M month, d day, D day of
// the year, w week, e day of the week as a number, E as a text, a AM or PM, H hour from 0, k from 1, K of half a day from 0, h from 1, m minute,
// s second, S fraction, Z offset, z zone.
type datePart struct {
	field byte
	// digits are the least digits when it is written; most when it is read. name is how a text is written: 3 short, 4 full.
	digits, most, name int
	// pivot says that a year has two digits.
	pivot bool
	text  string
}

// datePattern is a format of dates read.
type datePattern []datePart

var (
	mysqlPatterns = memo.Cache[datePattern]{Make: parseMySQL}
	jodaPatterns  = memo.Cache[datePattern]{Make: parseJoda}
)

// mysqlCodes are the fields of the codes of date_format and date_parse.
var mysqlCodes = map[rune]datePart{
	'a': {field: 'E', name: 3}, 'W': {field: 'E', name: 4}, 'b': {field: 'M', name: 3}, 'M': {field: 'M', name: 4},
	'c': {field: 'M', digits: 1, most: 2}, 'm': {field: 'M', digits: 2, most: 2}, 'd': {field: 'd', digits: 2, most: 2}, 'e': {field: 'd', digits: 1, most: 2},
	'f': {field: 'S', digits: 6, most: 9}, 'H': {field: 'H', digits: 2, most: 2}, 'k': {field: 'H', digits: 1, most: 2}, 'h': {field: 'h', digits: 2, most: 2},
	'I': {field: 'h', digits: 2, most: 2}, 'l': {field: 'h', digits: 1, most: 2}, 'i': {field: 'm', digits: 2, most: 2}, 'j': {field: 'D', digits: 3, most: 3},
	'p': {field: 'a'}, 's': {field: 's', digits: 2, most: 2}, 'S': {field: 's', digits: 2, most: 2}, 'v': {field: 'w', digits: 2, most: 2},
	'x': {field: 'x', digits: 4, most: 4}, 'Y': {field: 'y', digits: 4, most: 4}, 'y': {field: 'y', digits: 2, most: 2, pivot: true},
}

// parseMySQL reads a format of date_format and date_parse.
//
// Source: Trino documentation, "Date and time functions", "MySQL date functions".
func parseMySQL(format string) (datePattern, error) {
	var p datePattern
	literal := func(s string) {
		if n := len(p); n > 0 && p[n-1].field == 0 {
			p[n-1].text += s
			return
		}
		p = append(p, datePart{text: s})
	}
	runes := []rune(strings.NewReplacer("%%", "%%", "%T", "%H:%i:%s", "%r", "%h:%i:%s %p").Replace(format))
	for i := 0; i < len(runes); i++ {
		if runes[i] != '%' {
			literal(string(runes[i]))
			continue
		}
		if i++; i == len(runes) {
			return nil, failed("Invalid format: '%s' ends in %%", format)
		}
		part, ok := mysqlCodes[runes[i]]
		switch {
		case ok:
			p = append(p, part)
		case strings.ContainsRune("wUuVXD", runes[i]):
			return nil, failed("%%%c not currently supported in date format string", runes[i])
		default:
			literal(string(runes[i]))
		}
	}
	return p, nil
}

// parseJoda reads a pattern of format_datetime and parse_datetime.
//
// Source: Joda-Time, DateTimeFormat.
func parseJoda(format string) (datePattern, error) {
	var p datePattern
	for s := format; s != ""; {
		c := s[0]
		if c == '\'' {
			text, rest := jodaQuoted(s)
			p, s = append(p, datePart{text: text}), rest
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			_, n := utf8.DecodeRuneInString(s)
			p, s = append(p, datePart{text: s[:n]}), s[n:]
			continue
		}
		n := len(s) - len(strings.TrimLeft(s, s[:1]))
		part, ok := jodaPart(c, n)
		if !ok {
			return nil, failed("the pattern letters %s are not supported in a date format: %s", s[:n], format)
		}
		p, s = append(p, part), s[n:]
	}
	if len(p) == 0 {
		return nil, failed("Invalid pattern specification")
	}
	for i := range p { // a number before another has as many digits as its letters
		if i+1 < len(p) && p[i].most > 0 && p[i+1].most > 0 {
			p[i].most = p[i].digits
		}
	}
	return p, nil
}

func jodaPart(c byte, n int) (datePart, bool) {
	name := min(max(n, 3), 4)
	switch c {
	case 'y', 'Y', 'x':
		if n == 2 {
			return datePart{field: c, digits: 2, most: 2, pivot: true}, c != 'x'
		}
		return datePart{field: c, digits: n, most: max(n, 9)}, true
	case 'M':
		if n >= 3 {
			return datePart{field: c, name: name}, true
		}
		return datePart{field: c, digits: n, most: 2}, true
	case 'E':
		return datePart{field: c, name: name}, true
	case 'a':
		return datePart{field: c}, true
	case 'd', 'w', 'H', 'k', 'K', 'h', 'm', 's':
		return datePart{field: c, digits: n, most: max(n, 2)}, true
	case 'D':
		return datePart{field: c, digits: n, most: max(n, 3)}, true
	case 'e':
		return datePart{field: c, digits: n, most: max(n, 1)}, true
	case 'S':
		// Joda writes at most 15 digits of a fraction, for which more letters are not taken.
		return datePart{field: c, digits: n, most: n}, n <= 15
	case 'Z':
		return datePart{field: c, name: min(n, 3)}, true
	}
	return datePart{}, false
}

// jodaQuoted reads a text in quotes. Joda takes one that is not closed.
func jodaQuoted(s string) (text, rest string) {
	if strings.HasPrefix(s, "''") {
		return "'", s[2:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] == '\'' {
			if strings.HasPrefix(s[i:], "''") {
				i++
			} else {
				return b.String(), s[i+1:]
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// format writes a time, which is in its zone, named as zone says.
func (p datePattern) format(t time.Time, zone string) string {
	var b strings.Builder
	for _, part := range p {
		part.write(&b, t, zone)
	}
	return b.String()
}

func (d datePart) write(b *strings.Builder, t time.Time, zone string) {
	number := func(n int) { fmt.Fprintf(b, "%0*d", d.digits, n) }
	year := func(n int) {
		if d.pivot {
			n = ((n % 100) + 100) % 100
		}
		number(n)
	}
	isoYear, week := t.ISOWeek()
	weekday := (int(t.Weekday())+6)%7 + 1
	switch d.field {
	case 0:
		b.WriteString(d.text)
	case 'y', 'Y':
		year(t.Year())
	case 'x':
		year(isoYear)
	case 'M':
		switch d.name {
		case 0:
			number(int(t.Month()))
		case 3:
			b.WriteString(t.Month().String()[:3])
		default:
			b.WriteString(t.Month().String())
		}
	case 'E':
		if d.name == 3 {
			b.WriteString(t.Weekday().String()[:3])
		} else {
			b.WriteString(t.Weekday().String())
		}
	case 'a':
		b.WriteString(t.Format("PM"))
	case 'd':
		number(t.Day())
	case 'D':
		number(t.YearDay())
	case 'w':
		number(week)
	case 'e':
		number(weekday)
	case 'H':
		number(t.Hour())
	case 'k':
		number((t.Hour()+23)%24 + 1)
	case 'K':
		number(t.Hour() % 12)
	case 'h':
		number((t.Hour()+11)%12 + 1)
	case 'm':
		number(t.Minute())
	case 's':
		number(t.Second())
	case 'S':
		// Milliseconds are all that Trino gives here.
		s := fmt.Sprintf("%03d", t.Nanosecond()/1_000_000)
		b.WriteString((s + strings.Repeat("0", d.digits))[:d.digits])
	case 'Z':
		switch d.name {
		case 1:
			b.WriteString(t.Format("-0700"))
		case 2:
			b.WriteString(t.Format("-07:00"))
		default:
			b.WriteString(zone)
		}
	}
}

// readDate is what was read of a text so far; -1 is nothing.
type readDate struct {
	year, weekYear, month, day, yearDay, week, weekday, hour, half, minute, second, nano int
	pm                                                                                   int
	zone                                                                                 string
}

// parse reads a text, all of which must match. The zone is "" where the pattern has none.
func (p datePattern) parse(s string) (t time.Time, zone string, err error) {
	d := readDate{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, ""}
	rest := s
	for _, part := range p {
		next, ok := part.read(&d, rest)
		if !ok {
			if rest == s || rest == "" {
				if rest == "" && s != "" {
					return t, "", failed(`Invalid format: "%s" is too short`, s)
				}
				return t, "", failed(`Invalid format: "%s"`, s)
			}
			return t, "", failed(`Invalid format: "%s" is malformed at "%s"`, s, rest)
		}
		rest = next
	}
	if rest != "" {
		return t, "", failed(`Invalid format: "%s" is malformed at "%s"`, s, rest)
	}
	t, ok := d.time()
	if !ok {
		return t, "", failed("Cannot parse \"%s\": a value is out of its range", s)
	}
	return t, d.zone, nil
}

func (d datePart) read(r *readDate, s string) (rest string, ok bool) {
	switch {
	case d.field == 0:
		if len(s) < len(d.text) || !strings.EqualFold(s[:len(d.text)], d.text) { // Joda's literals have no case
			return s, false
		}
		return s[len(d.text):], true
	case d.field == 'a':
		if len(s) < 2 || !strings.EqualFold(s[:2], "AM") && !strings.EqualFold(s[:2], "PM") {
			return s, false
		}
		r.pm = 0
		if strings.EqualFold(s[:1], "P") {
			r.pm = 1
		}
		return s[2:], true
	case d.field == 'Z':
		return readZone(r, s)
	case d.name > 0 && d.field == 'M':
		return readName(s, 12, func(i int) string { return time.Month(i + 1).String() }, func(i int) { r.month = i + 1 })
	case d.name > 0:
		return readName(s, 7, func(i int) string { return time.Weekday((i + 1) % 7).String() }, func(i int) { r.weekday = i + 1 })
	}
	n := 0
	for n < len(s) && n < d.most && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 {
		return s, false
	}
	v, err := strconv.Atoi(s[:n])
	if err != nil {
		return s, false
	}
	return s[n:], d.set(r, v, n)
}

func (d datePart) set(r *readDate, v, digits int) bool {
	if d.pivot && digits == 2 {
		if v += 2000; v >= 2070 { // 50 years on either side of 2020
			v -= 100
		}
	}
	switch d.field {
	case 'y', 'Y':
		r.year = v
	case 'x':
		r.weekYear = v
	case 'M':
		r.month = v
	case 'd':
		r.day = v
	case 'D':
		r.yearDay = v
	case 'w':
		r.week = v
	case 'e':
		r.weekday = v
	case 'H':
		r.hour = v
	case 'k':
		r.hour = v % 24
		return v >= 1 && v <= 24
	case 'K':
		r.half = v
		return v <= 11
	case 'h':
		r.half = v % 12
		return v >= 1 && v <= 12
	case 'm':
		r.minute = v
	case 's':
		r.second = v
	case 'S':
		for ; digits < 3; digits++ {
			v *= 10
		}
		for ; digits > 3; digits-- {
			v /= 10
		}
		r.nano = v * 1_000_000 // milliseconds, as Joda keeps
	}
	return true
}

// readName takes a name of months or days, in full or of three letters, whichever is longer.
func readName(s string, names int, name func(int) string, set func(int)) (rest string, ok bool) {
	for _, short := range []bool{false, true} {
		for i := range names {
			n := name(i)
			if short {
				n = n[:3]
			}
			if len(s) >= len(n) && strings.EqualFold(s[:len(n)], n) {
				set(i)
				return s[len(n):], true
			}
		}
	}
	return s, false
}

// readZone takes Z, an offset or a zone's name.
func readZone(r *readDate, s string) (rest string, ok bool) {
	if s == "" {
		return s, false
	}
	if s[0] == '+' || s[0] == '-' {
		digits, n := "", 1
		for n < len(s) && len(digits) < 4 && (s[n] >= '0' && s[n] <= '9' || s[n] == ':' && len(digits) == 2) {
			if s[n] != ':' {
				digits += s[n : n+1]
			}
			n++
		}
		switch len(digits) {
		case 2:
			digits += "00"
		case 4:
		default:
			return s, false
		}
		r.zone = s[:1] + digits[:2] + ":" + digits[2:]
		return s[n:], true
	}
	n := strings.IndexFunc(s, func(c rune) bool { return c == ' ' || c == ']' || c == ')' })
	if n < 0 {
		n = len(s)
	}
	if r.zone = s[:n]; r.zone == "Z" {
		r.zone = "UTC"
	}
	_, ok = types.KnownZone(r.zone)
	return s[n:], ok
}

// time returns the local time. A month or day alone is of the year 2000, a time alone of 1970-01-01, as Joda has it.
func (r readDate) time() (time.Time, bool) {
	at := func(v, otherwise int) int {
		if v < 0 {
			return otherwise
		}
		return v
	}
	year, month, day := r.year, r.month, r.day
	hour, minute, second := at(r.hour, 0), at(r.minute, 0), at(r.second, 0)
	if r.half >= 0 && r.hour < 0 {
		hour = r.half
	}
	if r.pm >= 0 && (r.half >= 0 || r.hour < 0) {
		hour = hour%12 + 12*r.pm
	}
	if hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	if year < 0 {
		if year = 1970; month >= 0 || day >= 0 {
			year = 2000
		}
	}
	var t time.Time
	clock := func(m, d int) time.Time {
		return time.Date(year, time.Month(m), d, hour, minute, second, at(r.nano, 0), time.UTC)
	}
	switch {
	case r.week >= 0 || r.weekYear >= 0:
		if r.month >= 0 || r.day >= 0 || r.yearDay >= 0 || r.week == 0 || r.week > 53 {
			return t, false
		}
		if r.weekYear >= 0 {
			year = r.weekYear
		}
		t = clock(1, 4) // it is always in week 1
		t = t.AddDate(0, 0, 7*(at(r.week, 1)-1)+at(r.weekday, 1)-((int(t.Weekday())+6)%7+1))
		got, _ := t.ISOWeek()
		return t, r.weekday != 0 && r.weekday <= 7 && got == year
	case r.yearDay >= 0:
		t = clock(1, r.yearDay)
		if r.month >= 0 || r.day >= 0 || r.yearDay == 0 || t.Year() != year {
			return t, false
		}
	default:
		month, day = at(month, 1), at(day, 1)
		t = clock(month, day)
		if int(t.Month()) != month || t.Day() != day {
			return t, false
		}
	}
	// A day of the week that the date is not would move the date in Joda.
	return t, r.weekday < 0 || r.weekday == (int(t.Weekday())+6)%7+1
}

package metastore

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/athenasql/types"
)

// date makes the dates of a range.
func (k keyProperties) date(key *projectedKey) error {
	if !key.typ.IsText() && key.typ.Kind != types.Date && key.typ.Kind != types.Timestamp {
		return k.wrong("type", "is date, but the key is a %s", key.Type)
	}
	pattern, ok := property(k.t.Properties, k.name("format"))
	if !ok {
		return k.wrong("format", "is missing")
	}
	form, err := readDateFormat(pattern)
	if err != nil {
		return k.wrong("format", "is %q: %v", pattern, err)
	}
	from, to, err := k.pair()
	if err != nil {
		return err
	}
	low, err := k.bound(from, form)
	if err != nil {
		return err
	}
	high, err := k.bound(to, form)
	if err != nil {
		return err
	}
	step, unit, err := k.interval(form)
	if err != nil {
		return err
	}
	write := form.write
	switch key.typ.Kind {
	case types.Date:
		write = func(t time.Time) string { return t.Format(time.DateOnly) }
		key.place = rewritten(time.DateOnly, form)
	case types.Timestamp:
		write = func(t time.Time) string { return t.Format(time.DateTime) }
		key.place = rewritten(time.DateTime, form)
	}
	key.values = func(now time.Time) []string {
		a, b := form.floor(low(now)), form.floor(high(now))
		var out []string
		for i := 0; len(out) < maxProjected; i++ {
			// From the beginning each time: a month after 31 January is not the end of February, and then its 28th for ever.
			t := unit.add(a, i*step)
			if t.After(b) {
				break
			}
			if text := write(t); len(out) == 0 || out[len(out)-1] != text {
				out = append(out, text)
			}
		}
		return out
	}
	// A bound that can be judged now: one that is not is judged at each query.
	if a, b := form.floor(low(time.Now())), form.floor(high(time.Now())); unit.count(a, b)/step > maxProjected {
		return k.wrong("range", "has more than %d values", maxProjected)
	}
	return nil
}

// rewritten returns what turns a value of a key's type to the form that locations have.
func rewritten(layout string, form *dateFormat) func(string) string {
	return func(value string) string {
		t, err := time.Parse(layout, value)
		if err != nil {
			return value
		}
		return form.write(t)
	}
}

// relative is a bound such as NOW-3YEARS.
var relative = regexp.MustCompile(`^NOW\s*(?:([+-])\s*([0-9]{1,9})\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?$`)

// bound reads one end of a range, which may depend on the time of the query.
func (k keyProperties) bound(text string, form *dateFormat) (func(now time.Time) time.Time, error) {
	if m := relative.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2])
		if m[1] == "-" {
			n = -n
		}
		unit := dateUnits[m[3]+"S"]
		return func(now time.Time) time.Time {
			if n == 0 {
				return now.UTC()
			}
			return unit.add(now.UTC(), n)
		}, nil
	}
	t, err := form.read(text)
	if err != nil {
		return nil, k.wrong("range", "has %q, which is neither a date of the form %q nor NOW with a span such as NOW-3YEARS", text, form.pattern)
	}
	return func(time.Time) time.Time { return t }, nil
}

// interval returns the step from date to date. It is a day or a month where nothing is said and the form has days or months.
func (k keyProperties) interval(form *dateFormat) (int, dateUnit, error) {
	name, hasUnit := k.get("interval.unit")
	_, hasStep := k.get("interval")
	step, err := k.number("interval", 1)
	if err != nil {
		return 0, dateUnit{}, err
	}
	if step > maxProjected {
		return 0, dateUnit{}, k.wrong("interval", "is %d", step)
	}
	finest := form.finest()
	if !hasUnit {
		if finest != "DAYS" && finest != "MONTHS" {
			which := "interval.unit"
			if !hasStep {
				which = "interval"
			}
			return 0, dateUnit{}, k.wrong(which, "is missing: only days and months need none, and the format %q has %s", form.pattern, strings.ToLower(finest))
		}
		name = finest
	}
	upper := strings.ToUpper(name)
	if !strings.HasSuffix(upper, "S") {
		upper += "S"
	}
	unit, ok := dateUnits[upper]
	if !ok {
		return 0, dateUnit{}, k.wrong("interval.unit", "is %q: YEARS, MONTHS, WEEKS, DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS is expected", name)
	}
	return int(step), unit, nil
}

// dateUnit is a step of dates: months of the calendar, or a span.
type dateUnit struct {
	months int
	span   time.Duration
}

// dateUnits are Java's ChronoUnits that Athena lists.
var dateUnits = map[string]dateUnit{
	"YEARS": {months: 12}, "MONTHS": {months: 1}, "WEEKS": {span: 7 * 24 * time.Hour}, "DAYS": {span: 24 * time.Hour}, "HOURS": {span: time.Hour},
	"MINUTES": {span: time.Minute}, "SECONDS": {span: time.Second}, "MILLISECONDS": {span: time.Millisecond}, "MILLIS": {span: time.Millisecond},
}

// add returns the time so many units later. A day that a month has not is its last one, as in Java.
func (u dateUnit) add(t time.Time, n int) time.Time {
	if u.months == 0 {
		return t.Add(time.Duration(n) * u.span)
	}
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n*u.months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

// count returns about how many units lie between two times.
func (u dateUnit) count(a, b time.Time) int {
	span := u.span
	if u.months > 0 {
		span = time.Duration(u.months) * 28 * 24 * time.Hour
	}
	return int(b.Sub(a) / span)
}

// dateFormat is a pattern of Java's DateTimeFormatter, of those letters that dates in folders have.
type dateFormat struct {
	pattern string
	parts   []datePart
}

// datePart is a run of one letter, or a text between such (letter 0).
type datePart struct {
	letter byte
	count  int
	text   string
}

// readDateFormat reads a pattern (Java, DateTimeFormatter, "Patterns for Formatting and Parsing").
func readDateFormat(pattern string) (*dateFormat, error) {
	f := &dateFormat{pattern: pattern}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("a quote has no end")
			}
			text := pattern[i+1 : i+1+end]
			if text == "" {
				text = "'"
			}
			f.parts = append(f.parts, datePart{text: text})
			i += end + 2
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			p := datePart{letter: c, count: n}
			if err := p.check(); err != nil {
				return nil, err
			}
			f.parts = append(f.parts, p)
			i += n
		case strings.IndexByte("[]{}#", c) >= 0:
			return nil, fmt.Errorf("%q is not supported", c)
		default:
			f.parts = append(f.parts, datePart{text: string(c)})
			i++
		}
	}
	has := func(letters string) bool {
		return slices.ContainsFunc(f.parts, func(p datePart) bool { return p.letter != 0 && strings.IndexByte(letters, p.letter) >= 0 })
	}
	switch {
	case !has("yu"):
		return nil, fmt.Errorf("it has no year (yyyy)")
	case has("d") && !has("M"), has("H") && !has("dD"), has("m") && !has("H"), has("s") && !has("m"), has("S") && !has("s"):
		return nil, fmt.Errorf("it leaves out a unit between two that it has")
	}
	return f, nil
}

// check refuses letters that are not supported.
func (p datePart) check() error {
	most := map[byte]int{'y': 4, 'u': 4, 'M': 2, 'd': 2, 'H': 2, 'm': 2, 's': 2, 'S': 3}[p.letter]
	switch {
	case most == 0:
		return fmt.Errorf("the letter %s is not supported; y, M, d, H, m, s and S are", strings.Repeat(string(p.letter), p.count))
	case p.count > most, (p.letter == 'y' || p.letter == 'u') && p.count == 3:
		return fmt.Errorf("%s is not supported", strings.Repeat(string(p.letter), p.count))
	}
	return nil
}

// finest returns the smallest unit that the form has.
func (f *dateFormat) finest() string {
	for _, u := range []struct {
		letter byte
		unit   string
	}{{'S', "MILLISECONDS"}, {'s', "SECONDS"}, {'m', "MINUTES"}, {'H', "HOURS"}, {'d', "DAYS"}, {'M', "MONTHS"}} {
		if slices.ContainsFunc(f.parts, func(p datePart) bool { return p.letter == u.letter }) {
			return u.unit
		}
	}
	return "YEARS"
}

// floor cuts off what the form does not have.
func (f *dateFormat) floor(t time.Time) time.Time {
	y, m, d := t.Date()
	switch f.finest() {
	case "YEARS":
		return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	case "MONTHS":
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case "DAYS":
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	default:
		return t.Truncate(dateUnits[f.finest()].span)
	}
}

// write writes a time.
func (f *dateFormat) write(t time.Time) string {
	var b []byte
	for _, p := range f.parts {
		switch p.letter {
		case 0:
			b = append(b, p.text...)
		case 'y', 'u':
			if p.count == 2 {
				b = appendPadded(b, t.Year()%100, 2)
				continue
			}
			b = appendPadded(b, t.Year(), p.count)
		case 'M':
			b = appendPadded(b, int(t.Month()), p.count)
		case 'd':
			b = appendPadded(b, t.Day(), p.count)
		case 'H':
			b = appendPadded(b, t.Hour(), p.count)
		case 'm':
			b = appendPadded(b, t.Minute(), p.count)
		case 's':
			b = appendPadded(b, t.Second(), p.count)
		case 'S':
			b = append(b, fmt.Sprintf("%09d", t.Nanosecond())[:p.count]...)
		}
	}
	return string(b)
}

func appendPadded(b []byte, n, digits int) []byte {
	return append(b, padded(int64(n), digits)...)
}

// read reads a text of the form.
func (f *dateFormat) read(text string) (time.Time, error) {
	bad := fmt.Errorf("%q is no date of the form %q", text, f.pattern)
	v := map[byte]int{'y': 1970, 'M': 1, 'd': 1}
	rest := text
	for i, p := range f.parts {
		if p.letter == 0 {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, p.text); !ok {
				return time.Time{}, bad
			}
			continue
		}
		// A letter that stands alone takes all digits that follow, unless digits follow it in the form.
		n := 0
		wide := p.count == 1 && (i+1 == len(f.parts) || f.parts[i+1].letter == 0)
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' && (n < p.count || wide && n < 4) {
			n++
		}
		if n < p.count {
			return time.Time{}, bad
		}
		number, _ := strconv.Atoi(rest[:n])
		rest = rest[n:]
		switch p.letter {
		case 'u', 'y':
			if p.count == 2 {
				number += 2000
			}
			v['y'] = number
		case 'S':
			for range 9 - n {
				number *= 10
			}
			v['S'] = number
		default:
			v[p.letter] = number
		}
	}
	t := time.Date(v['y'], time.Month(v['M']), v['d'], v['H'], v['m'], v['s'], v['S'], time.UTC)
	if rest != "" || t.Month() != time.Month(v['M']) || t.Day() != v['d'] || t.Hour() != v['H'] || t.Minute() != v['m'] || t.Second() != v['s'] {
		return time.Time{}, bad
	}
	return t, nil
}

package value

import (
	"fmt"
	"strings"
	"time"
)

// A datePattern is a date pattern of Java: literals and fields in order.
type datePattern struct{ items []dateItem }

// A dateItem is a literal (letter is 0) or a field.
type dateItem struct {
	letter byte
	count  int
	text   string
}

// parseDatePattern reads a pattern of java.time.format.DateTimeFormatter. Known are y, u, M, L, d, D, H, k, h, K, a, m, s,
// S, E, X, x, Z and z, and texts in single quotes; what tells no date is refused, and what is left is by name.
func parseDatePattern(s string) (*datePattern, error) {
	p := &datePattern{}
	has := map[byte]bool{}
	for s != "" {
		c := s[0]
		switch {
		case c == '\'':
			text, rest, err := quoted(s)
			if err != nil {
				return nil, err
			}
			p.items = append(p.items, dateItem{text: text})
			s = rest
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := len(s) - len(strings.TrimLeft(s, string(c)))
			if longest := dateLetters[c]; n > longest {
				return nil, fmt.Errorf("%s is no field of a date pattern that is supported", s[:n])
			}
			p.items = append(p.items, dateItem{letter: c, count: n})
			has[c] = true
			s = s[n:]
		case strings.IndexByte("[]{}#", c) >= 0:
			return nil, fmt.Errorf("%c is not supported in a date pattern; between single quotes it stands for itself", c)
		default:
			n := strings.IndexFunc(s, func(r rune) bool {
				return r == '\'' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("[]{}#", r)
			})
			if n < 0 {
				n = len(s)
			}
			p.items = append(p.items, dateItem{text: s[:n]})
			s = s[n:]
		}
	}
	day := (has['M'] || has['L']) && has['d'] || has['D']
	switch {
	case !has['y'] && !has['u'] || !day:
		return nil, fmt.Errorf("the pattern tells no date: it needs a year, and a month and a day or a day of the year")
	case (has['h'] || has['K']) && !has['a']:
		return nil, fmt.Errorf("the hour of h and K needs a (AM or PM); H is the hour of the day")
	}
	return p, nil
}

// dateLetters are the letters of fields, with how often they may stand in a row.
var dateLetters = map[byte]int{
	'y': 4, 'u': 4, 'M': 4, 'L': 4, 'd': 2, 'D': 3, 'H': 2, 'k': 2, 'h': 2, 'K': 2, 'a': 1, 'm': 2, 's': 2, 'S': 9,
	'E': 4, 'X': 3, 'x': 3, 'Z': 3, 'z': 1,
}

// quoted reads a text in single quotes, in which two of them stand for one; two alone stand for one too.
func quoted(s string) (text, rest string, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", s[2:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), s[i+1:], nil
	}
	return "", "", fmt.Errorf("a single quote of the pattern is not closed")
}

// A date is what was read of a text so far.
type date struct {
	year, month, day, yearDay, hour, minute, second, nano int
	pm                                                    bool
	weekday                                               int // -1: none
	zone                                                  *time.Location
	half                                                  bool // the hour is of half a day
}

// parse reads a text, all of which must match, and returns the time in milliseconds since the epoch; zone counts where
// the text has none. A date that does not exist is none.
func (p *datePattern) parse(s string, zone *time.Location) (int64, bool) {
	d := date{month: 1, day: 1, yearDay: -1, weekday: -1, zone: zone}
	for i, item := range p.items {
		if item.letter == 0 {
			rest, ok := strings.CutPrefix(s, item.text)
			if !ok {
				return 0, false
			}
			s = rest
			continue
		}
		// A number before another number has as many digits as its letters.
		adjacent := i+1 < len(p.items) && isNumeric(p.items[i+1])
		rest, ok := d.read(item, s, adjacent)
		if !ok {
			return 0, false
		}
		s = rest
	}
	if s != "" {
		return 0, false
	}
	return d.millis()
}

func isNumeric(i dateItem) bool {
	switch i.letter {
	case 'y', 'u', 'd', 'D', 'H', 'k', 'h', 'K', 'm', 's', 'S':
		return true
	case 'M', 'L':
		return i.count < 3
	}
	return false
}

func (d *date) millis() (int64, bool) {
	hour := d.hour
	if d.half {
		hour %= 12
		if d.pm {
			hour += 12
		}
	}
	if hour > 24 || d.minute > 59 || d.second > 59 || hour == 24 && d.minute+d.second+d.nano > 0 {
		return 0, false
	}
	month, day := time.Month(d.month), d.day
	if d.yearDay >= 0 {
		month, day = time.January, d.yearDay
	}
	t := time.Date(d.year, month, day, 0, 0, 0, 0, time.UTC)
	exists := t.Month() == month && t.Day() == day
	if d.yearDay >= 0 {
		exists = d.yearDay > 0 && t.Year() == d.year
	}
	if !exists || d.weekday >= 0 && d.weekday != int(t.Weekday()) {
		return 0, false
	}
	t = time.Date(d.year, month, day, hour, d.minute, d.second, d.nano, d.zone)
	return t.UnixMilli(), true
}

// read takes a field from the beginning of a text.
func (d *date) read(item dateItem, s string, adjacent bool) (rest string, ok bool) {
	if isNumeric(item) {
		return d.readNumber(item, s, adjacent)
	}
	switch item.letter {
	case 'M', 'L':
		return readName(s, func(i int) string { return time.Month(i + 1).String() }, 12, item.count, func(i int) { d.month = i + 1 })
	case 'E':
		return readName(s, func(i int) string { return time.Weekday(i).String() }, 7, item.count, func(i int) { d.weekday = i })
	case 'a':
		if len(s) < 2 || !equalFold(s[:2], "AM") && !equalFold(s[:2], "PM") {
			return s, false
		}
		d.pm = equalFold(s[:2], "PM")
		return s[2:], true
	}
	return d.readZone(item, s)
}

// readName takes a name of months or days from the beginning of a text: of up to three letters where count is at most 3.
func readName(s string, name func(int) string, names, count int, set func(int)) (rest string, ok bool) {
	for i := range names {
		n := name(i)
		if count <= 3 {
			n = n[:3]
		}
		if len(s) >= len(n) && equalFold(s[:len(n)], n) {
			set(i)
			return s[len(n):], true
		}
	}
	return s, false
}

func (d *date) readZone(item dateItem, s string) (rest string, ok bool) {
	if item.letter == 'z' {
		end := strings.IndexFunc(s, func(r rune) bool { return r == ' ' || r == ']' || r == ')' })
		if end < 0 {
			end = len(s)
		}
		zone, err := zones.Get(s[:end])
		if err != nil {
			return s, false
		}
		d.zone = zone
		return s[end:], true
	}
	if item.letter == 'X' && strings.HasPrefix(s, "Z") {
		d.zone = time.UTC
		return s[1:], true
	}
	seconds, rest, ok := parseOffset(s, item.letter != 'Z' && item.count == 1)
	colon := len(s) > 3 && s[3] == ':'
	if !ok || colon != (item.count == 3 && item.letter != 'Z') {
		return s, false
	}
	d.zone = time.FixedZone("", seconds)
	return rest, true
}

func (d *date) readNumber(item dateItem, s string, adjacent bool) (rest string, ok bool) {
	least, most := item.count, item.count
	switch {
	case adjacent || item.count > 1:
	case item.letter == 'y' || item.letter == 'u':
		most = 5
	case item.letter == 'D':
		most = 3
	case item.letter != 'S':
		most = 2
	}
	n, digits := 0, 0
	for digits < len(s) && digits < most && isDigit(s[digits]) {
		n = 10*n + int(s[digits]-'0')
		digits++
	}
	if digits < least {
		return s, false
	}
	rest, ok = s[digits:], true
	switch item.letter {
	case 'y', 'u':
		if item.count == 2 {
			n += 2000
		}
		d.year = n
	case 'M', 'L':
		d.month = n
	case 'd':
		d.day = n
	case 'D':
		d.yearDay = n
	case 'H':
		d.hour, ok = n, n <= 23
	case 'k':
		d.hour, ok = n%24, n >= 1 && n <= 24
	case 'h':
		d.hour, d.half, ok = n, true, n >= 1 && n <= 12
	case 'K':
		d.hour, d.half, ok = n, true, n <= 11
	case 'm':
		d.minute = n
	case 's':
		d.second = n
	case 'S':
		for range 9 - digits {
			n *= 10
		}
		d.nano = n
	}
	return rest, ok
}

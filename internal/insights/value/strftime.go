package value

import (
	"fmt"
	"strings"
	"time"
)

// A timeFormat is a format of strftime: pieces that each write a part of a time.
type timeFormat struct{ pieces []func(time.Time) string }

// parseTimeFormat reads a format of strftime. It refuses letters that POSIX does not name, and modifiers.
func parseTimeFormat(s string) (*timeFormat, error) {
	f := &timeFormat{}
	for s != "" {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			at = len(s)
		}
		if at > 0 {
			literal := s[:at]
			f.pieces = append(f.pieces, func(time.Time) string { return literal })
			s = s[at:]
			continue
		}
		if len(s) == 1 {
			return nil, fmt.Errorf("the format ends with a single %%")
		}
		letter := []rune(s[1:])[0]
		piece, ok := strftimeLetters[letter]
		if !ok {
			return nil, fmt.Errorf("%%%c is no letter of strftime that is supported", letter)
		}
		f.pieces = append(f.pieces, piece)
		s = s[1+len(string(letter)):]
	}
	return f, nil
}

func (f *timeFormat) format(t time.Time) string {
	var b strings.Builder
	for _, p := range f.pieces {
		b.WriteString(p(t))
	}
	return b.String()
}

func layout(l string) func(time.Time) string {
	return func(t time.Time) string { return t.Format(l) }
}

func digits(format string, of func(time.Time) int) func(time.Time) string {
	return func(t time.Time) string { return fmt.Sprintf(format, of(t)) }
}

func hour12(t time.Time) int { return (t.Hour()+11)%12 + 1 }

// weekOf counts weeks of the year that begin with a day: days before the first such day are in week 0.
func weekOf(first time.Weekday) func(time.Time) int {
	return func(t time.Time) int {
		return (t.YearDay() + 6 - (int(t.Weekday())-int(first)+7)%7) / 7
	}
}

func isoYear(t time.Time) int { y, _ := t.ISOWeek(); return y }
func isoWeek(t time.Time) int { _, w := t.ISOWeek(); return w }

// strftimeLetters are the conversions of POSIX in the C locale, with %k, %l, %s and %L (milliseconds), which
// implementations commonly have beside them.
var strftimeLetters = map[rune]func(time.Time) string{
	'%': layout("%"),
	'n': func(time.Time) string { return "\n" },
	't': func(time.Time) string { return "\t" },
	'a': layout("Mon"),
	'A': layout("Monday"),
	'b': layout("Jan"),
	'h': layout("Jan"),
	'B': layout("January"),
	'c': layout("Mon Jan _2 15:04:05 2006"),
	'C': digits("%02d", func(t time.Time) int { return t.Year() / 100 }),
	'd': layout("02"),
	'D': layout("01/02/06"),
	'e': layout("_2"),
	'F': layout("2006-01-02"),
	'g': digits("%02d", func(t time.Time) int { return isoYear(t) % 100 }),
	'G': digits("%04d", isoYear),
	'H': layout("15"),
	'I': digits("%02d", hour12),
	'j': digits("%03d", time.Time.YearDay),
	'k': digits("%2d", time.Time.Hour),
	'l': digits("%2d", hour12),
	'L': digits("%03d", func(t time.Time) int { return t.Nanosecond() / 1e6 }),
	'm': layout("01"),
	'M': layout("04"),
	'p': layout("PM"),
	'r': layout("03:04:05 PM"),
	'R': layout("15:04"),
	's': digits("%d", func(t time.Time) int { return int(t.Unix()) }),
	'S': layout("05"),
	'T': layout("15:04:05"),
	'u': digits("%d", func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }),
	'U': digits("%02d", weekOf(time.Sunday)),
	'V': digits("%02d", isoWeek),
	'w': digits("%d", func(t time.Time) int { return int(t.Weekday()) }),
	'W': digits("%02d", weekOf(time.Monday)),
	'x': layout("01/02/06"),
	'X': layout("15:04:05"),
	'y': layout("06"),
	'Y': digits("%04d", time.Time.Year),
	'z': layout("-0700"),
	'Z': layout("MST"),
}

package filter

import (
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
)

// operand reads the token of a value, or two: a date and a time of day, a number and
// a unit. They come as one token, with the parts joined as if there was no space.
func (p *parser) operand(on target, operator token) (token, *Error) {
	t := p.next()
	if t.kind != wordToken && t.kind != quotedToken || isReserved(t) {
		return t, p.missingValue(t, operator)
	}
	after := p.peek()
	if t.kind != wordToken || after.kind != wordToken {
		return t, nil
	}
	joint := ""
	switch c := on.class(); {
	case c.times() && isDate(t.text) && startsWithHour.MatchString(after.text):
		joint = "T"
	case c != bytesClass || !isNumber(t.text) || sizes[strings.ToLower(after.text)] == 0:
		return t, nil
	}
	p.next()
	return token{wordToken, t.text + joint + after.text, t.from, after.to}, nil
}

var (
	dateForm       = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	startsWithHour = regexp.MustCompile(`^\d\d:\d\d`)
	timeForm       = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?$`)
	sizeForm       = regexp.MustCompile(`^(\d+(?:\.\d+)?)([A-Za-z]*)$`)
)

func isDate(s string) bool { return dateForm.MatchString(s) }

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

// sizes are the units of bytes in lower case.
var sizes = map[string]int64{
	"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// value returns the value that a token is for a target, as expressions hold it.
func (p *parser) value(on target, t token) (any, *Error) {
	if t.kind == wordToken && t.text == "-" {
		return nil, fault(t, "- is how logs write that a field is absent", fmt.Sprintf("write %s is absent", on.name))
	}
	f := on.fields[0]
	switch f.class {
	case textClass:
		if word, ok := fold(t.text, f.words()); ok && t.kind == wordToken {
			return word, nil
		}
		return t.text, nil
	case closedClass:
		word, ok := fold(t.text, f.words())
		if !ok {
			return nil, fault(t, fmt.Sprintf("%s is no %s", t, f.name), didYouMean(t, f.words(), on))
		}
		return word, nil
	case addrClass:
		return addrValue(on, t)
	case epochClass, timeClass:
		return p.options.timeValue(on, t)
	case bytesClass:
		return sizeValue(on, t)
	default:
		return numberValue(on, t)
	}
}

// didYouMean offers the word that is near, else says what the target takes.
func didYouMean(t token, words []string, on target) string {
	if near := nearest(t.text, words); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return takes(on)
}

// takes says what values a target takes.
func takes(on target) string {
	about := on.fields[0].about
	switch on.class() {
	case closedClass:
		last := len(about.Values) - 1
		return fmt.Sprintf("%s takes %s or %s", on.name, strings.Join(about.Values[:last], ", "), about.Values[last])
	case addrClass:
		return on.name + " takes an address or a CIDR, such as 10.0.0.0/8"
	case portClass:
		return fmt.Sprintf("%s takes a number from 0 to %d or a service name, such as ssh", on.name, about.Max)
	case protocolClass:
		return fmt.Sprintf("%s takes a number from 0 to %d or a name, such as tcp", on.name, about.Max)
	case bytesClass:
		return on.name + " takes a whole number or a size, such as 10MB or 10MiB"
	case epochClass, timeClass:
		return on.name + " takes a time, such as 2026-03-02T10:00, or seconds since the epoch"
	case numberClass:
		return fmt.Sprintf("%s takes a whole number up to %d", on.name, about.Max)
	default:
		return on.name + " takes text"
	}
}

// addrValue reads an address and returns it as flowlog writes addresses.
func addrValue(on target, t token) (any, *Error) {
	a, err := netip.ParseAddr(t.text)
	if err == nil && a.Zone() == "" {
		return a.String(), nil
	}
	if _, err := netip.ParsePrefix(t.text); err == nil {
		return nil, fault(t, fmt.Sprintf("%s is a network", t), fmt.Sprintf("write %s in %s", on.name, t.text))
	}
	return nil, fault(t, fmt.Sprintf("%s is no address", t), takes(on))
}

// numberValue reads a number, or a name that stands for one.
func numberValue(on target, t token) (any, *Error) {
	f := on.fields[0]
	names := map[class][]flowlog.NamedNumber{portClass: flowlog.Services(), protocolClass: flowlog.Protocols()}[f.class]
	for _, n := range names {
		if strings.EqualFold(n.Name, t.text) {
			return n.Number, nil
		}
	}
	n, err := strconv.ParseUint(t.text, 10, 63)
	if err != nil || int64(n) > f.about.Max {
		return nil, fault(t, fmt.Sprintf("%s is no value of %s", t, on.name), didYouMean(t, namesOf(names), on))
	}
	return int64(n), nil
}

// sizeValue reads a number of bytes, with a unit or without.
func sizeValue(on target, t token) (any, *Error) {
	m := sizeForm.FindStringSubmatch(t.text)
	if m == nil {
		return nil, fault(t, fmt.Sprintf("%s is no size", t), takes(on))
	}
	unit, ok := sizes[strings.ToLower(m[2])]
	if m[2] == "" {
		unit, ok = 1, true
	}
	if !ok {
		return nil, fault(t, fmt.Sprintf("%q is no unit", m[2]), "units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB")
	}
	size, _ := new(big.Rat).SetString(m[1])
	size.Mul(size, new(big.Rat).SetInt64(unit))
	if !size.IsInt() || !size.Num().IsInt64() {
		return nil, fault(t, fmt.Sprintf("%s is no whole number of bytes", t), takes(on))
	}
	return size.Num().Int64(), nil
}

// lastSecond is the end of the year 9999.
const lastSecond = 253402300799

// timeValue reads a time: an int64 of seconds for the fields that hold those, else
// a time.Time.
func (o Options) timeValue(on target, t token) (any, *Error) {
	var seconds int64
	if n, err := strconv.ParseUint(t.text, 10, 63); err == nil {
		seconds = int64(n)
	} else {
		moment, err := o.moment(on, t)
		if err != nil {
			return nil, err
		}
		seconds = moment.Unix()
	}
	switch {
	case seconds > lastSecond:
		return nil, fault(t, fmt.Sprintf("%s lies behind the year 9999", t), "times are seconds since the epoch, not milliseconds")
	case seconds < 0:
		return nil, fault(t, fmt.Sprintf("%s lies before 1970", t), "")
	case on.class() == timeClass:
		return time.Unix(seconds, 0).UTC(), nil
	}
	return seconds, nil
}

// moment reads a time that is written as date and time of day.
func (o Options) moment(on target, t token) (time.Time, *Error) {
	m := timeForm.FindStringSubmatch(t.text)
	if m == nil {
		return time.Time{}, fault(t, fmt.Sprintf("%s is no time", t), takes(on))
	}
	date, minute, second, fraction, zone := m[1], m[2], m[3], m[4], strings.ToUpper(m[5])
	if strings.Trim(fraction, ".0") != "" {
		return time.Time{}, fault(t, fmt.Sprintf("%s has a fraction of a second", t), "flow logs have whole seconds")
	}
	if minute == "" {
		minute = "00:00"
	}
	if second == "" {
		second = ":00"
	}
	text := date + "T" + minute + second
	if zone != "" {
		moment, err := time.Parse(time.RFC3339, text+zone)
		if err != nil {
			return time.Time{}, fault(t, fmt.Sprintf("%s is no time", t), "there is no such date or time of day")
		}
		return moment, nil
	}
	moments := o.inZone(text)
	switch {
	case len(moments) == 1:
		return moments[0], nil
	case len(moments) > 1:
		return time.Time{}, fault(t, fmt.Sprintf("%s is twice in %s, where clocks are set back", t, o.Zone),
			fmt.Sprintf("write %s or %s", moments[0].Format(time.RFC3339), moments[1].Format(time.RFC3339)))
	}
	return time.Time{}, fault(t, fmt.Sprintf("%s does not exist in %s", t, o.Zone), "there is no such date or time of day")
}

// inZone returns the moments at which a local time without zone is in the options'
// zone: none where it is no time or clocks skip it, two where they are set back.
func (o Options) inZone(text string) []time.Time {
	const form = "2006-01-02T15:04:05"
	wall, err := time.Parse(form, text) // as if in UTC
	if err != nil {
		return nil
	}
	var out []time.Time
	// Clocks are not changed twice within two days, so that the offsets of the
	// day before and of the day behind are all that can count.
	for _, hours := range []time.Duration{-24, 24} {
		_, offset := wall.Add(hours * time.Hour).In(o.Zone).Zone()
		moment := wall.Add(-time.Duration(offset) * time.Second).In(o.Zone)
		if moment.Format(form) == text && (len(out) == 0 || !out[0].Equal(moment)) {
			out = append(out, moment)
		}
	}
	return out
}

// checkRegexp returns what is wrong with a regular expression, or "".
func checkRegexp(s string) string {
	_, err := regexp.Compile(s)
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

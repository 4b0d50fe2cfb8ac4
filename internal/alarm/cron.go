package alarm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The years that cron may name.
const (
	firstYear = 1970
	lastYear  = 2199
)

var (
	monthNames   = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// parseCron reads the six fields of cron; place is the field that err is of.
func parseCron(fields []string) (c *cron, place int, err error) {
	c = &cron{}
	for i, f := range []struct {
		to          *uint64
		first, last int
		names       []string
	}{
		{&c.minutes, 0, 59, nil}, {&c.hours, 0, 23, nil}, {&c.days, 1, 31, nil}, {&c.months, 1, 12, monthNames}, {&c.weekdays, 1, 7, weekdayNames},
	} {
		text := fields[i]
		switch {
		case text == "?" && i == 2:
			c.anyDay = true
		case text == "?" && i == 4:
			c.anyWeekday = true
		case text == "L" && i == 2:
			c.last = true
		default:
			err = eachValue(text, f.first, f.last, f.names, func(v int) { *f.to |= 1 << v })
		}
		if err != nil {
			return nil, i, err
		}
	}
	if c.anyDay == c.anyWeekday {
		return nil, 4, errors.New("and the day of the month: just one of them is ?")
	}
	if fields[5] != "*" {
		c.years = map[int]bool{}
		if err := eachValue(fields[5], firstYear, lastYear, nil, func(v int) { c.years[v] = true }); err != nil {
			return nil, 5, err
		}
	}
	return c, 0, nil
}

// eachValue calls add with each value of a field: a list of values, ranges and *, each with a step behind / where it has one.
func eachValue(text string, first, last int, names []string, add func(int)) error {
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > last {
				return fmt.Errorf("has %q, which is no step from 1 to %d", stepText, last)
			}
		}
		from, to := first, last
		if span != "*" {
			fromText, toText, ranged := strings.Cut(span, "-")
			var err error
			if from, err = fieldValue(fromText, first, last, names); err != nil {
				return err
			}
			switch {
			case ranged:
				if to, err = fieldValue(toText, first, last, names); err != nil {
					return err
				}
			case !stepped:
				to = from
			}
		}
		if to < from {
			return fmt.Errorf("has %q, a range that ends before it begins", span)
		}
		for v := from; v <= to; v += step {
			add(v)
		}
	}
	return nil
}

// fieldValue reads one value, a number or a name.
func fieldValue(text string, first, last int, names []string) (int, error) {
	for i, name := range names {
		if strings.EqualFold(text, name) {
			return first + i, nil
		}
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < first || v > last {
		return 0, fmt.Errorf("has %q, which is nothing from %d to %d that weir takes here", text, first, last)
	}
	return v, nil
}

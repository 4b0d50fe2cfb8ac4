package alarm

import (
	"strings"
	"testing"
	"time"
)

func at(text string) int64 {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

// TestSchedules has the samples of AWS's pages about schedules among its lines.
func TestSchedules(t *testing.T) {
	for _, test := range []struct{ schedule, after, want string }{
		{"rate(1 minute)", "2026-03-01 10:00:00", "2026-03-01 10:01:00"},
		{"rate(5 minutes)", "2026-03-01 10:03:20", "2026-03-01 10:05:00"},
		{"rate(5 minutes)", "2026-03-01 10:05:00", "2026-03-01 10:10:00"},
		{"rate(1 hour)", "2026-03-01 10:05:00", "2026-03-01 11:00:00"},
		{"rate(7 days)", "2026-03-01 10:05:00", "2026-03-05 00:00:00"},
		{"cron(0 10 * * ? *)", "2026-03-01 10:00:00", "2026-03-02 10:00:00"},
		{"cron(15 12 * * ? *)", "2026-03-01 10:00:00", "2026-03-01 12:15:00"},
		{"cron(0 18 ? * MON-FRI *)", "2026-02-27 18:00:00", "2026-03-02 18:00:00"}, // from a Friday to a Monday
		{"cron(0 8 1 * ? *)", "2026-03-01 10:00:00", "2026-04-01 08:00:00"},
		{"cron(0/15 * * * ? *)", "2026-03-01 10:31:00", "2026-03-01 10:45:00"},
		{"cron(0/10 * ? * MON-FRI *)", "2026-03-01 10:31:00", "2026-03-02 00:00:00"},
		{"cron(0/5 8-17 ? * mon-fri *)", "2026-03-02 17:55:00", "2026-03-03 08:00:00"},
		{"cron(0 0 L * ? *)", "2026-02-01 00:00:00", "2026-02-28 00:00:00"},
		{"cron(0 0 L * ? *)", "2028-02-01 00:00:00", "2028-02-29 00:00:00"},
		{"cron(0 0 29 2 ? *)", "2026-03-01 00:00:00", "2028-02-29 00:00:00"},
		{"cron(30 6,18 * JAN,jul ? 2027-2030/2)", "2027-07-31 18:30:00", "2029-01-01 06:30:00"},
		{"cron(59 23 31 12 ? *)", "2026-12-31 23:59:00", "2027-12-31 23:59:00"},
		{"cron(0 9 ? * 1 *)", "2026-03-02 00:00:00", "2026-03-08 09:00:00"}, // 1 is Sunday
		{"cron(0 12 ? * * *)", "2026-03-02 12:00:00", "2026-03-03 12:00:00"},
	} {
		s, err := ParseSchedule(test.schedule)
		if err != nil {
			t.Errorf("%s: %v", test.schedule, err)
			continue
		}
		if got, found := s.Next(at(test.after)); !found || got != at(test.want) {
			t.Errorf("%s after %s: %s, not %s", test.schedule, test.after, time.Unix(got, 0).UTC(), test.want)
		}
	}
	s, err := ParseSchedule("cron(0 0 1 1 ? 2027)")
	if err != nil {
		t.Fatal(err)
	}
	if next, found := s.Next(at("2027-01-01 00:00:00")); found {
		t.Errorf("a schedule that is over comes at %d", next)
	}
}

func TestWrongSchedules(t *testing.T) {
	for schedule, want := range map[string]string{
		"":                          "neither rate(5 minutes) nor cron",
		"5 minutes":                 "neither",
		"at(2026-01-01T00:00:00)":   "neither",
		"rate(0 minutes)":           "at least 1",
		"rate(1 minutes)":           "1 takes minute",
		"rate(5 minute)":            "more take minutes",
		"rate(5 weeks)":             "neither",
		"rate(-5 minutes)":          "neither",
		"rate(9999999999 minutes)":  "neither",
		"cron(* * * *)":             "six fields",
		"cron(60 * * * ? *)":        `field 1, "60", has "60", which is nothing from 0 to 59`,
		"cron(0 24 * * ? *)":        "field 2",
		"cron(0 0 0 * ? *)":         "field 3",
		"cron(0 0 15W * ? *)":       `field 3, "15W"`,
		"cron(0 0 ? * 6#3 *)":       `field 5, "6#3"`,
		"cron(0 0 ? * 6L *)":        `field 5, "6L"`,
		"cron(0 0 * 13 ? *)":        "field 4",
		"cron(0 0 * * * *)":         "just one of them is ?",
		"cron(0 0 ? * ? *)":         "just one of them is ?",
		"cron(0 0 * * ? 1969)":      "field 6",
		"cron(5-2 0 * * ? *)":       "ends before it begins",
		"cron(0/0 0 * * ? *)":       "no step",
		"cron(,0 0 * * ? *)":        "field 1",
		"cron(0 0 31 2 ? *)":        "never comes",
		"cron(? 0 * * ? *)":         "field 1",
		"cron(0 0 L,1 * ? *)":       "field 3",
		"CRON(0 0 * * ? *)":         "neither",
		"cron(0 0 * * ? *) and so.": "neither",
	} {
		if _, err := ParseSchedule(schedule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %s", schedule, err, want)
		}
	}
}

// FuzzSchedule checks that a schedule is read or refused, and that its times ascend and are as its fields say.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"rate(5 minutes)", "cron(0/5 8-17 ? * MON-FRI *)", "cron(0 0 L FEB ? 2028/4)", "cron(1,2,*/7 * * * ? *)", "rate(1 day)"} {
		f.Add(s, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, after int64) {
		s, err := ParseSchedule(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "ScheduleExpression") {
				t.Fatal(err)
			}
			return
		}
		after = (after%4_000_000_000 + 4_000_000_000) % 4_000_000_000
		for range 3 {
			next, found := s.Next(after)
			if !found {
				return
			}
			if next <= after || next%60 != 0 {
				t.Fatalf("%q after %d: %d", text, after, next)
			}
			if c, u := s.cron, time.Unix(next, 0).UTC(); c != nil && (c.minutes>>u.Minute()&1 == 0 || c.hours>>u.Hour()&1 == 0 || c.months>>u.Month()&1 == 0 || !c.hasDay(u)) {
				t.Fatalf("%q after %d: %s", text, after, u)
			}
			after = next
		}
	})
}

func TestAggregations(t *testing.T) {
	rows := []struct {
		text string
		has  bool
	}{{"4", true}, {"", false}, {"1.5", true}, {"no number", true}, {"NaN", true}}
	for text, want := range map[string]LogResult{
		"count(*)":          {Value: 5},
		" COUNT( * ) ":      {Value: 5},
		"count(f)":          {Value: 4},
		"avg(f)":            {Value: 2.75},
		"sum(`a field`)":    {Value: 5.5},
		"min(@duration)":    {Value: 1.5},
		"max(detail.bytes)": {Value: 4},
		"min(time-taken)":   {Value: 1.5},
	} {
		a, err := ParseAggregation(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if again, err := ParseAggregation(a.String()); err != nil || again.Function != a.Function || again.Field != a.Field {
			t.Errorf("%s is written as %s: %v", text, a, err)
		}
		g := a.Start()
		for _, r := range rows {
			g.Add(r.text, r.has)
		}
		if got := g.Result(); got.Value != want.Value || got.Missing {
			t.Errorf("%s: %v", text, got)
		}
		// AWS: count(*) of nothing is 0, and a field that is not there is missing.
		if got, none := a.Start().Result(), a.Field == ""; got.Missing == none || got.Value != 0 {
			t.Errorf("%s of nothing: %v", text, got)
		}
	}
	for text, want := range map[string]string{
		"":                       "is none of",
		"count":                  "is none of",
		"avg(*)":                 "only count takes *",
		"pct(f, 99)":             "is none of",
		"count(*) by service":    "contributors",
		"avg(f) | sort desc":     "contributors",
		"count(*), sum(f)":       "is none of",
		"sum(f) / count(*)":      "is none of",
		"count(*) as n":          "is none of",
		"avg(`f) by g | sort`)":  "contributors",
		"count_distinct(f)":      "is none of",
		"avg(a b)":               "is none of",
		"max(f) BY g | SORT ASC": "contributors",
	} {
		if _, err := ParseAggregation(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}

// FuzzAggregation checks that an expression is read or refused, and that a number that comes of it is one.
func FuzzAggregation(f *testing.F) {
	for _, s := range []string{"count(*)", "avg(duration)", "sum(`a b`)", "max(f) by g"} {
		f.Add(s, "1e308", "-1e308")
	}
	f.Fuzz(func(t *testing.T, text, one, two string) {
		a, err := ParseAggregation(text)
		if err != nil {
			return
		}
		g := a.Start()
		for _, v := range []string{one, one, two} {
			g.Add(v, true)
		}
		if r := g.Result(); !r.Missing && (r.Value-r.Value != 0) {
			t.Fatalf("%q of %q and %q is %v", text, one, two, r.Value)
		}
	})
}

package app

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// silent drives silences by the minute, read anew from what is kept now and then, and returns the minutes at which nothing had come for 3 times as long as usual, where that begins.
func silent(t *testing.T, minutes int, comes, runs, followed func(minute int) bool) []int {
	t.Helper()
	begin := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s := &silences{Looked: begin.UnixMilli()}
	var out []int
	was := false
	for minute := range minutes {
		now := begin.Add(time.Duration(minute) * time.Minute)
		if !runs(minute) {
			continue
		}
		if minute%77 == 0 {
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			s = &silences{}
			if err := json.Unmarshal(text, s); err != nil {
				t.Fatal(err)
			}
		}
		s.pass(now, func(string) bool { return followed(minute) })
		if comes(minute) {
			s.came(deliveryKey{Source: "s"}, now)
		}
		s.forget(now)
		is := false
		for _, d := range s.Sources {
			is = is || d.ratio() >= 3
		}
		if is && !was {
			out = append(out, minute)
		}
		was = is
	}
	return out
}

// TestSilences says when nothing came for longer than usual.
func TestSilences(t *testing.T) {
	const hour, day = 60, 24 * 60
	every := func(n int) func(int) bool { return func(minute int) bool { return minute%n == 0 } }
	until := func(last int, f func(int) bool) func(int) bool {
		return func(minute int) bool { return minute <= last && f(minute) }
	}
	without := func(from, to int, f func(int) bool) func(int) bool {
		return func(minute int) bool { return (minute < from || minute >= to) && f(minute) }
	}
	always := every(1)
	usual := int(leastUsual.Minutes())
	for _, c := range []struct {
		name                  string
		minutes               int
		comes, runs, followed func(int) bool
		want                  []int
	}{
		{"every 5 minutes", 40 * day, every(5), always, always, nil},
		{"every 5 minutes, then nothing", 4 * day, until(3*day, every(5)), always, always, []int{3*day + 3*usual}},
		{"every minute, then nothing", 4 * day, until(3*day, always), always, always, []int{3*day + 3*usual}},
		{"before it was watched for two days", 2*day - 1, until(day, every(5)), always, always, nil},
		{"every hour, then nothing", 5 * day, until(3*day, every(hour)), always, always, []int{3*day + 3*hour}},
		{"one failure does not make the next usual", 6 * day, until(5*day, without(3*day, 3*day+10*hour, every(5))), always, always, []int{3*day - 5 + 3*usual, 5*day + 3*usual}},
		{"two do", 8 * day, until(6*day, without(3*day, 3*day+10*hour, without(4*day, 4*day+10*hour, every(5)))), always, always, []int{3*day - 5 + 3*usual, 4*day - 5 + 3*usual, 6*day + 30*hour + 15}},
		{"by day alone", 10 * day, func(minute int) bool { return minute%day < 10*hour && minute%5 == 0 }, always, always, nil},
		{"once", 10 * day, every(100 * day), always, always, nil},
		{"the server is down for a day", 6 * day, without(3*day, 4*day, every(5)), without(3*day, 4*day, always), always, nil},
		{"the server is down and nothing comes before and after", 6 * day, until(3*day, every(5)), without(3*day+30, 4*day, always), always, []int{4*day + 3*usual - 29}},
		{"nobody follows for a day", 6 * day, without(3*day, 4*day, every(5)), always, without(3*day, 4*day, always), nil},
		{"it is forgotten, and known anew", 40 * day, func(minute int) bool { return minute%5 == 0 && (minute < 3*day || minute == 35*day) }, always, always, []int{3*day - 5 + 3*usual}},
	} {
		got := silent(t, c.minutes, c.comes, c.runs, c.followed)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// TestSilencesBounded tells so many flow logs apart, and takes those that come then for their source.
func TestSilencesBounded(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s := &silences{Looked: now.UnixMilli()}
	for round := range 2 {
		now = now.Add(time.Duration(round) * time.Minute)
		s.pass(now, func(string) bool { return true })
		for i := range mostDelivering + 5 {
			s.came(deliveryKey{"s", fmt.Sprint("fl-", i)}, now)
		}
	}
	last := s.Sources[len(s.Sources)-1]
	if len(s.Sources) != mostDelivering+1 || last.deliveryKey != (deliveryKey{Source: "s"}) || len(last.Gaps) != 1 || last.Gaps[0].Longest != 60_000 || last.Gaps[0].Second != 0 {
		t.Errorf("%d are told apart, the last is %+v", len(s.Sources), last)
	}
}

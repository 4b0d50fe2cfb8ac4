package agent

import "time"

// A Moment is a time by two clocks: that on the wall, which windows and records are of and which can be set, and one that only goes on.
type Moment struct {
	Wall time.Time
	Mono time.Duration // since the agent began
}

// SystemClock returns the clocks of the system.
func SystemClock() func() Moment {
	began := time.Now()
	return func() Moment {
		now := time.Now()
		return Moment{now.Round(0), now.Sub(began)}
	}
}

// mostDrift is how far the clocks may come apart from one read to the next before it is said that the wall's was set: a second, which no slewing of NTP reaches
// in minutes.
const mostDrift = time.Second

// step returns how far the wall's clock was set between two moments, 0 where it went on as it should.
func (m Moment) step(to Moment) time.Duration {
	if by := to.Wall.Sub(m.Wall) - (to.Mono - m.Mono); by.Abs() > mostDrift {
		return by
	}
	return 0
}

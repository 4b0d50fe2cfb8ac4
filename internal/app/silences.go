package app

import (
	"slices"
	"strings"
	"time"
)

const (
	// usualBack is how far back from what came last it is looked at what is usual: whatever comes weekly comes twice in it.
	usualBack = 15 * 24 * time.Hour
	// leastUsual is what is always usual: the longest aggregation interval, and how late AWS delivers at most.
	leastUsual = 10*time.Minute + LakeLateness
	// learned is how long a source is watched before it is judged: two days have two nights.
	learned = 48 * time.Hour
	// forgotten is how long after it delivered last a source is forgotten: its flow log was deleted, say.
	forgotten = 30 * 24 * time.Hour
	// mostDelivering is how many flow logs and sources are told apart. Those that come then are as if their objects told no flow log.
	mostDelivering = 1000
)

// silences is what is known of when sources deliver, up to an object of the ledger.
type silences struct {
	// Object is the ID of the last object that was looked at, and Looked when that was, in milliseconds since the epoch.
	Object  int64         `json:"object"`
	Looked  int64         `json:"looked"`
	Sources []*delivering `json:"sources,omitempty"`
}

// deliveryKey is what delivers: a source as whoever follows it spells it or the origin of a log group, and a flow log where objects tell one.
type deliveryKey struct {
	Source  string `json:"source"`
	FlowLog string `json:"flow_log,omitempty"`
}

// delivering is what is known of something that delivers. Times that pass are those in which somebody would have seen it do so, in milliseconds.
type delivering struct {
	deliveryKey

	// Last is when something came last, in seconds since the epoch, and Silent how long nothing has since.
	Last   int64 `json:"last"`
	Silent int64 `json:"silent"`
	// Watched is for how long it was watched, no more than learned counts.
	Watched int64 `json:"watched"`
	// Gaps are the longest times between two that came, by the day (UTC) on which they ended.
	Gaps []gapsOfDay `json:"gaps,omitempty"`
}

// gapsOfDay are the two longest of a day; 0: there is none.
type gapsOfDay struct {
	Day     int64 `json:"day"` // since the epoch
	Longest int64 `json:"longest"`
	Second  int64 `json:"second,omitempty"`
}

// pass lets the time go on to now.
func (s *silences) pass(now time.Time, watched func(source string) bool) {
	passed := now.UnixMilli() - s.Looked
	s.Looked = now.UnixMilli()
	if passed <= 0 || passed > longestLook.Milliseconds() {
		return
	}
	for _, d := range s.Sources {
		if watched(d.Source) {
			d.Silent += passed
			d.Watched = min(d.Watched+passed, learned.Milliseconds())
		}
	}
}

// came notes that something came.
func (s *silences) came(key deliveryKey, at time.Time) {
	d := s.find(key)
	if d == nil && len(s.Sources) >= mostDelivering && key.FlowLog != "" {
		key.FlowLog = ""
		d = s.find(key)
	}
	if d == nil {
		s.Sources = append(s.Sources, &delivering{deliveryKey: key, Last: at.Unix()})
		return // how long nothing had come before, nobody knows
	}
	d.ended(at.Unix() / 86400)
	d.Last = at.Unix()
}

func (s *silences) find(key deliveryKey) *delivering {
	i := slices.IndexFunc(s.Sources, func(d *delivering) bool { return d.deliveryKey == key })
	if i < 0 {
		return nil
	}
	return s.Sources[i]
}

// forget forgets what delivered too long ago.
func (s *silences) forget(now time.Time) {
	s.Sources = slices.DeleteFunc(s.Sources, func(d *delivering) bool { return now.Unix()-d.Last > int64(forgotten.Seconds()) })
}

// ended notes that the silence ended on a day. One of no length is none: several came at once.
func (d *delivering) ended(day int64) {
	gap := d.Silent
	d.Silent = 0
	d.Gaps = slices.DeleteFunc(d.Gaps, func(g gapsOfDay) bool { return g.Day < day-int64(usualBack.Hours()/24) })
	if gap <= 0 {
		return
	}
	i := slices.IndexFunc(d.Gaps, func(g gapsOfDay) bool { return g.Day == day })
	if i < 0 {
		d.Gaps = append(d.Gaps, gapsOfDay{Day: day})
		i = len(d.Gaps) - 1
	}
	if g := &d.Gaps[i]; gap > g.Longest {
		g.Longest, g.Second = gap, g.Longest
	} else {
		g.Second = max(g.Second, gap)
	}
}

// usual returns the longest silence that is usual: what happened twice, so that one failure does not make the next one usual. It is 0 where too little is known.
func (d *delivering) usual() time.Duration {
	var longest, second int64
	for _, g := range d.Gaps {
		for _, gap := range []int64{g.Longest, g.Second} {
			if gap > longest {
				longest, second = gap, longest
			} else {
				second = max(second, gap)
			}
		}
	}
	if second == 0 || d.Watched < learned.Milliseconds() {
		return 0
	}
	return max(time.Duration(second)*time.Millisecond, leastUsual)
}

// ratio returns how many times as long as usual nothing came; 0 where too little is known.
func (d *delivering) ratio() float64 {
	usual := d.usual()
	if usual == 0 {
		return 0
	}
	return float64(d.Silent) / float64(usual.Milliseconds())
}

// String says what delivers nothing, since when, and what is usual.
func (d *delivering) String() string {
	name := d.Source
	if group, is := strings.CutPrefix(name, StoredOrigin); is {
		name = "log group " + group
	}
	if d.FlowLog != "" {
		name += ", flow log " + d.FlowLog
	}
	out := name + ": nothing came since " + clockTime(d.Last) + ", for " + plainMinutes(time.Duration(d.Silent)*time.Millisecond) + " in which it was watched"
	if usual := d.usual(); usual > 0 {
		out += "; usual is " + plainMinutes(usual) + " at most"
	}
	return out
}

func plainMinutes(d time.Duration) string { return plainSeconds(int64(d.Round(time.Minute).Seconds())) }

package hygiene

import (
	"slices"
	"time"
)

// Seen is what records of an interface show in an hour, as bits.
type Seen uint8

// What records show.
const (
	Accepts   Seen = 1 << iota // ACCEPT
	Rejects                    // REJECT
	NoData                     // NODATA
	SkipData                   // SKIPDATA
	Undecided                  // a direction, protocol, port or time is not told of one with an action
)

// Hours counts the hours of interfaces by what records show of them.
type Hours struct {
	// OK have records with the action that the rule is about, or others of a flow log that has
	// such ones too.
	OK int64 `json:"ok"`
	// NoData have no traffic, by records that say so.
	NoData int64 `json:"nodata"`
	// SkipData have records that say that AWS lost others.
	SkipData int64 `json:"skipdata"`
	// Other have records of flow logs that show only the other action, as far as is known.
	Other int64 `json:"other"`
	// None have no record.
	None int64 `json:"none"`
}

// Covered are the hours in which a use would have been seen.
func (h *Hours) Covered() int64 { return h.OK + h.NoData }

// All are all hours.
func (h *Hours) All() int64 { return h.OK + h.NoData + h.SkipData + h.Other + h.None }

func (h *Hours) add(o Hours) {
	h.OK += o.OK
	h.NoData += o.NoData
	h.SkipData += o.SkipData
	h.Other += o.Other
	h.None += o.None
}

// Log is what hours of which interfaces there are records of.
type Log struct {
	first int64 // hours since the epoch
	hours int
	seen  map[string][]logged // by interface
	shows map[string]Seen     // by flow log: which actions
}

// logged is what one flow log shows of an interface.
type logged struct {
	flowLog string // "" where that is not known
	hours   []Seen
	all     Seen
}

// NewLog returns a log of the hours that have a part in a range of time.
func NewLog(from, to time.Time) *Log {
	first := from.Unix() / 3600
	return &Log{first: first, hours: int(max((to.Unix()+3599)/3600-first, 0)), seen: map[string][]logged{}, shows: map[string]Seen{}}
}

// Add adds what records of an interface in a flow log show in the hour that a time is in.
// What is outside of the range is left out.
func (l *Log) Add(id, flowLog string, at int64, s Seen) {
	hour := at/3600 - l.first
	if hour < 0 || hour >= int64(l.hours) {
		return
	}
	list := l.seen[id]
	n := slices.IndexFunc(list, func(o logged) bool { return o.flowLog == flowLog })
	if n < 0 {
		n = len(list)
		list = append(list, logged{flowLog: flowLog, hours: make([]Seen, l.hours)})
		l.seen[id] = list
	}
	list[n].hours[hour] |= s
	list[n].all |= s
	if flowLog != "" {
		l.shows[flowLog] |= s & (Accepts | Rejects)
	}
}

// Declare says which actions a flow log records.
func (l *Log) Declare(flowLog string, s Seen) { l.shows[flowLog] |= s & (Accepts | Rejects) }

// Seen is what all records of an interface show.
func (l *Log) Seen(id string) Seen {
	var out Seen
	for _, o := range l.seen[id] {
		out |= o.all
	}
	return out
}

// Hours counts the hours of an interface that have a part in a range of time, in seconds since
// the epoch, by whether a use would have been seen that shows in records of an action.
func (l *Log) Hours(id string, from, to int64, action Seen) Hours {
	first, last := max(from/3600-l.first, 0), min((to+3599)/3600-l.first, int64(l.hours))
	var out Hours
	for hour := first; hour < last; hour++ {
		ok, no, skip, other := false, false, false, false
		for _, o := range l.seen[id] {
			s := o.hours[hour]
			switch shows := o.all | l.shows[o.flowLog]; {
			case s == 0:
			case shows&action == 0:
				other = true
			case s&SkipData != 0:
				skip = true
			case s&(Accepts|Rejects) != 0:
				ok = true
			default:
				no = true
			}
		}
		switch {
		case ok:
			out.OK++
		case no:
			out.NoData++
		case skip:
			out.SkipData++
		case other:
			out.Other++
		default:
			out.None++
		}
	}
	return out
}

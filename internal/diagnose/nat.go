package diagnose

import "fmt"

// NATIdle is how long a NAT gateway remembers a connection that nothing passes, in seconds.
//
// Source: VPC user guide, "NAT gateway basics": 350 seconds; what comes later is not passed on.
const NATIdle = 350

// clock is how far the times of records may be off, in seconds: start and end may lie up to 60
// seconds from when the packet passed the interface.
//
// Source: VPC user guide, "Flow log records", start and end.
const clock = 60

// Arrival is what a record is of what came to a NAT gateway from outside and was accepted.
type Arrival string

// What came.
const (
	// NATReply: the other way of its flow left before, and was not idle for longer than NATIdle.
	NATReply Arrival = "reply"
	// NATLate: it left before, and the connection was idle for longer: the gateway drops it.
	NATLate Arrival = "late-reply"
	// NATUnsolicited: it never left. The gateway takes no connections. With a doubt: not as far
	// as the records go.
	NATUnsolicited Arrival = "unsolicited"
	// NATUndecided: the records do not tell.
	NATUndecided Arrival = "undecided"
)

// NATDoubt is why records do not tell.
type NATDoubt string

// The doubts.
const (
	NoDoubt NATDoubt = ""
	// AtBegin: the connection may have begun before the records do.
	AtBegin NATDoubt = "before-the-records"
	// AtLost: what left may be among what AWS lost (SKIPDATA).
	AtLost NATDoubt = "lost-records"
	// AtIdle: the connection was idle for about NATIdle, and the records do not tell their
	// packets' times as exactly as that.
	AtIdle NATDoubt = "about-idle-time"
)

// NATRecord is a record of one flow at one interface, accepted. Times are in seconds since the
// epoch.
type NATRecord struct {
	Outward     bool
	First, Last int64
	Packets     int64
	// Opens says that it begins a connection, whatever other records show ([NATOpens]).
	Opens bool
}

// NATOpens reports whether a record of what comes in can't be a reply to what left a NAT
// gateway: TCP with a SYN and no ACK, or TCP and UDP to a port that it gives no connection.
// flags are tcp-flags, -1 where the format has none.
//
// Source: VPC user guide, "NAT gateway basics": ports 1024 to 65535; "tcp-flags".
func NATOpens(protocol, port, flags int64) bool {
	switch protocol {
	case 6:
		return port < 1024 || flags >= 0 && OpeningOf(flags) == Opens
	case 17:
		return port < 1024
	}
	return false
}

// TimeSpan is a time from First to Last, in seconds since the epoch.
type TimeSpan struct{ First, Last int64 }

// NATFlow tells what the records of one flow are: of one interface, protocol, and two ends
// with their ports. The zero value is not usable; begin with [NewNATFlow].
type NATFlow struct {
	begin int64
	lost  []TimeSpan

	left  bool     // something left, ever
	open  bool     // something left, and the connection was not idle for too long since
	quiet TimeSpan // when the newest packet of the connection passed, at least and at most
	chain int64    // the first of the records that nothing left before and no gap parts
	any   bool     // there was a record
}

// NewNATFlow begins a flow. begin is the time from which on the interface has records; lost are
// the times of which AWS lost records, which the caller keeps.
func NewNATFlow(begin int64, lost []TimeSpan) NATFlow { return NATFlow{begin: begin, lost: lost} }

// Next tells what the next record is: "" of one that goes out. The records come in the order of
// [NATRecord.Order].
func (f *NATFlow) Next(r *NATRecord) (Arrival, NATDoubt) {
	least, most := r.First-f.quiet.Last, r.First-f.quiet.First // how long it was idle
	if r.Outward {
		f.left, f.open = true, true
		f.pass(r)
		return "", NoDoubt
	}
	switch {
	case f.open && most <= NATIdle:
		f.pass(r)
		return NATReply, NoDoubt
	case f.open && least <= NATIdle:
		f.pass(r)
		return NATUndecided, AtIdle
	case f.left:
		lost := f.lostBetween(f.quiet.Last, r.First)
		f.open = false
		if lost {
			return NATUndecided, AtLost
		}
		return NATLate, NoDoubt
	}
	if !f.any || least > NATIdle {
		f.chain = r.First
	}
	f.pass(r)
	switch {
	case r.Opens:
		return NATUnsolicited, NoDoubt
	case f.chain-f.begin <= NATIdle+clock:
		return NATUnsolicited, AtBegin
	case f.lostBetween(f.chain-NATIdle-clock, r.First):
		return NATUnsolicited, AtLost
	}
	return NATUnsolicited, NoDoubt
}

// pass notes that a record's packets pass. That of a single packet was at its start.
func (f *NATFlow) pass(r *NATRecord) {
	last := max(r.First, r.Last)
	if r.Packets == 1 {
		last = r.First
	}
	if !f.any {
		f.quiet = TimeSpan{r.First, last}
	}
	f.any = true
	f.quiet = TimeSpan{max(f.quiet.First, r.First), max(f.quiet.Last, last)}
}

// lostBetween reports whether AWS lost records of a time.
func (f *NATFlow) lostBetween(from, to int64) bool {
	for _, l := range f.lost {
		if l.First <= to && l.Last >= from {
			return true
		}
	}
	return false
}

// Order is what the records of a flow are ordered by. What left up to a minute after something
// came counts as before it: records do not tell the order of packets closer than that.
func (r *NATRecord) Order() int64 {
	if r.Outward {
		return r.First - clock
	}
	return r.First
}

// Tally counts records and the bytes in them.
type Tally struct {
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
}

// Add adds records.
func (t *Tally) Add(records, bytes int64) { t.Records, t.Bytes = t.Records+records, t.Bytes+bytes }

// NATOutcome is what became of what came to a NAT gateway unasked.
type NATOutcome string

// The outcomes.
const (
	// NATQuiet: nothing came that was not a reply in time.
	NATQuiet NATOutcome = "nothing-unsolicited"
	// NATDropped: none of it is seen at the interfaces inside, which are all logged.
	NATDropped NATOutcome = "dropped"
	// NATReached: something of its senders is seen inside that nothing inside asked for.
	NATReached NATOutcome = "reached-inside"
	// NATCannotTell: interfaces inside are not logged for that time.
	NATCannotTell NATOutcome = "cannot-tell"
	// NATUnclear: whether anything came unasked is not known.
	NATUnclear NATOutcome = "not-clear"
)

// NATInside is what the interfaces behind a NAT gateway show of those that sent it something
// unasked.
type NATInside struct {
	// Defined says that a definition tells which interfaces are inside; else those count that
	// used the gateway.
	Defined bool `json:"defined"`
	// Interfaces counts those that are inside, and Logged those of them that were logged, with
	// what is accepted, in each hour in which something came unasked.
	Interfaces int `json:"interfaces"`
	Logged     int `json:"logged"`
	// NotLogged are the others, by ids or, without a definition, addresses: the first ones.
	NotLogged []string `json:"not_logged,omitempty"`
	// Replies are what came back inside to connections that began inside, Reached what nothing
	// inside asked for, and Undecided what may be either.
	Replies   Tally `json:"replies"`
	Reached   Tally `json:"reached"`
	Undecided Tally `json:"undecided"`
	// Elsewhere is what the same senders sent to interfaces that are not behind the gateway.
	Elsewhere Tally `json:"elsewhere"`
	// NotAsked counts the senders that the interfaces were not asked for, since they are many.
	NotAsked int64 `json:"not_asked,omitempty"`
	// Skipped counts the records of interfaces inside that say SKIPDATA, of those hours.
	Skipped int64 `json:"skipped,omitempty"`
}

// ConcludeNAT says what became of what came unasked, for people: in lower case and without a
// full stop. unasked are records that are unsolicited or late, undecided those that may be.
func ConcludeNAT(unasked, undecided int64, in *NATInside) (NATOutcome, string) {
	switch {
	case unasked == 0 && undecided > 0:
		return NATUnclear, "whether anything came that nobody asked for is not known"
	case unasked == 0:
		return NATQuiet, "nothing came that nobody asked for"
	case in.Reached.Records > 0:
		return NATReached, "its senders are seen inside, and nothing inside had asked for it: it did not pass this gateway, which begins no connections inwards; look for another way in"
	case in.Interfaces == 0:
		return NATCannotTell, "no interface behind it is known: cannot tell whether the NAT gateway drops it"
	case in.Logged == 0:
		return NATCannotTell, "inside not logged: cannot tell whether the NAT gateway drops it"
	case in.Logged < in.Interfaces:
		return NATCannotTell, fmt.Sprintf("none of it is seen at the interfaces behind it that are logged, %d of %d; of the others: cannot tell", in.Logged, in.Interfaces)
	case in.Undecided.Records > 0:
		return NATCannotTell, "its senders are seen inside, and whether anything inside had asked for that is not known: cannot tell"
	case in.NotAsked > 0:
		return NATCannotTell, fmt.Sprintf("its senders are too many to ask for all inside, and %d were not asked for: a shorter time has fewer", in.NotAsked)
	case in.Replies.Records > 0:
		return NATDropped, "the NAT gateway drops it: inside, its senders are seen only in replies to connections that began there"
	}
	return NATDropped, "the NAT gateway drops it: none of its senders is seen inside"
}

// Join is how surely a client's leg and the internet's are the same traffic.
type Join string

// The joins. Records say what a NAT gateway translates on its client's leg alone (pkt-srcaddr,
// pkt-dstaddr), not which port it gave.
const (
	// JoinExact: one client alone used that host and port.
	JoinExact Join = "exact"
	// JoinInferred: several did, or records are missing that could show another one.
	JoinInferred Join = "inferred"
	// JoinNone: no record shows the internet's leg.
	JoinNone Join = "not-recorded"
)

// JoinOf tells how surely a client's leg to a host and port is what the internet's leg shows.
// clients counts those that used it; whole says that no record of the gateway is missing that
// could show another one.
func JoinOf(clients, internet int64, whole bool) Join {
	switch {
	case internet == 0:
		return JoinNone
	case clients == 1 && whole:
		return JoinExact
	}
	return JoinInferred
}

package diagnose

// Way is which half of a connection a record shows.
type Way string

// The ways.
const (
	Request Way = "request" // from who begins
	Reply   Way = "reply"
)

// Opening is what the tcp-flags of records say of the beginning of connections.
type Opening string

// What flags say. Opens and Answers are where a SYN is without and with an ACK, Resets where
// nothing but RST is, Neither all others (VPC user guide, "tcp-flags").
const (
	NoFlags Opening = ""        // no TCP, or the format has no tcp-flags
	Opens   Opening = "opens"   // 2, also with FIN or RST
	Answers Opening = "answers" // 18
	Resets  Opening = "resets"  // 4
	Neither Opening = "neither" // 0, 1, 5
)

// OpeningOf returns what tcp-flags say.
func OpeningOf(flags int64) Opening {
	switch {
	case flags&18 == 18:
		return Answers
	case flags&2 != 0:
		return Opens
	case flags == 4:
		return Resets
	}
	return Neither
}

// begins reports whether records of a way may be of a connection's beginning: the flags do
// not say that they are not.
func (o Opening) begins(w Way) bool {
	return o == NoFlags || o == Opens && w == Request || o == Answers && w == Reply
}

// Leg is a part of a connection that a NAT gateway translates.
type Leg string

// The legs.
const (
	NoLeg   Leg = ""
	Inside  Leg = "inside"  // between the client and the gateway
	Outside Leg = "outside" // between the gateway, by its own address, and the other end
)

// Evidence is what records of one interface have in common, and how many they are.
type Evidence struct {
	// Interface is the ENI, or the id of a regional NAT gateway.
	Interface string `json:"interface"`
	// Leg is the one that the records are of, where the interface is a NAT gateway's.
	Leg Leg `json:"leg,omitempty"`
	// Direction is ingress, egress or undecided (weir-direction).
	Direction string `json:"direction"`
	Way       Way    `json:"way"`
	Action    string `json:"action"` // ACCEPT or REJECT
	// Reason is the reject-reason, "" where there is none.
	Reason string `json:"reject_reason,omitempty"`
	// WouldAction is weir-would-action. Stage is weir-reject-stage, and Rules weir-reject-rule or
	// weir-allow-rules, of records that came with them (weir-attribution is recorded); "" of others.
	WouldAction string  `json:"would_action,omitempty"`
	Stage       string  `json:"stage,omitempty"`
	Rules       string  `json:"rules,omitempty"`
	Opening     Opening `json:"opening,omitempty"`
	// Pair is weir-pair: what became of the opposite way.
	Pair    string `json:"pair,omitempty"`
	Records int64  `json:"records"`
	Packets int64  `json:"packets"`
	Bytes   int64  `json:"bytes"`
	// First and Last are the first start and the last end, in seconds since the epoch.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// LowPort and HighPort bound the ports of who begins; -1 where there are none.
	LowPort  int64 `json:"low_port"`
	HighPort int64 `json:"high_port"`
	// Sample is the newest of the records, in AWS's default format.
	Sample string `json:"sample"`
}

// some are several evidences as one.
type some struct {
	list    []Evidence
	records int64
	first   int64
	last    int64
	low     int64
	high    int64
}

// of picks evidences.
func of(list []Evidence, pick func(*Evidence) bool) some {
	var out some
	for i := range list {
		e := &list[i]
		if !pick(e) {
			continue
		}
		if out.list == nil {
			out.first, out.last, out.low, out.high = e.First, e.Last, e.LowPort, e.HighPort
		}
		out.list = append(out.list, *e)
		out.records += e.Records
		out.first, out.last = min(out.first, e.First), max(out.last, e.Last)
		out.low, out.high = min(out.low, e.LowPort), max(out.high, e.HighPort)
	}
	return out
}

// newest returns the sample of the newest one.
func (s *some) newest() *Evidence {
	var out *Evidence
	for i := range s.list {
		if out == nil || s.list[i].Last > out.Last {
			out = &s.list[i]
		}
	}
	return out
}

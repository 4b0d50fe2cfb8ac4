package diagnose

import (
	"cmp"
	"slices"
)

// Ends say which ends of connections are logged: their interfaces have records in the time that
// is asked about.
type Ends struct {
	Source, Destination bool
	// Elsewhere says that the destination is on the internet, where no flow log is.
	Elsewhere bool
	// Gateway is the NAT gateway that the source's route leads to, "" where none is known, and
	// GatewayLogged says that it has records.
	Gateway       string
	GatewayLogged bool
}

// Conclusion is what became of connections, by the findings at all interfaces.
type Conclusion struct {
	Outcome Outcome `json:"outcome"`
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
	// Finding is the place of the one that tells; -1 where there are none.
	Finding int `json:"finding"`
	// Missing are what is not in the records and would tell more, each a sentence.
	Missing []string `json:"missing,omitempty"`
}

// NotArriving is an outcome of all interfaces together: the source sends, and the
// destination, which is logged, has no record of it.
const NotArriving Outcome = "not-arriving"

// NoRecord is the outcome where no record shows the connections.
const NoRecord Outcome = "no-record"

// order are the outcomes, those that explain most first. What is refused at the source is so
// before it comes to the destination.
var order = []Outcome{Refused, ReplyRefused, AfterEnd, Unanswered, Reset, Unclear, Answered}

// Conclude tells what became of connections.
func Conclude(findings []Finding, logged Ends) Conclusion {
	if len(findings) == 0 {
		return nothing(logged)
	}
	at := make([]int, len(findings))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int {
		x, y := &findings[a], &findings[b]
		side := cmp.Compare(x.place(), y.place())
		if x.Outcome == ReplyRefused || x.Outcome == Unanswered { // replies begin at the destination
			side = -side
		}
		return cmp.Or(cmp.Compare(slices.Index(order, x.Outcome), slices.Index(order, y.Outcome)), side)
	})
	f := &findings[at[0]]
	out := Conclusion{Outcome: f.Outcome, Says: f.Says, Finding: at[0]}
	seen := func(s Side) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return f.Side == s })
	}
	switch {
	case f.Outcome == Unanswered && f.Side == Source && (seenAt(findings, Outside, Answered) || seenAt(findings, Outside, Reset)):
		out.Says = "its reply comes to the NAT gateway, and not to " + f.Interface + ": the gateway had forgotten the connection (350 s without a packet), or the reply is another client's"
	case f.Outcome == Unanswered && f.Leg == Inside:
		out.Outcome = NotArriving
		out.Says = "it comes to the NAT gateway at " + f.Interface + ", which does not pass it on, or answers it itself"
	case f.Outcome == Unanswered && f.Leg == Outside:
		out.Says = "it leaves the NAT gateway at " + f.Interface + " and is not answered: the other end, or a firewall on the way, does not answer"
	case f.Outcome == Unanswered && f.Side == Source && logged.Destination && !seen(Destination):
		out.Outcome = NotArriving
		out.Says = "it leaves " + f.Interface + " and does not arrive, though the destination is logged: a route, peering, a transit gateway or a firewall between them keeps it"
	case f.Outcome == Unanswered && f.Side == Destination:
		out.Says = "it arrives at " + f.Interface + " and is not answered: a firewall of the host, no program that listens, or another way back"
	case f.Outcome == Answered:
		out.Says = "nothing refuses it: it is accepted, and so are its replies; look above the network"
		if i := slices.IndexFunc(findings, func(f Finding) bool { return f.RefusedUntil > 0 }); i >= 0 {
			out.Finding = i
			out.Says = "nothing refuses it any more: it is accepted, and so are its replies"
		}
		if i := slices.IndexFunc(findings, wouldRefuse); i >= 0 {
			out.Finding = i
			out.Says = "it passes, and so do its replies, since nothing enforces the rules that would refuse it"
		}
	}
	if logged.Gateway != "" && !seen(Gateway) && f.Outcome != Refused && f.Outcome != Answered {
		text := logged.Gateway + ", which its route leads to, has no records: a flow log there would show whether it passes"
		if logged.GatewayLogged {
			text = logged.Gateway + ", which its route leads to and which is logged, has no record of it"
		}
		out.Missing = append(out.Missing, text)
	}
	if seen(NoSide) || f.Outcome == Answered {
		return out // it may be of either end, or nothing more is needed
	}
	if f.Outcome != Refused && !logged.Source {
		out.Missing = append(out.Missing, "the source's interface has no records: a flow log there would show whether its own rules refuse")
	}
	if f.Outcome != Refused && !logged.Destination && !logged.Elsewhere {
		out.Missing = append(out.Missing, "the destination's interface has no records: a flow log there would show whether it arrives")
	}
	return out
}

// place returns where on the way from the source a finding is.
func (f *Finding) place() int {
	switch {
	case f.Side == Source:
		return 0
	case f.Leg == Outside:
		return 2
	case f.Side == Destination:
		return 3
	}
	return 1
}

// seenAt reports whether some finding of a leg has an outcome.
func seenAt(findings []Finding, leg Leg, outcome Outcome) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Leg == leg && f.Outcome == outcome })
}

// nothing is the conclusion where there is no record.
func nothing(logged Ends) Conclusion {
	out := Conclusion{Outcome: NoRecord, Finding: -1}
	switch {
	case logged.Source && logged.Destination:
		out.Says = "no record shows it, though both ends are logged: nobody tried, it is not delivered yet, or AWS does not log it"
	case logged.Destination:
		out.Says = "no record shows it: nothing of it arrived at the destination, which is logged"
		out.Missing = []string{"the source's interface has no records"}
	case logged.Source:
		out.Says = "no record shows it: the source, which is logged, did not send it"
		if !logged.Elsewhere {
			out.Missing = []string{"the destination's interface has no records"}
		}
	default:
		out.Says = "no record shows it, and none shows either end: neither is logged at that time"
		out.Missing = []string{"no flow log covers either end"}
	}
	return out
}

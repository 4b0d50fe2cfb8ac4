package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// Known is what is known of an interface's records besides themselves.
type Known struct {
	// Accepts and Rejects say that the flow logs of the interface show records of that action
	// in the time that is asked about, of any traffic.
	Accepts, Rejects bool
	// Skipped counts the interface's records that say SKIPDATA: others were lost then.
	Skipped int64
	// Protocol is IANA's number of the connections, 0 where that is not known.
	Protocol int
	// Tracking are the idle timeouts of the interface's security groups.
	Tracking Tracking
	// SameSubnet says that both ends are in the interface's subnet; nil where that is not known.
	SameSubnet *bool
}

// Outcome is what became of connections at an interface.
type Outcome string

// The outcomes.
const (
	Refused      Outcome = "refused"       // the request is
	ReplyRefused Outcome = "reply-refused" // the request is accepted
	Answered     Outcome = "answered"      // both ways are accepted
	Reset        Outcome = "reset"         // accepted, and nothing comes back but RST
	Unanswered   Outcome = "unanswered"    // the request is accepted, and no reply was seen
	AfterEnd     Outcome = "after-end"     // only packets of connections that are over are refused
	Unclear      Outcome = "unclear"       // half of it is not in the records
)

// Control is what can refuse.
type Control string

// The controls.
const (
	NetworkACL    Control = "network-acl"
	SecurityGroup Control = "security-group"
	BlockPublic   Control = "bpa" // VPC Block Public Access
	Encryption    Control = "ec"  // VPC encryption controls
)

// Side is the end of a connection at which an interface is.
type Side string

// The sides.
const (
	Source      Side = "source"
	Destination Side = "destination"
	Gateway     Side = "gateway" // on the way, at a NAT gateway
	NoSide      Side = ""        // the direction is undecided
)

// Finding is what became of connections at an interface.
type Finding struct {
	Interface string    `json:"interface"`
	Side      Side      `json:"side,omitempty"`
	Leg       Leg       `json:"leg,omitempty"` // at a Gateway
	Outcome   Outcome   `json:"outcome"`
	Controls  []Control `json:"controls"` // that can have refused, none where nothing was
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
	// RefusedUntil is when the last record ends that was refused before others were accepted, in
	// seconds since the epoch; 0 where none was.
	RefusedUntil int64 `json:"refused_until,omitempty"`
	// Assumes are what would make it something else, each a sentence.
	Assumes []string `json:"assumes,omitempty"`
	// Recorded is what an agent at the interface recorded of its rules.
	Recorded []Recorded `json:"recorded,omitempty"`
	// Proof is the record that shows it best, Evidence all.
	Proof    *Evidence  `json:"proof,omitempty"`
	Evidence []Evidence `json:"evidence"`
}

// At finds what became of connections at one interface, by its evidence, which is of one leg.
// It needs some. A NAT gateway has no security group, so that a network ACL refuses there, and
// what it refuses is not forgotten (VPC user guide, "NAT gateway basics").
func At(list []Evidence, known Known) Finding {
	f := Finding{Interface: list[0].Interface, Leg: list[0].Leg, Side: sideOf(list), Controls: []Control{}, Evidence: list}
	if f.Leg != NoLeg {
		f.Side = Gateway
	}
	f.Recorded = f.recorded()
	accepted := func(w Way) some {
		return of(list, func(e *Evidence) bool { return e.Way == w && e.Action == "ACCEPT" })
	}
	refused := func(w Way) some {
		return of(list, func(e *Evidence) bool {
			return e.Way == w && e.Action == "REJECT" && (f.Leg != NoLeg || e.Opening.begins(w))
		})
	}
	requests, replies := accepted(Request), accepted(Reply)
	noRequests, noReplies := refused(Request), refused(Reply)
	late := of(list, func(e *Evidence) bool { return e.Action == "REJECT" && f.Leg == NoLeg && !e.Opening.begins(e.Way) })
	switch {
	case noRequests.records > 0 && noRequests.last >= requests.last:
		f.refuse(&noRequests, &requests, known)
	case requests.records > 0 && noReplies.records > 0 && noReplies.last >= replies.last:
		f.refuseReply(&noReplies, &replies, max(requests.last, replies.last), known)
	case requests.records > 0 && replies.records > 0:
		f.answered(&replies, &noRequests, &noReplies, &late)
	case requests.records > 0 && late.records > 0:
		f.over(&late)
	case requests.records > 0:
		f.unanswered(&requests, known)
	case noReplies.records > 0:
		f.Outcome, f.Proof = Unclear, noReplies.newest()
		f.Controls = []Control{NetworkACL, SecurityGroup}
		f.Says = "a reply is refused, and its request is not in the records"
		if !known.Accepts {
			f.Says += ": the flow log shows refused traffic only"
		}
	case late.records > 0:
		f.over(&late)
	default:
		f.Outcome, f.Proof = Unclear, replies.newest()
		f.Says = "replies are accepted, and their requests are not in the records"
	}
	if known.Skipped > 0 && (f.Outcome == Unanswered || f.Outcome == Unclear) {
		f.Assumes = append(f.Assumes, fmt.Sprintf("what is missing is not among what AWS lost (SKIPDATA of %s: %d)", f.Interface, known.Skipped))
	}
	return f
}

// sideOf returns the side by the directions that are decided.
func sideOf(list []Evidence) Side {
	votes := map[Side]int64{}
	for _, e := range list {
		switch {
		case e.Direction != "ingress" && e.Direction != "egress":
		case (e.Direction == "egress") == (e.Way == Request):
			votes[Source] += e.Records
		default:
			votes[Destination] += e.Records
		}
	}
	switch {
	case votes[Source] > 0 && votes[Destination] == 0:
		return Source
	case votes[Destination] > 0 && votes[Source] == 0:
		return Destination
	}
	return NoSide // none, or it is on the way
}

// moving says which way something passes the interface.
func (f *Finding) moving(w Way) string {
	switch {
	case f.Leg == Outside && w == Request:
		return "on its way out of the NAT gateway at " + f.Interface
	case f.Leg == Outside:
		return "on its way in at " + f.Interface + " of the NAT gateway"
	case f.Leg == Inside && w == Request:
		return "on its way from the client in at " + f.Interface + " of the NAT gateway"
	case f.Leg == Inside:
		return "on its way out of the NAT gateway at " + f.Interface + " to the client"
	case f.Side == NoSide:
		return "at " + f.Interface
	case (f.Side == Source) == (w == Request):
		return "on its way out of " + f.Interface
	}
	return "on its way in at " + f.Interface
}

// refuse says that requests are refused.
func (f *Finding) refuse(no, yes *some, known Known) {
	f.Outcome, f.Proof = Refused, no.newest()
	f.Says = "it is refused " + f.moving(Request)
	switch reason := f.Proof.Reason; reason {
	case "BPA":
		f.Controls, f.Says = []Control{BlockPublic}, f.Says+" by VPC Block Public Access"
	case "EC":
		f.Controls, f.Says = []Control{Encryption}, f.Says+" by VPC encryption controls"
	default:
		f.Controls = []Control{NetworkACL, SecurityGroup}
		if reason != "" {
			f.Assumes = append(f.Assumes, fmt.Sprintf("the reject-reason %s is not one that weir knows", reason))
		}
		f.inSubnet(known)
		if control, ok := recordedControls[f.Proof.Stage]; ok {
			f.Controls = []Control{control}
		}
		f.Says += " by " + join(f.Controls)
	}
	if yes.records > 0 {
		f.Assumes = append(f.Assumes, changed(no, yes, "requests"))
	}
}

// refuseReply says that replies are refused to requests that are accepted, given when the last
// packet of either was.
func (f *Finding) refuseReply(no, yes *some, accepted int64, known Known) {
	f.Outcome, f.Proof, f.Controls = ReplyRefused, no.newest(), []Control{NetworkACL}
	f.Says = "it is accepted, and its reply is refused " + f.moving(Reply)
	switch reason := f.Proof.Reason; {
	case reason == "BPA":
		f.Controls, f.Says = []Control{BlockPublic}, f.Says+" by VPC Block Public Access"
		return
	case reason == "EC":
		f.Controls, f.Says = []Control{Encryption}, f.Says+" by VPC encryption controls"
		return
	case recordedControls[f.Proof.Stage] != "":
		f.Controls = []Control{recordedControls[f.Proof.Stage]}
		f.Says += " by " + join(f.Controls)
		return
	case f.Leg != NoLeg:
		f.Says += " by the network ACL: a NAT gateway has no security group"
		if yes.records > 0 {
			f.Assumes = append(f.Assumes, changed(no, yes, "replies"))
		}
		return
	case known.SameSubnet != nil && *known.SameSubnet:
		f.Controls = []Control{SecurityGroup}
		f.Says += " by the security group, which had forgotten the connection: within a subnet no network ACL is asked"
		return
	}
	gap := no.first - accepted
	least, most := known.Tracking.bounds(known.Protocol, yes.records > 0)
	if most > 0 && gap > most {
		f.Controls = []Control{SecurityGroup, NetworkACL}
		f.Says += fmt.Sprintf(" %d s after the last packet that was accepted: the security group had forgotten the connection, after %d s, and asked its rules; the network ACL can have refused it too", gap, most)
		return
	}
	f.Says += " by the network ACL: a security group lets the replies of what it accepted pass"
	if least > 0 && gap > least {
		f.Assumes = append(f.Assumes, fmt.Sprintf("the security group had not forgotten the connection: %d s passed since the last packet that was accepted, and it forgets after %d to %d s", gap, least, most))
	}
	if known.SameSubnet == nil {
		f.Assumes = append(f.Assumes, "the ends are not in one subnet, where no network ACL is asked")
	}
	if f.Proof.Opening == NoFlags && !(least > 0 && gap > least) {
		f.Assumes = append(f.Assumes, "the reply came while the security group still knew the connection")
	}
	if yes.records > 0 {
		f.Assumes = append(f.Assumes, changed(no, yes, "replies"))
	}
}

// inSubnet leaves the controls that are asked.
func (f *Finding) inSubnet(known Known) {
	if f.Leg != NoLeg {
		f.Controls = []Control{NetworkACL}
		return
	}
	if known.SameSubnet != nil && *known.SameSubnet {
		f.Controls = []Control{SecurityGroup}
	}
}

// changed says what is accepted beside what is refused.
func changed(no, yes *some, what string) string {
	if no.low >= 0 && (no.low > yes.high || no.high < yes.low) {
		return fmt.Sprintf("%s of ports %d to %d are refused and those of ports %d to %d accepted: a rule may allow too few of the ports that clients use",
			what, no.low, no.high, yes.low, yes.high)
	}
	if yes.last < no.first {
		return fmt.Sprintf("%s were accepted until the rules changed, between the last one that was and the first one that was not", what)
	}
	return fmt.Sprintf("other %s of the same time are accepted: they differ in address or port, or the rules changed and changed back", what)
}

// answered says that both ways are accepted.
func (f *Finding) answered(replies, noRequests, noReplies, late *some) {
	f.Outcome, f.Proof = Answered, replies.newest()
	f.Says = "it is accepted, and so are its replies"
	if !slices.ContainsFunc(replies.list, func(e Evidence) bool { return e.Opening != Resets }) {
		f.Outcome = Reset
		f.Says = "it is accepted, and answered by RST alone: the host has no program listening there, or refuses it itself"
	}
	f.RefusedUntil = max(noRequests.last, noReplies.last)
	switch {
	case noRequests.records > 0:
		f.Says += "; requests were refused before"
	case noReplies.records > 0:
		f.Says += "; replies were refused before"
	}
	if late.records > 0 {
		f.Assumes = append(f.Assumes, "packets after the end of connections are refused, as they are where nothing is wrong")
	}
}

// over says that packets after the end of connections are refused.
func (f *Finding) over(late *some) {
	f.Outcome, f.Proof = AfterEnd, late.newest()
	f.Controls = []Control{SecurityGroup, NetworkACL}
	f.Says = "packets are refused that neither open a connection nor answer one: it was closed, or the security group had forgotten it; no rule need be wrong"
}

// unanswered says that no reply was seen.
func (f *Finding) unanswered(requests *some, known Known) {
	f.Outcome, f.Proof = Unanswered, requests.newest()
	switch {
	case !known.Rejects:
		f.Says = "it is accepted, and no reply is in the records"
		f.Assumes = append(f.Assumes, "a reply was not refused: the flow log shows no refused traffic at all")
	case !slices.ContainsFunc(requests.list, func(e Evidence) bool { return e.Pair == "none" }):
		f.Outcome = Unclear
		f.Says = "it is accepted; whether it was answered is not known, since records of the time around are missing"
	default:
		f.Says = "it is accepted, and not answered: no security group and no network ACL here refuses a reply"
	}
}

func join(list []Control) string {
	names := map[Control]string{NetworkACL: "a network ACL", SecurityGroup: "a security group"}
	var out strings.Builder
	for i, c := range list {
		if i > 0 {
			out.WriteString(" or ")
		}
		out.WriteString(names[c])
	}
	return out.String()
}

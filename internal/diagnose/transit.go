package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// Transit is what the records of a transit gateway have in common that show some connections.
type Transit struct {
	Way            Way    `json:"way"`
	TransitGateway string `json:"tgw_id"`
	Attachment     string `json:"tgw_attachment_id"`
	// Pair is the attachment on the other side, "" where the records name none.
	Pair string `json:"tgw_pair_attachment_id,omitempty"`
	// Direction is the transit gateway's: ingress, egress, or "" where the format lacks it.
	Direction string `json:"flow_direction,omitempty"`
	Records   int64  `json:"records"`
	Packets   int64  `json:"packets"`
	// Lost are the packets that it did not pass on, by the field that counts them
	// (packets-lost-no-route...), and Counted says that the records have some of these fields.
	Lost    map[string]int64 `json:"lost"`
	Counted bool             `json:"counted"`
	// First and Last are the first start and the last end, in seconds since the epoch.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Sample is the newest of the records, with the fields that are named in it.
	Sample string `json:"sample"`
}

// losses say why a transit gateway loses packets, by the field that counts them (transit gateway
// guide, "Transit Gateway Flow Log records").
var losses = []struct{ field, why string }{
	{"packets-lost-blackhole", "a blackhole route"},
	{"packets-lost-no-route", "no route in its route table"},
	{"packets-lost-mtu-exceeded", "packets that are larger than its MTU"},
	{"packets-lost-ttl-expired", "a TTL that expired: a loop of routes"},
}

// Cross adds to a conclusion what transit gateways show of it. They have no rules that refuse,
// so that they explain what does not arrive, and nothing else.
func (c *Conclusion) Cross(list []Transit) {
	if len(list) == 0 || !slices.Contains([]Outcome{Unanswered, NotArriving, NoRecord, Unclear}, c.Outcome) {
		return
	}
	for _, way := range []Way{Request, Reply} {
		if lost := newestLoss(list, way); lost != nil {
			c.lost(lost)
			return
		}
	}
	passed := passedOn(list, Request)
	switch {
	case passed == nil: // only what comes back is seen
	case passed.Direction == "egress":
		c.Says += fmt.Sprintf("; the transit gateway %s passed it on to %s", passed.TransitGateway, passed.Attachment)
	case !passed.Counted:
		c.Missing = append(c.Missing, fmt.Sprintf("the records of %s lack packets-lost-no-route and its like, which would tell whether it passed on what came in at %s", passed.TransitGateway, passed.Attachment))
	default:
		c.Says += fmt.Sprintf("; it came to the transit gateway %s at %s, which lost nothing of it", passed.TransitGateway, passed.Attachment)
	}
	if back := passedOn(list, Reply); back != nil {
		c.Says += fmt.Sprintf("; its reply came to %s at %s", back.TransitGateway, back.Attachment)
	}
}

// lost says that a transit gateway loses packets.
func (c *Conclusion) lost(t *Transit) {
	var why []string
	for _, l := range losses {
		if n := t.Lost[l.field]; n > 0 {
			why = append(why, fmt.Sprintf("%s (%s %d)", l.why, l.field, n))
		}
	}
	what := "it comes"
	if t.Way == Reply {
		what = "its reply comes"
	}
	c.Outcome = NotArriving
	c.Says = fmt.Sprintf("%s to the transit gateway %s at %s, which loses it for %s", what, t.TransitGateway, t.Attachment, strings.Join(why, ", "))
}

// newestLoss returns the newest records of a way that count losses, nil where none does.
func newestLoss(list []Transit, w Way) *Transit {
	var out *Transit
	for i := range list {
		t := &list[i]
		lost := false
		for _, l := range losses {
			lost = lost || t.Lost[l.field] > 0
		}
		if t.Way == w && lost && (out == nil || t.Last > out.Last) {
			out = t
		}
	}
	return out
}

// passedOn returns the records of a way that show how far it came: those where it left before
// others, the newest of these; nil where there are none.
func passedOn(list []Transit, w Way) *Transit {
	var out *Transit
	for i := range list {
		t := &list[i]
		if t.Way != w {
			continue
		}
		if out == nil || t.Direction == "egress" && out.Direction != "egress" || t.Direction == out.Direction && t.Last > out.Last {
			out = t
		}
	}
	return out
}

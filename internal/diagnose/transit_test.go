package diagnose

import (
	"strings"
	"testing"
)

// TestCross tells from transit gateways' records where something does not arrive.
func TestCross(t *testing.T) {
	at := func(w Way, direction, attachment string, last int64, lost map[string]int64) Transit {
		return Transit{Way: w, TransitGateway: "tgw-1", Attachment: attachment, Direction: direction, Records: 1, Packets: 3, Lost: lost, Counted: true, Last: last}
	}
	uncounted := at(Request, "ingress", "tgw-attach-a", 5, nil)
	uncounted.Counted = false
	for name, tt := range map[string]struct {
		outcome Outcome
		list    []Transit
		want    Outcome
		says    string
	}{
		"no route": {
			NotArriving,
			[]Transit{at(Request, "ingress", "tgw-attach-a", 5, map[string]int64{"packets-lost-no-route": 3})},
			NotArriving,
			"it comes to the transit gateway tgw-1 at tgw-attach-a, which loses it for no route in its route table (packets-lost-no-route 3)",
		},
		"the newest of two": {
			Unanswered, []Transit{
				at(Request, "ingress", "tgw-attach-a", 5, map[string]int64{"packets-lost-no-route": 3}), at(Request, "ingress", "tgw-attach-a", 9, map[string]int64{"packets-lost-blackhole": 1}),
			}, NotArriving, "a blackhole route (packets-lost-blackhole 1)",
		},
		"the reply": {
			Unanswered, []Transit{
				at(Request, "egress", "tgw-attach-b", 5, nil), at(Reply, "ingress", "tgw-attach-b", 5, map[string]int64{"packets-lost-mtu-exceeded": 2, "packets-lost-ttl-expired": 1}),
			}, NotArriving, "its reply comes to the transit gateway tgw-1 at tgw-attach-b, which loses it for packets that are larger than its MTU (packets-lost-mtu-exceeded 2), a TTL that expired: a loop of routes (packets-lost-ttl-expired 1)",
		},
		"passed on": {
			NotArriving,
			[]Transit{at(Request, "egress", "tgw-attach-b", 5, nil), at(Request, "ingress", "tgw-attach-a", 5, nil)},
			NotArriving,
			"; the transit gateway tgw-1 passed it on to tgw-attach-b",
		},
		"nothing lost where it came in": {NotArriving, []Transit{at(Request, "ingress", "tgw-attach-a", 5, nil)}, NotArriving, "which lost nothing of it"},
		"replies come":                  {Unanswered, []Transit{at(Reply, "ingress", "tgw-attach-b", 5, nil)}, Unanswered, "; its reply came to tgw-1 at tgw-attach-b"},
		"losses are not counted":        {NotArriving, []Transit{uncounted}, NotArriving, ""},
		"it was refused elsewhere":      {Refused, []Transit{at(Request, "ingress", "tgw-attach-a", 5, map[string]int64{"packets-lost-no-route": 3})}, Refused, ""},
		"no VPC flow log":               {NoRecord, []Transit{at(Request, "ingress", "tgw-attach-a", 5, map[string]int64{"packets-lost-no-route": 3})}, NotArriving, "no route"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Conclusion{Outcome: tt.outcome, Says: "-"}
			c.Cross(tt.list)
			if c.Outcome != tt.want || !strings.Contains(c.Says, tt.says) || tt.says == "" && c.Says != "-" {
				t.Errorf("%s: %s", c.Outcome, c.Says)
			}
			if (len(c.Missing) > 0) != (name == "losses are not counted") {
				t.Errorf("missing: %q", c.Missing)
			}
		})
	}
}

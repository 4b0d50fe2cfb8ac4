package diagnose

import (
	"slices"
	"strings"
	"testing"
)

// record returns an evidence of one record; opening is as tcp-flags, -1 for none.
func record(direction string, way Way, action string, flags int64, pair string, at int64) Evidence {
	e := Evidence{Interface: "eni-1", Direction: direction, Way: way, Action: action, Pair: pair, Records: 1, First: at, Last: at + 50, LowPort: 50000, HighPort: 50000}
	if flags >= 0 {
		e.Opening = OpeningOf(flags)
	}
	return e
}

// TestTroubleshootingTable goes through the four cases of the VPC user guide and what guards them.
func TestTroubleshootingTable(t *testing.T) {
	all := Known{Accepts: true, Rejects: true}
	yes, no := true, false
	apart, together := all, all
	apart.SameSubnet, together.SameSubnet = &no, &yes
	both, acl, group := []Control{NetworkACL, SecurityGroup}, []Control{NetworkACL}, []Control{SecurityGroup}
	with := func(e Evidence, change func(*Evidence)) Evidence {
		change(&e)
		return e
	}
	for name, tt := range map[string]struct {
		list     []Evidence
		known    Known
		outcome  Outcome
		side     Side
		controls []Control
		says     string // a part
	}{
		"inbound REJECT": {
			[]Evidence{record("ingress", Request, "REJECT", 2, "none", 0)}, all, Refused, Destination, both, "in at eni-1",
		},
		"inbound ACCEPT, outbound REJECT": {
			[]Evidence{record("ingress", Request, "ACCEPT", 2, "rejected", 0), record("egress", Reply, "REJECT", 18, "accepted", 1)},
			all, ReplyRefused, Destination, acl, "out of eni-1",
		},
		"outbound REJECT": {
			[]Evidence{record("egress", Request, "REJECT", -1, "none", 0)}, all, Refused, Source, both, "out of eni-1",
		},
		"outbound ACCEPT, inbound REJECT": {
			[]Evidence{record("egress", Request, "ACCEPT", -1, "rejected", 0), record("ingress", Reply, "REJECT", -1, "accepted", 1)},
			apart, ReplyRefused, Source, acl, "in at eni-1",
		},
		"AWS's ping: the direction is not known": {
			[]Evidence{record("undecided", Request, "ACCEPT", -1, "rejected", 0), record("undecided", Reply, "REJECT", -1, "accepted", 1)},
			all, ReplyRefused, NoSide, acl, "at eni-1",
		},
		"within a subnet a request is refused by the group": {
			[]Evidence{record("ingress", Request, "REJECT", 2, "none", 0)}, together, Refused, Destination, group, "security group",
		},
		"within a subnet no network ACL refuses a reply": {
			[]Evidence{record("ingress", Request, "ACCEPT", -1, "rejected", 0), record("egress", Reply, "REJECT", -1, "accepted", 1)},
			together, ReplyRefused, Destination, group, "forgotten",
		},
		"block public access": {
			[]Evidence{with(record("ingress", Request, "REJECT", -1, "none", 0), func(e *Evidence) { e.Reason = "BPA" })},
			all, Refused, Destination,
			[]Control{BlockPublic},
			"Block Public Access",
		},
		"encryption controls": {
			[]Evidence{with(record("egress", Request, "REJECT", -1, "none", 0), func(e *Evidence) { e.Reason = "EC" })},
			all, Refused, Source,
			[]Control{Encryption},
			"encryption controls",
		},
		"a packet after the end": {
			[]Evidence{record("ingress", Request, "REJECT", 4, "none", 0)}, all, AfterEnd, Destination, []Control{SecurityGroup, NetworkACL}, "no rule need be wrong",
		},
		"an answer after the end is not the network ACL's": {
			[]Evidence{record("ingress", Request, "ACCEPT", 2, "rejected", 0), record("egress", Reply, "REJECT", 0, "accepted", 400)},
			all, AfterEnd, Destination,
			[]Control{SecurityGroup, NetworkACL},
			"forgotten",
		},
		"refused once, accepted since": {
			[]Evidence{
				record("ingress", Request, "REJECT", 2, "none", 0), record("ingress", Request, "ACCEPT", 2, "accepted", 1000), record("egress", Reply, "ACCEPT", 18, "accepted", 1000),
			}, all, Answered, Destination, nil, "so are its replies",
		},
		"accepted once, refused since": {
			[]Evidence{
				record("ingress", Request, "ACCEPT", 2, "accepted", 0), record("egress", Reply, "ACCEPT", 18, "accepted", 0), record("ingress", Request, "REJECT", 2, "none", 1000),
			}, all, Refused, Destination, both, "in at eni-1",
		},
		"RST alone": {
			[]Evidence{record("ingress", Request, "ACCEPT", 2, "accepted", 0), record("egress", Reply, "ACCEPT", 4, "accepted", 1)},
			all, Reset, Destination, nil, "RST",
		},
		"no answer": {[]Evidence{record("ingress", Request, "ACCEPT", 2, "none", 0)}, all, Unanswered, Destination, nil, "not answered"},
		"no answer that is known": {
			[]Evidence{record("ingress", Request, "ACCEPT", 2, "unknown", 0)}, all, Unclear, Destination, nil, "not known",
		},
		"no answer in a flow log of accepted traffic": {
			[]Evidence{record("ingress", Request, "ACCEPT", 2, "none", 0)}, Known{Accepts: true}, Unanswered, Destination, nil, "no reply is in the records",
		},
		"a refused reply in a flow log of refused traffic": {
			[]Evidence{record("egress", Reply, "REJECT", 18, "none", 0)}, Known{Rejects: true}, Unclear, Destination, both, "refused traffic only",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := At(tt.list, tt.known)
			slices.Reverse(tt.list)
			if again := At(tt.list, tt.known); again.Outcome != got.Outcome || again.Says != got.Says {
				t.Errorf("in another order it is %s: %s", again.Outcome, again.Says)
			}
			if got.Outcome != tt.outcome || got.Side != tt.side || !slices.Equal(got.Controls, tt.controls) && len(got.Controls)+len(tt.controls) > 0 {
				t.Errorf("got %s at side %q by %v (%s), want %s at %q by %v", got.Outcome, got.Side, got.Controls, got.Says, tt.outcome, tt.side, tt.controls)
			}
			if !strings.Contains(got.Says, tt.says) {
				t.Errorf("it says %q, want %q in it", got.Says, tt.says)
			}
			if got.Proof == nil {
				t.Error("there is no proof")
			}
		})
	}
}

// TestLost names records that AWS lost where something is missing, and only there.
func TestLost(t *testing.T) {
	lost := Known{Accepts: true, Rejects: true, Skipped: 3}
	for _, tt := range []struct {
		e    Evidence
		says bool
	}{
		{record("ingress", Request, "ACCEPT", 2, "none", 0), true},
		{record("ingress", Request, "ACCEPT", 2, "unknown", 0), true},
		{record("ingress", Request, "REJECT", 2, "none", 0), false},
	} {
		f := At([]Evidence{tt.e}, lost)
		if is := strings.Contains(strings.Join(f.Assumes, " "), "(SKIPDATA of eni-1: 3)"); is != tt.says {
			t.Errorf("%s: %q", f.Outcome, f.Assumes)
		}
	}
}

// TestNarrowPorts tells that a rule allows some of the clients' ports.
func TestNarrowPorts(t *testing.T) {
	low, high := record("egress", Reply, "ACCEPT", -1, "accepted", 0), record("egress", Reply, "REJECT", -1, "accepted", 0)
	low.LowPort, low.HighPort = 49152, 65535
	high.LowPort, high.HighPort = 32768, 49000
	f := At([]Evidence{record("ingress", Request, "ACCEPT", -1, "rejected", 0), low, high}, Known{Accepts: true, Rejects: true})
	if f.Outcome != ReplyRefused || !strings.Contains(strings.Join(f.Assumes, " "), "ports 32768 to 49000 are refused and those of ports 49152 to 65535 accepted") {
		t.Errorf("%s: %q", f.Outcome, f.Assumes)
	}
}

// TestAtGateway finds what became of connections at a NAT gateway: a network ACL refuses there,
// also what is in the middle of a connection.
func TestAtGateway(t *testing.T) {
	e := func(l Leg, w Way, action string, o Opening) Evidence {
		return Evidence{Interface: "eni-nat", Leg: l, Direction: "egress", Way: w, Action: action, Opening: o, Records: 1, Last: 5, Pair: "none"}
	}
	for name, tt := range map[string]struct {
		list    []Evidence
		outcome Outcome
		says    string
	}{
		"refused outwards": {[]Evidence{e(Outside, Request, "REJECT", Opens)}, Refused, "it is refused on its way out of the NAT gateway at eni-nat by a network ACL"},
		"the reply is": {
			[]Evidence{e(Outside, Request, "ACCEPT", Opens), e(Outside, Reply, "REJECT", Answers)},
			ReplyRefused,
			"refused on its way in at eni-nat of the NAT gateway by the network ACL: a NAT gateway has no security group",
		},
		"later packets are": {[]Evidence{e(Outside, Request, "ACCEPT", Opens), e(Outside, Reply, "REJECT", Neither)}, ReplyRefused, "by the network ACL"},
		"to the client":     {[]Evidence{e(Inside, Request, "ACCEPT", Opens), e(Inside, Reply, "REJECT", Answers)}, ReplyRefused, "out of the NAT gateway at eni-nat to the client"},
		"from the client":   {[]Evidence{e(Inside, Request, "REJECT", Opens)}, Refused, "from the client in at eni-nat"},
	} {
		t.Run(name, func(t *testing.T) {
			f := At(tt.list, Known{Accepts: true, Rejects: true})
			if f.Outcome != tt.outcome || f.Side != Gateway || !strings.Contains(f.Says, tt.says) || len(f.Controls) != 1 || f.Controls[0] != NetworkACL {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestConclude puts findings at both ends together.
func TestConclude(t *testing.T) {
	finding := func(s Side, o Outcome) Finding {
		return Finding{Interface: "eni-" + string(s), Side: s, Outcome: o, Says: string(o)}
	}
	leg := func(l Leg, o Outcome) Finding {
		return Finding{Interface: "eni-gateway", Side: Gateway, Leg: l, Outcome: o, Says: string(o)}
	}
	both := Ends{Source: true, Destination: true}
	outside := Ends{Source: true, Elsewhere: true, Gateway: "nat-1", GatewayLogged: true}
	for name, tt := range map[string]struct {
		findings []Finding
		logged   Ends
		outcome  Outcome
		finding  int
		says     string
	}{
		"refused at the destination":       {[]Finding{finding(Source, Unanswered), finding(Destination, Refused)}, both, Refused, 1, ""},
		"refused at the source":            {[]Finding{finding(Destination, Refused), finding(Source, Refused)}, both, Refused, 1, ""},
		"the reply leaves the destination": {[]Finding{finding(Source, ReplyRefused), finding(Destination, ReplyRefused)}, both, ReplyRefused, 1, ""},
		"it does not arrive":               {[]Finding{finding(Source, Unanswered)}, both, NotArriving, 0, "does not arrive"},
		"the destination is not logged":    {[]Finding{finding(Source, Unanswered)}, Ends{Source: true}, Unanswered, 0, ""},
		"nobody answers":                   {[]Finding{finding(Source, Unanswered), finding(Destination, Unanswered)}, both, Unanswered, 1, "firewall of the host"},
		"all is well":                      {[]Finding{finding(Source, Answered), finding(Destination, Answered)}, both, Answered, 0, "above the network"},
		"refused out of the gateway":       {[]Finding{finding(Source, Unanswered), leg(Inside, Unanswered), leg(Outside, Refused)}, outside, Refused, 2, ""},
		"the gateway gets no reply":        {[]Finding{finding(Source, Unanswered), leg(Inside, Unanswered), leg(Outside, Unanswered)}, outside, Unanswered, 2, "leaves the NAT gateway at eni-gateway and is not answered"},
		"the gateway's subnet refuses it":  {[]Finding{finding(Source, Unanswered), leg(Inside, Unanswered), leg(Outside, ReplyRefused)}, outside, ReplyRefused, 2, ""},
		"the gateway does not pass it on":  {[]Finding{finding(Source, Unanswered), leg(Inside, Unanswered)}, outside, NotArriving, 1, "does not pass it on"},
		"the gateway keeps the reply":      {[]Finding{finding(Source, Unanswered), leg(Outside, Answered)}, outside, Unanswered, 0, "350 s"},
		"no record":                        {nil, both, NoRecord, -1, "nobody tried"},
		"no record of the source":          {nil, Ends{Destination: true}, NoRecord, -1, "nothing of it arrived"},
		"no record at all":                 {nil, Ends{}, NoRecord, -1, "neither is logged"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Conclude(tt.findings, tt.logged)
			if got.Outcome != tt.outcome || got.Finding != tt.finding || !strings.Contains(got.Says, tt.says) {
				t.Errorf("%+v", got)
			}
			if tt.logged != both && tt.logged != outside && len(got.Missing) == 0 {
				t.Error("nothing is said to be missing")
			}
		})
	}
}

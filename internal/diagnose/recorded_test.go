package diagnose

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recordedBy returns an evidence with what an agent recorded.
func recordedBy(e Evidence, would, stage, rules string, records int64) Evidence {
	e.WouldAction, e.Stage, e.Rules, e.Records = would, stage, rules, records
	return e
}

// TestRecorded says what agents recorded, and takes their word for which control refused.
func TestRecorded(t *testing.T) {
	in, out := record("ingress", Request, "ACCEPT", 2, "accepted", 0), record("egress", Reply, "ACCEPT", 18, "accepted", 0)
	refused, replyRefused := in, out
	refused.Action, replyRefused.Action = "REJECT", "REJECT"
	for name, c := range map[string]struct {
		list     []Evidence
		outcome  Outcome
		controls []Control
		says     []string // of what is recorded
	}{
		"nothing": {[]Evidence{in, out}, Answered, []Control{}, nil},
		"what passes and would not": {
			[]Evidence{recordedBy(in, "REJECT", "sg", "web:ingress:implicit-deny", 2), recordedBy(in, "ACCEPT", "", "acl-1:ingress:100 web:ingress:tcp:80", 3), recordedBy(out, "REJECT", "", "", 1)},
			Answered,
			[]Control{},
			[]string{
				"the request on its way in at eni-1 passes, and nothing enforces the rules there: acl-1:ingress:100, web:ingress:tcp:80 would let it pass",
				"the request on its way in at eni-1 passes, since nothing enforces the rules there: web:ingress:implicit-deny (sg) would refuse it",
				"the reply on its way out of eni-1 passes, since nothing enforces the rules there: the rules would refuse it",
			},
		},
		"refused": {
			[]Evidence{recordedBy(refused, "", "nacl", "acl-1:ingress:50", 1), recordedBy(refused, "", "nacl", "acl-1:ingress:50", 4)},
			Refused,
			[]Control{NetworkACL},
			[]string{"the request on its way in at eni-1 is refused by acl-1:ingress:50 (nacl)"},
		},
		"a reply is refused": {
			[]Evidence{recordedBy(in, "", "", "web:ingress:tcp:80", 1), recordedBy(replyRefused, "", "sg", "web:egress:implicit-deny", 1)},
			ReplyRefused,
			[]Control{SecurityGroup},
			[]string{"the request on its way in at eni-1 is accepted by web:ingress:tcp:80", "the reply on its way out of eni-1 is refused by web:egress:implicit-deny (sg)"},
		},
	} {
		f := At(c.list, Known{Accepts: true, Rejects: true})
		var says []string
		for _, r := range f.Recorded {
			says = append(says, r.Says)
		}
		if diff := cmp.Diff(c.says, says); diff != "" || f.Outcome != c.outcome || !slices.Equal(f.Controls, c.controls) {
			t.Errorf("%s: %s by %v, (-want +got):\n%s", name, f.Outcome, f.Controls, diff)
		}
	}
	would := At([]Evidence{recordedBy(in, "REJECT", "", "", 1), out}, Known{})
	if got := Conclude([]Finding{would}, Ends{}).Says; got != "it passes, and so do its replies, since nothing enforces the rules that would refuse it" {
		t.Error(got)
	}
	if got := At([]Evidence{recordedBy(refused, "", "nacl", "a", 1), recordedBy(refused, "", "nacl", "a", 4)}, Known{}).Recorded; len(got) != 1 || got[0].Records != 5 {
		t.Errorf("%+v", got)
	}
}

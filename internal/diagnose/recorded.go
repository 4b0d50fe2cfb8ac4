package diagnose

import (
	"cmp"
	"slices"
	"strings"
)

// Recorded is what an agent recorded at its interface: what the rules said of packets, and which
// did. It is of the moment when they passed, and nothing is derived.
type Recorded struct {
	Way Way `json:"way"`
	// Action is what happened, WouldAction what the rules said where nothing enforces them, "" elsewhere.
	Action      string `json:"action"`
	WouldAction string `json:"would_action,omitempty"`
	// Stage is weir-reject-stage, and Rules weir-reject-rule or weir-allow-rules; "" where they are
	// not recorded.
	Stage   string `json:"stage,omitempty"`
	Rules   string `json:"rules,omitempty"`
	Records int64  `json:"records"`
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
}

// recordedControls are the controls by the stages that agents record.
var recordedControls = map[string]Control{"nacl": NetworkACL, "sg": SecurityGroup}

// recorded returns what was recorded at the finding's interface, requests first and those of most
// records before others.
func (f *Finding) recorded() []Recorded {
	at := map[Recorded]int64{}
	for _, e := range f.Evidence {
		if e.WouldAction != "" || e.Rules != "" {
			at[Recorded{Way: e.Way, Action: e.Action, WouldAction: e.WouldAction, Stage: e.Stage, Rules: e.Rules}] += e.Records
		}
	}
	var out []Recorded
	for r, records := range at {
		r.Records, r.Says = records, f.saysRecorded(&r)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Recorded) int {
		return cmp.Or(-cmp.Compare(a.Way, b.Way), cmp.Compare(b.Records, a.Records), cmp.Compare(a.Says, b.Says))
	})
	return out
}

// saysRecorded says what was recorded.
func (f *Finding) saysRecorded(r *Recorded) string {
	what := "the " + string(r.Way) + " " + f.moving(r.Way)
	by := "the rules"
	if r.Rules != "" {
		by = strings.ReplaceAll(r.Rules, " ", ", ")
	}
	if r.Stage != "" {
		by += " (" + r.Stage + ")"
	}
	switch {
	case r.WouldAction == "REJECT":
		return what + " passes, since nothing enforces the rules there: " + by + " would refuse it"
	case r.WouldAction != "":
		return what + " passes, and nothing enforces the rules there: " + by + " would let it pass"
	case r.Action == "REJECT":
		return what + " is refused by " + by
	}
	return what + " is accepted by " + by
}

// wouldRefuse reports whether an agent recorded that rules refuse what passed.
func wouldRefuse(f Finding) bool {
	return slices.ContainsFunc(f.Recorded, func(r Recorded) bool { return r.WouldAction == "REJECT" })
}

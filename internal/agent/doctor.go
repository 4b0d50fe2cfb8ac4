package agent

import (
	"fmt"
	"strings"
)

// A Finding is what was found of something that an agent needs.
type Finding struct {
	Name string `json:"name"`
	// State is ok, missing, or note: it works without.
	State string `json:"state"`
	// Found is what is there, and Do what to do about it.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
	// Did is what was done about it.
	Did string `json:"did,omitempty"`
}

// The states of findings.
const (
	stateOK      = "ok"
	stateMissing = "missing"
	stateNote    = "note"
)

// Works reports whether nothing is missing.
func Works(all []Finding) bool {
	for i := range all {
		if all[i].State == stateMissing {
			return false
		}
	}
	return true
}

// Examine looks at what an agent that runs says: other programs may keep packets of its devices from being seen, and its state may have no more room.
func (s *Status) Examine() []Finding {
	out := s.examineState()
	for i := range s.TakenOut {
		if l := &s.TakenOut[i]; l.Error != "" {
			out = append(out, Finding{
				Name: l.ID, State: stateNote, Found: fmt.Sprintf("the flow log was taken out, and %d records of it can't be delivered: %s", l.Waiting, l.Error),
				Do: "have the destination take them, or give them up: weir-agent drop " + l.ID,
			})
		}
	}
	for i := range s.Devices {
		m := &s.Devices[i]
		for _, b := range m.Before {
			out = append(out, Finding{
				Name: m.Label(), State: stateNote, Found: "another BPF program runs before weir's at " + b + ": where it ends the chain, packets are in no record, and nothing is enforced",
				Do: "attach that one after weir's; or stop the agent, run weir-agent detach --all, and start it again: it comes first then",
			})
		}
	}
	return out
}

// examineState says that records are given up, or will be soon.
func (s *Status) examineState() []Finding {
	var gaveUp []string
	for i := range s.FlowLogs {
		if l := &s.FlowLogs[i]; l.GivenUp > 0 {
			gaveUp = append(gaveUp, fmt.Sprintf("%d records of %s", l.GivenUp, l.ID))
		}
	}
	found := fmt.Sprintf("%d of %d bytes are used", s.State.Bytes, s.State.Bound)
	switch {
	case len(gaveUp) > 0:
		found += "; given up since the agent began: " + strings.Join(gaveUp, ", ")
	case s.State.Bytes < s.State.Bound/10*9 || s.State.Bound == 0: // an agent of before says nothing of it
		return nil
	}
	return []Finding{{
		Name: "state", State: stateNote, Found: found + ": what more waits than spool-bytes or state-bytes of the config allow is given up, and is SKIPDATA",
		Do: "weir-agent status says which destinations take nothing; have them take it, or give the state more room; weir-agent drop gives up what waits of a flow log that was taken out",
	}}
}

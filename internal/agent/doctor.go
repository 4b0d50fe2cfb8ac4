package agent

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

// Examine looks at what an agent that runs says of its devices: other programs may keep packets from being seen.
func (s *Status) Examine() []Finding {
	var out []Finding
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

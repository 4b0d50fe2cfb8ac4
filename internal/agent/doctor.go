package agent

// A Finding is what was found of something that an agent needs.
type Finding struct {
	Name string `json:"name"`
	// State is ok, missing, or note: it works without.
	State string `json:"state"`
	// Found is what is there, and Do what to do about it.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
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

package agent

import (
	"bytes"
	"encoding/json"

	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// A basis is what records are made by. It is kept with the windows: an agent that goes on with these may be told another definition, and has to make records of what is open by
// the one that it was counted by.
type basis struct {
	Documents []netmodel.Document
	FlowLogs  []config.FlowLog
}

// until is a definition, with the flow logs, that records are not made by yet.
type until struct {
	network *network
	logs    []config.FlowLog
}

// basisOf returns a basis as changes have it.
func basisOf(n *network, logs []config.FlowLog) []byte {
	b, err := json.Marshal(basis{n.documents, logs})
	if err != nil {
		panic(err) // it has nothing that JSON can't say
	}
	return b
}

// basis returns what records are made by now.
func (a *agent) basis() []byte { return basisOf(a.recorder.network, a.recorder.logs) }

// rebase has records made by what they were made by when what is done again was done. What the agent was told waits until that is over. A basis that this build can't read is
// passed over, and said: what is open is told by what the agent was told.
func (a *agent) rebase(text []byte) {
	if a.until == nil {
		a.until = &until{a.network, a.recorder.logs}
	}
	n, logs := a.until.network, a.until.logs
	if !bytes.Equal(text, basisOf(n, logs)) {
		var b basis
		err := json.Unmarshal(text, &b)
		if err == nil {
			var was *network
			if was, err = networkOfDocuments(a.Config, b.Documents); err == nil {
				n, logs = was, b.FlowLogs
			}
		}
		if err != nil {
			a.Log.Error("what windows were open by can't be read; their records are made by the definition and the flow logs of now", "error", err)
		}
	}
	a.network = n
	a.recorder.reload(n)
	a.recorder.record(logs)
}

// catchUp reads what was counted and has records made from then on by what the agent was told, where they were made by something else. It reports false where it could not.
func (a *agent) catchUp() bool { return a.turn() && a.goOver() }

// goOver has records made by what the agent was told, from now on; not while that is still to be put in force. It reports false where what is open by another definition can't be kept.
func (a *agent) goOver() bool {
	to := a.until
	if to == nil || a.anew {
		return true
	}
	if a.recorder.differs(to.network) {
		a.apply(&change{At: a.kept.At, Spill: true}, a.kept) // it is in memory at least: the next read tries again
	}
	if !a.record(to.logs) {
		return false
	}
	a.network, a.based, a.until = to.network, false, nil
	a.recorder.reload(to.network)
	return true
}

package agent

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"weir/internal/agent/config"
	"weir/internal/aggregate"
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

// later takes out of a change what is of interfaces that the definition has alone which the agent was told and records are not made by yet: an agent before may have put that in force, and then ended.
func (a *agent) later(c *change) *change {
	out := &change{At: c.At, SkippedAt: c.SkippedAt}
	if !c.Close || !a.goesOn() {
		return out
	}
	is := func(id string) bool { return !a.recorder.network.has(id) && a.until.network.has(id) }
	if slices.ContainsFunc(c.Rows, func(r aggregate.Row) bool { return is(r.Interface) }) {
		rows := c.Rows
		c.Rows = nil
		for i := range rows {
			to := &c.Rows
			if is(rows[i].Interface) {
				to = &out.Rows
			}
			*to = append(*to, rows[i])
		}
	}
	for _, id := range c.Skipped {
		if is(id) {
			out.Skipped = append(out.Skipped, id)
		}
	}
	c.Skipped = slices.DeleteFunc(c.Skipped, is)
	return out
}

// has reports whether a definition has a network interface or an attachment.
func (n *network) has(id string) bool {
	return n.Interfaces[id] != nil || n.TransitGatewayAttachments[id] != nil
}

// goesOn reports whether records are to be made by something else once what was read is in them. They are not while that is still to be put in force.
func (a *agent) goesOn() bool { return a.until != nil && !a.anew }

// goOn has records made from now on by what the agent was told, where they were made by something else, does what is later, and returns the changes that do all that. They are kept with the rows that
// were the last of before, so that an agent after a crash does the same.
func (a *agent) goOn(later *change) (out []*change) {
	if !a.goesOn() {
		return nil
	}
	to := a.until
	other := !reflect.DeepEqual(to.logs, a.recorder.logs)
	end := &change{At: later.At, Spill: a.recorder.differs(to.network)}
	if other && !end.Spill {
		end.Told = a.recorder.openOfChanged(to.logs)
	}
	if end.Spill || len(end.Told) > 0 {
		out = append(out, end)
		a.recorder.apply(end)
	}
	a.network, a.until = to.network, nil
	a.recorder.reload(to.network)
	if other {
		a.recorder.record(to.logs)
	}
	out = append(out, &change{Basis: a.basis()})
	if len(later.Rows)+len(later.Skipped) == 0 {
		return out
	}
	for _, part := range later.split(mostRows) {
		a.recorder.apply(part)
		out = append(out, part)
	}
	return out
}

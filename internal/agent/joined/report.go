package joined

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"weir/internal/agent"
	"weir/internal/agentapi"
)

// Report has the server told how the agent is: at once where something changed but counts, and else now and then. It does not wait.
func (a *Agent) Report(s agent.Status) {
	a.keepFirst()
	r := a.reportOf(&s)
	essence := essenceOf(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	changed := !bytes.Equal(essence, a.told)
	// What could not be sent is tried again with the next report, not faster.
	if a.reporting || !changed && now.Sub(a.toldAt) < reportEvery {
		return
	}
	a.reporting = true
	a.reports <- r // there is room: no other is under way
}

// reportOf makes a report of the agent's status.
func (a *Agent) reportOf(s *agent.Status) *agentapi.Report {
	a.mu.Lock()
	r := &agentapi.Report{Version: a.Version, Generation: a.inForce.Generation, Refused: a.refused, Devices: []agentapi.Device{}, FlowLogs: []agentapi.FlowLogReport{}, Troubles: s.Troubles}
	a.mu.Unlock()
	for i := range s.Devices {
		m := &s.Devices[i]
		r.Devices = append(r.Devices, agentapi.Device{Name: m.Name, State: m.State(), Why: m.Refused, Interface: m.Interface, Mode: m.Mode})
	}
	for _, l := range s.FlowLogs {
		r.FlowLogs = append(r.FlowLogs, agentapi.FlowLogReport{ID: l.ID, Records: l.Records, Objects: l.Objects, Error: l.Error})
	}
	return r
}

// essenceOf returns a report without counts.
func essenceOf(r *agentapi.Report) []byte {
	of := *r
	of.FlowLogs = slices.Clone(r.FlowLogs)
	for i := range of.FlowLogs {
		of.FlowLogs[i].Records, of.FlowLogs[i].Objects = 0, 0
	}
	text, _ := json.Marshal(&of) // texts and numbers always can be
	return text
}

// send sends a report.
func (a *Agent) send(ctx context.Context, r *agentapi.Report) {
	err := a.client.Report(ctx, r)
	if ctx.Err() == nil {
		a.heard(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reporting = false
	if err == nil {
		a.told, a.toldAt = essenceOf(r), a.Now()
	}
}

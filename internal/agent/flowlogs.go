package agent

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"

	"weir/internal/agent/config"
	"weir/internal/aggregate"
)

// record has other flow logs be made from now on. What is open of interfaces that flow logs cover which come or go is told and kept before: a flow log has nothing of before it was there or
// of after. It reports false where that can't be kept; then the flow logs are those of before.
func (a *agent) record(logs []config.FlowLog) bool {
	if !reflect.DeepEqual(logs, a.recorder.logs) {
		if a.unkept != nil && !a.keep() {
			return false
		}
		if told := a.recorder.openOfChanged(logs); len(told) > 0 {
			a.apply(&change{At: a.kept.At, Told: told}, a.kept) // it is in memory at least: the next read tries again
		}
		a.recorder.record(logs)
		a.based = false
	}
	if a.until != nil { // the definition that is to come has them too
		a.until.logs = logs
	}
	return true
}

// otherThan returns the flow logs that are not among others as they are. Where they stand in a file is no difference.
func otherThan(logs, others []config.FlowLog) (out []config.FlowLog) {
	text := func(l config.FlowLog) string {
		l.Place = config.Place{}
		text, _ := json.Marshal(&l) // it has nothing that JSON can't say
		return string(text)
	}
	known := map[string]bool{}
	for i := range others {
		known[text(others[i])] = true
	}
	for i := range logs {
		if !known[text(logs[i])] {
			out = append(out, logs[i])
		}
	}
	return out
}

// openOfChanged returns the interfaces that flow logs cover which come or go where others are made from now on, as [recorder.openOf] does.
func (r *recorder) openOfChanged(logs []config.FlowLog) map[time.Duration][]string {
	return r.openOf(append(otherThan(r.logs, logs), otherThan(logs, r.logs)...))
}

// openOf returns the interfaces that flow logs cover and that windows of theirs are open of, by interval. Of a transit gateway they are all its attachments: which one a packet left by is known by
// what all of them have.
func (r *recorder) openOf(logs []config.FlowLog) map[time.Duration][]string {
	out := map[time.Duration][]string{}
	for interval, w := range r.windows {
		for _, id := range slices.Sorted(maps.Keys(w.Open())) {
			if slices.ContainsFunc(logs, func(l config.FlowLog) bool { return l.Interval == interval && r.touches(&l, id) }) {
				out[interval] = append(out[interval], id)
			}
		}
	}
	return out
}

// touches reports whether a flow log is of an interface, or of another attachment of the same transit gateway.
func (r *recorder) touches(l *config.FlowLog, id string) bool {
	if !l.OfTransit() {
		return r.network.covers(l, id)
	}
	gateway := l.Resource
	if a := r.network.TransitGatewayAttachments[gateway]; a != nil {
		gateway = a.TransitGateway
	}
	a := r.network.TransitGatewayAttachments[id]
	return a != nil && a.TransitGateway == gateway
}

// record makes other flow logs from now on. Nothing is open of interfaces that those cover which come or go.
func (r *recorder) record(logs []config.FlowLog) {
	has := func(is func(*config.FlowLog) bool) bool {
		return slices.ContainsFunc(logs, func(l config.FlowLog) bool { return is(&l) })
	}
	maps.DeleteFunc(r.owed, func(id string, _ map[string]bool) bool {
		return !has(func(l *config.FlowLog) bool { return l.ID == id })
	})
	maps.DeleteFunc(r.windows, func(interval time.Duration, _ *aggregate.Windows) bool {
		return !has(func(l *config.FlowLog) bool { return l.Interval == interval })
	})
	for i := range logs {
		if l := &logs[i]; r.windows[l.Interval] == nil {
			r.windows[l.Interval] = aggregate.NewWindows(l.Interval)
		}
	}
	r.logs = logs
	clear(r.by)
}
